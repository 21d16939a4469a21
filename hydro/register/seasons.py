"""Days of the year as concrete intervals: a date D covers (D 00:00, D+1 00:00], both ends of a range included.

Seasons may run over the new year. 02-28 as last day includes 29 February.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from hydro.instants import day_start, local_date

if TYPE_CHECKING:
    from hydro.register.cells import MonthDay

__all__ = ["Interval", "season_intervals", "seasons_meet"]

Interval = tuple[int, int]
"""(start, end] in epoch milliseconds."""

_LEAP_DAY: Final = (2, 29)
_BEFORE_LEAP_DAY: Final = (2, 28)
# A margin of a year on both sides, since a season may begin in the year before and end the day after.
_CALENDAR_START: Final = date(2, 1, 1)
_CALENDAR_END: Final = date(9_998, 1, 1)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _first_instant(year: int, day: MonthDay, zone_minutes: int) -> int:
    return day_start(date(year, 3, 1) if day == _LEAP_DAY and not _is_leap(year) else date(year, *day), zone_minutes)


def _last_instant(year: int, day: MonthDay, zone_minutes: int) -> int:
    if day in (_BEFORE_LEAP_DAY, _LEAP_DAY):
        return day_start(date(year, 3, 1), zone_minutes)
    return day_start(date.fromordinal(date(year, *day).toordinal() + 1), zone_minutes)


def season_intervals(
    first: MonthDay | None, last: MonthDay | None, start: int, end: int, *, zone_minutes: int
) -> list[Interval]:
    """The parts of (start, end] that lie on the days ``first`` to ``last`` of a year.

    Args:
        first: First day, included; None = there is no such season.
        last: Last day, included; earlier in the year than ``first`` = the season runs over the new year.
        start: Epoch milliseconds, not included.
        end: Epoch milliseconds, included.
        zone_minutes: Zone of the days.

    Returns:
        Sorted intervals, none touching another.

    >>> from hydro.instants import format_instant, parse_instant
    >>> start, end = parse_instant("2024-01-01T00:00", 480), parse_instant("2024-12-31T12:00", 480)
    >>> for a, b in season_intervals((12, 1), (2, 28), start, end, zone_minutes=480):
    ...     print(format_instant(a, 480)[:13], format_instant(b, 480)[:13])
    2024-01-01T00 2024-03-01T00
    2024-12-01T00 2024-12-31T12
    """
    start = max(start, day_start(_CALENDAR_START, zone_minutes))
    end = min(end, day_start(_CALENDAR_END, zone_minutes))
    if first is None or last is None or start >= end:
        return []
    over_new_year = first > (_LEAP_DAY if last == _BEFORE_LEAP_DAY else last)
    found: list[Interval] = []
    for year in range(local_date(start, zone_minutes).year - 1, local_date(end, zone_minutes).year + 1):
        begins = max(start, _first_instant(year, first, zone_minutes))
        ends = min(end, _last_instant(year + over_new_year, last, zone_minutes))
        if begins >= ends:
            continue
        if found and found[-1][1] == begins:
            found[-1] = (found[-1][0], ends)
        else:
            found.append((begins, ends))
    return found


def seasons_meet(first: MonthDay, last: MonthDay, other_first: MonthDay, other_last: MonthDay) -> bool:
    """Whether two ranges of days have a day of the year in common.

    >>> seasons_meet((11, 1), (2, 28), (2, 29), (3, 1)), seasons_meet((4, 1), (10, 31), (11, 1), (3, 31))
    (True, False)
    """
    mine, theirs = _within_one_year(first, last), _within_one_year(other_first, other_last)
    return any(a <= d and c <= b for a, b in mine for c, d in theirs)


def _within_one_year(first: MonthDay, last: MonthDay) -> list[tuple[MonthDay, MonthDay]]:
    if last == _BEFORE_LEAP_DAY:
        last = _LEAP_DAY
    return [(first, last)] if first <= last else [(first, (12, 31)), ((1, 1), last)]
