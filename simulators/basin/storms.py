"""Storms: when, where, how much. Drawn by address (day, tile): a day's storms are the same from wherever one looks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, local_date
from simulators.basin.chance import Purpose, uniforms
from simulators.basin.step import STEP_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulators.basin.chance import Words
    from simulators.basin.climate import Climate, StormKind
    from simulators.basin.step import Floats

__all__ = ["Box", "Storm", "month_mean", "storms_of_day", "wetness_of_day"]

_MID_MONTH: Final = 15
_PULSE_MIN: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """One rain event.

    Attributes:
        at: Its beginning, epoch milliseconds, the end of a step.
        steps: Its duration.
        x_km: Centre.
        y_km: Centre.
        radius_km: Beyond it no rain falls.
        depth_mm: In the centre, whole event.
        peak: Where in the event the most falls, over 0 to below 1.
        key: Of its chance: the shape of its pulses and of its patches.
    """

    at: int
    steps: int
    x_km: float
    y_km: float
    radius_km: float
    depth_mm: float
    peak: float = 0.35
    key: int = 0

    @property
    def ends(self) -> int:
        """End of its last step, epoch milliseconds."""
        return self.at + self.steps * STEP_MS

    def course(self, seed: int) -> Floats:
        """Shares of its steps; their sum is 1.

        A triangle with its highest point at ``peak``, in pulses of a quarter of an hour.
        """
        edges = np.arange(self.steps + 1) / self.steps
        rising = edges * edges / self.peak
        falling = 1.0 - (1.0 - edges) * (1.0 - edges) / (1.0 - self.peak)
        triangle = np.diff(np.where(edges < self.peak, rising, falling))
        pulses = np.arange(-(-self.steps * STEP_MS // (_PULSE_MIN * MINUTE_MS)), dtype=np.uint64)
        drawn = uniforms(seed, Purpose.PULSE, pulses, self.at // STEP_MS, self.key & 0xFFFF)[0]
        shares: Floats = triangle * (0.2 + 1.6 * drawn[np.arange(self.steps) * STEP_MS // (_PULSE_MIN * MINUTE_MS)])
        return shares / float(np.add.accumulate(shares)[-1])


@dataclass(frozen=True, slots=True)
class Box:
    """The part of the plane in which somebody is interested, km."""

    west: float
    south: float
    east: float
    north: float


def month_mean(months: tuple[float, ...], day: int) -> float:
    """Value of a local day between the middles of two months, straight line, rounded to 1e-9.

    Args:
        months: Twelve values, January first, each that of the 15th.
        day: Days since 1970-01-01.
    """
    today = local_date(day * DAY_MS, 0)
    this, other = today.month - 1, (today.month if today.day >= _MID_MONTH else today.month - 2) % 12
    share = abs(today.day - _MID_MONTH) / 30.5
    return round(months[this] * (1.0 - share) + months[other] * share, 9)


def wetness_of_day(climate: Climate, seed: int, day: int) -> float:
    """Factor of the chance of events: mean about 1, 0 in a dry spell, the same over the whole plane.

    A weighted sum of the last days' chance, so that it changes slowly, and needs no state.
    """
    span = climate.memory_d
    days = np.arange(day - span + 1, day + 1).astype(np.uint64)
    drawn = (uniforms(seed, Purpose.WETNESS, days, 0)[0] - 0.5).tolist()
    weights = [min(number + 1, span - number) for number in range(span)]
    total = math.fsum(weight * number for weight, number in zip(weights, drawn, strict=True))
    normal = total / math.sqrt(sum(weight * weight for weight in weights) / 12.0)
    return max(0.0, 1.0 + climate.contrast * normal) / _mean_of_positive(climate.contrast)


def _mean_of_positive(contrast: float) -> float:
    """Mean of max(0, 1 + contrast · z) for a normal z, rounded to 1e-9."""
    if contrast <= 0.0:
        return 1.0
    bound = 1.0 / contrast
    below = 0.5 * (1.0 + math.erf(bound / math.sqrt(2.0)))
    return round(below + contrast * math.exp(-0.5 * bound * bound) / math.sqrt(2.0 * math.pi), 9)


def storms_of_day(climate: Climate, seed: int, day: int, box: Box, zone_minutes: int) -> Iterator[Storm]:
    """Storms that begin on a local day's tiles and can rain into the box; always in the same order.

    Args:
        climate: Its regime.
        seed: Of the simulation.
        day: Days since 1970-01-01, local.
        box: What is looked at; a larger one gives the same storms and more.
        zone_minutes: Local time.
    """
    wetness = wetness_of_day(climate, seed, day)
    if wetness <= 0.0:
        return
    rain = month_mean(climate.rain_mm, day) / (365.25 / 12.0)
    showers = month_mean(climate.shower_share, day)
    midnight = day * DAY_MS - zone_minutes * MINUTE_MS
    for purpose, kind, share in (
        (Purpose.FRONT, climate.front, 1.0 - showers),
        (Purpose.SHOWER, climate.shower, showers),
    ):
        chance = month_mean(kind.chance, day)
        if chance <= 0.0:
            continue
        tiles, subjects = _tiles_near(box, kind)
        first = uniforms(seed, purpose, subjects, day)
        hit = np.flatnonzero(first[0] < chance * wetness)
        if not len(hit):
            continue
        second = uniforms(seed, purpose, subjects[hit], day, 1)
        depth_mm = _central_depth(kind, rain * share, chance)
        for number, tile in enumerate(hit):
            row, column = tiles[tile].tolist()
            drawn = (*first[1:, tile].tolist(), *second[:, number].tolist())
            key = (int(row) * 0x9E37 + int(column) * 0x79B9 + purpose * 0x85EB) & 0xFFFF
            yield _storm(kind, row, column, drawn, midnight, depth_mm, key)


@lru_cache(maxsize=8)
def _tiles_near(box: Box, kind: StormKind) -> tuple[Floats, Words]:
    """Row and column of the tiles whose storms can rain into the box, and the keys of their chance."""
    size, most = kind.tile_km, kind.radius_km[1]
    columns = np.arange(np.floor((box.west - most) / size), np.floor((box.east + most) / size) + 1)
    rows = np.arange(np.floor((box.south - most) / size), np.floor((box.north + most) / size) + 1)
    tiles = np.array([(row, column) for row in rows for column in columns], np.float64)
    whole = tiles.astype(np.int64).astype(np.uint64) & np.uint64(0xFFFF_FFFF)
    return tiles, whole[:, 0] << np.uint64(32) | whole[:, 1]


def _central_depth(kind: StormKind, rain_mm: float, chance: float) -> float:
    """Mean depth in the centres, with which every point gets ``rain_mm`` a day in the mean.

    The integral of (1 − (r/R)²)² over a storm is πR²/3.
    """
    least, most = kind.radius_km
    square = (least * least + least * most + most * most) / 3.0
    return rain_mm * kind.tile_km**2 / (chance * (math.pi / 3.0) * square)


def _storm(
    kind: StormKind, row: float, column: float, drawn: tuple[float, ...], midnight: int, depth_mm: float, key: int
) -> Storm:
    u_x, u_y, u_start, u_depth, u_duration, u_radius, u_peak = drawn
    start_ms = (kind.first_hour + kind.spread_h * u_start) * HOUR_MS
    duration_ms = (kind.duration_h[0] + (kind.duration_h[1] - kind.duration_h[0]) * u_duration) * HOUR_MS
    return Storm(
        at=midnight + int(start_ms // STEP_MS) * STEP_MS,
        steps=max(1, int(duration_ms // STEP_MS)),
        x_km=(column + u_x) * kind.tile_km,
        y_km=(row + u_y) * kind.tile_km,
        radius_km=kind.radius_km[0] + (kind.radius_km[1] - kind.radius_km[0]) * u_radius,
        depth_mm=round(-depth_mm * math.log(u_depth), 6),  # rounded: logarithms differ between processors
        peak=0.15 + 0.5 * u_peak,
        key=key,
    )
