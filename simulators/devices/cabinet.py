"""What a device says of itself: voltage of its battery, signal, door, fault bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from simulators.devices.fault import FaultKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.step import Floats, Integers
    from simulators.devices.failing import Present
    from simulators.devices.wiring import Columns

__all__ = ["Cabinets", "signal_dbm", "voltage"]

# Height of the sun over a solar panel, by hour; 0 at night.
_SUN: Final = np.array([0, 0, 0, 0, 0, 0, 0.02, 0.2, 0.45, 0.68, 0.85, 0.96, 1, 0.97, 0.87, 0.7, 0.48, 0.22, 0.03]
                       + [0.0] * 5)  # fmt: skip
_FULL_V: Final = 12.7
_CHARGING_V: Final = 0.9
_EMPTYING_V: Final = 0.025
_DAWN_H: Final = 18.0
_SAYS: Final = {
    FaultKind.LOW_BATTERY: Quantity.VOLTAGE,
    FaultKind.DOOR: Quantity.DOOR,
    FaultKind.FAULT_BIT: Quantity.METER_FAULT,
}
_SIGNAL_DBM: Final = -78.0
_PLACES_DBM: Final = 8.0
_WEATHER_DBM: Final = 2.5


def voltage(ends: Integers, zone_minutes: int, made: Floats) -> Floats:
    """Volts of batteries charged by panels: up to 0.9 V more at noon, falling through the night.

    Args:
        ends: Ends of the steps.
        zone_minutes: Of the sun.
        made: Standard normal numbers, one a battery: they differ by 0.15 V.

    Returns:
        Steps × batteries.
    """
    hours = (ends + zone_minutes * MINUTE_MS) % DAY_MS / HOUR_MS
    whole = hours.astype(np.int64)
    part = hours - whole
    sun = _SUN[whole % 24] * (1.0 - part) + _SUN[(whole + 1) % 24] * part
    since_dusk = np.minimum((hours - _DAWN_H) % 24.0, 24.0 - _DAWN_H + 6.0)
    of_day = _CHARGING_V * sun - _EMPTYING_V * np.where(sun > 0.0, 0.0, since_dusk)
    found: Floats = _FULL_V + of_day[:, None] + 0.15 * made
    return found


def signal_dbm(made: Floats, drawn: Floats) -> Floats:
    """Strength of the mobile network: of the place, and of the moment.

    Args:
        made: Standard normal numbers, one a device.
        drawn: Standard normal numbers: steps × devices.
    """
    found: Floats = _SIGNAL_DBM + _PLACES_DBM * made + _WEATHER_DBM * drawn
    return found


class Cabinets:
    """States of many devices.

    Args:
        columns: Which of them are measured where.
        made: Standard normal numbers of each device: [0] battery, [1] place of the antenna.
        zone_minutes: Of the sun.
    """

    def __init__(self, columns: Columns, made: Floats, zone_minutes: int) -> None:
        self._columns = columns
        self._zone = zone_minutes
        self._volts = columns.where(Quantity.VOLTAGE)
        self._signals = columns.where(Quantity.SIGNAL)
        self._of_battery = made[0, columns.device[self._volts]]
        self._of_place = made[1, columns.device[self._signals]]
        self._noise = columns.numbers("noise")

    def states(self, ends: Integers, drawn: Floats, present: Sequence[Present]) -> Floats:
        """What they say: steps × columns.

        Args:
            ends: Ends of the steps.
            drawn: Standard normal numbers: (at least 2, steps, devices).
            present: Faults.
        """
        columns = self._columns
        values = np.zeros((len(ends), len(columns)))
        volts, signals = self._volts, self._signals
        if len(volts):
            noise = self._noise[volts] * drawn[0][:, columns.device[volts]]
            values[:, volts] = voltage(ends, self._zone, self._of_battery) + noise
        if len(signals):
            values[:, signals] = signal_dbm(self._of_place, drawn[1][:, columns.device[signals]])
        for one in present:
            quantity = _SAYS.get(one.fault.kind)
            column = None if quantity is None else columns.at.get((one.device, quantity))
            if column is None:
                continue
            rows = one.stretch.rows
            if one.fault.kind is FaultKind.LOW_BATTERY:
                passed = (ends[rows] - one.fault.start) / (one.fault.end - one.fault.start)
                values[rows, column] -= one.fault.size * passed
            else:
                values[rows, column] = 1.0
        return values
