"""Rivers as trees: which joins which, and what lies along each from source to mouth.

Invariants:
    * Every mark and every river of a system is in exactly one place of exactly one tree.
    * Along a river things stand in the order of their distance from the mouth; what has none keeps the order given.
    * Rivers that flow in a circle are cut open at the one named first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from dashboards.console.draw.model import RiverLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.console.draw.model import Mark, RiverSystem

__all__ = ["DEEPEST", "Place", "Stream", "streams"]

_BEYOND_SOURCE: Final = 1.06
_LOWEST: Final = 0.82
DEEPEST: Final = 32
"""Rivers on the longest way to a mouth that is followed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Something along a river: a station, several drawn as one, or a river that joins.

    Attributes:
        at: Share of the way from source (0) to mouth (1); never falls along a river.
        marks: The stations; none = a confluence.
        stream: The river that joins; None = stations.
    """

    at: float
    marks: tuple[Mark, ...]
    stream: Stream | None


@dataclass(frozen=True, slots=True)
class Stream:
    """A river with everything that flows into it.

    Attributes:
        line: The river.
        places: From source to mouth.
        order: After Strahler: 1 without tributaries, one more where two of the greatest order meet.
        size: Stations on it and above.
        depth: Rivers between it and the mouth of its tree.
    """

    line: RiverLine
    places: tuple[Place, ...]
    order: int
    size: int
    depth: int


@dataclass(frozen=True, slots=True)
class _Thing:
    km: float | None
    mark: Mark | None = None
    stream: Stream | None = None


def streams(system: RiverSystem) -> tuple[Stream, ...]:
    """The trees of a system, those with the most stations first."""
    lines = {line.river: line for line in system.rivers}
    marks: dict[str, list[Mark]] = {}
    for mark in system.marks:
        lines.setdefault(mark.river, RiverLine(river=mark.river, name=mark.river))
        marks.setdefault(mark.river, []).append(mark)
    into = _without_circles(lines)
    joining: dict[str, list[RiverLine]] = {}
    for river, mouth in into.items():
        if mouth is not None:
            joining.setdefault(mouth, []).append(lines[river])
    roots = [_stream(lines[river], marks, joining, 0) for river, mouth in into.items() if mouth is None]
    return tuple(sorted(roots, key=lambda root: -root.size))


def _without_circles(lines: dict[str, RiverLine]) -> dict[str, str | None]:
    """Where each river flows, None where that is unknown, leads back, or on and on."""
    into: dict[str, str | None] = {}
    for river, line in lines.items():
        ahead = _known(line.into, lines)
        passed = 0
        following = ahead
        while following is not None and following != river and passed < DEEPEST:
            passed += 1
            # A river before this one in the list is already cut where it had to be.
            following = into[following] if following in into else _known(lines[following].into, lines)
        into[river] = ahead if following is None else None
    return into


def _known(river: str | None, lines: dict[str, RiverLine]) -> str | None:
    return river if river in lines else None


def _stream(line: RiverLine, marks: dict[str, list[Mark]], joining: dict[str, list[RiverLine]], depth: int) -> Stream:
    above = [(child.into_km, _stream(child, marks, joining, depth + 1)) for child in joining.get(line.river, ())]
    mine = marks.get(line.river, [])
    things = _in_order(
        [_Thing(mark.chainage_km, mark=mark) for mark in mine], [_Thing(km, stream=stream) for km, stream in above]
    )
    # Its own headwater counts as a river of the first order that meets the others.
    orders = [1, *(stream.order for _, stream in above)]
    order = max(orders) + (orders.count(max(orders)) > 1)
    size = len(mine) + sum(stream.size for _, stream in above)
    return Stream(line, _placed(things, line.length_km), order, size, depth)


def _in_order(stations: Sequence[_Thing], confluences: Sequence[_Thing]) -> list[_Thing]:
    """Upstream first; a station without distance follows the one named before it, confluences without are spread."""
    found = sorted((one for one in (*stations, *confluences) if one.km is not None), key=lambda one: -(one.km or 0.0))
    before: _Thing | None = None
    for station in stations:
        if station.km is None:
            found.insert(0 if before is None else _position(found, before) + 1, station)
        before = station
    loose = [one for one in confluences if one.km is None]
    total = len(found)
    for number, confluence in enumerate(loose):
        found.insert(round((number + 1) * total / (len(loose) + 1)) + number, confluence)
    return found


def _position(found: list[_Thing], wanted: _Thing) -> int:
    return next(place for place, one in enumerate(found) if one is wanted)


def _placed(things: list[_Thing], length_km: float | None) -> tuple[Place, ...]:
    """Shares of the way: by distance where known, evenly between neighbours where not."""
    known = [(number, one.km) for number, one in enumerate(things) if one.km is not None]
    length = max([length_km or 0.0, *(km * _BEYOND_SOURCE for _, km in known)])
    anchors = [(-1, 0.0), *((number, 1 - km / length) for number, km in known if length > 0), (len(things), 1.0)]
    # A river whose lower course has no stations need not be drawn at length.
    lowest = max(share for _, share in anchors[:-1])
    stretch = max(1.0, min(_LOWEST, len(things) / (len(things) + 1)) / lowest) if lowest > 0 else 1.0
    anchors[:-1] = [(number, share * stretch) for number, share in anchors[:-1]]
    numbers, shares = [number for number, _ in anchors], [share for _, share in anchors]
    placed = np.interp(np.arange(len(things)), numbers, shares).tolist()
    return tuple(
        Place(share, () if one.mark is None else (one.mark,), one.stream)
        for share, one in zip(placed, things, strict=True)
    )
