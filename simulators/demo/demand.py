"""What people take from the river over a day."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from hydro.instants import DAY_MS, MINUTE_MS
from simulators.demo.story import ZONE_MINUTES

if TYPE_CHECKING:
    from simulators.demo.story import Story

__all__ = ["FACTORY_AT_NIGHT", "abstractions"]

FACTORY_AT_NIGHT: Final = 0.42
"""m3/s that the factory pumps past its meter."""

_HOUR: Final = 60


def abstractions(story: Story, at: int) -> dict[str, float]:
    """What each intake really takes in the step that ends at ``at``, m3/s, by key of its place."""
    minute = (at // MINUTE_MS + ZONE_MINUTES) % (DAY_MS // MINUTE_MS)
    working_day = _hours(minute, (7.5, 22.0))
    return {
        "county_works": _households(minute, 0.16, 0.05),
        "brewery": 0.045 * _hours(minute, (6.0, 18.0)),
        "zhongba": 0.48 * _gate(minute, (6.0, 11.0), (15.0, 19.5)),
        "factory": FACTORY_AT_NIGHT if story.factory_steals(at) else 0.16 * working_day,
        "caves_works": _households(minute, 0.11, 0.04),
        "lift": 0.24 * _hours(minute, (5.5, 7.25), (16.0, 19.0)),
        "town_works": _households(minute, 0.09, 0.03),
    }


def _households(minute: int, mean: float, swing: float) -> float:
    """A waterworks: least at three in the night, most in the morning and in the evening."""
    day = 2.0 * math.pi * minute / (24 * _HOUR)
    return mean - swing * (0.75 * math.cos(day - 0.8) + 0.45 * math.cos(2.0 * day - 1.2))


def _hours(minute: int, *spans: tuple[float, float]) -> float:
    """A pump: 1 in (first, last] hours of the day, else 0."""
    return float(any(first * _HOUR < minute <= last * _HOUR for first, last in spans))


def _gate(minute: int, *spans: tuple[float, float]) -> float:
    """A canal's gate, which opens and closes over half an hour; by volume the same as a pump of these hours."""
    half = 15.0
    opened = [
        min(max((minute - first * _HOUR + half) / (2.0 * half), 0.0), 1.0)
        * min(max((last * _HOUR + half - minute) / (2.0 * half), 0.0), 1.0)
        for first, last in spans
    ]
    return max(opened)
