"""A series the size of a word: its line, its target as a hairline, its newest value as a dot of its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dashboards.console.draw import curve, trace
from dashboards.console.draw.columns import Samples
from dashboards.console.draw.plot import Plot
from dashboards.console.draw.schematic.glyphs import state_class
from dashboards.console.draw.svg import escape, number, picture, tag
from dashboards.console.draw.time_axis import TimeAxis
from dashboards.console.draw.value_axis import value_axis
from hydro.fixed import MICRO

if TYPE_CHECKING:
    from dashboards.console.draw.model import Sparkline

__all__ = ["draw"]

_EDGE_PX: Final = 4
_DOT_PX: Final = 2.6


def draw(sparkline: Sparkline) -> str:
    """The sparkline as ``<svg>``; a bare baseline where there is no valid value.

    Raises:
        ValueError: ``end`` is not later than ``start``.
    """
    if sparkline.end <= sparkline.start:
        message = f"a sparkline of {sparkline.label!r} from {sparkline.start} to {sparkline.end} has no length"
        raise ValueError(message)
    samples = sparkline.samples
    first, last = np.searchsorted(samples.time, [sparkline.start, sparkline.end], "right").tolist()
    shown = Samples(samples.time[first:last], samples.value[first:last], samples.flag[first:last])
    valid = trace.of_samples(shown, sparkline.interval_ms)
    left, right = _EDGE_PX, sparkline.width - _EDGE_PX
    time = TimeAxis(sparkline.start, sparkline.end, left, right, 0, "en")
    values = (float(valid.value.min()) / MICRO, float(valid.value.max()) / MICRO) if len(valid) else None
    targets = () if sparkline.target is None else (sparkline.target / MICRO,)
    value = value_axis(values, targets, flowing=False, top=_EDGE_PX, bottom=sparkline.height - _EDGE_PX)
    plot = Plot(time, value, level=False, lang="en")
    parts = []
    if sparkline.target is not None:
        y = number(value.inside(sparkline.target / MICRO))
        parts.append(tag("path", d=f"M{left},{y}H{right}", class_="wm-leader"))
    if len(valid):
        kept = trace.thin(valid, np.floor(time.xs(valid.time)).astype(np.int64))
        parts += curve.line(plot, valid.take(kept), dense=True)
        x, y_px = time.x(int(valid.time[-1])), float(value.ys(valid.value[-1:])[0])
        parts.append(tag("circle", cx=x, cy=y_px, r=_DOT_PX, class_=state_class(sparkline.state)))
    else:
        y = number(sparkline.height - _EDGE_PX)
        parts.append(tag("path", d=f"M{left},{y}H{right}", class_="wm-silence"))
    label = tag("title", escape(sparkline.label))
    return picture(
        sparkline.width,
        sparkline.height,
        label,
        *parts,
        class_="wm wm-sparkline",
        role="img",
        aria_label=sparkline.label,
    )
