"""Every scenario played to its end, written down, and judged: what its file promises comes, and nothing else does.

The judge is the slow implementation that was written from the text of the alert classes alone; classes that it doesn't
know (balances, the quality suite) are left out on both sides.
"""

from __future__ import annotations

import json
import resource
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pytest

from hydro.quantity import Quantity
from hydro.register import AlertClass
from simulators.play import Play, Recorder
from simulators.scenario import WireFormat, load, names, write_config
from storage.recorded import read_recorded
from tests.oracle.oracle import judge
from tests.oracle.parts import EVERYTHING
from watermaster.backtest import backtest
from watermaster.configuration import load_configuration

if TYPE_CHECKING:
    from pathlib import Path

    from simulators.scenario import Scenario

GENERATED = ("county-100", "province-5000")
WRITTEN = tuple(name for name in names() if name not in GENERATED)
KNOWN: Final = frozenset(
    {
        *(AlertClass.EFLOW_SHORTFALL, AlertClass.EFLOW_WARNING, AlertClass.FLOW_STOPPED, AlertClass.DATA_LOSS),
        *(AlertClass.DEVICE_FAULT, AlertClass.UNMETERED_INTAKE, AlertClass.METER_TAMPER, AlertClass.OVER_RATE),
        *(AlertClass.OVER_PLAN, AlertClass.PERMIT_EXPIRED, AlertClass.UNREGISTERED_SOURCE),
    }
)
UNKNOWN_REASONS: Final = frozenset({"flat_line", "unit_slip", "balance"})


def promised(scenario: Scenario) -> set[tuple[str, str, str, str | None]]:
    """Class, subject, reason, and level where one is promised."""
    return {
        (one.alert_class.value, one.subject, one.reason, None if one.level is None else one.level.value)
        for one in scenario.expected or ()
        if one.alert_class in KNOWN and one.reason not in UNKNOWN_REASONS
    }


def raised(alerts: list[dict[str, Any]]) -> dict[tuple[str, str, str], set[str]]:
    """Levels that alerts had, by class, subject, reason."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for alert in alerts:
        levels = {str(each["level"]) for each in alert["levels"]}
        found.setdefault((alert["class"], alert["subject"]["code"], alert["reason"]), set()).update(levels)
    return found


def compared(scenario: Scenario, alerts: list[dict[str, Any]]) -> list[str]:
    """Where promise and outcome differ."""
    outcome, promise = raised(alerts), promised(scenario)
    missing = [
        f"promised and not raised: {one}"
        for one in promise
        if one[:3] not in outcome or (one[3] is not None and one[3] not in outcome[one[:3]])
    ]
    return missing + [f"raised and not promised: {one}" for one in set(outcome) - {one[:3] for one in promise}]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [7])
@pytest.mark.parametrize("name", WRITTEN)
def test_what_its_file_promises_is_raised_and_nothing_else(name: str, seed: int, tmp_path: Path) -> None:
    scenario = load(name)
    write_config(scenario, tmp_path)
    records = [
        {
            "received_at": received_at,
            "topic": topic,
            "payload": json.loads(payload) if topic.endswith("/json") else payload,
        }
        for chunk in Play(scenario, seed=seed, end=scenario.end, format=WireFormat.JSON).chunks()
        for received_at, topic, payload in chunk.messages
    ]
    alerts, _ = judge(records, tmp_path, parts=EVERYTHING)
    assert compared(scenario, [dict(alert) for alert in alerts]) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [*WRITTEN, "county-100"])
def test_the_product_judges_its_recording_with_the_config_that_was_written(name: str, tmp_path: Path) -> None:
    """Every message is read, every reading known: what is rejected comes from the future, and only clocks do that."""
    scenario = load(name)
    write_config(scenario, tmp_path / "config")
    configuration = load_configuration(tmp_path / "config", {})
    assert configuration.register is not None
    recorded = tmp_path / "stream.ndjson.zst"
    with Recorder(recorded) as recorder:
        for chunk in Play(scenario, seed=3, end=scenario.end).chunks():
            recorder.write(chunk.messages)
    result = backtest(read_recorded([recorded]), configuration.register, prefix="watermaster/v1", max_age_days=400)
    assert result.dead_lettered.total() == 0
    assert bool(result.rejected.total()) == (name == "clock-chaos")
    shortfalls = {
        (alert["subject"]["code"], alert["reason"])
        for alert in result.alerts
        if alert["class"] == AlertClass.EFLOW_SHORTFALL
    }
    if scenario.expected is not None:
        assert shortfalls == {
            (one.subject, one.reason) for one in scenario.expected if one.alert_class is AlertClass.EFLOW_SHORTFALL
        }


@pytest.mark.slow
def test_a_province_is_read_written_and_begun(tmp_path: Path) -> None:
    """5,000 sections and plants, 10,000 intakes, 88 counties: a register without a mistake, and a first half hour."""
    scenario = load("province-5000")
    write_config(scenario, tmp_path)
    configuration = load_configuration(tmp_path, {})
    assert configuration.mistakes == ()
    assert configuration.register is not None
    kinds = [str(row["kind"]) for row in scenario.tables["stations"]]
    assert len(configuration.register.stations) == len(kinds)
    assert (kinds.count("section"), kinds.count("plant"), kinds.count("intake")) == (4000, 1000, 10_000)
    stations = scenario.tables["stations"]
    assert len({row["division"] for row in stations}) >= 80
    assert all(row["division"].startswith("52") for row in stations)
    assert len({row["basin"] for row in stations}) >= 6
    playing = Play(scenario, seed=1, end=scenario.start + 7 * 300_000)
    messages = sum(len(chunk.messages) for chunk in islice(playing.chunks(steps=6), 1))
    assert messages > 5 * 15_000 * 0.95
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 3_000_000  # KB, the tests before it included


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITTEN)
def test_it_can_be_sent_in_every_format(name: str) -> None:
    """A quantity that a binary format has no element for is left out; stations that have others still report."""
    scenario = load(name)
    for form in (WireFormat.SL651, WireFormat.SLT427):
        playing = Play(scenario, seed=1, end=scenario.start + 6 * 300_000, format=form)
        topics = {topic.rsplit("/", 1)[-1] for chunk in playing.chunks() for _, topic, _ in chunk.messages}
        assert form.value in topics
        assert "json" not in topics
    assert any(quantity is Quantity.DISCHARGE for _, quantity in scenario.sources)
