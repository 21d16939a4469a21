"""An alert as CONTRACT section 6 has it, without what people do to it: the record that the ledger keeps."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from alerting.level import Level
from hydro.fixed import MICRO, to_number
from hydro.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hydro.register import Register

__all__ = [
    "AlertRecord",
    "AlertState",
    "Change",
    "Estimate",
    "Late",
    "SubjectAlerts",
    "Transition",
    "Window",
    "WorstRatio",
    "alert_id",
    "as_json",
    "plain_record",
    "points",
    "ratio",
    "rounded",
]

_SIX_PLACES: Final = Decimal(1).scaleb(-6)


class AlertState(StrEnum):
    """What the machine says; people's work on it is the case."""

    FIRING = "firing"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class Change(msgspec.Struct, frozen=True, array_like=True):
    """A rise or fall of the level, with what the alert showed from then on."""

    level: Level
    at: int
    value: int | None
    target: int | None


class WorstRatio(msgspec.Struct, frozen=True, array_like=True):
    """The worst while firing: ratio for flows and volumes, deficit in millionths of a metre for levels."""

    ratio: float | None
    deficit: int | None
    at: int


class Window(msgspec.Struct, frozen=True, array_like=True):
    """The slots that the value rests on."""

    start: int
    end: int
    expected: int
    valid: int


class Estimate(msgspec.Struct, frozen=True, array_like=True):
    """What was taken unseen, estimated: m3/s and m3 in millionths; None where unknown."""

    rate: int
    rate_low: int | None
    rate_high: int | None
    volume: int | None
    statutory: int | None
    method: str


class AlertRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alert. Times in epoch milliseconds, values in millionths; None where a field doesn't apply.

    ``members`` are codes of stations, in order, whose alerts this one stands for; ``gateway`` is the one over which a
    source came that the register doesn't know there.
    """

    id: str
    alert_class: str
    reason: str
    subject_kind: str
    subject: str
    target_id: str | None
    basin: str | None
    division: str | None
    river: str | None
    onset: int
    raised_at: int
    resolved_at: int | None
    levels: tuple[Change, ...]
    worst: WorstRatio | None
    value: int | None
    target: int | None
    basis: str | None
    window: Window | None
    uncertainty_pct: float | None
    within_uncertainty: bool | None
    rule: str
    config: str
    members: tuple[str, ...] = ()
    estimate: Estimate | None = None
    gateway: str | None = None

    @property
    def state(self) -> AlertState:
        """Firing until it is resolved."""
        return AlertState.FIRING if self.resolved_at is None else AlertState.RESOLVED

    @property
    def level(self) -> Level:
        """The latest."""
        return self.levels[-1].level


class Late(NamedTuple):
    """Why verdicts of a time that was complete may have changed: late data, or a correction of the register.

    Attributes:
        received_at: Of the latest late reading among those that made the change, in the order of the journal; or when
            the corrected register came into force.
        upto: Verdicts up to here, event time, inclusive, were final: the watermark when that reading was read.
    """

    received_at: int
    upto: int


class SubjectAlerts(NamedTuple):
    """All alerts of one (class, subject, target) that are open or were resolved after ``since``.

    They replace what the ledger has of that time: rewritten in place, added, or withdrawn.

    Attributes:
        alert_class: As in docs/alert-classes.md.
        subject: Code.
        target_id: None where the class has no target.
        since: Alerts resolved at or before it stand.
        alerts: In any order.
        subject_kind: station, gateway, intake, permit, reach or address.
        late: None where all that was read came within the lateness; then rewriting leaves no trace.
    """

    alert_class: str
    subject: str
    target_id: str | None
    since: int
    alerts: tuple[AlertRecord, ...]
    subject_kind: str = "station"
    late: Late | None = None


class Transition(NamedTuple):
    """One transition for the store: level 0 and state 0 when resolved."""

    time: int
    level: int
    state: int
    value: int | None
    target: int | None


def points(record: AlertRecord) -> tuple[Transition, ...]:
    """Transitions of an alert by time; of several at one time the last.

    An alert that a person has touched may be resolved before its last change of level, see :mod:`alerting.ledger`.
    """
    ended = record.levels[-1].at if record.resolved_at is None else record.resolved_at
    found = {
        change.at: Transition(change.at, change.level, 1, change.value, change.target)
        for change in record.levels
        if change.at <= ended
    }
    if record.resolved_at is not None:
        found[record.resolved_at] = Transition(record.resolved_at, 0, 0, record.value, record.target)
    return tuple(found.values())


def alert_id(alert_class: str, subject: str, target_id: str | None, onset: int, number: int = 0) -> str:
    """Identity from the data alone.

    Args:
        alert_class: As in docs/alert-classes.md.
        subject: ``kind:code``.
        target_id: None where the class has no target.
        onset: Epoch milliseconds.
        number: How many alerts of the same onset were raised before.
    """
    text = "\x1f".join((alert_class, subject, target_id or "", str(onset), str(number)))
    return sha256(text.encode()).hexdigest()[:20]


def plain_record(  # noqa: PLR0913  # all of it is the alert's own, by name
    alert_class: str,
    reason: str,
    subject: tuple[str, str],
    register: Register,
    *,
    onset: int,
    raised_at: int,
    resolved_at: int | None,
    levels: Iterable[tuple[Level, int]],
    number: int = 0,
    station: str | None = None,
    config: str | None = None,
    target_id: str | None = None,
    members: tuple[str, ...] = (),
    estimate: Estimate | None = None,
    gateway: str | None = None,
) -> AlertRecord:
    """An alert that rests on no value of a period: without value, target, worst and window.

    Args:
        alert_class: As in docs/alert-classes.md; it is the rule as well.
        reason: Of the closed enum of the class.
        subject: Kind and code.
        register: Master data, for where it is.
        onset: Epoch milliseconds, as are the next two.
        raised_at: End of what completed the evidence.
        resolved_at: None while it fires.
        levels: Each with its time.
        number: How many alerts of the same onset were raised before.
        station: Whose basin, division and river are shown as of ``raised_at``; None = the subject if it is a station.
        config: What judged it, where that isn't the register at hand.
        target_id: None where the class has no target.
        members: Codes of the stations for which it stands.
        estimate: What was taken.
        gateway: Over which it came.
    """
    kind, code = subject
    rows = register.stations.get(code if kind == "station" and station is None else station or "")
    place = None if rows is None else rows.at(raised_at) or rows.rows[-1]
    return AlertRecord(
        id=alert_id(alert_class, f"{kind}:{code}", target_id, onset, number),
        alert_class=alert_class,
        reason=reason,
        subject_kind=kind,
        subject=code,
        target_id=target_id,
        basin=None if place is None else place.basin or None,
        division=None if place is None else place.division or None,
        river=None if place is None else place.river or None,
        onset=onset,
        raised_at=raised_at,
        resolved_at=resolved_at,
        levels=tuple(Change(level, at, None, None) for level, at in levels),
        worst=None,
        value=None,
        target=None,
        basis=None,
        window=None,
        uncertainty_pct=None,
        within_uncertainty=None,
        rule=alert_class,
        config=register.hash if config is None else config,
        members=members,
        estimate=estimate,
        gateway=gateway,
    )


def ratio(value: int | None, target: int | None) -> float | None:
    """Value / target, half even to six decimals; None for a target of zero."""
    if value is None or not target or target < 0:
        return None
    exact = Fraction(value, target)
    return round(exact * MICRO) / MICRO


def rounded(number: Decimal) -> float:
    """Half even to six decimals."""
    return float(number.quantize(_SIX_PLACES, rounding=ROUND_HALF_EVEN))


def as_json(record: AlertRecord, zone_minutes: int) -> dict[str, Any]:
    """The object of CONTRACT section 6, keys in its order; ``previous``, ``revised`` and ``case`` empty.

    Args:
        record: The alert.
        zone_minutes: Zone of the times.
    """

    def when(at: int | None) -> str | None:
        return None if at is None else format_instant(at, zone_minutes)

    def number(count: int | None) -> float | None:
        return None if count is None else to_number(count)

    worst, window = record.worst, record.window
    estimate = record.estimate
    shown: dict[str, Any] = {
        "id": record.id,
        "class": record.alert_class,
        "reason": record.reason,
        "level": record.level.text,
        "state": record.state.value,
        "subject": {"kind": record.subject_kind, "code": record.subject},
        "target_id": record.target_id,
        "basin": record.basin,
        "division": record.division,
        "onset": when(record.onset),
        "raised_at": when(record.raised_at),
        "resolved_at": when(record.resolved_at),
        "levels": [{"level": change.level.text, "at": when(change.at)} for change in record.levels],
        "worst": None
        if worst is None
        else {"ratio": worst.ratio, "deficit_m": number(worst.deficit), "at": when(worst.at)},
        "value": number(record.value),
        "target": number(record.target),
        "ratio": None if worst is not None and worst.deficit is not None else ratio(record.value, record.target),
        "basis": record.basis,
        "window": None
        if window is None
        else {"from": when(window.start), "to": when(window.end), "expected": window.expected, "valid": window.valid},
        "uncertainty_pct": record.uncertainty_pct,
        "within_uncertainty": record.within_uncertainty,
        "rating": None,
        "estimate": None
        if estimate is None
        else {
            "rate_m3s": number(estimate.rate),
            "rate_low": number(estimate.rate_low),
            "rate_high": number(estimate.rate_high),
            "volume_m3": number(estimate.volume),
            "statutory_m3": number(estimate.statutory),
            "method": estimate.method,
        },
        "rule": record.rule,
        "config": record.config,
    }
    if record.members:
        shown["members"] = list(record.members)
    if record.gateway is not None:
        shown["gateway"] = record.gateway
    return {**shown, "previous": None, "revised": [], "case": None}
