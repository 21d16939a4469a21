"""Device faults worked out by hand: what a device says of itself, and what its readings and its clock say of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from .desk import Desk, at, days, levels, reading, slots, span

if TYPE_CHECKING:
    from pathlib import Path

    from .alert import Line
    from .stream import Record

FAULT = "device_fault"


def told(alerts: list[Line]) -> list[list[object]]:
    """Reason, onset, raised_at and resolved_at of each."""
    return [[alert["reason"], *span(alert)] for alert in alerts]


def moved(records: list[Record], minutes: int) -> list[Record]:
    """The same words, received so much later than said."""
    found = []
    for record in records:
        later = datetime.fromisoformat(str(record["received_at"])) + timedelta(minutes=minutes)
        found.append(record | {"received_at": later.isoformat()})
    return found


# What it says of itself


def test_a_fault_bit_counts_when_it_is_reported_twice_in_a_row(tmp_path: Path) -> None:
    """Reports, not slots: 02:10 and 02:40 lie in the slots that end at 03:00; 24 h without end it.

    ::

        report  01:00  02:00  02:10  02:40  04:00 … 27:00 (24 slots)
        bit       1      0      1      1      0         0
    """
    first = [reading(at(f"01 {time}"), bit, "", "meter_fault") for time, bit in (("01:00", 1), ("02:00", 0))]
    pair = [reading(at(f"01 {time}"), 1, "", "meter_fault") for time in ("02:10", "02:40")]
    assert Desk(tmp_path).alerts([*first, pair[0]], FAULT) == []
    alerts = Desk(tmp_path).alerts([*first, *pair, *slots("01 04:00", 60, [0] * 24, "meter_fault")], FAULT)
    assert told(alerts) == [["fault_bit", "01 02:00", "01 03:00", "02 03:00"]]


@pytest.mark.parametrize(("limit", "volts", "is_low"), [("", 11.49, True), ("", 11.5, False), ("10.8", 11.4, False)])
def test_low_voltage_is_an_hour_below_the_least_voltage(
    tmp_path: Path, limit: str, volts: float, *, is_low: bool
) -> None:
    """``min`` of the point, else 11.5 V; slots of 30 min, so two of them."""
    desk = Desk(tmp_path, interval=30)
    desk.tables.add("points", station="S", quantity="voltage", min=limit)
    alerts = desk.alerts(slots("01 00:30", 30, [12.6, volts, volts], "voltage"), FAULT)
    assert told(alerts) == ([["low_voltage", "01 00:30", "01 01:30", None]] if is_low else [])


def test_voltage_below_the_bound_counts_though_it_is_flagged_fail(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tables.add("points", station="S", quantity="voltage", min="10.8", max="16")
    alerts = desk.alerts(slots("01 01:00", 60, [10.7], "voltage"), FAULT)
    assert told(alerts) == [["low_voltage", "01 00:00", "01 01:00", None]]


# What its readings say


def test_bad_data_is_half_of_a_day_of_fail_slots(tmp_path: Path) -> None:
    """The twelfth FAIL slot of 24 h; one valid value in it makes a slot good. Clean again 24 slots later.

    ::

        01 … 11  FAIL   12  FAIL and valid   13  FAIL: 12 of 24       14 … next day 13  good
    """
    desk = Desk(tmp_path)
    desk.tables.add("points", station="S", quantity="discharge", min="0", max="9")
    eleven = [*slots("01 01:00", 60, [99.0] * 12), reading(at("01 11:30"), 1.0)]
    assert desk.alerts(eleven, FAULT) == []
    alerts = desk.alerts(eleven + slots("01 13:00", 60, [99.0] + [1.0] * 24), FAULT)
    assert told(alerts) == [["bad_data", "01 00:00", "01 13:00", "02 13:00"]]


def test_fail_slots_of_more_than_24_h_ago_are_forgotten(tmp_path: Path) -> None:
    """Eleven, thirteen good ones, and the twelfth is the twenty-fifth."""
    desk = Desk(tmp_path)
    desk.tables.add("points", station="S", quantity="discharge", min="0", max="9")
    assert desk.alerts(slots("01 01:00", 60, [99.0] * 11 + [1.0] * 13 + [99.0]), FAULT) == []
    alerts = desk.alerts(slots("01 01:00", 60, [99.0] * 11 + [1.0] * 12 + [99.0]), FAULT)
    assert told(alerts) == [["bad_data", "01 00:00", "02 00:00", None]]


def test_verification_expires_with_the_last_day_of_its_row(tmp_path: Path) -> None:
    """2 March is covered up to its midnight; a row in force again from 4 March on, and 24 h later it is clean."""
    desk = Desk(tmp_path)
    point = {"station": "S", "quantity": "discharge"}
    desk.tables.add("points", **point, verify_until="2026-03-02", valid_to="2026-03-03")
    desk.tables.add("points", **point, verify_until="2027-03-02", valid_from="2026-03-04")
    alerts = desk.alerts(days([1.0] * 5), FAULT)
    assert told(alerts) == [["verification_expired", "03 00:00", "03 01:00", "05 00:00"]]
    assert levels(alerts[0]) == [("blue", "03 01:00"), ("yellow", "04 01:00")]


def test_faults_of_several_reasons_at_once_are_one_alert(tmp_path: Path) -> None:
    """The voltage is clean from 02 00:00 on, the bit from 02 06:00 on: it ends when the last of them ends.

    ::

        1 March   01 … 05   06 … 23   24
        voltage     11.0      12.6   12.6            raised 01:00, clean 02 05:00
        bit          0     1 at 05 and 06: raised 06:00, clean 02 06:00
    """
    voltage = slots("01 01:00", 60, [11.0] * 5 + [12.6] * 40, "voltage")
    bit = slots("01 01:00", 60, [0] * 4 + [1, 1] + [0] * 40, "meter_fault")
    alerts = Desk(tmp_path).alerts(voltage + bit, FAULT)
    assert told(alerts) == [["low_voltage", "01 00:00", "01 01:00", "02 06:00"]]
    assert levels(alerts[0]) == [("blue", "01 01:00"), ("yellow", "02 01:00")]


# Its clock


def test_a_clock_a_day_behind_is_a_fault_and_no_shortfall(tmp_path: Path) -> None:
    """Three live messages in a row; none of them is judged. Times of the alert are those of reception."""
    desk = Desk(tmp_path, "hour")
    records = moved(slots("01 01:00", 60, [0.1] * 5), 24 * 60)
    assert desk.alerts(records, "eflow_shortfall") == []
    assert told(desk.alerts(records, FAULT)) == [["clock_skew", "02 01:00", "02 03:00", None]]
    two = records[:2]
    assert desk.alerts(two, FAULT) == []
    assert len(desk.alerts(two, "eflow_shortfall")) == 1


def test_a_clock_that_is_ahead_is_a_fault_though_its_readings_are_rejected(tmp_path: Path) -> None:
    records = slots("01 01:00", 60, [1.0]) + moved(slots("01 03:00", 60, [0.1] * 4), -60)
    assert told(Desk(tmp_path).alerts(records, FAULT)) == [["clock_skew", "01 02:00", "01 04:00", None]]


@pytest.mark.parametrize(("minutes", "is_off"), [(30, False), (31, True), (-10, False), (-11, True)])
def test_behind_begins_after_the_lateness_and_ahead_after_10_min(tmp_path: Path, minutes: int, *, is_off: bool) -> None:
    """Inside the lateness any order of arrival must give the same verdicts."""
    alerts = Desk(tmp_path).alerts(moved(slots("01 01:00", 60, [1.0] * 4), minutes), FAULT)
    assert [alert["reason"] for alert in alerts] == (["clock_skew"] if is_off else [])


def test_a_backlog_sent_oldest_first_is_no_wrong_clock(tmp_path: Path) -> None:
    """Each is the newest so far and hours late, but by less and less: 8 h, 7 h, 6 h and so on."""
    backlog = [record | {"received_at": at("01 09:00")} for record in slots("01 01:00", 60, [1.0] * 8)]
    assert Desk(tmp_path).alerts(backlog, FAULT) == []


def test_a_clock_set_right_is_trusted_again_after_24_h(tmp_path: Path) -> None:
    """Five messages an hour late, then right ones: judged at once, and the fault ends a day after the last wrong."""
    desk = Desk(tmp_path, "hour")
    wrong = moved(slots("01 01:00", 60, [0.1] * 5), 60)
    right = slots("01 07:00", 60, [1.9] * 24)
    assert told(desk.alerts(wrong + right, FAULT)) == [["clock_skew", "01 02:00", "01 04:00", "02 06:00"]]
    assert [span(alert) for alert in desk.alerts(wrong + right, "eflow_shortfall")] == [["01 06:00", "01 07:00", None]]
