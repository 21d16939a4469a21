"""Why an intake is said to take water that no meter counts: the closed list of reasons seen at the intake itself."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Reason"]


class Reason(StrEnum):
    """Of findings raised at one moment the first in this order names the alert."""

    PUMP_NO_FLOW = "pump_no_flow"
    ENERGY_NO_VOLUME = "energy_no_volume"
    NO_METER = "no_meter"
