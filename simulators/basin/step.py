"""The step of the river: five minutes, (start, end], stamped with its end like the slots of the stations."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hydro.instants import DAY_MS, MINUTE_MS, local_date

__all__ = ["STEP_MS", "STEP_S", "Floats", "Integers", "Marks", "day_shares", "days_of", "months_of", "step_ends"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Marks = NDArray[np.bool_]

STEP_MS: Final = 5 * MINUTE_MS
STEP_S: Final = 300.0


def step_ends(at: int, steps: int) -> Integers:
    """Ends of the ``steps`` steps that follow the instant ``at``, epoch milliseconds.

    Raises:
        ValueError: ``at`` is no end of a step, or ``steps`` is below 1.

    >>> step_ends(0, 2).tolist()
    [300000, 600000]
    """
    if at % STEP_MS:
        message = f"{at} ms is no end of a step; steps end at multiples of {STEP_MS} ms"
        raise ValueError(message)
    if steps < 1:
        message = f"{steps} steps; at least one is needed"
        raise ValueError(message)
    return at + STEP_MS * np.arange(1, steps + 1, dtype=np.int64)


def days_of(ends: Integers, zone_minutes: int) -> Integers:
    """Local day number (days since 1970-01-01) of each step; the one that ends at 00:00 is the day before's."""
    return (ends - STEP_MS + zone_minutes * MINUTE_MS) // DAY_MS


def day_shares(ends: Integers, zone_minutes: int) -> Floats:
    """Share of the local day that has passed in the middle of each step, 0 to 1."""
    return ((ends - STEP_MS // 2 + zone_minutes * MINUTE_MS) % DAY_MS) / DAY_MS


def months_of(ends: Integers, zone_minutes: int) -> NDArray[np.intp]:
    """Local month of each step, 0 for January."""
    days = days_of(ends, zone_minutes)
    known = {day: local_date(int(day) * DAY_MS, 0).month - 1 for day in np.unique(days)}
    return np.fromiter((known[day] for day in days), np.intp, len(days))
