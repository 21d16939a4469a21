"""Messages that had a position and are not there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Gap", "GapReason"]


class GapReason(StrEnum):
    """Why messages that had a position are not there."""

    EXPIRED = "expired"
    """Older than the oldest segment: retention deleted them."""
    MISSING = "missing"
    """Their segment is not in the directory, though older ones are."""
    DAMAGED = "damaged"
    """Their segment or row can't be read, or was set aside."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Positions that a reader asked for and could not be given.

    Attributes:
        first: First position of the gap.
        last: Last position of the gap.
        messages: How many messages are lost to the reader; None where nobody can say, because numbering went on at the
            next span.
        reason: Why.
        detail: Which file, and what is wrong with it.
    """

    first: int
    last: int
    messages: int | None
    reason: GapReason
    detail: str
