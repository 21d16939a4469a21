"""The queue before the journal: what came is made safe in one go, and only then told so.

One call of the sink at a time, in the order of arrival; what comes meanwhile, and in a short wait before each call, is
the next batch and shares its sync. A batch stays until the sink has taken it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import structlog

from hydro.errors import WatermasterError

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Sequence

    from ingest.mqtt import Backoff
    from ingest.tcp.limits import Limits
    from ingest.tcp.status import Status

__all__ = ["Intake"]

log = structlog.get_logger(__name__)

T = TypeVar("T")

_OVERHEAD: Final = 250
"""Bytes that a waiting frame takes besides its own, about."""


class Intake(Generic[T]):
    """See the module.

    Attributes:
        settled: Set while nothing waits.
        is_full: So much waits, or the sink fails, that nobody should be read.
    """

    def __init__(
        self,
        sink: Callable[[list[str], list[bytes]], Awaitable[None]],
        *,
        safe: Callable[[Sequence[T]], None],
        full: Callable[[bool], None],
        limits: Limits,
        retry: Backoff,
        rng: random.Random,
        status: Status,
    ) -> None:
        """Make an empty queue.

        Args:
            sink: Makes messages safe, topics and payloads; a retryable error brings the same ones again.
            safe: Called with what was put beside them, once they are.
            full: Called when ``is_full`` changes.
            limits: Bounds.
            retry: Waits between calls of a sink that fails.
            rng: Chance for their jitter.
            status: Gets the numbers.
        """
        self.settled = asyncio.Event()
        self.settled.set()
        self.is_full = False
        self._sink = sink
        self._safe = safe
        self._full = full
        self._limits = limits
        self._retry = retry
        self._rng = rng
        self._status = status
        self._arrival = asyncio.Event()
        self._hurry = asyncio.Event()
        self._topics: list[str] = []
        self._payloads: list[bytes] = []
        self._items: list[T] = []

    def put(self, topic: str, payload: bytes, item: T) -> None:
        """Queue a message; never refuses, since reading stops at the bound."""
        self._topics.append(topic)
        self._payloads.append(payload)
        self._items.append(item)
        self._status.pending_frames += 1
        self._status.pending_bytes += len(payload) + _OVERHEAD
        self.settled.clear()
        self._arrival.set()
        self._judge()

    async def run(self) -> None:
        """Feed the sink until cancelled.

        Raises:
            WatermasterError: Of the sink, not retryable.
        """
        while True:
            await self._arrival.wait()
            if not self._hurry.is_set():
                await asyncio.sleep(self._limits.linger_s)
            self._arrival.clear()
            topics, payloads, items = self._topics, self._payloads, self._items
            self._topics, self._payloads, self._items = [], [], []
            await self._make_safe(topics, payloads)
            self._status.pending_frames -= len(items)
            self._status.pending_bytes -= sum(map(len, payloads)) + _OVERHEAD * len(items)
            self._safe(items)
            self._judge()
            if not self._items:
                self.settled.set()

    async def drain(self, within_s: float) -> None:
        """Make safe what waits, if the sink works; returns in any case when the time is over."""
        self._hurry.set()
        if self._status.blocked_reason is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await self.settled.wait()

    async def _make_safe(self, topics: list[str], payloads: list[bytes]) -> None:
        failures = 0
        while True:
            try:
                await self._sink(topics, payloads)
            except WatermasterError as error:
                if not error.retryable:
                    raise
                failures += 1
                self._note_blocked(str(error))
                await asyncio.sleep(max(self._retry.wait_s(failures, self._rng), error.retry_after_s or 0.0))
            else:
                self._note_blocked(None)
                return

    def _note_blocked(self, reason: str | None) -> None:
        status = self._status
        if reason == status.blocked_reason:
            return
        status.blocked_reason = reason
        if reason is None:
            log.info("tcp_sink_works_again", pending_frames=status.pending_frames)
        else:
            log.error("tcp_sink_blocked", reason=reason, pending_frames=status.pending_frames)
        self._judge()

    def _judge(self) -> None:
        """Full at the bound, or while the sink fails; not full again at half of it."""
        status, bound = self._status, self._limits.pending_bytes
        over = status.pending_bytes > (bound // 2 if self.is_full else bound)
        is_full = over or status.blocked_reason is not None
        if is_full != self.is_full:
            self.is_full = is_full
            self._full(is_full)
