"""Real water as natural flow: volumes are kept, and what is unknown stays unknown."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.errors import ConfigError
from hydro.instants import HOUR_MS, MINUTE_MS, parse_instant
from simulators.basin import STEP_MS, Actions, Inflow, Network, Node, Reach, Record, River, Stands, read_record

DATA = Path(__file__).parents[2] / "data"
PLUMTREE = DATA / "usgs_01581752_plumtree_run_5min_2018-08-07_2018-08-12.csv"
RELEASE = DATA / "colorado_gcd_release_hourly_2024-07-01_2024-07-14.csv"


def record(values: list[float], interval_min: int, stands: Stands) -> Record:
    times = np.arange(len(values), dtype=np.int64) * interval_min * MINUTE_MS
    return Record(times, np.array(values), interval_min * MINUTE_MS, stands)


@given(
    values=st.lists(st.floats(0.0, 1e3), min_size=2, max_size=30),
    interval_min=st.sampled_from([1, 4, 5, 7, 15, 60, 1440]),
    stands=st.sampled_from(Stands),
)
def test_the_volume_on_the_steps_is_the_volume_of_the_record(
    values: list[float], interval_min: int, stands: Stands
) -> None:
    whole = record(values, interval_min, stands)
    length = interval_min * 60.0
    flows = np.array(values)
    if stands is Stands.INSTANT:
        start, volume = 0, float(((flows[:-1] + flows[1:]) / 2.0).sum() * length)
    else:
        start = -interval_min * MINUTE_MS if stands is Stands.MEAN_BEFORE else 0
        volume = float(flows.sum() * length)
    # From a step's edge before the record on; steps that it knows in part only are left out of both sides.
    at = (start // STEP_MS) * STEP_MS
    span = (len(values) * interval_min + 10) * MINUTE_MS
    natural = whole.on_steps(at, int(span // STEP_MS) + 2)
    edges = interval_min * 60.0 * float(flows.max(initial=0.0)) + 600.0 * float(flows.max(initial=0.0))
    exact = interval_min % 5 == 0
    found = float(natural.flow[natural.known].sum() * 300.0)
    assert found == pytest.approx(volume, rel=1e-9, abs=1e-6) if exact else volume - edges <= found <= volume + 1e-6


def test_hourly_means_are_staircases_and_instants_are_lines() -> None:
    before = record([1.0, 3.0], 10, Stands.MEAN_BEFORE).on_steps(-2 * STEP_MS, 4)
    after = record([1.0, 3.0], 10, Stands.MEAN_AFTER).on_steps(0, 4)
    line = record([1.0, 3.0], 10, Stands.INSTANT).on_steps(0, 2)
    assert before.flow.tolist() == after.flow.tolist() == [1.0, 1.0, 3.0, 3.0]
    assert line.flow.tolist() == [1.5, 2.5]


def test_outside_and_in_gaps_nothing_is_known() -> None:
    """What lies between them is a straight line, marked as a guess.

    ::

        values   1     1     .     3     3
        steps  ? |known|  ?  |  ?  |known| ?
    """
    broken = record([1.0, 1.0, float("nan"), 3.0, 3.0], 5, Stands.INSTANT)
    natural = broken.on_steps(-STEP_MS, 6)
    assert natural.known.tolist() == [False, True, False, False, True, False]
    assert natural.flow.tolist() == [1.0, 1.0, 1.5, 2.5, 3.0, 3.0]
    assert broken.gaps() == [(STEP_MS, 3 * STEP_MS)]


def test_a_missing_row_is_a_gap_like_an_empty_one() -> None:
    times = np.array([0, 1, 2, 6, 7], np.int64) * STEP_MS
    holed = Record(times, np.ones(5), STEP_MS, Stands.INSTANT)
    assert holed.gaps() == [(2 * STEP_MS, 6 * STEP_MS)]
    assert holed.on_steps(0, 7).known.tolist() == [True, True, False, False, False, False, True]
    means = Record(times, np.ones(5), STEP_MS, Stands.MEAN_BEFORE)
    assert means.on_steps(0, 7).known.tolist() == [True, True, False, False, False, True, True]


def test_asked_in_pieces_a_record_says_the_same() -> None:
    whole = read_record(PLUMTREE, "discharge_m3s")
    at = int(whole.times[0])
    once = whole.on_steps(at, 1000)
    pieces = [whole.on_steps(at + first * STEP_MS, 125) for first in range(0, 1000, 125)]
    np.testing.assert_array_equal(once.known, np.concatenate([piece.known for piece in pieces]))
    np.testing.assert_array_equal(once.flow, np.concatenate([piece.flow for piece in pieces]))


def test_a_real_flood_with_three_values_missing() -> None:
    plumtree = read_record(PLUMTREE, "discharge_m3s")
    assert plumtree.interval == STEP_MS
    assert np.isnan(plumtree.values).sum() == 3
    assert [(end - start) // STEP_MS for start, end in plumtree.gaps()] == [2, 2, 2]
    start = parse_instant("2018-08-09T17:45:00Z", 0)
    assert plumtree.gaps()[0] == (start, start + 2 * STEP_MS)


def test_real_releases_flow_down_a_simulated_reach_as_they_did() -> None:
    """Glen Canyon Dam to Lees Ferry, two weeks: a lag alone leaves much, a reach that spreads leaves little.

    Source: U.S. Bureau of Reclamation; U.S. Geological Survey, station 09380000.
    """
    release = read_record(RELEASE, "total_m3s", stands=Stands.MEAN_BEFORE)
    observed = read_record(DATA / "colorado_grand_canyon_15min_2024-07-01_2024-07-14.csv", "lees_ferry_rm0_m3s")
    at, steps = int(release.times[0]), 13 * 288
    given, seen = release.on_steps(at, steps), observed.on_steps(at, steps)
    network = Network(
        nodes=(Node(name="dam"), Node(name="ferry", outlet=True)),
        reaches=(Reach(name="r", start="dam", end="ferry", travel_min=300.0, weight=0.42),),
        inflows=(Inflow(name="release", node="dam"),),
    )
    river = River(network, seed=1)
    state = river.initial(at, inflows=given.flow[:1])
    _, flows = river.advance(state, steps, Actions(inflows=given.flow[:, None]))
    settled = slice(288, None)
    routed = (seen.flow - flows.arriving[:, 1])[settled].std()
    lagged = min((seen.flow[288 + lag :] - given.flow[288 : steps - lag]).std() for lag in range(0, 84, 3))
    assert given.known[settled].all()
    assert routed < 0.45 * lagged
    assert routed < 0.035 * seen.flow.mean()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column 'q'; there are none"),
        ("t,x\n2026-01-01,1\n", "no column 'q'; there are x"),
        ("t,q\n2026-01-01,1\n", "1 rows, at least 2 are needed"),
        ("t,q\n2026-01-01,1\n2026-01-02,one\n", ":3: 'one' is no discharge of 0 or more"),
        ("t,q\n2026-01-01,1\n2026-01-02,-1\n", ":3: '-1' is no discharge of 0 or more"),
        ("t,q\n2026-01-01,1\nyesterday,1\n", ":3: 'yesterday' is not an ISO 8601 date and time"),
        ("t,q\n2026-01-02,1\n2026-01-01,1\n", ":3: time '2026-01-01' is not after 2026-01-02T00:00:00+00:00"),
        ("t,q\n2026-01-01,1\n2026-01-02\n", ":3: 1 fields, the header has 2"),
        ("t,q\n2026-01-01,\n2026-01-02,\n", "column 'q' is empty"),
    ],
)
def test_a_bad_file_says_where_and_what(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "river.csv"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_record(path, "q", place="flood.yaml:7")
    assert str(caught.value).startswith(f"flood.yaml:7: {path}")
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.csv: can't be read"):
        read_record(tmp_path / "gone.csv", "q")


def test_dates_are_days_of_the_zone(tmp_path: Path) -> None:
    path = tmp_path / "daily.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["date", "q"], ["2026-01-01", "2"], ["2026-01-02", "4"]])
    daily = read_record(path, "q", stands=Stands.MEAN_AFTER, zone_minutes=480)
    assert daily.times[0] == parse_instant("2026-01-01T00:00:00+08:00", 0)
    assert daily.scaled(0.5).shifted(HOUR_MS).on_steps(int(daily.times[1]) + HOUR_MS, 1).flow.tolist() == [2.0]
