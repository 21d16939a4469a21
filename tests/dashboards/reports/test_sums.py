"""What rows say of stations, divisions, authorities and rivers."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dashboards.reports.alerts import alert_row, alert_sums, is_of
from dashboards.reports.attainment import Marks, attainment_sums
from dashboards.reports.period import parse_period
from dashboards.reports.place import EVERYWHERE, Place
from dashboards.reports.quality import Span, expected_series, quality_row, quality_sums
from hydro.errors import ConfigError
from hydro.instants import parse_instant
from hydro.quantity import Quantity
from storage.buckets import Samples
from tests.dashboards.reports.example import alert, attained, register_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.reports.document import Row, Table

STATIONS = "station,name,kind,basin,river,division,gateway,interval_min,authority,status,valid_from,valid_to\n"


def named(tables: Sequence[Table], name: str) -> list[Row]:
    """Rows of one table."""
    return [row for table in tables if table.name == name for row in table.rows]


def test_the_worst_target_decides_for_a_station_and_targets_of_two_bases_are_never_added() -> None:
    rows = [attained("A", 31), attained("A", 500, owed=744, target_id="A:discharge:hour:min_release", basis="hour")]
    station = named(attainment_sums(rows, is_year=False), "stations")[0]
    assert (station["worst_target"], station["attained"], station["owed"]) == ("A:discharge:hour:min_release", 500, 744)
    assert (station["meets"], station["year_pass"]) == (False, None)


def test_a_station_passes_a_year_at_80_percent_and_a_county_when_90_percent_of_its_stations_do() -> None:
    """[D], after Anhui; ten stations, one of which fails: 90 % exactly."""
    rows = [attained(f"S{number}", 365, owed=365) for number in range(9)] + [attained("S9", 291, owed=365)]
    sums = attainment_sums(rows, is_year=True)
    assert [row["year_pass"] for row in named(sums, "stations")] == [True] * 9 + [False]
    county = next(row for row in named(sums, "divisions") if row["level"] == "county")
    assert (county["stations_meet"], county["stations"], county["stations_rate"]) == (9, 10, 90.0)
    assert county["year_pass"] is True
    stricter = attainment_sums(rows, is_year=True, marks=Marks(Fraction(4, 5), Fraction(91, 100)))
    assert next(row for row in named(stricter, "divisions") if row["level"] == "county")["year_pass"] is False


def test_a_target_that_owes_nothing_is_not_judged_and_a_province_counts_its_counties() -> None:
    rows = [attained("A", 31), attained("B", 0, owed=0), attained("C", 1, division="520304")]
    sums = attainment_sums(rows, is_year=False)
    province = named(sums, "divisions")[0]
    assert (province["level"], province["division"]) == ("province", "520000")
    assert (province["stations"], province["stations_meet"], province["stations_unjudged"]) == (2, 1, 1)
    assert (province["counties"], province["counties_meet"]) == (2, 1)


def test_sums_by_authority_are_there_where_a_station_has_one() -> None:
    assert named(attainment_sums([attained("A", 31)], is_year=False), "authorities") == []
    rows = [attained("A", 31, authority="市局"), attained("B", 1, authority="县局")]
    found = named(attainment_sums(rows, is_year=False), "authorities")
    assert {row["authority"]: row["stations_rate"] for row in found} == {"市局": 100.0, "县局": 0.0}
    assert named(attainment_sums(rows, is_year=False), "rivers")[0]["stations"] == 2


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        ("2026-Q4", "2026-10-01", "2026-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-W53", "2026-12-28", "2027-01-03"),
        ("2026-03-31", "2026-03-31", "2026-03-31"),
    ],
)
def test_a_period_is_named_by_its_days(text: str, first: str, last: str) -> None:
    period = parse_period(text)
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)


@pytest.mark.parametrize("text", ["", "26", "2026-00", "2026-Q5", "2025-W53", "2026-02-30", "2026-3", "٢٠٢٦", "0000"])
def test_what_is_no_period_is_refused_with_what_would_be_one(text: str) -> None:
    with pytest.raises(ConfigError, match="2026-Q1"):
        parse_period(text)


def day_of(register_tables: dict[str, str], hours: Sequence[int], flags: Sequence[int]) -> dict[str, Any]:
    """The row of A's discharge on 1 March 2026 with values at some hours."""
    register = register_of(register_tables)
    start = parse_instant("2026-03-01T00:00:00", 480)
    span = Span(start, start + 86_400_000, 480)
    times = np.array([start + hour * 3_600_000 for hour in hours], np.int64)
    samples = Samples(times, np.full(len(times), 2_000_000), np.array(flags, np.uint8))
    expected = ("A", Quantity.DISCHARGE) in expected_series(register, span)
    return dict(quality_row("A", Quantity.DISCHARGE, samples, register, span, expected=expected))


