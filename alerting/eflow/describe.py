"""From verdicts to alert records, with what the register knows about the place."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alerting.eflow.bands import is_level
from alerting.record import AlertRecord, Change, SubjectAlerts, Window, WorstRatio, alert_id, ratio, rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerting.eflow.episode import Open, Resolved
    from alerting.record import Late
    from hydro.register import Register, TargetRow

__all__ = ["ALERT_CLASS", "describe"]

ALERT_CLASS: Final = "eflow_shortfall"
_REASON: Final = "below_target"
_RULE: Final = "eflow_shortfall"


def describe(
    target_id: str, since: int, resolved: Sequence[Resolved], firing: Open | None, register: Register, late: Late | None
) -> SubjectAlerts:
    """Records of a target's alerts.

    Args:
        target_id: The target.
        since: Epoch milliseconds; alerts resolved at or before it stand as they are.
        resolved: Those resolved later, by time of resolving.
        firing: The one that is open, if any.
        register: Master data.
        late: Why they may have changed, if late data did it.
    """
    first = register.targets[target_id][0]
    alerts = [_record(done.alert, done.resolved_at, first, register) for done in resolved]
    if firing is not None:
        alerts.append(_record(firing, None, first, register))
    return SubjectAlerts(ALERT_CLASS, first.station, target_id, since, tuple(alerts), late=late)


def _record(alert: Open, resolved_at: int | None, row: TargetRow, register: Register) -> AlertRecord:
    station = register.stations[row.station].at(alert.raised_at) or register.stations[row.station].rows[-1]
    shown = alert.shown
    limits = register.limits_at(row.station, row.quantity, shown.end)
    accuracy = limits.accuracy_pct if limits is not None else None
    within = None if accuracy is None else shown.value * (100 + Decimal(accuracy)) >= shown.target * 100
    return AlertRecord(
        id=alert_id(ALERT_CLASS, f"station:{row.station}", row.target_id, alert.onset),
        alert_class=ALERT_CLASS,
        reason=_REASON,
        subject_kind="station",
        subject=row.station,
        target_id=row.target_id,
        basin=station.basin or None,
        division=station.division or None,
        river=station.river or None,
        onset=alert.onset,
        raised_at=alert.raised_at,
        resolved_at=resolved_at,
        levels=tuple(
            Change(change.level, change.at, change.evidence.value, change.evidence.target) for change in alert.levels
        ),
        worst=_worst(alert, row),
        value=shown.value,
        target=shown.target,
        basis=row.basis.value,
        window=Window(shown.start, shown.end, shown.expected, shown.valid),
        uncertainty_pct=None if accuracy is None else rounded(Decimal(accuracy)),
        within_uncertainty=within,
        rule=_RULE,
        config=register.hash,
    )


def _worst(alert: Open, row: TargetRow) -> WorstRatio:
    value, target, at = alert.worst.value, alert.worst.target, alert.worst.at
    if is_level(row.quantity):
        return WorstRatio(None, target - value, at)
    return WorstRatio(ratio(value, target), None, at)
