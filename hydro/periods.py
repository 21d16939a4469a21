"""Periods over which a target is judged: closed at their end, stamped with it, named by the day they begin.

The row stamped 00:00 belongs to the day before. An hour H is (H - 1:00, H:00]; a day D with start hour h is
(D h:00, D+1 h:00]; ten-day and month periods run from the start hour of their first day.

Source: docs/alert-classes.md, "Slots and periods"; the three ten-day periods (xun) of a month as in GB/T 50095.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, assert_never

from hydro.instants import HOUR_MS, day_start, local_date

__all__ = ["Basis", "Period", "next_period", "period_containing"]

_SECOND_TEN: Final = 11
_THIRD_TEN: Final = 21


class Basis(StrEnum):
    """Over which time a target's value is meant."""

    INSTANT = "instant"
    HOUR = "hour"
    DAY = "day"
    TEN_DAY = "ten_day"
    MONTH = "month"


class Period(NamedTuple):
    """(start, end] in epoch milliseconds, and the first and last date that name it."""

    start: int
    end: int
    first_day: date
    last_day: date


def period_containing(event_time: int, basis: Basis, day_start_hour: int, zone_minutes: int) -> Period:
    """The period that holds an instant; one on a boundary belongs to the period that it ends.

    Raises:
        ValueError: ``basis`` is ``instant``, which has slots, not periods.

    >>> from hydro.instants import format_instant, parse_instant
    >>> midnight = parse_instant("2026-03-02T00:00:00", 480)
    >>> period = period_containing(midnight, Basis.DAY, 0, 480)
    >>> period.first_day, format_instant(period.end, 480)
    (datetime.date(2026, 3, 1), '2026-03-02T00:00:00+08:00')
    """
    inside = event_time - 1  # in milliseconds (a, b] = [a + 1, b], so one less tells the half-open twin
    match basis:
        case Basis.HOUR:
            start = inside // HOUR_MS * HOUR_MS if zone_minutes % 60 == 0 else _local_hour(inside, zone_minutes)
            day = local_date(start, zone_minutes)
            return Period(start, start + HOUR_MS, day, day)
        case Basis.DAY:
            first = local_date(inside - day_start_hour * HOUR_MS, zone_minutes)
            last = first
        case Basis.TEN_DAY:
            day = local_date(inside - day_start_hour * HOUR_MS, zone_minutes)
            if day.day >= _THIRD_TEN:
                first, last = day.replace(day=_THIRD_TEN), _month_end(day)
            else:
                first = day.replace(day=_SECOND_TEN if day.day >= _SECOND_TEN else 1)
                last = first + timedelta(days=9)
        case Basis.MONTH:
            day = local_date(inside - day_start_hour * HOUR_MS, zone_minutes)
            first, last = day.replace(day=1), _month_end(day)
        case Basis.INSTANT:
            message = "an instant target has slots, not periods"
            raise ValueError(message)
        case _:
            assert_never(basis)
    shift = day_start_hour * HOUR_MS
    return Period(
        day_start(first, zone_minutes) + shift, day_start(last + timedelta(days=1), zone_minutes) + shift, first, last
    )


def next_period(period: Period, basis: Basis, day_start_hour: int, zone_minutes: int) -> Period:
    """The period that begins where ``period`` ends."""
    return period_containing(period.end + 1, basis, day_start_hour, zone_minutes)


def _local_hour(event_time: int, zone_minutes: int) -> int:
    shift = zone_minutes * 60_000
    return (event_time + shift) // HOUR_MS * HOUR_MS - shift


def _month_end(day: date) -> date:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return following - timedelta(days=1)
