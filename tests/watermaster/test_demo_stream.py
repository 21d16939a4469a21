"""What the demo's gateways publish: the same every time, in order, and with everything that the story needs."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import pytest

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from tests.watermaster.demo_day import (
    DARK_GATEWAY,
    GATEWAYS,
    PREFIX,
    SLOT,
    TURN,
    Reading,
    arrivals,
    codes,
    gateway_of,
    planned,
    readings,
)
from watermaster.demo.stream import Stream, played

if TYPE_CHECKING:
    from simulators.play import Arrival

PLAN = planned()
LIVE_FROM = PLAN.live_from
LIVE_UNTIL = TURN + 5 * HOUR_MS
FACTORY = "520122Q00301"

Said: TypeAlias = dict[tuple[str, str], list[Reading]]
"""Readings by station and quantity."""


@pytest.fixture(scope="module")
def morning() -> list[Arrival]:
    """History and the morning of the story."""
    return arrivals(PLAN, LIVE_UNTIL)


@pytest.fixture(scope="module")
def said(morning: list[Arrival]) -> Said:
    """The readings in it, by station and quantity."""
    return readings(morning)


def series(said: Said, station: str, quantity: str) -> dict[int, float | None]:
    """One series, by event time."""
    return {reading.at: reading.value for reading in said[station, quantity]}


def minutes(first: int, last: int) -> list[int]:
    """Slots in (first, last] minutes after the turn."""
    return [TURN + minute * MINUTE_MS for minute in range(first + 5, last + 1, 5)]


def test_the_same_seed_gives_the_same_messages_in_any_pieces_and_another_seed_gives_others(
    morning: list[Arrival],
) -> None:
    stream = Stream(played(PLAN, PREFIX))
    pieces = stream.take(TURN - 20 * HOUR_MS)
    stream.play_to(LIVE_FROM)
    while stream.next_at() <= LIVE_UNTIL:
        pieces += stream.take(min(stream.next_at() + 10 * MINUTE_MS, LIVE_UNTIL + 1), 64)
    assert pieces == morning
    assert arrivals(planned(seed=2), TURN - 20 * HOUR_MS) != pieces[:10]


def test_messages_come_in_order_of_arrival_a_moment_after_the_minute_that_they_report(morning: list[Arrival]) -> None:
    assert all(before[0] <= after[0] for before, after in pairwise(morning))
    live = [at for at, topic, _ in morning if gateway_of(topic) != DARK_GATEWAY]
    assert max(at % SLOT for at in live) < 15_000


@pytest.mark.parametrize("live_from", [LIVE_FROM, TURN - 47 * MINUTE_MS - 1, TURN - HOUR_MS])
def test_history_is_a_whole_day_of_every_series_without_a_hole(live_from: int) -> None:
    history = readings(arrivals(planned(live_from=live_from), live_from))
    slots = [at for at in range(TURN - 2 * DAY_MS, TURN, SLOT) if live_from - DAY_MS < at <= live_from - 15_000]
    for row in PLAN.scenario.tables["points"]:
        assert [one.at for one in history[row["station"], row["quantity"]]] == slots, (row["station"], row["quantity"])


def test_a_gateway_speaks_for_its_own_stations_and_in_its_own_manner(morning: list[Arrival]) -> None:
    shapes: dict[str, set[bytes]] = {name: set() for name in GATEWAYS}
    for _, topic, payload in morning:
        if topic == f"{PREFIX}/{gateway_of(topic)}/up/json":
            shapes[gateway_of(topic)].add(payload[:1])
    assert shapes == {"gw-shimen": {b"{"}, "gw-xiangshui": {b"["}, "gw-qiaotou": {b"{"}, "gw-longdong": {b"["}}
    for row in PLAN.scenario.tables["stations"]:
        speakers = {gateway_of(topic) for _, topic, payload in morning if f'"{row["station"]}"'.encode() in payload}
        assert speakers == {row["gateway"]}


def test_a_dark_gateway_says_nothing_and_then_everything_in_order(morning: list[Arrival], said: Said) -> None:
    dark = [message for message in morning if gateway_of(message[1]) == DARK_GATEWAY]
    online, lost, back = (number for number, (_, topic, _) in enumerate(dark) if topic.endswith("/status"))
    assert [dark[number][2] for number in (online, lost, back)] == [b"online", b"offline", b"online"]
    assert back == lost + 1  # nothing in between
    assert TURN + 35 * MINUTE_MS < dark[lost][0] < TURN + 40 * MINUTE_MS
    assert dark[back][0] == TURN + 140 * MINUTE_MS
    late = readings(dark[back:])
    for key in said:
        if key[0] in codes(PLAN.scenario, DARK_GATEWAY):
            assert sorted(one.at for one in said[key]) == list(range(TURN - DAY_MS, LIVE_UNTIL, SLOT))
            kept = minutes(35, 135)
            assert [one.at for one in late[key] if one.at in kept] == kept


def test_one_value_is_wild_and_one_is_missing(said: Said) -> None:
    stage = series(said, "520122S005", "stage")
    wild = {at: value for at, value in stage.items() if value is None or value > 8}
    assert wild == {TURN + 45 * MINUTE_MS: pytest.approx(88.8, abs=0.1)}
    flow = series(said, "520122S012", "discharge")
    assert [at for at, value in flow.items() if value is None] == [TURN + 55 * MINUTE_MS]


def test_at_night_the_pump_works_while_its_meter_stands_still(said: Said) -> None:
    at_night = minutes(-405, -220)
    flow, pump, power, total = (
        series(said, FACTORY, quantity) for quantity in ("discharge", "pump", "power", "volume_total")
    )
    assert {flow[at] for at in at_night} == {0}
    assert {pump[at] for at in at_night} == {1}
    assert min(power[at] or 0 for at in at_night) > 150
    assert len({total[at] for at in at_night}) == 1


def test_at_night_the_river_loses_what_the_factory_does_not_measure(said: Said) -> None:
    """From 01:10 to 04:20, that is -410 to -220 min; the flow needs a while down to the lower section."""
    upper, lower = (series(said, code, "discharge") for code in ("520122S006", "520122S007"))

    def loss(first: int, last: int) -> float:
        slots = minutes(first, last)
        return sum((upper[at] or 0) - (lower[at] or 0) for at in slots) / len(slots)

    assert loss(-300, -220) - loss(-470, -410) == pytest.approx(0.42, abs=0.12)


def test_the_plant_gains_what_the_dewatered_reach_loses(said: Said) -> None:
    """Two sections, two duties: the release falls, generation rises by about as much."""
    release, tailrace = (series(said, code, "discharge") for code in ("520122P00101", "520122P00102"))

    def mean(values: dict[int, float | None], first: int, last: int) -> float:
        slots = minutes(first, last)
        return sum(values[at] or 0 for at in slots) / len(slots)

    assert mean(release, -120, -60) == pytest.approx(1.1, rel=0.03)
    assert mean(release, 0, 60) == pytest.approx(0.45 * 1.1, rel=0.03)
    assert mean(tailrace, 0, 60) - mean(tailrace, -120, -60) == pytest.approx(0.6, abs=0.25)


def test_yesterday_was_an_ordinary_day(said: Said) -> None:
    """The story repeats every day from its first one on, not before."""
    release = series(said, "520122P00101", "discharge")
    assert min(value or 0 for at, value in release.items() if at <= TURN - HOUR_MS) > 1.0
