"""The product and the oracle on the same streams, in the parts that both judge (parts.COMPARED).

What differs is made small by ``python -m tests.oracle.shrink THEME SEED``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.alerting.eflow.judging import Bench

from .arrival import jostle
from .comparing import differences, part_of
from .parts import COMPARED, EVERYTHING, NOT_YET_COMPARED
from .real_records import EXCERPTS, WHOLE, real_case
from .themes import THEMES, make_themed

if TYPE_CHECKING:
    from pathlib import Path

    from watermaster.backtest import BacktestResult

    from .real_records import RealRecord

THEMED = [
    *(("fast", seed) for seed in range(3)),
    *(("slow", seed) for seed in range(2)),
    *(("still", seed) for seed in range(2)),
    *(("faults", seed) for seed in range(2)),
    *(("silence", seed) for seed in range(2)),
    *(("pumps", seed) for seed in range(2)),
    *(("meters", seed) for seed in range(2)),
    *(("years", seed) for seed in range(2)),
    *(("mixed", seed) for seed in (20, 50)),  # a held reading, and its correction that was not
]
LATENESS = 30 * 60_000
VISITED = ["fast", "slow", "still", "faults", "silence", "pumps", "meters", "years"]


@pytest.mark.parametrize(("theme", "seed"), THEMED)
def test_both_judge_alike(theme: str, seed: int, tmp_path: Path) -> None:
    assert differences(make_themed(theme, seed), tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("theme", list(THEMES))
@pytest.mark.parametrize("tens", range(100, 106))
def test_both_judge_many_cases_alike(theme: str, tens: int, tmp_path: Path) -> None:
    seeds = range(tens * 10, tens * 10 + 10)
    found = {seed: differences(make_themed(theme, seed), tmp_path / str(seed)) for seed in seeds}
    assert {seed: lines for seed, lines in found.items() if lines} == {}


@pytest.mark.parametrize("record", EXCERPTS, ids=lambda record: record.name)
def test_both_judge_real_records_alike(record: RealRecord, tmp_path: Path) -> None:
    """Targets of every basis at the 5 and 20 % quantiles of what was measured."""
    assert differences(real_case(record), tmp_path) == []


def test_real_records_do_fall_short_of_their_quantiles(tmp_path: Path) -> None:
    """Equality of nothing with nothing would prove nothing: the dam's release, by the slot and by the day."""
    alerts = Bench(real_case(EXCERPTS[2]), tmp_path).product().alerts
    assert {(alert["basis"], alert["target_id"].split(":")[-1]) for alert in alerts} >= {
        ("instant", "base"),
        ("instant", "sensitive"),
        ("hour", "sensitive"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("record", WHOLE, ids=lambda record: record.name)
def test_both_judge_long_real_records_alike(record: RealRecord, tmp_path: Path) -> None:
    assert differences(real_case(record), tmp_path) == []


@pytest.mark.parametrize(("theme", "seed"), [("fast", 2), ("still", 1), ("faults", 0)])
def test_event_time_bounds_are_judged_alike(theme: str, seed: int, tmp_path: Path) -> None:
    """--from and --to amid the record: open at the start, closed at the end, and the end is the last watermark."""
    case = make_themed(theme, seed)
    times = sorted(time for time in (record["received_at"] for record in case.records) if isinstance(time, int))
    start, end = times[len(times) // 4], times[len(times) * 3 // 4]
    assert differences(case, tmp_path, start=start, end=end) == []


# What the order and the cutting of a stream may not change


def as_bytes(result: BacktestResult) -> bytes:
    """Alerts and attainment as they are written."""
    return "\n".join(json.dumps(line) for line in (*result.alerts, *result.attainment)).encode()


def without_arrival(result: BacktestResult) -> bytes:
    """The same without what judges arrival itself: timeliness, data_loss and unregistered_source."""
    alerts = [line for line in result.alerts if line["class"] not in ("data_loss", "unregistered_source")]
    attainment = [{name: value for name, value in line.items() if name != "timeliness"} for line in result.attainment]
    return "\n".join(json.dumps(line) for line in (*alerts, *attainment)).encode()


@pytest.mark.parametrize("theme", VISITED)
def test_cuts_and_crashes_change_no_byte(theme: str, tmp_path: Path) -> None:
    """Batches of any size; every reader killed and taken up again from its snapshot after each of them."""
    bench = Bench(make_themed(theme, 1), tmp_path)
    expected = as_bytes(bench.product(batch=10_000))
    assert as_bytes(bench.product(batch=101)) == expected
    assert as_bytes(bench.product(batch=331, restart_every_batch=True)) == expected


@pytest.mark.slow
@pytest.mark.parametrize("theme", VISITED)
@pytest.mark.parametrize("seed", range(2_000, 2_004))
def test_a_crash_after_every_line_changes_no_byte(theme: str, seed: int, tmp_path: Path) -> None:
    bench = Bench(make_themed(theme, seed), tmp_path)
    expected = as_bytes(bench.product())
    assert as_bytes(bench.product(batch=1)) == expected
    assert as_bytes(bench.product(batch=1, restart_every_batch=True)) == expected


@pytest.mark.parametrize(
    "theme", ["fast", pytest.param("slow", marks=pytest.mark.slow), "still", "faults", "pumps", "meters", "years"]
)
def test_arrival_inside_the_lateness_changes_no_byte(theme: str, tmp_path: Path) -> None:
    bench = Bench(make_themed(theme, 2), tmp_path)
    moved = jostle(bench.records, 7, LATENESS)
    assert moved != bench.records
    again = bench.product(moved, batch=307, restart_every_batch=True)
    assert without_arrival(again) == without_arrival(bench.product())


# What is compared


def test_what_is_not_compared_yet_is_named() -> None:
    """Every part is compared, or stands beside the reason why not."""
    assert COMPARED | set(NOT_YET_COMPARED) == EVERYTHING
    assert COMPARED & set(NOT_YET_COMPARED) == set()
    assert all(NOT_YET_COMPARED.values())


@pytest.mark.parametrize("theme", VISITED)
def test_nothing_that_the_product_judges_goes_uncompared(theme: str, tmp_path: Path) -> None:
    """Where this fails, the product has learnt something: move it to COMPARED."""
    found = Bench(make_themed(theme, 1), tmp_path).product()
    quantities = {line["target_id"]: line["quantity"] for line in found.attainment}
    assert {part_of(alert, quantities) for alert in found.alerts} - COMPARED == set()
