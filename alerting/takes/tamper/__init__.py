"""Class ``meter_tamper``: what tells that a meter was made to see or to count less, one judge a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alerting.takes.tamper.counter_back import CounterBack
from alerting.takes.tamper.door_step import DoorStep
from alerting.takes.tamper.meters import Meters
from alerting.takes.tamper.reason import ALERT_CLASS, Reason
from alerting.takes.tamper.total_frozen import TotalFrozen
from alerting.takes.tamper.under_reading import UnderReading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerting.takes.judge import Judge
    from hydro.register import Register

__all__ = ["ALERT_CLASS", "Reason", "tamper_judges"]


def tamper_judges(register: Register, points: Sequence[str]) -> list[Judge[Any]]:
    """One for each reason.

    Args:
        register: Master data.
        points: Codes of all metering points; frames number them in this order.
    """
    meters = Meters(register, points)
    return [DoorStep(meters), TotalFrozen(meters), CounterBack(meters), UnderReading(meters)]
