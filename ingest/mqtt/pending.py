"""Messages between arrival and safety: the queue before the sink.

One sink call at a time, in the order of arrival; what comes meanwhile becomes the next batch. A batch is kept until the
sink has taken it, whatever happens to its connection: the broker would send it again only if it has lost nothing
itself, and at times ours is the last copy. A message that comes twice is harmless.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import structlog

from hydro.errors import WatermasterError
from ingest.mqtt.batch import Batch

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable

    from ingest.mqtt.status import Status
    from ingest.mqtt.timing import Backoff

__all__ = ["Pending"]

log = structlog.get_logger(__name__)


class Pending:
    """The queue and its one consumer.

    Attributes:
        settled: Set while nothing is held.
        blocked: Set while the sink fails.
    """

    def __init__(
        self,
        sink: Callable[[Batch], Awaitable[None]],
        released: Callable[[Batch], None],
        status: Status,
        *,
        batch_messages: int,
        batch_bytes: int,
        retry: Backoff,
        rng: random.Random,
    ) -> None:
        """Make an empty queue.

        Args:
            sink: Makes a batch safe; raises a retryable `WatermasterError` to be called again with the same batch.
            released: Called with each batch that is safe.
            status: Gets the numbers.
            batch_messages: A batch is closed with the bytes that bring it to so many messages,
            batch_bytes: or to so many bytes.
            retry: Waits between calls of a sink that fails.
            rng: Chance for their jitter.
        """
        self.settled = asyncio.Event()
        self.settled.set()
        self.blocked = asyncio.Event()
        self._sink = sink
        self._released = released
        self._status = status
        self._batch_messages = batch_messages
        self._batch_bytes = batch_bytes
        self._retry = retry
        self._rng = rng
        self._queue: deque[Batch] = deque()
        self._arrival = asyncio.Event()

    def batch_for(self, generation: int) -> Batch:
        """Give the batch that the next messages of a connection belong to."""
        if self._queue:
            last = self._queue[-1]
            if last.generation == generation and len(last) < self._batch_messages and last.size < self._batch_bytes:
                return last
        batch = Batch(generation)
        self._queue.append(batch)
        return batch

    def arrived(self, messages: int, size: int) -> None:
        """Note that so much was appended to the batch."""
        self._status.pending_messages += messages
        self._status.pending_bytes += size
        self.settled.clear()
        self._arrival.set()

    async def run(self) -> None:
        """Feed the sink until cancelled.

        Raises:
            WatermasterError: Of the sink, not retryable.
        """
        while True:
            await self._arrival.wait()
            while self._queue:
                batch = self._queue.popleft()
                if batch.topics:
                    await self._make_safe(batch)
                status = self._status
                status.messages += len(batch)
                status.duplicates += batch.duplicates
                status.salvaged += batch.salvaged
                status.pending_messages -= len(batch)
                status.pending_bytes -= batch.size
                self._released(batch)
            self._arrival.clear()
            self.settled.set()

    async def _make_safe(self, batch: Batch) -> None:
        failures = 0
        while True:
            try:
                await self._sink(batch)
            except WatermasterError as error:
                if not error.retryable:
                    raise
                failures += 1
                self._note_blocked(str(error))
                wait_s = self._retry.wait_s(failures, self._rng)
                await asyncio.sleep(max(wait_s, error.retry_after_s or 0.0))
            else:
                self._note_blocked(None)
                return

    def _note_blocked(self, reason: str | None) -> None:
        status = self._status
        if reason == status.blocked_reason:
            return
        if reason is None:
            log.info("sink_works_again", pending_messages=status.pending_messages)
            self.blocked.clear()
        else:
            log.error("sink_blocked", reason=reason, pending_messages=status.pending_messages)
            self.blocked.set()
        status.blocked_reason = reason
