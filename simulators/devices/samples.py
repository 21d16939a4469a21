"""Samples: what devices show at the ends of the steps, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from simulators.basin.step import Integers, Marks

__all__ = ["MISSING", "Samples"]

MISSING: Final = np.iinfo(np.int64).min
"""In the place of a count: the sensor has no value; null on the wire."""


@dataclass(frozen=True, slots=True)
class Samples:
    """A chunk: steps × devices, counts × sensors shown.

    Attributes:
        ends: Ends of the steps, true time, epoch milliseconds.
        sampled: Whether the device took a sample.
        event_time: By its clock, a multiple of a step where the clock's error allows.
        early: How much earlier than the end of the step it was taken, milliseconds; the rest of the clock's error.
        sequence: Number of the sample, from 1.
        counts: Counts of the sensors' scales; `MISSING` where there is no value, and beyond the last sensor.
    """

    ends: Integers
    sampled: Marks
    event_time: Integers
    early: Integers
    sequence: Integers
    counts: Integers
