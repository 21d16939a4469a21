"""A shelf in memory, and readings at will."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hydro.columns import Observations

__all__ = ["MemoryShelf", "Reading", "columns"]


class MemoryShelf:
    """Blobs by name and number."""

    def __init__(self) -> None:
        self.blobs: dict[tuple[str, int], bytes] = {}

    def take(self, name: str, number: int) -> bytes | None:
        """See :class:`alerting.engine.Shelf`."""
        return self.blobs.get((name, number))

    def put(self, name: str, number: int, blob: bytes) -> None:
        """See :class:`alerting.engine.Shelf`."""
        self.blobs[name, number] = blob

    def drop(self, name: str, number: int) -> None:
        """See :class:`alerting.engine.Shelf`."""
        self.blobs.pop((name, number), None)

    def numbers(self, name: str) -> list[int]:
        """See :class:`alerting.engine.Shelf`."""
        return sorted(number for owner, number in self.blobs if owner == name)


class Reading(NamedTuple):
    """One reading of one series."""

    series: int
    event_time: int
    value: int
    flag: int
    received_at: int


def columns(readings: list[Reading], first: int) -> Observations:
    """Readings in the order in which they came, a message each.

    Args:
        readings: Any.
        first: Journal position of the first.
    """
    rows = np.array(readings, np.int64).reshape(-1, 5)
    return Observations(
        series=rows[:, 0],
        event_time=rows[:, 1],
        value=rows[:, 2],
        flag=rows[:, 3].astype(np.uint8),
        received_at=rows[:, 4],
        position=np.arange(first, first + len(rows)),
    )
