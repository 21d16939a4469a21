"""What each column accepts, and the reason it gives for the rest."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from hydro.instants import parse_instant
from hydro.quantity import Quantity
from hydro.register import StationKind, StationStatus

from .tables import EXEMPTIONS, STATION, STATIONS, TARGETS, mistakes, register


def station_cell(column: str, text: str) -> list[str]:
    """Mistakes of a station that has this text in one column."""
    header, row = STATION.splitlines()
    cells = dict(zip(header.split(","), row.split(","), strict=True)) | {column: text}
    return mistakes(",".join(cells) + "\n" + ",".join(f'"{cell}"' for cell in cells.values()) + "\n")


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("station", "", "is empty"),
        ("station", "A 1", '"A 1" contains white space or an invisible character'),
        ("station", "A\u200b1", '"A\\u200b1" contains white space or an invisible character'),
        ("station", "1234567890123456789", '"1234567890123456789" has 19 characters, a code has at most 18'),
        ("kind", "", "is empty"),
        ("kind", "Section", '"Section" is not one of section, intake, plant, reservoir, well'),
        ("interval_min", "", "is empty"),
        ("interval_min", "0", '"0" is not between 1 and 1440'),
        ("interval_min", "-5", '"-5" is not between 1 and 1440'),
        ("interval_min", "7", "7 minutes neither divide an hour nor are whole hours that divide a day"),
        ("interval_min", "90", "90 minutes neither divide an hour nor are whole hours that divide a day"),
        ("interval_min", "300", "300 minutes neither divide an hour nor are whole hours that divide a day"),
        ("interval_min", "5.0", '"5.0" is not a whole number'),
        ("interval_min", "５", '"５" is not a whole number'),
        ("gateway", "a/b", '"a/b" is not a gateway name: 1 to 64 of A-Z a-z 0-9 _ . -, not beginning with _'),
        ("gateway", "_tcp", '"_tcp" is not a gateway name: 1 to 64 of A-Z a-z 0-9 _ . -, not beginning with _'),
        ("lon", "181", '"181" is not between -180 and 180'),
        ("lat", "26,5", '"26,5" is not a number'),
        ("report_min", "0", '"0" is not between 1 and 527040'),
        ("lateness_min", "-1", '"-1" is not between 0 and 527040'),
        ("status", "closed", '"closed" is not one of active, rectify, exiting, retired'),
        ("tidal", "yes", '"yes" is not 0 or 1'),
        ("valid_from", "2026-02-29", '"2026-02-29" does not exist in the calendar'),
        ("valid_from", "01.03.2026", '"01.03.2026" is neither a date such as 2026-03-01 nor an ISO 8601 time'),
        ("valid_from", "5/3/2026", '"5/3/2026" is neither a date such as 2026-03-01 nor an ISO 8601 time'),
    ],
)
def test_a_station_cell_that_says_nothing_sensible(column: str, text: str, reason: str) -> None:
    assert station_cell(column, text) == [f"registry/stations.csv:2: {column}: {reason}"]


@pytest.mark.parametrize("minutes", [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440])
def test_intervals_that_fill_an_hour_or_a_day(minutes: int) -> None:
    assert station_cell("interval_min", str(minutes)) == []


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("min", "abc", '"abc" is not a number'),
        ("min", "1,5", '"1,5" is not a number'),
        ("min", "1_000", '"1_000" is not a number'),
        ("min", "１", '"１" is not a number'),
        ("min", "NaN", '"NaN" is not a number'),
        ("max", "inf", '"inf" is not a number'),
        ("max", "1e13", '"1e13" is beyond ±9000000000000'),
        ("max", "1e999999999", '"1e999999999" is not a number'),
        ("zero_below", "-0.1", '"-0.1" is less than 0'),
        ("max_step", "-1", '"-1" is less than 0'),
        ("counter_max", "0", '"0" is not greater than 0'),
        ("accuracy_pct", "-2", '"-2" is not between 0 and 1000'),
        ("counter_kind", "both", '"both" is not one of forward, reverse, net'),
        ("verified_on", "2026-13-01", '"2026-13-01" does not exist in the calendar'),
        ("verified_on", "20260301", '"20260301" is not a date such as 2026-03-01'),
    ],
)
def test_a_point_cell_that_says_nothing_sensible(column: str, text: str, reason: str) -> None:
    cells = {"station": "A1", "quantity": "discharge", column: text}
    table = ",".join(cells) + "\n" + ",".join(f'"{cell}"' for cell in cells.values()) + "\n"
    assert mistakes(points=table) == [f"registry/points.csv:2: {column}: {reason}"]


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("quantity", "rain", '"rain" is not one of the quantities discharge, stage, water_level, volume'),
        ("from_day", "02-30", '"02-30" does not exist in the calendar'),
        ("from_day", "13-01", '"13-01" does not exist in the calendar'),
        ("to_day", "2026-12-31", '"2026-12-31" is not a day of the year such as 03-01'),
        ("value", "", "is empty"),
        ("value", "-1", "a target of discharge is not below 0"),
        ("basis", "week", '"week" is not one of instant, hour, day, ten_day, month'),
        ("kind", "main", '"main" is not one of base, sensitive, min_release, dispatch'),
        ("day_start_hour", "24", '"24" is not between 0 and 23'),
        ("min_valid_pct", "101", '"101" is not at least 0 and at most 100'),
        ("pass_rate", "90", '"90" is not at least 0 and at most 1'),
        ("inflow_rule", "max", '"max" is not one of min_inflow'),
        ("target", "my target", '"my target" contains white space or an invisible character'),
    ],
)
def test_a_target_cell_that_says_nothing_sensible(column: str, text: str, reason: str) -> None:
    cells = {"station": "A1", "quantity": "discharge", "from_day": "", "to_day": "", "value": "2", "basis": "day"}
    cells |= {column: text}
    table = ",".join(cells) + "\n" + ",".join(cells.values()) + "\n"
    assert mistakes(eflow_targets=table) == [f"registry/eflow_targets.csv:2: {column}: {reason}"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param("A1,,,,,,,,,,", [], id="all defaults"),
        pytest.param("A1,9,3,,,", ["max: min is greater than max"], id="bounds crossed"),
        pytest.param("A1,3,3,,,", [], id="bounds equal"),
        pytest.param("A1,,,,2026-01-02,2026-01-01", ["valid_to: valid_from is later than valid_to"], id="validity"),
        pytest.param("A1,,,,2026-01-01,2026-01-01", [], id="one day"),
        pytest.param(
            "A1,,,2026-01-02/2026-01-01,,", ["verify_until: verified_on is later than verify_until"], id="verified"
        ),
    ],
)
def test_cells_of_a_point_that_contradict_each_other(row: str, expected: list[str]) -> None:
    station, low, high, verified, first, last, *_ = row.split(",")
    verified_on, _, verify_until = verified.partition("/")
    table = "station,quantity,min,max,verified_on,verify_until,valid_from,valid_to\n"
    table += f"{station},stage,{low},{high},{verified_on},{verify_until},{first},{last}\n"
    assert mistakes(points=table) == [f"registry/points.csv:2: {reason}" for reason in expected]


def test_half_a_season_is_a_mistake() -> None:
    table = STATION.replace("\n", ",ice_from,ice_to,dry_from,dry_to\n", 1).replace(",5\n", ",5,12-01,,,04-30\n")
    assert mistakes(table) == [
        "registry/stations.csv:2: ice_to: is empty while ice_from is given",
        "registry/stations.csv:2: dry_from: is empty while dry_to is given",
    ]


def test_empty_cells_of_a_station_are_its_defaults() -> None:
    row = register(STATIONS + "A1,,section,,,,,15\n").stations["A1"].rows[0]
    assert row.kind is StationKind.SECTION
    assert row.status is StationStatus.ACTIVE
    assert (row.name, row.gateway, row.authority) == ("", "", "")
    assert (row.report_min, row.lateness_min) == (15, 30)
    assert (row.lon, row.cease_stage_m, row.ice_from, row.section_role) == (None, None, None, None)
    assert (row.backwater, row.tidal) == (False, False)


def test_empty_cells_of_a_target_are_its_defaults() -> None:
    (row,) = register(eflow_targets=TARGETS + "A1,discharge,,,2,day\n").targets["A1:discharge:day:base"]
    assert (row.from_day, row.to_day, row.day_start_hour) == ((1, 1), (12, 31), 0)
    assert (row.min_valid_pct, row.pass_rate) == (Fraction(50), Fraction(9, 10))
    assert (row.inflow_rule, row.inflow_station) == (None, "")


def test_values_are_exact() -> None:
    header = "station,quantity,min,max,accuracy_pct,zero_below\n"
    (row,) = (
        register(points=header + "A1,discharge,-0.1,1234567.123456,2.50,1e-3\n").points["A1", Quantity.DISCHARGE].rows
    )
    assert (row.minimum, row.maximum, row.zero_below) == (-100_000, 1_234_567_123_456, 1_000)
    assert row.accuracy_pct == Decimal("2.5")


@pytest.mark.parametrize("text", ["2026-03-01", "2026/3/1", "2026-3-1", "2026/03/01"])
def test_a_date_as_a_spreadsheet_rewrites_it(text: str) -> None:
    (row,) = register(exemptions=EXEMPTIONS + f"A1,{text},{text},,\n").exemptions
    assert row.dates == (date(2026, 3, 1), date(2026, 3, 1))


@pytest.mark.parametrize(
    "text",
    ["2026-03-01T08:05", "2026-03-01 08:05:00", "2026/3/1 8:05", "2026-03-01T00:05:00Z", "2026-03-01T02:05+02:00"],
)
def test_a_time_without_offset_is_in_the_zone_of_the_settings(text: str) -> None:
    (row,) = register(exemptions=EXEMPTIONS + f"A1,{text},2026-03-02T00:00,,\n").exemptions
    assert row.times is not None
    assert row.times[0] == parse_instant("2026-03-01T08:05:00+08:00", 0)


@pytest.mark.parametrize("text", ["04-01", "4-1", "4/1", "4月1日", "04月01日"])
def test_a_day_of_the_year_as_a_spreadsheet_rewrites_it(text: str) -> None:
    targets = register(eflow_targets=TARGETS + f"A1,discharge,{text},{text},2,day\n").targets
    assert targets["A1:discharge:day:base"][0].from_day == (4, 1)
