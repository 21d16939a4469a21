"""Settings, queries, controls, links: both directions; what the centre answers and commands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.instants import parse_instant
from ingest.codecs.slt427 import Address, DataType, Direction, Profile, Unread, decode_frame, encode_frame
from ingest.codecs.slt427.answers import answer
from ingest.codecs.slt427.commands import (
    Security,
    command,
    password_of,
    query,
    query_current,
    query_history,
    set_address,
    set_clock,
    set_mode,
    set_report_intervals,
)
from ingest.codecs.slt427.explain import describe, explain
from ingest.codecs.slt427.framing import wrap
from ingest.codecs.slt427.functions import FUNCTIONS
from tests.ingest.codecs.slt427.vectors import frame_of

BEIJING = 480
NOW = parse_instant("2026-05-12T14:15:30", BEIJING)
RTU = Address.parse("3201010700")
HEAD = "3201010700"
LABEL = "3015141200"


def said(function: int, data: str, control: str = "B0") -> dict[str, object]:
    """What a frame with hexadecimal data says, header left out."""
    found = explain(decode_frame(wrap(bytes.fromhex(f"{control}{HEAD}{function:02X}{data}"))))
    header = {"L", "control", "direction", "div", "fcb", "type_code", "type", "address_hex", "address_mode1", "afn"}
    return {key: value for key, value in found.items() if key not in header}


@pytest.mark.parametrize(
    ("function", "data", "expected"),
    [
        (0x02, "F1", {"data": "F1", "link": "logout"}),
        (0x02, "55", {"data": "55", "link": None}),
        (0x50, "5303810D00", {"station_address": "5303810D00"}),
        (0x51, "301514121226", {"clock": "2026-12-12T14:15:30"}),
        (0x51, "AAAAAAAAAAAA", {"clock": None}),
        (0x52, "01", {"work_mode": 1}),
        (0x54, "0500", {"kinds_mask": 5}),
        (0x55, "341200007856000080", {"recharge_m3": "1234", "remaining_m3": "-5678"}),
        (0x56, "5634127856000000", {"remaining_alarm_m3": "123456", "remaining_m3": "5678"}),
        (0x57, "50058000000000", {"base": "-5.50", "lower": "0.00", "upper": "0.00"}),
        (
            0x57,
            "50050010009999" * 2 + "0400",  # the alarm word alone, as SZY206 has it
            {
                "alarm_word": "0004",
                "alarm_bits": [2],
                "values": [{"base": "5.50", "lower": "0.10", "upper": "99.99"}] * 2,
            },
        ),
        (0x58, "5000010000000000", {"upper": "100.50", "lower": "0.00"}),
        (0x59, "050000000034120000", {"data": "050000000034120000", "faults": "bad_layout"}),
        (0x59, "05000000003412000078560000", {"quality_bitmap": 5, "water_temp_C": "123.4",
                                              "dissolved_oxygen_mg_L": "56.78"}),
        (0x5C, "0102", {"history": "0102"}),
        (0x5E, "05000100", {"alarm_word": "0005", "alarm_bits": [0, 2], "status_word": "0001", "status_bits": [0]}),
        (0x5F, "DC00DD00DE000A000B000C00", {"voltage_a": 220, "voltage_b": 221, "voltage_c": 222, "current_a": 10,
                                            "current_b": 11, "current_c": 12}),
        (0x60, "78", {"guide_length": 120}),
        (0x62, HEAD + "0012345678", {"values": [{"station_address": HEAD}, {"station_address": "0012345678"}]}),
        (0x63, "000D3014120526", {"relay_mode": 0, "relay_status": 13, "values": [
            {"switched_at": "2026-05-12T14:30:00"}]}),
        (0x64, "563412000000000000", {"alarm_word": "0000", "alarm_bits": [], "status_word": "0000",
                                      "status_bits": [], "flow_limit": "123.456"}),
        (0x65, "0301020302AABBCCDDEEFF00", {"main_type": 3, "main_address": "010203", "backup_type": 2,
                                            "backup_address": "AABBCCDDEEFF00"}),
        (0x65, "0901", {"data": "0901", "faults": "bad_layout"}),
        (0x65, "0201", {"data": "0201", "faults": "bad_layout"}),
        (0x61, "0400FFD8FFE0", {"length": 4, "picture": "FFD8FFE0"}),
        (0x84, "6012", {"voltage_V": "12.60"}),
        (0x30, "5A", {"result": "5A"}),
        (0x53, "03001000AAAA", {"kinds_mask": 3, "interval_min": {"rain": 10, "stage": None}}),
        (0x10, "5303810D00" + "3412" + LABEL, {"station_address": "5303810D00", "password": "1234",
                                               "tp": {"day": "12", "time": "14:15:30", "delay_min": 0}}),
        (0x85, "0102", {"data": "0102", "faults": "unknown_function"}),
    ],
)  # fmt: skip
def test_uplinks(function: int, data: str, expected: dict[str, object]) -> None:
    found = said(function, data)
    if isinstance(expected.get("faults"), str):
        faults = found.pop("faults")
        assert isinstance(faults, list)
        found["faults"] = faults[0]["reason"]
    assert found == expected


def test_stored_values_follow_their_hours() -> None:
    data = "10" + "14120526" + "15120526" + "34120000" * 12
    found = said(0xB1, data)
    assert (found["parameter"], found["from"], found["to"]) == (16, "2026-05-12T14:00:00", "2026-05-12T15:00:00")
    assert found["values"] == [{"stage_m": "1.234"}] * 12
    assert "faults" in said(0xB1, "10" + "14120526" + "15120526" + "341200")
    assert "faults" in said(0xB1, "90" + "14120526" + "15120526" + "3412")


@pytest.mark.parametrize(
    ("function", "data", "expected"),
    [
        (0x11, "3015144C0526" + "0000" + LABEL, {"clock": None}),
        (0x11, "301514124526" + "0000" + LABEL, {"clock": "2026-05-12T14:15:30", "password": "0000"}),
        (0x17, "50050010009999" * 2 + "3412" + LABEL, {"password": "1234"}),
        (0x1F, "5634120000" + "3412" + LABEL, {"flow_limit": "123.456", "password": "1234"}),
        (
            0x1F,
            "56341200F0" + "3412" + "30151412052600",
            {"password": "1234", "flow_limit": "-123.456", "flow_unit": "m3/h"},
        ),
        (0x96, "7856" + "3412" + LABEL, {"new_password": "5678", "password": "1234"}),
        (0x92, "F1" + "3412" + LABEL, {"target": "F1", "password": "1234"}),
        (0x20, "11050500" + "3412" + LABEL, {"category_index": 17, "setting": "050500"}),
        (0xC0, "01", {"work_mode": 1}),
        (0xC0, "0130151412052600", {"work_mode": 1, "tp": {"time": "2026-05-12T14:15:30", "delay_min": 0}}),
        (0x61, "03", {"picture_number": 3}),
    ],
)
def test_downlinks(function: int, data: str, expected: dict[str, object]) -> None:
    found = said(function, data, control="30")
    assert {key: found.get(key) for key in expected} == expected


@given(st.sampled_from(sorted(FUNCTIONS)), st.sampled_from([0x30, 0xB0]), st.binary(max_size=40))
def test_whatever_a_function_carries_is_written_back(function: int, control: int, data: bytes) -> None:
    frame = wrap(bytes((control,)) + RTU.raw + bytes((function,)) + data)
    assert encode_frame(decode_frame(frame)) == frame


def test_every_function_has_a_name_in_two_languages() -> None:
    assert all(function.english and not function.chinese.isascii() for function in FUNCTIONS.values())
    assert describe(decode_frame(frame_of("V169"))) == [
        "self-report 自报实时数据",
        "read as szy206",
        "alarm: mains power lost 交流电停电",
        "alarm: remaining volume low 剩余水量下限",
        "status: self-report and query 自报、遥测",
        "status: IC card off IC 卡无效",
        "status: quota off 定值控制退出",
        "status: pump running 水泵启动",
        "status: door closed 箱门关闭",
        "status: battery power 蓄电池供电",
    ]


# What the centre says to an uplink


def answered(data: bytes, *, mode: int | None = None, keep_type: bool = False) -> bytes:
    """The answer's bytes."""
    frame = answer(decode_frame(data), NOW, BEIJING, mode=mode, keep_type=keep_type)
    assert frame is not None
    encoded = encode_frame(frame)
    assert decode_frame(encoded, frame.profile) == frame
    return encoded


