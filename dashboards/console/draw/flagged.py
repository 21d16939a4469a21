"""What quality tests say of a series: hollow rings, crosses, arrows at the edge, and a rug of what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dashboards.console.draw.svg import number, tag
from hydro.fixed import MICRO
from hydro.flags import Flag

if TYPE_CHECKING:
    from dashboards.console.draw.model import Samples
    from dashboards.console.draw.plot import Plot

__all__ = ["CROSS", "RING", "RUG_MARK", "beyond", "failed", "rug", "suspect"]

RING: Final = "m-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0"
"""Path of a hollow marker, relative to its middle."""
CROSS: Final = "m-3,-3l6,6m-6,0l6,-6"
"""Path of a cross, relative to its middle."""
RUG_MARK: Final = "m0,-3v6"
"""Path of a tick of the rug, relative to its middle."""

_RUG_PX: Final = 9
_LEAST_END_PX: Final = 6
"""Silence up to the right end that is shorter is the wait for the next value, and would look like a speck of dirt."""
_SAME_PX: Final = 3
_UP: Final = "l4,6h-8z"
_DOWN: Final = "l4,-6h-8z"


def suspect(plot: Plot, samples: Samples) -> str:
    """SUSPECT values as rings; they are data, so the line runs through them."""
    return _marks(plot, samples, Flag.SUSPECT, RING, "wm-suspect")


def failed(plot: Plot, samples: Samples) -> str:
    """FAIL values within the axis as crosses, joined to nothing."""
    return _marks(plot, samples, Flag.FAIL, CROSS, "wm-fail")


def beyond(plot: Plot, samples: Samples) -> str:
    """FAIL values outside of the axis as arrows at its edge, so that they don't squash the scale."""
    rows = np.flatnonzero(samples.flag == Flag.FAIL)
    times, values = samples.time[rows], samples.value[rows]
    path = ""
    for times_out, edge, arrow in (
        (times[values > plot.value.high * MICRO], plot.value.top, _UP),
        (times[values < plot.value.low * MICRO], plot.value.bottom, _DOWN),
    ):
        columns = np.unique(np.rint(plot.time.xs(times_out) / (2 * _SAME_PX)).astype(np.int64)) * 2 * _SAME_PX
        path += "".join(f"M{number(x)},{number(edge)}{arrow}" for x in columns.tolist())
    return tag("path", d=path, class_="wm-beyond") if path else ""


def rug(plot: Plot, samples: Samples | None, silent: list[tuple[int, int]]) -> list[str]:
    """Below the axis: a tick where a value is stated missing, a dotted line where nothing valid came."""
    y = plot.value.bottom + _RUG_PX
    parts = []
    path = "".join(
        f"M{number(plot.time.inside(since))},{number(y)}H{number(plot.time.inside(until))}"
        for since, until in silent
        if until < plot.time.end or plot.time.x(until) - plot.time.x(since) >= _LEAST_END_PX
    )
    if path:
        parts.append(tag("path", d=path, class_="wm-silence"))
    if samples is not None:
        columns = np.unique(np.rint(plot.time.xs(samples.time[samples.flag == Flag.MISSING])).astype(np.int64))
        ticks = "".join(f"M{x},{number(y)}{RUG_MARK}" for x in columns.tolist())
        if ticks:
            parts.append(tag("path", d=ticks, class_="wm-missing"))
    return parts


def _marks(plot: Plot, samples: Samples, flag: Flag, shape: str, class_: str) -> str:
    rows = np.flatnonzero(samples.flag == flag)
    numbers = samples.value[rows] / MICRO
    rows = rows[(numbers >= plot.value.low) & (numbers <= plot.value.high)]
    xs, ys = plot.time.xs(samples.time[rows]), plot.value.ys(samples.value[rows])
    # Marks that would cover each other are one mark: a day of failures must not become a megabyte.
    cells = np.stack((np.rint(xs / _SAME_PX), np.rint(ys / _SAME_PX)), axis=1).astype(np.int64)
    _, kept = np.unique(cells, axis=0, return_index=True)
    path = "".join(f"M{number(xs[row])},{number(ys[row])}{shape}" for row in np.sort(kept).tolist())
    return tag("path", d=path, class_=class_) if path else ""
