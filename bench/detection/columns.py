"""A scenario as the columns that the rules judge: takers and devices, without a river and without messages in between.

The river gives whatever is asked for, so takers and devices alone make what arrives. What devices show is counted in
whole steps; here these become millionths of the canonical unit, as the decoder would make of the text.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.columns import Observations
from hydro.quantity import Quantity, conversion
from ingest.decode import DecodedBatch
from simulators.devices import Field
from simulators.devices.samples import MISSING
from simulators.takers import Takers
from watermaster.backtest import TimedBatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.detection.fixed import Fixed
    from hydro.series import SeriesIndex
    from simulators.basin.step import Integers
    from simulators.devices.reports import Rows
    from simulators.scenario import Scenario
    from simulators.truth import Truth

__all__ = ["Playing"]

_STEPS: Final = 288


class Playing:
    """A scenario that is played.

    Args:
        scenario: With takers that have devices, and nothing else.
        index: Numbers of series.
        seed: Of all chance.

    Attributes:
        truths: What was true and has ended, so far.
        place_of: Column of a quantity among the sensors of each device; -1 where it has none.
        fixed: Looks at the same readings, if it is set.
        readings: How many there were, so far.
    """

    def __init__(self, scenario: Scenario, index: SeriesIndex, seed: int) -> None:
        self.truths: list[Truth] = []
        self.place_of: dict[Quantity, Integers] = {}
        self.fixed: Fixed | None = None
        self.readings = 0
        self._scenario = scenario
        zone = scenario.zone_minutes
        self._takers = Takers(scenario.takers, seed=seed, zone_minutes=zone)
        self._field = Field(
            scenario.devices,
            scenario.gateways,
            seed=seed,
            faults=scenario.faults,
            chances=scenario.chances,
            zone_minutes=zone,
        )
        column = {taker.name: number for number, taker in enumerate(scenario.takers)}
        self._columns = {
            quantity: np.array([column[station] for station in self._field.inputs[quantity]], np.intp)
            for quantity in self._field.inputs
        }
        shown = [[sensor for sensor in device.sensors if sensor.shown] for device in scenario.devices]
        width = max(len(sensors) for sensors in shown)
        self._series = np.full((len(shown), width), -1, np.int64)
        self._factor = np.zeros((len(shown), width), np.int64)
        for row, (device, sensors) in enumerate(zip(scenario.devices, shown, strict=True)):
            for place, sensor in enumerate(sensors):
                self._series[row, place] = index.number(device.station, sensor.quantity)
                found = conversion(sensor.quantity, sensor.unit or None)
                assert found is not None
                scale = sensor.scale
                step = Fraction(scale.multiple * found.numerator, 10**scale.digits * found.denominator)
                assert step.denominator == 1, f"{device.station} {sensor.quantity.text}: a step of {step} millionths"
                self._factor[row, place] = int(step)
                self.place_of.setdefault(sensor.quantity, np.full(len(shown), -1, np.intp))[row] = place

    def batches(self, days: int) -> Iterator[TimedBatch]:
        """A day after the other, and what was under way."""
        scenario = self._scenario
        takers, field = self._takers.start(scenario.start), self._field.start(scenario.start)
        first = 1
        for _ in range(days):
            takers, demand = self._takers.demand(takers, _STEPS)
            takers, taking = self._takers.settle(takers, demand, demand.total_m3s)
            seen = {
                Quantity.DISCHARGE: taking.seen_m3s,
                Quantity.PUMP: taking.pump,
                Quantity.POWER: taking.power_kw,
            }
            inputs = {quantity: seen[quantity][:, columns] for quantity, columns in self._columns.items()}
            field, reports, failed = self._field.advance(field, taking.ends, inputs)
            self.truths += [*taking.truths, *failed]
            received = np.repeat(reports.received_at, reports.length)
            if len(received):
                yield self._batch(reports.rows, received, first)
                first += len(received)
        self.truths += self._takers.finish(takers)
        self.truths += self._field.finish(field)[1]

    def _batch(self, rows: Rows, received: Integers, first: int) -> TimedBatch:
        """One message a row, in order of arrival."""
        width = self._series.shape[1]
        position = np.repeat(np.arange(first, first + len(rows)), width)
        series, factor = self._series[rows.device].ravel(), self._factor[rows.device].ravel()
        counts = rows.counts[:, :width].ravel()
        if self.fixed is not None:
            shown = rows.counts[:, :width]
            self.fixed.look(rows, np.where(shown == MISSING, MISSING, shown * self._factor[rows.device]), self.place_of)
        keep = (series >= 0) & (counts != MISSING)
        times = np.repeat(rows.event_time, width)[keep]
        at = np.repeat(received, width)[keep]
        flags = np.ones(int(keep.sum()), np.uint8)
        found = Observations(series[keep], times, counts[keep] * factor[keep], flags, at, position[keep])
        self.readings += len(found)
        return TimedBatch(_decoded(found, first, first + len(rows) - 1), int(received[-1]))


def _decoded(readings: Observations, first: int, last: int) -> DecodedBatch:
    return DecodedBatch(
        first=first,
        last=last,
        observations=readings,
        messages=last - first + 1,
        decoded=len(readings),
        dead_lettered=Counter(),
        rejected=Counter(),
        dead_letters=[],
        ticks=[],
        sequence=[],
        unknown_keys=0,
    )
