"""A time in which one thing was wrong."""

from __future__ import annotations

import msgspec

__all__ = ["Spell"]


class Spell(msgspec.Struct, frozen=True, array_like=True):
    """A time in which one thing was wrong.

    Attributes:
        reason: What; of the enum of its class.
        onset: Begin of the first evidence.
        raised_at: End of the slot that completed it.
        resolved_at: End of the slot that completed as long without; None until then.
    """

    reason: str
    onset: int
    raised_at: int
    resolved_at: int | None = None
