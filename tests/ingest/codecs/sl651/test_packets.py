"""Bodies in several packets are put together in any order, and only when all are there."""

from __future__ import annotations

import hashlib

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hydro.errors import DecodeError
from ingest.codecs.readings import Readings
from ingest.codecs.sl651 import Frame, decode_frame, decode_sl651, encode_frame
from ingest.codecs.sl651.control import Coding, Control
from ingest.codecs.sl651.frame import Element, Message, Packet, Slice
from ingest.codecs.sl651.packets import Lacking, join, missing, set_key, split
from tests.ingest.codecs.sl651.generated import ascii_frames, reports
from tests.ingest.codecs.sl651.vectors import PICTURE, VECTORS, frame_of

PACKETS = [decode_frame(data) for data in PICTURE]


def test_the_public_picture_is_put_together() -> None:
    sequence = VECTORS["V024"].sequence
    assert sequence is not None
    whole = join(reversed(PACKETS))
    assert isinstance(whole.body, Message)
    picture = whole.body.items[-1]
    assert isinstance(picture, Element)
    assert picture.tag == "F3"
    assert len(picture.data) == sequence["jpeg_bytes"]
    assert hashlib.sha256(picture.data).hexdigest() == sequence["jpeg_sha256"]
    assert whole.end is Control.ETX


def test_cut_again_it_is_the_same_picture() -> None:
    whole = join(PACKETS)
    # The first packet of the public set is longer: it has 256 bytes of picture, as all have, behind its header.
    packets = split(whole, 281)
    assert encode_frame(packets[0])[:-2] == PICTURE[0][:-2].replace(b"\x00\xd0\x01", b"\x00\xc0\x01")
    assert join(packets) == whole
    assert [packet.end for packet in packets] == [Control.ETB] * 11 + [Control.ETX]


def test_what_is_missing_is_told() -> None:
    assert missing(PACKETS) == []
    assert missing(PACKETS[:3] + PACKETS[5:]) == [4, 5]
    assert missing([*PACKETS[1:], PACKETS[1]]) == [1]
    with pytest.raises(DecodeError) as caught:
        join(PACKETS[1:])
    assert caught.value.reason == "incomplete"
    with pytest.raises(DecodeError):
        join([])


def test_packets_of_one_set_have_one_key() -> None:
    assert {set_key(packet) for packet in PACKETS} == {("0012345678", 1, 0x36, 13)}
    with pytest.raises(ValueError, match="no set"):
        set_key(decode_frame(frame_of("V003")))


def test_packets_that_repeat_the_header_are_read_without_it() -> None:
    body = PACKETS[0].body
    assert isinstance(body, Message)
    header = body.serial.to_bytes(2, "big") + bytes.fromhex(body.sent)
    repeating = [
        msgspec.structs.replace(packet, body=Slice(header + packet.body.data))
        if isinstance(packet.body, Slice)
        else packet
        for packet in PACKETS
    ]
    assert join(repeating) == join(PACKETS)


def test_a_first_packet_without_a_serial_number_is_refused() -> None:
    body = msgspec.structs.replace(PACKETS[1], packet=Packet(1, 1))
    with pytest.raises(DecodeError) as caught:
        join([body])
    assert caught.value.reason == "bad_packet"


@given(reports(), st.integers(8, 300), st.randoms(use_true_random=False))
@settings(deadline=None)  # slow only where others use the machine
def test_any_report_that_was_cut_is_put_together(report: Frame, size: int, random: object) -> None:
    packets = [decode_frame(encode_frame(packet)) for packet in split(report, size)]
    random.shuffle(packets)  # type: ignore[attr-defined]  # a Random
    assert join(packets) == report


@given(ascii_frames(), st.integers(16, 40))
@settings(deadline=None)  # slow only where others use the machine
def test_ascii_packets_are_numbered_in_hex_and_read_in_decimal_too(report: Frame, size: int) -> None:
    packets = split(report, size)
    assert join([decode_frame(encode_frame(packet)) for packet in packets]) == report
    decimal = [
        msgspec.structs.replace(
            packet, packet=Packet(int(str(packet.packet.total), 16), int(str(packet.packet.number), 16))
        )
        for packet in packets
        if packet.packet
    ]
    assert join([decode_frame(encode_frame(packet)) for packet in decimal]) == report


@pytest.mark.parametrize(("frame", "size"), [("V003", 7), ("V003", 4093), ("V024", 256), ("V048", 256)])
def test_what_can_not_be_cut_is_refused(frame: str, size: int) -> None:
    with pytest.raises(ValueError, match=r"cut|packets of"):
        split(decode_frame(frame_of(frame)), size)


def test_more_packets_than_three_digits_count_are_refused() -> None:
    big = Message(1, "260301080000", (Element("F3", 0xF3, bytes(40_000)),))
    report = msgspec.structs.replace(decode_frame(frame_of("V003")), body=big)
    with pytest.raises(ValueError, match="three hex digits"):
        split(report, 8)
    with pytest.raises(ValueError, match="fit in a frame"):
        encode_frame(report)


def test_a_set_in_one_payload_is_read_and_part_of_one_is_counted() -> None:
    report = decode_frame(frame_of("V109"))
    packets = [encode_frame(packet) for packet in split(report, 30)]
    assert len(packets) == 3
    whole, single, part = Readings(), Readings(), Readings()
    decode_sl651(0, b"".join(packets), 480, 0, {}, whole)
    decode_sl651(0, frame_of("V109"), 480, 0, {}, single)
    decode_sl651(0, b"".join(packets[:2]), 480, 0, {}, part)
    assert whole == single
    assert len(single.value) == 12
    assert part == Readings(unknown_keys=2)


def test_a_picture_gives_no_readings_and_is_no_fault() -> None:
    out = Readings()
    decode_sl651(0, b"".join(PICTURE), 480, 0, {}, out)
    assert (out.value, out.faults, out.undecodable) == ([], [], [])
    assert PACKETS[0].coding is Coding.HEX


@given(
    st.sampled_from(Coding),
    st.sampled_from((2, 9, 0x10, 0x12, 0x1A, 0x20)).flatmap(
        lambda total: st.tuples(st.just(total), st.lists(st.integers(1, total), min_size=1, max_size=40))
    ),
)
def test_what_is_missing_is_told_alike_packet_by_packet(coding: Coding, case: tuple[int, list[int]]) -> None:
    total, numbers = case
    lacking, frames = Lacking(total, coding), []
    for number in numbers:
        lacking.add(number)
        frames.append(msgspec.structs.replace(PACKETS[0], coding=coding, packet=Packet(total, number)))
        assert lacking.first == next(iter(missing(frames)), 0)


def test_only_ascii_digits_may_be_decimal() -> None:
    """1 to 9 and 16 to 18 of 18 packets: twelve of twelve where the digits 10, 11, 12 are decimal."""
    numbers = [*range(1, 10), 0x10, 0x11, 0x12]
    of = {
        coding: [msgspec.structs.replace(PACKETS[0], coding=coding, packet=Packet(0x12, each)) for each in numbers]
        for coding in Coding
    }
    assert missing(of[Coding.HEX]) == [10, 11, 12, 13, 14, 15]
    assert missing(of[Coding.ASCII]) == []
    with pytest.raises(DecodeError):
        join(of[Coding.HEX])
