"""The river: a network under weather, walked in steps of five minutes. State in, a chunk of steps out.

How a step is done: `simulators.basin.walk`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulators.basin.dams import Dams
from simulators.basin.flows import Actions, Flows
from simulators.basin.gauges import Gauges
from simulators.basin.ground import Grounds, Wetness
from simulators.basin.layout import Layout
from simulators.basin.steady import steady_flows
from simulators.basin.step import STEP_MS, STEP_S, days_of, step_ends
from simulators.basin.walk import Given, walk
from simulators.basin.weather import Weather

if TYPE_CHECKING:
    from simulators.basin.climate import Climate
    from simulators.basin.dams import Ponds
    from simulators.basin.network import Network
    from simulators.basin.step import Floats
    from simulators.basin.weather import Script

__all__ = ["River", "State"]

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """The river at an instant.

    Attributes:
        at: End of a step, epoch milliseconds.
        wetness: Of the ground.
        cells: Water under way, m3 a cell.
        ponds: Of the dams.
    """

    at: int
    wetness: Wetness
    cells: Floats
    ponds: Ponds


class River:
    """A network under weather.

    Args:
        network: The basin.
        seed: Of all chance in it.
        climate: Regime of rain and evaporation; None: dry ground gives nothing but its stores, for rivers that live on
            inflows alone.
        script: Weather that a scenario adds.
    """

    def __init__(
        self, network: Network, *, seed: int, climate: Climate | None = None, script: Script | None = None
    ) -> None:
        self.network = network
        self.layout = Layout(network)
        self.weather = Weather(
            network.catchments, seed=seed, climate=climate, script=script, zone_minutes=network.zone_minutes
        )
        self.ground = Grounds(network.catchments)
        self.dams = Dams(network.dams)
        self._gauges = Gauges(network)

    def initial(self, at: int, *, inflows: Floats | None = None, warm_days: int = 365) -> State:
        """A living river at an instant: ground after the year before in daily steps, channels in a steady flow.

        What it can't know are the last hours: let a day or two pass before results count.

        Args:
            at: End of a step, epoch milliseconds.
            inflows: m3/s from outside; None: 0.
            warm_days: Days of weather before ``at``.

        Raises:
            ValueError: ``at`` is no end of a step.
        """
        ends = step_ends(at, 1)
        today = int(days_of(ends, self.network.zone_minutes)[0])
        wetness = self.ground.moist()
        runoff = np.zeros(len(self.network.catchments))
        for day in range(today - warm_days, today):
            rain = self.weather.daily_rain(day)[None, :]
            thirst = np.array([self.weather.daily_thirst(day)])
            wetness, out = self.ground.run(wetness, rain, thirst, _DAY_S)
            runoff = out.river[0] * self.layout.mm_to_m3 / _DAY_S
        given = np.zeros(len(self.network.inflows)) if inflows is None else inflows
        steady = steady_flows(self.layout, self.dams, runoff, given, at, self.network.zone_minutes)
        return State(at, wetness, self.layout.cells.steady(steady.ways), steady.ponds)

    def advance(self, state: State, steps: int, actions: Actions | None = None) -> tuple[State, Flows]:
        """Some steps. Cutting them into other chunks changes not a bit.

        Args:
            state: Where the river stands; it isn't changed.
            steps: How many.
            actions: What people do in them; None: nothing.

        Raises:
            ValueError: ``actions`` don't fit the network.
        """
        network = self.network
        actions = actions or Actions()
        actions.check(network, steps)
        ends = step_ends(state.at, steps)
        rain = self.weather.rain(state.at, steps)
        wetness, ground = self.ground.run(state.wetness, rain, self.weather.thirst(state.at, steps), STEP_S)
        runoff = ground.river
        runoff *= self.layout.mm_to_m3 / STEP_S
        wanted = np.zeros((steps, len(network.abstractions))) if actions.takes is None else actions.takes
        sinks = np.broadcast_to(self.layout.sink_capacity, (steps, len(network.sinks)))
        given = Given(
            runoff=runoff,
            inflows=np.zeros((steps, 0)) if actions.inflows is None else actions.inflows,
            wanted=wanted,
            sinks=sinks if actions.sink_share is None else sinks * actions.sink_share,
            due=self.dams.due(ends, network.zone_minutes, actions.release_share, actions.generation),
        )
        cells, ponds, course = walk(self.layout, self.dams, state.cells, state.ponds, given)
        level = self.dams.levels(course.stored_m3)
        discharge, stage = self._gauges.observe(course, level)
        flows = Flows(
            at=ends,
            arriving=course.arriving,
            river=course.river,
            taken=course.taken,
            returned=course.returned,
            wanted=wanted,
            lateral=course.lateral,
            lost=course.lost,
            sunk=course.sunk,
            stored_m3=course.stored_m3,
            level_m=level,
            released=course.released,
            turbined=course.turbined,
            spilled=course.spilled,
            runoff=runoff,
            rain_mm=rain,
            air_mm=ground.air,
            gauge_discharge=discharge,
            gauge_stage=stage,
        )
        return State(state.at + steps * STEP_MS, wetness, cells, ponds), flows
