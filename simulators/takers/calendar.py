"""The days as takers know them: hours, weekdays, months, days of the year, and the Spring Festival."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from simulators.basin.step import Floats, Integers, day_shares, days_of

__all__ = ["Calendar", "Season", "spring_festival"]

_EPOCH: Final = date(1970, 1, 1)
_EPOCH_WEEKDAY: Final = 3  # 1 January 1970 was a Thursday

_NEW_YEARS: Final = tuple(
    date.fromisoformat(text)
    for text in (  # noqa: SIM905  # fifty dates are read better without quotes
        "2000-02-05 2001-01-24 2002-02-12 2003-02-01 2004-01-22 2005-02-09 2006-01-29 2007-02-18 2008-02-07 "
        "2009-01-26 2010-02-14 2011-02-03 2012-01-23 2013-02-10 2014-01-31 2015-02-19 2016-02-08 2017-01-28 "
        "2018-02-16 2019-02-05 2020-01-25 2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 "
        "2027-02-06 2028-01-26 2029-02-13 2030-02-03 2031-01-23 2032-02-11 2033-01-31 2034-02-19 2035-02-08 "
        "2036-01-28 2037-02-15 2038-02-04 2039-01-24 2040-02-12 2041-02-01 2042-01-22 2043-02-10 2044-01-30 "
        "2045-02-17 2046-02-06 2047-01-26 2048-02-14 2049-02-02 2050-01-23"
    ).split()
)


def spring_festival(year: int) -> date | None:
    """New Year's Day of the lunar calendar; None outside 2000 to 2050.

    >>> spring_festival(2026), spring_festival(1999)
    (datetime.date(2026, 2, 17), None)
    """
    index = year - _NEW_YEARS[0].year
    return _NEW_YEARS[index] if 0 <= index < len(_NEW_YEARS) else None


@dataclass(frozen=True, slots=True)
class Season:
    """Days of the year, both included; may run over the new year.

    Attributes:
        first: (month, day).
        last: (month, day).
    """

    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, month: int, day: int) -> bool:
        """Whether a day of the year lies in it.

        >>> Season((11, 1), (3, 31)).holds(1, 15), Season((4, 1), (9, 30)).holds(10, 1)
        (True, False)
        """
        if self.first <= self.last:
            return self.first <= (month, day) <= self.last
        return (month, day) >= self.first or (month, day) <= self.last


@dataclass(frozen=True, slots=True)
class Calendar:
    """Columns of a chunk, one row a step; a step belongs to the day in which it lies, also the one that ends at 00:00.

    Attributes:
        ends: Ends of the steps, epoch milliseconds.
        day: Local day number, days since 1970-01-01.
        hour: Hours of the local day that have passed in the middle of the step.
        weekday: 0 for Monday.
        month: 0 for January.
        month_day: Day of the month.
        year: Of the local day.
        after_new_year: Days since the nearest lunar New Year's Day, negative before it; thousands where none is known.
    """

    ends: Integers
    day: Integers
    hour: Floats
    weekday: Integers
    month: Integers
    month_day: Integers
    year: Integers
    after_new_year: Integers

    @classmethod
    def of(cls, ends: Integers, zone_minutes: int) -> Calendar:
        """The columns of steps that end at these times."""
        day = days_of(ends, zone_minutes)
        known, rows = np.unique(day, return_inverse=True)
        dates = [_EPOCH + timedelta(days=int(number)) for number in known]
        of_date = np.array(
            [(one.month - 1, one.day, one.year, _after_new_year(one)) for one in dates], np.int64
        ).reshape(-1, 4)
        month, month_day, year, after = of_date[rows].T
        return cls(
            ends=ends,
            day=day,
            hour=day_shares(ends, zone_minutes) * 24.0,
            weekday=(day + _EPOCH_WEEKDAY) % 7,
            month=month,
            month_day=month_day,
            year=year,
            after_new_year=after,
        )

    def inside(self, season: Season) -> list[bool]:
        """Whether each step lies in a season."""
        return [
            season.holds(month + 1, day)
            for month, day in zip(self.month.tolist(), self.month_day.tolist(), strict=True)
        ]

    def minute_inside(self, first_hour: float, last_hour: float) -> list[bool]:
        """Whether each step lies in these hours of the day; they may run over midnight (22 to 5)."""
        if first_hour <= last_hour:
            return [first_hour <= hour < last_hour for hour in self.hour.tolist()]
        return [hour >= first_hour or hour < last_hour for hour in self.hour.tolist()]

    @property
    def day_starts(self) -> Integers:
        """Row numbers at which a new local day begins inside the chunk, the first row excepted."""
        changes: Integers = np.flatnonzero(np.diff(self.day)) + 1
        return changes


def _after_new_year(day: date) -> int:
    """Days since the nearest lunar New Year's Day."""
    index = bisect_right(_NEW_YEARS, day)
    around = _NEW_YEARS[max(index - 1, 0) : index + 1]
    return min(((day - one).days for one in around), key=abs)
