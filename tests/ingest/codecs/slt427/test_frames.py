"""Frames: what is one, what is none, and that what was read is written back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydro.errors import DecodeError
from ingest.codecs.slt427 import (
    Address,
    Control,
    DataType,
    Direction,
    Profile,
    Unread,
    decode_frame,
    encode_frame,
    join,
    read_frame,
)
from ingest.codecs.slt427.explain import explain, explain_bytes
from ingest.codecs.slt427.framing import LONGEST_FRAME, crc8, wrap
from ingest.codecs.slt427.functions import FUNCTIONS
from ingest.codecs.span import Complete, Junk, NeedMore
from tests.ingest.codecs.slt427.generated import odd_reports, reports
from tests.ingest.codecs.slt427.vectors import VECTORS, Vector, frame_of, missing_from

if TYPE_CHECKING:
    from ingest.codecs.slt427.frame import Frame

EVERY = pytest.mark.parametrize("vector", VECTORS, ids=[vector.name for vector in VECTORS])


@EVERY
def test_every_vector_says_what_is_expected(vector: Vector) -> None:
    assert missing_from(explain(decode_frame(vector.data)), vector.expected) == []


def test_a_real_frame_is_explained_with_exactly_the_keys_of_expected() -> None:
    real = [vector for vector in VECTORS if "fcb" in vector.expected]
    assert len(real) == 8
    assert all(set(explain_bytes(vector.data)) == set(vector.expected) for vector in real)


@EVERY
def test_a_frame_is_written_back_byte_for_byte(vector: Vector) -> None:
    assert encode_frame(decode_frame(vector.data)) == vector.data


@EVERY
def test_every_strict_prefix_asks_for_more(vector: Vector) -> None:
    for size in range(len(vector.data)):
        found = read_frame(vector.data[:size], 0)
        assert isinstance(found, NeedMore)
        assert size < found.length <= len(vector.data)
        if size:
            assert explain_bytes(vector.data[:size]) == {"error": "incomplete"}


@EVERY
def test_no_single_flipped_bit_is_accepted(vector: Vector) -> None:
    for bit in range(8 * len(vector.data)):
        damaged = bytearray(vector.data)
        damaged[bit // 8] ^= 1 << bit % 8
        assert not isinstance(read_frame(damaged, 0), Complete)
        assert "error" in explain_bytes(bytes(damaged))


def test_the_check_sum_is_that_of_the_standard() -> None:
    assert crc8(bytes([0, 1, 2])) == 0xA6


GOOD = frame_of("V175")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\x16", "not_a_start"),
        (b"\x00" + GOOD, "not_a_start"),
        (b"\x68\x06\x68", "bad_length"),
        (b"\x68\x08\x69" + GOOD[3:], "bad_start"),
        (GOOD[:-1], "incomplete"),
        (GOOD[:-1] + b"\x17", "bad_end"),
        (GOOD[:-2] + b"\x00\x16", "bad_crc"),
        (GOOD + b"\x00", "trailing_bytes"),
        (GOOD + GOOD, "trailing_bytes"),
        (wrap(b"\xf0\x32\x01\x01\x07\x00\x02"), "bad_length"),  # split, and no room for the function
        (wrap(b"\xb0\x32\x01\x01\x07\x00\xff"), "bad_length"),  # user-defined, and no second byte
    ],
)
def test_what_is_no_frame_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as refused:
        decode_frame(data)
    assert refused.value.reason == reason
    assert explain_bytes(data) == {"error": reason}


@given(st.binary(max_size=300), st.integers(0, 40))
def test_any_bytes_are_a_frame_or_junk_or_ask_for_more(data: bytes, start: int) -> None:
    found = read_frame(data, start)
    match found:
        case Complete(end=end):
            assert start < end <= len(data)
        case Junk(end=end):
            assert start < end <= len(data)
        case NeedMore(length=length):
            assert max(0, len(data) - start) < length <= LONGEST_FRAME


@settings(max_examples=400)
@given(
    st.one_of(
        st.binary(min_size=9, max_size=255),
        st.builds(
            lambda control, function, rest: bytes((control,)) + b"\x32\x01\x01\x07\x00" + bytes((function,)) + rest,
            st.integers(0, 255),
            st.sampled_from([*FUNCTIONS, 0x85, 0xFF]),
            st.binary(min_size=2, max_size=60),
        ),
    ),
    st.sampled_from([None, *Profile]),
)
def test_whatever_has_the_right_check_sum_is_read_explained_and_written_back(
    user_data: bytes, profile: Profile | None
) -> None:
    data = wrap(user_data)
    frame = decode_frame(data, profile)
    assert encode_frame(frame) == data
    assert explain(frame)["L"] == len(user_data)


@given(reports())
def test_a_report_comes_back_as_it_was_made(frame: Frame) -> None:
    assert decode_frame(encode_frame(frame), frame.profile) == frame


@given(odd_reports())
def test_odd_reports_are_written_back(data: bytes) -> None:
    assert encode_frame(decode_frame(data)) == data


@given(st.binary(min_size=9, max_size=255))
def test_no_other_frame_begins_like_a_frame_but_the_whole_one(user_data: bytes) -> None:
    data = wrap(user_data)
    assert read_frame(data + b"\x68\x08\x68", 0) == Complete(len(data))


def test_user_data_must_fit_the_length_byte() -> None:
    assert len(wrap(bytes(255))) == LONGEST_FRAME
    for size in (6, 256):
        with pytest.raises(ValueError, match="bytes of user data"):
            wrap(bytes(size))


# Control byte and address


@given(st.integers(0, 255), st.integers(0, 255))
def test_a_control_byte_is_written_back(first: int, second: int) -> None:
    raw = bytes((first, second))
    encoded = Control.decode(raw).encode()
    assert encoded == raw[: len(encoded)]
    assert len(encoded) == (2 if first & 0x40 else 1)


def test_an_address_is_a_key_and_for_display_a_division_with_a_number() -> None:
    address = Address.of("530381", 13)
    assert (address.key, address.division, address.station) == ("5303810D00", "530381", 13)
    assert Address.parse("5303810D00") == address
    assert not address.hydrological


def test_letters_in_an_address_are_kept() -> None:
    data = wrap(b"\xb0\x00\x41\x8d\x23\x37\x02\xf0")
    frame = decode_frame(data)
    assert frame.address.key == "00418D2337"
    assert frame.address.hydrological
    assert explain(frame)["address_mode2"] == {"station": "418D2337"}
    assert encode_frame(frame) == data


@pytest.mark.parametrize(("division", "station"), [("53038", 1), ("53038A", 1), ("530381", 0), ("530381", 65_536)])
def test_an_address_that_cannot_be_is_refused(division: str, station: int) -> None:
    with pytest.raises(ValueError, match="digits"):
        Address.of(division, station)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="ten hexadecimal digits"):
        Address.parse("5303")


def test_a_user_defined_function_has_two_bytes() -> None:
    frame = decode_frame(wrap(b"\xb0\x32\x01\x01\x07\x00\xff\x12\xab"))
    assert (frame.function, frame.content) == (0xFF12, Unread(b"\xab"))
    assert explain(frame)["afn"] == "FF12"


# Parts count down to one


def part(left: int, data: bytes, function: int = 0xC0) -> Frame:
    """One part of a stage report."""
    head = Control(Direction.UP, DataType.STAGE, parts_left=left).encode() + b"\x32\x01\x01\x07\x00"
    return decode_frame(wrap(head + bytes((function,)) + data))


def test_joined_parts_are_the_whole() -> None:
    whole = decode_frame(frame_of("V178"))
    body = frame_of("V178")[10:-2]
    parts = [part(3, body[:4]), part(2, body[4:9]), part(1, body[9:])]
    assert all(isinstance(part.content, Unread) for part in parts)
    assert join(parts).content == whole.content
    assert join(parts).label == whole.label


def test_a_part_alone_says_that_it_is_one() -> None:
    faults = explain(part(2, b"\x00"))["faults"]
    assert isinstance(faults, list)
    assert faults[0]["reason"] == "part"


def test_a_missing_part_is_refused() -> None:
    with pytest.raises(DecodeError) as refused:
        join([part(3, b"\x00"), part(1, b"\x00")])
    assert refused.value.reason == "bad_sequence"


def test_parts_of_different_functions_are_refused() -> None:
    with pytest.raises(DecodeError):
        join([part(2, b"\x00"), part(1, b"\x00", function=0x61)])
