"""A schematic as geometry: what both layouts make, and the one thing that is rendered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dashboards.console.draw.schematic.labels import Box
from dashboards.console.draw.schematic.ribbon import Knot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.console.draw.model import Mark

__all__ = ["Diversion", "Line", "River", "Scene", "StationSpot", "joined", "shifted"]

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Attributes:
        x: Of its anchor.
        y: Of its baseline.
        text: As it came from people.
        class_: CSS classes; ``wm-end`` and ``wm-middle`` say where the anchor is.
        box: What it covers, estimated.
        aside: Behind it, standing back.
    """

    x: float
    y: float
    text: str
    class_: str
    box: Box
    aside: str = ""


@dataclass(frozen=True, slots=True)
class River:
    """A river's shape.

    Attributes:
        knots: From source to mouth.
        name: Where its name stands.
        flows_out: Its mouth is the end of the drawing, not another river.
    """

    knots: tuple[Knot, ...]
    name: Line
    flows_out: bool


@dataclass(frozen=True, slots=True)
class Diversion:
    """A diversion plant between its two sections.

    Attributes:
        canal: Points of a Bézier path: a start, then two controls and an end each.
        powerhouse: Middle of it.
        dam: The two ends of the dam across the river.
    """

    canal: tuple[Point, ...]
    powerhouse: Point
    dam: tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class StationSpot:
    """A station, or several drawn as one.

    Attributes:
        marks: At least one.
        x: Middle of the mark.
        y: Middle of the mark.
        radius: Half its size.
        foot: Where an intake leaves the river; None = it stands on it.
        away: Direction from the river.
        lines: Label.
        leader: Ends of the line from mark to label; None = the label is beside the mark.
        area: What reacts to a click besides mark and label; None = nothing.
    """

    marks: tuple[Mark, ...]
    x: float
    y: float
    radius: float
    foot: Point | None
    away: tuple[int, int]
    lines: tuple[Line, ...]
    leader: tuple[Point, Point] | None
    area: Box | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything, in pixels.

    Attributes:
        width: Of the drawing.
        height: Of the drawing.
        rivers: Tributaries before the rivers they join.
        diversions: Plants with canal.
        stations: In the order in which a keyboard reaches them.
        unlabelled: Single stations that have no room for a name.
    """

    width: float
    height: float
    rivers: tuple[River, ...]
    diversions: tuple[Diversion, ...]
    stations: tuple[StationSpot, ...]
    unlabelled: int


def shifted(scene: Scene, dx: float, dy: float) -> Scene:
    """The scene moved by so many pixels."""

    def point(at: Point) -> Point:
        return at[0] + dx, at[1] + dy

    def box(at: Box) -> Box:
        return Box(at.left + dx, at.top + dy, at.right + dx, at.bottom + dy)

    def line(at: Line) -> Line:
        return replace(at, x=at.x + dx, y=at.y + dy, box=box(at.box))

    return replace(
        scene,
        rivers=tuple(
            replace(one, knots=tuple(Knot(k.x + dx, k.y + dy, k.half) for k in one.knots), name=line(one.name))
            for one in scene.rivers
        ),
        diversions=tuple(
            Diversion(tuple(map(point, one.canal)), point(one.powerhouse), (point(one.dam[0]), point(one.dam[1])))
            for one in scene.diversions
        ),
        stations=tuple(
            replace(
                one,
                x=one.x + dx,
                y=one.y + dy,
                foot=None if one.foot is None else point(one.foot),
                lines=tuple(map(line, one.lines)),
                leader=None if one.leader is None else (point(one.leader[0]), point(one.leader[1])),
                area=None if one.area is None else box(one.area),
            )
            for one in scene.stations
        ),
    )


def joined(scenes: Sequence[Scene], width: float, height: float) -> Scene:
    """Scenes on one sheet of this size."""
    return Scene(
        width,
        height,
        tuple(one for scene in scenes for one in scene.rivers),
        tuple(one for scene in scenes for one in scene.diversions),
        tuple(one for scene in scenes for one in scene.stations),
        sum(scene.unlabelled for scene in scenes),
    )
