"""From verdicts of the engine to alert records, with what the register knows about the place."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alerting.eflow.engine import ALERT_CLASS
from alerting.record import AlertRecord, Change, SubjectAlerts, Window, WorstRatio, alert_id, ratio, rounded

if TYPE_CHECKING:
    from alerting.eflow.episode import Open
    from alerting.eflow.verdict import TargetVerdicts
    from hydro.register import Register

__all__ = ["describe"]

_REASON: Final = "below_target"
_RULE: Final = "eflow_shortfall"


def describe(verdicts: TargetVerdicts, register: Register) -> SubjectAlerts:
    """Records of a target's alerts."""
    first = register.targets[verdicts.target_id][0]
    alerts = [_record(done.alert, done.resolved_at, verdicts.target_id, register) for done in verdicts.resolved]
    if verdicts.open is not None:
        alerts.append(_record(verdicts.open, None, verdicts.target_id, register))
    return SubjectAlerts(ALERT_CLASS, first.station, verdicts.target_id, verdicts.since, tuple(alerts))


def _record(alert: Open, resolved_at: int | None, target_id: str, register: Register) -> AlertRecord:
    row = register.targets[target_id][0]
    station = register.stations[row.station].at(alert.raised_at) or register.stations[row.station].rows[-1]
    shown = alert.shown
    limits = register.limits_at(row.station, row.quantity, shown.end)
    accuracy = limits.accuracy_pct if limits is not None else None
    within = None if accuracy is None else shown.value * (100 + Decimal(accuracy)) >= shown.target * 100
    return AlertRecord(
        id=alert_id(ALERT_CLASS, f"station:{row.station}", target_id, alert.onset),
        alert_class=ALERT_CLASS,
        reason=_REASON,
        subject_kind="station",
        subject=row.station,
        target_id=target_id,
        basin=station.basin or None,
        division=station.division or None,
        river=station.river or None,
        onset=alert.onset,
        raised_at=alert.raised_at,
        resolved_at=resolved_at,
        levels=tuple(
            Change(change.level, change.at, change.evidence.value, change.evidence.target) for change in alert.levels
        ),
        worst=WorstRatio(ratio(alert.worst.value, alert.worst.target), None, alert.worst.at),
        value=shown.value,
        target=shown.target,
        basis=row.basis.value,
        window=Window(shown.start, shown.end, shown.expected, shown.valid),
        uncertainty_pct=None if accuracy is None else rounded(Decimal(accuracy)),
        within_uncertainty=within,
        rule=_RULE,
        config=register.hash,
    )
