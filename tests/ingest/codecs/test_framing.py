"""One stream, two protocols: frames come out whole and in order, whatever stands between them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.codecs.framing import LONGEST_FRAME, Received, SkipKind, Skipped, Splitter, Wire

SLT427 = [
    bytes.fromhex(row["hex"])
    for row in json.loads(Path(__file__).with_name("slt427").joinpath("vectors.json").read_text("utf-8"))
]
# Two reports of one station (V003, V001) and an ASCII report (V168), as the digest prints them.
SL651 = [
    bytes.fromhex(
        "7E7E05001122334403E832002B020034170718110016F1F1001122334448F0F01707181100201900004026190000403923000104903812"
        "109903A421"
    ),
    bytes.fromhex("7E7E01001234567812342F0008020003591011155111036BCA"),
]
STAGE = bytes.fromhex("681468B23201010700C0006001000000010047351609004F16")
FRAMES = [*((Wire.SLT427, data) for data in SLT427), *((Wire.SL651, data) for data in SL651)]

_FILLERS = st.sampled_from([b"", b"\xfe", b"\x68", b"\x7e", b"\x01", b"\r\n", b"REG:8675309", b"\x68\x68", b"~~~"])
# Junk that can't hide a start of what follows: a false start would wait for bytes of the next frame.
_QUIET = st.sampled_from([b"", b"\xfe", b"\xfe\xfe", b"\r\n", b"REG:0001", b"\x00\x01\x02 noise"])


def received(events: list[Received | Skipped]) -> list[tuple[Wire, bytes]]:
    """The frames among events."""
    return [(event.wire, event.data) for event in events if isinstance(event, Received)]


def fed(*chunks: bytes) -> list[Received | Skipped]:
    """Events of chunks, the end of the connection included."""
    splitter = Splitter()
    events = [event for chunk in chunks for event in splitter.feed(chunk)]
    return events + splitter.closed()


@pytest.mark.parametrize(("wire", "data"), FRAMES)
def test_the_protocol_is_told_from_the_bytes(wire: Wire, data: bytes) -> None:
    splitter = Splitter()
    assert splitter.feed(data) == [Received(wire, data)]
    assert splitter.pending == 0


@pytest.mark.parametrize(("wire", "data"), FRAMES)
def test_one_frame_in_many_segments(wire: Wire, data: bytes) -> None:
    splitter = Splitter()
    for byte in data[:-1]:
        assert splitter.feed(bytes((byte,))) == []
    assert splitter.pending == len(data) - 1
    assert splitter.feed(data[-1:]) == [Received(wire, data)]


@given(st.lists(st.tuples(_QUIET, st.sampled_from(FRAMES)), max_size=8), st.data())
def test_frames_come_out_in_order_however_the_stream_is_cut(
    parts: list[tuple[bytes, tuple[Wire, bytes]]], data: st.DataObject
) -> None:
    stream = b"".join(junk + frame for junk, (_, frame) in parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert received(fed(*chunks)) == [frame for _, frame in parts]


@given(st.lists(st.one_of(st.binary(max_size=60), _FILLERS, st.sampled_from(FRAMES).map(lambda frame: frame[1]))))
def test_every_byte_comes_out_once(chunks: list[bytes]) -> None:
    assert b"".join(event.data for event in fed(*chunks)) == b"".join(chunks)


@given(st.lists(st.one_of(st.binary(max_size=60), _FILLERS, st.sampled_from(FRAMES).map(lambda frame: frame[1]))))
def test_frames_do_not_depend_on_how_the_stream_is_cut(chunks: list[bytes]) -> None:
    stream = b"".join(chunks)
    whole = received(fed(stream))
    assert received(fed(*chunks)) == whole
    assert received(fed(*(bytes((byte,)) for byte in stream))) == whole


@given(st.sampled_from([b"\x68", b"\x68\x68", b"\x7e", b"\xfe\x68", b"\x68\x07\x68", b"\x01"]))
def test_a_frame_behind_stray_start_bytes_is_found_at_the_latest_when_the_wait_ends(stray: bytes) -> None:
    splitter = Splitter()
    events = splitter.feed(stray + STAGE)
    while splitter.pending:
        events += splitter.timed_out()
    assert received(events) == [(Wire.SLT427, STAGE)]


def test_a_broken_frame_is_told_with_its_reason_and_the_next_is_found() -> None:
    broken = bytearray(STAGE)
    broken[12] ^= 1
    events = fed(bytes(broken) + STAGE)
    assert events == [
        Skipped(bytes(broken), SkipKind.BROKEN, "bad_crc", Wire.SLT427),
        Received(Wire.SLT427, STAGE),
    ]


@pytest.mark.parametrize("data", SLT427)
def test_no_flipped_bit_gives_a_frame_not_even_when_nothing_follows(data: bytes) -> None:
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        assert received(fed(bytes(damaged))) == []


def test_a_frame_inside_debris_is_found() -> None:
    # A cut frame: its length reaches into the next one.
    assert received(fed(STAGE[:10] + STAGE)) == [(Wire.SLT427, STAGE)]


@pytest.mark.parametrize(
    ("junk", "kind"),
    [
        (b"\xfe", SkipKind.KEEP_ALIVE),
        (b"\x00\x00\x00", SkipKind.KEEP_ALIVE),
        (b"REG:13800138000\r\n", SkipKind.REGISTRATION),
        (b"+++", SkipKind.REGISTRATION),
        (b"\x03\x04\x05", SkipKind.NOISE),
    ],
)
def test_what_modems_send_is_skipped_and_named(junk: bytes, kind: SkipKind) -> None:
    splitter = Splitter()
    assert splitter.feed(junk) == [Skipped(junk, kind)]
    assert splitter.feed(junk + STAGE) == [Skipped(junk, kind), Received(Wire.SLT427, STAGE)]


def test_the_wait_for_a_false_start_ends_with_the_frames_behind_it() -> None:
    splitter = Splitter()
    assert splitter.feed(b"\x68\xff\x68" + STAGE + STAGE) == []
    assert splitter.timed_out() == [
        Skipped(b"\x68\xff\x68", SkipKind.BROKEN, "incomplete", Wire.SLT427),
        Received(Wire.SLT427, STAGE),
        Received(Wire.SLT427, STAGE),
    ]


def test_nothing_waits_when_nothing_has_come() -> None:
    splitter = Splitter()
    assert (splitter.timed_out(), splitter.closed(), splitter.feed(b"")) == ([], [], [])


def test_a_cut_frame_is_told_when_the_connection_ends() -> None:
    splitter = Splitter()
    assert splitter.feed(STAGE[:-1]) == []
    events = splitter.closed()
    assert b"".join(event.data for event in events) == STAGE[:-1]
    assert events[0] == Skipped(STAGE[:-1], SkipKind.BROKEN, "incomplete", Wire.SLT427)


MEGABYTE = 1 << 20


@pytest.mark.parametrize("size", [256, 65_536])
@pytest.mark.parametrize(
    "pattern",
    [
        b"\x68",
        b"\x7e",
        b"\x01",
        b"0",
        b"\x68\x7e",
        b"\x68\xff\x68",
        b"\x68\x16",
        b"~~\x01\x01\x01\x01\x01\x01\x01\x01\x01\x00\x01\x02",
        b"\x01" + b"0" * 22 + b"\x02",
        b"\x7e\x7e\x68\x01",
    ],
    ids=lambda pattern: pattern.hex()[:12] if isinstance(pattern, bytes) else str(pattern),
)
def test_a_megabyte_of_start_bytes_takes_a_linear_number_of_steps(pattern: bytes, size: int) -> None:
    stream = (pattern * (MEGABYTE // len(pattern) + 1))[:MEGABYTE]
    splitter = Splitter()
    most = 0
    for start in range(0, MEGABYTE, size):
        splitter.feed(stream[start : start + size])
        most = max(most, splitter.pending)
    assert most < LONGEST_FRAME
    # Each place is asked about once for each protocol, and once more where a chunk ended inside what began there.
    assert splitter.steps <= 2 * (MEGABYTE + MEGABYTE // size + 1)


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=40) | _FILLERS, max_size=200))
def test_any_bytes_take_a_linear_number_of_steps_and_bounded_room(chunks: list[bytes]) -> None:
    splitter = Splitter()
    for chunk in chunks:
        splitter.feed(chunk)
        assert splitter.pending < LONGEST_FRAME
    assert splitter.steps <= 2 * (sum(map(len, chunks)) + len(chunks) + 1)