def test_a_keep_alive_is_echoed() -> None:
    assert answered(frame_of("V175")) == wrap(bytes.fromhex("30320101070002F2"))


def test_a_login_is_echoed() -> None:
    assert answered(frame_of("V173")) == wrap(bytes.fromhex("30030013130402F0"))


def test_a_report_of_szy206_is_confirmed_with_the_mode_it_tells_and_no_label() -> None:
    assert answered(frame_of("V178")) == wrap(bytes.fromhex("303201010700C001"))
    assert answered(frame_of("V169")) == wrap(bytes.fromhex("305303810D00C000"))


def test_a_report_of_2021_is_confirmed_with_the_centres_clock() -> None:
    assert answered(frame_of("V203")) == wrap(bytes.fromhex("301101080405C001" + "30151412052600"))


def test_the_mode_and_the_data_type_can_be_chosen() -> None:
    assert answered(frame_of("V178"), mode=2, keep_type=True) == wrap(bytes.fromhex("323201010700C002"))


def test_a_resent_report_is_confirmed_with_its_count() -> None:
    resent = bytearray(frame_of("V178")[3:-2])
    resent[0] = 0x92
    assert answered(wrap(bytes(resent)))[3] == 0x10


def test_a_part_is_confirmed_with_its_count_down() -> None:
    part = wrap(bytes.fromhex("F203") + RTU.raw + b"\x83\x01\x02")
    assert answered(part) == wrap(bytes.fromhex("7003" + HEAD + "8300"))


