"""What the demo's gateways publish: the same every time, in order, and with everything that the story needs."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from simulators.demo.places import DARK_GATEWAY, GATEWAYS, PLACES
from simulators.demo.points import POINTS
from simulators.demo.story import Story, turn_after, turn_before
from simulators.demo.stream import Event, EventKind
from tests.simulators.demo.watching import TURN, events, readings, series

SLOT = 5 * MINUTE_MS
STORY = Story(TURN)


@pytest.fixture(scope="module")
def morning() -> list[Event]:
    """History and the morning of the story."""
    return events(STORY)


def minutes(first: int, last: int) -> list[int]:
    """Slots in (first, last] minutes after the turn."""
    return [TURN + minute * MINUTE_MS for minute in range(first + 5, last + 1, 5)]


def test_the_same_seed_and_start_give_the_same_bytes_and_another_seed_gives_others(morning: list[Event]) -> None:
    assert events(STORY) == morning
    assert events(STORY, seed=2) != morning


def test_messages_come_in_order_of_arrival_a_moment_after_the_minute_that_they_report(morning: list[Event]) -> None:
    assert all(before.at <= after.at for before, after in pairwise(morning))
    live = [event for event in morning if event.kind is EventKind.REPORT and event.gateway != DARK_GATEWAY]
    assert max(event.at % SLOT for event in live) < 10_000


def test_history_is_a_whole_day_of_every_series_without_a_hole(morning: list[Event]) -> None:
    history = [event for event in morning if event.at < STORY.live_from]
    slots = list(range(TURN - DAY_MS, STORY.live_from, SLOT))
    assert len(slots) == 288
    for place in PLACES:
        for point in POINTS[place.key]:
            assert list(series(history, place.key, point.quantity)) == slots, (place.key, point.quantity)


def test_a_gateway_speaks_for_its_own_stations_and_in_its_own_manner(morning: list[Event]) -> None:
    shapes = {name: {event.payload[:1] for event in morning if event.gateway == name} - {b""} for name in GATEWAYS}
    assert shapes == {
        "gw-shimen": {b"{"},
        "gw-xiangshui": {b"["},
        "gw-qiaotou": {b"{"},
        "gw-longdong": {b"["},
    }
    for place in PLACES:
        speakers = {event.gateway for event in morning if f'"{place.code}"'.encode() in event.payload}
        assert speakers == {place.gateway}


def test_a_dark_gateway_says_nothing_and_then_everything_in_order(morning: list[Event]) -> None:
    dark = [event for event in morning if event.gateway == DARK_GATEWAY]
    lost, back = (
        next(number for number, event in enumerate(dark) if event.kind is kind)
        for kind in (EventKind.LOST, EventKind.BACK)
    )
    assert back == lost + 1  # nothing in between
    assert STORY.turn + 40 * MINUTE_MS < dark[lost].at < dark[back].at
    assert dark[back].at > STORY.turn + 145 * MINUTE_MS
    for key in ("caves_mouth", "border", "lift"):
        flow = [reading for reading in readings(morning, key) if reading.quantity == "discharge"]
        assert [reading.at for reading in flow] == list(range(TURN - DAY_MS, STORY.live_until, SLOT))
        kept = [reading for reading in readings(dark[back : back + 8], key) if reading.quantity == "discharge"]
        assert [reading.at for reading in kept[:21]] == minutes(35, 140)


def test_one_value_is_wild_and_one_is_missing(morning: list[Event]) -> None:
    stage = series(morning, "lianghekou", "stage")
    assert {at: value for at, value in stage.items() if value is None or value > 8} == {TURN + 45 * MINUTE_MS: 88.8}
    flow = series(morning, "creek_head", "discharge")
    assert [at for at, value in flow.items() if value is None] == [TURN + 55 * MINUTE_MS]


def test_at_night_the_pump_works_while_its_meter_stands_still(morning: list[Event]) -> None:
    at_night = minutes(-410, -220)
    flow, pump, power, total = (
        series(morning, "factory", quantity) for quantity in ("discharge", "pump", "power", "volume_total")
    )
    assert {flow[at] for at in at_night} == {0}
    assert {pump[at] for at in at_night} == {1}
    assert min(power[at] or 0 for at in at_night) > 150
    assert len({total[at] for at in at_night}) == 1
    assert {pump[TURN - minute * MINUTE_MS] for minute in (415, 215)} == {0}


def test_totals_never_go_back_and_gain_what_the_meter_shows(morning: list[Event]) -> None:
    litres = series(morning, "county_works", "discharge")
    total = series(morning, "county_works", "volume_total")
    values = [value or 0 for value in total.values()]
    assert all(before <= after for before, after in pairwise(values))
    metered = sum((value or 0) / 1000 * 300 for value in list(litres.values())[1:])
    assert values[-1] - values[0] == pytest.approx(metered, rel=0.01)


def test_devices_have_steps_and_noise(morning: list[Event]) -> None:
    flow = [value or 0 for value in series(morning, "machaotan", "discharge").values()]
    assert all(round(value, 3) == value for value in flow)
    calm = flow[:200]  # before the story
    assert len(set(calm)) > 20
    assert max(calm) / min(calm) < 1.1


def test_yesterday_was_an_ordinary_day(morning: list[Event]) -> None:
    """The story repeats every day from its first one on, not before."""
    release = series(morning, "dam", "discharge")
    assert min(value or 0 for at, value in release.items() if at <= TURN - HOUR_MS) > 1.0


@pytest.mark.parametrize(
    ("now", "turn"),
    [
        ("07:56:59", "08:00 of the day before"),
        ("07:57:00", "08:00"),
        ("23:00:00", "08:00"),
    ],
)
def test_a_morning_that_has_begun_is_played_and_none_of_the_future(now: str, turn: str) -> None:
    hours, rest = now.split(":", 1)
    midnight = TURN - 8 * HOUR_MS
    minute, second = map(int, rest.split(":"))
    instant = midnight + int(hours) * HOUR_MS + minute * MINUTE_MS + second * 1000
    assert turn_before(instant) == TURN - (DAY_MS if "before" in turn else 0)


def test_on_the_real_clock_the_turn_is_the_next_full_hour() -> None:
    assert turn_after(TURN) == TURN + HOUR_MS
    assert turn_after(TURN - 1) == TURN
