"""The collector's one duty: a raw message is durable in the journal before anybody is told that we have it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from hydro.instants import parse_instant
from ingest.topics import PRETENDED, TCP_GATEWAY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor

    from ingest.mqtt import Batch
    from storage.journal import Journal, JournalBatch
    from storage.message import RawMessage

__all__ = ["RECEIVED_AT", "JournalSink"]

_LATEST_MS: Final = 9_200_000_000_000
_OF_LISTENER: Final = f"/{TCP_GATEWAY}/"

RECEIVED_AT: Final = "received_at"
"""MQTT 5 user property of replayed messages: ISO 8601 or epoch milliseconds."""


class JournalSink:
    """Appends what a receiver hands over; returns once it is on the disk.

    Args:
        journal: The one writer.
        thread: Executor of one thread, which alone calls the journal.
        clock: Epoch milliseconds.
        trust_replay: Take ``received_at`` from the user property where a message has one.
        appended: Called in the event loop after each append.
        written: Called after an append of what came over MQTT, with topics and payloads; must not raise.
    """

    def __init__(
        self,
        journal: Journal,
        thread: Executor,
        *,
        clock: Callable[[], int],
        trust_replay: bool,
        appended: Callable[[], None],
        written: Callable[[Sequence[str], Sequence[bytes]], None] | None = None,
    ) -> None:
        self._journal = journal
        self._thread = thread
        self._clock = clock
        self._trust_replay = trust_replay
        self._appended = appended
        self._written = written

    async def __call__(self, batch: Batch) -> None:
        """Make a batch durable.

        Raises:
            JournalFull: No room; the same batch comes again.
            JournalError: The disk failed.
        """
        if not len(batch):
            return
        topics = batch.topics if self._trust_replay else _unpretended(batch.topics)
        received = self._recorded(batch.properties, len(batch)) if self._trust_replay and batch.properties else None
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._journal.append, topics, batch.payloads, received)
        self._appended()
        if self._written is not None:
            self._written(topics, batch.payloads)

    async def append_own(self, topics: list[str], payloads: list[bytes]) -> None:
        """Make messages durable that our own listener took.

        Raises:
            JournalFull: No room; the same messages may come again.
            JournalError: The disk failed.
        """
        received = [self._clock()] * len(topics) if self._trust_replay else None
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._journal.append, topics, payloads, received)
        self._appended()

    async def append_again(self, messages: Sequence[RawMessage]) -> JournalBatch:
        """Make messages durable once more that the journal had long ago, each with the arrival that it had.

        So what came after them and corrected them stays; and everything reads them as anything else.

        Raises:
            JournalFull: No room; nothing was written.
            JournalError: The disk failed.
        """
        topics = [message.topic for message in messages]
        payloads = [message.payload for message in messages]
        received = [message.received_at for message in messages]
        loop = asyncio.get_running_loop()
        batch = await loop.run_in_executor(self._thread, self._journal.append, topics, payloads, received)
        self._appended()
        return batch

    def _recorded(self, properties: Mapping[int, list[tuple[str, str]]], size: int) -> list[int]:
        now = self._clock()
        times = [now] * size
        for number, pairs in properties.items():
            for name, value in pairs:
                if name == RECEIVED_AT:
                    times[number] = _instant(value, now)
        return times


def _instant(text: str, otherwise: int) -> int:
    try:
        at = int(text) if text.lstrip("-").isdigit() else parse_instant(text, 0)
    except (ValueError, OverflowError):
        return otherwise
    return at if 0 <= at <= _LATEST_MS else otherwise


def _unpretended(topics: list[str]) -> list[str]:
    """Topics of which none passes for our own TCP listener's, which may speak for any station."""
    if _OF_LISTENER not in "\0".join(topics):
        return topics
    return [f"{PRETENDED}{topic}" if _OF_LISTENER in topic else topic for topic in topics]
