"""What a change by the rules means for the ledger: pure, from the alerts it has to what must be done with them.

A change lists all alerts of one (class, subject, target) that are open or were resolved after `since`. What the ledger
has of that time is matched with them by id: rewritten in place, added, or withdrawn. A withdrawn alert stays, and when
it comes true again it returns under its id.

People work on cases, so a case must follow what happened even where ids change. The case of an alert that arrives:

1. It takes over the case of an alert withdrawn by the same change, if both overlap in time; else, if that one has no
   counterpart at all, if they lie at most 72 h apart. That is how a moved onset keeps its case. A returning alert keeps
   its own case if a person has touched it.
2. It joins the case of the alert before it, if that is open and that alert was resolved at most 72 h before this one
   was raised.
3. It opens one.

Source: CONTRACT section 6; ALERTS, when judged, common.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from alerting.case import CaseState, is_open
from hydro.instants import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alerting.record import AlertRecord, SubjectAlerts

__all__ = ["REJOIN_MS", "Arrival", "CaseEvent", "Held", "Reconciliation", "reconcile"]

REJOIN_MS: Final = 72 * HOUR_MS
"""How long after a resolution a recurrence still belongs to the same case, inclusive. Source: ALERTS, common."""

_UNTOUCHED: Final = (CaseState.RAISED, CaseState.NOTIFIED)
_NEVER: Final = 1 << 62


class CaseEvent(StrEnum):
    """What the machine does to a case; stands in its history among the verbs of people."""

    RAISE = "raise"
    JOIN = "join"
    INHERIT = "inherit"
    RETURN = "return"
    WITHDRAW = "withdraw"


class Held(NamedTuple):
    """An alert that the ledger has.

    Attributes:
        record: As it was last written.
        withdrawn: Nothing is left of it.
        case_state: Of its case.
        case_id: Number of its case.
    """

    record: AlertRecord
    withdrawn: bool
    case_state: CaseState
    case_id: int


class Arrival(NamedTuple):
    """An alert that is new, or comes true again.

    Attributes:
        record: The alert.
        event: Why it gets the case that it gets.
        other: Id of the alert whose case it takes; None with its own case, old or new.
        known: The ledger has it, withdrawn.
    """

    record: AlertRecord
    event: CaseEvent
    other: str | None
    known: bool


class Reconciliation(NamedTuple):
    """What to do.

    Attributes:
        rewritten: Alerts that stay and have changed.
        arrived: By time of raising, so that each finds the case of the one before.
        withdrawn: Alerts of which nothing is left.
        abandoned: Those of them whose case nobody took over.
        before: Alerts whose points the store has been given.
        after: Alerts whose points the store must have instead.
    """

    rewritten: tuple[AlertRecord, ...]
    arrived: tuple[Arrival, ...]
    withdrawn: tuple[Held, ...]
    abandoned: tuple[Held, ...]
    before: tuple[AlertRecord, ...]
    after: tuple[AlertRecord, ...]


def reconcile(held: Iterable[Held], standing: Held | None, change: SubjectAlerts) -> Reconciliation:
    """Compare what the ledger has with what the rules say now.

    Args:
        held: The ledger's alerts of this subject and target that are not withdrawn and open or resolved after
            ``change.since``; and those with an id of the change, whatever they are.
        standing: The last alert resolved at or before ``change.since``, which the change leaves as it is.
        change: The alerts now.
    """
    known = {one.record.id: one for one in held}
    incoming = sorted(change.alerts, key=_moment)
    ids = {record.id for record in incoming}
    live = [one for one in known.values() if not one.withdrawn]
    withdrawn = sorted((one for one in live if one.record.id not in ids), key=lambda one: _moment(one.record))
    rewritten = [record for record in incoming if _stays(known.get(record.id)) and known[record.id].record != record]
    arriving = [record for record in incoming if not _stays(known.get(record.id))]
    arrived = _arrivals(arriving, incoming, withdrawn, standing, known)
    heirs = {arrival.other for arrival in arrived if arrival.event is CaseEvent.INHERIT}
    return Reconciliation(
        rewritten=tuple(rewritten),
        arrived=arrived,
        withdrawn=tuple(withdrawn),
        abandoned=tuple(one for one in withdrawn if one.record.id not in heirs),
        before=tuple(sorted((one.record for one in live), key=_moment)),
        after=tuple(incoming),
    )


def _arrivals(
    arriving: Sequence[AlertRecord],
    incoming: Sequence[AlertRecord],
    withdrawn: Sequence[Held],
    standing: Held | None,
    known: Mapping[str, Held],
) -> tuple[Arrival, ...]:
    states = {one.record.id: one.case_state for one in known.values()}
    previous = None if standing is None else standing.record
    if standing is not None:
        states[standing.record.id] = standing.case_state
    unfollowed = [one for one in withdrawn if not any(_overlap(one.record, record) for record in arriving)]
    arrived: list[Arrival] = []
    for record in incoming:
        own = known.get(record.id)
        if not _stays(own):
            arrival = _arrival(record, own, _predecessor(record, withdrawn, unfollowed), previous, states)
            if arrival.other is not None:
                states[record.id] = states[arrival.other]
            elif arrival.event is CaseEvent.RAISE:
                states[record.id] = CaseState.RAISED
            arrived.append(arrival)
        previous = record
    return tuple(arrived)


def _arrival(
    record: AlertRecord,
    own: Held | None,
    predecessor: Held | None,
    previous: AlertRecord | None,
    states: Mapping[str, CaseState],
) -> Arrival:
    if own is not None and (
        predecessor is None or own.case_id == predecessor.case_id or own.case_state not in _UNTOUCHED
    ):
        return Arrival(record, CaseEvent.RETURN, None, known=True)
    if predecessor is not None:
        return Arrival(record, CaseEvent.INHERIT, predecessor.record.id, known=own is not None)
    if previous is not None and is_open(states[previous.id]) and _gap(previous, record) <= REJOIN_MS:
        return Arrival(record, CaseEvent.JOIN, previous.id, known=False)
    return Arrival(record, CaseEvent.RAISE, None, known=False)


def _predecessor(record: AlertRecord, withdrawn: Sequence[Held], unfollowed: Sequence[Held]) -> Held | None:
    """The withdrawn alert that this one is in truth: the first that a person has touched, else the first."""
    candidates = [one for one in withdrawn if _overlap(one.record, record)] or [
        one for one in unfollowed if _gap(one.record, record) <= REJOIN_MS and _gap(record, one.record) <= REJOIN_MS
    ]
    touched = [one for one in candidates if one.case_state not in _UNTOUCHED]
    return next(iter(touched or candidates), None)


def _stays(own: Held | None) -> bool:
    return own is not None and not own.withdrawn


def _moment(record: AlertRecord) -> tuple[int, str]:
    return record.raised_at, record.id


def _end(record: AlertRecord) -> int:
    return _NEVER if record.resolved_at is None else record.resolved_at


def _overlap(one: AlertRecord, other: AlertRecord) -> bool:
    return one.onset < _end(other) and other.onset < _end(one)


def _gap(earlier: AlertRecord, later: AlertRecord) -> int:
    """From the resolution of one to the raising of the other; negative where the other was raised before it."""
    return later.raised_at - _end(earlier)
