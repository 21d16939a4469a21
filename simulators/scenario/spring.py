"""A spring, or a transfer: water that comes in at a steady rate, with the swing of the day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulators.basin import NaturalFlow
from simulators.basin.step import step_ends
from simulators.scenario.sun import sun

__all__ = ["Spring"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spring:
    """Steady inflow.

    Attributes:
        m3s: Mean of the day.
        swing: Share by which it is greater at one in the night, and less at one in the afternoon: plants drink.
        zone_minutes: Of the day.
    """

    m3s: float
    swing: float = 0.0
    zone_minutes: int = 480

    def on_steps(self, at: int, steps: int) -> NaturalFlow:
        """The steps after the instant ``at``."""
        flow = self.m3s * (1.0 - self.swing * sun(step_ends(at, steps), self.zone_minutes))
        return NaturalFlow(flow, np.ones(steps, np.bool_))
