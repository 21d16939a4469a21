"""Why an intake is said to take more than it may: the closed list of reasons of this class."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Reason"]


class Reason(StrEnum):
    """Which limit it was; where two are the same the first in this order."""

    BAN = "ban"
    SEASON = "season"
    HOURS = "hours"
    PERMIT_MAX = "permit_max"
    DESIGN_MAX = "design_max"
