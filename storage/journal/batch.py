"""One received batch: what a row of the journal holds, and how its blob is laid out.

The blob of a row is one zstd frame (level 1, with content checksum) around columns, all little-endian::

    u8 layout, u8 has_received_at, u16 0, u32 count, u32 distinct topics, u32 bytes of topic text
    u32[count]      length of each payload
    u32[count]      number of each message's topic; absent with one topic, and where every message has its own
    i64[count]      received_at in epoch milliseconds; absent where all are the same (the row holds it)
    u32[distinct]   length of each topic
    topic text, UTF-8
    payloads, one after the other

Columns, because packing message by message costs several times as much; topics once, because readers then share the
strings. Source of the frame format: RFC 8878.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import zstandard

from hydro.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["MAX_CONTENT_BYTES", "BatchDecoder", "BatchEncoder", "JournalBatch", "Row", "content_size"]

MAX_CONTENT_BYTES: Final = 512 * 1024 * 1024
"""Bound of one batch before compression: SQLite takes no blob of a gigabyte, and a reader holds a batch in memory."""

_LAYOUT: Final = 1
_HEADER: Final = struct.Struct("<BBHIII")
_U32: Final = np.dtype("<u4")
_I64: Final = np.dtype("<i8")


@dataclass(frozen=True, slots=True, eq=False)
class JournalBatch:
    """The messages of one row, in the order in which they were received.

    Attributes:
        first: Position of the first message; the others follow without a hole.
        count: Number of messages, at least 1.
        appended_at: Epoch milliseconds; never less than that of the row before.
        topics: One per message.
        payloads: One per message.
        received_at: Epoch milliseconds, one per message.
    """

    first: int
    count: int
    appended_at: int
    topics: Sequence[str]
    payloads: Sequence[bytes]
    received_at: NDArray[np.int64]

    @property
    def last(self) -> int:
        """Position of the last message."""
        return self.first + self.count - 1


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it lies in a segment.

    Attributes:
        first: Position of the first message.
        count: Number of messages.
        appended_at: Epoch milliseconds.
        received_from: Least `received_at` of its messages.
        received_to: Greatest `received_at`; where both are equal the blob does not repeat them.
        blob: The compressed columns.
    """

    first: int
    count: int
    appended_at: int
    received_from: int
    received_to: int
    blob: bytes

    @property
    def last(self) -> int:
        """Position of the last message."""
        return self.first + self.count - 1


def content_size(blob: bytes) -> int:
    """Bytes that a blob holds before compression, as it says itself; 0 where it says nothing that can be."""
    try:
        size: int = zstandard.frame_content_size(blob)
    except zstandard.ZstdError:
        return 0
    return size if 0 <= size <= MAX_CONTENT_BYTES else 0


class BatchEncoder:
    """Makes rows of batches. One instance belongs to one thread: it keeps its compressor's memory."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=1, write_checksum=True, write_content_size=True)

    def encode(self, batch: JournalBatch) -> Row:
        """The row of a batch.

        Raises:
            JournalError: More than `MAX_CONTENT_BYTES` before compression.
        """
        received = batch.received_at
        received_from, received_to = int(received.min()), int(received.max())
        content = _columns(batch, with_received_at=received_from != received_to)
        return Row(
            first=batch.first,
            count=batch.count,
            appended_at=batch.appended_at,
            received_from=received_from,
            received_to=received_to,
            blob=self._compressor.compress(content),
        )


class BatchDecoder:
    """Makes batches of rows. One instance belongs to one thread at a time."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor()

    def decode(self, row: Row) -> JournalBatch:
        """The batch of a row.

        Raises:
            JournalError: The blob is damaged; the message says how.
        """
        try:
            # The size stands in the frame, and memory is taken for it before the checksum is known to fit.
            size = zstandard.frame_content_size(row.blob)
            if not 0 <= size <= MAX_CONTENT_BYTES:
                raise JournalError(f"position {row.first}: blob says that it holds {size} bytes")
            content = self._decompressor.decompress(row.blob)
        except zstandard.ZstdError as error:
            raise JournalError(f"position {row.first}: blob can't be decompressed: {error}") from error
        try:
            return _batch(row, content)
        except (ValueError, IndexError, struct.error) as error:
            raise JournalError(f"position {row.first}: blob does not have the layout of a batch: {error}") from error


def _columns(batch: JournalBatch, *, with_received_at: bool) -> bytes:
    topics, payloads, count = batch.topics, batch.payloads, batch.count
    lengths = np.fromiter(map(len, payloads), np.int64, count)
    distinct = list(dict.fromkeys(topics))
    # A topic off the wire is valid UTF-8; surrogatepass so that one made in a test, or by a lax codec, survives too.
    texts = [topic.encode("utf-8", "surrogatepass") for topic in distinct]
    text = b"".join(texts)
    total = int(lengths.sum()) + len(text)
    if total > MAX_CONTENT_BYTES:
        raise JournalError(f"a batch of {count} messages holds {total} bytes, the bound is {MAX_CONTENT_BYTES}")
    parts = [
        _HEADER.pack(_LAYOUT, with_received_at, 0, count, len(distinct), len(text)),
        lengths.astype(_U32).tobytes(),
    ]
    if 1 < len(distinct) < count:
        numbers = dict(zip(distinct, range(len(distinct)), strict=True))
        parts.append(np.fromiter(map(numbers.__getitem__, topics), _U32, count).tobytes())
    if with_received_at:
        parts.append(batch.received_at.astype(_I64, copy=False).tobytes())
    parts.append(np.fromiter(map(len, texts), _U32, len(texts)).tobytes())
    parts.append(text)
    parts.extend(payloads)
    return b"".join(parts)


def _batch(row: Row, content: bytes) -> JournalBatch:
    layout, has_received_at, _, count, distinct_count, text_bytes = _HEADER.unpack_from(content)
    if layout != _LAYOUT or count != row.count:
        raise ValueError(f"layout {layout} with {count} messages, the row says {row.count}")
    at = _HEADER.size
    lengths = np.frombuffer(content, _U32, count, at)
    at += lengths.nbytes
    numbers = None
    if 1 < distinct_count < count:
        numbers = np.frombuffer(content, _U32, count, at)
        at += numbers.nbytes
    if has_received_at:
        received = np.frombuffer(content, _I64, count, at).astype(np.int64)
        at += received.nbytes
    else:
        received = np.full(count, row.received_from, np.int64)
    text_lengths = np.frombuffer(content, _U32, distinct_count, at)
    at += text_lengths.nbytes
    distinct = [content[a:b].decode("utf-8", "surrogatepass") for a, b in pairwise(_bounds(at, text_lengths))]
    at += text_bytes
    bounds = _bounds(at, lengths)
    if bounds[-1] != len(content):
        raise ValueError(f"its columns end at byte {bounds[-1]} of {len(content)}")
    if numbers is not None:
        topics = [distinct[number] for number in numbers.tolist()]
    else:
        topics = distinct * count if distinct_count == 1 else distinct
    payloads = [content[a:b] for a, b in pairwise(bounds)]
    return JournalBatch(row.first, count, row.appended_at, topics, payloads, received)


def _bounds(start: int, lengths: NDArray[np.uint32]) -> list[int]:
    """Offsets between which the pieces lie: one more than there are pieces."""
    bounds = np.empty(len(lengths) + 1, np.int64)
    bounds[0] = start
    np.cumsum(lengths, out=bounds[1:])
    bounds[1:] += start
    result: list[int] = bounds.tolist()
    return result
