"""Laws of the class device_fault: what is evidence, how much of it raises, and 24 h clean that end it.

Readings come every 20 min unless told. Times are those of March 2026, ``DD HH:MM``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerting.device_fault.engine import DeviceFaultEngine
from hydro.instants import MINUTE_MS
from ingest.decode import TickSource
from tests.alerting.stream_of_messages import Message, Run, Told, at, judged, reading, register_of, report, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydro.register import Register

TWENTY = 20 * MINUTE_MS
STATION = "S,,section,,,,g,20"
POINTS = "station,quantity,min,max,zero_below,verify_until,valid_from,valid_to\n"
TARGET = "station,quantity,from_day,to_day,value,basis\nS,discharge,,,2,day\n"


def slots(first: str, last: str, **values: float | None) -> Iterator[Message]:
    """A reading at the end of each slot from the first to the last."""
    for time in range(at(first), at(last) + 1, TWENTY):
        yield report(time, "S", values)


def alerts(register: Register, *parts: Iterator[Message]) -> list[Told]:
    """What is told of a stream of slots."""
    found = judged(DeviceFaultEngine, register, [message for part in parts for message in part])
    return told([said for said in found if said.alert_class == "device_fault"])


def test_a_bit_that_is_set_once_is_no_fault_and_twice_is_one() -> None:
    """It ends with the slot that completes 24 h without."""
    found = alerts(
        register_of([STATION]),
        slots("01 00:20", "01 01:00", meter_fault=0),
        slots("01 01:20", "01 01:20", meter_fault=1),
        slots("01 01:40", "01 06:00", meter_fault=0),
        slots("01 06:20", "01 07:00", meter_fault=1),
        slots("01 07:20", "03 00:00", meter_fault=0),
    )
    assert found == [Told("S", "fault_bit", "01 06:00", "01 06:40", "02 07:00", "yellow")]


def test_an_alert_is_yellow_after_a_day() -> None:
    messages = [*slots("01 00:20", "02 02:00", meter_fault=1)]
    [said] = judged(DeviceFaultEngine, register_of([STATION]), messages)
    assert [(change.level.text, change.at) for change in said.alerts[0].levels] == [
        ("blue", at("01 00:40")),
        ("yellow", at("02 00:40")),
    ]


@pytest.mark.parametrize(
    ("minimum", "volts", "count"), [("", 11.4, 1), ("", 11.5, 0), ("10.8", 11.4, 0), ("10.8", 10.7, 1)]
)
def test_an_hour_of_low_voltage_is_a_fault(minimum: str, volts: float, count: int) -> None:
    """Below `min` of its point, which also makes the value impossible; 11.5 V where no point says."""
    register = register_of([STATION], points=f"{POINTS}S,voltage,{minimum},16,,,,\n")
    found = alerts(
        register,
        slots("01 00:20", "01 01:00", voltage=12.6),
        slots("01 01:20", "01 01:40", voltage=volts),
        slots("01 02:00", "01 02:00", voltage=12.6),
        slots("01 02:20", "01 03:20", voltage=volts),
    )
    assert [(one.reason, one.onset, one.raised) for one in found] == [("low_voltage", "01 02:00", "01 03:00")] * count


def test_half_of_a_day_that_fails_is_bad_data() -> None:
    """36 of 72 slots, however scattered; the first of them is the onset."""
    register = register_of([STATION], points=f"{POINTS}S,stage,0,9,,,,\n")
    bad = [reading(at("01 00:00") + number * 2 * TWENTY, "S", stage=99.0) for number in range(1, 37)]
    good = [reading(at("01 00:20") + number * 2 * TWENTY, "S", stage=1.0) for number in range(36)]
    found = alerts(register, iter(bad), iter(good))
    assert [(one.reason, one.onset, one.raised) for one in found] == [("bad_data", "01 00:20", "02 00:00")]
    assert alerts(register, iter(bad[1:]), iter(good)) == []


def test_a_device_is_verified_up_to_the_end_of_its_last_day() -> None:
    """24:00 of that day belongs to it; a new certificate ends the alert after 24 h."""
    register = register_of(
        [STATION],
        points=f"{POINTS}S,stage,0,9,,2026-03-02,,2026-03-03\nS,stage,0,9,,2027-03-02,2026-03-04,\n",
    )
    found = alerts(register, slots("02 20:00", "06 00:00", stage=1.0))
    assert found == [Told("S", "verification_expired", "03 00:00", "03 00:20", "05 00:00", "yellow")]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"discharge": 0.0, "stage": 0.9}, "zero_for_missing"),
        ({"discharge": 0.01, "stage": 0.9}, "quantities_disagree"),
        ({"discharge": 2.0, "stage": 0.2}, "quantities_disagree"),
        ({"discharge": 2.0, "flow_state": 2.0}, "quantities_disagree"),
        ({"discharge": 2.0, "flow_state": 0.0}, None),
        ({"discharge": 0.0, "flow_state": 0.0}, None),
        ({"discharge": 0.0, "stage": 0.2, "flow_state": 1.0}, None),
        ({"discharge": 0.0}, None),
    ],
)
def test_quantities_of_one_station_must_agree_whether_the_water_stands(
    values: dict[str, float], reason: str | None
) -> None:
    """Nothing flows at or below 0.02 m3/s, at or below 0.3 m, or where the device says so."""
    register = register_of(
        [f"{STATION},0.30"], columns="cease_stage_m", points=f"{POINTS}S,discharge,,,0.02,,,\n", eflow_targets=TARGET
    )
    found = alerts(register, slots("01 00:20", "01 01:00", **values))
    assert [one.reason for one in found] == ([] if reason is None else [reason])
    if reason is not None:
        assert found[0] == Told("S", reason, "01 00:00", "01 01:00", None, "blue")


def test_quantities_may_come_in_messages_of_their_own() -> None:
    """The zero first, the stage that contradicts it later, in any order of arrival."""
    register = register_of([f"{STATION},0.30"], columns="cease_stage_m", eflow_targets=TARGET)
    flows = list(slots("01 00:20", "01 02:00", discharge=0.0))
    stages = [
        message._replace(received_at=message.received_at + 3 * 3_600_000)
        for message in slots("01 00:20", "01 02:00", stage=0.9)
    ]
    apart = told(judged(DeviceFaultEngine, register, [*flows, *stages], cuts=range(1, 13)))
    assert apart == [Told("S", "zero_for_missing", "01 00:00", "01 01:00", None, "blue")]


def test_water_that_stands_in_the_dry_season_is_no_question() -> None:
    register = register_of(
        [f"{STATION},0.30,02-01,03-01"], columns="cease_stage_m,dry_from,dry_to", eflow_targets=TARGET
    )
    found = alerts(register, slots("01 00:20", "02 01:00", discharge=0.0, stage=0.9))
    assert [(one.onset, one.raised) for one in found] == [("02 00:00", "02 01:00")]


def test_faults_that_overlap_are_one_alert_named_by_the_first() -> None:
    found = alerts(
        register_of([STATION]),
        slots("01 00:20", "01 00:40", meter_fault=1),
        slots("01 01:00", "02 12:00", meter_fault=0),
        slots("01 10:20", "01 12:00", voltage=10.0),
        slots("01 12:20", "03 00:00", voltage=12.6),
    )
    assert found == [Told("S", "fault_bit", "01 00:00", "01 00:40", "02 12:00", "yellow")]


def test_late_evidence_counts_as_if_it_had_come_in_time() -> None:
    """The second bit comes two days late: the alert is raised when it was true, and says since when it is known."""
    bits = [*slots("01 00:20", "01 00:20", meter_fault=1), *slots("01 01:00", "03 12:00", meter_fault=0)]
    late = reading("03 12:10", "S", "01 00:40", meter_fault=1)
    register = register_of([STATION])
    assert told(judged(DeviceFaultEngine, register, bits)) == []
    found = judged(DeviceFaultEngine, register, [*bits, late])
    assert told(found) == [Told("S", "fault_bit", "01 00:00", "01 00:40", "02 00:40", "blue")]


def test_a_correction_takes_an_alert_back() -> None:
    bits = list(slots("01 00:20", "01 00:40", meter_fault=1))
    again = reading("01 05:00", "S", "01 00:40", meter_fault=0)
    assert told(judged(DeviceFaultEngine, register_of([STATION]), [*bits, again], cuts=[1, 2])) == []


def test_what_comes_for_a_time_that_was_let_go_of_changes_nothing() -> None:
    """The fault goes on since the first of March; a clear bit of that day comes when its evidence is gone."""
    bits = list(slots("01 00:20", "12 00:00", meter_fault=1))
    late = reading("12 00:10", "S", "01 00:40", meter_fault=0)
    run = Run(DeviceFaultEngine, register_of([STATION]), [*bits, late], TickSource.HEARTBEAT)
    run.read(len(bits))
    before = told(run.finish())
    run.save(10, at("10 00:00"))
    run.crash()
    run.read(len(run))
    assert told(run.finish()) == before == [Told("S", "fault_bit", "01 00:00", "01 00:40", None, "yellow")]
