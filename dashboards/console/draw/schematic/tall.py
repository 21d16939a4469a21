"""The schematic for a phone: water runs from top to bottom, and every station has a row of its own.

Each river is a column; what flows into it stands one column farther right, in the rows above the confluence. Names and
values are in columns too, as in a timetable, so that they can't meet.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from dashboards.console.draw.lettering import shorten, text_width
from dashboards.console.draw.schematic.gather import MANY, gathered
from dashboards.console.draw.schematic.glyphs import RADIUS
from dashboards.console.draw.schematic.labels import Box
from dashboards.console.draw.schematic.reaches import is_aside, reaches
from dashboards.console.draw.schematic.ribbon import Knot, Winding
from dashboards.console.draw.schematic.scene import Diversion, Line, River, Scene, StationSpot
from dashboards.console.draw.schematic.station_text import counts, station_text
from dashboards.console.draw.schematic.streams import streams
from hydro.register import StationKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.console.draw.model import Lang, RiverSystem
    from dashboards.console.draw.schematic.streams import Place, Stream

__all__ = ["tall_scene"]

_TOP_PX: Final = 10
_LEFT_PX: Final = 40
_COLUMN_PX: Final = 38
_COLUMNS_PX: Final = 120
_NAME_ROW_PX: Final = 30
_ROW_PX: Final = 44
_GATHERED_ROW_PX: Final = 32
_BEND_PX: Final = 34
_MOUTH_PX: Final = 22
_RIGHT_PX: Final = 10
_TEXT_PX: Final = 24
_OFFTAKE_PX: Final = 22
_CANAL_PX: Final = 18
_CANAL_ROOM_PX: Final = 22
_NAME_PX: Final = 13
_VALUE_PX: Final = 12
_LEAST_NAME_PX: Final = 70
_KNOT_PX: Final = 22
_SWING_PX: Final = 1.6
_ROWS_OF_MANY: Final = 48
_SOURCE_HALF: Final = 0.6
_GROWTH: Final = 0.7
_THINNED: Final = 0.42
_TURNS: Final = (0.25, 0.5, 0.75, 1.0)


class _Sheet(NamedTuple):
    """What all rows have in common.

    Attributes:
        lang: Of the words.
        width: Of the drawing.
        column_px: From one river to the next.
        text: Left end of names.
    """

    lang: Lang
    width: float
    column_px: float
    text: float


class _Rows(NamedTuple):
    """Some rows of the drawing.

    Attributes:
        rivers: Tributaries before the rivers they join.
        diversions: Plants with canal.
        stations: From top to bottom.
        bottom: Where the next row begins.
    """

    rivers: tuple[River, ...]
    diversions: tuple[Diversion, ...]
    stations: tuple[StationSpot, ...]
    bottom: float


def tall_scene(system: RiverSystem, width: int) -> Scene:
    """All rivers of a system below each other, as high as it takes."""
    trees = streams(system)
    if len(system.marks) > MANY:
        total = len(system.marks)
        trees = tuple(
            gathered(tree, lambda stream: max(2, _ROWS_OF_MANY * len(stream.places) // total)) for tree in trees
        )
    deepest = max(map(_depth, trees))
    column_px = min(_COLUMN_PX, _COLUMNS_PX / max(1, deepest))
    sheet = _Sheet(system.lang, width, column_px, _LEFT_PX + deepest * column_px + _TEXT_PX)
    rows: list[_Rows] = []
    y = float(_TOP_PX)
    for tree in trees:
        found = _river(tree, y, sheet)
        rows.append(found)
        y = found.bottom + _MOUTH_PX
    return Scene(
        width,
        y,
        tuple(one for part in rows for one in part.rivers),
        tuple(one for part in rows for one in part.diversions),
        tuple(one for part in rows for one in part.stations),
        0,
    )


def _depth(stream: Stream) -> int:
    return max([stream.depth, *(_depth(one.stream) for one in stream.places if one.stream is not None)])


def _river(stream: Stream, top: float, sheet: _Sheet) -> _Rows:
    """A river's rows, with those of its tributaries between them."""
    x = _LEFT_PX + stream.depth * sheet.column_px
    y = top + _NAME_ROW_PX
    rivers: list[River] = []
    diversions: list[Diversion] = []
    stations: list[StationSpot] = []
    sides = {reach: side for reach in reaches(stream.places) if (side := _canal_side(reach.between(stream.places)))}
    tailraces = {reach.tailrace for reach in sides}
    rows: dict[int, float] = {}
    for number, place in enumerate(stream.places):
        if place.stream is not None:
            above = _river(place.stream, y, sheet)
            bent = _bent(above.rivers[-1], x, above.bottom)
            rivers += [*above.rivers[:-1], bent]
            diversions += above.diversions
            stations += above.stations
            y = above.bottom + _BEND_PX
            continue
        y += _CANAL_ROOM_PX if number in tailraces else 0
        row = _ROW_PX if len(place.marks) == 1 else _GATHERED_ROW_PX
        rows[number] = y + row / 2
        stations.append(_station(place, x, rows[number], sheet))
        y += row
    diversions += [_diversion(x, rows[reach.dam], rows[reach.tailrace], side) for reach, side in sides.items()]
    thinned = [(rows[reach.dam] - 12, rows[reach.tailrace] - 4) for reach in sides]
    end = y + (_MOUTH_PX if stream.depth == 0 else 0)
    knots = _knots(stream, x, top + _NAME_ROW_PX / 2, end, thinned)
    name = shorten(stream.line.name, _NAME_PX * 1.2, sheet.width - sheet.text - _RIGHT_PX)
    baseline = top + _NAME_ROW_PX / 2 + 5
    box = Box(sheet.text, baseline - 13, sheet.text + text_width(name, _NAME_PX) * 1.2, baseline + 4)
    rivers.append(River(knots, Line(sheet.text, baseline, name, "wm-river-name", box), stream.depth == 0))
    return _Rows(tuple(rivers), tuple(diversions), tuple(stations), end)


