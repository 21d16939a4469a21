"""Following the journal: decoded batches after a position, as soon as there are any."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.decode import DecodedBatch, Decoder
    from storage.journal import Gap, JournalReader

__all__ = ["Follower"]

_POLL_S: Final = 0.05
"""How soon rows are seen that another process appended; our own collector wakes us."""


class Follower:
    """A journal reader and the decoder behind it, for one reader's loop.

    Args:
        reader: The journal.
        decoder: For the register in force.
        on_gap: Told of positions that can't be read any more.
    """

    def __init__(self, reader: JournalReader, decoder: Decoder, on_gap: Callable[[Gap], None]) -> None:
        self._reader = reader
        self._decoder = decoder
        self._on_gap = on_gap
        self._gaps = 0
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something was appended in this process."""
        self._wake.set()

    async def next(self, after: int, limit: int, *, until: int | None = None) -> DecodedBatch | None:
        """The next batch, None if there is none within a moment.

        Args:
            after: Position.
            limit: About how many messages; rows of the journal are never split.
            until: Last position that is wanted; it must end a row.
        """
        self._wake.clear()
        rows = await asyncio.to_thread(self._reader.read, after, limit)
        self._report_gaps()
        if until is not None:
            rows = [row for row in rows if row.last <= until]
        if not rows:
            try:
                await asyncio.wait_for(self._wake.wait(), _POLL_S)
            except TimeoutError:
                return None
            return await self.next(after, limit, until=until)
        topics: list[str] = []
        payloads: list[bytes] = []
        for row in rows:
            topics += row.topics
            payloads += row.payloads
        received_at = np.concatenate([row.received_at for row in rows])
        return self._decoder.decode(rows[0].first, topics, payloads, received_at)

    def _report_gaps(self) -> None:
        for gap in self._reader.gaps[self._gaps :]:
            self._on_gap(gap)
        self._gaps = len(self._reader.gaps)
