"""A scenario played: the same bytes however it is cut, no memory of the past, the truth beside it."""

from __future__ import annotations

import json
import pickle
from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING

import pytest

from hydro.errors import ConfigError
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from simulators.basin import STEP_MS
from simulators.devices import Trouble
from simulators.play import Arrival, Play
from simulators.scenario import WireFormat
from simulators.truth import TruthKind
from tests.simulators.play.stage import START, perfectly, small, with_targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from simulators.play import Chunk
    from simulators.truth import Detail, Truth

DAY = 288
SEED_OF_RAIN = 5


def whole(chunks: Iterable[Chunk]) -> tuple[list[Arrival], list[Truth], list[tuple[object, ...]]]:
    """All that chunks hold, one after the other."""
    messages: list[Arrival] = []
    truths: list[Truth] = []
    judged: list[tuple[object, ...]] = []
    for chunk in chunks:
        messages += chunk.messages
        truths += chunk.truths
        judged += zip(*(column.tolist() for column in chunk.judged), strict=True)
    return messages, truths, judged


def play(days: int = 2, *, seed: int = 5, form: WireFormat | None = None, perfect: bool = False) -> Play:
    scenario = with_targets(small(days=days), seed=2)
    scenario = perfectly(scenario) if perfect else scenario
    return Play(scenario, seed=seed, end=scenario.end, format=form)


@lru_cache
def whole_of(days: int) -> tuple[list[Arrival], list[Truth], list[tuple[object, ...]]]:
    """A play of so many days in one piece."""
    return whole(play(days).chunks(steps=days * DAY))


@pytest.mark.parametrize("steps", [pytest.param(1, marks=pytest.mark.slow), 7, 100])
def test_chunks_change_not_a_byte_of_messages_and_truths(steps: int) -> None:
    """Outages, faults, thefts, shortfalls, three wire formats in one stream: cut where one likes."""
    messages, truths, judged = whole_of(2)
    assert whole(play().chunks(steps=steps)) == (messages, truths, judged)
    assert {topic.rsplit("/", 1)[-1] for _, topic, _ in messages} == {"json", "sl651", "slt427", "status"}
    assert {truth.kind for truth in truths} >= {TruthKind.UNMETERED_INTAKE, TruthKind.EFLOW_SHORTFALL, TruthKind.OUTAGE}
    assert judged


def test_messages_come_in_order_of_arrival_and_none_after_it_was_said_that_all_are_there() -> None:
    playing = play(1)
    upto = 0
    for chunk in playing.chunks(steps=13):
        times = chunk.messages.received_at
        assert times == sorted(times)
        assert all(upto < at <= chunk.upto_ms for at in times)
        upto = chunk.upto_ms


def test_truths_come_in_the_order_of_their_ends() -> None:
    _, truths, _ = whole_of(2)
    assert all(one.closing <= other.closing for one, other in pairwise(truths))
    assert len({truth.closing for truth in truths}) == len(truths)


def test_another_seed_is_another_story() -> None:
    assert whole(play(2, seed=6).chunks())[0] != whole_of(2)[0]


def test_it_runs_for_ever_and_live_steps_go_on_where_history_ended() -> None:
    """What the demo does: a day in large pieces, then one step after the other, without an end."""
    scenario = small(days=1)
    playing = Play(scenario, seed=1)
    assert playing.end is None
    state = playing.begin()
    messages: list[Arrival] = []
    for steps in (144, 144, 1, 1, 1, 1):
        state, chunk = playing.advance(state, steps)
        messages += chunk.messages
        assert chunk.upto_ms == chunk.at - 150_000
    expected = whole(islice(playing.chunks(steps=4), 73))[0]
    assert messages == expected
    assert state.at == START + (DAY + 4) * STEP_MS


def test_a_start_inside_a_step_is_that_steps_beginning_and_an_end_before_it_a_clear_mistake() -> None:
    scenario = small(days=1)
    assert Play(scenario, seed=1, start=START + MINUTE_MS).start == START
    with pytest.raises(ConfigError, match=r"stage\.py: ends at 2026-03-29T23:00:00.*begins at 2026-03-30T00:00:00"):
        Play(scenario, seed=1, end=START - HOUR_MS)
    with pytest.raises(ValueError, match="can't begin at"):
        Play(scenario, seed=1, start=START + DAY_MS)


