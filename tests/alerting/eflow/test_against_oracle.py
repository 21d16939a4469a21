"""Laws of the verdicts: they agree with an independent slow implementation, and depend on the set of readings alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.alerting.eflow.judging import Bench, comparable
from tests.oracle.dead_run import dead_run_case
from tests.oracle.stream import make_case, reassign_received

if TYPE_CHECKING:
    from pathlib import Path

    from watermaster.backtest import BacktestResult

SEEDS = range(24)
MORE_SEEDS = range(1_000, 1_200)


def as_bytes(result: BacktestResult) -> bytes:
    """Alerts and attainment as they are written."""
    return "\n".join(json.dumps(each) for each in (*result.alerts, *result.attainment)).encode()


def check_against_oracle(seed: int, folder: Path) -> int:
    """Judge one case by both; the number of alerts."""
    bench = Bench(make_case(seed), folder)
    product, oracle = comparable(bench.product()), bench.oracle()
    assert product.alerts == oracle.alerts
    assert product.attainment == oracle.attainment
    return len(product.alerts)


@pytest.mark.parametrize("seed", SEEDS)
def test_alerts_and_attainment_equal_the_slow_implementation(seed: int, tmp_path: Path) -> None:
    check_against_oracle(seed, tmp_path)


def test_the_cases_do_visit_alerts(tmp_path: Path) -> None:
    """Equality of nothing with nothing would prove nothing."""
    total = 0
    for seed in range(4):
        folder = tmp_path / str(seed)
        folder.mkdir()
        total += check_against_oracle(seed, folder)
    assert total > 20


@pytest.mark.slow
@pytest.mark.parametrize("seed", MORE_SEEDS)
def test_alerts_and_attainment_equal_the_slow_implementation_in_many_cases(seed: int, tmp_path: Path) -> None:
    check_against_oracle(seed, tmp_path)


def test_the_real_record_of_dead_run_is_judged_as_the_slow_implementation_does(tmp_path: Path) -> None:
    bench = Bench(dead_run_case(), tmp_path)
    product, oracle = comparable(bench.product()), bench.oracle()
    assert product == oracle
    assert {alert["basis"] for alert in product.alerts} == {"day", "hour", "instant"}


@pytest.mark.parametrize("seed", [1, 5, 9])
def test_event_time_bounds_are_open_at_the_start_and_closed_at_the_end(seed: int, tmp_path: Path) -> None:
    bench = Bench(make_case(seed), tmp_path)
    whole = bench.product()
    times = sorted(alert["onset"] for alert in whole.alerts)
    from hydro.instants import parse_instant  # noqa: PLC0415  # only here

    start, end = parse_instant(times[len(times) // 4], 480), parse_instant(times[-1], 480) + 7_200_000
    product, oracle = comparable(bench.product(start=start, end=end)), bench.oracle(start=start, end=end)
    assert product == oracle


@pytest.mark.parametrize("seed", range(4))
def test_cuts_and_restarts_change_no_byte(seed: int, tmp_path: Path) -> None:
    """Batches of one line and of ten thousand, every reader put down and taken up again after every batch."""
    bench = Bench(make_case(seed, readings=700), tmp_path)
    expected = as_bytes(bench.product(batch=10_000))
    assert as_bytes(bench.product(batch=1)) == expected
    assert as_bytes(bench.product(batch=13, restart_every_batch=True)) == expected
    assert as_bytes(bench.product(batch=10_000, restart_every_batch=True)) == expected


def test_a_restart_after_every_single_line_changes_no_byte(tmp_path: Path) -> None:
    bench = Bench(make_case(3, readings=150), tmp_path)
    assert as_bytes(bench.product(batch=1, restart_every_batch=True)) == as_bytes(bench.product())


@pytest.mark.parametrize("seed", range(6))
def test_arrival_inside_the_lateness_changes_no_byte(seed: int, tmp_path: Path) -> None:
    """The same observations, received in another order; what judges arrival itself is left out."""
    bench = Bench(make_case(seed, corrections=0, late=0, bad=0), tmp_path)
    lateness_ms = 30 * 60_000
    expected = without_arrival(bench.product())
    for shuffle in range(3):
        moved = reassign_received(bench.records, shuffle, lateness_ms)
        assert moved != bench.records
        again = bench.product(moved, batch=1 + 50 * shuffle, restart_every_batch=shuffle == 2)
        assert as_bytes(without_arrival(again)) == as_bytes(expected)


def without_arrival(result: BacktestResult) -> BacktestResult:
    """The same but for what judges arrival itself."""
    result.alerts = [alert for alert in result.alerts if alert["class"] != "data_loss"]
    for line in result.attainment:
        line.pop("timeliness")
    return result
