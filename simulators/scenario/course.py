"""What is true at the stations of a scenario from its start to its end, without devices: for pictures and for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from simulators.basin import STEP_MS, River
from simulators.scenario.signals import Signals
from simulators.takers import Takers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hydro.quantity import Quantity
    from simulators.basin.step import Floats, Integers
    from simulators.scenario.model import Scenario
    from simulators.truth import Truth

__all__ = ["Course", "true_course"]

_STEPS: Final = 288


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """True courses.

    Attributes:
        ends: Ends of the steps, epoch milliseconds.
        values: By station and quantity, canonical unit, a number a step; NaN where there is nothing to measure.
        taken: By taker, unregistered ones too: what it really takes from the river, m3/s.
        truths: What takers did that nobody metered or allowed, in the order of their beginnings.
    """

    ends: Integers
    values: Mapping[tuple[str, Quantity], Floats]
    taken: Mapping[str, Floats]
    truths: tuple[Truth, ...]


def true_course(scenario: Scenario, *, seed: int = 1) -> Course:
    """All of it; the memory grows with stations and length, so not for a province.

    Args:
        scenario: What is played, at its start.
        seed: Of all chance.
    """
    inputs: dict[Quantity, list[str]] = {}
    for station, quantity in scenario.sources:
        inputs.setdefault(quantity, []).append(station)
    signals = Signals(scenario, inputs)
    river = River(scenario.network, seed=seed, climate=scenario.climate, script=scenario.script)
    takers = Takers(scenario.takers, seed=seed, zone_minutes=scenario.zone_minutes)
    at = scenario.start - scenario.warm_up_ms
    water, people = river.initial(at, inflows=scenario.inflows(at, 1)[0]), takers.start(at)
    ends, taken = [], []
    parts: list[dict[Quantity, Floats]] = []
    truths: list[Truth] = []
    while at < scenario.end:
        until = scenario.end if at >= scenario.start else scenario.start
        steps = min((until - at) // STEP_MS, _STEPS)
        people, demand = takers.demand(people, steps, signals.on_fields(river.weather.rain(at, steps)))
        water, flows = river.advance(water, steps, scenario.actions(at, steps, demand.total_m3s))
        people, taking = takers.settle(people, demand, flows.taken)
        truths += taking.truths
        if at >= scenario.start:
            ends.append(flows.at)
            taken.append(flows.taken)
            parts.append(signals.of(flows, taking))
        at += steps * STEP_MS
    truths += takers.finish(people)
    rates = np.concatenate(taken)
    return Course(
        ends=np.concatenate(ends),
        values={
            (station, quantity): np.concatenate([part[quantity][:, column] for part in parts])
            for quantity, stations in inputs.items()
            for column, station in enumerate(stations)
        },
        taken={taker.name: rates[:, column] for column, taker in enumerate(scenario.takers)},
        truths=tuple(sorted((truth for truth in truths if truth.end > scenario.start), key=lambda truth: truth.rank)),
    )
