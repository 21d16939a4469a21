"""The instants of a batch at which silence is judged, found by time and by journal position.

Live, these are the ticks themselves: while our own collector was away there are none, and nobody is missed for it. Of
a recorded stream they are all full minutes, those without a message too.

::

    position     11   12   13         14
    message      a    b    c          d
    received   8:00 8:00 8:01       8:04
    ticks      8:00      8:01   8:02 8:03 8:04      each before the message at its position
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hydro.instants import MINUTE_MS
from ingest.decode import TickSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ingest.decode import Tick

__all__ = ["TickTable", "Ticked"]


class Ticked(NamedTuple):
    """An instant at which silence is judged; of all that has the same position it comes first.

    Attributes:
        position: Journal position.
        at: Epoch milliseconds.
    """

    position: int
    at: int


class TickTable:
    """Ticks of one batch.

    Args:
        ticks: In journal order; those that go back in time are left out.
        source: Where they come from.
        after: The latest instant of the batches before.
    """

    def __init__(self, ticks: Sequence[Tick], source: TickSource, after: int) -> None:
        self._is_filled = source is TickSource.RECEIVED_AT
        self._positions: list[int] = []
        self._instants: list[int] = []
        self.after = self.last = after
        for tick in ticks:
            if tick.at > self.last:
                self._positions.append(tick.position)
                self._instants.append(tick.at)
                self.last = tick.at

    def __len__(self) -> int:
        """Ticks given; those between them don't count."""
        return len(self._instants)

    def first(self, at_least: int, after_position: int) -> Ticked | None:
        """The first tick at or after an instant and behind a position."""
        place = max(bisect_left(self._instants, at_least), bisect_right(self._positions, after_position))
        if place == len(self._instants):
            return None
        at = self._instants[place]
        if self._is_filled:
            before = self._instants[place - 1] if place else self.after
            earliest = max(at_least, before + 1)
            at = min(at, -(-earliest // MINUTE_MS) * MINUTE_MS)
        return Ticked(self._positions[place], at)

    def latest_at(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each position the latest tick at or before it; ``after`` where there is none."""
        instants = np.array([self.after, *self._instants], np.int64)
        return instants[np.searchsorted(np.array(self._positions, np.int64), positions, side="right")]
