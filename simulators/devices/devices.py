"""All devices at once: from what is true at their stations to what they show. Pure, seeded, in chunks of any size.

::

    truth ─▶ rating error ─▶ noise ─▶ faults ─▶ cut-off, bounds ─┬─▶ display: resolution ─▶ faults of the display
                                                                └─▶ totals (exact) ─▶ resolution, roll-over
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hydro.fixed import MICRO
from hydro.instants import DAY_MS, MINUTE_MS
from simulators.basin.chance import subject_keys
from simulators.basin.step import STEP_MS, Floats, Integers, Marks
from simulators.devices.cabinet import Cabinets
from simulators.devices.clocks import Clocks
from simulators.devices.counters import Counters
from simulators.devices.device import Device, mistakes_of
from simulators.devices.failing import Failing, FailingState
from simulators.devices.fault import FaultKind
from simulators.devices.faulty import (
    AT_ONCE,
    DISPLAYED,
    MEASURED,
    OF_THE_CLOCK,
    clock_error,
    display,
    measure,
    truth_of,
)
from simulators.devices.rating import Ratings, RatingState
from simulators.devices.samples import MISSING, Samples
from simulators.devices.wiring import Wiring
from simulators.dice import Purpose, normals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hydro.quantity import Quantity
    from simulators.devices.failing import Present
    from simulators.devices.fault import Chance, Fault
    from simulators.devices.faulty import Running
    from simulators.truth import Truth

__all__ = ["Devices", "DevicesState"]


@dataclass(frozen=True, slots=True)
class DevicesState:
    """Where the devices are between two chunks.

    Attributes:
        at: End of the last step.
        ratings: Errors of discharge.
        counted: By totals.
        summed: Rain and volumes since the last sample.
        sequence: Samples taken.
        failing: Faults.
    """

    at: int
    ratings: RatingState
    counted: Integers
    summed: Floats
    sequence: Integers
    failing: FailingState


class Devices:
    """Many devices.

    Args:
        devices: In the order of all columns.
        seed: Of all chance.
        faults: That happen for sure.
        chances: What happens by chance, and how often; `simulators.devices.fault.BY_CHANCE` for a usual field, empty
            for none.
        zone_minutes: Of their clocks.

    Raises:
        ValueError: A device or a fault is wrong; all mistakes are in the message, a line each.

    Attributes:
        devices: As given.
        inputs: Stations whose truth is needed, by quantity, in the order in which it is needed.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        *,
        seed: int,
        faults: Sequence[Fault] = (),
        chances: Mapping[FaultKind, Chance] | None = None,
        zone_minutes: int = 480,
    ) -> None:
        self.devices = tuple(devices)
        mistakes = mistakes_of(self.devices)
        if mistakes:
            raise ValueError("\n".join(mistakes))
        stations = [device.station for device in self.devices]
        self._seed = seed
        self._zone = zone_minutes
        self._keys = subject_keys(stations)
        self._wiring = Wiring(self.devices)
        self.inputs: Mapping[Quantity, tuple[str, ...]] = self._wiring.inputs
        self._failing = Failing(self.devices, self._keys, faults, chances or {}, seed, zone_minutes)
        made = normals(seed, Purpose.MAKE, self._keys, np.ones(1, np.int64))[:, 0]
        self._cabinets = Cabinets(self._wiring.inside, made, zone_minutes)
        self._clocks = Clocks([device.clock for device in self.devices])
        self._counters = Counters(self._wiring.counted.sensors)
        measured = self._wiring.measured
        self._rated = np.flatnonzero([sensor.rating is not None for sensor in measured.sensors])
        ratings = [sensor.rating for sensor in measured.sensors if sensor.rating is not None]
        gauges = [stations[device] for device in measured.device[self._rated].tolist()]
        self._ratings = Ratings(ratings, gauges, seed)
        self._noise, self._noise_share = measured.numbers("noise"), measured.numbers("noise_share")
        self._cutoff = measured.numbers("cutoff")
        self._low, self._high = measured.numbers("low", -np.inf), measured.numbers("high", np.inf)
        self._schedules = _schedules(self.devices)
        self._flood_reports = np.array([device.flood_reports for device in self.devices], np.bool_)

    def start(self, at: int) -> DevicesState:
        """State of devices that begin at ``at``, an end of a step; their totals stand at their first numbers then."""
        return DevicesState(
            at=at,
            ratings=self._ratings.start(at),
            counted=self._counters.first,
            summed=np.zeros(len(self._wiring.summed)),
            sequence=np.zeros(len(self.devices), np.int64),
            failing=self._failing.start(at),
        )

    def observe(
        self,
        state: DevicesState,
        ends: Integers,
        signals: Mapping[Quantity, Floats],
        *,
        flood: Marks | None = None,
        dark: Marks | None = None,
    ) -> tuple[DevicesState, Samples, tuple[Truth, ...]]:
        """What they show in the next steps.

        Args:
            state: Before them.
            ends: Ends of the steps, the first a step after ``state.at``.
            signals: Truth by quantity: means over the step (rain and volumes: sums), canonical unit; columns as
                `inputs` says. NaN: there is nothing to measure, the sensor has no value.
            flood: Whether a station has a flood: steps × devices; None: none has.
            dark: Whether a device is without power: steps × devices; None: none is.

        Returns:
            The state after them, the samples, and the faults that have ended.

        Raises:
            ValueError: An input is missing or has another shape.
        """
        truth = self._wiring.columns_of(signals, len(ends))
        failing, present = self._failing.begin(state.failing, ends)
        sampled, ahead = self._sampled(ends, flood, dark), self._clocks.ahead(ends)
        for one in present:
            if one.fault.kind is FaultKind.SILENT:
                sampled[one.stretch.rows, one.device] = False
            elif one.fault.kind in OF_THE_CLOCK:
                ahead[one.stretch.rows, one.device] += clock_error(one.fault, ends, one.stretch)
        drawn = self._drawn(ends)
        ratings, values, shifts = self._measured(state.ratings, ends, truth, drawn, present)
        counted, totals, changes = self._counted(state, ends, values, present)
        summed, values = self._since_sample(state.summed, values, sampled)
        counts = self._shown(ends, values, totals, self._cabinets.states(ends, drawn, present))
        running = self._displayed(counts, sampled, present)
        failing, ended = self._failing.end(failing, running, ends)
        sequence = state.sequence + np.cumsum(sampled, axis=0)
        event_time, early = self._clocks.stamps(ends, ahead)
        moved = DevicesState(
            at=int(ends[-1]), ratings=ratings, counted=counted, summed=summed, sequence=sequence[-1], failing=failing
        )
        samples = Samples(ends, sampled, event_time, early, sequence, counts)
        return moved, samples, (*ended, *shifts, *changes)

    def finish(self, state: DevicesState) -> tuple[Truth, ...]:
        """Faults that are still there."""
        return (*self._failing.finish(state.failing, state.at), *self._ratings.finish(state.ratings, state.at))

    def _sampled(self, ends: Integers, flood: Marks | None, dark: Marks | None) -> Marks:
        sampled = np.zeros((len(ends), len(self.devices)), np.bool_)
        since_midnight = (ends + self._zone * MINUTE_MS) % DAY_MS
        for every_min, columns in self._schedules:
            rows = np.flatnonzero(since_midnight % (every_min * MINUTE_MS) == 0)
            sampled[np.ix_(rows, columns)] = True
        if flood is not None:
            sampled |= flood & self._flood_reports
        if dark is not None:
            sampled &= ~dark
        return sampled

    def _drawn(self, ends: Integers) -> Floats:
        """Standard normal numbers: (kinds, steps, devices)."""
        numbers = ends // STEP_MS
        blocks = [
            normals(self._seed, Purpose.SENSOR_NOISE, self._keys, numbers, block)
            for block in range(self._wiring.blocks)
        ]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def _measured(
        self, ratings: RatingState, ends: Integers, truth: Floats, drawn: Floats, present: Sequence[Present]
    ) -> tuple[RatingState, Floats, list[Truth]]:
        measured, rated = self._wiring.measured, self._rated
        values = truth.copy()
        ratings, errors, shifts = self._ratings.errors(ratings, ends, truth[:, rated])
        values[:, rated] *= 1.0 + errors
        noisy = np.flatnonzero((self._noise > 0.0) | (self._noise_share > 0.0))
        spread = self._noise[noisy] + self._noise_share[noisy] * np.abs(values[:, noisy])
        values[:, noisy] += spread * drawn[self._wiring.dice[noisy], :, measured.device[noisy]].T
        for one in present:
            if one.fault.kind in MEASURED and one.fault.quantity is not None:
                column = measured.at[one.device, one.fault.quantity]
                # The column's own number of the step is its noise already; this is the next device number's.
                dice = drawn[(self._wiring.dice[column] + 1) % len(drawn), :, one.device]
                measure(one.fault, ends, one.stretch, values[:, column], dice)
        np.clip(values, self._low, self._high, out=values)
        values[np.abs(values) < self._cutoff] = 0.0
        return ratings, values, shifts

    def _counted(
        self, state: DevicesState, ends: Integers, values: Floats, present: Sequence[Present]
    ) -> tuple[Integers, Integers, list[Truth]]:
        """What totals have counted at the end, what they show in each step, and the meters that were replaced."""
        rates = _whole(values[:, self._wiring.source] * MICRO, nothing=0)
        counted = self._counters.count(state.counted, rates)
        changes: list[Truth] = []
        for one in present:
            if one.fault.kind in AT_ONCE and one.fault.quantity is not None and one.stretch.first < len(ends):
                column, row = self._wiring.counted.at[one.device, one.fault.quantity], one.stretch.first
                before = int(counted[row - 1, column] if row else state.counted[column])
                added = self._counters.standing(column, one.fault.size)
                if one.fault.kind is FaultKind.REPLACEMENT:
                    added -= before
                    old = self._counters.number(column, before)
                    changes.append(
                        truth_of(
                            one.fault, state.failing.since, int(ends[-1]), old_final=old, new_initial=one.fault.size
                        )
                    )
                counted[row:, column] += added
        return counted[-1], self._counters.shown(counted), changes

    def _since_sample(self, summed: Floats, values: Floats, sampled: Marks) -> tuple[Floats, Floats]:
        """Rain and volumes, added up until a sample states them."""
        columns = self._wiring.summed
        if not len(columns):
            return summed, values
        devices = self._wiring.measured.device[columns]
        for row in range(len(values)):
            fell = values[row, columns]
            summed = summed + np.where(np.isnan(fell), 0.0, fell)
            values[row, columns] = summed
            summed = np.where(sampled[row, devices], 0.0, summed)
        return summed, values

    def _shown(self, ends: Integers, values: Floats, totals: Integers, states: Floats) -> Integers:
        wiring = self._wiring
        counts = np.full((len(ends), len(self.devices), wiring.width), MISSING, np.int64)
        for columns, numbers in ((wiring.measured, values), (wiring.inside, states)):
            shown = columns.shown
            rounded = _whole(numbers[:, shown] * columns.scale[shown], nothing=MISSING)
            counts[:, columns.device[shown], columns.slot[shown]] = rounded
        shown = wiring.counted.shown
        counts[:, wiring.counted.device[shown], wiring.counted.slot[shown]] = totals[:, shown]
        return counts

    def _displayed(self, counts: Integers, sampled: Marks, present: Sequence[Present]) -> list[Running]:
        running = []
        for one in present:
            slot = self._wiring.slot_of(one.device, one.fault.quantity)
            if one.fault.kind in DISPLAYED and one.stretch and slot >= 0:
                device = self.devices[one.device]
                column, taken = counts[:, one.device, slot], sampled[:, one.device]
                running.append(display(one.running, one.stretch, column, taken, zero=device.zero_for_missing))
            else:
                running.append(one.running)
        return running


def _whole(numbers: Floats, *, nothing: int) -> Integers:
    """Counts, half even; ``nothing`` where there is no number."""
    absent = np.isnan(numbers)
    if not absent.any():
        return np.rint(numbers).astype(np.int64)
    return np.where(absent, nothing, np.rint(np.where(absent, 0.0, numbers)).astype(np.int64))


def _schedules(devices: Sequence[Device]) -> list[tuple[int, Integers]]:
    """Numbers of the devices that measure every so many minutes."""
    every = np.array([device.sample_min for device in devices], np.int64)
    return [(minutes, np.flatnonzero(every == minutes)) for minutes in np.unique(every).tolist()]
