"""Permits that share intakes, and intakes without one: what is judged together, and saved whole.

Days and states before the fold are settled; from the fold on all is judged again from the days of the points whenever
a register or late data ask for it, and from the latest midnight in the usual case::

    settled |fold                                   |latest midnight    watermark
            |------- if late, or after a restart ---|---- each hour ----|
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from alerting.permits.describe import lapse_record, overrun_record
from alerting.permits.expiry import ALERT_CLASS as PERMIT_EXPIRED
from alerting.permits.expiry import ExpiryState, Lapse, judge_duty
from alerting.permits.over_plan import ALERT_CLASS as OVER_PLAN
from alerting.permits.over_plan import RATE_DAYS, Overrun, PlanState, judge
from alerting.permits.permit_days import IntakeDays, PermitDays
from alerting.permits.point_days import PointDays, PointState
from alerting.record import SubjectAlerts
from hydro.instants import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alerting.permits.allotment import Allotment
    from alerting.permits.standing import IntakeStanding, PermitStanding
    from alerting.permits.takes_seen import TakesSeen
    from alerting.record import Late
    from hydro.register import Register

__all__ = ["Group", "GroupState", "IntakeSubject", "PermitSubject"]

_NEVER: Final = -(2**62)


class _Marks(msgspec.Struct, frozen=True, array_like=True):
    """How a subject stands at the beginning of a day: as to its plan, if it has one, and as to its permit."""

    plan: PlanState | None
    expiry: ExpiryState


class SubjectState(msgspec.Struct, array_like=True):
    """What is saved of a permit or an intake.

    Attributes:
        marks: At the fold.
        overruns: Alerts that are not settled.
        lapses: The same.
        settled: Alerts of either class that were over at or before it stand.
    """

    marks: _Marks
    overruns: tuple[Overrun, ...] = ()
    lapses: tuple[Lapse, ...] = ()
    settled: tuple[int, int] = (_NEVER, _NEVER)


class GroupState(msgspec.Struct, array_like=True):
    """What is saved of a group, true at a position."""

    position: int
    digest: bytes
    fold: int
    is_settled: bool
    series: dict[str, bytes]
    points: dict[str, PointState]
    subjects: dict[str, SubjectState]


class PermitSubject(NamedTuple):
    """A permit: what it allows, where it stands, and takes seen at its intakes."""

    code: str
    allotment: Allotment
    standing: PermitStanding
    takes: Sequence[TakesSeen]


class IntakeSubject(NamedTuple):
    """An intake that may have no permit."""

    code: str
    standing: IntakeStanding
    takes: TakesSeen
    points: Sequence[str]


class _Subject:
    """What is known of a permit or an intake over time."""

    def __init__(self, state: SubjectState) -> None:
        self.fold = state.marks
        self.latest = state.marks
        self.overruns = state.overruns
        self.lapses = state.lapses
        self.settled = state.settled

    def begin(self, day: int) -> _Marks:
        """How it stood at the beginning of the latest day, if that is not after a day, else at the fold."""
        if self.latest.expiry.day > day:
            self.latest = self.fold
        return self.latest

    def forget(self, horizon: int) -> None:
        """Let alerts stand that were over by an instant."""
        self.settled = (
            max([self.settled[0], *_ends(self.overruns, horizon)]),
            max([self.settled[1], *_ends(self.lapses, horizon)]),
        )
        self.overruns = tuple(each for each in self.overruns if not _is_over(each, self.settled[0]))
        self.lapses = tuple(each for each in self.lapses if not _is_over(each, self.settled[1]))


def _ends(alerts: Iterable[Overrun | Lapse], horizon: int) -> Iterator[int]:
    """When those ended that were over by an instant."""
    return (each.resolved_at for each in alerts if each.resolved_at is not None and each.resolved_at <= horizon)


def _is_over(alert: Overrun | Lapse, at: int) -> bool:
    return alert.resolved_at is not None and alert.resolved_at <= at


class Group:
    """See the module.

    Args:
        name: Of the group, in the state file.
        register: Master data.
        points: Days of all metering points.
        permits: Its permits.
        intakes: Its intakes that may have none.
        shift: Zone in milliseconds.

    Attributes:
        name: Of the group, in the state file.
        points: Days of all metering points.
        fold: The first day that can be judged again; None before anything was.
    """

    def __init__(
        self,
        name: str,
        register: Register,
        points: Mapping[str, PointDays],
        permits: Sequence[PermitSubject],
        intakes: Sequence[IntakeSubject],
        shift: int,
    ) -> None:
        self.name = name
        self._register = register
        self.points = points
        self._permits = permits
        self._intakes = intakes
        self._shift = shift
        self.fold: int | None = None
        self._is_settled = False
        self._subjects: dict[str, _Subject] = {}
        self._takes = [takes for permit in permits for takes in permit.takes] + [each.takes for each in intakes]

    def forget_from(self, day: int) -> None:
        """A day and those after it are not as they were."""
        for points in self.points.values():
            points.forget_from(day)
        for takes in self._takes:
            takes.forget_from(day)

    @property
    def filled(self) -> int:
        """The first day that no point has filled."""
        ends = [days.first + len(days) for days in self.points.values() if days.first is not None]
        return max(ends, default=_NEVER)

    def judge(self, doubt: int, since: int, until: int, day: int, late: Late | None) -> list[SubjectAlerts]:
        """Judge on to an instant; alerts of the subjects that have changed.

        Args:
            doubt: The first day of which something may be otherwise than when it was judged.
            since: First event of the stream.
            until: Full hours and midnights up to here are judged.
            day: The day of it.
            late: The latest late reading since it was judged.
        """
        begin = (since - 1 + self._shift) // DAY_MS
        if self.fold is None or (begin < self.fold and not self._is_settled):
            self._begin_at(begin)
        for points in self.points.values():
            points.fill(day)
        said: list[SubjectAlerts] = []
        for permit in self._permits:
            said += self._judge_permit(permit, doubt, since, until, day, late)
        for intake in self._intakes:
            said += self._judge_intake(intake, doubt, since, until, day, late)
        return said

    def _begin_at(self, day: int) -> None:
        """Nothing is settled yet: judge from a day on."""
        self.fold = day
        for code, subject in self._subjects.items():
            subject.fold = subject.latest = self._fresh(day, has_plan=code.startswith("permit "))

    @staticmethod
    def _fresh(day: int, *, has_plan: bool) -> _Marks:
        return _Marks(PlanState(day) if has_plan else None, ExpiryState(day))

    def _subject(self, code: str, *, has_plan: bool) -> _Subject:
        found = self._subjects.get(code)
        if found is None:
            marks = self._fresh(self.fold or 0, has_plan=has_plan)
            found = self._subjects[code] = _Subject(SubjectState(marks))
        return found

    def _calendar(self, permit: PermitSubject, marks: _Marks) -> PermitDays:
        mine = {point: self.points[point] for point in permit.allotment.points}
        known = 1 if marks.plan is None else marks.plan.scale
        return PermitDays(permit.allotment, permit.standing.at, mine, permit.takes, self._shift, known)

    def _judge_permit(
        self, permit: PermitSubject, doubt: int, since: int, until: int, day: int, late: Late | None
    ) -> Iterator[SubjectAlerts]:
        subject = self._subject(f"permit {permit.code}", has_plan=True)
        marks = subject.begin(doubt)
        calendar = self._calendar(permit, marks)
        wanted: dict[int, PlanState] = {}
        start = calendar.day_end(marks.expiry.day - 1)
        before = subject.overruns, subject.lapses
        plan = marks.plan or PlanState(marks.expiry.day)
        wanted[day] = plan
        now, resolved = judge(plan, calendar, until, wanted)
        firing = [] if now.firing is None else [now.firing]
        subject.overruns = (*(each for each in subject.overruns if _is_over(each, start)), *resolved, *firing)
        expiry = self._expire(subject, calendar, since, until, day, start)
        subject.latest = _Marks(wanted[day], expiry)
        if subject.overruns != before[0]:
            yield self._overruns(permit, subject, late)
        if subject.lapses != before[1]:
            yield self._lapses(("permit", permit.code), subject, late)

    def _expire(
        self, subject: _Subject, calendar: PermitDays | IntakeDays, since: int, until: int, day: int, start: int
    ) -> ExpiryState:
        """Judge the duty on; how it stands at the beginning of a day."""
        state = subject.latest.expiry
        wanted = {day: state}
        now, resolved = judge_duty(state, calendar, since, until, wanted)
        firing = [] if now.firing is None else [now.firing]
        subject.lapses = (*(each for each in subject.lapses if _is_over(each, start)), *resolved, *firing)
        return wanted[day]

    def _judge_intake(
        self, intake: IntakeSubject, doubt: int, since: int, until: int, day: int, late: Late | None
    ) -> Iterator[SubjectAlerts]:
        subject = self._subject(f"intake {intake.code}", has_plan=False)
        marks = subject.begin(doubt)
        calendar = self._intake_calendar(intake)
        start, before = calendar.day_end(marks.expiry.day - 1), subject.lapses
        subject.latest = _Marks(None, self._expire(subject, calendar, since, until, day, start))
        if subject.lapses != before:
            yield self._lapses(("intake", intake.code), subject, late)

    def _intake_calendar(self, intake: IntakeSubject) -> IntakeDays:
        return IntakeDays(
            intake.standing.at, [self.points[point] for point in intake.points], intake.takes, self._shift
        )

    def _overruns(self, permit: PermitSubject, subject: _Subject, late: Late | None) -> SubjectAlerts:
        records = tuple(
            overrun_record(each, permit.code, permit.allotment.year_start(each.levels[0].at), self._register)
            for each in subject.overruns
        )
        return SubjectAlerts(OVER_PLAN, permit.code, None, subject.settled[0], records, "permit", late)

    def _lapses(self, code: tuple[str, str], subject: _Subject, late: Late | None) -> SubjectAlerts:
        records = tuple(lapse_record(each, code, self._register) for each in subject.lapses)
        return SubjectAlerts(PERMIT_EXPIRED, code[1], None, subject.settled[1], records, code[0], late)

    def all_alerts(self) -> Iterator[SubjectAlerts]:
        """Of every subject that has any."""
        for permit in self._permits:
            subject = self._subjects.get(f"permit {permit.code}")
            if subject is not None:
                if subject.overruns:
                    yield self._overruns(permit, subject, None)
                if subject.lapses:
                    yield self._lapses(("permit", permit.code), subject, None)
        for intake in self._intakes:
            subject = self._subjects.get(f"intake {intake.code}")
            if subject is not None and subject.lapses:
                yield self._lapses(("intake", intake.code), subject, None)

    # State

    def settle(self, fold: int, since: int) -> None:
        """Let what lies before a day stand; it must have been judged that far."""
        end = (fold * DAY_MS) - self._shift
        for permit in self._permits:
            subject = self._subject(f"permit {permit.code}", has_plan=True)
            calendar = self._calendar(permit, subject.fold)
            plan = subject.fold.plan or PlanState(subject.fold.expiry.day)
            plans, expiries = {fold: plan}, {fold: subject.fold.expiry}
            judge(plan, calendar, end, plans)
            judge_duty(subject.fold.expiry, calendar, since, end, expiries)
            self._settled(subject, _Marks(plans[fold], expiries[fold]), end)
        for intake in self._intakes:
            subject = self._subject(f"intake {intake.code}", has_plan=False)
            expiries = {fold: subject.fold.expiry}
            judge_duty(subject.fold.expiry, self._intake_calendar(intake), since, end, expiries)
            self._settled(subject, _Marks(None, expiries[fold]), end)
        for points in self.points.values():
            points.forget_before(fold - RATE_DAYS - 1)
        for takes in self._takes:
            takes.forget_before(fold)
        self.fold = fold
        self._is_settled = True

    def _settled(self, subject: _Subject, marks: _Marks, end: int) -> None:
        subject.fold = marks
        if subject.latest.expiry.day < marks.expiry.day:
            subject.latest = marks
        subject.forget(end)

    def pack(self, position: int, digest: bytes, series: dict[str, bytes]) -> GroupState:
        """All of it but the samples."""
        points = {station: state for station, days in self.points.items() if (state := days.pack()) is not None}
        subjects = {
            code: SubjectState(subject.fold, subject.overruns, subject.lapses, subject.settled)
            for code, subject in self._subjects.items()
        }
        fold = _NEVER if self.fold is None else self.fold
        return GroupState(position, digest, fold, self._is_settled, series, points, subjects)

    def take_up(self, state: GroupState) -> None:
        """Take up what :meth:`pack` gave of a group of which this one has points or subjects."""
        if state.fold > _NEVER:
            self.fold = state.fold if self.fold is None else max(self.fold, state.fold)
            self._is_settled = self._is_settled or state.is_settled
        for station, points in state.points.items():
            if station in self.points:
                self.points[station].unpack(points)
        self._subjects.update(
            (code, _Subject(state.subjects[code])) for code in self.subjects if code in state.subjects
        )

    @property
    def subjects(self) -> list[str]:
        """Kind and code of each, as in the state."""
        return [f"permit {each.code}" for each in self._permits] + [f"intake {each.code}" for each in self._intakes]
