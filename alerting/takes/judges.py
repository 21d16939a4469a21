"""All judges of taking, and what is particular to the classes of their alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from alerting.level import Level
from alerting.takes.merging import ClassRule
from alerting.takes.over_rate.reason import Reason as OverRateReason
from alerting.takes.places import INTAKE, METERING_POINT
from alerting.takes.tamper import ALERT_CLASS as METER_TAMPER
from alerting.takes.tamper import Reason as TamperReason
from alerting.takes.tamper import tamper_judges
from alerting.takes.unmetered.energy_no_volume import EnergyNoVolume
from alerting.takes.unmetered.pump_no_flow import PumpNoFlow
from alerting.takes.unmetered.reason import Reason as UnmeteredReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerting.takes.judge import Judge
    from hydro.register import Register

__all__ = ["CLASSES", "UNMETERED", "judges_of"]

UNMETERED: Final = "unmetered_intake"
CLASSES: Final = {
    rule.alert_class: rule
    for rule in (
        ClassRule(UNMETERED, INTAKE, tuple(UnmeteredReason)),
        ClassRule("over_rate", INTAKE, tuple(OverRateReason)),
        ClassRule(METER_TAMPER, METERING_POINT, tuple(TamperReason), together=Level.ORANGE),
        ClassRule(METER_TAMPER, METERING_POINT, tuple(TamperReason), Level.ORANGE),
    )
}


def judges_of(register: Register, points: Sequence[str]) -> list[Judge[Any]]:
    """One of each kind, but for that of ``over_rate``, which restrictions bear on.

    Args:
        register: Master data.
        points: Codes of all metering points; frames number them in this order.
    """
    return [PumpNoFlow(register, points), EnergyNoVolume(register, points), *tamper_judges(register, points)]
