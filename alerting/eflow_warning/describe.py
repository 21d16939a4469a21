"""From warnings to alert records."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alerting.eflow.bands import is_level
from alerting.level import Level
from alerting.record import AlertRecord, Change, SubjectAlerts, Window, WorstRatio, alert_id, ratio, rounded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerting.eflow_warning.course import Warned
    from alerting.record import Late
    from hydro.register import Register, TargetRow

__all__ = ["ALERT_CLASS", "describe"]

ALERT_CLASS: Final = "eflow_warning"


def describe(
    target_id: str, since: int, warnings: Iterable[Warned], register: Register, late: Late | None
) -> SubjectAlerts:
    """Records of a target's warnings.

    Args:
        target_id: The target.
        since: Epoch milliseconds; warnings resolved at or before it stand as they are.
        warnings: The others.
        register: Master data.
        late: Why they may have changed, if late data did it.
    """
    first = register.targets[target_id][0]
    alerts = tuple(_record(one, first, register) for one in warnings)
    return SubjectAlerts(ALERT_CLASS, first.station, target_id, since, alerts, late=late)


def _record(warned: Warned, row: TargetRow, register: Register) -> AlertRecord:
    rows = register.stations[row.station]
    station = rows.at(warned.raised_at) or rows.rows[-1]
    shown, worst = warned.shown, warned.worst
    limits = register.limits_at(row.station, row.quantity, shown.end)
    accuracy = limits.accuracy_pct if limits is not None else None
    deficit = worst.target - worst.value if is_level(row.quantity) else None
    return AlertRecord(
        id=alert_id(ALERT_CLASS, f"station:{row.station}", row.target_id, warned.onset, warned.number),
        alert_class=ALERT_CLASS,
        reason=warned.reason.value,
        subject_kind="station",
        subject=row.station,
        target_id=row.target_id,
        basin=station.basin or None,
        division=station.division or None,
        river=station.river or None,
        onset=warned.onset,
        raised_at=warned.raised_at,
        resolved_at=warned.resolved_at,
        levels=(Change(Level.BLUE, warned.raised_at, shown.value, shown.target),),
        worst=WorstRatio(None if deficit is not None else ratio(worst.value, worst.target), deficit, worst.at),
        value=shown.value,
        target=shown.target,
        basis=row.basis.value,
        window=Window(shown.start, shown.end, shown.expected, shown.valid),
        uncertainty_pct=None if accuracy is None else rounded(Decimal(accuracy)),
        within_uncertainty=None if accuracy is None else shown.value * (100 + Decimal(accuracy)) >= shown.target * 100,
        rule=ALERT_CLASS,
        config=register.hash,
    )
