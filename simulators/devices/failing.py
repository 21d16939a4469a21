"""Which faults are there in a chunk: those of the scenario and those by chance, from their beginning to their end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from simulators.basin.step import STEP_MS, Integers, days_of
from simulators.devices.fault import Fault, FaultKind, faults_of_day
from simulators.devices.faulty import AT_ONCE, DISPLAYED, MEASURED, Running, Stretch, truth_of
from simulators.devices.sensor import COUNTED_FROM, MADE_INSIDE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from simulators.basin.chance import Words
    from simulators.devices.device import Device
    from simulators.devices.fault import Chance
    from simulators.truth import Truth

__all__ = ["Failing", "FailingState", "Present", "mistakes_of"]


@dataclass(frozen=True, slots=True)
class FailingState:
    """Faults between two chunks.

    Attributes:
        since: Beginning of the simulation.
        day: Last local day for which chance has spoken; None before the first.
        waiting: Faults that have not begun, in order of their beginning.
        running: Faults that have begun and not ended.
    """

    since: int
    day: int | None
    waiting: tuple[Fault, ...]
    running: tuple[Running, ...]


class Present(NamedTuple):
    """A fault in a chunk.

    Attributes:
        running: It.
        device: Number of its device.
        stretch: The rows in which it is there.
    """

    running: Running
    device: int
    stretch: Stretch

    @property
    def fault(self) -> Fault:
        """It."""
        return self.running.fault


class Failing:
    """Faults of many devices.

    Args:
        devices: That may fail.
        keys: Of their stations.
        faults: That happen for sure.
        chances: What happens by chance.
        seed: Of all chance.
        zone_minutes: Of the days for which chance speaks.

    Raises:
        ValueError: A fault is of no known station or sensor, or ends before it begins.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        keys: Words,
        faults: Sequence[Fault],
        chances: Mapping[FaultKind, Chance],
        seed: int,
        zone_minutes: int,
    ) -> None:
        self._devices = tuple(devices)
        self._numbers = {device.station: number for number, device in enumerate(devices)}
        self._keys, self._seed, self._zone, self._chances = keys, seed, zone_minutes, chances
        by_station = {device.station: device for device in devices}
        mistakes = [mistake for fault in faults for mistake in mistakes_of(fault, by_station.get(fault.station))]
        if mistakes:
            raise ValueError("\n".join(mistakes))
        self._faults = tuple(sorted(faults, key=_order))

    def start(self, at: int) -> FailingState:
        """State at the beginning of a simulation."""
        waiting = tuple(fault for fault in self._faults if _end(fault) > at)
        return FailingState(since=at, day=None, waiting=waiting, running=())

    def begin(self, state: FailingState, ends: Integers) -> tuple[FailingState, list[Present]]:
        """The faults of a chunk.

        Args:
            state: Before it.
            ends: Ends of its steps.

        Returns:
            A state in which what begins in the chunk is running, and all that is there, in order of its beginning.
        """
        day = state.day
        waiting = list(state.waiting)
        if self._chances:
            last = int(days_of(ends[-1:], self._zone)[0])
            first = int(days_of(ends[:1], self._zone)[0]) if day is None else day + 1
            for number in range(first, last + 1):
                drawn = faults_of_day(self._seed, number, self._zone, self._devices, self._keys, self._chances)
                waiting += (fault for fault in drawn if _end(fault) > state.since)
            waiting.sort(key=_order)
            day = last
        final = int(ends[-1])
        running = [*state.running, *(Running(fault) for fault in waiting if fault.start < final)]
        running.sort(key=lambda one: _order(one.fault))
        waiting = [fault for fault in waiting if fault.start >= final]
        begun = FailingState(state.since, day, tuple(waiting), tuple(running))
        found = [
            Present(one, self._numbers[one.fault.station], Stretch.of(one.fault, ends))
            for one in running
        ]  # fmt: skip
        return begun, found

    def end(self, state: FailingState, running: Sequence[Running], ends: Integers) -> tuple[FailingState, list[Truth]]:
        """What has ended in a chunk.

        Args:
            state: Of `begin`.
            running: The faults as they are after it.
            ends: Ends of its steps.
        """
        final = int(ends[-1])
        left = tuple(one for one in running if _end(one.fault) > final)
        truths = [
            self._truth(one.fault, state.since, final)
            for one in running
            if _end(one.fault) <= final and one.fault.kind is not FaultKind.REPLACEMENT
        ]
        return FailingState(state.since, state.day, state.waiting, left), truths

    def finish(self, state: FailingState, at: int) -> list[Truth]:
        """Faults that are still there at the end."""
        return [self._truth(one.fault, state.since, at) for one in state.running]

    def _truth(self, fault: Fault, since: int, until: int) -> Truth:
        if fault.kind is not FaultKind.MISSING:
            return truth_of(fault, since, until)
        zero = self._devices[self._numbers[fault.station]].zero_for_missing
        return truth_of(fault, since, until, shown="zero" if zero else "null")


def mistakes_of(fault: Fault, device: Device | None) -> Iterator[str]:
    """What is wrong with a fault.

    Args:
        fault: It.
        device: Of its station; None where there is none.
    """
    where = f"fault {fault.kind.value} at {fault.station!r}"
    if device is None:
        yield f"{where}: no such device"
        return
    if fault.kind not in AT_ONCE and fault.start >= fault.end:
        yield f"{where}: it ends at {fault.end} ms, but begins at {fault.start} ms"
    sensors = {sensor.quantity for sensor in device.sensors}
    allowed = sensors
    if fault.kind in MEASURED:
        allowed = sensors - MADE_INSIDE - set(COUNTED_FROM)
    elif fault.kind in AT_ONCE:
        allowed = sensors & set(COUNTED_FROM)
    elif fault.kind not in DISPLAYED:
        return
    if fault.quantity not in allowed:
        named = "no quantity" if fault.quantity is None else fault.quantity.text
        yield f"{where}: {named}; it can have one of {sorted(one.text for one in allowed)}"


def _end(fault: Fault) -> int:
    """When it is over; what happens at once is over after the step in which it happens."""
    return fault.start // STEP_MS * STEP_MS + STEP_MS if fault.kind in AT_ONCE else fault.end


def _order(fault: Fault) -> tuple[int, str, str, str]:
    return (fault.start, fault.station, fault.kind, "" if fault.quantity is None else fault.quantity.text)
