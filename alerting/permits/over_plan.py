"""Whether more is taken in a year than its plan: one state over the hours of a permit. Pure.

::

    volume          ...........^ 90 % .............^ 100 %  | plan raised       1 January
    level                      blue                yellow   | blue              resolved
    forecast     F                                            at each 00:00, by the rate of the 28 days before it

A day in which nothing can change is taken in one step; all others hour by hour. Both give the same.

Source: docs/alert-classes.md, over_plan; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from alerting.level import Level
from hydro.instants import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ALERT_CLASS", "Overrun", "PermitCalendar", "PlanLevel", "PlanReason", "PlanState", "Rate", "band", "judge"]

ALERT_CLASS: Final = "over_plan"
RATE_DAYS: Final = 28
_BANDS: Final = ((Level.RED, 130), (Level.ORANGE, 110))
_NEAR_PCT: Final = 90
_WHOLE_PCT: Final = 100


class PlanReason(StrEnum):
    """What raised it."""

    OVER_PLAN = "over_plan"
    FORECAST = "forecast"


class Rate(msgspec.Struct, frozen=True, array_like=True):
    """What was taken lately, as of a 00:00; volumes in parts of the permit's scale.

    Attributes:
        volume: Of the year until then.
        recent: Of the 28 days before.
        days_left: To the end of the year, on which it may be taken.
    """

    volume: int
    recent: int
    days_left: int

    def exceeds(self, plan: int) -> bool:
        """Whether the year ends above a plan, in the same parts, if it goes on so."""
        return RATE_DAYS * self.volume + self.recent * self.days_left > RATE_DAYS * plan


class PlanLevel(msgspec.Struct, frozen=True, array_like=True):
    """A level from an hour on, and what was so then.

    Attributes:
        level: The level.
        at: End of the hour.
        volume: Of the year until then, in parts of the permit's scale.
        plan: 1e-6 m3.
        known: Hours of the year's points of which the volume is known.
        expected: All of them.
        rate: As of the latest 00:00 of the year; None where too little is known.
    """

    level: Level
    at: int
    volume: int
    plan: int
    known: int
    expected: int
    rate: Rate | None


class Overrun(msgspec.Struct, frozen=True, array_like=True):
    """An alert.

    Attributes:
        reason: What raised it.
        levels: In time order.
        scale: Their volumes are in parts of it.
        has_risen: The plan was raised since.
        resolved_at: None while it fires.
    """

    reason: str
    levels: tuple[PlanLevel, ...]
    scale: int = 1
    has_risen: bool = False
    resolved_at: int | None = None


class PlanState(msgspec.Struct, frozen=True, array_like=True):
    """Where it stands at the beginning of a day.

    Attributes:
        day: Number of the day that begins.
        volume: Of the year so far, in parts of ``scale``.
        scale: Of the permit.
        known: Hours of its points so far of which the volume is known.
        plan: In the hour before; None at the beginning of a year.
        rate: As of the latest 00:00 of the year.
        firing: The open alert.
    """

    day: int
    volume: int = 0
    scale: int = 1
    known: int = 0
    plan: int | None = None
    rate: Rate | None = None
    firing: Overrun | None = None


class PermitHour(Protocol):
    """An hour of all points of a permit."""

    volume: int
    known: int


class PermitCalendar(Protocol):
    """What the permit's points measured and what the register says of it, by day and hour."""

    scale: int

    def day_end(self, day: int) -> int:
        """24:00 of a day, epoch milliseconds."""

    def is_new_year(self, day: int) -> bool:
        """Whether it is a 1 January."""

    def is_plain(self, day: int) -> bool:
        """Whether plan and shares are the same in all of the day."""

    def plan(self, at: int) -> int | None:
        """See :meth:`alerting.permits.allotment.Allotment.plan`."""

    def points(self, at: int) -> int:
        """How many metering points it has."""

    def year_start(self, at: int) -> int:
        """1 January 00:00 of the year of an instant."""

    def volume(self, day: int) -> int:
        """Of a day, what crosses the beginning of a year left out."""

    def rising(self, day: int) -> int:
        """The most by which the volume can have grown at any hour of a day."""

    def known(self, day: int) -> int:
        """Hours of a day of which the volume is known."""

    def hours(self, day: int) -> Sequence[tuple[int, int]]:
        """Volume and known hours of the points in each hour of a day."""

    def recent(self, day: int) -> int | None:
        """Volume of the 28 days that end with a day; None if less than half of their hours are known."""

    def days_left(self, midnight: int) -> int:
        """See :meth:`alerting.permits.allotment.Allotment.days_left`."""


