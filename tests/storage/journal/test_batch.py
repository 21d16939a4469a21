"""The blob of a row gives back what went into it, and says so when it can't."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from hydro.errors import JournalError
from storage.journal import JournalBatch
from storage.journal.batch import BatchDecoder, BatchEncoder, Row

TOPICS = st.text(max_size=12) | st.sampled_from(["watermaster/v1/a/up/json", "水/流量", "\ud800"])
MESSAGES = st.lists(st.tuples(TOPICS, st.binary(max_size=40), st.integers(-(2**62), 2**62)), min_size=1, max_size=30)


def batch_of(messages: list[tuple[str, bytes, int]], first: int = 1) -> JournalBatch:
    topics, payloads, received_at = map(list, zip(*messages, strict=True))
    return JournalBatch(first, len(messages), 7, topics, payloads, np.array(received_at, np.int64))


EXAMPLE = batch_of([("a", b"one", 5), ("b", b"", 6), ("a", b"\x00\xff", 5)], first=100)


@given(messages=MESSAGES, is_one_instant=st.booleans())
def test_a_batch_comes_back_as_it_was(messages: list[tuple[str, bytes, int]], *, is_one_instant: bool) -> None:
    if is_one_instant:
        messages = [(topic, payload, 42) for topic, payload, _ in messages]
    batch = batch_of(messages)
    row = BatchEncoder().encode(batch)
    found = BatchDecoder().decode(row)
    times = [received_at for _, _, received_at in messages]

    assert (row.received_from, row.received_to) == (min(times), max(times))
    assert (found.first, found.last, found.appended_at) == (1, len(messages), 7)
    assert list(found.topics) == batch.topics
    assert list(found.payloads) == batch.payloads
    assert found.received_at.tolist() == times
    assert found.received_at.dtype == np.int64


@pytest.mark.parametrize("topics", [["t"] * 5, ["a", "b", "c", "d", "e"], ["a", "b", "a", "b", "a"]])
def test_topics_come_back_whether_all_some_or_none_are_equal(topics: list[str]) -> None:
    batch = batch_of([(topic, b"x", 1) for topic in topics])
    assert list(BatchDecoder().decode(BatchEncoder().encode(batch)).topics) == topics


def test_every_strict_prefix_of_a_blob_is_refused() -> None:
    row = BatchEncoder().encode(EXAMPLE)
    for length in range(len(row.blob)):
        with pytest.raises(JournalError, match="position 100"):
            BatchDecoder().decode(replace(row, blob=row.blob[:length]))


def test_no_flipped_bit_goes_unnoticed() -> None:
    row = BatchEncoder().encode(EXAMPLE)
    decoder = BatchDecoder()
    for bit in range(8 * len(row.blob)):
        blob = bytearray(row.blob)
        blob[bit // 8] ^= 1 << bit % 8
        try:
            found = decoder.decode(replace(row, blob=bytes(blob)))
        except JournalError:
            continue
        # Some bits of a frame's header say nothing about its content.
        assert list(found.payloads) == EXAMPLE.payloads


def row_of(content: bytes, count: int = 3) -> Row:
    return Row(100, count, 7, 5, 6, zstandard.compress(content))


CONTENT = zstandard.decompress(BatchEncoder().encode(EXAMPLE).blob)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        pytest.param(row_of(b""), "layout of a batch", id="nothing"),
        pytest.param(row_of(b"\x02" + CONTENT[1:]), "layout 2", id="a layout of the future"),
        pytest.param(row_of(CONTENT, count=4), "the row says 4", id="another count than the row's"),
        pytest.param(row_of(CONTENT + b"x"), "its columns end", id="bytes left over"),
        pytest.param(row_of(CONTENT[:-1]), "its columns end", id="a byte short"),
        pytest.param(row_of(CONTENT[:20]), "layout of a batch", id="ends in the midst of a column"),
        pytest.param(Row(100, 3, 7, 5, 6, b"not zstd at all"), "can't be decompressed", id="no frame"),
        pytest.param(Row(100, 3, 7, 5, 6, b""), "can't be decompressed", id="empty"),
    ],
)
def test_what_is_no_batch_is_refused_with_its_position(row: Row, complaint: str) -> None:
    with pytest.raises(JournalError, match=f"position 100: .*{complaint}"):
        BatchDecoder().decode(row)


def test_a_frame_that_claims_to_be_huge_is_refused_before_memory_is_taken() -> None:
    claim = zstandard.FRAME_HEADER + b"\xe0" + (1 << 50).to_bytes(8, "little")
    with pytest.raises(JournalError, match=f"holds {1 << 50} bytes"):
        BatchDecoder().decode(Row(100, 3, 7, 5, 6, claim))


def test_a_batch_beyond_the_bound_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.journal.batch.MAX_CONTENT_BYTES", 1000)
    BatchEncoder().encode(batch_of([("t", b"x" * 999, 1)]))
    with pytest.raises(JournalError, match="1001 bytes, the bound is 1000"):
        BatchEncoder().encode(batch_of([("t", b"x" * 1000, 1)]))
