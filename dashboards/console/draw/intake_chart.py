"""An intake's metering point on one axis of time: flow, what the total gained, and below them the bits of its device.

Whether water is taken unmetered is seen where rows disagree: the pump runs and nothing flows, water flows and the total
stands still, the door opens and then something steps. So they stand under each other, over the same pixels::

    alerts    |====== suspected ======|
    flow      .-^--^-.______.--^^--.      against the permitted and the largest rate
    total     ___/-----'-----'----/
    pump      =======        ========     runs; dots where nothing is known
    door             =

The total is drawn from the left end of the axis: what it gained, not what it has counted in its life.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from dashboards.console.draw import curve, flagged, trace
from dashboards.console.draw.alert_bars import LANE_PX, LEAST_BAR_PX, bars, lanes, onset_path
from dashboards.console.draw.lettering import shorten, text_width
from dashboards.console.draw.model import Samples
from dashboards.console.draw.plot import (
    AXIS_TEXT_PX,
    LABEL_PX,
    Plot,
    digits,
    grid,
    margin,
    target_label,
    target_lines,
    time_foot,
)
from dashboards.console.draw.svg import escape, number, picture, tag
from dashboards.console.draw.time_axis import TimeAxis
from dashboards.console.draw.value_axis import value_axis
from dashboards.console.draw.words import quantity_word, say, unit_text
from hydro.fixed import MICRO
from hydro.instants import format_instant
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.console.draw.alert_bars import Lane
    from dashboards.console.draw.model import AlertSpan, Lang, TargetLine

__all__ = ["BitLane", "IntakeChart", "draw", "on_spans"]

_HEAD_PX: Final = 20
_TEXT_Y: Final = 13
_TITLE_PX: Final = 20
_LANE_PX: Final = 19
_BIT_PX: Final = 11
_FOOT_PX: Final = 46
_FLOW_SHARE: Final = 0.6
_MOST_LANES: Final = 3
_NARROW_PX: Final = 520
_RIGHT_SHARE: Final = 0.22
_HALF: Final = MICRO // 2
_DENSE: Final = 4


class BitLane(NamedTuple):
    """What is on or off.

    Attributes:
        label: In the language of the page.
        samples: Values; on from one half.
        warns: Being on is a warning, not work.
    """

    label: str
    samples: Samples
    warns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeChart:
    """See the module.

    Attributes:
        name: Of the metering point; read out, not drawn.
        start: Left end of the axis, not included.
        end: Right end, included.
        flow: Of water, m3/s.
        total: Of the counter, m3, as it shows.
        limits: Rates that are permitted or possible; the first is the strongest.
        bits: From top to bottom.
        alerts: As bars on top.
        interval_ms: Length of the station's slots.
        zone_minutes: Zone of the axis.
        lang: Of the drawing's own words.
        width: Of the drawing.
        height: Of flow and total together.
    """

    name: str
    start: int
    end: int
    flow: Samples
    total: Samples
    limits: tuple[TargetLine, ...] = ()
    bits: tuple[BitLane, ...] = ()
    alerts: tuple[AlertSpan, ...] = ()
    interval_ms: int = 300_000
    zone_minutes: int = 480
    lang: Lang = "zh"
    width: int = 880
    height: int = 250


class _Panel(NamedTuple):
    """A series with its place and its head."""

    plot: Plot
    samples: Samples
    title: str
    limits: tuple[TargetLine, ...]


def draw(chart: IntakeChart) -> str:
    """The chart as ``<svg>``; for screen readers an image that is told in a sentence.

    Raises:
        ValueError: ``end`` is not later than ``start``.
    """
    if chart.end <= chart.start:
        raise ValueError(f"a chart of {chart.name!r} from {chart.start} to {chart.end} has no length")
    rows, left_out = _alert_lanes(chart)
    panels, bottom = _panels(chart, _HEAD_PX + len(rows) * LANE_PX + 4)
    time = panels[0].plot.time
    foot = bottom + len(chart.bits) * _LANE_PX
    axis, times = time_foot(time, foot)
    onsets = onset_path(rows, time, _HEAD_PX, foot)
    return picture(
        chart.width,
        foot + _FOOT_PX,
        *(part for panel in panels for part in _panel(panel, foot, chart)),
        *(
            part
            for place, lane in enumerate(chart.bits)
            for part in _lane(lane, bottom + place * _LANE_PX, time, chart)
        ),
        tag("path", d=onsets, class_="wm-onset") if onsets else "",
        axis,
        *times,
        *bars(rows, time, _HEAD_PX, chart.lang),
        *(
            [
                tag(
                    "text",
                    escape(f"+{left_out} {say('more alerts', chart.lang)}"),
                    x=chart.width,
                    y=_TEXT_Y,
                    class_="wm-axis-text wm-end",
                )
            ]
            if left_out
            else []
        ),
        class_="wm wm-intake",
        role="group" if any(alert.href for alert in chart.alerts) else "img",
        aria_label=_told(chart),
        lang="zh-CN" if chart.lang == "zh" else "en",
    )


def on_spans(samples: Samples, start: int, end: int, interval_ms: int) -> list[tuple[int, int]]:
    """When a bit was on within (start, end]: a value stands for the slot that it ends.

    >>> import numpy as np
    >>> on = Samples(np.array([10, 20, 30, 40, 90]), np.array([1, 1, 0, 1, 1]) * 1_000_000, np.full(5, 1, np.uint8))
    >>> on_spans(on, 0, 100, 10)
    [(0, 20), (30, 40), (80, 90)]
    """
    valid = trace.of_samples(samples, interval_ms)
    rows = np.flatnonzero((valid.value >= _HALF) & (valid.time > start) & (valid.time <= end))
    found: list[tuple[int, int]] = []
    for at in valid.time[rows].tolist():
        since = max(at - interval_ms, start)
        if found and found[-1][1] >= since:
            found[-1] = found[-1][0], at
        else:
            found.append((since, at))
    return found


def _alert_lanes(chart: IntakeChart) -> tuple[list[Lane], int]:
    least_ms = round((chart.end - chart.start) * LEAST_BAR_PX / (chart.width * _FLOW_SHARE))
    return lanes(chart.alerts, chart.start, chart.end, least_ms=least_ms, at_most=_MOST_LANES)


def _panels(chart: IntakeChart, top: float) -> tuple[list[_Panel], float]:
    """Flow and total over one axis of time, with room left for all labels; and where they end."""
    flow_bottom = top + _TITLE_PX + (chart.height - 2 * _TITLE_PX) * _FLOW_SHARE
    bottom = top + chart.height
    gained = _gained(chart)
    flow, total = _trace(chart.flow, chart), _trace(gained, chart)
    limits = tuple(step.value / MICRO for line in chart.limits for step in line.steps)
    axes = (
        value_axis(_range(flow), limits, flowing=True, top=top + _TITLE_PX, bottom=flow_bottom),
        value_axis(_range(total), (), flowing=True, top=flow_bottom + _TITLE_PX, bottom=bottom - 8),
    )
    labels = [text_width(one.label, AXIS_TEXT_PX) for axis in axes for one in axis.ticks()]
    labels += [text_width(lane.label, AXIS_TEXT_PX) for lane in chart.bits]
    left = max(labels, default=0.0) + 12
    rough = Plot(
        TimeAxis(chart.start, chart.end, 0, chart.width, chart.zone_minutes, chart.lang),
        axes[0],
        level=False,
        lang=chart.lang,
    )
    brief = chart.width < _NARROW_PX
    texts = [label.text for line in chart.limits if (label := target_label(rough, line, brief=brief))]
    room = min(max((text_width(text, LABEL_PX) for text in texts), default=0.0) + 12, chart.width * _RIGHT_SHARE)
    time = TimeAxis(chart.start, chart.end, left, chart.width - room, chart.zone_minutes, chart.lang)
    plots = [Plot(time, axis, level=False, lang=chart.lang) for axis in axes]
    flow_title = f"{quantity_word(Quantity.DISCHARGE, chart.lang)} {unit_text(Quantity.DISCHARGE)}"
    total_title = f"{say('gained', chart.lang)} {unit_text(Quantity.VOLUME_TOTAL)}"
    if len(total):
        total_title += f" · {_signed(int(total.value[-1]))}"
    panels = [_Panel(plots[0], chart.flow, flow_title, chart.limits), _Panel(plots[1], gained, total_title, ())]
    return panels, bottom


def _gained(chart: IntakeChart) -> Samples:
    """The total from its first valid value on the axis."""
    valid = _trace(chart.total, chart)
    first = int(valid.value[0]) if len(valid) else 0
    return Samples(chart.total.time, chart.total.value - first, chart.total.flag)


def _trace(samples: Samples, chart: IntakeChart) -> trace.Trace:
    first, last = np.searchsorted(samples.time, [chart.start, chart.end], "right").tolist()
    shown = Samples(samples.time[first:last], samples.value[first:last], samples.flag[first:last])
    return trace.of_samples(shown, chart.interval_ms)


def _range(valid: trace.Trace) -> tuple[float, float] | None:
    return (float(valid.value.min()) / MICRO, float(valid.value.max()) / MICRO) if len(valid) else None


def _panel(panel: _Panel, foot: float, chart: IntakeChart) -> list[str]:
    plot = panel.plot
    rules, labels = grid(plot, foot)
    valid = _trace(panel.samples, chart)
    kept = trace.thin(valid, np.floor(plot.time.xs(valid.time)).astype(np.int64))
    shown = valid.take(kept)
    brief = chart.width < _NARROW_PX
    named = [label for line in panel.limits if (label := target_label(plot, line, brief=brief))]
    middle = (plot.time.left + plot.time.right) / 2, (plot.value.top + plot.value.bottom) / 2
    empty = tag("text", escape(say("no data", chart.lang)), x=middle[0], y=middle[1], class_="wm-empty")
    return [
        rules,
        *labels,
        tag("text", escape(panel.title), x=plot.time.left, y=plot.value.top - 6, class_="wm-muted"),
        *target_lines(plot, panel.limits),
        *curve.line(plot, shown, dense=len(valid) > _DENSE * len(shown)),
        flagged.suspect(plot, panel.samples),
        flagged.failed(plot, panel.samples),
        *margin(named, plot, chart.width - plot.time.right - 8),
        *([] if len(valid) else [empty]),
    ]


def _lane(lane: BitLane, top: float, time: TimeAxis, chart: IntakeChart) -> list[str]:
    """One bit: fields where it is on, dots where nothing is known of it."""
    base = top + _LANE_PX - 3
    class_ = "wm-warns" if lane.warns else "wm-runs"
    fields = []
    for since, until in on_spans(lane.samples, chart.start, chart.end, chart.interval_ms):
        left, right = time.inside(since), time.inside(until)
        told = f"{lane.label} · {_minute(since, chart)} – {_minute(until, chart)}"
        width = max(right - left, 1.0)
        title = tag("title", escape(told))
        fields.append(tag("rect", title, x=left, y=base - _BIT_PX, width=width, height=_BIT_PX, class_=class_))
    known = _trace(lane.samples, chart).time
    silent = "".join(
        f"M{number(time.inside(since))},{number(base - _BIT_PX / 2)}H{number(time.inside(until))}"
        for since, until in trace.silences(known, chart.start, chart.end, chart.interval_ms)
    )
    label = shorten(lane.label, AXIS_TEXT_PX, time.left - 7)
    return [
        tag("text", escape(label), x=time.left - 7, y=base - 2, class_="wm-axis-text wm-end"),
        tag("path", d=f"M{number(time.left)},{number(base)}H{number(time.right)}", class_="wm-lane"),
        tag("path", d=silent, class_="wm-silence") if silent else "",
        *fields,
    ]


def _minute(at: int, chart: IntakeChart) -> str:
    return format_instant(at, chart.zone_minutes)[5:16].replace("T", " ")


def _signed(micro: int) -> str:
    return f"{'+' if micro >= 0 else ''}{digits(micro)}"


def _told(chart: IntakeChart) -> str:
    """The chart in a sentence."""
    lang = chart.lang
    parts = [chart.name, f"{_minute(chart.start, chart)} – {_minute(chart.end, chart)}"]
    for quantity, samples in ((Quantity.DISCHARGE, chart.flow), (Quantity.VOLUME_TOTAL, _gained(chart))):
        valid = _trace(samples, chart)
        word = quantity_word(quantity, lang) if quantity is Quantity.DISCHARGE else say("gained", lang)
        told = f"{digits(int(valid.value[-1]))} {unit_text(quantity)}" if len(valid) else say("no data", lang)
        parts.append(f"{word} {told}")
    parts += [f"{lane.label} {_share_on(lane, chart)}" for lane in chart.bits]
    return " · ".join(parts)


def _share_on(lane: BitLane, chart: IntakeChart) -> str:
    spans: Sequence[tuple[int, int]] = on_spans(lane.samples, chart.start, chart.end, chart.interval_ms)
    on = sum(until - since for since, until in spans)
    return f"{say('on', chart.lang)} {100 * on / (chart.end - chart.start):.0f} %"
