"""Frames become readings: the right quantity, exactly the value, the right time, and everything else counted."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydro.instants import format_instant, parse_instant
from hydro.quantity import Quantity
from hydro.register import EARLIEST_MS, LATEST_MS
from ingest.codecs.over_time import OverTime, Span
from ingest.codecs.readings import Readings
from ingest.codecs.slt427 import DataType, Profile, decode_frame, encode_frame
from ingest.codecs.slt427.framing import wrap
from ingest.codecs.slt427.mapping import NO_DEVICES, STANDARD, Device
from ingest.codecs.slt427.readings import _append, _append_short, decode_slt427
from tests.ingest.codecs.slt427.generated import odd_reports, reports
from tests.ingest.codecs.slt427.vectors import VECTORS, frame_of

if TYPE_CHECKING:
    from ingest.codecs.slt427.frame import Frame

BEIJING = 480
ARRIVED = parse_instant("2026-05-12T14:16:00", BEIJING)
CLEAN = "00002000"  # door closed, pump running
LABEL = "3015141200"
LABELLED = "2026-05-12T14:15:30+08:00"
STATES = [("pump", 1_000_000, False), ("door", 0, False), ("meter_fault", 0, False)]


def station_of(address: str) -> str:
    """A register that gives one address a code and leaves the others as they are."""
    return {"3201010700": "52010300A1"}.get(address, address)


def decode(payload: bytes, received_at: int = ARRIVED) -> Readings:
    """Readings of one payload."""
    out = Readings()
    decode_slt427(0, payload, BEIJING, received_at, station_of, out)
    return out


def rows(out: Readings) -> list[tuple[str, int, bool]]:
    """Quantity, value in millionths and whether it is missing, of each reading."""
    assert len({len(column) for column in (out.message, out.station, out.quantity, out.event_time, out.value)}) == 1
    return [
        (Quantity(code).text, value, missing)
        for code, value, missing in zip(out.quantity, out.value, out.missing, strict=True)
    ]


def report(data_type: int, values: str, rest: str = CLEAN + LABEL, function: int = 0xC0) -> bytes:
    """A report of the registered station with hexadecimal values, words and label."""
    head = bytes((0xB0 | data_type,)) + bytes.fromhex("3201010700") + bytes((function,))
    return wrap(head + bytes.fromhex(values + rest))


@pytest.mark.parametrize(
    ("data_type", "values", "label", "expected"),
    [
        (1, "125200", LABEL, [("rain", 521_200_000)]),
        (2, "34120000", LABEL, [("stage", 1_234_000)]),
        (2, "341200F0", LABEL, [("stage", -1_234_000)]),
        (3, "00590000008261100000", LABEL, [("discharge", 5_900_000), ("volume_total", 106_182_000_000)]),
        (3, "00590000F08261100000", LABEL, [("discharge", -5_900_000), ("volume_total", 106_182_000_000)]),
        (3, "00590000308261100000", "30151412052600", [("discharge", 1_639), ("volume_total", 106_182_000_000)]),
        (3, "00590000C08261100000", "30151412052600", [("discharge", -5_900_000), ("volume_total", 106_182_000_000)]),
        (3, "00180000308261100000", "30151412052600", [("discharge", 500), ("volume_total", 106_182_000_000)]),
        (4, "341200", LABEL, [("velocity", 1_234_000)]),
        (5, "350200", LABEL, [("gate_opening", 2_350_000)]),
        (6, "250100", LABEL, [("power", 125_000_000)]),
        (8, "56341200", "30151412052600", [("energy_total", 1_234_560_000)]),
        (9, "8501", LABEL, [("water_temperature", 18_500_000)]),
        (13, "", LABEL, []),
        (14, "01125200", LABEL, [("rain", 521_200_000)]),
        (15, "25500300", LABEL, [("pressure", 350_250_000)]),
        (10, "0700000000" + "85010000" + "25070000" + "12060000", LABEL,
         [("water_temperature", 18_500_000), ("ph", 7_250_000), ("dissolved_oxygen", 6_120_000)]),
    ],
)  # fmt: skip
def test_each_data_type_becomes_its_quantity(
    data_type: int, values: str, label: str, expected: list[tuple[str, int]]
) -> None:
    out = decode(report(data_type, values, CLEAN + label))
    assert rows(out) == [(name, value, False) for name, value in expected] + STATES
    assert set(out.station) == {"52010300A1"}
    assert {format_instant(time, BEIJING) for time in out.event_time} == {LABELLED}
    assert (out.faults, out.undecodable, out.unknown_keys) == ([], [], 0)


@pytest.mark.parametrize(
    ("data_type", "values", "label"),
    [
        (7, "131000", LABEL),  # air pressure
        (8, "250340", LABEL),  # wind
        (11, "3402", LABEL),  # soil
        (12, "127400", LABEL),  # evaporation
        (14, "41125200", LABEL),  # rain of an hour: its key is that of the five-minute rain
        (14, "81125200", LABEL),  # rain of a day
        (14, "C0125200", LABEL),  # test
    ],
)
def test_what_has_no_quantity_is_counted(data_type: int, values: str, label: str) -> None:
    out = decode(report(data_type, values, CLEAN + label))
    assert (rows(out), out.unknown_keys, out.faults) == (STATES, 1, [])


def test_only_the_first_instrument_is_mapped_the_others_are_counted() -> None:
    out = decode(report(3, "00590000008261100000" + "AAAAAAAAAA4523010000"))
    assert rows(out) == [("discharge", 5_900_000, False), ("volume_total", 106_182_000_000, False), *STATES]
    assert out.unknown_keys == 2


def test_a_missing_value_is_missing_and_zero_is_data() -> None:
    out = decode(report(3, "AAAAAAAAAA0000000000"))
    assert rows(out) == [("discharge", 0, True), ("volume_total", 0, False), *STATES]


def test_a_bad_value_is_told_and_the_others_are_kept() -> None:
    out = decode(report(3, "0059B000008261100000"))
    assert rows(out) == [("volume_total", 106_182_000_000, False), *STATES]
    assert [(fault.reason, fault.readings, fault.detail) for fault in out.faults] == [
        ("bad_element", 1, "52010300A1 discharge: flow 0059B00000 is not a decimal number")
    ]


def test_a_label_that_is_no_time_refuses_all_readings_of_its_frame() -> None:
    out = decode(report(2, "34120000", CLEAN + "3015143200"))
    assert (rows(out), [(fault.reason, fault.readings) for fault in out.faults]) == ([], [("bad_time", 4)])


def test_a_label_without_month_is_read_by_the_arrival() -> None:
    payload = report(2, "34120000", CLEAN + "5959232800")
    times = set(decode(payload, parse_instant("2026-03-01T00:00:02", BEIJING)).event_time)
    assert [format_instant(time, BEIJING) for time in times] == ["2026-02-28T23:59:59+08:00"]


def test_a_report_without_label_is_of_its_arrival() -> None:
    assert set(decode(report(2, "34120000", CLEAN)).event_time) == {ARRIVED}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("00000000", {"pump": 1, "door": 1, "meter_fault": 0}),
        ("00001000", {"pump": 0, "door": 1, "meter_fault": 0}),
        ("00003000", {"pump": 0, "door": 0, "meter_fault": 0}),
        ("20003000", {"pump": 0, "door": 0, "meter_fault": 1}),  # flow meter
        ("80003000", {"pump": 0, "door": 0, "meter_fault": 1}),  # stage meter
        ("5FFF3000", {"pump": 0, "door": 0, "meter_fault": 0}),  # the other alarms
    ],
)
def test_the_words_tell_pump_door_and_meter_fault(words: str, expected: dict[str, int]) -> None:
    found = {name: value // 1_000_000 for name, value, _ in rows(decode(report(13, "", words + LABEL)))}
    assert found == expected


def test_a_voltage_report_is_a_voltage() -> None:
    out = decode(report(13, "6012", "", function=0x84))
    assert (rows(out), out.event_time) == ([("voltage", 12_600_000, False)], [ARRIVED])


def test_the_answer_to_a_query_is_of_its_arrival_and_its_rain_is_a_total() -> None:
    assert rows(decode(report(2, "34120000", CLEAN, function=0xB0)))[0] == ("stage", 1_234_000, False)
    out = decode(report(1, "125200", CLEAN, function=0xB0))
    assert (rows(out), out.unknown_keys) == (STATES, 1)


def test_the_known_profile_of_a_device_decides_where_one_length_has_two_readings() -> None:
    # One temperature with a long label, or two with a short one.
    payload = report(9, "8501", "00000000" + "00001412052600")
    known = OverTime(STANDARD, {"3201010700": [Span(EARLIEST_MS, LATEST_MS, Device(edition=Profile.SZY206))]})
    for devices, expected in ((NO_DEVICES, "2026-05-12T14:00:00"), (known, "2026-04-26T05:12:14")):
        out = Readings()
        decode_slt427(0, payload, BEIJING, ARRIVED, station_of, out, devices)
        assert {format_instant(time, BEIJING) for time in out.event_time} == {f"{expected}+08:00"}


def test_alarm_and_manual_reports_are_readings() -> None:
    for payload in (report(2, "0000" + "34120000", "2000" + LABEL, 0x81), report(2, "34120000", function=0x82)):
        assert rows(decode(payload)) == [("stage", 1_234_000, False), *STATES]


@pytest.mark.parametrize("name", ["V173", "V175", "V213", "V215", "V226"])
def test_frames_without_measurements_give_no_readings_and_no_fault(name: str) -> None:
    out = decode(frame_of(name))
    assert (rows(out), out.faults, out.undecodable, out.unknown_keys) == ([], [], [], 0)


@pytest.mark.parametrize(
    ("payload", "unknown"),
    [
        (wrap(bytes.fromhex("32320101070002F2")), 1),  # a downlink among uplinks
        (wrap(bytes.fromhex("B0320101070085AB")), 1),  # a vendor's function
        (wrap(bytes.fromhex("B03201010700FF0123")), 1),  # a user-defined one
        (wrap(bytes.fromhex("F2033201010700C0AB")), 1),  # one part of a split message
    ],
)
def test_what_is_not_known_is_counted(payload: bytes, unknown: int) -> None:
    out = decode(payload)
    assert (rows(out), out.faults, out.undecodable, out.unknown_keys) == ([], [], [], unknown)


def test_data_that_fit_no_layout_are_a_fault() -> None:
    out = decode(report(1, "1252"))
    assert (rows(out), [fault.reason for fault in out.faults]) == ([], ["bad_element"])


# One payload may hold several frames, and what is none

STAGE = frame_of("V178")
RAIN = frame_of("V177")


def test_several_frames() -> None:
    assert [name for name, *_ in rows(decode(RAIN + STAGE))] == [
        "rain", "pump", "door", "meter_fault", "stage", "pump", "door", "meter_fault",
    ]  # fmt: skip


def test_modem_bytes_between_frames_are_counted() -> None:
    out = decode(b"\xfe" + RAIN + b"REG:0001\r\n" + STAGE)
    assert (len(out.value), out.faults, out.undecodable, out.unknown_keys) == (8, [], [], 2)


def test_a_broken_frame_is_a_fault_and_the_others_are_kept() -> None:
    broken = bytearray(STAGE)
    broken[12] ^= 1
    out = decode(RAIN + bytes(broken) + STAGE)
    assert len(out.value) == 8
    assert [fault.detail.split(":")[0] for fault in out.faults] == ["bad_crc at byte 24"]


def test_a_cut_frame_is_a_fault() -> None:
    out = decode(RAIN + STAGE[:-1])
    assert len(out.value) == 4
    assert [fault.detail.split(":")[0] for fault in out.faults] == ["incomplete at byte 24"]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b"hello", "not_a_start"),
        (STAGE[:-1], "incomplete"),
        (b"\xfe\xfe" + STAGE[:-2] + b"\x00\x16", "bad_crc"),
        (b"\x68" * 1000, "bad_end"),
        (wrap(b"\xf0\x32\x01\x01\x07\x00\x02"), "bad_length"),
    ],
)
def test_a_payload_without_any_frame_is_undecodable(payload: bytes, reason: str) -> None:
    out = decode(payload)
    assert rows(out) == []
    assert [fault.detail.split(" ")[0] for fault in out.undecodable] == [reason]


def typed(payload: bytes) -> Readings:
    """Readings of one frame by the way through frames."""
    out = Readings()
    _append(0, decode_frame(payload), BEIJING, ARRIVED, station_of, out)
    return out


def assert_both_ways_agree(payload: bytes) -> bool:
    """Compare the two ways; whether the short one was taken."""
    short = Readings()
    if not _append_short(0, payload, BEIJING, ARRIVED, station_of, short):
        assert all(not getattr(short, field.name) for field in fields(Readings))
        return False
    assert short == typed(payload)
    return True


@settings(max_examples=400)
@given(reports())
def test_the_short_way_gives_what_frames_give(frame: Frame) -> None:
    assert_both_ways_agree(encode_frame(frame))


@settings(max_examples=400)
@given(odd_reports())
def test_the_short_way_gives_what_odd_frames_give(payload: bytes) -> None:
    assert_both_ways_agree(payload)


@given(
    st.sampled_from([DataType.RAIN, DataType.STAGE, DataType.FLOW, DataType.VELOCITY, DataType.GATE, DataType.POWER]),
    st.lists(st.integers(0, 255), min_size=10, max_size=10),
    st.binary(min_size=4, max_size=4),
    st.sampled_from([LABEL, "30151412052600", "3015143200", "5959233100", "30151412132600"]),
)
def test_the_short_way_gives_what_any_bytes_give(data_type: DataType, raw: list[int], words: bytes, label: str) -> None:
    size = {1: 3, 2: 4, 3: 10, 4: 3, 5: 3, 6: 3}[data_type]
    assert_both_ways_agree(report(data_type, bytes(raw[:size]).hex(), words.hex() + label))


def test_plain_reports_of_real_stations_take_the_short_way() -> None:
    taken = {vector.name for vector in VECTORS if assert_both_ways_agree(vector.data)}
    assert taken >= {"V169", "V171", "V177", "V178", "V183", "V187", "V191", "V193", "V194", "V201"}


@given(st.binary(max_size=400) | st.lists(st.sampled_from([v.data for v in VECTORS]) | st.binary()).map(b"".join))
def test_no_payload_raises(payload: bytes) -> None:
    out = decode(payload)
    assert len({len(getattr(out, name)) for name in ("message", "station", "quantity", "event_time", "value")}) == 1
    assert len(out.undecodable) <= 1


def test_a_megabyte_of_start_bytes_takes_linear_time() -> None:
    # 1,048,576 places at which a frame of 109 bytes may begin; done within the time limit of a test.
    assert len(decode(b"\x68" * (1 << 20)).undecodable) == 1
