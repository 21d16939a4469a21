"""Frames: the vectors give their values, what is accepted is written back byte for byte, and nothing broken is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydro.errors import DecodeError
from ingest.codecs.sl651 import FrameFault, decode_frame, encode_frame, explain_bytes
from ingest.codecs.sl651.codec import describe
from ingest.codecs.sl651.content import faults, sent_at
from ingest.codecs.sl651.control import Coding, Control
from ingest.codecs.sl651.explain import explain
from ingest.codecs.sl651.frame import (
    Element,
    Frame,
    Message,
    Opaque,
    Packet,
    Slice,
    StationMark,
    TextElement,
    TimeMark,
)
from ingest.codecs.sl651.framing import read_all, read_frame
from ingest.codecs.span import Complete, NeedMore
from tests.ingest.codecs.sl651.generated import ascii_frames, hex_frames, mutated, reports
from tests.ingest.codecs.sl651.vectors import BROKEN, GOOD, Vector, each, frame_of, summed


@each(GOOD)
def test_a_vector_says_what_it_must(vector: Vector) -> None:
    assert explain_bytes(vector.data) == vector.expected


@each(BROKEN)
def test_a_broken_vector_is_refused_with_a_reason(vector: Vector) -> None:
    assert explain_bytes(vector.data) in ({"error": "bad_crc"}, {"error": "bad_end"})


@each(GOOD)
def test_what_is_read_is_written_back_byte_for_byte(vector: Vector) -> None:
    assert encode_frame(decode_frame(vector.data)) == vector.data


@each(GOOD)
def test_every_strict_prefix_asks_for_more(vector: Vector) -> None:
    for size in range(len(vector.data)):
        prefix = vector.data[:size]
        found = read_frame(prefix, 0)
        assert isinstance(found, NeedMore)
        assert size < found.length <= len(vector.data)
        with pytest.raises(DecodeError) as caught:
            decode_frame(prefix)
        assert caught.value.reason == (FrameFault.INCOMPLETE if prefix else FrameFault.EMPTY)


@each(GOOD)
def test_no_flipped_bit_is_accepted(vector: Vector) -> None:
    for bit in range(8 * len(vector.data)):
        flipped = bytearray(vector.data)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not isinstance(read_frame(flipped, 0), Complete)
        assert all(fault is not None for _, _, fault in read_all(bytes(flipped)))


def made(body: bytes, *, function: int = 0x32, up: bool = True, start: int = 0x02, end: int = 0x03) -> bytes:
    """A frame with a right check sum."""
    length = len(body) | (0 if up else 0x8000)
    head = b"~~\x01\x00\x12\x34\x56\x78\x12\x34" + bytes((function,)) + length.to_bytes(2, "big")
    return summed(head + bytes((start,)) + body + bytes((end,)))


HEADER = bytes.fromhex("0003260301080000")
REPORT = HEADER + bytes.fromhex("F1F1001234567848F0F02603010800")

MALFORMED = {
    "no bytes": (b"", "empty"),
    "another protocol": (bytes.fromhex("680868B0320101070002F25216"), "not_a_start"),
    "one start byte": (b"~" + made(REPORT)[2:], "not_a_start"),
    "direction nibble 4": (made(REPORT)[:11] + b"\x40" + made(REPORT)[12:], "bad_header"),
    "neither STX nor SYN": (made(REPORT, start=0x05), "bad_header"),
    "length 0": (made(b""), "bad_length"),
    "length beyond the frame": (made(REPORT)[:12] + b"\x20" + made(REPORT)[13:], "incomplete"),
    "length before its end": (made(REPORT)[:12] + b"\x10" + made(REPORT)[13:], "bad_end"),
    "no end character": (made(REPORT, end=0x00), "bad_end"),
    "check sum low byte first": (made(REPORT)[:-2] + made(REPORT)[:-3:-1], "bad_crc"),
    "bytes behind the frame": (made(REPORT) + b"\x7e", "trailing_bytes"),
    "no room for a serial number": (made(HEADER[:7]), "short_body"),
    "packet 2 of 1": (made(bytes.fromhex("001002") + HEADER, start=0x16), "bad_packet"),
    "packet 0": (made(bytes.fromhex("001000") + HEADER, start=0x16), "bad_packet"),
    "no room for packet numbers": (made(b"\x00\x10", start=0x16), "bad_packet"),
    "ASCII, small letters in the check sum": (b"\x010150101234561234320010\x020001260301080000\x0390fd", "bad_crc"),
}


@pytest.mark.parametrize(("data", "reason"), MALFORMED.values(), ids=MALFORMED)
def test_what_is_malformed_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    assert explain_bytes(data) == {"error": reason}


def test_a_refusal_tells_the_header_for_the_dead_letter() -> None:
    data = frame_of("V059")
    with pytest.raises(DecodeError) as caught:
        decode_frame(data)
    assert caught.value.reason == "bad_crc"
    assert caught.value.detail == "up station 1122334455 centre 1 password AAAA function 30 length 43"
    assert describe(b"\x7e\x7e\x00") == "begins with 7E 7E 00"


@pytest.mark.parametrize(
    ("body", "rest", "tags"),
    [
        (REPORT + bytes.fromhex("2019000005 3923000001"), "3923000001", ["20"]),
        (REPORT + bytes.fromhex("2019000005 39"), "39", ["20"]),
        (REPORT + bytes.fromhex("2019000005 FF09"), "FF09", ["20"]),
        (REPORT + bytes.fromhex("2019000005 F460000000"), "F460000000", ["20"]),
        (REPORT + bytes.fromhex("2019000005 F0F026"), "F0F026", ["20"]),
        (REPORT + bytes.fromhex("2019000005 F1F126"), "F1F126", ["20"]),
    ],
)
def test_an_element_that_is_cut_off_spoils_nothing_before_it(body: bytes, rest: str, tags: list[str]) -> None:
    frame = decode_frame(made(body))
    assert isinstance(frame.body, Message)
    assert frame.body.rest == bytes.fromhex(rest)
    assert [item.tag for item in frame.body.items if isinstance(item, Element)] == tags
    assert [(fault.place, fault.reason.value) for fault in faults(frame)] == [("end of body", "cut_off")]
    assert explain(frame)["rest"] == rest
    assert encode_frame(frame) == made(body)


def test_a_bad_element_is_flagged_and_the_others_are_kept() -> None:
    body = REPORT + bytes.fromhex("20190000A5 392300000127 04180000FG".replace("FG", "0A") + "2600")
    found = explain_bytes(made(body))
    assert found["groups"][0]["elements"] == [
        {"tag": "20", "value": None, "fault": "bad_bcd", "code": "PJ", "unit": "mm"},
        {"tag": "39", "value": "0.127", "code": "Z", "unit": "m"},
        {"tag": "04", "value": None, "code": "DRxnn", "fault": "bad_bcd"},
        {"tag": "26", "value": None, "fault": "no_data", "code": "PT", "unit": "mm"},
    ]
    assert [fault["place"] for fault in found["faults"]] == ["20", "04", "26"]


def test_the_clock_of_a_station_is_that_of_its_frames() -> None:
    assert sent_at(decode_frame(frame_of("V003")), 480) == 1_500_346_816_000
    assert sent_at(decode_frame(frame_of("V025")), 480) is None


def test_times_that_no_clock_shows_are_flagged() -> None:
    body = bytes.fromhex("0003261301080000 F1F1001234567848 F0F026022A0800 38121200")
    found = explain_bytes(made(body))
    assert (found["send_time"], found["groups"][0]["obs_time"]) == (None, None)
    assert [(fault["place"], fault["detail"]) for fault in found["faults"]] == [
        ("send time", "261301080000"),
        ("observation time", "26022A0800"),
    ]


def test_a_second_station_begins_anew() -> None:
    body = REPORT + bytes.fromhex("38121200 F1F1001234567950 20190000 05 F0F02603010805 20190000 06")
    groups = explain_bytes(made(body))["groups"]
    assert [(group["station"], group["class"], group.get("obs_time")) for group in groups] == [
        ("0012345678", "H", "2026-03-01T08:00"),
        ("0012345679", "P", None),
        ("0012345679", "P", "2026-03-01T08:05"),
    ]


def test_a_class_may_be_left_out() -> None:
    body = HEADER + bytes.fromhex("F1F10012345678 F0F02603010800 38121200")
    group = explain_bytes(made(body))["groups"][0]
    assert "class" not in group
    assert group["obs_time"] == "2026-03-01T08:00"


UNIFORM = HEADER + bytes.fromhex("F1F1001234567848 F0F02603010800 0418000005")


@pytest.mark.parametrize(
    ("body", "values", "rest"),
    [
        ("3923 00001000 FFFFFFFF 00001020", ["1.000", None, "1.020"], None),
        ("3923 00001000", ["1.000"], None),
        ("3923 00001000 0000", ["1.000"], "0000"),
        ("392B FF00001000 0000001020", ["-1.000", "1.020"], None),
        ("F460" + "05" * 12, ["0.5"] * 12, None),
        ("F460" + "05" * 24, ["0.5"] * 24, None),
        ("F55C" + "0102" * 24, ["2.58"] * 24, None),
    ],
)
def test_after_a_time_step_one_identifier_has_all_values(body: str, values: list[str | None], rest: str | None) -> None:
    found = explain_bytes(made(UNIFORM + bytes.fromhex(body), function=0x38))
    assert found["groups"][0]["elements"][1]["values"] == values
    assert found.get("rest") == rest


def test_the_values_of_a_time_step_end_at_the_next_mark() -> None:
    body = UNIFORM + bytes.fromhex("3923 00001000 00001020 F0F02603010900 38121200")
    groups = explain_bytes(made(body, function=0x38))["groups"]
    assert groups[0]["elements"][1]["values"] == ["1.000", "1.020"]
    assert groups[1] == {
        "station": "0012345678", "class": "H", "obs_time": "2026-03-01T09:00",
        "elements": [{"tag": "38", "value": "12.00", "code": "VT", "unit": "V"}],
    }  # fmt: skip


def test_an_hour_of_rain_and_of_stages_may_share_a_time_step() -> None:
    body = UNIFORM[:-5] + bytes.fromhex("0418000000 F460" + "00" * 12 + "F5C0" + "0102" * 12 + "F6C0" + "FFFF" * 12)
    elements = explain_bytes(made(body, function=0x38))["groups"][0]["elements"]
    assert [(element["tag"], len(element.get("values", []))) for element in elements] == [
        ("04", 0), ("F4", 12), ("F5", 12), ("F6", 12),
    ]  # fmt: skip


ADDRESS = "F1F10012345678"


@pytest.mark.parametrize(
    ("function", "body", "expected"),
    [
        (0x46, ADDRESS + "4520 00000400", {"status": "00000400", "bits_set": [10]}),
        (0x46, ADDRESS + "4520 00600481", {"status": "00600481", "bits_set": [0, 7, 10, 21, 22]}),
        (0x4B, ADDRESS + "4520 00000200", {"status": "00000200", "bits_set": [9]}),
        (0x48, ADDRESS, {}),
        (0x4A, ADDRESS, {}),
        (0x4C, ADDRESS + "0105", {"args_raw": "0105"}),
        (0x4D, ADDRESS + "020500", {"args_raw": "020500"}),
        (0x4E, ADDRESS + "0203 0120 0080", {"args_raw": "020301200080"}),
        (0x4E, ADDRESS + "0203 0120", {"args_raw": "02030120"}),
        (0x4F, ADDRESS + "FF", {"args_raw": "FF"}),
        (0x4F, ADDRESS + "01", {"args_raw": "01"}),
        (0x45, ADDRESS + "03 4142", {"args_raw": "034142"}),
        (0x50, ADDRESS + "0001", {"args_raw": "0001"}),
        (0xE0, "010203", {"args_raw": "010203"}),
        (0x42, ADDRESS + "2208 08 FF01 08 12", {
            "params": [
                {"param": "22", "def": "08", "raw": "08", "value": "8"},
                {"param": "FF01", "def": "08", "raw": "12", "value": "12"},
            ]}),
        (0x41, ADDRESS + "0E05 0012345678", {"params": [{"param": "0E", "def": "05", "raw": "0012345678"}]}),
        (0x39, "F2F2 CBAE", {"groups": [{"elements": [{"tag": "F2", "code": "RGZS", "value": "水"}]}]}),
    ],
)  # fmt: skip
def test_every_function_has_its_body(function: int, body: str, expected: dict[str, object]) -> None:
    data = made(HEADER + bytes.fromhex(body), function=function)
    found = explain_bytes(data)
    if ADDRESS in body:
        assert found.pop("station_in_body") == "0012345678"
    assert {key: value for key, value in found.items() if key not in explain_bytes(made(HEADER))} == {
        key: value for key, value in expected.items() if key != "groups"
    }
    if "groups" in expected:
        assert found["groups"] == expected["groups"]
    assert encode_frame(decode_frame(data)) == data


def test_parameters_are_flagged_and_kept_as_elements_are() -> None:
    body = HEADER + bytes.fromhex(ADDRESS + "2008 1A 2108 05 FF01")
    found = explain_bytes(made(body, function=0x43))
    assert found["params"] == [
        {"param": "20", "def": "08", "raw": "1A", "value": None, "fault": "bad_bcd"},
        {"param": "21", "def": "08", "raw": "05", "value": "5"},
    ]
    assert found["faults"] == [
        {"place": "20", "reason": "bad_bcd", "detail": "1A"},
        {"place": "end of body", "reason": "cut_off", "detail": "FF01"},
    ]


@pytest.mark.parametrize(
    ("function", "body", "expected"),
    [
        (
            0x3A,
            "2019 FF01",
            {
                "elements_requested": ["2019"],
                "rest": "FF01",
                "faults": [{"place": "end of body", "reason": "cut_off", "detail": "FF01"}],
            },
        ),
        (0x41, "0120 0228", {"params_requested": ["0120", "0228"]}),
        (0x43, "2008 FF0108", {"params_requested": ["2008", "FF0108"]}),
        (0x3A, "2019 3923", {"elements_requested": ["2019", "3923"]}),
        (0x4A, "", {}),
        (0x4C, "0105", {"args_raw": "0105"}),
        (0x4F, "00", {"args_raw": "00"}),
        (0x38, "24010916", {"args_raw": "24010916"}),
        (0x38, "2401091624010917 3923", {"from": "2024010916", "to": "2024010917", "element_raw": "3923"}),
    ],
)
def test_every_query_has_its_body(function: int, body: str, expected: dict[str, object]) -> None:
    data = made(HEADER + bytes.fromhex(body), function=function, up=False, end=Control.ENQ)
    found = explain_bytes(data)
    plain = explain_bytes(made(HEADER, function=function, up=False, end=Control.ENQ))
    assert {key: value for key, value in found.items() if key not in plain} == expected
    assert encode_frame(decode_frame(data)) == data


@given(hex_frames() | mutated())
@settings(max_examples=400, deadline=None)
def test_any_body_is_read_or_refused_and_written_back(data: bytes) -> None:
    found = explain_bytes(data)
    if "error" in found:
        assert found["error"] in {"short_body", "bad_packet", "bad_length"}
        return
    frame = decode_frame(data)
    assert encode_frame(frame) == data
    assert json.loads(json.dumps(found)) == found
    assert len(found.get("faults", [])) == len(list(faults(frame)))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_refused(data: bytes) -> None:
    found = explain_bytes(data)
    assert found["error"] in set(FrameFault)


@given(reports())
@settings(deadline=None)  # slow only where others use the machine
def test_what_is_written_is_read_back(frame: Frame) -> None:
    assert decode_frame(encode_frame(frame)) == frame


@given(ascii_frames())
def test_what_is_written_in_ascii_is_read_back(frame: Frame) -> None:
    data = encode_frame(frame)
    assert decode_frame(data) == frame
    assert explain_bytes(data)["station"] == frame.station


@pytest.mark.parametrize(
    "change",
    [
        {"centre": 256},
        {"centre": -1},
        {"station": "12345678"},
        {"password": "12345"},
        {"function": 256},
        {"body": Slice(b"")},
        {"body": Slice(bytes(4096))},
        {"body": Message(-1, "260301080000")},
        {"body": Message(65_536, "260301080000")},
        {"body": Message(1, "2603010800ZZ")},
        {"body": Message(1, "260301080000", (Opaque(bytes(4090)),))},
        {"body": Message(1, "2603010800")},
        {"body": Message(1, "260301080000", (StationMark("12345678"),))},
        {"body": Message(1, "260301080000", (TimeMark("26 03 01 08"),))},
        {"body": Message(1, "260301080000", (TextElement("Z", ("1.0",)),))},
        {"packet": Packet(1, 2)},
        {"packet": Packet(0x1000, 1)},
        {"password": "12 4"},
        {"coding": Coding.ASCII, "body": Message(65_536, "260301080000")},
    ],
)
def test_what_does_not_fit_is_not_written(change: dict[str, object]) -> None:
    good = decode_frame(frame_of("V003"))
    fields = {name: getattr(good, name) for name in good.__struct_fields__}
    with pytest.raises((ValueError, OverflowError)):
        encode_frame(Frame(**(fields | change)))
