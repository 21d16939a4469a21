"""The truth at all sensors of a scenario, chunk by chunk: what `Field.advance` wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from simulators.basin import NO_STAGE, STEP_S
from simulators.basin.curve import Curves
from simulators.scenario.signal import Signal
from simulators.scenario.sun import sun

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hydro.quantity import Quantity
    from simulators.basin import Flows
    from simulators.basin.step import Floats, Marks
    from simulators.devices.wiring import Indices
    from simulators.scenario.model import Scenario
    from simulators.scenario.signal import Source
    from simulators.takers import Taking

__all__ = ["Signals"]

_MICRO: Final = 1e6
_STOPPED: Final = 2.0
_STEPS_AN_HOUR: Final = 3600.0 / STEP_S


class Signals:
    """Which column of the river or of the takers each sensor shows.

    Args:
        scenario: Whose.
        inputs: `Field.inputs`: stations by quantity, in the order wanted.

    Raises:
        KeyError: The scenario has no source for one of them.
    """

    def __init__(self, scenario: Scenario, inputs: Mapping[Quantity, Sequence[str]]) -> None:
        network = scenario.network
        self._zone = scenario.zone_minutes
        takers = {taker.name: column for column, taker in enumerate(scenario.takers)}
        columns: dict[Signal, Mapping[str, int]] = {
            Signal.GAUGE_DISCHARGE: network.gauge,
            Signal.GAUGE_STAGE: network.gauge,
            Signal.GAUGE_STATE: network.gauge,
            Signal.DAM_LEVEL: network.dam,
            Signal.DAM_GENERATION: network.dam,
            Signal.DAM_RELEASE: network.dam,
            Signal.DAM_SPILL: network.dam,
            Signal.TAKER_SEEN: takers,
            Signal.TAKER_THROUGH: takers,
            Signal.TAKER_PUMP: takers,
            Signal.TAKER_POWER: takers,
            Signal.RAIN: network.catchment,
            Signal.SUN: {"": 0},
        }
        self._plans = {
            quantity: _Plan([scenario.sources[station, quantity] for station in stations], columns)
            for quantity, stations in inputs.items()
        }
        self._fields = [
            (column, network.catchment[scenario.fields[taker.name]])
            for column, taker in enumerate(scenario.takers)
            if taker.name in scenario.fields
        ]
        self._takers = len(scenario.takers)
        self._skies = [
            np.array([network.catchment[name] for name in scenario.skies.get(gateway.name, ())], np.intp)
            for gateway in scenario.gateways
        ]
        self._storm_mm = scenario.storm_mm_h / _STEPS_AN_HOUR
        watched = [(number, scenario.floods.get(device.station)) for number, device in enumerate(scenario.devices)]
        self._floods = [
            (number, network.gauge[flood.gauge], round(flood.above_m3s * _MICRO))
            for number, flood in watched
            if flood is not None
        ]
        self._devices = len(scenario.devices)

    def on_fields(self, rain_mm: Floats) -> Floats | None:
        """Rain on the fields of the takers: steps × takers; None where nobody has fields.

        Args:
            rain_mm: On the catchments: steps × catchments.
        """
        if not self._fields:
            return None
        found = np.zeros((len(rain_mm), self._takers))
        for taker, catchment in self._fields:
            found[:, taker] = rain_mm[:, catchment]
        return found

    def of(self, flows: Flows, taking: Taking) -> dict[Quantity, Floats]:
        """Truth by quantity: steps × stations, NaN where there is nothing to measure.

        Args:
            flows: Of the river.
            taking: Of the takers, the same steps.
        """
        discharge = flows.gauge_discharge / _MICRO
        stage = np.where(flows.gauge_stage == NO_STAGE, np.nan, flows.gauge_stage / _MICRO)
        courses: dict[Signal, Floats] = {
            Signal.GAUGE_DISCHARGE: discharge,
            Signal.GAUGE_STAGE: stage,
            Signal.GAUGE_STATE: np.where(flows.gauge_discharge > 0, 0.0, _STOPPED),
            Signal.DAM_LEVEL: flows.level_m,
            Signal.DAM_GENERATION: flows.turbined,
            Signal.DAM_RELEASE: flows.released,
            Signal.DAM_SPILL: flows.spilled,
            Signal.TAKER_SEEN: taking.seen_m3s,
            Signal.TAKER_THROUGH: taking.through_m3s,
            Signal.TAKER_PUMP: taking.pump,
            Signal.TAKER_POWER: taking.power_kw,
            Signal.RAIN: flows.rain_mm,
            Signal.SUN: sun(flows.at, self._zone)[:, None],
        }
        return {quantity: plan.values(courses, len(flows.at)) for quantity, plan in self._plans.items()}

    def storm(self, flows: Flows) -> Marks:
        """Whether there is a storm over a gateway: steps × gateways."""
        heavy = flows.rain_mm >= self._storm_mm
        found = np.zeros((len(heavy), len(self._skies)), np.bool_)
        for column, catchments in enumerate(self._skies):
            found[:, column] = heavy[:, catchments].any(axis=1)
        return found

    def flood(self, flows: Flows) -> Marks | None:
        """Whether a station has a flood: steps × devices; None where nobody asks."""
        if not self._floods:
            return None
        found = np.zeros((len(flows.at), self._devices), np.bool_)
        for device, gauge, above in self._floods:
            found[:, device] = flows.gauge_discharge[:, gauge] > above
        return found


class _Plan:
    """Where the columns of one quantity come from."""

    def __init__(self, sources: Sequence[Source], columns: Mapping[Signal, Mapping[str, int]]) -> None:
        self._count = len(sources)
        self._parts: list[tuple[Signal, Indices, Indices]] = []
        for signal in Signal:
            own = [number for number, source in enumerate(sources) if source.signal is signal]
            if own:
                seen = [columns[signal][sources[number].element] for number in own]
                self._parts.append((signal, np.array(own, np.intp), np.array(seen, np.intp)))
        self._factor = np.array([source.factor for source in sources], np.float64)
        self._offset = np.array([source.offset for source in sources], np.float64)
        curves = [(number, source.curve) for number, source in enumerate(sources) if source.curve is not None]
        self._curved = np.array([number for number, _ in curves], np.intp)
        self._curves = Curves([curve for _, curve in curves])

    def values(self, courses: Mapping[Signal, Floats], steps: int) -> Floats:
        found = np.empty((steps, self._count))
        for signal, own, seen in self._parts:
            found[:, own] = courses[signal][:, seen]
        if len(self._curved):
            for row in found:
                row[self._curved] = self._curves(row[self._curved])
        return found * self._factor + self._offset
