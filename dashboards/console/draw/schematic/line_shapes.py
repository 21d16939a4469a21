"""Shapes of a river that runs from left to right, of what stands on it and of what leaves it."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from dashboards.console.draw.schematic.glyphs import RADIUS, SMALL_RADIUS, pill_half
from dashboards.console.draw.schematic.labels import Box
from dashboards.console.draw.schematic.line_places import BEND_PX, name_width
from dashboards.console.draw.schematic.reaches import is_aside
from dashboards.console.draw.schematic.ribbon import Knot, Winding
from dashboards.console.draw.schematic.scene import Diversion, Line, StationSpot
from hydro.register import StationKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dashboards.console.draw.schematic.line_places import CanalSpot, Spot, Style
    from dashboards.console.draw.schematic.streams import Stream

__all__ = [
    "HalfWidth",
    "bend",
    "bend_box",
    "canal_boxes",
    "diversion",
    "knots",
    "mark_box",
    "river_boxes",
    "river_name",
    "station",
    "winding_of",
]

FAR: Final = 1e6
"""Farther than any drawing reaches."""

_CANAL_PX: Final = 31
_CANAL_OVER_PX: Final = 72
"""Distance of a canal from the river: a label has room between them where something stands there."""
_CANAL_HALF: Final = 5
_RISE_PX: Final = 18
_HOUSE_PX: Final = 15
_OFFTAKE_PX: Final = 30
_SMALL_OFFTAKE_PX: Final = 20
_KNOT_PX: Final = 22
_SWING_PX: Final = 2.6
_CALM_PX: Final = 60
_TURNS: Final = (0.16, 0.34, 0.52, 0.7, 0.86, 1.0)
_WIDEST_ORDER: Final = 4
_THINNED: Final = 0.42
_SOURCE_HALF: Final = 0.6
_GROWTH: Final = 0.7


def bend(start: Knot, x: float, mouth: Knot) -> list[Knot]:
    """Knots of the curve from a tributary's line into the river, leaving and arriving with the stream."""
    ends = (start.x, start.y), (start.x + 0.62 * BEND_PX, start.y), (x - 0.34 * BEND_PX, mouth.y), (x, mouth.y)
    found = []
    for turn in _TURNS:
        weights = ((1 - turn) ** 3, 3 * turn * (1 - turn) ** 2, 3 * turn**2 * (1 - turn), turn**3)
        at = [sum(weight * end[axis] for weight, end in zip(weights, ends, strict=True)) for axis in (0, 1)]
        found.append(Knot(at[0], at[1], start.half))
    return found


class HalfWidth:
    """Half a river's width along it: growing, and thin where its water is in a canal."""

    def __init__(self, stream: Stream, end: float, diverted: Sequence[CanalSpot]) -> None:
        self._end = end
        self._mouth = 1.4 + 0.95 * min(stream.order, _WIDEST_ORDER)
        self._diverted = [(canal.dam, canal.tailrace) for canal in diverted]

    def __call__(self, x: float) -> float:
        """Half the width, ``x`` pixels from the source."""
        half = _SOURCE_HALF + (self._mouth - _SOURCE_HALF) * math.pow(min(1.0, x / self._end), _GROWTH)
        return half * _THINNED if any(dam - 10 < x < tailrace - 14 for dam, tailrace in self._diverted) else half


def knots(stream: Stream, end: float, half: HalfWidth) -> tuple[Knot, ...]:
    """The middle line from the source at (0, 0), ``end`` pixels long."""
    winding = winding_of(stream)
    count = max(2, round(end / _KNOT_PX))
    xs = [end * number / count for number in range(count + 1)]
    return tuple(Knot(x, winding(x), half(x)) for x in xs)


def winding_of(stream: Stream) -> Callable[[float], float]:
    """Height of the middle line, so many pixels from the source."""
    winding = Winding.of(stream.line.river, _SWING_PX)
    return lambda x: winding.at(x) * min(1.0, x / _CALM_PX)


