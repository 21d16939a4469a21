"""Silence worked out by hand. Stations of the gateway g send every 60 min: patience is 3 x 60 + 30 = 210 min."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .desk import Desk, at, levels, reading, slots, span

if TYPE_CHECKING:
    from pathlib import Path

    from .alert import Line
    from .stream import Record

LOSS = "data_loss"


class Field(Desk):
    """The station S and others, all of the gateway g, whose points know their bounds."""

    def __init__(self, path: Path, *others: str) -> None:
        super().__init__(path)
        self.station(gateway="g")
        for code in others:
            self.tables.add("stations", station=code, gateway="g", interval_min="60")
        for code in ("S", *others):
            self.tables.add("points", station=code, quantity="discharge", min="0", max="9")


def hourly(station: str, *hours: int, value: float | None = 1.0) -> list[Record]:
    """Readings stamped with full hours of 1 March, received at once; hours from 24 on are of 2 March, and so on."""
    times = [at(f"{1 + hour // 24:02d} {hour % 24:02d}:00") for hour in hours]
    return [reading(time, value, station=station) for time in times]


def told(alerts: list[Line]) -> list[list[object]]:
    """Subject, reason, onset, raised_at and resolved_at of each."""
    found = []
    for alert in alerts:
        subject = alert["subject"]
        assert isinstance(subject, dict)
        found.append([subject["code"], alert["reason"], *span(alert)])
    return found


def test_silence_runs_from_the_last_valid_value_to_a_fresh_one(tmp_path: Path) -> None:
    """Onset is the end of the first slot that is missing; raised at a full minute of received time.

    ::

        received   01:00                04:30      06:00:20
        S            x      . . . .     raised       x  resolved
    """
    records = [reading(at("01 01:00"), 1.0), reading(at("01 06:00"), 1.0, at("01 06:00").replace(":00+", ":20+"))]
    alerts = Field(tmp_path).alerts(records, LOSS)
    assert told(alerts) == [["S", "silent", "01 02:00", "01 04:30", "01 06:00"]]
    assert alerts[0]["resolved_at"] == "2026-03-01T06:00:20+08:00"


def test_a_tick_comes_before_the_messages_of_its_instant(tmp_path: Path) -> None:
    assert told(Field(tmp_path).alerts([*hourly("S", 1), reading(at("01 04:30"), 1.0)], LOSS)) == [
        ["S", "silent", "01 02:00", "01 04:30", "01 04:30"]
    ]
    just_before = [reading(at("01 04:29"), 1.0)]
    assert Field(tmp_path).alerts(hourly("S", 1) + just_before, LOSS) == []


@pytest.mark.parametrize(
    ("report_min", "lateness_min", "raised_at"),
    [("", "", "01 04:30"), ("15", "", "01 02:30"), ("", "45", "01 04:45"), ("120", "10", "01 07:10")],
)
def test_patience_is_three_reports_at_least_an_hour_and_the_lateness(
    tmp_path: Path, report_min: str, lateness_min: str, raised_at: str
) -> None:
    desk = Field(tmp_path, "T")
    desk.station(report_min=report_min, lateness_min=lateness_min)
    alerts = desk.alerts(hourly("S", 1) + hourly("T", *range(1, 9)), LOSS)
    assert [span(alert)[1] for alert in alerts] == [raised_at]


def test_only_a_value_at_most_a_report_and_two_intervals_old_ends_it(tmp_path: Path) -> None:
    """Back-fill repairs completeness, not the alert: at 09:00 comes what is 181 min old, at 09:01 180 min."""
    records = [reading(at("01 01:00"), 1.0), reading(at("01 05:59"), 1.0, at("01 09:00"))]
    desk = Field(tmp_path)
    assert told(desk.alerts(records, LOSS)) == [["S", "silent", "01 02:00", "01 04:30", None]]
    fresh = [*records, reading(at("01 06:01"), 1.0, at("01 09:01"))]
    assert told(desk.alerts(fresh, LOSS)) == [["S", "silent", "01 02:00", "01 04:30", "01 09:01"]]


@pytest.mark.parametrize("value", [None, -1.0, 9.5], ids=["null", "below min", "above max"])
def test_what_is_not_valid_ends_no_silence(tmp_path: Path, value: float | None) -> None:
    alerts = Field(tmp_path).alerts(hourly("S", 1) + hourly("S", 2, 3, 4, 5, value=value), LOSS)
    assert told(alerts) == [["S", "invalid", "01 02:00", "01 04:30", None]]


def test_who_never_came_is_missed_once_the_gateway_is_heard(tmp_path: Path) -> None:
    """T never sends; its gateway is first heard at 00:10, if only to say that it is online."""
    online: Record = {"received_at": at("01 00:10"), "topic": "watermaster/v1/g/status", "payload": b"online"}
    desk = Field(tmp_path, "T", "R")
    desk.tables.rows["stations"][2] |= {"status": "retired"}
    desk.tables.add("stations", station="U", gateway="never", interval_min="60")
    alerts = desk.alerts([online, *hourly("S", *range(1, 6))], LOSS)
    assert told(alerts) == [["T", "never_connected", "01 00:10", "01 03:40", None]]


def test_without_a_gateway_a_station_is_heard_when_it_speaks(tmp_path: Path) -> None:
    desk = Field(tmp_path, "T")
    desk.tables.rows["stations"][1] |= {"gateway": ""}
    alerts = desk.alerts(hourly("S", *range(1, 7)) + hourly("T", 2, value=None), LOSS)
    assert told(alerts) == [["T", "invalid", "01 02:00", "01 05:30", None]]
    assert desk.alerts(hourly("S", *range(1, 7)), LOSS) == []


def test_the_level_rises_with_the_age_of_the_alert(tmp_path: Path) -> None:
    """Yellow after 6 h, orange after 24 h, red after 72 h, at ticks."""
    alerts = Field(tmp_path, "T").alerts(hourly("S", 1) + hourly("T", *range(1, 80)), LOSS)
    assert levels(alerts[0]) == [
        ("blue", "01 04:30"),
        ("yellow", "01 10:30"),
        ("orange", "02 04:30"),
        ("red", "04 04:30"),
    ]


def test_a_gateway_is_lost_with_3_and_80_percent_of_its_stations(tmp_path: Path) -> None:
    """Of five A, B, C stop after 01:00, D after 02:00; A is back at 07:00.

    ::

        04:30  A, B, C silent: 60 %, an alert each
        05:30  D too: 80 %: the gateway's alert takes theirs into its members; onset that of D, 03:00
        07:00  A: 60 %: it resolves; 07:01 B, C, D have alerts of their own again
    """
    desk = Field(tmp_path, "A", "B", "C", "D")
    records = [*hourly("S", *range(1, 9)), *hourly("A", 1, 7, 8), *hourly("B", 1), *hourly("C", 1), *hourly("D", 1, 2)]
    alerts = desk.alerts(records, LOSS)
    assert told(alerts) == [
        ["B", "silent", "01 02:00", "01 07:01", None],
        ["C", "silent", "01 02:00", "01 07:01", None],
        ["g", "silent", "01 03:00", "01 05:30", "01 07:00"],
        ["D", "silent", "01 03:00", "01 07:01", None],
    ]
    assert alerts[2]["members"] == ["A", "B", "C", "D"]
    assert alerts[2]["subject"] == {"kind": "gateway", "code": "g"}
    assert [alert["previous_onset"] for alert in alerts] == [None] * 4
    assert all("members" not in alert for alert in alerts if alert is not alerts[2])


def test_two_stations_are_no_gateway_and_75_percent_are_not_enough(tmp_path: Path) -> None:
    two = Field(tmp_path / "two", "T").alerts(hourly("S", 1) + hourly("T", 1) + [reading(at("01 09:00"), 1.0)], LOSS)
    assert [each[0] for each in told(two)] == ["S", "T"]
    four = Field(tmp_path / "four", "A", "B", "C")
    records = [each for code in ("A", "B", "C") for each in hourly(code, 1)]
    assert [each[0] for each in told(four.alerts(hourly("S", *range(1, 9)) + records, LOSS))] == ["A", "B", "C"]


def test_who_falls_silent_later_becomes_a_member_too(tmp_path: Path) -> None:
    desk = Field(tmp_path, "A", "B", "C", "D")
    records = [each for code in ("A", "B", "C", "D") for each in hourly(code, 1)]
    other = slots("01 01:00", 60, [1.0] * 3)
    online: Record = {"received_at": at("01 12:00"), "topic": "watermaster/v1/g/status", "payload": b"online"}
    alerts = desk.alerts([*records, *other, online], LOSS)
    assert told(alerts) == [["g", "silent", "01 02:00", "01 04:30", None]]
    assert alerts[0]["members"] == ["A", "B", "C", "D", "S"]
