"""Hundreds of stations: neighbours on a river that stand alike are drawn as one, with their number.

A few dozen stations have a name each. Beyond that names are for those that need a look; the others show that they are
there.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dashboards.console.draw.model import Mark
    from dashboards.console.draw.schematic.streams import Place, Stream

__all__ = ["MANY", "gathered"]

MANY: Final = 60
"""Stations from which on a drawing gathers them."""


def gathered(stream: Stream, room: Callable[[Stream], int]) -> Stream:
    """The tree with neighbours drawn as one.

    Args:
        stream: The river and its tributaries.
        room: How many marks a river has room for. If there are more even when neighbours of one state are one, then
            neighbours of different states are joined too, and show the worst.
    """
    alike: list[Place] = []
    for _, places in groupby(stream.places, key=_kind):
        alike += _joined(list(places))
    stations = sum(1 for place in alike if place.stream is None)
    at_once = -(-stations // max(1, room(stream)))
    found: list[Place] = []
    for is_river, places in groupby(alike, key=lambda place: place.stream is not None):
        if is_river:
            found += [_with_gathered(place, room) for place in places]
        else:
            found += [one for chunk in _chunks(list(places), at_once) for one in _joined(chunk)]
    return replace(stream, places=tuple(found))


def _kind(place: Place) -> tuple[str, str]:
    """Equal for neighbours that may be drawn as one; the selected and confluences are like nothing else."""
    if place.stream is not None:
        return "river", place.stream.line.river
    mark = place.marks[0]
    return ("selected", mark.code) if mark.selected else ("state", mark.state.value)


def _joined(places: Sequence[Place]) -> list[Place]:
    if len(places) == 1 or places[0].stream is not None:
        return list(places)
    marks: tuple[Mark, ...] = tuple(mark for place in places for mark in place.marks)
    return [replace(places[0], at=sum(place.at for place in places) / len(places), marks=marks)]


def _chunks(places: list[Place], size: int) -> Iterator[list[Place]]:
    for start in range(0, len(places), size):
        yield places[start : start + size]


def _with_gathered(place: Place, room: Callable[[Stream], int]) -> Place:
    return place if place.stream is None else replace(place, stream=gathered(place.stream, room))
