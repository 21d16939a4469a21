"""Climate: what months are like. The default is a regime like that of central Guizhou.

Winters of drizzle, plum rains from May to July with showers in the afternoon and at night, dry spells of one to three
weeks in late summer. About 1,120 mm a year, 60 % of it from May to August; numbers are rounded and ours, after the
published annual sum of 1,100 to 1,300 mm that falls mostly in summer.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Climate", "StormKind"]

Months = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StormKind:
    """One kind of rain event. Events are drawn per day on tiles of the plane, so that no basin has a border.

    Attributes:
        tile_km: Edge of a tile; on each tile at most one event begins a day.
        radius_km: Least and most radius, uniform between; rain falls off as (1 − (r/R)²)² from the centre.
        duration_h: Least and most duration, uniform between; at most 20.
        first_hour: Local hour from which events begin.
        spread_h: Hours within which they do, uniform; first_hour + spread_h at most 27.
        chance: Probability of an event on a tile and day, by month.
    """

    tile_km: float
    radius_km: tuple[float, float]
    duration_h: tuple[float, float]
    first_hour: float
    spread_h: float
    chance: Months


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """Rain and thirst of the air by month, January first.

    Attributes:
        rain_mm: Mean depth a month.
        shower_share: Share of it that falls as showers, the rest as fronts.
        evaporation_mm_d: Mean of what the air could take a day.
        contrast: How much wet and dry weeks differ: standard deviation of the wetness that multiplies the chance of
            events; 0: every day alike.
        memory_d: Over how many days it changes.
        shower: Small, short, violent.
        front: Wide, long, gentle.
    """

    rain_mm: Months = (22.0, 24.0, 40.0, 90.0, 160.0, 210.0, 195.0, 130.0, 90.0, 90.0, 45.0, 24.0)
    shower_share: Months = (0.03, 0.05, 0.15, 0.30, 0.45, 0.55, 0.65, 0.65, 0.45, 0.20, 0.08, 0.03)
    evaporation_mm_d: Months = (0.8, 1.0, 1.6, 2.3, 2.7, 3.0, 3.6, 3.5, 2.6, 1.7, 1.2, 0.8)
    contrast: float = 0.6
    memory_d: int = 15
    shower: StormKind = StormKind(
        tile_km=30.0,
        radius_km=(8.0, 26.0),
        duration_h=(0.7, 4.0),
        first_hour=14.0,
        spread_h=13.0,
        chance=(0.02, 0.03, 0.08, 0.18, 0.26, 0.32, 0.36, 0.32, 0.20, 0.10, 0.04, 0.02),
    )
    front: StormKind = StormKind(
        tile_km=200.0,
        radius_km=(80.0, 220.0),
        duration_h=(4.0, 18.0),
        first_hour=0.0,
        spread_h=24.0,
        chance=(0.28, 0.26, 0.28, 0.30, 0.30, 0.28, 0.20, 0.18, 0.20, 0.28, 0.24, 0.24),
    )
