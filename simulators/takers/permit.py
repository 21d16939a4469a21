"""What a taker may take: a rate, a season, a volume a year, a plan for each month; how an honest one stays within."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.step import Floats, Integers
    from simulators.takers.calendar import Calendar, Season

__all__ = ["MICRO_M3", "Permit", "Permits", "Used"]

MICRO_M3: Final = 1_000_000
_MONTHS: Final = 12
_UNBOUNDED: Final = np.iinfo(np.int64).max // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """Bounds; an honest taker meets all of them in every step.

    Attributes:
        max_m3s: Greatest rate.
        annual_m3: Volume of a calendar year; None: unbounded.
        season: Days of the year on which water may be taken; None: all.
        plan_m3: The plan of each month, from January; None: none.
        state: As the register has it (``suspended``, …); whoever goes on does so against it. Empty: valid.
        valid_to: Its last day, as the register has it (2026-05-31); empty: some years ahead.
    """

    max_m3s: float
    annual_m3: float | None = None
    season: Season | None = None
    plan_m3: tuple[float, ...] | None = None
    state: str = ""
    valid_to: str = ""

    def mistakes(self) -> list[str]:
        """What is wrong with it."""
        found = []
        if not 0.0 < self.max_m3s < np.inf:
            found.append(f"max_m3s of the permit is {self.max_m3s:g}; it must be above 0")
        if self.annual_m3 is not None and not 0.0 <= self.annual_m3 < np.inf:
            found.append(f"annual_m3 of the permit is {self.annual_m3:g}; it must not be negative")
        if self.plan_m3 is not None and (len(self.plan_m3) != _MONTHS or not min(self.plan_m3, default=0.0) >= 0.0):
            found.append(f"plan_m3 needs {_MONTHS} numbers, none negative")
        return found


@dataclass(frozen=True, slots=True)
class Used:
    """What honest takers have taken so far; counts of 1e-6 m3.

    Attributes:
        year: Local year it belongs to.
        month: Local month it belongs to, 0 for January.
        in_year: In that year.
        in_month: In that month.
    """

    year: int
    month: int
    in_year: Integers
    in_month: Integers


class Permits:
    """Permits of many takers, in arrays."""

    def __init__(self, permits: Sequence[Permit]) -> None:
        self.max_m3s = np.array([permit.max_m3s for permit in permits], np.float64)
        self._seasons = [permit.season for permit in permits]
        self._annual = np.array([_count(permit.annual_m3) for permit in permits], np.int64)
        self._plans = np.array(
            [[_count(None if permit.plan_m3 is None else permit.plan_m3[month]) for permit in permits]
             for month in range(_MONTHS)],
            np.int64,
        ).reshape(_MONTHS, len(permits))  # fmt: skip

    def open(self, calendar: Calendar) -> Floats:
        """1 where the season allows to take, else 0: steps × takers."""
        found = np.ones((len(calendar.ends), len(self._seasons)))
        inside = {season: calendar.inside(season) for season in set(self._seasons) if season is not None}
        for column, season in enumerate(self._seasons):
            if season is not None:
                found[:, column] = inside[season]
        return found

    def within(self, used: Used, year: int, month: int, rates: Integers, step_s: int) -> tuple[Used, Integers]:
        """Rates that stay within plan and year; 0 where the step would exceed one of them.

        Args:
            used: What was taken before.
            year: Of the step.
            month: Of the step, 0 for January.
            rates: Wanted, counts of 1e-6 m3/s.
            step_s: Seconds of the step.
        """
        in_year = used.in_year if used.year == year else np.zeros_like(used.in_year)
        in_month = used.in_month if (used.year, used.month) == (year, month) else np.zeros_like(used.in_month)
        volume = rates * step_s
        fits = (in_year + volume <= self._annual) & (in_month + volume <= self._plans[month])
        volume = np.where(fits, volume, 0)
        return Used(year, month, in_year + volume, in_month + volume), np.where(fits, rates, 0)


def _count(volume_m3: float | None) -> int:
    return _UNBOUNDED if volume_m3 is None else int(volume_m3 * MICRO_M3)
