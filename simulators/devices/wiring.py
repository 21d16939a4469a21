"""Where everything is in the columns of many devices: which sensor measures what, counts what, is shown where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulators.devices.sensor import COUNTED_FROM, MADE_INSIDE, SUMMED, Sensor
from simulators.dice import NORMALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hydro.quantity import Quantity
    from simulators.basin.step import Floats
    from simulators.devices.device import Device

__all__ = ["Columns", "Indices", "Wiring"]

Indices = NDArray[np.intp]


class Columns:
    """Sensors of one sort, from left to right.

    Attributes:
        sensors: They.
        device: Number of the device of each.
        slot: Its place among the sensors shown of the device; -1 where it isn't shown.
        at: Column by (device, quantity).
        shown: Columns of those shown.
        scale: Counts in a canonical unit.
    """

    def __init__(self, found: Iterable[tuple[int, int, Sensor]]) -> None:
        listed = list(found)
        self.sensors: tuple[Sensor, ...] = tuple(sensor for _, _, sensor in listed)
        self.device: Indices = np.array([device for device, _, _ in listed], np.intp)
        self.slot: Indices = np.array([slot for _, slot, _ in listed], np.intp)
        self.at: Mapping[tuple[int, Quantity], int] = {
            (device, sensor.quantity): column for column, (device, _, sensor) in enumerate(listed)
        }
        self.shown: Indices = np.flatnonzero(self.slot >= 0)
        self.scale: Floats = np.array([sensor.scale.per_canonical for sensor in self.sensors], np.float64)

    def __len__(self) -> int:
        """How many."""
        return len(self.sensors)

    def where(self, *quantities: Quantity) -> Indices:
        """Columns of some quantities."""
        return np.flatnonzero([sensor.quantity in quantities for sensor in self.sensors])

    def numbers(self, name: str, nothing: float = 0.0) -> Floats:
        """One attribute of all sensors; ``nothing`` for None."""
        values = [getattr(sensor, name) for sensor in self.sensors]
        return np.array([nothing if value is None else value for value in values], np.float64)


class Wiring:
    """All sensors of all devices.

    Attributes:
        measured: Sensors with an input, those of one quantity side by side.
        counted: Totals.
        inside: States of the devices themselves.
        source: Column in ``measured`` of each of ``counted``.
        inputs: Stations that need an input, by quantity, in the order of ``measured``.
        width: Most sensors shown of a device.
        blocks: Blocks of normal numbers that a device needs.
    """

    def __init__(self, devices: Sequence[Device]) -> None:
        placed: list[tuple[int, int, Sensor]] = []
        for number, device in enumerate(devices):
            shown = 0
            for sensor in device.sensors:
                placed.append((number, shown if sensor.shown else -1, sensor))
                shown += sensor.shown
        inner = [one for one in placed if one[2].quantity in MADE_INSIDE]
        totals = [one for one in placed if one[2].quantity in COUNTED_FROM]
        rest = [one for one in placed if one[2].quantity not in MADE_INSIDE and one[2].quantity not in COUNTED_FROM]
        self.measured = Columns(sorted(rest, key=lambda one: (one[2].quantity, one[0])))
        self.counted = Columns(totals)
        self.inside = Columns(inner)
        self.source: Indices = np.array(
            [self.measured.at[device, COUNTED_FROM[sensor.quantity]] for device, _, sensor in totals], np.intp
        )
        self._slots = {(number, sensor.quantity): slot for number, slot, sensor in placed}
        self.width = max((sum(sensor.shown for sensor in device.sensors) for device in devices), default=0)
        inputs: dict[Quantity, list[str]] = {}
        for sensor, device in zip(self.measured.sensors, self.measured.device.tolist(), strict=True):
            inputs.setdefault(sensor.quantity, []).append(devices[device].station)
        self.inputs = {quantity: tuple(stations) for quantity, stations in inputs.items()}
        order: dict[int, int] = {}
        numbers = []
        for device in self.measured.device.tolist():
            numbers.append(order.get(device, 0))
            order[device] = numbers[-1] + 1
        # The first two numbers of a device are for its voltage and its signal.
        self.dice: Indices = np.array(numbers, np.intp) + 2
        self.blocks = (int(self.dice.max(initial=1)) // NORMALS) + 1
        self.summed: Indices = self.measured.where(*SUMMED)

    def slot_of(self, device: int, quantity: Quantity | None) -> int:
        """Place of a sensor among those shown of its device; -1 where there is none."""
        return -1 if quantity is None else self._slots.get((device, quantity), -1)

    def columns_of(self, signals: Mapping[Quantity, Floats], steps: int) -> Floats:
        """Inputs of all sensors side by side: steps × measured.

        Raises:
            ValueError: An input is missing, or has another shape.
        """
        parts = []
        for quantity, stations in self.inputs.items():
            values = signals.get(quantity)
            if values is None or values.shape != (steps, len(stations)):
                shape = "nothing" if values is None else f"{values.shape}"
                raise ValueError(
                    f"{quantity.text} needs {steps} steps × {len(stations)} stations (first {stations[0]}), got {shape}"
                )
            parts.append(values)
        return np.concatenate(parts, axis=1) if parts else np.zeros((steps, 0))
