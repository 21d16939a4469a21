"""From verdicts to alert records, with what the register knows about the place."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from alerting.record import AlertRecord, Change, SubjectAlerts, Window, WorstRatio, alert_id, ratio, rounded
from hydro.rules import Direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerting.eflow.episode import Evidence, Open, Resolved
    from alerting.record import Late
    from alerting.signal.place import Place
    from hydro.register import Register

__all__ = ["ALERT_CLASS", "Reason", "describe"]

ALERT_CLASS: Final = "signal"


class Reason(StrEnum):
    """On which side of its bounds the value is."""

    BELOW_BOUND = "below_bound"
    ABOVE_BOUND = "above_bound"


def describe(
    place: Place, since: int, resolved: Sequence[Resolved], firing: Open | None, register: Register, late: Late | None
) -> SubjectAlerts:
    """Records of the alerts of a signal at a station.

    Args:
        place: The two.
        since: Epoch milliseconds; alerts resolved at or before it stand as they are.
        resolved: Those resolved later, by time of resolving.
        firing: The one that is open, if any.
        register: Master data.
        late: Why they may have changed, if late data or another register did it.
    """
    alerts = [_record(done.alert, done.resolved_at, place, register) for done in resolved]
    if firing is not None:
        alerts.append(_record(firing, None, place, register))
    return SubjectAlerts(ALERT_CLASS, place.station, place.signal.name, since, tuple(alerts), late=late)


def _record(alert: Open, resolved_at: int | None, place: Place, register: Register) -> AlertRecord:
    rows, sign, signal = register.stations[place.station], place.sign, place.signal
    station = rows.at(alert.raised_at) or rows.rows[-1]
    shown, worst = alert.shown, alert.worst
    limits = register.limits_at(place.station, signal.quantity, shown.end)
    accuracy = limits.accuracy_pct if limits is not None else None
    is_below = signal.direction is Direction.BELOW
    return AlertRecord(
        id=alert_id(ALERT_CLASS, f"station:{place.station}", signal.name, alert.onset),
        alert_class=ALERT_CLASS,
        reason=(Reason.BELOW_BOUND if is_below else Reason.ABOVE_BOUND).value,
        subject_kind="station",
        subject=place.station,
        target_id=signal.name,
        basin=station.basin or None,
        division=station.division or None,
        river=station.river or None,
        onset=alert.onset,
        raised_at=alert.raised_at,
        resolved_at=resolved_at,
        levels=tuple(
            Change(change.level, change.at, sign * change.evidence.value, sign * change.evidence.target)
            for change in alert.levels
        ),
        worst=WorstRatio(ratio(sign * worst.value, sign * worst.target), None, worst.at),
        value=sign * shown.value,
        target=sign * shown.target,
        basis=None,
        window=Window(shown.start, shown.end, shown.expected, shown.valid),
        uncertainty_pct=None if accuracy is None else rounded(Decimal(accuracy)),
        within_uncertainty=None if accuracy is None else _may_be_met(shown, Decimal(accuracy)),
        rule=signal.label,
        config=register.hash,
    )


def _may_be_met(shown: Evidence, accuracy_pct: Decimal) -> bool:
    """Whether the bound lies within the uncertainty of the value; both are multiplied by the sign already."""
    return shown.value * 100 + abs(shown.value) * accuracy_pct >= shown.target * 100
