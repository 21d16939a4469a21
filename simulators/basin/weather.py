"""Weather over the catchments: rain and thirst of the air, step by step, from storms that nobody has to remember."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.instants import DAY_MS, MINUTE_MS
from simulators.basin.chance import Purpose, subject_keys, uniforms
from simulators.basin.step import STEP_MS, day_shares, days_of, step_ends
from simulators.basin.storms import Box, month_mean, storms_of_day, wetness_of_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simulators.basin.climate import Climate
    from simulators.basin.elements import Catchment
    from simulators.basin.layout import Indices
    from simulators.basin.step import Floats
    from simulators.basin.storms import Storm

__all__ = ["Script", "Spell", "Weather"]

_KEPT_DAYS: Final = 4
_REGION: Final = np.zeros(1, np.uint64)


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which drawn storms rain more or less than they would; 0: a dry spell.

    Attributes:
        start: Storms that begin at or after it, epoch milliseconds.
        end: And before it.
        factor: Of their depth.
    """

    start: int
    end: int
    factor: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Weather that a scenario asks for, on top of the drawn one.

    Attributes:
        spells: Where several hold, their factors multiply.
        storms: Rain whatever the spells say.
    """

    spells: tuple[Spell, ...] = ()
    storms: tuple[Storm, ...] = ()


class _Fall(NamedTuple):
    """What one storm does to the catchments."""

    at: int
    course: Floats
    columns: Indices
    depth_mm: Floats


class Weather:
    """Rain and thirst for the catchments of a network.

    Everything it gives is a function of seed, instant and catchment (its name and place): chunks, order of questions
    and other catchments make no difference. It remembers the storms of the last days asked for, to be fast.

    Args:
        catchments: Columns of the answers.
        seed: Of the simulation.
        climate: Regime; None: no drawn weather at all.
        script: What a scenario adds.
        zone_minutes: Local time of days, showers and sun.
    """

    def __init__(
        self,
        catchments: Sequence[Catchment],
        *,
        seed: int,
        climate: Climate | None = None,
        script: Script | None = None,
        zone_minutes: int = 480,
    ) -> None:
        self._seed = seed
        self._climate = climate
        self._script = script or Script()
        self._zone = zone_minutes
        self._x = np.array([catchment.x_km for catchment in catchments], np.float64)
        self._y = np.array([catchment.y_km for catchment in catchments], np.float64)
        self._keys = subject_keys(catchment.name for catchment in catchments)
        self._days: dict[int, tuple[_Fall, ...]] = {}
        self._scripted = tuple(self._fall_of(storm, storm.depth_mm) for storm in self._script.storms)

    def rain(self, at: int, steps: int) -> Floats:
        """Rain after the instant ``at``, mm a step, a row a step, a column a catchment."""
        ends = step_ends(at, steps)
        rain = np.zeros((steps, len(self._x)))
        first, last = days_of(ends[[0, -1]], self._zone).tolist()
        for day in range(first - 1, last + 1):  # a storm lasts into the next day, and no further
            for fall in self._falls_of(day):
                _pour(rain, at, fall)
        for fall in self._scripted:
            _pour(rain, at, fall)
        return rain

    def daily_rain(self, day: int) -> Floats:
        """Rain of the drawn storms that begin on a local day, mm a catchment: for warming up."""
        rain = np.zeros(len(self._x))
        for storm, depth_mm in self._drawn(day):
            columns, depths = self._touched(storm, depth_mm)
            rain[columns] += depths
        return rain

    def thirst(self, at: int, steps: int) -> Floats:
        """What the air could take after the instant ``at``, mm a step; the same for all catchments.

        Nothing from 18 to 6 o'clock, a parabola by day.
        """
        ends = step_ends(at, steps)
        days = days_of(ends, self._zone)
        by_day = {int(day): self.daily_thirst(int(day)) for day in np.unique(days)}
        sun = np.clip(2.0 * day_shares(ends, self._zone) - 0.5, 0.0, 1.0)
        shares: Floats = 12.0 * sun * (1.0 - sun) * (STEP_MS / DAY_MS)
        return np.array([by_day[int(day)] for day in days], np.float64) * shares

    def daily_thirst(self, day: int) -> float:
        """What the air could take on a local day, mm: less in wet weeks, more in dry ones."""
        if self._climate is None:
            return 0.0
        wetness = min(wetness_of_day(self._climate, self._seed, day), 2.0)
        sun = 0.8 + 0.4 * float(uniforms(self._seed, Purpose.SUNSHINE, _REGION, day)[0, 0])
        return month_mean(self._climate.evaporation_mm_d, day) * sun * (1.2 - 0.2 * wetness)

    def _falls_of(self, day: int) -> tuple[_Fall, ...]:
        known = self._days.get(day)
        if known is None:
            known = tuple(self._fall_of(storm, depth_mm) for storm, depth_mm in self._drawn(day))
            while len(self._days) >= _KEPT_DAYS:
                del self._days[next(iter(self._days))]
            self._days[day] = known
        return known

    def _drawn(self, day: int) -> Iterator[tuple[Storm, float]]:
        """Storms of a local day that a scenario lets rain, and their depth."""
        if self._climate is None or not len(self._x):
            return
        box = Box(float(self._x.min()), float(self._y.min()), float(self._x.max()), float(self._y.max()))
        for storm in storms_of_day(self._climate, self._seed, day, box, self._zone):
            factor = 1.0
            for spell in self._script.spells:
                factor *= spell.factor if spell.start <= storm.at < spell.end else 1.0
            if factor > 0.0:
                yield storm, storm.depth_mm * factor

    def _touched(self, storm: Storm, depth_mm: float) -> tuple[Indices, Floats]:
        """Catchments that a storm touches and their depths, patchy by three tenths."""
        east, north = self._x - storm.x_km, self._y - storm.y_km
        inside = 1.0 - (east * east + north * north) / (storm.radius_km * storm.radius_km)
        columns = np.flatnonzero(inside > 0.0)
        if not len(columns):
            return columns, np.zeros(0)
        day = (storm.at + self._zone * MINUTE_MS) // DAY_MS
        drawn = uniforms(self._seed, Purpose.LOCAL, self._keys[columns], day, storm.key & 0xFFFF)
        return columns, depth_mm * inside[columns] ** 2 * (0.7 + 0.6 * drawn[0])

    def _fall_of(self, storm: Storm, depth_mm: float) -> _Fall:
        columns, depths = self._touched(storm, depth_mm)
        return _Fall(storm.at, storm.course(self._seed) if len(columns) else np.zeros(0), columns, depths)


def _pour(rain: Floats, at: int, fall: _Fall) -> None:
    """Add the part of a storm that falls into the steps after ``at``."""
    offset = (fall.at - at) // STEP_MS
    first, last = max(offset, 0), min(offset + len(fall.course), len(rain))
    if first < last:
        rain[first:last, fall.columns] += fall.course[first - offset : last - offset, None] * fall.depth_mm
