"""Every scenario that is shipped: it loads, its config is one that the product takes, and it is about what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hydro.instants import DAY_MS
from hydro.register import AlertClass
from simulators.scenario import load, names, write_config
from tests.simulators.scenario.watching import (
    shipped,
)
from watermaster.configuration import load_configuration

if TYPE_CHECKING:
    from pathlib import Path

PROVINCE = "province-5000"
OF_THE_ISSUE = {
    *("normal-week", "dry-season-shortfall", "peaking-plant", "cut-release", "two-section-plant", "fixed-orifice"),
    *("night-theft", "growing-theft", "meter-bypass", "gateway-outage-backfill", "storm-outage", "clock-chaos"),
    *("sensor-zoo", "rating-shift-after-flood", "maintenance-week", "holiday-shutdown", "karst-loss", "backwater"),
    *("batch-meters", "flood", "flow-stopped", "county-100", "province-5000"),
}
SMALL = tuple(name for name in names() if name != PROVINCE)


def test_all_that_were_asked_for_are_there() -> None:
    assert set(names()) == OF_THE_ISSUE | {"demo", "real-record", "intake-misuse"}


@pytest.mark.parametrize("name", SMALL)
def test_its_config_is_one_that_the_product_takes(name: str, tmp_path: Path) -> None:
    """Register, targets and settings without a mistake; the replay's times are believed; no target goes unjudged."""
    scenario = load(name)
    written = write_config(scenario, tmp_path)
    assert {path.relative_to(tmp_path).parts[0] for path in written} == {"registry", "watermaster.yaml"}
    configuration = load_configuration(tmp_path, {})
    assert configuration.mistakes == ()
    assert configuration.settings is not None
    assert configuration.settings.ingest.trust_replay
    assert configuration.register is not None
    registered = {device.station for device in scenario.devices}
    assert set(configuration.register.stations) <= registered
    assert len(configuration.register.targets) == len(scenario.tables.get("eflow_targets", ())) - _later_rows(name)


def _later_rows(name: str) -> int:
    """Rows of ``eflow_targets`` that carry on a target for other days of the year."""
    return {"demo": 1, "dry-season-shortfall": 1}.get(name, 0)


@pytest.mark.parametrize("name", SMALL)
def test_it_says_in_both_languages_what_it_is_for(name: str) -> None:
    scenario = load(name)
    for texts in (scenario.title, scenario.about):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in texts.zh)
        assert texts.en.isascii()


@pytest.mark.parametrize("name", sorted(set(SMALL) - {"real-record"}))
def test_it_can_be_put_anywhere_in_time(name: str) -> None:
    """What is said relative to the start moves along: outages, thefts, storms."""
    scenario = shipped(name)
    moved = scenario.starting(scenario.start + 7 * DAY_MS)
    assert moved.duration_ms == scenario.duration_ms
    assert [one.start - moved.start for one in moved.outages] == [
        one.start - scenario.start for one in scenario.outages
    ]
    assert [storm.at - moved.start for storm in moved.script.storms] == [
        storm.at - scenario.start for storm in scenario.script.storms
    ]


def test_a_county_has_a_hundred_stations_of_one_division() -> None:
    scenario = shipped("county-100")
    assert len(scenario.devices) == 100
    assert {row["division"] for row in scenario.tables["stations"]} == {"520328"}
    assert {row["basin"] for row in scenario.tables["stations"]} == {"乌江"}
    assert sum(bool(taker.thefts) for taker in scenario.takers) >= 1


def test_expectations_are_of_classes_and_subjects_that_there_are() -> None:
    expected = {name: shipped(name).expected for name in SMALL}
    assert expected["county-100"] is None
    assert expected["normal-week"] == ()
    promised = {one.alert_class for alerts in expected.values() for one in alerts or ()}
    assert promised >= {
        AlertClass.EFLOW_SHORTFALL,
        AlertClass.EFLOW_WARNING,
        AlertClass.FLOW_STOPPED,
        AlertClass.DATA_LOSS,
        AlertClass.DEVICE_FAULT,
        AlertClass.UNMETERED_INTAKE,
        AlertClass.METER_TAMPER,
    }
