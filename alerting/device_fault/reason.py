"""Why a device is called faulty: the closed list of reasons of this class."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Reason"]


class Reason(StrEnum):
    """What is wrong; of several that begin at one time the first in this order names the alert."""

    FAULT_BIT = "fault_bit"
    LOW_VOLTAGE = "low_voltage"
    CLOCK_SKEW = "clock_skew"
    BAD_DATA = "bad_data"
    ZERO_FOR_MISSING = "zero_for_missing"
    FLAT_LINE = "flat_line"
    UNIT_SLIP = "unit_slip"
    VERIFICATION_EXPIRED = "verification_expired"
    QUANTITIES_DISAGREE = "quantities_disagree"

    @property
    def rank(self) -> int:
        """Place in the order."""
        return list(Reason).index(self)
