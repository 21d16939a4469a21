"""Runoff: soil, quick and slow stores of all catchments, stepped at once. Depths in mm over the catchment.

Nothing but sums, products and quotients, so that the same rain gives the same flow to the last bit everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.elements import Catchment
    from simulators.basin.step import Floats

__all__ = ["Grounds", "Runoff", "Wetness"]


@dataclass(frozen=True, slots=True, eq=False)
class Wetness:
    """Water in the ground, mm, a number a catchment.

    Attributes:
        soil: In the soil store.
        upper: In the first bucket of the quick store.
        lower: In its second bucket.
        slow: In the slow store.
    """

    soil: Floats
    upper: Floats
    lower: Floats
    slow: Floats

    @property
    def stored(self) -> Floats:
        """All of it, mm."""
        return self.soil + self.upper + self.lower + self.slow


@dataclass(frozen=True, slots=True, eq=False)
class Runoff:
    """What came out of the ground; a row a step, a column a catchment, mm.

    Attributes:
        river: Flow to the river.
        air: Evaporation.
    """

    river: Floats
    air: Floats


class Grounds:
    """Parameters of all catchments."""

    def __init__(self, catchments: Sequence[Catchment]) -> None:
        def column(name: str) -> Floats:
            return np.array([getattr(catchment.ground, name) for catchment in catchments], np.float64)

        self._soil = column("soil_mm")
        self._bucket_s = column("quick_h") * 1800.0
        self._slow_s = column("slow_d") * 86400.0
        self._slow_share = column("slow_share")
        self._sealed = column("sealed")
        self._banks = column("banks")

    def moist(self) -> Wetness:
        """Half full soil and a little base flow: where a year of warming up begins."""
        empty = np.zeros(len(self._soil))
        return Wetness(self._soil * 0.5, empty, empty.copy(), self._slow_s / 86400.0 * 0.3)

    def run(self, wetness: Wetness, rain: Floats, thirst: Floats, step_s: float) -> tuple[Wetness, Runoff]:
        """Some steps.

        Args:
            wetness: At the beginning.
            rain: mm a step, a column a catchment.
            thirst: What the air could take, mm a step.
            step_s: Length of a step, seconds.
        """
        soil, upper = wetness.soil.copy(), wetness.upper.copy()
        lower, slow = wetness.lower.copy(), wetness.slow.copy()
        quick_share = np.minimum(step_s / self._bucket_s, 1.0)
        slow_share = np.minimum(step_s / self._slow_s, 1.0)
        full = 1.0 / self._soil
        river = np.empty_like(rain)
        air = np.empty_like(rain)
        for step, (falls, wanted) in enumerate(zip(rain, thirst, strict=True)):
            filled = soil * full
            first = lower * quick_share
            second = upper * quick_share
            base = slow * slow_share
            evaporated = np.minimum(wanted * np.minimum(filled * 1.5, 1.0), soil)
            drunk = np.minimum(wanted * self._banks, base)
            soil -= evaporated
            slow -= base
            lower += second - first
            upper -= second
            if falls.any():
                at_once = falls * self._sealed
                rest = falls - at_once
                excess = rest * (filled * filled)
                soil += rest - excess
                over = np.maximum(soil - self._soil, 0.0)
                soil -= over
                excess += over
                deep = excess * self._slow_share
                slow += deep
                upper += excess - deep + at_once
            river[step] = first + base - drunk
            air[step] = evaporated + drunk
        return Wetness(soil, upper, lower, slow), Runoff(river, air)
