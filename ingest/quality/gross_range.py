"""Gross range: a value outside the bounds of its point is FAIL, bounds included in the range.

Source: QARTOD gross range test, sensor limits; docs/alert-classes.md (FAIL comes from gross range, impossible
counter or a person).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hydro.fixed import LARGEST
from hydro.flags import Flag
from hydro.quantity import Quantity
from hydro.series import QUANTITY_SLOTS, SeriesIndex

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hydro.register import Register

__all__ = ["GrossRange"]


class GrossRange:
    """Bounds of all points as arrays over series numbers; dated rows are looked up by event time."""

    def __init__(self, register: Register, index: SeriesIndex) -> None:
        self._register = register
        self._index = index
        self._minimum = np.full(len(index), -LARGEST, np.int64)
        self._maximum = np.full(len(index), LARGEST, np.int64)
        self._complete = np.zeros(len(index), bool)
        self._dated = np.zeros(len(index), bool)
        for (station, quantity), rows in register.points.items():
            series = index.number(station, quantity)
            if rows.always is None:
                self._dated[series] = True
                continue
            minimum, maximum = rows.always.minimum, rows.always.maximum
            if minimum is not None:
                self._minimum[series] = minimum
            if maximum is not None:
                self._maximum[series] = maximum
            self._complete[series] = minimum is not None and maximum is not None
        self._any_dated = bool(self._dated.any())

    def flags(
        self,
        series: NDArray[np.int64],
        event_time: NDArray[np.int64],
        value: NDArray[np.int64],
        missing: NDArray[np.bool_],
    ) -> NDArray[np.uint8]:
        """QARTOD flag of each value: FAIL outside, GOOD within both bounds, NOT_EVALUATED where one is lacking."""
        flags = np.where(self._complete[series], np.uint8(Flag.GOOD), np.uint8(Flag.NOT_EVALUATED))
        flags[(value < self._minimum[series]) | (value > self._maximum[series])] = Flag.FAIL
        if self._any_dated:
            for row in np.flatnonzero(self._dated[series]):
                flags[row] = self._one(int(series[row]), int(event_time[row]), int(value[row]))
        flags[missing] = Flag.MISSING
        return flags

    def _one(self, series: int, event_time: int, value: int) -> Flag:
        station, quantity = self._index.stations[series // QUANTITY_SLOTS], Quantity(series % QUANTITY_SLOTS)
        bounds = self._register.points[station, quantity].at(event_time)
        if bounds is None:
            return Flag.NOT_EVALUATED
        if bounds.minimum is not None and value < bounds.minimum:
            return Flag.FAIL
        if bounds.maximum is not None and value > bounds.maximum:
            return Flag.FAIL
        if bounds.minimum is None or bounds.maximum is None:
            return Flag.NOT_EVALUATED
        return Flag.GOOD