def band(volume: int, plan: int) -> Level | None:
    """Level of a volume against a plan, both in the same parts; None below 90 %.

    >>> [band(volume, 10) for volume in (8, 9, 10)], band(11, 10).name, band(13, 10).name, band(0, 0), band(1, 0).name
    ([None, <Level.BLUE: 1>, <Level.BLUE: 1>], 'ORANGE', 'RED', None, 'RED')
    """
    if plan <= 0:
        return Level.RED if volume > 0 else None
    for level, percent in _BANDS:
        if _WHOLE_PCT * volume >= percent * plan:
            return level
    if volume > plan:
        return Level.YELLOW
    return Level.BLUE if _WHOLE_PCT * volume >= _NEAR_PCT * plan else None


def judge(
    state: PlanState, calendar: PermitCalendar, until: int, marks: dict[int, PlanState] | None = None
) -> tuple[PlanState, list[Overrun]]:
    """Go on to an instant; how it stands then, and alerts resolved on the way.

    Of a day that is not over, the state that is returned tells what fires, and no more.

    Args:
        state: At the beginning of some day.
        calendar: Of the permit.
        until: The last hour's end that is judged; whole hours.
        marks: Days at the beginning of which how it stands is wanted; filled.
    """
    course = _Course(state, calendar)
    while calendar.day_end(course.day - 1) < until:
        if marks is not None and course.day in marks:
            marks[course.day] = course.state()
        course.step(until)
    if marks is not None and course.day in marks and calendar.day_end(course.day - 1) == until:
        marks[course.day] = course.state()
    return course.state(), course.resolved


