"""A pump house: pumps that fill a tank between two levels, with priming, and the power they draw.

The tank evens out what the users want. Pump i (from 0) starts when the tank is below ``start − i·d`` and stops when it
is above ``stop − i·d``, d = 0.35 / pumps. In the step in which a pump starts, it is primed first: it runs for
``prime_s`` without delivering.

Power of pumps that deliver a flow Q together, x = Q / (pumps running × capacity)::

    P = ρ g H Q / η,   H = head + friction · (Q / all pumps)²,   η = best · (1 − (1 − x)²), at least a fifth of best

so throttled pumps (a river that gives less than they could take) waste energy. A pump that is primed draws
40 % of its rated power; standby power is drawn at all times.

Source: pump affinity and a parabola as efficiency curve, as in textbooks (Karassik, Pump Handbook); numbers [D] ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.step import Floats

__all__ = ["PRIMING_SHARE", "WEIGHT_OF_WATER", "PumpHouse", "PumpHouses"]

WEIGHT_OF_WATER: Final = 9.81
"""kW per m3/s and metre of head."""

PRIMING_SHARE: Final = 0.4
"""Power of a pump without water, as a share of its rated power."""

_START: Final = 0.55
_STOP: Final = 0.95
_BAND: Final = 0.35
_WORST: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class PumpHouse:
    """Equal pumps side by side.

    Attributes:
        pumps: How many.
        capacity_m3s: Of each.
        head_m: Height to lift.
        friction_m: Head lost in the pipe when all pumps deliver.
        efficiency: Best, of pump and motor together.
        prime_s: Seconds until a pump delivers, below a step.
        standby_kw: Lamps, telemetry, heating.
        tank_h: How long a full tank lasts at the mean take, hours.
        drain_m3: Water that runs back through the meter when the last pump stops, and is pumped again first.
    """

    pumps: int = 2
    capacity_m3s: float
    head_m: float = 40.0
    friction_m: float = 4.0
    efficiency: float = 0.68
    prime_s: float = 90.0
    standby_kw: float = 0.3
    tank_h: float = 4.0
    drain_m3: float = 0.0

    @property
    def rated_kw(self) -> float:
        """Power of all pumps at their capacity, without standby."""
        flow = self.pumps * self.capacity_m3s
        return WEIGHT_OF_WATER * (self.head_m + self.friction_m) * flow / self.efficiency

    def mistakes(self) -> list[str]:
        """What is wrong with it."""
        found = []
        if self.pumps < 1:
            found.append(f"pumps is {self.pumps}, at least 1 is needed")
        bounds = {
            "capacity_m3s": (0.0, np.inf, self.capacity_m3s),
            "efficiency": (0.0, 1.0, self.efficiency),
            "tank_h": (0.0, np.inf, self.tank_h),
        }
        found += [
            f"{name} is {value:g}, not above {low:g} and at most {high:g}"
            for name, (low, high, value) in bounds.items()
            if not low < value <= high
        ]
        found += [
            f"{name} is {value:g}, negative or not finite"
            for name, value in (
                ("head_m", self.head_m),
                ("friction_m", self.friction_m),
                ("standby_kw", self.standby_kw),
                ("drain_m3", self.drain_m3),
            )
            if not 0.0 <= value < np.inf
        ]
        if not 0.0 <= self.prime_s < 300.0:  # a step  # noqa: PLR2004
            found.append(f"prime_s is {self.prime_s:g}, not at least 0 and below a step (300)")
        return found


class _Turned(NamedTuple):
    running: Floats
    started: Floats


class PumpHouses:
    """Pump houses of many takers, in arrays; a taker without pumps has none running ever."""

    def __init__(self, houses: Sequence[PumpHouse | None], means_m3s: Floats) -> None:
        self.present = np.array([house is not None for house in houses], np.bool_)
        idle = PumpHouse(pumps=1, capacity_m3s=1.0, head_m=0.0, standby_kw=0.0)
        of = [house or idle for house in houses]
        self.pumps = np.array([house.pumps for house in of], np.float64)
        self.capacity = np.array([house.capacity_m3s for house in of], np.float64)
        self.tank_m3 = np.array([house.tank_h for house in of], np.float64) * 3600.0 * np.maximum(means_m3s, 1e-6)
        self.standby_kw = np.array([house.standby_kw for house in of], np.float64)
        self.drain_m3 = np.where(self.present, [house.drain_m3 for house in of], 0.0)
        self._band = _BAND / self.pumps
        self._prime_s = np.array([house.prime_s for house in of], np.float64)
        self._head = np.array([house.head_m for house in of], np.float64)
        self._friction = np.array([house.friction_m for house in of], np.float64)
        self._best = np.array([house.efficiency for house in of], np.float64)
        self._each_kw = np.array([house.rated_kw for house in of], np.float64) / self.pumps

    def turn(self, level: Floats, running: Floats) -> _Turned:
        """Pumps that run in the step that begins with this level of the tank (0 to 1), and those that start in it."""
        least = np.clip(np.ceil((_START - level) / self._band), 0.0, self.pumps)
        most = np.clip(np.ceil((_STOP - level) / self._band), 0.0, self.pumps)
        now = np.where(self.present, np.maximum(least, np.minimum(running, most)), 0.0)
        return _Turned(now, np.maximum(now - running, 0.0))

    def delivered(self, running: Floats, started: Floats, step_s: float) -> Floats:
        """Mean flow of the step, m3/s."""
        return self.capacity * (running - started * (self._prime_s / step_s))

    def power(self, running: Floats, started: Floats, share: Floats, extra_m3s: Floats, step_s: float) -> Floats:
        """Mean power of the step, kW, without standby.

        Args:
            running: Pumps that run.
            started: Those of them that start in this step.
            share: What the river gave of what they could take, 0 to 1.
            extra_m3s: Flow pumped on top of their own work, at the best point.
            step_s: Seconds of the step.
        """
        priming = started * (self._prime_s / step_s)
        delivering = running - priming
        flow = running * self.capacity * share
        head = self._head + self._friction * (flow / (self.pumps * self.capacity)) ** 2
        efficiency = self._best * np.maximum(1.0 - (1.0 - share) ** 2, _WORST)
        each = WEIGHT_OF_WATER * head * (self.capacity * share) / efficiency
        extra = WEIGHT_OF_WATER * (self._head + self._friction) * extra_m3s / self._best
        drawn: Floats = delivering * each + priming * PRIMING_SHARE * self._each_kw + extra
        return drawn
