"""Other numbers of the classes than the product's: verdicts are still a function of the set of readings alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hydro.rules import FaultNumbers, LossNumbers, Rules, ShortfallNumbers, StoppedNumbers, WarningNumbers
from tests.alerting.eflow.judging import Bench

from .themes import make_themed

if TYPE_CHECKING:
    from pathlib import Path

OTHER = Rules(
    eflow_shortfall=ShortfallNumbers(hold_min=150, resolve_pct=120, resolve_periods=4, resolve_rise_mm=100),
    eflow_warning=WarningNumbers(elapsed_pct=40, valid_pct=20, band_pct=110, band_clear_pct=130, clear_min=300),
    flow_stopped=StoppedNumbers(hold_min=130, least_slots=4, flows_factor=3, resolve_min=200),
    data_loss=LossNumbers(
        reports=2, least_min=100, gateway_stations=2, gateway_pct=50, yellow_h=2, orange_h=3, red_h=9
    ),
    device_fault=FaultNumbers(
        fault_reports=4, low_voltage_min=150, bad_data_pct=30, disagree_min=90, clean_h=9, yellow_h=5
    ),
    off=frozenset({"unregistered_source"}),
)
SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "theme", ["still", *(pytest.param(each, marks=SLOW) for each in ("fast", "slow", "faults", "silence"))]
)
def test_cuts_and_crashes_change_no_byte(theme: str, tmp_path: Path) -> None:
    """And the numbers do change something: the comparison is one of other alerts."""
    bench = Bench(make_themed(theme, 1), tmp_path)
    shipped = json.dumps(bench.product().alerts)
    bench.register = bench.register.with_rules(OTHER)
    expected = bench.product()
    assert json.dumps(expected.alerts) != shipped
    assert "unregistered_source" not in {alert["class"] for alert in expected.alerts}
    for batch, dies in ((101, False), (331, True)):
        again = bench.product(batch=batch, restart_every_batch=dies)
        assert json.dumps([again.alerts, again.attainment]) == json.dumps([expected.alerts, expected.attainment])


def test_attainment_depends_on_no_number_of_an_alert(tmp_path: Path) -> None:
    """A period is attained or not, however long an alert of it stays open."""
    bench = Bench(make_themed("fast", 2), tmp_path)
    shipped = bench.product().attainment
    bench.register = bench.register.with_rules(OTHER)
    assert bench.product().attainment == shipped
