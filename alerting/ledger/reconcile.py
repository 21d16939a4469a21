"""What a change by the rules means for the ledger: pure, from the alerts it has to what must be done with them.

A change lists all alerts of one (class, subject, target) that are open or were resolved after `since`. What the ledger
has of that time is matched with them by the id of what the rules said last: rewritten in place, added, or withdrawn. A
withdrawn alert stays, and when it comes true again it returns under its id. What late data changed of a time that was
over leaves a line in `revised`.

An alert whose case a person has touched is neither withdrawn nor replaced. It *stands for* the verdict that overlaps
the one it stood for, whatever the id of that; with none left it is resolved at its raising and waits for its own to
come true again. :mod:`alerting.ledger.revision` says what such an alert shows.

People work on cases, so a case must follow what happened even where ids change. The case of an alert that arrives:

1. It takes over the case of an alert that the same change takes back, if both overlap in time; else, if that one has no
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

from alerting.case import CaseState, is_open, is_touched
from alerting.ledger.revision import Revision, carried, is_rewritten, noted, vanished
from hydro.instants import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from alerting.record import AlertRecord, SubjectAlerts

__all__ = ["REJOIN_MS", "Arrival", "CaseEvent", "Held", "Reconciliation", "Rewriting", "reconcile"]

REJOIN_MS: Final = 72 * HOUR_MS
"""How long after a resolution a recurrence still belongs to the same case, inclusive. Source: ALERTS, common."""

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
        record: As it is shown.
        withdrawn: Nothing is left of it.
        case_state: Of its case.
        case_id: Number of its case.
        said: What the rules said of it last; None where they took it back.
        revised: Its trace.
    """

    record: AlertRecord
    withdrawn: bool
    case_state: CaseState
    case_id: int
    said: AlertRecord | None
    revised: tuple[Revision, ...] = ()

    @property
    def is_touched(self) -> bool:
        """Whether a person has touched its case."""
        return is_touched(self.case_state)


class Rewriting(NamedTuple):
    """An alert that stays and changes.

    Attributes:
        before: As the ledger has it.
        record: What it shows.
        said: What the rules say; None where nothing is left.
        revised: Its trace.
    """

    before: Held
    record: AlertRecord
    said: AlertRecord | None
    revised: tuple[Revision, ...]


class Arrival(NamedTuple):
    """An alert that is new, or comes true again.

    Attributes:
        record: The alert.
        event: Why it gets the case that it gets.
        other: Id of the alert whose case it takes; None with its own case, old or new.
        known: The ledger has it, withdrawn.
        revised: Its trace.
    """

    record: AlertRecord
    event: CaseEvent
    other: str | None
    known: bool
    revised: tuple[Revision, ...] = ()


class Reconciliation(NamedTuple):
    """What to do.

    Attributes:
        rewritten: Alerts that stay and have changed.
        arrived: By time of raising, so that each finds the case of the one before.
        withdrawn: Alerts of which nothing is left, with their trace.
        abandoned: Those of them, and of those that a person's hand keeps, whose case nobody took over.
        before: Alerts whose points the store has been given.
        after: Alerts whose points the store must have instead.
    """

    rewritten: tuple[Rewriting, ...]
    arrived: tuple[Arrival, ...]
    withdrawn: tuple[Held, ...]
    abandoned: tuple[Held, ...]
    before: tuple[AlertRecord, ...]
    after: tuple[AlertRecord, ...]


def reconcile(held: Iterable[Held], standing: Held | None, change: SubjectAlerts, read_at: int = 0) -> Reconciliation:
    """Compare what the ledger has with what the rules say now.

    Args:
        held: The ledger's alerts of this subject and target that are not withdrawn and open or resolved after
            ``change.since``, as shown or as said; and those with an id of the change, whatever they are.
        standing: The last alert resolved at or before ``change.since``, which the change leaves as it is.
        change: The alerts now.
        read_at: ``received_at`` of the last message that was judged, for the trace of what came within the lateness.
    """
    held = sorted(held, key=lambda one: _moment(one.record))
    return _Comparison(held, standing, change, read_at).outcome()


