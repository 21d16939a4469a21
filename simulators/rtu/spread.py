"""How stations of one kind differ: each reports a little later than the full minute, and no clock is right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simulators.rtu.clock import DeviceClock

if TYPE_CHECKING:
    from simulators.rtu.behaviour import Behaviour

__all__ = ["Spread"]

_LATEST_SERIAL = 65_535


@dataclass(frozen=True, slots=True)
class Spread:
    """Bounds of the differences; the same seed and number give the same station.

    Attributes:
        seed: Of the fleet.
        window_ms: Reports go out up to so long after the delay that is set; most of them early in it.
        ahead_ms: Clocks are up to so much ahead or behind when they are switched on,
        drift_ppm: and gain or lose up to so many millionths.
    """

    seed: int
    window_ms: int = 10_000
    ahead_ms: int = 2_000
    drift_ppm: int = 20

    def station(self, number: int, behaviour: Behaviour, start: int) -> tuple[Behaviour, DeviceClock, int]:
        """Behaviour, clock and last serial number of the nth station.

        Args:
            number: Of the station.
            behaviour: What all have in common.
            start: True epoch milliseconds at which it is switched on.
        """
        draw = np.random.default_rng([self.seed, number])
        delay_ms = int(self.window_ms * draw.beta(1, 2))
        ahead_ms = int(draw.integers(-self.ahead_ms, self.ahead_ms, endpoint=True))
        drift_ppm = int(draw.integers(-self.drift_ppm, self.drift_ppm, endpoint=True))
        serial = int(draw.integers(0, _LATEST_SERIAL))
        own = replace(behaviour, send_delay_ms=behaviour.send_delay_ms + delay_ms)
        return own, DeviceClock(start, ahead_ms=ahead_ms, drift_ppm=drift_ppm), serial
