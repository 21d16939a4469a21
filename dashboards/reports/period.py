"""What time a report is of: a calendar year, quarter, month, ISO week or day.

It is named by days. Periods of a target belong to it by the days that name *them*: a day that starts at 8 o'clock runs
into the next date, and the last one of March is still March's.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.errors import ConfigError
from hydro.instants import HOUR_MS, day_start

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PeriodKind", "ReportPeriod", "parse_period"]

_DAYS_OF_A_WEEK: Final = 7
_MONTHS_OF_A_QUARTER: Final = 3
_DECEMBER: Final = 12


class PeriodKind(StrEnum):
    """Which calendar unit."""

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"


class ReportPeriod(NamedTuple):
    """The days of a report.

    Attributes:
        text: As it was asked for.
        kind: See there.
        first: First day.
        last: Last day, included.
    """

    text: str
    kind: PeriodKind
    first: date
    last: date

    def bounds(self, zone_minutes: int, day_start_hour: int = 0) -> tuple[int, int]:
        """(start, end] in epoch milliseconds of the periods that its days name.

        Args:
            zone_minutes: Zone of the days.
            day_start_hour: Hour at which the days of a target begin.
        """
        shift = day_start_hour * HOUR_MS
        after = day_start(self.last + timedelta(days=1), zone_minutes)
        return day_start(self.first, zone_minutes) + shift, after + shift


def parse_period(text: str) -> ReportPeriod:
    """The period that a text such as ``2026-03`` names.

    Raises:
        ConfigError: None of the accepted forms, or no such day.

    >>> parse_period("2026-03").last, parse_period("2026-W09").first
    (datetime.date(2026, 3, 31), datetime.date(2026, 2, 23))
    """
    for kind, pattern, days in _FORMS:
        found = pattern.fullmatch(text)
        if found is None:
            continue
        try:
            first, last = days(*map(int, found.groups()))
            return ReportPeriod(text, kind, first, last)
        except (ValueError, OverflowError):
            break
    forms = "2026, 2026-Q1, 2026-03, 2026-W09, 2026-03-01"
    raise ConfigError(f"period: {text[:64]!r} is not a year, quarter, month, week or day such as {forms}")


def _year(year: int) -> tuple[date, date]:
    return date(year, 1, 1), date(year, _DECEMBER, 31)


def _quarter(year: int, quarter: int) -> tuple[date, date]:
    first = (quarter - 1) * _MONTHS_OF_A_QUARTER + 1
    return date(year, first, 1), _month_end(date(year, first + _MONTHS_OF_A_QUARTER - 1, 1))


def _month(year: int, month: int) -> tuple[date, date]:
    first = date(year, month, 1)
    return first, _month_end(first)


def _week(year: int, week: int) -> tuple[date, date]:
    first = date.fromisocalendar(year, week, 1)
    return first, first + timedelta(days=_DAYS_OF_A_WEEK - 1)


def _day(year: int, month: int, day: int) -> tuple[date, date]:
    return date(year, month, day), date(year, month, day)


def _month_end(first: date) -> date:
    if first.month == _DECEMBER:
        return first.replace(day=31)
    return first.replace(month=first.month + 1) - timedelta(days=1)


_FORMS: Final[tuple[tuple[PeriodKind, re.Pattern[str], Callable[..., tuple[date, date]]], ...]] = (
    (PeriodKind.YEAR, re.compile(r"(\d{4})", re.ASCII), _year),
    (PeriodKind.QUARTER, re.compile(r"(\d{4})-Q([1-4])", re.ASCII), _quarter),
    (PeriodKind.MONTH, re.compile(r"(\d{4})-(\d\d)", re.ASCII), _month),
    (PeriodKind.WEEK, re.compile(r"(\d{4})-W(\d\d)", re.ASCII), _week),
    (PeriodKind.DAY, re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII), _day),
)