def test_what_is_kept_does_not_grow_with_time() -> None:
    """A year needs no more memory than a day: the state after three days is no larger than after one."""
    playing = play(3)
    state = playing.begin()
    sizes = []
    for _ in range(3):
        state, _ = playing.advance(state, DAY)
        sizes.append(len(pickle.dumps(state)))
    assert sizes[2] < 1.2 * sizes[0]


def test_a_perfect_device_shows_the_truth_and_a_thief_is_in_the_truth_alone() -> None:
    playing = play(1, form=WireFormat.JSON, perfect=True)
    messages, truths, _ = whole(playing.chunks())
    thefts = [truth for truth in truths if truth.kind is TruthKind.UNMETERED_INTAKE]
    assert {truth.subject for truth in thefts} == {"Q2"}
    first = thefts[0]
    night = [
        value["values"]
        for at, topic, payload in messages
        if topic.endswith("gw-1/up/json") and first.start < at <= first.end
        for value in [json.loads(payload)]
        if value["station"] == "Q2"
    ]
    assert len(night) == 48
    assert sum(values["pump"] for values in night) == 48
    assert sum(values["discharge"] for values in night) / 48 < 80.0  # L/s: what passes the meter


def flow_hours(truths: Iterable[Truth]) -> dict[tuple[str, int, int], Mapping[str, Detail]]:
    """True flow by section, start and end of the hour."""
    return {(one.subject, one.start, one.end): one.details for one in truths if one.kind is TruthKind.DISCHARGE}


def test_the_true_flow_of_every_hour_is_what_perfect_gauges_show() -> None:
    """Also of the hours that begin and end in the midst of one: 00:25 to 03:40."""
    scenario = perfectly(small(start=START + 5 * STEP_MS, warm_up_ms=0))
    playing = Play(scenario, seed=3, end=scenario.start + 39 * STEP_MS, format=WireFormat.JSON)
    messages, truths, _ = whole(playing.chunks(steps=10))
    shown: dict[tuple[str, int], list[float]] = defaultdict(list)
    for at, topic, payload in messages:
        if topic.endswith("status"):
            continue
        for value in json.loads(b"[%b]" % payload.strip(b"[]")):
            if value["station"] in scenario.network.gauge:
                shown[value["station"], (at - 1) // HOUR_MS].append(value["values"]["discharge"])
    expected = {
        key: {
            "mean_m3s": pytest.approx(sum(values) / len(values), abs=1e-6),
            "min_m3s": min(values),
            "max_m3s": max(values),
        }
        for key, values in shown.items()
    }
    found = flow_hours(truths)
    assert {(station, start // HOUR_MS): details for (station, start, _), details in found.items()} == expected
    bounds = sorted({key[1:] for key in found})
    assert (bounds[0][0], bounds[-1][1]) == (playing.start, playing.end)
    assert all(one[1] == other[0] for one, other in pairwise(bounds))


def test_water_that_is_stolen_is_missing_at_the_mouth() -> None:
    scenario = small(days=2)
    honest = replace(scenario, takers=tuple(replace(taker, thefts=()) for taker in scenario.takers))
    as_it_is, as_it_should_be = (whole(Play(one, seed=5, end=one.end).chunks())[1] for one in (scenario, honest))
    stolen = sum(
        float(truth.details["volume_m3"] or 0.0) for truth in as_it_is if truth.kind is TruthKind.UNMETERED_INTAKE
    )
    mouth = scenario.network.gauges[0].name
    passed = [
        sum(
            3600.0 * float(details["mean_m3s"] or 0.0)
            for (name, _, _), details in flow_hours(truths).items()
            if name == mouth
        )
        for truths in (as_it_is, as_it_should_be)
    ]
    assert stolen > 100.0
    assert passed[1] - passed[0] == pytest.approx(stolen, rel=0.1)  # some is still under way


def test_outages_come_with_the_rain_over_a_gateway() -> None:
    stormy = Trouble(calm_per_year=0.0, storm_per_hour=6.0)
    scenario = replace(small(days=2), outages=(), chances=None, storm_mm_h=0.2)
    scenario = replace(scenario, gateways=tuple(replace(one, trouble=stormy) for one in scenario.gateways))
    wet, dry = (
        whole(Play(one, seed=SEED_OF_RAIN, end=one.end).chunks())[1]
        for one in (scenario, replace(scenario, climate=None))
    )
    assert any(truth.kind is TruthKind.OUTAGE for truth in wet)
    assert not any(truth.kind is TruthKind.OUTAGE for truth in dry)