def river_name(stream: Stream) -> Line:
    """The name above the source."""
    return Line(0, -8, stream.line.name, "wm-river-name", Box(0, -21, name_width(stream), -3))


def station(spot: Spot, y: float, half: float, style: Style) -> StationSpot:
    """A station on its river, or beside it where it takes water out; ``y`` and ``half`` are the river's there."""
    marks = spot.place.marks
    mark = marks[0]
    away = (0, -1 if spot.up else 1)
    small = style.dense and len(marks) == 1 and not (mark.state.firing or mark.selected)
    radius = SMALL_RADIUS if small else RADIUS
    if is_aside(spot.place):
        reach = half + (_SMALL_OFFTAKE_PX if style.dense else _OFFTAKE_PX)
        foot = (spot.x - 10, y) if mark.kind is StationKind.INTAKE else None
        return StationSpot(marks, spot.x, y + away[1] * reach, radius, foot, away, (), None)
    return StationSpot(marks, spot.x, y, radius, None, (0, 1), (), None)


def diversion(canal: CanalSpot, winding: Callable[[float], float], half: HalfWidth) -> Diversion:
    """Canal and powerhouse between a dam and its tailrace."""
    side, level = _level(canal)
    dam_x = canal.dam - 15
    start = (dam_x - 8, winding(dam_x - 8))
    house = (canal.tailrace - 42, level)
    path = (
        start,
        (start[0] + 10, start[1] + side * 6),
        (start[0] + 8, level),
        (start[0] + 26, level),
        (start[0] + 40, level),
        (house[0] - 20, level),
        house,
        (house[0] + 18, level),
        (canal.tailrace - 20, level - side * 4),
        (canal.tailrace - 13, winding(canal.tailrace - 13)),
    )
    across = half(dam_x - 10) + 6
    dam_y = winding(dam_x)
    return Diversion(path, house, ((dam_x, dam_y - across), (dam_x, dam_y + across)))


def canal_boxes(canal: CanalSpot) -> list[Box]:
    """What a canal covers: its rise, its level course, the powerhouse and its fall."""
    _, level = _level(canal)
    left, right = canal.dam - 26, canal.tailrace - 10
    rise_top, rise_bottom = min(level, 0.0), max(level, 0.0)
    house = canal.tailrace - 42
    return [
        Box(left, rise_top, left + _RISE_PX, rise_bottom),
        Box(left, level - _CANAL_HALF, right, level + _CANAL_HALF),
        Box(house - _HOUSE_PX, level - _HOUSE_PX, house + _HOUSE_PX, level + _HOUSE_PX),
        Box(house + 4, rise_top, right, rise_bottom),
    ]


def _level(canal: CanalSpot) -> tuple[int, float]:
    """On which side of the river a canal leads, -1 above it, and at which height."""
    side = -1 if canal.up else 1
    return side, float(side * (_CANAL_OVER_PX if canal.over else _CANAL_PX))


def bend_box(spot: Spot) -> Box:
    """Where a tributary comes down: free all the way, since nobody knows yet how far out it lies."""
    left, right = spot.x - BEND_PX - 4, spot.x + 6
    return Box(left, -1e6, right, 0) if spot.up else Box(left, 0, right, 1e6)


def river_boxes(middle: Sequence[Knot]) -> list[Box]:
    """What a river covers, knot by knot."""
    return [Box(a.x, min(a.y, b.y) - b.half - 3, b.x, max(a.y, b.y) + b.half + 3) for a, b in pairwise(middle)]


def mark_box(spot: StationSpot) -> Box:
    """What a mark covers, with the way from the river to it."""
    half = pill_half(len(spot.marks)) if len(spot.marks) > 1 else spot.radius * 1.2
    reach = spot.radius + 3
    top, bottom = spot.y - reach, spot.y + reach
    if spot.foot is not None:
        top, bottom = min(top, spot.foot[1]), max(bottom, spot.foot[1])
    return Box(spot.x - half - 2, top, spot.x + half + 2, bottom)
