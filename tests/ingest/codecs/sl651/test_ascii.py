"""ASCII frames say what HEX frames say, in letters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.codecs.crc import modbus
from ingest.codecs.readings import Readings
from ingest.codecs.sl651 import decode_frame, decode_sl651, encode_frame, explain_bytes
from ingest.codecs.sl651.framing import read_all, read_frame
from ingest.codecs.span import Complete, NeedMore
from tests.ingest.codecs.sl651.generated import ascii_frames

HEADER = "0003260301080000"
MARKS = "ST 5010123456 H TT 2603010800 "
EXAMPLE = MARKS + "Z 6.38 VT 12.50 "


def made(groups: str, function: str = "32", header: str = HEADER) -> bytes:
    """A frame with a right check sum."""
    body = (header + groups).encode("latin-1")
    data = b"\x01" + f"0150101234561234{function}0{len(body):03X}".encode() + b"\x02" + body + b"\x03"
    return data + b"%04X" % modbus(data)


def elements(groups: str, function: str = "32") -> list[dict[str, Any]]:
    """The elements of the only group."""
    (group,) = explain_bytes(made(MARKS + groups, function))["groups"]
    found: list[dict[str, Any]] = group["elements"]
    return found


def test_the_example_of_the_digest() -> None:
    data = made(EXAMPLE)
    assert explain_bytes(data) == {
        "direction": "up", "center": 1, "station": "5010123456", "password": "1234", "func": "32",
        "length": len(HEADER + EXAMPLE), "start": "STX", "end": "ETX", "serial": 3, "send_time": "2026-03-01T08:00:00",
        "groups": [
            {"station": "5010123456", "class": "H", "obs_time": "2026-03-01T08:00", "elements": [
                {"tag": "39", "value": "6.38", "code": "Z", "unit": "m"},
                {"tag": "38", "value": "12.50", "code": "VT", "unit": "V"},
            ]},
        ],
    }  # fmt: skip
    assert encode_frame(decode_frame(data)) == data


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ("Z M ", [{"tag": "39", "value": None, "code": "Z", "unit": "m"}]),
        ("Z -0.05 ", [{"tag": "39", "value": "-0.05", "code": "Z", "unit": "m"}]),
        ("M10 15.8 ", [{"tag": "10", "value": "15.8", "code": "M10", "unit": "%"}]),
        ("XYZ 1.5 ", [{"tag": "XYZ", "value": "1.5"}]),
        ("ZT 00000400 ", [{"tag": "45", "code": "ZT", "value": "00000400", "bits_set": [10]}]),
        ("ZT 0400 ", [{"tag": "45", "value": None, "code": "ZT", "fault": "bad_number"}]),
        ("ZT 0400000G ", [{"tag": "45", "value": None, "code": "ZT", "fault": "bad_number"}]),
        ("Z 1..5 ", [{"tag": "39", "value": None, "fault": "bad_number", "code": "Z", "unit": "m"}]),
        ("Z ", [{"tag": "39", "value": None, "fault": "no_data", "code": "Z", "unit": "m"}]),
        ("DRP 05FF" + "00" * 10 + " ", [{"tag": "F4", "code": "DRP", "values": ["0.5", None, *["0.0"] * 10]}]),
        ("DRP 05FF ", [{"tag": "F4", "value": None, "code": "DRP", "fault": "bad_number"}]),
        ("RGZS Q 1.234  and more ", [{"tag": "F2", "code": "RGZS", "value": "Q 1.234  and more "}]),
        ("PIC \xff\xd8\xff rest", [{"tag": "F3", "code": "PIC", "bytes": 8}]),
    ],
)
def test_an_element_is_read(groups: str, expected: list[dict[str, Any]]) -> None:
    assert elements(groups) == expected
    assert encode_frame(decode_frame(made(MARKS + groups))) == made(MARKS + groups)


def test_several_elements_of_a_uniform_report_follow_row_by_row() -> None:
    assert elements("DRN05 Z VT 1.00 12.5 1.1 M 1.2 12.3 ", "31") == [
        {"tag": "04", "code": "DRxnn", "step": {"days": 0, "hours": 0, "minutes": 5}},
        {"tag": "39", "values": ["1.00", "1.10", "1.20"], "code": "Z", "unit": "m"},
        {"tag": "38", "values": ["12.5", None, "12.3"], "code": "VT", "unit": "V"},
    ]


def test_elements_that_are_listed_and_have_no_rows_have_no_data() -> None:
    assert [element.get("faults") for element in elements("DRN05 Z VT ", "31")] == [None, [1], [1]]


def test_packet_numbers_are_hex_digits() -> None:
    for numbers, expected in (
        ("002001", None),
        ("1_0001", "bad_packet"),
        ("+02001", "bad_packet"),
        ("0010", "bad_packet"),
    ):
        body = (numbers + HEADER[: 0 if len(numbers) < 6 else None]).encode()
        data = b"\x01" + f"0150101234561234320{len(body):03X}".encode() + b"\x16" + body + b"\x17"
        assert explain_bytes(data + b"%04X" % modbus(data)).get("error") == expected


def test_what_is_no_number_is_counted_and_the_others_are_read() -> None:
    out = Readings()
    decode_sl651(0, made(MARKS + "DRP 05FF VT 12.5 "), 480, 0, {}, out)
    assert (out.value, [fault.reason for fault in out.faults]) == ([12_500_000], ["not_a_number"])


def test_a_word_without_its_space_may_be_cut_off_and_is_not_read() -> None:
    found = explain_bytes(made(MARKS + "Z 6.38 VT 12.5"))
    assert [element["tag"] for element in found["groups"][0]["elements"]] == ["39", "38"]
    assert (found["groups"][0]["elements"][1]["value"], bytes.fromhex(found["rest"])) == (None, b"12.5")


def test_more_spaces_than_one_are_read_as_one() -> None:
    data = made("ST 5010123456 H  TT 2603010800   Z  6.38 ")
    assert explain_bytes(data)["groups"][0]["elements"][0]["value"] == "6.38"
    assert encode_frame(decode_frame(data)) == made(MARKS + "Z 6.38 ")


@pytest.mark.parametrize("groups", ["ST 5010123456 TT 2603010800 H 6.38 ", "ST 5010123456 H 6.38 "])
def test_a_letter_before_a_number_is_no_class(groups: str) -> None:
    assert "class" not in explain_bytes(made(groups))["groups"][0]


@pytest.mark.parametrize(
    ("header", "reason"),
    [("000326030108000", "short_body"), ("00G3260301080000", "bad_body"), ("0003 60301080000", "bad_body")],
)
def test_a_body_begins_with_serial_number_and_time(header: str, reason: str) -> None:
    assert explain_bytes(made("", header=header)) == {"error": reason}


@given(ascii_frames())
@settings(deadline=None)  # slow only where others use the machine
def test_no_prefix_and_no_flipped_bit_is_a_frame(frame: object) -> None:
    data = encode_frame(frame)  # type: ignore[arg-type]  # a Frame
    for size in range(len(data)):
        assert isinstance(read_frame(data[:size], 0), NeedMore)
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not any(fault is None for _, _, fault in read_all(bytes(flipped)))
    assert read_frame(data, 0) == Complete(len(data))


@given(st.text(st.characters(max_codepoint=0xFF), max_size=80), st.sampled_from(["31", "32", "34", "35", "45"]))
def test_any_groups_are_read(groups: str, function: str) -> None:
    data = made(groups, function)
    assert "error" not in explain_bytes(data)
    out = Readings()
    decode_sl651(0, data, 480, 0, {}, out)
    assert out.undecodable == []


@given(st.binary(max_size=60))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    data = b"\x01" + f"0150101234561234320{len(body):03X}".encode() + b"\x02" + body + b"\x03"
    found = explain_bytes(data + b"%04X" % modbus(data))
    assert found.get("error") in {None, "short_body", "bad_body", "bad_length"}


def test_readings_are_those_of_the_same_report_in_hex() -> None:
    out = Readings()
    decode_sl651(3, made(MARKS + "Z 6.38 Q 12.000 VT 12.50 ZT 00000080 "), 480, 0, {"5010123456": "A"}, out)
    assert list(zip(out.quantity, out.value, strict=True)) == [
        (1, 6_380_000), (0, 12_000_000), (18, 12_500_000), (20, 0), (21, 0), (6, 1_000_000),
    ]  # fmt: skip
    assert (set(out.message), set(out.station), set(out.event_time)) == ({3}, {"A"}, {1_772_323_200_000})
    assert out.sequence == [("A", 3)]
