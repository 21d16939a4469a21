"""Trees of rivers: everything is in one place, upstream first, and no circle is followed."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from dashboards.console.draw.model import Mark, RiverLine, RiverSystem, State
from dashboards.console.draw.schematic.gather import gathered
from dashboards.console.draw.schematic.streams import DEEPEST, Stream, streams
from hydro.register import StationKind
from tests.dashboards.draw.pictures import random_system

if TYPE_CHECKING:
    from collections.abc import Iterator


def station(code: str, river: str = "a", km: float | None = None, state: State = State.OK) -> Mark:
    return Mark(code=code, name=code, kind=StationKind.SECTION, river=river, chainage_km=km, state=state)


def tree(*rivers: RiverLine, marks: tuple[Mark, ...] = ()) -> tuple[Stream, ...]:
    return streams(RiverSystem(title="", rivers=rivers, marks=marks))


def everything(stream: Stream) -> Iterator[Stream]:
    yield stream
    for place in stream.places:
        if place.stream is not None:
            yield from everything(place.stream)


def codes(stream: Stream) -> list[str]:
    return ["+".join(mark.code for mark in place.marks) for place in stream.places if place.stream is None]


@pytest.mark.parametrize("seed", range(40))
def test_every_station_and_river_has_one_place(seed: int) -> None:
    system = random_system(seed, seed, 1 + seed % 9)
    found = [stream for root in streams(system) for stream in everything(root)]
    marks = Counter(mark.code for stream in found for place in stream.places for mark in place.marks)
    assert marks == Counter(mark.code for mark in system.marks)
    assert Counter(stream.line.river for stream in found) == Counter(line.river for line in system.rivers)
    for stream in found:
        shares = [place.at for place in stream.places]
        assert shares == sorted(shares)
        assert all(0 <= share <= 1 for share in shares)


def test_the_farther_from_the_mouth_the_farther_upstream() -> None:
    root = tree(marks=(station("low", km=2), station("high", km=80), station("middle", km=30)))[0]
    assert codes(root) == ["high", "middle", "low"]


def test_a_station_without_distance_follows_the_one_named_before_it() -> None:
    marks = (station("1"), station("high", km=80), station("2"), station("low", km=2), station("3"))
    assert codes(tree(marks=marks)[0]) == ["1", "high", "2", "low", "3"]


def test_without_any_distance_stations_stand_evenly_in_the_order_given() -> None:
    root = tree(marks=tuple(map(station, "abc")))[0]
    assert codes(root) == ["a", "b", "c"]
    distances = [other.at - one.at for one, other in pairwise(root.places)]
    assert distances[0] == pytest.approx(distances[1])


def test_a_river_joins_between_the_stations_above_and_below_its_confluence() -> None:
    lines = (RiverLine(river="a", name="a"), RiverLine(river="b", name="b", into="a", into_km=20))
    root = tree(*lines, marks=(station("above", km=30), station("below", km=10)))[0]
    assert [place.stream is not None for place in root.places] == [False, True, False]


def test_order_after_strahler() -> None:
    lines = [RiverLine(river="a", name="a")]
    lines += [RiverLine(river=river, name=river, into=into) for river, into in ("ba", "cb", "da", "ed")]
    orders = {stream.line.river: stream.order for root in tree(*lines) for stream in everything(root)}
    assert orders == {"c": 1, "e": 1, "b": 2, "d": 2, "a": 3}


@pytest.mark.parametrize("into", ["ba ab", "aa", "ab bc ca", "ab bc cb", "ax"])
def test_rivers_that_lead_nowhere_or_in_a_circle_are_drawn_once(into: str) -> None:
    lines = [RiverLine(river=pair[0], name=pair[0], into=pair[1]) for pair in into.split()]
    found = [stream.line.river for root in tree(*lines) for stream in everything(root)]
    assert sorted(found) == sorted(line.river for line in lines)


def test_a_chain_of_a_thousand_rivers_is_cut_before_it_is_too_deep() -> None:
    lines = [RiverLine(river=str(number), name="x", into=str(number + 1)) for number in range(1000)]
    found = [stream for root in tree(*lines) for stream in everything(root)]
    assert len(found) == 1000
    assert max(stream.depth for stream in found) <= DEEPEST


def test_a_station_on_an_unknown_river_is_not_lost() -> None:
    roots = tree(RiverLine(river="a", name="a"), marks=(station("1", "elsewhere"),))
    assert [(root.line.name, codes(root)) for root in roots] == [("elsewhere", ["1"]), ("a", [])]


def test_neighbours_of_one_state_are_drawn_as_one() -> None:
    states = [State.OK, State.OK, State.RED, State.OK, State.SILENT, State.SILENT]
    marks = tuple(station(str(place), state=state) for place, state in enumerate(states))
    assert codes(gathered(tree(marks=marks)[0], lambda _: 9)) == ["0+1", "2", "3", "4+5"]


def test_where_room_is_short_neighbours_of_several_states_are_drawn_as_one() -> None:
    states = [State.OK, State.RED] * 50
    marks = tuple(station(str(place), state=state) for place, state in enumerate(states))
    found = gathered(tree(marks=marks)[0], lambda _: 8)
    assert len(found.places) == 8
    assert sum(len(place.marks) for place in found.places) == 100
