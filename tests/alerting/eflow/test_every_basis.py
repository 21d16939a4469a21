"""Laws of every basis and quantity: cuts and the order of arrival change no byte; attainment is counted as it goes."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from alerting.rules_reader import STATE_KIND, STATE_VERSION, RulesReader
from hydro.instants import DAY_MS
from hydro.series import SeriesIndex
from storage.state_file import StateFile
from tests.alerting.eflow.judging import Bench, messages_of
from tests.oracle.arrival import keys_of, reassign_received
from tests.oracle.themes import make_themed
from watermaster.backtest import decoded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alerting.eflow.tally import Counts
    from tests.oracle.case import Record
    from watermaster.backtest import BacktestResult, TimedBatch

LATENESS_MS = 30 * 60_000
CASES = [("fast", 3), ("slow", 5), ("slow", 19)]
MORE_CASES = [(theme, seed) for theme in ("fast", "slow") for seed in range(100, 140)]


def shortfalls(result: BacktestResult) -> bytes:
    """What is judged of targets, as it is written, without what arrival itself decides."""
    alerts = [alert for alert in result.alerts if alert["class"] == "eflow_shortfall"]
    lines = [{key: value for key, value in line.items() if key != "timeliness"} for line in result.attainment]
    return "\n".join(json.dumps(each) for each in (*alerts, *lines)).encode()


def check_cuts_and_arrival(theme: str, seed: int, folder: Path) -> None:
    bench = Bench(make_themed(theme, seed), folder)
    expected = shortfalls(bench.product())
    assert shortfalls(bench.product(batch=300, restart_every_batch=True)) == expected
    assert shortfalls(bench.product(batch=17)) == expected


@pytest.mark.parametrize(("theme", "seed"), CASES)
def test_cuts_and_restarts_change_no_byte(theme: str, seed: int, tmp_path: Path) -> None:
    check_cuts_and_arrival(theme, seed, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "seed"), MORE_CASES)
def test_cuts_and_restarts_change_no_byte_in_many_cases(theme: str, seed: int, tmp_path: Path) -> None:
    check_cuts_and_arrival(theme, seed, tmp_path)


def without_corrections(records: Sequence[Record]) -> list[Record]:
    """One line for each reading: the order of arrival then decides nothing but timeliness."""
    seen: set[tuple[object, object, int]] = set()
    found = []
    for record in records:
        keys = set(keys_of(record["payload"]))
        if not keys & seen:
            found.append(record)
        seen |= keys
    return found


@pytest.mark.parametrize(("theme", "seed"), CASES[:2])
def test_arrival_inside_the_lateness_changes_no_byte(theme: str, seed: int, tmp_path: Path) -> None:
    bench = Bench(make_themed(theme, seed), tmp_path)
    records = without_corrections(bench.records)
    moved = [reassign_received(records, shuffle, LATENESS_MS) for shuffle in range(3)]
    first, *others = [shortfalls(bench.product(each, batch=50 + 211 * number)) for number, each in enumerate(moved)]
    assert moved[0] != moved[1]
    assert [first] * 2 == others


def batches_of(bench: Bench, index: SeriesIndex, size: int) -> list[TimedBatch]:
    """A case, decoded."""
    stream = messages_of(bench.records)
    return list(decoded(stream, bench.register, index, prefix="watermaster/v1", max_age_days=0, batch=size))


@pytest.mark.parametrize(("theme", "seed"), [("fast", 1), ("slow", 7)])
def test_attainment_as_it_goes_equals_a_full_recount(theme: str, seed: int, tmp_path: Path) -> None:
    """At any time of the stream, of every target, also behind crashes; inflow that comes later is counted anew."""
    folder = tmp_path / "config"
    folder.mkdir()
    bench = Bench(make_themed(theme, seed), folder)
    index = SeriesIndex(bench.register.stations)
    rng = Random(seed)
    batches = batches_of(bench, index, 150)
    state = StateFile(tmp_path / "state", STATE_KIND, STATE_VERSION, sync="OFF")
    reader = RulesReader(bench.register, index, state, None)
    compared = 0
    for timed in batches:
        reader.step(timed.batch)
        if rng.random() < 0.5:
            reader.save()
        if reader.unsaved == 0 and rng.random() < 0.5:
            reader = RulesReader(bench.register, index, state, None)
        if rng.random() < 0.2:
            compared += compare_counts(reader)
    compared += compare_counts(reader)
    state.close()
    assert compared > 20


def compare_counts(reader: RulesReader) -> int:
    """How many rows were counted as it goes; each must equal its recount."""
    compared = 0
    engine = reader.eflow
    if engine.first_event is None or engine.last_event is None:
        return 0
    since, until = engine.first_event - DAY_MS, engine.last_event + DAY_MS
    for judge in engine.judges:
        bounds = [np.full(len(judge.facts), at, np.int64) for at in (since, until)]
        for row, counts in enumerate(judge.counts(*bounds)):
            if counts is not None and judge.facts.ids[row] is not None:
                recount: Counts = judge.recount(row, since, until)
                assert (judge.facts.ids[row], counts) == (judge.facts.ids[row], recount)
                compared += 1
    return compared