class _Course:
    """The state while it moves."""

    def __init__(self, state: PlanState, calendar: PermitCalendar) -> None:
        self.day = state.day
        self._calendar = calendar
        factor, rest = divmod(calendar.scale, state.scale)
        if rest:
            message = f"state of a permit in parts of {state.scale}, its shares are parts of {calendar.scale}"
            raise ValueError(message)
        self._volume = state.volume * factor
        self._known = state.known
        self._plan = state.plan
        self._rate = None if state.rate is None else _scaled(state.rate, factor)
        self._firing = state.firing if state.firing is None or factor == 1 else _rescaled(state.firing, factor)
        self.resolved: list[Overrun] = []

    def state(self) -> PlanState:
        return PlanState(
            self.day, self._volume, self._calendar.scale, self._known, self._plan, self._rate, self._firing
        )

    def step(self, until: int) -> None:
        """One day, or what of it lies before an instant; then the state is that after its last hour."""
        calendar, day = self._calendar, self.day
        start, end = calendar.day_end(day - 1), calendar.day_end(day)
        if calendar.is_new_year(day):
            self._volume = self._known = 0
            self._plan = self._rate = None
        is_quiet = self._is_quiet(day, end)
        if end > until and is_quiet:
            pass  # what comes of this day is looked at when it is over
        elif not (is_quiet and self._takes_whole(day, end)):
            for hour, (volume, known) in enumerate(calendar.hours(day), 1):
                at = start + hour * HOUR_MS
                if at > until:
                    break
                self._volume += volume
                self._known += known
                if at == end:
                    self._rate = self._rate_of(day, end)
                self._hour(at)
        self.day += 1

    def _is_quiet(self, day: int, end: int) -> bool:
        """Whether no hour of a day can change anything, but for what its end says of the rest of the year."""
        calendar, firing = self._calendar, self._firing
        plan = calendar.plan(end)
        if not calendar.is_plain(day) or (self._plan is not None and plan != self._plan):
            return False
        top = None if plan is None else band(self._volume + calendar.rising(day), plan * calendar.scale)
        if firing is None:
            return top is None
        is_above = top is not None and top > firing.levels[-1].level
        return not (firing.has_risen or is_above or calendar.is_new_year(day + 1))

    def _takes_whole(self, day: int, end: int) -> bool:
        """Take a quiet day in one step, unless its end raises an alert."""
        calendar = self._calendar
        plan, before = calendar.plan(end), (self._volume, self._rate)
        self._volume += calendar.volume(day)
        self._rate = self._rate_of(day, end)
        rate = self._rate if self._firing is None and plan is not None else None
        if rate is not None and plan is not None and rate.exceeds(plan * calendar.scale):
            self._volume, self._rate = before
            return False
        self._known += calendar.known(day)
        self._plan = plan
        return True

    def _rate_of(self, day: int, end: int) -> Rate | None:
        recent = self._calendar.recent(day)
        return None if recent is None else Rate(self._volume, recent, self._calendar.days_left(end))

    def _hour(self, at: int) -> None:
        calendar = self._calendar
        plan, before = calendar.plan(at), self._plan
        self._plan = plan
        truth, reason = self._truth(plan)
        rose = plan is not None and before is not None and plan > before
        if self._firing is not None:
            if rose:
                self._firing = msgspec.structs.replace(self._firing, has_risen=True)
            if truth is None and self._firing.has_risen and plan is not None:
                self._resolve(at)
            elif truth is not None and plan is not None:
                self._move(truth if rose else max(truth, self._firing.levels[-1].level), at, plan)
        elif truth is not None and plan is not None and (reason is PlanReason.OVER_PLAN or self._is_midnight(at)):
            self._firing = Overrun(reason, (self._level(truth, at, plan),), calendar.scale)
        if self._firing is not None and self._is_midnight(at) and calendar.year_start(at + 1) == at:
            self._resolve(at)

    def _is_midnight(self, at: int) -> bool:
        return at == self._calendar.day_end(self.day)

    def _truth(self, plan: int | None) -> tuple[Level | None, PlanReason]:
        if plan is None:
            return None, PlanReason.OVER_PLAN
        scaled = plan * self._calendar.scale
        level = band(self._volume, scaled)
        if level is None and self._rate is not None and self._rate.exceeds(scaled):
            return Level.BLUE, PlanReason.FORECAST
        return level, PlanReason.OVER_PLAN

    def _level(self, level: Level, at: int, plan: int) -> PlanLevel:
        calendar = self._calendar
        expected = calendar.points(at) * ((at - calendar.year_start(at)) // HOUR_MS)
        return PlanLevel(level, at, self._volume, plan, self._known, expected, self._rate)

    def _move(self, level: Level, at: int, plan: int) -> None:
        if self._firing is not None and level is not self._firing.levels[-1].level:
            levels = (*self._firing.levels, self._level(level, at, plan))
            self._firing = msgspec.structs.replace(self._firing, levels=levels)

    def _resolve(self, at: int) -> None:
        if self._firing is not None:
            self.resolved.append(msgspec.structs.replace(self._firing, resolved_at=at))
            self._firing = None


def _scaled(rate: Rate, factor: int) -> Rate:
    return Rate(rate.volume * factor, rate.recent * factor, rate.days_left)


def _rescaled(firing: Overrun, factor: int) -> Overrun:
    levels = (
        PlanLevel(
            each.level,
            each.at,
            each.volume * factor,
            each.plan,
            each.known,
            each.expected,
            None if each.rate is None else _scaled(each.rate, factor),
        )
        for each in firing.levels
    )
    return msgspec.structs.replace(firing, levels=tuple(levels), scale=firing.scale * factor)
