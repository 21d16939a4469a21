"""The row valid at event time counts, never today's."""

from __future__ import annotations

from hydro.instants import parse_instant
from hydro.quantity import Quantity
from hydro.register import EARLIEST_MS, LATEST_MS, DatedRows, Row

from .tables import STATION, STATIONS, mistakes, register

DATED = STATIONS.replace("\n", ",valid_from,valid_to\n")


def at(text: str) -> int:
    return parse_instant(text, 480)


def test_a_date_covers_the_time_after_its_midnight_up_to_the_next() -> None:
    """2026-01-01 covers (2026-01-01 00:00, 2026-01-02 00:00], as slots do.

    ::

        00:00      01-01      00:00      01-02      00:00
          (-------- G1 --------](-------- G2 --------]
    """
    rows = "A1,,section,,,,G1,5,2026-01-01,2026-01-01\nA1,,section,,,,G2,5,2026-01-02,2026-01-02\n"
    found = register(DATED + rows)

    def gateway(text: str) -> str | None:
        row = found.station_at("A1", at(text))
        return None if row is None else row.gateway

    assert gateway("2026-01-01T00:00:00") is None
    assert gateway("2026-01-01T00:00:00.001") == "G1"
    assert gateway("2026-01-02T00:00:00") == "G1"
    assert gateway("2026-01-02T00:00:00.001") == "G2"
    assert gateway("2026-01-03T00:00:00") == "G2"
    assert gateway("2026-01-03T00:00:00.001") is None
    assert found.station_at("B9", at("2026-01-01T12:00")) is None


def test_open_ends_reach_for_ever() -> None:
    found = register(DATED + "A1,,section,,,,G1,5,,2025-12-31\nA1,,section,,,,G2,5,2026-01-01,\n")
    rows = found.stations["A1"]
    assert rows.always is None
    assert [rows.at(time) for time in (EARLIEST_MS + 1, at("2026-01-01T00:00"), LATEST_MS)] == [
        rows.rows[0],
        rows.rows[0],
        rows.rows[1],
    ]


def test_the_last_day_of_the_calendar_is_no_end() -> None:
    rows = register(DATED + "A1,,section,,,,,5,,9999-12-31\n").stations["A1"]
    assert rows.always is rows.rows[0]


def test_a_single_row_without_dates_is_always_valid() -> None:
    rows = register().stations["A1"]
    assert rows.always is rows.rows[0]
    assert rows.at(EARLIEST_MS) is rows.at(0) is rows.at(LATEST_MS) is rows.always


def test_limits_are_found_by_event_time() -> None:
    table = "station,quantity,min,max,valid_to\nA1,stage,0,5,2025-12-31\n"
    found = register(points=table)
    before = found.limits_at("A1", Quantity.STAGE, at("2025-12-31T12:00"))
    assert before is not None
    assert before.maximum == 5_000_000
    assert found.limits_at("A1", Quantity.STAGE, at("2026-01-01T12:00")) is None
    assert found.limits_at("A1", Quantity.DISCHARGE, at("2025-12-31T12:00")) is None


def test_rows_are_found_among_many() -> None:
    rows = DatedRows(Row(start_ms=start, end_ms=start + 5) for start in range(990, -10, -10))
    for time in range(1_010):
        expected = next((row for row in rows if row.start_ms < time <= row.end_ms), None)
        assert rows.at(time) is expected


def test_rows_of_one_key_must_not_overlap() -> None:
    both = "and both are valid at the same time"
    rows = "A1,,section,,,,,5,,2026-01-01\nA1,,section,,,,,5,2026-01-01,\nB1,,section,,,,,5,,\n"
    assert mistakes(DATED + rows) == [f'registry/stations.csv:3: valid_from: "A1" is also in row 2, {both}']


def test_a_row_inside_a_longer_one_overlaps_it_also_when_another_lies_between() -> None:
    rows = (
        "A1,,section,,,,G1,5,2020-01-01,2029-12-31\n"
        "A1,,section,,,,G2,5,2021-01-01,2021-12-31\n"
        "A1,,section,,,,G3,5,2023-01-01,2023-12-31\n"
    )
    both = '"A1" is also in row 2, and both are valid at the same time'
    assert mistakes(DATED + rows) == [
        f"registry/stations.csv:3: valid_from: {both}",
        f"registry/stations.csv:4: valid_from: {both}",
    ]


def test_the_same_station_twice_without_dates_is_a_mistake() -> None:
    assert mistakes(STATION + "A1,Other,section,,,,,5\n") == [
        'registry/stations.csv:3: station: "A1" is also in row 2, and neither has valid_from or valid_to',
    ]


def test_a_row_repeated_is_called_that() -> None:
    row = STATION.splitlines()[1]
    assert mistakes(STATION + row + "\n" + row + "\n") == [
        "registry/stations.csv:3: is the same as row 2",
        "registry/stations.csv:4: is the same as row 2",
    ]


def test_the_same_quantity_of_two_stations_is_no_overlap() -> None:
    stations = STATION + "B1,,section,,,,,5\n"
    assert len(register(stations, points="station,quantity\nA1,stage\nA1,discharge\nB1,stage\n").points) == 3
