"""Keeping :class:`~dashboards.console.live.live.Live` up to date: from the store once, from the journal ever after."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from hydro.errors import WatermasterError

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Mapping

    from dashboards.console.live.live import Live
    from ingest.follow import Follower
    from storage.store import Point

__all__ = ["RECENT_MESSAGES", "LiveFeed"]

RECENT_MESSAGES: Final = 20_000
"""How far before its end the journal is read at the start: it tells who spoke last, and what the store may lack."""

_LIMIT: Final = 4_000
_AGAIN_S: Final = 5.0

T = TypeVar("T")


class LiveFeed:
    """See the module.

    Args:
        live: What to keep.
        follower: The journal; its `on_messages` is ``live.hear``.
        after: Journal position from which on it is read.
        latest: The newest point of every series since an instant, from the store.
        since: That instant, epoch milliseconds.
        journal_failed: Told of each failure to read the journal, and with None that it is read.
        store_failed: The same of the store.
        rng: For waits.
    """

    def __init__(
        self,
        live: Live,
        follower: Follower,
        *,
        after: int,
        latest: Callable[[int], Awaitable[Mapping[tuple[str, str], Point]]],
        since: int,
        journal_failed: Callable[[WatermasterError | None], None],
        store_failed: Callable[[WatermasterError | None], None],
        rng: random.Random,
    ) -> None:
        self.position = after
        self._live = live
        self._follower = follower
        self._latest = latest
        self._since = since
        self._journal_failed = journal_failed
        self._store_failed = store_failed
        self._rng = rng

    async def run(self) -> None:
        """Go on until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fill(), name="newest values from the store")
            tasks.create_task(self._follow(), name="newest values from the journal")

    async def _fill(self) -> None:
        """Ask the store until it answers; the page lives without it meanwhile."""
        self._live.fill(await self._again(lambda: self._latest(self._since), self._store_failed))

    async def _follow(self) -> None:
        while True:
            batch = await self._again(lambda: self._follower.next(self.position, _LIMIT), self._journal_failed)
            if batch is not None:
                self._live.take(batch)
                self.position = batch.last

    async def _again(self, work: Callable[[], Awaitable[T]], failed: Callable[[WatermasterError | None], None]) -> T:
        """Result of ``work``, tried again whatever it was: a page of the past is better than a service that ends."""
        while True:
            try:
                result = await work()
            except WatermasterError as error:
                failed(error)
                await asyncio.sleep(self._rng.uniform(0.5, 1.0) * _AGAIN_S)
            else:
                failed(None)
                return result
