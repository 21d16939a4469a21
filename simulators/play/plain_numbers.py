"""Numbers that every JSON encoder writes as they stand here.

`JsonEncoder` writes exact decimals without an exponent and without zeros at the end; all else in its texts is as the
standard library's compact encoder has it. Reading such a number and writing it again gives the same text if it is

* whole: JSON's integers have no bound in Python; or
* at most 15 digits long and not below 1e-4. A double tells all decimals of 15 digits apart (DBL_DIG), so the shortest
  text that means the same double is the decimal itself; and Python writes it without an exponent from 1e-4 to 1e16.

All others (0.00001 comes back as 1e-05) must be looked at one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from simulators.devices.samples import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.step import Integers, Marks
    from simulators.devices.device import Device
    from simulators.devices.reports import Reports
    from simulators.devices.wiring import Indices

__all__ = ["PlainNumbers"]

_LEAST_DIGIT: Final = 4
_LONGEST: Final = 10**15


class PlainNumbers:
    """Which messages hold nothing but such numbers.

    Args:
        devices: In the order of the reports' numbers.
    """

    def __init__(self, devices: Sequence[Device]) -> None:
        width = max((sum(sensor.shown for sensor in device.sensors) for device in devices), default=0)
        self._multiple = np.ones((len(devices), width), np.int64)
        self._one = np.ones((len(devices), width), np.int64)
        for number, device in enumerate(devices):
            for slot, sensor in enumerate(sensor for sensor in device.sensors if sensor.shown):
                self._multiple[number, slot] = sensor.scale.multiple
                self._one[number, slot] = 10**sensor.scale.digits
        self._least = np.maximum(self._one // 10**_LEAST_DIGIT, 1)

    def where(self, reports: Reports) -> Marks:
        """Of each message; a status holds no JSON at all."""
        rows = reports.rows
        if not len(rows):
            return np.zeros(len(reports), np.bool_)
        plain = self._rows(rows.device, rows.counts)
        found = np.zeros(len(reports), np.bool_)
        some = reports.length > 0
        found[some] = np.logical_and.reduceat(plain, reports.first[some])
        return found

    def _rows(self, device: Indices | Integers, counts: Integers) -> Marks:
        size = np.abs(counts) * self._multiple[device]
        in_range = (size >= self._least[device]) & (size < _LONGEST)
        plain = in_range | (counts == MISSING) | (self._one[device] == 1) | (counts == 0)
        found: Marks = plain.all(axis=1)
        return found
