"""Habits: how a taker's wish for water depends on hour, weekday, month, festival and chance.

A wish is ``mean · hour · weekday · month · festival · day``, each a factor around 1. Hours are joined by straight lines
between their middles. The factor of the day is drawn by address (seed, taker, day).

Source: the hours of domestic use are the median of ten real district meters (Alvisi et al. 2025,
doi 10.1061/JWRMD5.WRENG-6887, CC BY 4.0), the others [D] ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.step import Floats
    from simulators.takers.calendar import Calendar

__all__ = ["HABITS", "Habit", "Habits", "Use"]

_HOURS: Final = 24
_WEEK: Final = 7
_MONTHS: Final = 12


class Use(StrEnum):
    """What the water is for."""

    DOMESTIC = "domestic"
    INDUSTRY = "industry"
    IRRIGATION = "irrigation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """Factors; those of hours and weekdays are brought to a mean of 1, those of months are taken as they are.

    Attributes:
        hours: For each hour of the day.
        weekdays: From Monday.
        months: From January; 0 = nothing is taken.
        festival: Factor at the Spring Festival.
        festival_from: First day of it, days after New Year's Day; negative = before.
        festival_to: Last day of it.
        day_spread: Standard deviation of the day's factor.
        turns: Share of the days of a month on which water is taken at all, from January: irrigation goes by turns.
        rain_stops_mm: Rain of the last days (it counts half after two) from which nothing is taken; None: never.
    """

    hours: tuple[float, ...]
    weekdays: tuple[float, ...] = (1.0,) * _WEEK
    months: tuple[float, ...] = (1.0,) * _MONTHS
    festival: float = 1.0
    festival_from: int = -1
    festival_to: int = 6
    day_spread: float = 0.04
    turns: tuple[float, ...] = (1.0,) * _MONTHS
    rain_stops_mm: float | None = None

    def mistakes(self) -> list[str]:
        """What is wrong with it."""
        found = [
            f"{name} has {len(values)} numbers, {wanted} are needed"
            for name, values, wanted in (
                ("hours", self.hours, _HOURS),
                ("weekdays", self.weekdays, _WEEK),
                ("months", self.months, _MONTHS),
                ("turns", self.turns, _MONTHS),
            )
            if len(values) != wanted
        ]
        numbers = (*self.hours, *self.weekdays, *self.months, *self.turns, self.festival, self.day_spread)
        if not (np.isfinite(numbers).all() and min(numbers) >= 0.0):
            found.append("a factor is negative or not finite")
        if not (sum(self.hours) > 0.0 and sum(self.weekdays) > 0.0):
            found.append("hours and weekdays need a factor above 0")
        if self.festival_from > self.festival_to:
            found.append(f"the festival begins at {self.festival_from} and ends at {self.festival_to}")
        return found


# fmt: off
_AT_HOME: Final = (0.80, 0.73, 0.75, 0.70, 0.71, 0.76, 0.94, 1.16, 1.23, 1.24, 1.18, 1.13,
                   1.11, 1.12, 1.07, 1.03, 1.02, 1.05, 1.09, 1.15, 1.14, 1.04, 0.93, 0.88)
_TWO_SHIFTS: Final = (0.35, 0.30, 0.30, 0.30, 0.35, 0.55, 0.90, 1.30, 1.50, 1.50, 1.50, 1.40,
                      1.15, 1.35, 1.50, 1.50, 1.45, 1.35, 1.25, 1.20, 1.10, 0.90, 0.60, 0.40)
_MORNING_AND_EVENING: Final = (0.0, 0.0, 0.0, 0.0, 0.2, 1.0, 1.8, 2.2, 2.2, 2.0, 1.6, 0.8,
                               0.3, 0.2, 0.4, 1.2, 2.0, 2.2, 2.0, 1.4, 0.6, 0.1, 0.0, 0.0)
_GROWING: Final = (0.0, 0.0, 0.15, 0.55, 1.0, 1.0, 0.9, 0.95, 0.6, 0.2, 0.0, 0.0)
_TURNS: Final = (0.0, 0.0, 0.35, 0.6, 0.85, 0.8, 0.75, 0.8, 0.6, 0.3, 0.0, 0.0)
_WARM: Final = (0.97, 0.97, 0.98, 0.99, 1.00, 1.02, 1.04, 1.04, 1.02, 1.00, 0.99, 0.98)
# fmt: on

HABITS: Final[dict[Use, Habit]] = {
    # Villages fill up at the festival, workshops close.
    Use.DOMESTIC: Habit(hours=_AT_HOME, months=_WARM, festival=1.12, day_spread=0.03),
    Use.INDUSTRY: Habit(
        hours=_TWO_SHIFTS,
        weekdays=(1.0, 1.0, 1.0, 1.0, 1.0, 0.75, 0.55),
        festival=0.06,
        festival_from=-3,
        festival_to=8,
        day_spread=0.05,
    ),
    Use.IRRIGATION: Habit(
        hours=_MORNING_AND_EVENING,
        months=_GROWING,
        turns=_TURNS,
        festival=0.0,
        festival_from=-1,
        festival_to=3,
        day_spread=0.08,
        rain_stops_mm=15.0,
    ),
}
"""What a taker does of whom nothing else is known."""


class Habits:
    """Habits of many takers, evaluated together."""

    def __init__(self, habits: Sequence[Habit]) -> None:
        self._hours = _columns([habit.hours for habit in habits], _HOURS)
        self._weekdays = _columns([habit.weekdays for habit in habits], _WEEK)
        self._months = _columns([habit.months for habit in habits], _MONTHS)
        self._festival = np.array([habit.festival for habit in habits], np.float64)
        self._from = np.array([habit.festival_from for habit in habits], np.int64)
        self._to = np.array([habit.festival_to for habit in habits], np.int64)
        self.turns = _columns([habit.turns for habit in habits], _MONTHS)
        self.day_spread = np.array([habit.day_spread for habit in habits], np.float64)
        self.rain_stops_mm = np.array(
            [np.inf if habit.rain_stops_mm is None else habit.rain_stops_mm for habit in habits], np.float64
        )

    def shares(self, calendar: Calendar) -> Floats:
        """Wish as a share of the mean, without the factor of the day: steps × takers."""
        middle = calendar.hour - 0.5
        before = np.floor(middle)
        first = before.astype(np.int64) % _HOURS
        weight = (middle - before)[:, None]
        share: Floats = self._hours[first] * (1.0 - weight) + self._hours[(first + 1) % _HOURS] * weight
        share *= self._weekdays[calendar.weekday]
        share *= self._months[calendar.month]
        after = calendar.after_new_year[:, None]
        share *= np.where((self._from <= after) & (after <= self._to), self._festival, 1.0)
        return share


def _around_one(weights: tuple[float, ...]) -> tuple[float, ...]:
    mean = sum(weights) / len(weights)
    return tuple(weight / mean for weight in weights)


def _columns(rows: Sequence[tuple[float, ...]], width: int) -> Floats:
    """One row a time, one column a taker."""
    return np.array(rows, np.float64).reshape(len(rows), width).T.copy()
