"""Layers of the series itself: its line, the envelope of buckets, and what it was short of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dashboards.console.draw.svg import tag
from dashboards.console.draw.trace import area_path, line_paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dashboards.console.draw.model import BucketColumns, TargetLine
    from dashboards.console.draw.plot import Plot
    from dashboards.console.draw.trace import Trace

__all__ = ["deficit", "envelope", "line"]

_NO_TARGET: Final = -(2**62)


def line(plot: Plot, shown: Trace, *, dense: bool) -> list[str]:
    """The line, and values that stand alone between gaps; finer where many values share a pixel."""
    joined, alone = line_paths(plot.time.xs(shown.time), plot.value.ys(shown.value), shown.piece)
    class_ = "wm-series wm-dense" if dense else "wm-series"
    return [tag("path", d=path, class_=name) for path, name in ((joined, class_), (alone, "wm-alone")) if path]


def envelope(plot: Plot, shown: Trace, buckets: BucketColumns, kept: NDArray[np.intp]) -> list[str]:
    """From the least to the greatest value of each bucket.

    Args:
        plot: Where.
        shown: The means that are drawn.
        buckets: All of them.
        kept: Of the buckets with values, the rows that ``shown`` holds.
    """
    rows = np.flatnonzero(buckets.valid > 0)[kept]
    upper, lower = plot.value.ys(buckets.maximum[rows]), plot.value.ys(buckets.minimum[rows])
    path = area_path(plot.time.xs(shown.time), upper, lower, shown.piece)
    return [tag("path", d=path, class_="wm-envelope")] if path else []


def deficit(plot: Plot, targets: Sequence[TargetLine], shown: Trace) -> list[str]:
    """The area between the first target and the series where it lies below: what the river was short of."""
    if not targets or not len(shown):
        return []
    asked = np.full(len(shown), _NO_TARGET, np.int64)
    for step in targets[0].steps:
        asked[(shown.time > step.start) & (shown.time <= step.end)] = step.value
    below = shown.value < asked
    # With its neighbours above, at which the area closes to nothing on the target line.
    near = below.copy()
    near[1:] |= below[:-1]
    near[:-1] |= below[1:]
    rows = np.flatnonzero(near & (asked != _NO_TARGET))
    if not len(rows):
        return []
    part, wanted = shown.take(rows), asked[rows]
    runs = np.concatenate(([0], np.cumsum((np.diff(rows) > 1) | (np.diff(part.piece) != 0))))
    lower = plot.value.ys(np.minimum(part.value, wanted))
    path = area_path(plot.time.xs(part.time), plot.value.ys(wanted), lower, runs)
    return [tag("path", d=path, class_="wm-deficit")]
