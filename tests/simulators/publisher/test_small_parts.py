"""Pace, lanes, tally, outage: small laws."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.errors import BrokerError
from simulators.publisher.lanes import Lanes
from simulators.publisher.outage import Outage
from simulators.publisher.pace import Pace
from simulators.publisher.tally import Timeline, Waits

GONE = BrokerError("gone", retryable=True)


def test_gateways_are_dealt_out_evenly_and_keep_their_connection() -> None:
    lanes = Lanes(7)
    topics = [f"watermaster/v1/g{number}/up/{wire}" for wire in ("json", "sl651") for number in range(70)]
    first = [lanes.of(topic) for topic in topics]
    assert set(Counter(first).values()) == {20}
    assert [lanes.of(topic) for topic in topics] == first
    assert [lanes.of(f"watermaster/v1/g{number}/status") for number in range(70)] == first[:70]


def test_gateways_beyond_all_memory_keep_their_connection_too() -> None:
    lanes = Lanes(3)
    for number in range(100_000):
        lanes.of(f"p/g{number}/up/json")
    late = [f"p/late{number}/up/json" for number in range(50)]
    assert [lanes.of(topic) for topic in late] == [lanes.of(topic) for topic in reversed(late)][::-1]
    assert {lanes.of(topic) for topic in late} == {0, 1, 2}


def test_who_is_behind_has_everything_due() -> None:
    pace = Pace(10.0)
    assert pace.due(1_000_000, 100.0) == 100.0
    assert pace.due(1_060_000, 100.0) == 106.0
    assert pace.due(1_060_000, 300.0) == 106.0
    assert not Pace(0.0).is_timed


@given(st.lists(st.floats(1e-6, 1e4), min_size=1, max_size=200))
def test_shares_of_waits_are_right_to_three_percent(waits: list[float]) -> None:
    subject = Waits()
    for wait in waits:
        subject.add(wait, 1)
    ordered = sorted(waits)
    for share in (0.01, 0.5, 0.99, 1.0):
        exact = ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]
        assert subject.share_s(share) == pytest.approx(exact, rel=0.03)
    assert subject.longest_s == max(waits)


@given(st.lists(st.tuples(st.floats(0, 40_000), st.integers(0, 50)), max_size=60))
def test_a_timeline_loses_nothing_and_stays_short(events: list[tuple[float, int]]) -> None:
    timeline = Timeline()
    for at, count in sorted(events):
        timeline.add(at, count)
    assert sum(timeline.counts) == sum(count for _, count in events)
    assert len(timeline.counts) <= 3_600
    for index, count in enumerate(timeline.counts):
        begins = index * timeline.every_s
        assert count == sum(many for at, many in events if begins <= int(at) < begins + timeline.every_s)


def test_attempts_become_rarer_up_to_five_seconds() -> None:
    outage, waits = Outage(0.0, GONE, random.Random(1), after=None), []
    for _ in range(2_000):
        at = outage.next_at
        outage.failed(at, GONE)
        outage.failed(at, GONE)
        waits.append(outage.next_at - at)
    assert all(later <= 5.0 for later in waits)
    assert [0.1 * 2**number <= wait <= 0.2 * 2**number for number, wait in enumerate(waits[:4], 1)] == [True] * 4
    assert min(waits[10:]) >= 2.5


def test_an_outage_right_after_another_goes_on_where_that_was() -> None:
    first = Outage(0.0, GONE, random.Random(1), after=None)
    for _ in range(5):
        first.failed(first.next_at, GONE)
    first.end = 100.0
    assert Outage(101.0, GONE, random.Random(1), after=first).next_at - 101.0 > 2.0
    assert Outage(120.0, GONE, random.Random(1), after=first).next_at - 120.0 <= 0.2
