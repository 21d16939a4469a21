"""Messages that tell their own position, and what a reader makes of a whole journal."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from storage.journal import Gap, Journal, JournalBatch, JournalReader
from storage.message import RawMessage

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["append", "message", "numbered", "read_all", "read_messages"]


def message(position: int, padding: int = 0) -> tuple[str, bytes]:
    """Topic and payload of the message that is to get a position; padding can't be compressed."""
    text = b'{"n":%d}' % position
    return f"watermaster/v1/gw{position % 7}/up/json", text + random.Random(position).randbytes(padding)


def append(journal: Journal, count: int, padding: int = 0) -> JournalBatch:
    """Append the messages that follow."""
    topics, payloads = zip(*(message(journal.last_position + 1 + n, padding) for n in range(count)), strict=True)
    return journal.append(list(topics), list(payloads))


def read_all(path: Path, after: int = 0, limit: int = 10_000) -> tuple[list[JournalBatch], list[Gap]]:
    """Every batch after a position, and what was missing."""
    batches: list[JournalBatch] = []
    with JournalReader.open(path) as reader:
        while found := reader.read(after, limit):
            batches += found
            after = found[-1].last
        return batches, reader.gaps


def numbered(batches: list[JournalBatch], padding: int = 0) -> list[int]:
    """Positions of the messages of batches, each of which was found to be the one that belongs there."""
    positions: list[int] = []
    for batch in batches:
        for offset, found in enumerate(zip(batch.topics, batch.payloads, strict=True)):
            assert found == message(batch.first + offset, padding)
            positions.append(batch.first + offset)
    return positions


def read_messages(batches: list[JournalBatch]) -> list[RawMessage]:
    """The messages of batches."""
    return [
        RawMessage(topic, payload, received_at)
        for batch in batches
        for topic, payload, received_at in zip(batch.topics, batch.payloads, batch.received_at.tolist(), strict=True)
    ]
