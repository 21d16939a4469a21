"""What each reading of a batch found its series' watermark at when it was read: whether it was late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ingest.decode import Tick

__all__ = ["ticks_before", "watermarks_at_reading"]

_NEVER: Final = -(2**62)


def watermarks_at_reading(
    series: NDArray[np.int64],
    event_time: NDArray[np.int64],
    tick: NDArray[np.int64],
    watermark: NDArray[np.int64],
    lateness: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Watermark of a reading's series before the reading itself.

    Args:
        series: Of readings in the order in which they were read.
        event_time: Of the same.
        tick: Latest tick of the batch that was read before, by far the least number of all where there was none.
        watermark: Of each series before the batch.
        lateness: Of each series, milliseconds.

    >>> one, times, none = np.array([0, 0, 0, 0]), np.array([7, 1, 9, 3]), np.full(4, -(2**62))
    >>> watermarks_at_reading(one, times, none, np.array([0]), np.array([2])).tolist()
    [0, 5, 5, 7]
    """
    order = np.argsort(series, kind="stable")
    group = np.cumsum(np.diff(series[order], prepend=series[order[:1]]) != 0)
    times = event_time[order]
    first, span = int(times.min()), int(times.max()) - int(times.min()) + 1
    # Each group is lifted above the one before it, so one running maximum serves all.
    highest = np.maximum.accumulate(times - first + group * span) - group * span + first
    before = np.concatenate([[_NEVER], highest[:-1]])
    before[np.flatnonzero(np.diff(group, prepend=-1) != 0)] = _NEVER
    latest = np.empty(len(series), np.int64)
    latest[order] = before
    latest = np.maximum(latest, tick)
    return np.maximum(np.where(latest > _NEVER, latest - lateness[series], _NEVER), watermark[series])


def ticks_before(position: NDArray[np.int64], ticks: Sequence[Tick]) -> NDArray[np.int64]:
    """Latest of the ticks that were read before each reading."""
    if not ticks:
        return np.full(len(position), _NEVER, np.int64)
    known = np.maximum.accumulate(np.array([_NEVER, *(tick.at for tick in ticks)], np.int64))
    found: NDArray[np.int64] = known[np.searchsorted([tick.position for tick in ticks], position, side="right")]
    return found
