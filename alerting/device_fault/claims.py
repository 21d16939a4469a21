"""Whether the quantities of a station agree that its water stands still.

Where one says stopped and another flowing, one of the devices is wrong: `zero_for_missing` where all that say stopped
say exactly zero, as firmware does that sends a zero for what it doesn't have, else `quantities_disagree`.

Source: docs/alert-classes.md, flow_stopped ("where both quantities exist both must agree, else device_fault").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.device_fault.reason import Reason
from alerting.spell.course import Demand, Look

if TYPE_CHECKING:
    from alerting.flow_stopped.witnesses import Testimony
    from hydro.rules import FaultNumbers

__all__ = ["claims", "look_at_claims"]

_PAIR: Final = 2


def claims(numbers: FaultNumbers) -> Demand:
    """How much evidence raises."""
    return Demand(
        Reason.QUANTITIES_DISAGREE,
        minutes=numbers.disagree_min,
        least=numbers.disagree_slots,
        all_zero=Reason.ZERO_FOR_MISSING,
        clean=numbers.clean_h * 60,
    )


def look_at_claims(start: int, end: int, said: Testimony) -> Look | None:
    """Whether a slot is evidence of a wrong device; None where fewer than two quantities say anything."""
    if len(said.stopped) + len(said.flowing) < _PAIR:
        return None
    return Look(start, end, said.disagrees, is_zero=said.disagrees and said.is_zero)
