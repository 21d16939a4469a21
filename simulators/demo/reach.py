"""What water does on its way: it takes time and spreads. Not a drop is lost or made."""

from __future__ import annotations

from collections import deque
from typing import Final

__all__ = ["STEP_S", "Basin", "Reach"]

STEP_S: Final = 300.0
"""Seconds of a step: one slot of the stations."""


class Reach:
    """A stretch of river: travel time, then a linear reservoir.

    Args:
        travel_steps: Steps of pure travel.
        spread_steps: Residence time of the reservoir in steps; 0 = none.
        flow: Steady flow to start with, m3/s.
    """

    def __init__(self, travel_steps: int, spread_steps: float, flow: float) -> None:
        self._under_way = deque([flow] * travel_steps)
        self._spread = spread_steps
        self._stored = spread_steps * flow

    @property
    def volume(self) -> float:
        """Water under way, m3."""
        return (sum(self._under_way) + self._stored) * STEP_S

    def route(self, inflow: float) -> float:
        """One step.

        Args:
            inflow: Mean flow into it over the step, m3/s.

        Returns:
            Mean flow out of it, m3/s.
        """
        self._under_way.append(inflow)
        self._stored += self._under_way.popleft()
        outflow = self._stored / (1.0 + self._spread)
        self._stored -= outflow
        return outflow


class Basin:
    """A reservoir with a level that follows from its storage.

    Args:
        area_m2: Surface, taken as constant over the small range of the demo.
        level_m: Level to start with, above datum.
        kept_m: Level at which exactly ``base`` is released.
        base: Release at that level, m3/s.
        per_metre: How much more is released per metre above it, m3/s.
    """

    def __init__(self, *, area_m2: float, level_m: float, kept_m: float, base: float, per_metre: float) -> None:
        self._area = area_m2
        self._kept = kept_m
        self._base = base
        self._per_metre = per_metre
        self.level_m = level_m

    @property
    def volume(self) -> float:
        """Water above level zero, m3; for balances, where only its change counts."""
        return self.level_m * self._area

    def release(self, inflow: float) -> float:
        """One step; flow out of it, m3/s."""
        outflow = self._base + self._per_metre * (self.level_m - self._kept)
        self.level_m += (inflow - outflow) * STEP_S / self._area
        return outflow
