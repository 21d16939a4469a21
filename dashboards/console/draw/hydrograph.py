"""The hydrograph: a series against what is asked of it.

From back to front: levels below the target as washes, grid, envelope, target, line, flagged values, alerts on top, and
at the bottom a rug of what is missing. Nothing is drawn where nothing was measured.

What a script needs for a readout under the pointer is in the drawing: :mod:`dashboards.console.draw.readout`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dashboards.console.draw import curve, flagged, trace
from dashboards.console.draw import readout as readouts
from dashboards.console.draw.alert_bars import LANE_PX, LEAST_BAR_PX, bars, lanes, onset_path
from dashboards.console.draw.lettering import text_width
from dashboards.console.draw.model import BucketColumns, Samples
from dashboards.console.draw.plot import (
    AXIS_TEXT_PX,
    LABEL_PX,
    MarginLabel,
    Plot,
    bands,
    digits,
    frame,
    legend,
    margin,
    target_label,
    target_lines,
)
from dashboards.console.draw.svg import escape, picture, tag
from dashboards.console.draw.time_axis import TimeAxis
from dashboards.console.draw.value_axis import ValueAxis, value_axis
from dashboards.console.draw.words import quantity_word, say, unit_text
from hydro.fixed import MICRO
from hydro.flags import Flag
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dashboards.console.draw.alert_bars import Lane
    from dashboards.console.draw.model import Hydrograph
    from dashboards.console.draw.trace import Trace

__all__ = ["draw"]

_FLOWING: Final = frozenset(
    {
        Quantity.DISCHARGE,
        Quantity.VELOCITY,
        Quantity.VOLUME,
        Quantity.POWER,
        Quantity.RAIN,
        Quantity.PUMP,
        Quantity.DOOR,
        Quantity.METER_FAULT,
        Quantity.FLOW_STATE,
        Quantity.GATE_OPENING,
    }
)
"""Quantities whose zero means something, so that it belongs on the axis."""

_LEVELS: Final = frozenset({Quantity.STAGE, Quantity.WATER_LEVEL, Quantity.GROUNDWATER_DEPTH})
_MOST_LANES: Final = 3
_HEAD_PX: Final = 24
_TEXT_Y: Final = 13
_FOOT_PX: Final = 46
_NARROW_PX: Final = 520
_RIGHT_SHARE: Final = 0.22
_PLOT_SHARE: Final = 0.7
_DENSE: Final = 4
_FRESH_SHARE: Final = 0.9


def draw(hydrograph: Hydrograph) -> str:
    """The hydrograph as ``<svg>``; for screen readers an image, or a group where its alerts are links to reach.

    Raises:
        ValueError: ``end`` is not later than ``start``.
    """
    if hydrograph.end <= hydrograph.start:
        message = f"a hydrograph of {hydrograph.name!r} from {hydrograph.start} to {hydrograph.end} has no length"
        raise ValueError(message)
    samples, buckets = _within(hydrograph)
    valid = trace.of_samples(samples, hydrograph.interval_ms) if buckets is None else trace.of_buckets(buckets)
    plot, rows, left_out = _plot(hydrograph, valid, buckets)
    shown, kept = _thinned(plot, valid)
    onsets = onset_path(rows, plot.time, _HEAD_PX, plot.value.bottom)
    told = readouts.told(hydrograph, valid, level=plot.level)
    return picture(
        hydrograph.width,
        hydrograph.height,
        tag("metadata", escape(readouts.points(plot, hydrograph, shown)), class_="wm-readout"),
        *(bands(plot, hydrograph.targets[0]) if hydrograph.targets else ()),
        *frame(plot),
        tag("path", d=onsets, class_="wm-onset") if onsets else "",
        *([] if buckets is None else curve.envelope(plot, shown, buckets, kept)),
        *curve.deficit(plot, hydrograph.targets, shown),
        *target_lines(plot, hydrograph.targets),
        *curve.line(plot, shown, dense=len(valid) > _DENSE * len(shown)),
        flagged.suspect(plot, samples),
        flagged.failed(plot, samples),
        flagged.beyond(plot, samples),
        *flagged.rug(plot, samples, _silences(hydrograph, valid, buckets)),
        *bars(rows, plot.time, _HEAD_PX, hydrograph.lang),
        *_head(plot, hydrograph, samples, buckets, left_out),
        *_margin(plot, hydrograph, valid, buckets),
        *([] if len(valid) else [_nothing(plot)]),
        class_="wm wm-hydrograph",
        role="group" if any(alert.href for alert in hydrograph.alerts) else "img",
        aria_label=told,
        lang="zh-CN" if hydrograph.lang == "zh" else "en",
    )


def _within(hydrograph: Hydrograph) -> tuple[Samples, BucketColumns | None]:
    """What lies in (start, end]; no samples where buckets are given."""
    buckets = hydrograph.buckets
    if buckets is not None:
        rows = slice(
            int(np.searchsorted(buckets.time, hydrograph.start, "right")),
            # The last bucket may end after the range that was asked for.
            int(np.searchsorted(buckets.time - buckets.every_ms, hydrograph.end, "left")),
        )
        columns = (buckets.time, buckets.mean, buckets.minimum, buckets.maximum, buckets.valid, buckets.expected)
        return Samples.of(()), BucketColumns(buckets.every_ms, *(column[rows] for column in columns))
    samples = Samples.of(()) if hydrograph.samples is None else hydrograph.samples
    first, last = np.searchsorted(samples.time, [hydrograph.start, hydrograph.end], "right").tolist()
    return Samples(samples.time[first:last], samples.value[first:last], samples.flag[first:last]), None


def _plot(hydrograph: Hydrograph, valid: Trace, buckets: BucketColumns | None) -> tuple[Plot, list[Lane], int]:
    """Room for everything: lanes of alerts on top, labels of values left, of targets right, of times below."""
    width, height = hydrograph.width, hydrograph.height
    span = hydrograph.end - hydrograph.start
    least_ms = round(span * LEAST_BAR_PX / (width * _PLOT_SHARE))
    rows, left_out = lanes(hydrograph.alerts, hydrograph.start, hydrograph.end, least_ms=least_ms, at_most=_MOST_LANES)
    rough = TimeAxis(hydrograph.start, hydrograph.end, 0, width, hydrograph.zone_minutes, hydrograph.lang)
    top, bottom = _HEAD_PX + len(rows) * LANE_PX + 6, height - _FOOT_PX
    value = _value_axis(hydrograph, valid, buckets, top, bottom)
    left = max(text_width(one.label, AXIS_TEXT_PX) for one in value.ticks()) + 12
    brief = width < _NARROW_PX
    level = hydrograph.quantity in _LEVELS
    rough_plot = Plot(rough, value, level, hydrograph.lang)
    texts = [label.text for target in hydrograph.targets if (label := target_label(rough_plot, target, brief=brief))]
    if len(valid):
        texts.append(digits(int(valid.value[-1]), level=level))
    room = min(max((text_width(text, LABEL_PX) for text in texts), default=0.0) + 12, width * _RIGHT_SHARE)
    time = TimeAxis(hydrograph.start, hydrograph.end, left, width - room, hydrograph.zone_minutes, hydrograph.lang)
    return Plot(time, value, level, hydrograph.lang), rows, left_out


def _value_axis(
    hydrograph: Hydrograph, valid: Trace, buckets: BucketColumns | None, top: float, bottom: float
) -> ValueAxis:
    least, greatest = (valid.value, valid.value)
    if buckets is not None:
        with_values = buckets.valid > 0
        least, greatest = buckets.minimum[with_values], buckets.maximum[with_values]
    values = (float(least.min()) / MICRO, float(greatest.max()) / MICRO) if len(valid) else None
    asked = [
        step
        for target in hydrograph.targets
        for step in target.steps
        if step.end > hydrograph.start and step.start < hydrograph.end
    ]
    flowing = hydrograph.quantity in _FLOWING
    levels = [] if flowing else [bound.below for step in asked for bound in step.bounds]
    targets = tuple(value / MICRO for value in (*(step.value for step in asked), *levels))
    return value_axis(values, targets, flowing=flowing, top=top, bottom=bottom)


def _thinned(plot: Plot, valid: Trace) -> tuple[Trace, NDArray[np.intp]]:
    columns = np.floor(plot.time.xs(valid.time)).astype(np.int64)
    kept = trace.thin(valid, columns)
    return valid.take(kept), kept


def _silences(hydrograph: Hydrograph, valid: Trace, buckets: BucketColumns | None) -> list[tuple[int, int]]:
    if buckets is None:
        return trace.silences(valid.time, hydrograph.start, hydrograph.end, hydrograph.interval_ms)
    return trace.silences(buckets.time[buckets.valid > 0], hydrograph.start, hydrograph.end, buckets.every_ms)


def _head(
    plot: Plot, hydrograph: Hydrograph, samples: Samples, buckets: BucketColumns | None, left_out: int
) -> list[str]:
    """Quantity and unit, and keys for what occurs."""
    lang = hydrograph.lang
    unit = unit_text(hydrograph.quantity)
    told = quantity_word(hydrograph.quantity, lang) + (f" {unit}" if unit else "")
    flags = set(samples.flag.tolist()) if len(samples) else set()
    items = []
    if Flag.SUSPECT in flags:
        items.append((tag("path", d="M0,0" + flagged.RING, class_="wm-suspect"), say("suspect", lang)))
    if Flag.FAIL in flags:
        items.append((tag("path", d="M0,0" + flagged.CROSS, class_="wm-fail"), say("fail", lang)))
    if Flag.MISSING in flags:
        items.append((tag("path", d="M0,0" + flagged.RUG_MARK, class_="wm-missing"), say("missing", lang)))
    if buckets is not None and len(buckets):
        items.append((tag("rect", x=-5, y=-5, width=10, height=10, class_="wm-envelope"), say("range", lang)))
    if plot.value.knee is not None:
        items.append((tag("path", d="M-4,4q1,-7 8,-8", class_="wm-fail"), say("folded scale", lang)))
    if left_out:
        items.insert(0, ("", f"+{left_out} {say('more alerts', lang)}"))
    start = text_width(told, LABEL_PX) + 20
    return [
        tag("text", escape(told), x=0, y=_TEXT_Y, class_="wm-muted"),
        *legend(items, start, hydrograph.width, _TEXT_Y),
    ]


def _margin(plot: Plot, hydrograph: Hydrograph, valid: Trace, buckets: BucketColumns | None) -> list[str]:
    """Names of the targets, and the newest value where it is at the end of the axis."""
    brief = hydrograph.width < _NARROW_PX
    labels = [label for target in hydrograph.targets if (label := target_label(plot, target, brief=brief))]
    parts = []
    if len(valid) and buckets is None:
        x, y = plot.time.x(int(valid.time[-1])), float(plot.value.ys(valid.value[-1:])[0])
        parts.append(tag("circle", cx=x, cy=y, r=3.6, class_="wm-newest"))
        if x - plot.time.left >= _FRESH_SHARE * (plot.time.right - plot.time.left):
            told = digits(int(valid.value[-1]), level=plot.level)
            labels.append(MarginLabel(y, told, "wm-newest-text"))
    return parts + margin(labels, plot, hydrograph.width - plot.time.right - 8)


def _nothing(plot: Plot) -> str:
    x, y = (plot.time.left + plot.time.right) / 2, (plot.value.top + plot.value.bottom) / 2
    return tag("text", escape(say("no data", plot.lang)), x=x, y=y, class_="wm-empty")
