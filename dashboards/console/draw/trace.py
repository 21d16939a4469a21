"""A series as line pieces: broken where data are missing, thinned to what a pixel can show, nothing invented.

Invariants:
    * No line crosses a missing or failed value, nor a span longer than one and a half slots without a row.
    * Thinning keeps the first, last, least and greatest value of each piece in each column of pixels, so no extreme
      is lost and the line covers the same pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.flags import Flag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dashboards.console.draw.model import BucketColumns, Samples

__all__ = ["Trace", "area_path", "line_paths", "of_buckets", "of_samples", "silences", "thin"]

_TENTH: Final = 10


class Trace(NamedTuple):
    """Valid values in order of time.

    Attributes:
        time: int64, epoch milliseconds.
        value: int64, millionths.
        flag: uint8.
        piece: int64, number of the unbroken piece a value belongs to; never falls.
    """

    time: NDArray[np.int64]
    value: NDArray[np.int64]
    flag: NDArray[np.uint8]
    piece: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of values."""
        return len(self.time)

    def take(self, rows: NDArray[np.intp]) -> Trace:
        """The chosen rows."""
        return Trace(self.time[rows], self.value[rows], self.flag[rows], self.piece[rows])


def of_samples(samples: Samples, interval_ms: int) -> Trace:
    """The valid values of a series, in pieces."""
    rows = np.flatnonzero((samples.flag >= Flag.GOOD) & (samples.flag <= Flag.SUSPECT))
    time = samples.time[rows]
    broken = (np.diff(time) * 2 > interval_ms * 3) | (np.diff(rows) > 1)
    return Trace(time, samples.value[rows], samples.flag[rows], _numbered(broken, len(rows)))


def of_buckets(buckets: BucketColumns) -> Trace:
    """The means of buckets that have any, in pieces; a mean stands in the middle of its bucket."""
    rows = np.flatnonzero(buckets.valid > 0)
    time = buckets.time[rows]
    broken = np.diff(time) > buckets.every_ms
    flags = np.full(len(rows), Flag.NOT_EVALUATED, np.uint8)
    return Trace(time - buckets.every_ms // 2, buckets.mean[rows], flags, _numbered(broken, len(rows)))


def thin(trace: Trace, column: NDArray[np.int64]) -> NDArray[np.intp]:
    """Rows that are enough for a drawing.

    Args:
        trace: All values.
        column: Of pixels, for each value.

    Returns:
        Rows, rising: of each column and piece the first, the last, one of the least and one of the greatest values.
    """
    if not len(trace):
        return np.empty(0, np.intp)
    starts = np.flatnonzero(np.concatenate(([True], (np.diff(column) != 0) | (np.diff(trace.piece) != 0))))
    lengths = np.diff(np.append(starts, len(trace)))
    least = np.repeat(np.minimum.reduceat(trace.value, starts), lengths)
    greatest = np.repeat(np.maximum.reduceat(trace.value, starts), lengths)
    group = np.repeat(np.arange(len(starts)), lengths)
    rows = [starts, starts + lengths - 1]
    for extreme in (least, greatest):
        hits = np.flatnonzero(trace.value == extreme)
        rows.append(hits[np.flatnonzero(np.concatenate(([True], np.diff(group[hits]) != 0)))])
    return np.unique(np.concatenate(rows))


def silences(times: NDArray[np.int64], start: int, end: int, interval_ms: int) -> list[tuple[int, int]]:
    """Spans of (start, end] without a valid value, each longer than half a slot.

    A value stands for the slot that it ends, so a span begins with the last value and ends a slot before the next.

    Args:
        times: Ends of the slots or buckets that have a valid value.
        start: Not included.
        end: Included.
        interval_ms: Length of a slot or bucket.
    """
    edges = np.concatenate(([start], times, [end + interval_ms]))
    wide = np.flatnonzero(np.diff(edges) * 2 > interval_ms * 3)
    spans = ((int(edges[row]), min(end, int(edges[row + 1]) - interval_ms)) for row in wide)
    return [(since, until) for since, until in spans if since < until]


def line_paths(xs: NDArray[np.float64], ys: NDArray[np.float64], piece: NDArray[np.int64]) -> tuple[str, str]:
    """Path data of the pieces that join values, and of those of one value, points that a round cap makes visible."""
    if not len(xs):
        return "", ""
    first = np.concatenate(([True], np.diff(piece) != 0)).tolist()
    last = [*first[1:], True]
    joined, alone = [], []
    for begins, ends, point in zip(first, last, _points(xs, ys), strict=True):
        if begins and ends:
            alone.append(f"M{point}h0")
        else:
            joined.append(f"{'M' if begins else 'L'}{point}")
    return "".join(joined), "".join(alone)


def area_path(
    xs: NDArray[np.float64], upper: NDArray[np.float64], lower: NDArray[np.float64], piece: NDArray[np.int64]
) -> str:
    """Path data of an envelope, each piece closed by itself."""
    if not len(xs):
        return ""
    cuts = np.flatnonzero(np.diff(piece)) + 1
    above, below = _points(xs, upper), _points(xs, lower)
    parts = []
    for start, end in zip([0, *cuts.tolist()], [*cuts.tolist(), len(xs)], strict=True):
        parts.append("M" + "L".join([*above[start:end], *reversed(below[start:end])]) + "Z")
    return "".join(parts)


def _numbered(broken: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
    return np.concatenate((np.zeros(min(1, count), np.int64), np.cumsum(broken, dtype=np.int64)))


def _points(xs: NDArray[np.float64], ys: NDArray[np.float64]) -> list[str]:
    """Coordinates to a tenth of a pixel, from integers so that no digit depends on how floats print."""
    tenths = np.rint(np.stack((xs, ys), axis=1) * _TENTH).astype(np.int64).tolist()
    return [f"{_tenths(x)},{_tenths(y)}" for x, y in tenths]


def _tenths(count: int) -> str:
    whole, rest = divmod(abs(count), _TENTH)
    sign = "-" if count < 0 else ""
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"
