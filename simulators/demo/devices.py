"""The devices at the stations: from true flows to what they show, with noise, resolution, totals and faults."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeAlias

from hydro.instants import DAY_MS, MINUTE_MS
from simulators.demo.places import PLACES
from simulators.demo.points import POINTS, RATINGS
from simulators.demo.reach import STEP_S
from simulators.demo.story import ZONE_MINUTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.demo.chance import Chance
    from simulators.demo.points import Point
    from simulators.demo.river import Flows
    from simulators.demo.story import Story

__all__ = ["Devices", "Shown"]

Shown: TypeAlias = dict[str, float | None]
"""Value by quantity, in the unit of the device; None = it has none."""

_WILD_STAGE_M: Final = 88.8
_HEAD_M: Final = {"county_works": 52.0, "brewery": 36.0, "factory": 36.0, "caves_works": 55.0, "lift": 71.0,
                  "town_works": 44.0}  # fmt: skip
_PLANT_HEAD_M: Final = {"tailrace": 68.0, "run_of_river": 11.5}
_KW_PER_M4_S: Final = 9.81
_PUMP_EFFICIENCY: Final = 0.68
_PLANT_EFFICIENCY: Final = 0.84
_GATE_M: Final = {"dam": 0.109, "reservoir": 0.072}
"""Opening per m3/s."""
_FIRST_TOTAL_M3: Final = 1_204_300.0
_FIRST_ENERGY_KWH: Final = 388_140.0
_SECONDS_PER_HOUR: Final = 3600.0


class Devices:
    """All devices of the basin.

    Args:
        story: Which of them fail, and when.
        chance: For noise.
    """

    def __init__(self, story: Story, chance: Chance) -> None:
        self._story = story
        self._chance = chance
        # No two meters have counted the same.
        self._totals = {place.key: _FIRST_TOTAL_M3 * (1 + number % 7) for number, place in enumerate(PLACES)}
        self._energy = {place.key: _FIRST_ENERGY_KWH * (1 + number % 5) for number, place in enumerate(PLACES)}

    def read(self, flows: Flows) -> dict[str, Shown]:
        """What they all show at the end of a step, by key of the place."""
        return {
            key: {point.quantity: self._shown(key, point, flows) for point in points} for key, points in POINTS.items()
        }

    def _shown(self, key: str, point: Point, flows: Flows) -> float | None:
        value = self._measured(key, point.quantity, flows)
        if point.noise:
            value *= 1.0 + point.noise * self._chance.normal()
        if key == "lianghekou" and point.quantity == "stage" and self._story.gauge_is_wild(flows.at):
            value = _WILD_STAGE_M
        if key == "creek_head" and point.quantity == "discharge" and self._story.value_is_missing(flows.at):
            return None
        return point.shown(value)

    def _measured(self, key: str, quantity: str, flows: Flows) -> float:
        taken = flows.taken.get(key)
        if taken is not None:
            return self._of_intake(key, quantity, taken, flows.at)
        return _OF_RIVER[quantity](key, flows)

    def _of_intake(self, key: str, quantity: str, taken: float, at: int) -> float:
        """An intake's devices: the meter sees what goes through it, the pump works for all that is taken."""
        metered = 0.0 if key == "factory" and self._story.factory_steals(at) else taken
        power = taken * _HEAD_M.get(key, 0.0) * _KW_PER_M4_S / _PUMP_EFFICIENCY
        match quantity:
            case "volume_total":
                self._totals[key] += metered * STEP_S
                return self._totals[key]
            case "energy_total":
                self._energy[key] += power * STEP_S / _SECONDS_PER_HOUR
                return self._energy[key]
            case _:
                if quantity == "stage":
                    return _stage(key, taken)
                return {"discharge": metered, "pump": float(taken > 0.0), "power": power}[quantity]


def _power(key: str, flows: Flows) -> float:
    return flows.generated[key] * _PLANT_HEAD_M[key] * _KW_PER_M4_S * _PLANT_EFFICIENCY


def _depth(key: str, flows: Flows) -> float:
    return (18.4 if key == "spring" else 31.7) + 0.03 * _sun(flows.at)


def _stage(key: str, flow: float) -> float:
    a, zero, exponent = RATINGS[key]
    return zero + math.pow(max(flow, 0.0) / a, 1.0 / exponent)


def _sun(at: int) -> float:
    """1 at one in the afternoon, −1 at one in the night."""
    of_day = (at + ZONE_MINUTES * MINUTE_MS) % DAY_MS / DAY_MS
    return math.cos(2.0 * math.pi * (of_day - 13.0 / 24.0))


def _night(at: int) -> float:
    return max(0.0, -_sun(at))


_OF_RIVER: Final[dict[str, Callable[[str, Flows], float]]] = {
    "discharge": lambda key, flows: flows.discharge[key],
    "stage": lambda key, flows: _stage(key, flows.discharge[key]),
    "water_level": lambda _, flows: flows.level_m,
    "gate_opening": lambda key, flows: flows.discharge[key] * _GATE_M[key],
    "power": _power,
    "rain": lambda *_: 0.0,  # it fell two days ago
    "voltage": lambda _, flows: 12.5 + 0.9 * max(0.0, _sun(flows.at)) - 0.2 * _night(flows.at),
    "water_temperature": lambda _, flows: 15.2 + 0.6 * _sun(flows.at),
    "conductivity": lambda _, flows: 412.0 + 6.0 * _sun(flows.at),
    "groundwater_depth": _depth,
}
