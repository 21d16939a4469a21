"""Tests of rule files as `check` runs them: the shipped ones hold, every number has an effect, failures are drawn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alerting.rule_files.read import read_rules, rules_of
from hydro.rules import DEFAULT_RULES, NUMBERS, bounds_of
from watermaster.configuration import load_configuration
from watermaster.rule_trials import failures

if TYPE_CHECKING:
    from collections.abc import Mapping

SHIPPED = Path(__file__).parents[2] / "config"
HEAD = "version: 1\ntitle: {zh: 甲, en: a}\ndescription: {zh: 甲, en: a}\n"
TARGET = "targets: [{quantity: discharge, value: 2, basis: %s}]"
HOUR, DAY, INSTANT = (TARGET % basis for basis in ("hour", "day", "instant"))

# A number of a class, another value, a test that holds with that value alone.
OTHER_NUMBERS: Mapping[tuple[str, str], tuple[int, str]] = {
    ("eflow_shortfall", "hold_min"): (
        120,
        f"{INSTANT}, series: {{discharge: 1x2}}, expect: [{{onset: 00:00, raised: 02:00}}]",
    ),
    ("eflow_shortfall", "resolve_pct"): (
        110,
        f"{HOUR}, series: {{discharge: 1 2.1x3}}, expect: [{{onset: 00:00, raised: 01:00}}]",
    ),
    ("eflow_shortfall", "resolve_long_pct"): (
        110,
        (
            "interval_min: 1440, targets: [{quantity: discharge, value: 2, basis: ten_day}], start: 2026-03-01,"
            " series: {discharge: 1x10 2x10}, expect: [{onset: 00:00, raised: 10 24:00}]"
        ),
    ),
    ("eflow_shortfall", "resolve_periods"): (
        3,
        f"{HOUR}, series: {{discharge: 1 3x3}}, expect: [{{onset: 00:00, raised: 01:00, resolved: 04:00}}]",
    ),
    ("eflow_shortfall", "resolve_rise_mm"): (
        50,
        (
            "targets: [{quantity: stage, value: 2, basis: hour}], series: {stage: 1 2.04x3},"
            " expect: [{onset: 00:00, raised: 01:00}]"
        ),
    ),
    ("eflow_warning", "elapsed_pct"): (
        50,
        f"{DAY}, series: {{discharge: 3x24 1x6 4x18}}, expect: []",
    ),
    ("eflow_warning", "valid_pct"): (
        25,
        (
            f"{DAY}, series: {{discharge: 3x24 1.9x2 _x4 1.9 3x17}},"
            " expect: [{reason: running, onset: 2 06:00, raised: 2 07:00, resolved: 2 09:00}]"
        ),
    ),
    ("eflow_warning", "band_pct"): (
        105,
        f"{HOUR}, series: {{discharge: 4x6 2.3x2}}, expect: []",
    ),
    ("eflow_warning", "band_clear_pct"): (
        150,
        f"{HOUR}, series: {{discharge: 4x6 2.3x2 2.6x3}}, expect: [{{reason: band, onset: 06:00, raised: 08:00}}]",
    ),
    ("eflow_warning", "clear_min"): (
        240,
        (
            f"{DAY}, series: {{discharge: 3x24 1.9x6 4x4 3x2}},"
            " expect: [{reason: running, onset: 2 05:00, raised: 2 06:00, resolved: 2 10:00}]"
        ),
    ),
    ("flow_stopped", "hold_min"): (
        180,
        f"{DAY}, series: {{discharge: 3 0x3}}, expect: [{{onset: 01:00, raised: 04:00}}]",
    ),
    ("flow_stopped", "least_slots"): (
        1,
        f"{DAY}, series: {{discharge: 3 0 3}}, expect: [{{onset: 01:00, raised: 02:00, resolved: 03:00}}]",
    ),
    ("flow_stopped", "flows_factor"): (
        3,
        (
            f"{DAY}, points: {{discharge: {{zero_below: 1}}}}, series: {{discharge: 1x2 2.5}},"
            " expect: [{onset: 00:00, raised: 02:00}]"
        ),
    ),
    ("flow_stopped", "resolve_min"): (
        120,
        f"{DAY}, series: {{discharge: 0x2 3x2}}, expect: [{{onset: 00:00, raised: 02:00, resolved: 04:00}}]",
    ),
    ("data_loss", "reports"): (
        5,
        (
            "station: {lateness_min: 0}, series: {stage: 1 _x6 1},"
            " expect: [{onset: 02:00, raised: 06:00, resolved: 08:00}]"
        ),
    ),
    ("data_loss", "least_min"): (
        120,
        (
            "interval_min: 20, station: {lateness_min: 0}, series: {stage: 1 _x8 1},"
            " expect: [{onset: 00:40, raised: 02:20, resolved: 03:20}]"
        ),
    ),
    ("data_loss", "gateway_stations"): (
        2,
        (
            "station: {lateness_min: 0}, series: {S.stage: 1 _x4 1, B.stage: 1 _x4 1},"
            " expect: [{subject: g, onset: 02:00, raised: 04:00, resolved: 06:00}]"
        ),
    ),
    ("data_loss", "gateway_pct"): (
        60,
        (
            "station: {lateness_min: 0},"
            " series: {A.stage: 1 _x4 1, B.stage: 1 _x4 1, C.stage: 1 _x4 1, S.stage: 1x6},"
            " expect: [{subject: g, onset: 02:00, raised: 04:00, resolved: 06:00}]"
        ),
    ),
    ("data_loss", "yellow_h"): (
        2,
        (
            "station: {lateness_min: 0}, series: {stage: 1 _x6 1},"
            " expect: [{onset: 02:00, raised: 04:00, resolved: 08:00, levels: blue yellow}]"
        ),
    ),
    ("data_loss", "orange_h"): (
        8,
        (
            "station: {lateness_min: 0}, series: {stage: 1 _x14 1},"
            " expect: [{onset: 02:00, raised: 04:00, resolved: 16:00, levels: blue yellow orange}]"
        ),
    ),
    ("data_loss", "red_h"): (
        25,
        (
            "station: {lateness_min: 0}, series: {stage: 1 _x30 1},"
            " expect: [{onset: 02:00, raised: 04:00, resolved: 2 08:00, levels: blue yellow orange red}]"
        ),
    ),
    ("device_fault", "fault_reports"): (
        3,
        "series: {meter_fault: 0 1x3}, expect: [{onset: 01:00, raised: 04:00}]",
    ),
    ("device_fault", "low_voltage_mv"): (
        12_000,
        "series: {voltage: 13 11.9}, expect: [{onset: 01:00, raised: 02:00}]",
    ),
    ("device_fault", "low_voltage_min"): (
        120,
        "series: {voltage: 13 10x2}, expect: [{onset: 01:00, raised: 03:00}]",
    ),
    ("device_fault", "bad_data_pct"): (
        25,
        "points: {stage: {max: 9}}, series: {stage: 1x2 99x6 1x2}, expect: [{onset: 02:00, raised: 08:00}]",
    ),
    ("device_fault", "disagree_min"): (
        180,
        (
            f"{DAY}, station: {{cease_stage_m: 0.3}}, series: {{discharge: 0x3, stage: 1x3}},"
            " expect: [{onset: 00:00, raised: 03:00}]"
        ),
    ),
    ("device_fault", "disagree_slots"): (
        1,
        (
            f"{DAY}, station: {{cease_stage_m: 0.3}}, series: {{discharge: 3 0, stage: 1x2}},"
            " expect: [{onset: 01:00, raised: 02:00}]"
        ),
    ),
    ("device_fault", "clean_h"): (
        3,
        "series: {meter_fault: 1x2 0x3}, expect: [{onset: 00:00, raised: 02:00, resolved: 05:00}]",
    ),
    ("device_fault", "yellow_h"): (
        2,
        "series: {meter_fault: 1x5}, expect: [{onset: 00:00, raised: 02:00, levels: blue yellow}]",
    ),
}


def failing(text: str, name: str = "rule") -> list[str]:
    """What `check` says of the tests of one file."""
    loaded = rules_of({f"rules/{name}.yaml": text.encode()}, 480)
    assert loaded.rules is not None, [str(each) for each in loaded.findings]
    return [str(each) for each in failures(loaded.files, zone_minutes=480, lateness_min=30)]


def test_the_shipped_rules_are_the_defaults_and_their_tests_hold() -> None:
    """Restating the defaults changes nothing, not even the hash that alerts carry."""
    loaded = read_rules(SHIPPED, 480)
    assert loaded.findings == ()
    assert loaded.rules == DEFAULT_RULES
    assert {one.alert_class for one in loaded.files} == {*NUMBERS, "signal"}
    assert all(one.trials for one in loaded.files)
    assert list(failures(loaded.files, zone_minutes=480, lateness_min=30)) == []


@pytest.mark.parametrize("path", sorted((SHIPPED / "rules").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_file_names_every_number_of_its_class(path: Path) -> None:
    [file] = rules_of({f"rules/{path.name}": path.read_bytes()}, 480).files
    if file.numbers is not None:
        assert all(f"\n  {name}: " in path.read_text(encoding="utf-8") for name in bounds_of(type(file.numbers)))


def test_every_number_of_every_class_is_tried() -> None:
    assert set(OTHER_NUMBERS) == {(name, number) for name, kind in NUMBERS.items() for number in bounds_of(kind)}


@pytest.mark.parametrize(("number", "other"), OTHER_NUMBERS.items(), ids=[".".join(each) for each in OTHER_NUMBERS])
def test_a_number_has_its_effect(number: tuple[str, str], other: tuple[int, str]) -> None:
    """The test holds with it, and fails with the number as shipped."""
    (alert_class, name), (value, trial) = number, other
    tests = f"class: {alert_class}\n{HEAD}tests:\n  - {{name: it counts, {trial}}}\n"
    assert failing(f"numbers: {{{name}: {value}}}\n{tests}") == []
    [told] = failing(tests)
    assert '"it counts" fails\n' in told


def test_a_failure_is_drawn_as_it_is_in_the_manual() -> None:
    """docs/rules.md shows this test and what is said of it."""
    text = (
        "signal: {quantity: turbidity, above: {yellow: 200}, resolves_at: 150, hold_min: 120, resolve_min: 180}\n"
        f"{HEAD}tests:\n  - name: two hours above 200 NTU\n    series:\n      turbidity: 20x6 250x2 _x1 null 120x4\n"
        "    expect:\n      - {reason: above_bound, onset: 06:00, raised: 08:00, resolved: 14:00, levels: yellow}\n"
    )
    manual = (SHIPPED.parent / "docs/rules.md").read_text(encoding="utf-8")
    [told] = failing(text, "turbid")
    assert told in manual, told


def test_the_example_of_the_manual_holds() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (SHIPPED.parent / "docs/rules.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 2
    assert failing("".join([*blocks, HEAD])) == []


@pytest.mark.parametrize(
    ("trial", "told"),
    [
        (
            "station: {interval: x, kind: sea}, series: {stage: 1}, expect: []",
            "can't be run: registry/stations.csv:2: kind",
        ),
        ("series: {pump: 0.5x3}, expect: []", ""),
    ],
)
def test_a_test_that_can_not_be_run_says_why(trial: str, told: str) -> None:
    found = failing(f"class: flow_stopped\n{HEAD}tests:\n  - {{name: n, {trial}}}\n")
    assert [told in each for each in found] == ([True] if told else [])


def test_a_rule_that_fits_no_register_keeps_the_config_from_being_used(tmp_path: Path) -> None:
    """The register is whole, and yet there is nothing to run with."""
    (tmp_path / "registry").mkdir()
    (tmp_path / "rules").mkdir()
    columns = "station,name,kind,basin,river,division,gateway,interval_min\n"
    (tmp_path / "registry/stations.csv").write_text(f"{columns}A1,,section,,,,,5\n", encoding="utf-8")
    assert load_configuration(tmp_path, {}).register is not None
    text = f"signal: {{quantity: stage, of: points.normal, below: {{red: 0.1}}}}\n{HEAD}"
    (tmp_path / "rules/low.yaml").write_text(text, encoding="utf-8")
    found = load_configuration(tmp_path, {})
    assert found.register is None
    assert [str(each) for each in found.mistakes] == [
        (
            "rules/low.yaml:1: signal.of: no row of points in its scope has anything in a column 'normal': "
            "nothing would be judged"
        )
    ]
