"""Readings of days whose samples have been let go of: counted, and told of once a day and series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["TooOldReadings"]

_MOST: Final = 100_000
"""Days told of at a time; readings of others are counted only, until somebody has asked."""


class TooOldReadings:
    """See the module.

    Attributes:
        readings: How many since the start.
    """

    def __init__(self) -> None:
        self.readings = 0
        self._days: dict[tuple[int, int], tuple[int, int]] = {}

    def note(self, series: NDArray[np.int64], day: NDArray[np.int64], received_at: NDArray[np.int64]) -> None:
        """Readings came; columns of the same length."""
        self.readings += len(series)
        for key, came in zip(zip(series.tolist(), day.tolist(), strict=True), received_at.tolist(), strict=True):
            if key in self._days or len(self._days) < _MOST:
                latest, count = self._days.get(key, (came, 0))
                self._days[key] = (max(latest, came), count + 1)

    def take(self) -> list[tuple[int, int, int, int]]:
        """Series, day, latest ``received_at`` and number of readings, each day once."""
        found = [(series, day, came, count) for (series, day), (came, count) in self._days.items()]
        self._days.clear()
        return found
