"""Clocks of devices: how far each is ahead at any time, and what it then writes on its samples.

A device measures at full intervals by its own clock. A clock that is 100 s ahead therefore measures 100 s too early
and writes the full interval: the stamp is clean and the message arrives early. A clock that is 8 h 2 min ahead writes
stamps 8 h later, and measures 2 min early. So an error is a whole number of steps in the stamp, and a rest of at most
half a step in the arrival. What is measured in that rest counts as the mean flow of the step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import DAY_MS
from simulators.basin.step import STEP_MS, Floats, Integers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.devices.device import Clock

__all__ = ["EARLIEST_MS", "Clocks"]

EARLIEST_MS: Final = STEP_MS // 2
"""No sample is taken earlier than so long before the end of its step."""


class Clocks:
    """Clocks of many devices.

    Args:
        clocks: In the order of the columns.
    """

    def __init__(self, clocks: Sequence[Clock]) -> None:
        self._ahead = np.array([clock.ahead_s for clock in clocks], np.float64) * 1000.0
        self._per_ms = np.array([clock.drift_ppm for clock in clocks], np.float64) * 1e-6
        self._set_ms = np.array([round(clock.set_days * DAY_MS) for clock in clocks], np.int64)
        # Nobody sets all clocks on one day.
        self._phase = (np.arange(len(clocks), dtype=np.int64) * 7_919 * 1000 * 60) % np.maximum(self._set_ms, 1)
        self.right = not (self._ahead.any() or self._per_ms.any())

    def ahead(self, ends: Integers) -> Integers:
        """Milliseconds ahead: steps × devices."""
        if self.right:
            return np.zeros((len(ends), len(self._ahead)), np.int64)
        since_set = (ends[:, None] + self._phase) % self._set_ms
        ahead: Floats = self._ahead + since_set * self._per_ms
        return np.rint(ahead).astype(np.int64)

    @staticmethod
    def stamps(ends: Integers, ahead: Integers) -> tuple[Integers, Integers]:
        """Stamps, and how much earlier than the end of the step the sample was taken, milliseconds.

        >>> Clocks.stamps(np.array([600_000]), np.array([[100_000, 420_000, -28_800_000]]))[0].tolist()
        [[600000, 900000, -28200000]]
        """
        whole = (ahead + STEP_MS // 2) // STEP_MS * STEP_MS
        return ends[:, None] + whole, ahead - whole