class _Comparison:
    """One change against what the ledger has.

    Args:
        held: By time of raising.
        standing: See :func:`reconcile`.
        change: The same.
        read_at: The same.
    """

    def __init__(self, held: Sequence[Held], standing: Held | None, change: SubjectAlerts, read_at: int) -> None:
        self._held = held
        self._standing = standing
        self._late = change.late
        self._at = read_at if change.late is None else change.late.received_at
        self._incoming = sorted(change.alerts, key=_moment)
        ids = {record.id for record in self._incoming}
        speaking = [one for one in held if one.said is not None]
        self._bearers = {one.said.id: one for one in speaking if one.said is not None and one.said.id in ids}
        self._leaving = [
            one for one in speaking if one.said is not None and one.said.id not in ids and _end(one.said) > change.since
        ]
        self._revive()
        self._stand_in()

    def _revive(self) -> None:
        """A touched alert bears the verdict of its own id as soon as there is one, whatever it bears otherwise."""
        touched = {one.record.id: one for one in self._held if one.is_touched and not one.withdrawn}
        for record in self._incoming:
            one = touched.get(record.id)
            if one is None or self._bearers.get(record.id) is one:
                continue
            if one.said is not None:
                self._bearers.pop(one.said.id, None)
            if one in self._leaving:
                self._leaving.remove(one)
            other = self._bearers.get(record.id)
            if other is not None:
                self._leaving.append(other)
            self._bearers[record.id] = one

    def _stand_in(self) -> None:
        """A touched alert whose verdict is no more bears the first one that overlaps it and has no bearer yet."""
        known = {one.record.id: one for one in self._held if one.withdrawn}
        for one in [one for one in self._leaving if one.is_touched]:
            for record in self._incoming:
                own = known.get(record.id)
                returns = own is not None and own.is_touched and own.case_id != one.case_id
                if record.id not in self._bearers and not returns and _overlap(_said(one), record):
                    self._bearers[record.id] = one
                    self._leaving.remove(one)
                    break

    def outcome(self) -> Reconciliation:
        """What to do."""
        rewritten = [self._rewriting(self._bearers.get(record.id), record) for record in self._incoming]
        arrived = self._arrivals()
        heirs = {arrival.other for arrival in arrived if arrival.event is CaseEvent.INHERIT}
        rewritten += [self._vanishing(one) for one in self._leaving if one.is_touched]
        changed = [one for one in rewritten if one is not None]
        withdrawn = [self._withdrawal(one) for one in self._leaving if not one.is_touched]
        gone = {one.record.id for one in withdrawn}
        shown = {one.record.id: one.record for one in self._held if not one.withdrawn}
        after = {alert_id: record for alert_id, record in shown.items() if alert_id not in gone}
        after |= {one.before.record.id: one.record for one in changed}
        after |= {arrival.record.id: arrival.record for arrival in arrived}
        return Reconciliation(
            rewritten=tuple(changed),
            arrived=arrived,
            withdrawn=tuple(withdrawn),
            abandoned=tuple(one for one in self._leaving if one.record.id not in heirs),
            before=tuple(sorted(shown.values(), key=_moment)),
            after=tuple(sorted(after.values(), key=_moment)),
        )

    def _rewriting(self, own: Held | None, record: AlertRecord) -> Rewriting | None:
        if own is None or own.said == record:
            return None
        if own.is_touched:
            shown, is_revised = carried(own.record, own.said, record, self._late)
        else:
            shown, is_revised = record, self._is_late(own.said, record)
        return Rewriting(own, shown, record, self._trace(own, record) if is_revised else own.revised)

    def _vanishing(self, own: Held) -> Rewriting:
        return Rewriting(own, vanished(own.record), None, self._trace(own, None))

    def _withdrawal(self, own: Held) -> Held:
        return own._replace(revised=self._trace(own, None)) if self._is_late(own.said, None) else own

    def _is_late(self, before: AlertRecord | None, after: AlertRecord | None) -> bool:
        return self._late is not None and is_rewritten(before, after, self._late.upto)

    def _trace(self, own: Held, after: AlertRecord | None) -> tuple[Revision, ...]:
        return tuple(noted(own.revised, self._at, own.said, after))

    def _arrivals(self) -> tuple[Arrival, ...]:
        known = {one.record.id: one for one in self._held if one.withdrawn}
        cases = {_said(one).id: (one.record.id, one.case_state) for one in self._held if one.said is not None}
        cases |= {one.record.id: (one.record.id, one.case_state) for one in self._held}
        cases |= {said: (one.record.id, one.case_state) for said, one in self._bearers.items()}
        previous = None
        if self._standing is not None:
            previous = self._standing.record
            cases[previous.id] = previous.id, self._standing.case_state
        arrived: list[Arrival] = []
        arriving = [record for record in self._incoming if record.id not in self._bearers]
        unfollowed = [one for one in self._leaving if not any(_overlap(_said(one), record) for record in arriving)]
        for record in self._incoming:
            if record.id not in self._bearers:
                predecessor = self._predecessor(record, unfollowed)
                arrival = self._arrival(record, known.get(record.id), predecessor, previous, cases)
                state = CaseState.RAISED
                if arrival.other is not None:
                    state = cases[arrival.other][1]
                elif arrival.known:
                    state = known[record.id].case_state
                cases[record.id] = record.id, state
                arrived.append(arrival)
            previous = record
        return tuple(arrived)

    def _arrival(
        self,
        record: AlertRecord,
        own: Held | None,
        predecessor: Held | None,
        previous: AlertRecord | None,
        cases: Mapping[str, tuple[str, CaseState]],
    ) -> Arrival:
        revised = () if own is None else own.revised
        if own is not None and (predecessor is None or own.case_id == predecessor.case_id or own.is_touched):
            if self._is_late(None, record):
                revised = tuple(noted(revised, self._at, None, record))
            return Arrival(record, CaseEvent.RETURN, None, known=True, revised=revised)
        if predecessor is not None:
            before = None if predecessor in self._bearers.values() else predecessor.said
            if own is None and before is not None:
                revised = predecessor.revised
            if self._is_late(before, record):
                revised = tuple(noted(revised, self._at, before, record))
            return Arrival(record, CaseEvent.INHERIT, predecessor.record.id, known=own is not None, revised=revised)
        if self._is_late(None, record):
            revised = tuple(noted(revised, self._at, None, record))
        if previous is not None:
            other, state = cases[previous.id]
            if is_open(state) and _gap(previous, record) <= REJOIN_MS:
                return Arrival(record, CaseEvent.JOIN, other, known=False, revised=revised)
        return Arrival(record, CaseEvent.RAISE, None, known=False, revised=revised)

    def _predecessor(self, record: AlertRecord, unfollowed: Sequence[Held]) -> Held | None:
        """The alert that this one is in truth: the first that a person has touched, else the first."""
        borne = [one for one in self._bearers.values() if one.is_touched and _said(one).id not in self._bearers]
        candidates = [one for one in (*self._leaving, *borne) if _overlap(_said(one), record)] or [
            one for one in unfollowed if _gap(_said(one), record) <= REJOIN_MS and _gap(record, _said(one)) <= REJOIN_MS
        ]
        touched = [one for one in candidates if one.is_touched]
        return next(iter(touched or candidates), None)


def _said(one: Held) -> AlertRecord:
    """What the rules said last, or what is shown of it where they took it back."""
    return one.record if one.said is None else one.said


def _moment(record: AlertRecord) -> tuple[int, str]:
    return record.raised_at, record.id


def _end(record: AlertRecord) -> int:
    return _NEVER if record.resolved_at is None else record.resolved_at


def _overlap(one: AlertRecord, other: AlertRecord) -> bool:
    return one.onset < _end(other) and other.onset < _end(one)


def _gap(earlier: AlertRecord, later: AlertRecord) -> int:
    """From the resolution of one to the raising of the other; negative where the other was raised before it."""
    return later.raised_at - _end(earlier)