POINTS = "station,quantity,min,max\nA,discharge,0,9\n"


def test_a_gap_that_goes_on_over_a_change_of_the_interval_is_one_gap() -> None:
    """Hourly up to noon of the first, then every two hours: values at 1 to 9 and at 18 o'clock.

    1 2 … 9 . . . |   .   .   18   .   .   .
            ^-- 10 to 16: one gap of 7 h --^
    """
    stations = STATIONS + ("A,甲,section,,,520382,,60,,,,2026-02-28\nA,甲,section,,,520382,,120,,,2026-03-01,\n")
    row = day_of({"stations": stations, "points": POINTS}, [2, 4, 6, 18], [1, 1, 1, 1])
    assert (row["due"], row["arrived"], row["longest_gap_min"]) == (12, 4, 600)
    assert row["longest_gap_from"] == "2026-03-01T06:00:00+08:00"


def test_a_retired_station_owes_nothing() -> None:
    stations = STATIONS + "A,甲,section,,,520382,,60,,retired,,\n"
    row = day_of({"stations": stations, "points": POINTS}, [], [])
    assert (row["due"], row["arrival"], row["longest_gap_min"]) == (0, None, None)


def test_of_a_quantity_without_limits_or_target_only_what_came_is_told() -> None:
    stations = STATIONS + "A,甲,section,,,520382,,60,,,,\n"
    row = day_of({"stations": stations}, [1, 2], [1, 3])
    assert (row["due"], row["arrival"], row["arrived"], row["suspect"]) == (None, None, 2, 1)
    assert named(quality_sums([row]), "quantities") == []


SPAN = (parse_instant("2026-03-01T00:00:00", 480), parse_instant("2026-04-01T00:00:00", 480))


@pytest.mark.parametrize(
    ("onset", "resolved", "expected"),
    [
        ("2026-02-10T00:00:00+08:00", "2026-03-01T00:00:00+08:00", False),
        ("2026-02-10T00:00:00+08:00", "2026-03-01T00:05:00+08:00", True),
        ("2026-03-10T00:00:00+08:00", "2026-05-01T00:00:00+08:00", True),
        ("2026-02-10T00:00:00+08:00", None, True),
        ("2026-04-01T00:00:00+08:00", None, True),
        ("2026-04-01T00:05:00+08:00", None, False),
    ],
)
def test_an_alert_is_of_the_period_in_which_it_was_open(onset: str, resolved: str | None, *, expected: bool) -> None:
    register = register_of({"stations": STATIONS + "A,甲,section,,赤水河,520382,,60,,,,\n"})
    assert is_of(alert(1, onset, resolved), *SPAN, EVERYWHERE, register) is expected


def test_an_alert_of_a_gateway_is_of_its_division_but_of_no_river() -> None:
    register = register_of({"stations": STATIONS + "A,甲,section,,赤水河,520382,,60,,,,\n"})
    silent = alert(1, "2026-03-02T00:00:00+08:00", None, subject={"kind": "gateway", "code": "A"})
    assert is_of(silent, *SPAN, Place(division="520300"), register)
    assert not is_of(silent, *SPAN, Place(river="赤水河"), register)
    assert is_of(alert(1, "2026-03-02T00:00:00+08:00", None), *SPAN, Place(river="赤水河"), register)


def test_the_share_of_false_alarms_is_of_those_that_were_looked_into() -> None:
    register = register_of({"stations": STATIONS + "A,甲,section,,赤水河,520382,,60,,,,\n"})
    outcomes = [None, None, "confirmed", "confirmed", "confirmed", "false_alarm"]
    rows = []
    for number, outcome in enumerate(outcomes):
        history = [{"outcome": None}, {"outcome": outcome}]
        case = {"state": "raised", "assignee": None, "due": None, "history": history}
        rows.append(alert_row(alert(number, "2026-03-02T00:00:00+08:00", None, case=case), register))
    sums = named(alert_sums(rows), "classes")[0]
    assert (sums["alerts"], sums["looked_into"], sums["false_alarm_rate"], sums["confirmed_rate"]) == (6, 4, 25.0, 75.0)
    assert (rows[0]["highest"], rows[0]["level"], rows[0]["name"]) == ("orange", "yellow", "甲")