def _canal_side(passed: Sequence[Place]) -> int:
    """On which side a canal passes what stands between dam and tailrace: 1 is right, 0 where both are taken.

    Rivers join from the right; intakes and wells stand on the left.
    """
    if all(place.stream is None for place in passed):
        return 1
    return 0 if any(is_aside(place) for place in passed) else -1


def _knots(stream: Stream, x: float, top: float, bottom: float, thinned: list[tuple[float, float]]) -> tuple[Knot, ...]:
    winding = Winding.of(stream.line.river, _SWING_PX)
    widest = 1.4 + 0.75 * min(stream.order, 4)
    count = max(2, round((bottom - top) / _KNOT_PX))
    found = []
    for number in range(count + 1):
        share = number / count
        y = top + (bottom - top) * share
        half = _SOURCE_HALF + (widest - _SOURCE_HALF) * math.pow(share, _GROWTH)
        if any(above < y < below for above, below in thinned):
            half *= _THINNED
        found.append(Knot(x + winding.at(y - top) * min(1.0, number / 3), y, half))
    return tuple(found)


def _bent(river: River, x: float, bottom: float) -> River:
    """A tributary with the curve into the column of the river it joins."""
    start = river.knots[-1]
    knots = list(river.knots)
    for turn in _TURNS:
        ease = turn * turn * (3 - 2 * turn)
        knots.append(Knot(start.x + (x - start.x) * ease, bottom + _BEND_PX * turn, start.half))
    return River(tuple(knots), river.name, flows_out=False)


def _diversion(x: float, dam: float, tailrace: float, side: int) -> Diversion:
    """A canal beside the river, from above the dam to the tailrace, with the powerhouse in the last gap before it."""
    beside = x + side * _CANAL_PX
    top = dam - 21
    house = (beside, tailrace - 29)
    canal = (
        (x, top),
        (x + side * 8, top + 6),
        (beside, top + 4),
        (beside, top + 16),
        (beside, top + 24),
        (beside, house[1] - 12),
        house,
        (beside, house[1] + 12),
        (beside, tailrace - 8),
        (x, tailrace),
    )
    return Diversion(canal, house, ((x - 8, dam - 15), (x + 8, dam - 15)))


def _station(place: Place, x: float, y: float, sheet: _Sheet) -> StationSpot:
    mark = place.marks[0]
    half = (_ROW_PX if len(place.marks) == 1 else _GATHERED_ROW_PX) / 2 - 1
    area = Box(4, y - half, sheet.width - 4, y + half)
    if len(place.marks) > 1:
        told = shorten(counts(place.marks, sheet.lang), _VALUE_PX, sheet.width - sheet.text - _RIGHT_PX)
        box = Box(sheet.text, y - 10, sheet.width, y + 8)
        lines: tuple[Line, ...] = (Line(sheet.text, y + 4, told, "wm-small wm-muted", box),)
        return StationSpot(place.marks, x, y, RADIUS, None, (0, 1), lines, None, area)
    aside = is_aside(place)
    foot = (x, y - 12) if mark.kind is StationKind.INTAKE else None
    at = x - _OFFTAKE_PX if aside else x
    away = (-1, 0) if aside else (0, 1)
    return StationSpot(place.marks, at, y, RADIUS, foot, away, _lines(place, y, sheet), None, area)


def _lines(place: Place, y: float, sheet: _Sheet) -> tuple[Line, ...]:
    """Name at the left, value at the right, what is asked below it; as much of the name as there is room for."""
    text = station_text(place.marks[0], sheet.lang)
    right = sheet.width - _RIGHT_PX
    room = right - sheet.text
    value = shorten(text.value, _VALUE_PX, room - _LEAST_NAME_PX)
    value_left = right - text_width(value, _VALUE_PX) * 1.06
    name = shorten(text.name, _NAME_PX, value_left - 8 - sheet.text)
    lift = 5 if text.aside else 0
    lines = [
        Line(sheet.text, y + 4.5, name, "wm-name", Box(sheet.text, y - 9, value_left - 8, y + 9)),
        Line(
            right,
            y + 4.5 - lift,
            value,
            f"{text.value_class} wm-end",
            Box(value_left, y - 9 - lift, right, y + 9 - lift),
        ),
    ]
    if text.aside:
        below = shorten(text.aside, _VALUE_PX - 1, room - _LEAST_NAME_PX)
        width = text_width(below, _VALUE_PX - 1)
        lines.append(Line(right, y + 14.5, below, "wm-aside wm-end", Box(right - width, y + 9 - lift, right, y + 19)))
    return tuple(lines)
