"""Dates of the register's tables: days of the year, and rows that are valid for some time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.instants import day_start, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ALWAYS", "Days", "Validity", "days_of_year", "validity"]

_EVER: Final = 2**62
_BARE_DATE: Final = len("2026-03-01")
_BEFORE_LEAP_DAY: Final = (2, 28)
_LEAP_DAY: Final = (2, 29)


class Validity(NamedTuple):
    """(start, end] in epoch milliseconds."""

    start: int
    end: int

    def holds(self, at: int) -> bool:
        """Whether an instant lies in it."""
        return self.start < at <= self.end


ALWAYS: Final = Validity(-_EVER, _EVER)


class Days(NamedTuple):
    """Days of the year, both included; over the new year where the last comes before the first."""

    first: tuple[int, int]
    last: tuple[int, int]

    def hold(self, day: date) -> bool:
        """Whether a date is one of them; a range that ends on 28 February includes the 29th.

        >>> winter = Days((11, 1), (2, 28))
        >>> [winter.hold(date(2028, *day)) for day in ((10, 31), (11, 1), (2, 29), (3, 1))]
        [False, True, True, False]
        """
        here = (day.month, day.day)
        last = _LEAP_DAY if self.last == _BEFORE_LEAP_DAY else self.last
        if self.first <= last:
            return self.first <= here <= last
        return here >= self.first or here <= last

    def bounds(self, year: int, zone_minutes: int) -> tuple[int, int]:
        """Instants at which they begin and end in a year, epoch milliseconds."""
        first = date(year, 3, 1) if self.first == _LEAP_DAY and not _is_leap(year) else date(year, *self.first)
        february = self.last in (_BEFORE_LEAP_DAY, _LEAP_DAY)
        after = date(year, 3, 1) if february else date(year, *self.last) + timedelta(days=1)
        return day_start(first, zone_minutes), day_start(after, zone_minutes)


def days_of_year(first: str, last: str) -> Days:
    """Days between two texts such as ``11-01``."""
    return Days(_month_day(first), _month_day(last))


def validity(row: Mapping[str, str], zone_minutes: int, first: str = "valid_from", last: str = "valid_to") -> Validity:
    """When a row is valid: a date D is (D 00:00, D+1 00:00], both ends included; an empty cell is no bound.

    Args:
        row: Of a table.
        zone_minutes: Of its dates.
        first: Column of the beginning.
        last: Column of the end.
    """
    start, end = row.get(first, ""), row.get(last, "")
    after = 0 if len(end) != _BARE_DATE else 1
    return Validity(
        _instant(start, zone_minutes) if start else ALWAYS.start,
        _instant(end, zone_minutes, after) if end else ALWAYS.end,
    )


def _instant(text: str, zone_minutes: int, days: int = 0) -> int:
    if len(text) == _BARE_DATE:
        return day_start(date.fromisoformat(text) + timedelta(days=days), zone_minutes)
    return parse_instant(text, zone_minutes)


def _month_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