def test_other_frames_have_no_answer() -> None:
    assert answer(decode_frame(frame_of("V213")), NOW, BEIJING) is None  # the answer to our query
    assert answer(decode_frame(wrap(bytes.fromhex("30" + HEAD + "02F2"))), NOW, BEIJING) is None  # a downlink
    assert answer(decode_frame(wrap(bytes.fromhex("B0" + HEAD + "0255"))), NOW, BEIJING) is None  # no such link


# What the centre asks and sets

SECURITY = Security(password_of(1, 234), NOW, BEIJING)


@pytest.mark.parametrize("function", [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x5D, 0x5E, 0x5F, 0x65])
def test_a_query_carries_nothing(function: int) -> None:
    assert encode_frame(query(RTU, function)) == wrap(bytes.fromhex(f"30{HEAD}{function:02X}"))


def test_current_values_are_asked_for_by_their_type() -> None:
    assert encode_frame(query_current(RTU, DataType.STAGE)) == wrap(bytes.fromhex(f"32{HEAD}B0"))


def test_stored_values_are_asked_for_by_full_hours() -> None:
    start, end = (parse_instant(f"2026-05-12T{hour}:00:00", BEIJING) for hour in (14, 16))
    frame = query_history(RTU, DataType.FLOW, start, end, BEIJING)
    assert encode_frame(frame) == wrap(bytes.fromhex(f"30{HEAD}B1" + "20" + "14120526" + "16120526"))


@pytest.mark.parametrize(
    ("data_type", "start", "end", "instrument"),
    [
        (DataType.RAIN, 1, 3_600_000, 0),
        (DataType.RAIN, 7_200_000, 3_600_000, 0),
        (DataType.QUALITY, 0, 3_600_000, 0),
        (DataType.RAIN, 0, 3_600_000, 16),
        (DataType.CONFIRM, 0, 3_600_000, 0),
    ],
)
def test_stored_values_that_do_not_exist_cannot_be_asked_for(
    data_type: DataType, start: int, end: int, instrument: int
) -> None:
    with pytest.raises(ValueError, match=r"stored values|full hours"):
        query_history(RTU, data_type, start, end, BEIJING, instrument)


def test_the_clock_is_set_with_weekday_password_and_label() -> None:
    frame = set_clock(RTU, NOW, BEIJING, SECURITY)  # a Tuesday
    assert encode_frame(frame) == wrap(bytes.fromhex(f"30{HEAD}11" + "301514124526" + "3412" + LABEL))
    december = parse_instant("2026-12-13T01:02:03", BEIJING)  # a Sunday
    raw = encode_frame(set_clock(RTU, december, BEIJING, SECURITY))
    assert raw[10:16] == bytes.fromhex("03020113F226")
    assert explain(decode_frame(raw))["clock"] == "2026-12-13T01:02:03"


def test_settings_of_2021_carry_the_long_label() -> None:
    security = Security(b"\x00\x00", NOW, BEIJING, Profile.SLT427_2021, delay_min=10)
    assert encode_frame(set_mode(RTU, 1, security)) == wrap(
        bytes.fromhex(f"30{HEAD}12" + "01" + "0000" + "3015141205260A")
    )


def test_address_and_intervals_are_set() -> None:
    new = Address.of("530381", 13)
    assert encode_frame(set_address(RTU, new, SECURITY))[10:15] == new.raw
    frame = set_report_intervals(RTU, {0: 10, 1: 60, 2: 1440}, SECURITY)
    found = explain(frame)
    assert found["kinds_mask"] == 7
    intervals = found["interval_min"]
    assert isinstance(intervals, dict)
    assert list(intervals.values()) == [10, 60, 1440, *[0] * 11]
    assert decode_frame(encode_frame(frame)) == frame


def test_whatever_is_commanded_is_read_back_as_a_downlink() -> None:
    frame = command(RTU, 0x92, b"\xf1", SECURITY)
    assert frame.control.direction is Direction.DOWN
    assert decode_frame(encode_frame(frame)) == frame


def test_what_cannot_be_said_is_refused() -> None:
    with pytest.raises(ValueError, match="sets nothing"):
        command(RTU, 0x50, b"", SECURITY)
    with pytest.raises(ValueError, match="no command"):
        command(RTU, 0x12, b"\x01\x02", SECURITY)
    with pytest.raises(ValueError, match="no command"):
        query(RTU, 0x99)
    with pytest.raises(ValueError, match="work mode"):
        set_mode(RTU, 4, SECURITY)
    with pytest.raises(ValueError, match="intervals"):
        set_report_intervals(RTU, {14: 10}, SECURITY)
    with pytest.raises(ValueError, match="keys"):
        password_of(10, 0)


def test_a_frame_that_is_no_frame_of_values_cannot_be_written() -> None:
    frame = command(RTU, 0x12, b"\x01", Security(b"\x00", NOW, BEIJING))
    with pytest.raises(ValueError, match="two bytes"):
        encode_frame(frame)
    assert isinstance(decode_frame(wrap(bytes.fromhex(f"30{HEAD}8601"))).content, Unread)
