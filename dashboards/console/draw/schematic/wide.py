"""The schematic for a desk: water runs from left to right.

A river is a straight line that winds a little. What flows into it lies above and below it, in blocks that are laid out
by themselves first and then moved as near as what is already there allows. A block begins left of its confluence and
ends there, so its way down crosses nothing: who joins farther downstream lies farther out.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dashboards.console.draw.schematic.gather import MANY, gathered
from dashboards.console.draw.schematic.labels import Box
from dashboards.console.draw.schematic.line_labels import labelled
from dashboards.console.draw.schematic.line_places import BEND_PX, Style, canals, count, least_width, spots
from dashboards.console.draw.schematic.line_shapes import (
    FAR,
    HalfWidth,
    bend,
    bend_box,
    canal_boxes,
    diversion,
    knots,
    mark_box,
    river_boxes,
    river_name,
    station,
    winding_of,
)
from dashboards.console.draw.schematic.scene import River, Scene, joined, shifted
from dashboards.console.draw.schematic.streams import streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.console.draw.model import RiverSystem
    from dashboards.console.draw.schematic.line_places import Spot
    from dashboards.console.draw.schematic.ribbon import Knot
    from dashboards.console.draw.schematic.streams import Stream

__all__ = ["wide_scene"]

_PADDING: Final = 14
_USUAL_PX: Final = 124
_APART_PX: Final = 14
_PILL_ROOM_PX: Final = 40


def wide_scene(system: RiverSystem, width: int) -> Scene:
    """All rivers of a system, at least ``width`` pixels wide, as high as it takes."""
    dense = len(system.marks) > MANY
    style = Style(system.lang, dense)
    inner: float = width - 2 * _PADDING
    trees = streams(system)
    if dense:
        trees = tuple(gathered(tree, lambda _: width // _PILL_ROOM_PX) for tree in trees)
    shelves = _shelves(trees, inner, style)
    inner = max([inner, *(sum(room for _, room in shelf) for shelf in shelves)])
    scenes: list[Scene] = []
    y = float(_PADDING)
    for shelf in shelves:
        spare = (inner - sum(room for _, room in shelf)) / len(shelf)
        x, deepest = float(_PADDING), 0.0
        for tree, room in shelf:
            scene, extent = _block(tree, room + spare - (_APART_PX if len(shelf) > 1 else 0), style)
            scenes.append(shifted(scene, x, y - extent.top))
            x += room + spare
            deepest = max(deepest, extent.bottom - extent.top)
        y += deepest + 2 * _APART_PX
    return joined(scenes, inner + 2 * _PADDING, y - 2 * _APART_PX + _PADDING)


def _shelves(trees: Sequence[Stream], inner: float, style: Style) -> list[list[tuple[Stream, float]]]:
    """Trees with their widths, several in a row where they are small."""
    shelves: list[list[tuple[Stream, float]]] = []
    left = 0.0
    for tree in trees:
        least = least_width(tree, style)
        room = max(least, min(inner, _USUAL_PX * (count(tree) + 1)))
        if not shelves or room > left:
            shelves.append([])
            left = inner
        shelves[-1].append((tree, room))
        left -= room
    return shelves


def _block(stream: Stream, width: float, style: Style) -> tuple[Scene, Box]:
    """A river with its tributaries; its source is at (0, 0), its mouth or confluence at (width, 0).

    Returns:
        The scene, and what it covers.
    """
    along = spots(stream, width, style)
    diverted = canals(stream, along)
    end = width if stream.depth == 0 else width - BEND_PX
    half = HalfWidth(stream, end, diverted)
    winding = winding_of(stream)
    middle = knots(stream, end, half)
    name = river_name(stream)
    stations = [station(spot, winding(spot.x), half(spot.x), style) for spot in along if spot.place.stream is None]
    diversions = tuple(diversion(canal, winding, half) for canal in diverted)
    solid = [name.box, *river_boxes(middle), *map(mark_box, stations)]
    solid += [box for canal in diverted for box in canal_boxes(canal)]
    bends = [bend_box(spot) for spot in along if spot.place.stream is not None]
    far = width if stream.depth == 0 else end + BEND_PX / 3
    stations, unlabelled = labelled(stations, [*solid, *bends], Box(0, -FAR, far, FAR), style)
    covered = [*solid, *(line.box for one in stations for line in one.lines)]
    scenes = [Scene(width, 0, (River(middle, name, stream.depth == 0),), diversions, tuple(stations), unlabelled)]
    for spot in along:
        if spot.place.stream is not None:
            inflow, extent = _inflow(spot, spot.place.stream, middle, covered, style)
            scenes.insert(0, inflow)
            covered.append(extent)
    top, bottom = min(box.top for box in covered), max(box.bottom for box in covered)
    return joined(scenes, width, bottom - top), Box(0, top, width, bottom)


def _inflow(
    spot: Spot, stream: Stream, middle: Sequence[Knot], covered: Sequence[Box], style: Style
) -> tuple[Scene, Box]:
    """A tributary moved to its place, with the bend that ends in the river at ``spot``."""
    usual = max(least_width(stream, style), _USUAL_PX * (count(stream) + 1))
    width = min(spot.x, usual)
    scene, extent = _block(stream, width, style)
    left = spot.x - width
    below = [box for box in covered if box.left < spot.x + _APART_PX and box.right > left - _APART_PX]
    if spot.up:
        y = min((box.top for box in below), default=0.0) - _APART_PX - extent.bottom
        y = min(y, -BEND_PX)
    else:
        y = max((box.bottom for box in below), default=0.0) + _APART_PX - extent.top
        y = max(y, BEND_PX)
    moved = shifted(scene, left, y)
    mouth = min(middle, key=lambda knot: abs(knot.x - spot.x))
    # The last river of the scene is the tributary itself.
    tributary = moved.rivers[-1]
    bent = replace(tributary, knots=(*tributary.knots, *bend(tributary.knots[-1], spot.x, mouth)))
    moved = replace(moved, rivers=(*moved.rivers[:-1], bent))
    return moved, Box(left, y + extent.top, spot.x, y + extent.bottom)
