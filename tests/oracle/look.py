"""A look at one reason of a warning, at one instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .alert import Evidence

__all__ = ["Look"]


@dataclass(frozen=True)
class Look:
    """Whether a reason is true, false or unknown (None) at an instant, and what there was to see.

    ``since`` is where the evidence begins: the start of the slot, for ``band`` of the first of its two periods.
    ``recovers`` counts towards the end of a warning. ``may_raise`` is false where nothing is left to warn of.
    ``period_end`` is the instant that ends the warning by itself, None for ``band``.
    """

    reason: str
    at: int
    since: int
    truth: bool | None
    recovers: bool
    may_raise: bool
    evidence: Evidence
    period_end: int | None
