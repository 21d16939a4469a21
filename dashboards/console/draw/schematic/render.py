"""A scene as SVG: rivers first, then what is built on them, then stations with their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.console.draw.model import Layout
from dashboards.console.draw.schematic.glyphs import glyph, pill
from dashboards.console.draw.schematic.ribbon import ribbon_path
from dashboards.console.draw.schematic.station_text import counts, spoken
from dashboards.console.draw.schematic.tall import tall_scene
from dashboards.console.draw.schematic.wide import wide_scene
from dashboards.console.draw.svg import escape, link, number, picture, tag
from dashboards.console.draw.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.console.draw.model import Lang, RiverSystem
    from dashboards.console.draw.schematic.labels import Box
    from dashboards.console.draw.schematic.scene import Diversion, Line, River, Scene, StationSpot

__all__ = ["TALL_PX", "WIDE_PX", "draw"]

WIDE_PX: Final = 1_340
"""Usual width of a drawing for a desk."""
TALL_PX: Final = 360
"""Usual width of a drawing for a phone."""

_EMPTY_HEIGHT: Final = 160
_NOTE_PX: Final = 22
_OFFTAKE_END: Final = 6


def draw(system: RiverSystem, layout: Layout, width: int | None = None) -> str:
    """The schematic as ``<svg>``.

    A group, not an image, for screen readers: its stations are links that they must reach.

    Args:
        system: What to draw.
        layout: Direction of the water.
        width: In pixels; wide drawings may become wider where many stations stand on one river.
    """
    room = width or (WIDE_PX if layout is Layout.WIDE else TALL_PX)
    if not system.marks:
        return _empty(system, room)
    scene = wide_scene(system, room) if layout is Layout.WIDE else tall_scene(system, room)
    lang = system.lang
    note = _note(scene, lang)
    height = scene.height + (_NOTE_PX if note else 0)
    worst_first = ", ".join((f"{system.title} {say('schematic', lang)}".strip(), counts(system.marks, lang)))
    return picture(
        scene.width,
        height,
        *map(_selected_row, scene.stations),
        *(_river(one, layout) for one in scene.rivers),
        *(_diversion(one) for one in scene.diversions),
        *(_station(one, lang) for one in scene.stations),
        note,
        class_=f"wm wm-schematic wm-{layout}",
        role="group",
        aria_label=worst_first,
        lang="zh-CN" if lang == "zh" else "en",
    )


def _empty(system: RiverSystem, width: int) -> str:
    told = say("no stations", system.lang)
    return picture(
        width,
        _EMPTY_HEIGHT,
        tag("path", d=_calm_water(width), class_="wm-canal"),
        tag("text", escape(told), x=width / 2, y=_EMPTY_HEIGHT / 2 - 16, class_="wm-empty"),
        class_="wm wm-schematic",
        role="img",
        aria_label=told,
        lang="zh-CN" if system.lang == "zh" else "en",
    )


def _calm_water(width: int) -> str:
    """Three small waves in the middle."""
    left = width / 2 - 48
    waves = "".join("q8,-7 16,0t16,0" for _ in range(3))
    return f"M{number(left)},{_EMPTY_HEIGHT / 2 + 14:.0f}{waves}"


def _river(river: River, layout: Layout) -> str:
    parts = [tag("path", d=ribbon_path(river.knots), class_="wm-river")]
    if river.flows_out:
        end = river.knots[-1]
        x, y = (end.x - 12, end.y) if layout is Layout.WIDE else (end.x, end.y - 12)
        arrow = "m-3,-3l3,3l-3,3" if layout is Layout.WIDE else "m-3,-3l3,3l3,-3"
        parts.append(tag("path", d=f"M{number(x)},{number(y)}{arrow}", class_="wm-arrow"))
    parts.append(_text(river.name))
    return tag("g", *parts, class_="wm-stream")


def _diversion(diversion: Diversion) -> str:
    start, *rest = (f"{number(x)},{number(y)}" for x, y in diversion.canal)
    path = f"M{start}C{' '.join(rest)}"
    x, y = diversion.powerhouse
    house = f"M{number(x - 8)},{number(y + 7)}v-10l8,-6l8,6v10z"
    bolt = f"M{number(x + 2)},{number(y - 5)}l-4,6h4l-4,5"
    (x1, y1), (x2, y2) = diversion.dam
    return tag(
        "g",
        tag("path", d=path, class_="wm-canal-bed"),
        tag("path", d=path, class_="wm-canal"),
        tag("path", d=house, class_="wm-structure"),
        tag("path", d=bolt, class_="wm-bolt"),
        tag("path", d=f"M{number(x1)},{number(y1)}L{number(x2)},{number(y2)}", class_="wm-dam-wall"),
        class_="wm-diversion",
    )


def _station(spot: StationSpot, lang: Lang) -> str:
    first = max(spot.marks, key=lambda mark: mark.state.severity)
    several = len(spot.marks) > 1
    told = counts(spot.marks, lang) if several else spoken(first, lang)
    parts = [tag("title", escape(told))]
    if spot.area is not None:
        parts.append(_rect(spot.area, "wm-none"))
    if spot.foot is not None:
        parts.append(tag("path", d=_offtake(spot, spot.foot), class_="wm-canal"))
    if spot.leader is not None:
        (x1, y1), (x2, y2) = spot.leader
        parts.append(tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_="wm-leader"))
    if several:
        parts.append(pill(spot.marks, spot.x, spot.y))
    else:
        parts.append(glyph(first, spot.x, spot.y, lang, radius=spot.radius, away=spot.away))
    parts += map(_text, spot.lines)
    return link(
        first.href,
        *parts,
        class_=f"wm-station{' wm-selected' if any(mark.selected for mark in spot.marks) else ''}",
        aria_label=told,
        aria_current="true" if first.selected else None,
        data_station=None if several else first.code,
    )


def _selected_row(spot: StationSpot) -> str:
    """Behind everything: the row of the selected station."""
    if spot.area is None or not any(mark.selected for mark in spot.marks):
        return ""
    return _rect(spot.area, "wm-here")


def _rect(box: Box, class_: str) -> str:
    size = {"width": box.right - box.left, "height": box.bottom - box.top}
    return tag("rect", x=box.left, y=box.top, rx=6, class_=class_, **size)


def _offtake(spot: StationSpot, foot: tuple[float, float]) -> str:
    """From the river's bank to the mark, bending away from the stream."""
    x, y = spot.x - spot.away[0] * _OFFTAKE_END, spot.y - spot.away[1] * _OFFTAKE_END
    middle = (x, foot[1]) if spot.away[0] == 0 else (foot[0], y)
    return f"M{_point(foot)}Q{_point(middle)} {_point((x, y))}"


def _text(line: Line) -> str:
    aside = tag("tspan", escape(line.aside), dx=6, class_="wm-aside") if line.aside else ""
    return tag("text", escape(line.text), aside, x=line.x, y=line.y, class_=line.class_)


def _note(scene: Scene, lang: Lang) -> str:
    if not scene.unlabelled:
        return ""
    told = f"+{scene.unlabelled} {say('unlabelled', lang)}"
    y = scene.height + _NOTE_PX / 2
    return tag("text", escape(told), x=scene.width - 14, y=y, class_="wm-small wm-muted wm-end")


def _point(point: Sequence[float]) -> str:
    return f"{number(point[0])},{number(point[1])}"
