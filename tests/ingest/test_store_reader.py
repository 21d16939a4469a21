"""Duplicates and corrections: whatever the cuts, the restarts and the age, as a plain dictionary would find them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hydro.columns import Observations
from hydro.flags import Flag
from hydro.instants import DAY_MS, HOUR_MS, parse_instant
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from ingest.store_reader import STATE_KIND, STATE_VERSION, StoreReader, Totals
from storage.state_file import StateFile
from storage.store import Point
from tests.ingest.example_register import STATIONS, make_register

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NOW = parse_instant("2026-03-10T08:00:00", 480)
Reading = tuple[str, int, int | None, int]
"""station, event time, value (millionths), received_at"""
Stored = dict[tuple[str, int], tuple[int | None, int]]


class Bench:
    """A reader, and the store that it feeds as a dictionary."""

    def __init__(self, folder: Path, stations: str = STATIONS) -> None:
        register = make_register({"stations": stations})
        self.index = SeriesIndex(register.stations)
        self.decoder = Decoder(register, self.index, prefix="w", max_age_days=400, ticks=TickSource.HEARTBEAT)
        self.path = folder / "store.state"
        self.store: Stored = {}
        self.position = 0
        self.lookups = 0
        self.journal_end = 0
        self.open()

    def open(self) -> None:
        """Start, or start again from what the state file says."""
        self.state = StateFile(self.path, STATE_KIND, STATE_VERSION, sync="OFF")
        self.reader = StoreReader(self.index, self.state, self.journal_end)

    def feed(self, readings: list[Reading], first: int) -> None:
        """One batch, from lookup to store."""
        raw = [
            json.dumps({"station": s, "time": t, "values": {"stage": None if v is None else v / 1e6}}).encode()
            for s, t, v, _ in readings
        ]
        received = np.array([r for *_, r in readings], np.int64)
        batch = self.decoder.decode(first, ["w/g1/up/json"] * len(raw), raw, received)
        asked = self.reader.unknown_keys(batch)
        if asked:
            self.lookups += 1
            found = {
                (station, quantity, time): Point(time, self.store[station, time][0], self.store[station, time][1])
                for station, quantity, times in asked
                for time in times
                if (station, time) in self.store
            }
            self.reader.recall(batch, asked, found)
        rows = self.reader.step(batch)
        self.journal_end = max(self.journal_end, batch.last)
        keys = set()
        for row in range(len(rows)):
            key = (self.index.station(int(rows.series[row])), int(rows.event_time[row]))
            assert key not in keys, "a key at most once in what one write is given"
            keys.add(key)
            flag = int(rows.flag[row])
            self.store[key] = (None if flag == Flag.MISSING else int(rows.value[row]), flag)


def model(readings: list[Reading]) -> tuple[Stored, Totals]:
    """The contract in a dozen lines."""
    store: dict[tuple[str, int], tuple[int | None, int]] = {}
    totals = Totals()
    for station, time, value, received in readings:
        totals.messages_received += 1
        totals.messages_decoded += 1
        totals.observations_decoded += 1
        key = (station, time)
        old = store.get(key)
        if old is None:
            store[key] = (value, received)
            totals.observations_stored += 1
        elif value is None or value == old[0]:
            totals.observations_duplicate += 1
            store[key] = (old[0], max(old[1], received) if value == old[0] else old[1])
        elif old[0] is None or received >= old[1]:
            store[key] = (value, max(received, old[1]) if old[0] is None else received)
            totals.observations_stored += 1
            totals.observations_corrected += 1
        else:
            totals.observations_duplicate += 1
    return {key: (value, 9 if value is None else 2) for key, (value, _) in store.items()}, totals


_TIMES = st.sampled_from(
    [NOW, NOW - 1, NOW - HOUR_MS, NOW - 2 * HOUR_MS + 5, NOW - 71 * HOUR_MS, NOW - 90 * DAY_MS, NOW - 91 * DAY_MS]
)
_READINGS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B"]),
        _TIMES,
        st.sampled_from([None, 0, 1_000_000, 2_000_000]),
        st.sampled_from([0, 0, 0, HOUR_MS, 30 * HOUR_MS]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(
    readings=[("A", NOW, None, 0), ("A", NOW - 90 * DAY_MS, None, 0)], cuts=[1], actions=["go on", "crash", "save"]
)
@given(
    readings=_READINGS,
    cuts=st.lists(st.integers(1, 7), min_size=1, max_size=6),
    actions=st.lists(st.sampled_from(["save", "crash", "go on"]), min_size=1, max_size=6),
)
def test_cuts_snapshots_and_crashes_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, readings: list[Reading], cuts: list[int], actions: list[str]
) -> None:
    """After a crash the journal is read again from the last snapshot, into a store that has the later rows already."""
    arrival = NOW
    timed = []
    for station, time, value, gap in readings:
        arrival += gap
        timed.append((station, time, value, arrival))
    readings = timed
    bench = Bench(tmp_path_factory.mktemp("reader"))
    at = step = 0
    crashes = 4
    while at < len(readings):
        size = cuts[step % len(cuts)]
        bench.feed(readings[at : at + size], at + 1)
        at = min(at + size, len(readings))
        action = actions[step % len(actions)]
        step += 1
        if action == "save":
            bench.reader.save()
        elif action == "crash" and crashes:
            crashes -= 1
            bench.state.close()
            bench.open()
            at = bench.reader.position
    store, totals = model(readings)
    assert bench.store == store
    assert bench.reader.totals == totals
    assert len(store) == totals.observations_stored - totals.observations_corrected


def test_the_version_received_last_stands_whatever_the_order_of_the_journal(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    later, earlier = ("A", NOW, 2_000_000, NOW + 500), ("A", NOW, 1_000_000, NOW)
    bench.feed([later], 1)
    bench.feed([earlier], 2)
    assert bench.store == {("A", NOW): (2_000_000, 2)}
    assert bench.reader.totals.observations_duplicate == 1


def test_a_repetition_counts_as_arrival_of_its_version(tmp_path: Path) -> None:
    """Value 1 arrives at 0 and again at 9; a version received at 5 but read later does not beat it."""
    bench = Bench(tmp_path)
    for number, (value, received) in enumerate([(1, 0), (1, 9), (2, 5)]):
        bench.feed([("A", NOW, value * 1_000_000, NOW + received)], number + 1)
    assert bench.store == {("A", NOW): (1_000_000, 2)}


def test_keys_of_the_last_72_hours_are_known_without_asking(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    old = ("A", NOW - 71 * HOUR_MS, 1_000_000, NOW)
    bench.feed([old, ("A", NOW, 1_000_000, NOW)], 1)
    bench.reader.save()
    bench.state.close()
    bench.open()
    bench.feed([old, ("A", NOW, 2_000_000, NOW)], 3)
    assert bench.lookups == 0
    totals = bench.reader.totals
    assert (totals.observations_duplicate, totals.observations_corrected) == (1, 1)


def test_a_new_station_in_the_register_moves_no_key(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    readings: list[Reading] = [("A", NOW, 1_000_000, NOW), ("B", NOW, 2_000_000, NOW)]
    bench.feed(readings, 1)
    bench.reader.save()
    bench.state.close()
    more = Bench(tmp_path, STATIONS.replace("B,", "AA,new,section,Wu,Sancha,520103,,5\nB,", 1))
    more.feed(readings, 3)
    assert (more.reader.totals.observations_duplicate, more.reader.totals.observations_stored) == (2, 2)


def test_seq_only_counts_gaps(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for number, seq in enumerate([1, 2, 5, 6, 1, 2]):
        raw = json.dumps({"station": "A", "time": NOW + number, "seq": seq, "values": {"stage": 1}}).encode()
        bench.reader.step(bench.decoder.decode(number + 1, ["w/g/up/json"], [raw], np.array([NOW], np.int64)))
    assert (bench.reader.totals.sequence_gaps, bench.reader.totals.observations_stored) == (1, 6)


def test_many_readings_in_many_hours_are_found_again(tmp_path: Path) -> None:
    """Enough to make the runs of a chunk merge at every size."""
    bench = Bench(tmp_path)
    rng = np.random.default_rng(7)
    series = bench.index.number("A", Quantity.STAGE)
    times = NOW - rng.permutation(30_000) * 7_001 % (60 * HOUR_MS)
    values = rng.integers(0, 3, 30_000)
    seen: dict[int, int] = {}
    fresh = corrected = 0
    for start in range(0, 30_000, 500):
        part = slice(start, start + 500)
        rows = Observations(
            np.full(500, series),
            times[part],
            values[part],
            np.full(500, 2, np.uint8),
            np.full(500, NOW),
            np.arange(500),
        )
        outcome = bench.reader._memory.apply(rows, 0)  # noqa: SLF001  # the part under test
        for time, value, what in zip(times[part].tolist(), values[part].tolist(), outcome.tolist(), strict=True):
            expected = 0 if time not in seen else 2 if seen[time] == value else 1
            assert what == expected
            seen[time] = value
            fresh += expected == 0
            corrected += expected == 1
    assert (len(bench.reader._memory), fresh > 0) == (fresh, True)  # noqa: SLF001  # the part under test
