"""The field: all stations and gateways between the truth and the broker. Pure, seeded, in chunks of any size.

::

    field = Field(devices, gateways, seed=1, chances=BY_CHANCE)
    state = field.start(at)
    state, reports, truths = field.advance(state, ends, {Quantity.DISCHARGE: truth, …})
    for received_at, topic, payload in JsonEncoder(field.devices, field.gateways).messages(reports): …
    reports, truths = field.finish(state)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.devices.devices import Devices, DevicesState
from simulators.devices.gateway import mistakes_of
from simulators.devices.outage import Outages, OutagesState
from simulators.devices.reporting import Reporting, ReportingState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hydro.quantity import Quantity
    from simulators.basin.step import Floats, Integers, Marks
    from simulators.devices.device import Device
    from simulators.devices.fault import Chance, Fault, FaultKind
    from simulators.devices.gateway import Gateway
    from simulators.devices.outage import Outage
    from simulators.devices.reports import Reports
    from simulators.truth import Truth

__all__ = ["Field", "FieldState"]


@dataclass(frozen=True, slots=True)
class FieldState:
    """Where the field is between two chunks."""

    devices: DevicesState
    outages: OutagesState
    reporting: ReportingState


class Field:
    """Many devices behind many gateways.

    Args:
        devices: In the order of all columns.
        gateways: All of theirs.
        seed: Of all chance.
        faults: Of devices, that happen for sure.
        outages: Of gateways, that happen for sure.
        chances: Faults by chance: `simulators.devices.fault.BY_CHANCE` for a usual field, None for none.
        zone_minutes: Of all clocks.

    Raises:
        ValueError: Something is wrong with them; all mistakes are in the message, a line each.

    Attributes:
        devices: As given.
        gateways: As given.
        inputs: Stations whose truth is needed, by quantity, in the order in which it is needed.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        gateways: Sequence[Gateway],
        *,
        seed: int,
        faults: Sequence[Fault] = (),
        outages: Sequence[Outage] = (),
        chances: Mapping[FaultKind, Chance] | None = None,
        zone_minutes: int = 480,
    ) -> None:
        numbers = {gateway.name: number for number, gateway in enumerate(gateways)}
        mistakes = [
            *mistakes_of(gateways),
            *(
                f"device {device.station!r}: no such gateway {device.gateway!r}"
                for device in devices
                if device.gateway not in numbers
            ),
        ]
        if mistakes:
            raise ValueError("\n".join(mistakes))
        self.devices, self.gateways = tuple(devices), tuple(gateways)
        self._devices = Devices(devices, seed=seed, faults=faults, chances=chances, zone_minutes=zone_minutes)
        self.inputs = self._devices.inputs
        self._outages = Outages(gateways, seed=seed, planned=outages)
        self._reporting = Reporting(devices, gateways, seed=seed, zone_minutes=zone_minutes)
        self._of = np.array([numbers[device.gateway] for device in devices], np.intp)

    def start(self, at: int) -> FieldState:
        """State of a field that is switched on at ``at``, an end of a step."""
        return FieldState(self._devices.start(at), self._outages.start(at), self._reporting.start(at))

    def advance(
        self,
        state: FieldState,
        ends: Integers,
        signals: Mapping[Quantity, Floats],
        *,
        storm: Marks | None = None,
        flood: Marks | None = None,
    ) -> tuple[FieldState, Reports, tuple[Truth, ...]]:
        """What arrives in a chunk.

        Args:
            state: Before it.
            ends: Ends of its steps, epoch milliseconds; the first is a step after the last one of before.
            signals: Truth by quantity: steps × the stations of `inputs`, means over the step (rain and volumes: sums),
                canonical units. NaN: there is nothing to measure, the sensor has no value.
            storm: Whether there is a storm over a gateway: steps × gateways; None: none.
            flood: Whether a station has a flood: steps × devices; None: none.

        Returns:
            The state after it, messages in order of arrival (until 150 s before the last end), what was true and has
            ended.
        """
        outages, there = self._outages.go_on(state.outages, ends, storm)
        offline, dark = self._outages.marks(there, ends)
        unpowered = dark[:, self._of] if dark.any() else None
        devices, samples, faults = self._devices.observe(
            state.devices, ends, signals, flood=flood, dark=unpowered
        )  # fmt: skip
        reporting, reports, ended = self._reporting.send(state.reporting, samples, there, offline, flood)
        return FieldState(devices, outages, reporting), reports, (*faults, *ended)

    def finish(self, state: FieldState) -> tuple[Reports, tuple[Truth, ...]]:
        """The messages that were under way, and all that is still there. What stations have kept stays with them."""
        at = state.outages.at
        reports, outages = self._reporting.finish(state.reporting, state.outages.running, at)
        return reports, (*self._devices.finish(state.devices), *outages)
