"""The swing of a day: what is warmest at one in the afternoon and coldest at one in the night."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import DAY_MS, MINUTE_MS
from simulators.basin.step import STEP_MS

if TYPE_CHECKING:
    from simulators.basin.step import Floats, Integers

__all__ = ["sun"]

_WARMEST: Final = 13.0 / 24.0
_STEPS: Final = DAY_MS // STEP_MS


def sun(ends: Integers, zone_minutes: int) -> Floats:
    """A cosine, 1 at 13:00 and −1 at 01:00, in the middle of each step; to 1e-6, so that every processor has the same.

    >>> sun(np.array([13 * 3_600_000 + 150_000]), 0).round(3).tolist()
    [1.0]
    """
    of_day = (ends - STEP_MS + zone_minutes * MINUTE_MS) % DAY_MS // STEP_MS
    return _table()[of_day]


@lru_cache(maxsize=1)
def _table() -> Floats:
    middles = [(step + 0.5) / _STEPS for step in range(_STEPS)]
    return np.array([round(math.cos(2.0 * math.pi * (middle - _WARMEST)), 6) for middle in middles])
