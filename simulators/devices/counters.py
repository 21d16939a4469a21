"""Totals: exact integrals of what a meter measures, shown in whole steps, rolled over and replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from simulators.basin.step import STEP_S
from simulators.devices.sensor import Counter, CounterKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.step import Integers
    from simulators.devices.sensor import Sensor

__all__ = ["Counters"]

_STEP: Final = int(STEP_S)
_NEVER: Final = 1 << 62


class Counters:
    """Totals of many meters. What has been counted is kept in 1e-6 m3 or 1e-6 kW·s, never rounded.

    Args:
        sensors: The totals, in the order of the columns.
    """

    def __init__(self, sensors: Sequence[Sensor]) -> None:
        counters = [sensor.counter or Counter() for sensor in sensors]
        self._kinds = [counter.kind for counter in counters]
        self._per_count = np.array([sensor.per_count for sensor in sensors], np.int64)
        self._resolutions = [sensor.resolution for sensor in sensors]
        self._rolls = np.array(
            [
                _NEVER if counter.highest is None else round(counter.highest / sensor.resolution) + 1
                for counter, sensor in zip(counters, sensors, strict=True)
            ],
            np.int64,
        )
        self._reverse = np.array([kind is CounterKind.REVERSE for kind in self._kinds], np.bool_)
        self._net = np.array([kind is CounterKind.NET for kind in self._kinds], np.bool_)
        self.first: Integers = np.array(
            [self.standing(column, counter.first) for column, counter in enumerate(counters)], np.int64
        )

    def standing(self, column: int, number: float) -> int:
        """What a counter has counted that shows ``number``."""
        return round(number / self._resolutions[column]) * int(self._per_count[column])

    def count(self, counted: Integers, rates: Integers) -> Integers:
        """What has been counted at the end of each step.

        Args:
            counted: Before the chunk.
            rates: 1e-6 m3/s or 1e-6 kW: steps × counters.
        """
        signed = np.where(self._reverse, -rates, rates)
        moved: Integers = np.where(self._net, signed, np.maximum(signed, 0)) * _STEP
        return counted + np.cumsum(moved, axis=0)

    def shown(self, counted: Integers) -> Integers:
        """Counts on the display; the last axis is the counters.

        A net total can fall below zero; others begin again at zero after their highest number.
        """
        counts = counted // self._per_count
        rolled: Integers = np.where(self._net, counts, counts % self._rolls)
        return rolled

    def number(self, column: int, counted: int) -> float:
        """The number on the display of one counter."""
        counts = counted // int(self._per_count[column])
        if not self._net[column]:
            counts %= int(self._rolls[column])
        return round(counts * self._resolutions[column], 6)
