"""The days of a permit, or of an intake without one: what its points measured, weighed by its shares.

It is made for one judging and thrown away; what is kept are the days of the points.
"""

from __future__ import annotations

from math import lcm
from typing import TYPE_CHECKING, Final, NamedTuple

from alerting.permits.over_plan import RATE_DAYS
from hydro.instants import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alerting.permits.allotment import Allotment
    from alerting.permits.point_days import Hours, PointDays
    from alerting.permits.standing import Standing
    from alerting.permits.takes_seen import TakesSeen

__all__ = ["IntakeDays", "PermitDays"]

_HOURS: Final = 24


class _Day(NamedTuple):
    """Of all points; volumes in parts of the scale."""

    volume: int
    rising: int
    crossing: int
    known: int
    points: int


class PermitDays:
    """See :class:`alerting.permits.over_plan.PermitCalendar` and :class:`alerting.permits.expiry.DutyCalendar`.

    Args:
        allotment: What the permit allows.
        standing: What the register says of it.
        points: Days of its metering points.
        takes: Takes seen at its intakes.
        shift: Zone in milliseconds.
        scale: Volumes are to be in parts of a multiple of it.
    """

    def __init__(
        self,
        allotment: Allotment,
        standing: Callable[[int], Standing],
        points: Mapping[str, PointDays],
        takes: Sequence[TakesSeen],
        shift: int,
        scale: int = 1,
    ) -> None:
        self._allotment = allotment
        self.standing = standing
        self._points = points
        self._takes = takes
        self._shift = shift
        self.scale = lcm(allotment.scale, scale)
        self._factor = self.scale // allotment.scale
        self._days: dict[int, _Day] = {}
        self._sums: tuple[int, int, int, int] | None = None
        self.plan = allotment.plan
        self.days_left = allotment.days_left
        self.year_start = allotment.year_start

    def day_end(self, day: int) -> int:
        """24:00 of a day, epoch milliseconds."""
        return (day + 1) * DAY_MS - self._shift

    def day_of(self, at: int) -> int:
        """Day of an instant; one on a boundary belongs to the day that it ends."""
        return (at - 1 + self._shift) // DAY_MS

    def is_new_year(self, day: int) -> bool:
        """Whether it is a 1 January."""
        start = self.day_end(day - 1)
        return self.year_start(start + 1) == start

    def is_plain(self, day: int) -> bool:
        """Whether plan and shares are the same in all of the day."""
        return not self._allotment.is_cut_inside(self.day_end(day - 1), self.day_end(day))

    def points(self, at: int) -> int:
        """How many metering points it has at an instant."""
        return len(self._allotment.weights(at))

    def volume(self, day: int) -> int:
        """Of a day, what crosses the beginning of a year left out."""
        found = self._day(day)
        return found.volume - found.crossing if self.is_new_year(day) else found.volume

    def rising(self, day: int) -> int:
        """The most by which the volume can have grown at any hour of a day."""
        return self._day(day).rising

    def known(self, day: int) -> int:
        """Hours of a day of which the volume is known, of all points."""
        return self._day(day).known

    def _day(self, day: int) -> _Day:
        found = self._days.get(day)
        if found is None:
            found = self._days[day] = self._plain(day) if self.is_plain(day) else self._mixed(day)
        return found

    def _plain(self, day: int) -> _Day:
        volume = rising = crossing = known = 0
        weights = self._allotment.weights(self.day_end(day))
        for point, weight in weights.items():
            one = self._points[point].day(day)
            volume += one.volume * weight
            rising += one.rising * weight
            crossing += one.crossing * weight
            known += one.known
        factor = self._factor
        return _Day(volume * factor, rising * factor, crossing * factor, known, len(weights))

    def _mixed(self, day: int) -> _Day:
        """A day in which shares change: hour by hour; crossing increments belong to their hour's share."""
        hours = self.hours(day)
        crossing = 0
        for point, days in self._points.items():
            one = days.day(day)
            if one.crossing:
                crossing += one.crossing * self._allotment.weights(self._first_hour(days.hours(day), day)).get(point, 0)
        volume = sum(each for each, _ in hours) + (crossing * self._factor if self.is_new_year(day) else 0)
        rising = sum(max(each, 0) for each, _ in hours) + abs(crossing) * self._factor
        points = len(self._allotment.weights(self.day_end(day)))
        return _Day(volume, rising, crossing * self._factor, sum(known for _, known in hours), points)

    def _first_hour(self, hours: Hours, day: int) -> int:
        """End of the first hour with a volume."""
        place = next((place for place, volume in enumerate(hours.volume) if volume), 0)
        return self.day_end(day - 1) + (place + 1) * HOUR_MS

    def hours(self, day: int) -> list[tuple[int, int]]:
        """Volume and known hours of the points in each hour of a day; what crosses a year's beginning left out."""
        start = self.day_end(day - 1)
        by_point = {point: days.hours(day) for point, days in self._points.items()}
        if self.is_new_year(day):
            for point, days in self._points.items():
                self._leave_out(by_point[point], days.day(day).crossing)
        found = []
        for hour in range(_HOURS):
            weights = self._allotment.weights(start + (hour + 1) * HOUR_MS)
            volume = sum(by_point[point].volume[hour] * weight for point, weight in weights.items())
            found.append((volume * self._factor, sum(by_point[point].known[hour] for point in weights)))
        return found

    def _leave_out(self, hours: Hours, crossing: int) -> None:
        place = next((place for place, volume in enumerate(hours.volume) if volume), 0)
        hours.volume[place] -= crossing

    def recent(self, day: int) -> int | None:
        """Volume of the 28 days that end with a day; None if less than half of their hours are known."""
        first = day - RATE_DAYS + 1
        last, volume, known, expected = self._sums or (day - RATE_DAYS - 1, 0, 0, 0)
        if last != day - 1:
            volume = known = expected = 0
            for each in range(first, day):
                one = self._day(each)
                volume, known, expected = volume + one.volume, known + one.known, expected + one.points
        else:
            gone = self._day(first - 1)
            volume, known, expected = volume - gone.volume, known - gone.known, expected - gone.points
        now = self._day(day)
        volume, known, expected = volume + now.volume, known + now.known, expected + now.points
        self._sums = day, volume, known, expected
        if 2 * known < _HOURS * expected or not expected:
            return None
        return volume - self._day(first).crossing

    def taken(self, day: int) -> int | None:
        """Since when water was taken in a day; None if it was not."""
        found = [since for takes in self._takes if (since := takes.since(day)) is not None]
        return min(found, default=None)

    def taken_since(self, onset: int, day: int) -> int:
        """Volume from an instant, a 00:00, to the end of a day, as far as its days are known."""
        first = self.day_of(onset + 1)
        known = [days.first for days in self._points.values() if days.first is not None]
        first = max(first, min(known, default=day + 1))
        volume = sum(self._day(each).volume for each in range(first, day + 1))
        return volume - (self._day(first).crossing if first <= day else 0)


class IntakeDays:
    """The days of an intake that may have no permit: see :class:`alerting.permits.expiry.DutyCalendar`.

    Args:
        standing: What the register says of it.
        points: Days of its metering points.
        takes: Takes seen at it.
        shift: Zone in milliseconds.
    """

    scale: Final = 1

    def __init__(
        self, standing: Callable[[int], Standing], points: Sequence[PointDays], takes: TakesSeen, shift: int
    ) -> None:
        self.standing = standing
        self._points = points
        self._shift = shift
        self.taken = takes.since

    def day_end(self, day: int) -> int:
        """24:00 of a day, epoch milliseconds."""
        return (day + 1) * DAY_MS - self._shift

    def day_of(self, at: int) -> int:
        """Day of an instant; one on a boundary belongs to the day that it ends."""
        return (at - 1 + self._shift) // DAY_MS

    def taken_since(self, onset: int, day: int) -> int:
        """Volume from an instant to the end of a day, as far as its days are known."""
        return sum(points.volume_since(onset, day) for points in self._points)
