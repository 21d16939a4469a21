"""Labels of stations on a river that runs from left to right: a name and, below it, a value."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dashboards.console.draw.lettering import shorten, text_width
from dashboards.console.draw.schematic.labels import Anchor, Box, Label, place
from dashboards.console.draw.schematic.scene import Line
from dashboards.console.draw.schematic.station_text import station_text
from hydro.register import StationKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.console.draw.model import Lang
    from dashboards.console.draw.schematic.line_places import Style
    from dashboards.console.draw.schematic.scene import StationSpot

__all__ = ["labelled"]

NAME_PX: Final = 12.5
VALUE_PX: Final = 12
_WIDEST_LABEL: Final = 168
_LINE_PX: Final = 15.5
_BASELINE_PX: Final = 12
_TWO_LINES: Final = 2
_NAME_ALONE: Final = 1
_SELECTED: Final = 100
_WIDTH_STEP_PX: Final = 16
"""Widths are rounded up to it, so that labels stay where they are while a value gains a digit and loses it."""


def labelled(
    stations: Sequence[StationSpot], obstacles: Sequence[Box], bounds: Box, style: Style
) -> tuple[list[StationSpot], int]:
    """Stations with labels where there is room, and how many single ones have none."""
    asking = [
        number
        for number, spot in enumerate(stations)
        if len(spot.marks) == 1 and (not style.dense or spot.marks[0].state.firing or spot.marks[0].selected)
    ]
    taken = list(obstacles)
    found = list(stations)
    for lines in (_TWO_LINES, _NAME_ALONE):
        labels = place([_anchor(stations[number], style, lines) for number in asking], taken, bounds)
        for number, label in zip(asking, labels, strict=True):
            if label is not None:
                found[number] = _with_label(stations[number], label, lines, style.lang)
                taken += [label.box] if label.leader is None else [label.box, label.leader]
        asking = [number for number, label in zip(asking, labels, strict=True) if label is None]
    nameless = sum(len(spot.marks) == 1 and not spot.lines for spot in found)
    return found, nameless


def _anchor(spot: StationSpot, style: Style, lines: int) -> Anchor:
    mark = spot.marks[0]
    text = station_text(mark, style.lang)
    width = text_width(shorten(text.name, NAME_PX, _WIDEST_LABEL), NAME_PX)
    if lines == _TWO_LINES:
        width = max(width, _value_width(text.value, text.aside))
    reach = spot.radius + 6
    away = spot.foot is not None or mark.kind is StationKind.WELL
    first_up = spot.away[1] < 0 if away else True
    importance = _SELECTED * mark.selected + mark.state.severity
    width = math.ceil((width + 6) / _WIDTH_STEP_PX) * _WIDTH_STEP_PX
    return Anchor(spot.x, spot.y, reach, reach, width, lines * _LINE_PX, first_up, away, importance)


def _value_width(value: str, aside: str) -> float:
    return text_width(value, VALUE_PX) * 1.06 + (text_width(aside, VALUE_PX - 1) + 6 if aside else 0)


def _with_label(spot: StationSpot, label: Label, rows: int, lang: Lang) -> StationSpot:
    """The station with one or two lines of text, aligned as the label says."""
    text = station_text(spot.marks[0], lang)
    box = label.box
    x = {"start": box.left + 3, "middle": (box.left + box.right) / 2, "end": box.right - 3}[label.align]
    anchor = {"start": "", "middle": " wm-middle", "end": " wm-end"}[label.align]
    name = shorten(text.name, NAME_PX, _WIDEST_LABEL)
    baseline = box.top + _BASELINE_PX
    middle = box.top + _LINE_PX
    lines = [Line(x, baseline, name, f"wm-name{anchor}", Box(box.left, box.top, box.right, middle))]
    if rows == _TWO_LINES:
        below = Box(box.left, middle, box.right, box.bottom)
        lines.append(Line(x, baseline + _LINE_PX, text.value, f"{text.value_class}{anchor}", below, text.aside))
    leader = None
    if label.leader is not None:
        leader = (spot.x, label.leader.top), (spot.x, label.leader.bottom)
    return replace(spot, lines=tuple(lines), leader=leader)
