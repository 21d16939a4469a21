"""Where things stand along a river that runs from left to right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from dashboards.console.draw.lettering import text_width
from dashboards.console.draw.schematic.reaches import reaches
from dashboards.console.draw.spacing import spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.console.draw.model import Lang
    from dashboards.console.draw.schematic.reaches import Reach
    from dashboards.console.draw.schematic.streams import Place, Stream

__all__ = ["BEND_PX", "CanalSpot", "Spot", "Style", "canals", "count", "least_width", "name_width", "spots"]

BEND_PX: Final = 58
"""How far above its confluence a tributary leaves its line."""

_RIVER_NAME_PX: Final = 13
_SPACED: Final = 1.2
_SOURCE_PX: Final = 26
_MOUTH_PX: Final = 44
_LEAST_GAP: Final = 34
_LEAST_DENSE_GAP: Final = 24
_WIDEST_GAP: Final = 110
_WIDEST_SHARE: Final = 0.85
_CONFLUENCE_GAP: Final = 46
_CANAL_GAP: Final = 116
_PASSED_GAP: Final = 60
"""Length that a canal has besides for everything that it passes."""
_PILL_GAP: Final = 36
_APART_PX: Final = 12


class Style(NamedTuple):
    """How a drawing is made.

    Attributes:
        lang: Of its words.
        dense: Hundreds of stations: small marks, except of those that need a look, which alone have names.
    """

    lang: Lang
    dense: bool


class Spot(NamedTuple):
    """A place along a river.

    Attributes:
        place: What stands or joins there.
        x: Pixels from the source.
        up: What leaves or joins the river there lies above it.
    """

    place: Place
    x: float
    up: bool


class CanalSpot(NamedTuple):
    """Where a canal leads along a river.

    Attributes:
        dam: X of the dam.
        tailrace: X of the tailrace.
        up: It leads above the river.
        over: Something stands between them, and the canal passes over it.
    """

    dam: float
    tailrace: float
    up: bool
    over: bool


def spots(stream: Stream, width: float, style: Style) -> list[Spot]:
    """Places along the line, and on which side what leaves or joins lies."""
    low, high = _source_px(stream), width - _end_px(stream)
    room = (high - low) / (len(stream.places) + 1)
    usual = min(_WIDEST_GAP, max(_least_gap(style), _WIDEST_SHARE * room))
    wanted = [low + one.at * (high - low) for one in stream.places]
    gaps = _gaps(stream, usual)
    if sum(gaps[1:]) > high - low:
        gaps = _gaps(stream, _least_gap(style))
    # Both keep the least distances, and so does the greater of the two at each place.
    least = _least_places(stream, style)
    xs = [max(x, limit) for x, limit in zip(spread(wanted, gaps, low, high), least, strict=True)]
    return [Spot(one, x, up) for one, x, up in zip(stream.places, xs, _sides(stream), strict=True)]


def canals(stream: Stream, along: Sequence[Spot]) -> list[CanalSpot]:
    """Where canals lead; none where rivers join from both sides between dam and tailrace."""
    rivers = {number: spot.up for number, spot in enumerate(along) if spot.place.stream is not None}
    return [
        CanalSpot(along[reach.dam].x, along[reach.tailrace].x, up, reach.tailrace - reach.dam > 1)
        for reach, up in _canal_sides(stream, rivers).items()
    ]


def _sides(stream: Stream) -> list[bool]:
    """Whether what leaves or joins the river lies above it.

    Rivers join from both sides in turn. The others lie away from the canal that passes them, else away from the
    nearest river.
    """
    rivers: dict[int, bool] = {}
    up = stream.depth % 2 == 1
    for number, one in enumerate(stream.places):
        if one.stream is not None:
            up = not up
            rivers[number] = up
    passed = {
        number: not side
        for reach, side in _canal_sides(stream, rivers).items()
        for number in range(reach.dam + 1, reach.tailrace)
    }
    return [
        rivers[number] if number in rivers else passed.get(number, _away(stream, number, rivers))
        for number in range(len(stream.places))
    ]


def _away(stream: Stream, number: int, rivers: Mapping[int, bool]) -> bool:
    """Whether above the river is away from the nearest river that joins it."""
    at = stream.places[number].at
    nearest = min(rivers, key=lambda river: (abs(stream.places[river].at - at), -river), default=None)
    return nearest is None or not rivers[nearest]


def _canal_sides(stream: Stream, rivers: Mapping[int, bool]) -> dict[Reach, bool]:
    """Whether the canal of each reach leads above the river: where no river joins, and away from the nearest."""
    found = {}
    for reach in reaches(stream.places):
        joined = {up for number, up in rivers.items() if reach.dam < number < reach.tailrace}
        free = {True, False} - joined
        if free:
            usual = _away(stream, reach.dam, rivers)
            found[reach] = usual if usual in free else not usual
    return found


def _gaps(stream: Stream, usual: float) -> list[float]:
    """Least distance of each place from the one before it."""
    gaps = []
    before: Place | None = None
    for one in stream.places:
        gap = usual
        if one.stream is not None:
            gap = max(gap, BEND_PX + _APART_PX if before is not None and before.stream is not None else _CONFLUENCE_GAP)
        if len(one.marks) > 1 or (before is not None and len(before.marks) > 1):
            gap = max(gap, _PILL_GAP)
        gaps.append(gap)
        before = one
    for reach in reaches(stream.places):
        length = sum(gaps[reach.dam + 1 : reach.tailrace + 1])
        passed = reach.tailrace - reach.dam - 1
        more = max(0.0, _CANAL_GAP + passed * _PASSED_GAP - length)
        for number in range(reach.dam + 1, reach.tailrace + 1):
            gaps[number] += more / (passed + 1)
    return gaps


def _least_places(stream: Stream, style: Style) -> list[float]:
    """How far left each place can be at most, with room for the tributaries before it."""
    found: list[float] = []
    x = _source_px(stream)
    for number, (one, gap) in enumerate(zip(stream.places, _gaps(stream, _least_gap(style)), strict=True)):
        x += gap if number else 0
        if one.stream is not None:
            x = max(x, least_width(one.stream, style))
        found.append(x)
    return found


def least_width(stream: Stream, style: Style) -> float:
    """Pixels that a river takes at least from its source to its mouth or confluence."""
    places = _least_places(stream, style)
    return (places[-1] if places else _source_px(stream)) + _end_px(stream)


def _source_px(stream: Stream) -> float:
    return name_width(stream) + _SOURCE_PX


def name_width(stream: Stream) -> float:
    """Room of a river's name before its first station."""
    return text_width(stream.line.name, _RIVER_NAME_PX) * _SPACED


def _end_px(stream: Stream) -> float:
    return _MOUTH_PX if stream.depth == 0 else BEND_PX + 22


def _least_gap(style: Style) -> float:
    return _LEAST_DENSE_GAP if style.dense else _LEAST_GAP


def count(stream: Stream) -> int:
    """Marks and confluences on a river and above."""
    return sum(1 if one.stream is None else 1 + count(one.stream) for one in stream.places)
