"""Why a meter is thought to be tampered with: the closed list of reasons of this class."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = ["ALERT_CLASS", "Reason"]

ALERT_CLASS: Final = "meter_tamper"


class Reason(StrEnum):
    """What was seen; of several raised at one moment the first in this order names the alert."""

    DOOR_STEP = "door_step"
    TOTAL_FROZEN = "total_frozen"
    COUNTER_BACK = "counter_back"
    UNDER_READING = "under_reading"

    @property
    def rank(self) -> int:
        """Place in the order."""
        return list(Reason).index(self)
