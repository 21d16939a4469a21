"""Whether the water of a station stands still: what its witnesses agree on, for an hour and at least two slots.

A slot on which they disagree is as if it were not there: it is a fault of a device (:mod:`alerting.device_fault`).

Source: docs/alert-classes.md, flow_stopped.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from alerting.spell.course import Demand, Look
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from alerting.flow_stopped.witnesses import Testimony
    from hydro.rules import StoppedNumbers

__all__ = ["Reason", "look_at_standstill", "standstill"]


class Reason(StrEnum):
    """Who says so; of several the first in this order."""

    ZERO_DISCHARGE = "zero_discharge"
    BELOW_CEASE_STAGE = "below_cease_stage"
    FLOW_STATE = "flow_state"


_REASONS: Final = {
    Quantity.DISCHARGE: Reason.ZERO_DISCHARGE,
    Quantity.STAGE: Reason.BELOW_CEASE_STAGE,
    Quantity.FLOW_STATE: Reason.FLOW_STATE,
}


def standstill(numbers: StoppedNumbers) -> Demand:
    """How much evidence raises."""
    return Demand(Reason.ZERO_DISCHARGE, minutes=numbers.hold_min, least=numbers.least_slots, clean=numbers.resolve_min)


def look_at_standstill(start: int, end: int, said: Testimony) -> Look | None:
    """Whether the water stands still in a slot; None where those who say anything disagree."""
    if said.disagrees:
        return None
    reason = _REASONS[said.stopped[0]] if said.stopped else None
    return Look(start, end, bool(said.stopped), is_between=not said.stopped and not said.recovers, reason=reason)
