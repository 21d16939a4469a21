"""A stream: frames come out whole and in order, whatever stands between them, at a bounded cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.codecs.sl651 import encode_frame
from ingest.codecs.sl651.framing import LONGEST_FRAME, body_length, is_header, read_all, read_frame
from ingest.codecs.span import Complete, Junk, NeedMore
from tests.ingest.codecs.sl651.generated import ascii_frames
from tests.ingest.codecs.sl651.vectors import GOOD, frame_of

SHORT = [vector.data for vector in GOOD if len(vector.data) < 150]
ONE, OTHER = frame_of("V003"), frame_of("V005")


def frames(data: bytes) -> list[bytes]:
    """Frames of a whole that nothing will follow."""
    return [data[start:end] for start, end, fault in read_all(data) if fault is None]


def reasons(data: bytes) -> list[str]:
    """Why what is none is none."""
    return [fault.value for _, _, fault in read_all(data) if fault is not None]


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\xfe",
        b"REG:0001\r\n",
        b"\x7e",
        b"\x7e\x7e",
        b"\x7e\x7e\x7e\x7e\x7e",
        b"\x01",
        b"\x01" + b"0" * 23,
        ONE[:20],
        OTHER[:-1],
        ONE[:-1] + b"\x00",
        ONE[:14] + ONE[15:],
        bytes.fromhex("7E7E 05001122334403E832 0FFF 02"),
        bytes.fromhex("680868B0320101070002F25216"),
    ],
)
def test_frames_are_found_behind_junk(junk: bytes) -> None:
    assert frames(junk + ONE + junk + OTHER + junk) == [ONE, OTHER]


def test_what_is_no_frame_is_told_apart() -> None:
    assert reasons(b"REG:0001" + ONE + ONE[:-1] + b"\x00" + b"\x7e") == ["not_a_start", "bad_crc", "incomplete"]


@given(st.lists(st.sampled_from(SHORT), max_size=6))
def test_frames_in_one_segment_come_out_in_order(sent: list[bytes]) -> None:
    assert frames(b"".join(sent)) == sent


@given(st.lists(st.sampled_from(SHORT) | st.binary(max_size=40) | st.sampled_from([b"~", b"~~", b"\x01", b"\xfe"])))
def test_together_the_spans_cover_everything(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    ends = [0]
    for start, end, _ in read_all(data):
        assert ends[-1] == start < end
        ends.append(end)
    assert ends[-1] == len(data)


@given(st.lists(st.sampled_from(SHORT), max_size=4), st.data())
def test_one_frame_in_many_segments(sent: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    found, buffer = [], bytearray()
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        buffer += stream[start:end]
        while isinstance(answer := read_frame(buffer, 0), Complete):
            found.append(bytes(buffer[: answer.end]))
            del buffer[: answer.end]
        assert isinstance(answer, NeedMore)
    assert found == sent


@given(st.binary(max_size=60), st.integers(0, 60))
def test_an_answer_always_leads_on(data: bytes, start: int) -> None:
    found = read_frame(data, min(start, len(data)))
    match found:
        case NeedMore(length=length):
            assert len(data) - min(start, len(data)) < length <= LONGEST_FRAME
        case Junk(end=end):
            assert start < end <= len(data)
        case Complete():
            pytest.fail("random bytes with a right check sum")


def test_no_more_is_asked_for_than_a_frame_may_have() -> None:
    found = read_frame(b"\x01" + b"0" * 19 + b"FFF\x02", 0)
    assert found == NeedMore(LONGEST_FRAME)


def test_an_end_character_that_is_none_spares_the_wait_for_the_check_sum() -> None:
    data = bytearray(ONE[:-2])
    data[-1] = 0
    assert isinstance(read_frame(data, 0), Junk)


MEGABYTE = 1 << 20
CLAIMING = bytes.fromhex("7E7E 05001122334403E832 0FFF 02")  # a header that claims as much as can be


@pytest.mark.parametrize(
    "pattern",
    [
        b"\x7e",
        b"\x7e\x7e\x00",
        b"\x01",
        b"0",
        b"\x01" + b"0" * 22 + b"\x02",
        b"\x01" + b"0" * 19 + b"FFF\x02",
        CLAIMING,
        CLAIMING + b"\x03" * 7,
        ONE[:-1],
        b"\x7e" + ONE[:-1],
    ],
    ids=lambda pattern: pattern[:8].hex(),
)
def test_a_megabyte_takes_a_linear_number_of_steps(pattern: bytes) -> None:
    data = (pattern * (MEGABYTE // len(pattern) + 1))[:MEGABYTE]
    asked = summed = at = 0
    while at < len(data):
        found = read_frame(data, at)
        asked += 1
        if isinstance(found, NeedMore):
            assert len(data) - at < found.length <= LONGEST_FRAME
            at += 1
            continue
        assert found.end > at
        if is_header(data, at) and not (isinstance(found, Junk) and found.reason == "bad_end"):
            summed += body_length(data, at)
        at = found.end
    # Each place is asked about once; a check sum is computed at most once for each header, and headers take 14 bytes.
    assert asked <= MEGABYTE
    assert summed <= MEGABYTE // 14 * LONGEST_FRAME


@given(st.lists(ascii_frames().map(encode_frame), max_size=3), st.sampled_from([b"", b"\xfe", b"REG:01", b"\x7e", ONE]))
def test_ascii_frames_are_found_behind_junk(sent: list[bytes], junk: bytes) -> None:
    assert [frame for frame in frames(b"".join(junk + frame for frame in sent)) if frame != ONE] == sent
