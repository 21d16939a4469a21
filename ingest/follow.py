"""Following the journal: decoded batches after a position, as soon as there are any.

Decoding holds the process up, so it is done in pieces that are bounded by bytes as well as by messages, whatever the
rows of the journal hold, and between two pieces everybody else has a turn. A batch may therefore end within a row; the
row is then read from its middle after a restart.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import deque
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ingest.salvage import decode_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ingest.decode import DecodedBatch, Decoder
    from ingest.salvage import Undecodable
    from storage.journal import Gap, JournalBatch, JournalReader

__all__ = ["Follower"]

_POLL_S: Final = 0.05
"""How soon rows are seen that another process appended; our own collector wakes us."""

_PIECE_BYTES: Final = 1024 * 1024
_PIECE_MESSAGES: Final = 4_000


class _Piece(NamedTuple):
    first: int
    topics: list[str]
    payloads: list[bytes]
    received_at: NDArray[np.int64]


class Follower:
    """A journal reader and the decoder behind it, for one reader's loop.

    Args:
        reader: The journal.
        decoder: For the register in force.
        on_gap: Told of positions that can't be read any more.
        on_broken: Told of messages that broke the decoder and were set aside. Without it what the decoder raised is
            raised.
        on_messages: Given topics, payloads and times of receipt of what is decoded next, as it was received: who spoke
            doesn't stand in what was decoded.
    """

    def __init__(
        self,
        reader: JournalReader,
        decoder: Decoder,
        on_gap: Callable[[Gap], None],
        on_broken: Callable[[Undecodable], None] | None = None,
        on_messages: Callable[[Sequence[str], Sequence[bytes], NDArray[np.int64]], None] | None = None,
    ) -> None:
        self._reader = reader
        self._decoder = decoder
        self._on_gap = on_gap
        self._on_broken = on_broken
        self._on_messages = on_messages
        self._gaps = 0
        self._rows: deque[JournalBatch] = deque()
        self._given = 0
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something was appended in this process."""
        self._wake.set()

    async def next(self, after: int, limit: int, *, until: int | None = None) -> DecodedBatch | None:
        """The next batch, None if there is none within a moment.

        Args:
            after: Position.
            limit: How many messages are read at once; a batch holds no more, and mostly less.
            until: Last position that is wanted.
        """
        self._wake.clear()
        if after != self._given:
            self._rows.clear()
        if self._rows:
            await asyncio.sleep(0)
        elif not await self._read(after, limit):
            try:
                await asyncio.wait_for(self._wake.wait(), _POLL_S)
            except TimeoutError:
                return None
            return await self.next(after, limit, until=until)
        piece = self._cut(after + 1, min(limit, _PIECE_MESSAGES), until)
        if piece is None:
            return None
        self._given = piece.first + len(piece.topics) - 1
        if self._on_messages is not None:
            self._on_messages(piece.topics, piece.payloads, piece.received_at)
        if self._on_broken is None:
            return self._decoder.decode(*piece)
        return decode_all(self._decoder, *piece, self._on_broken)

    async def _read(self, after: int, limit: int) -> bool:
        self._rows.extend(await asyncio.to_thread(self._reader.read, after, limit))
        self._given = after
        for gap in self._reader.gaps[self._gaps :]:
            self._on_gap(gap)
        self._gaps = len(self._reader.gaps)
        return bool(self._rows)

    def _cut(self, start: int, most: int, until: int | None) -> _Piece | None:
        """Messages from a position on that follow each other without a hole; None if none of them is wanted."""
        first = max(start, self._rows[0].first)
        topics: list[str] = []
        payloads: list[bytes] = []
        received_at: list[NDArray[np.int64]] = []
        size = 0
        while self._rows:
            row, position = self._rows[0], first + len(topics)
            wanted = min(most - len(topics), (row.last if until is None else min(row.last, until)) - position + 1)
            if row.first > position or wanted <= 0:
                break
            offset = position - row.first
            sizes = list(accumulate(map(len, row.payloads[offset : offset + wanted]), initial=size))
            fitting = bisect_right(sizes, _PIECE_BYTES) - 1
            if not topics:
                fitting = max(fitting, 1)
            cut = slice(offset, offset + fitting)
            topics += row.topics[cut]
            payloads += row.payloads[cut]
            received_at.append(row.received_at[cut])
            size = sizes[fitting]
            if position + fitting <= row.last:
                break
            self._rows.popleft()
        return _Piece(first, topics, payloads, np.concatenate(received_at)) if topics else None
