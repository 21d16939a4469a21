"""What keeps the first page alive: a reader of the journal that fills memory, a look each second at what changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from dashboards.console.live import Board, Live, LiveFeed
from dashboards.console.live.follow import RECENT_MESSAGES
from hydro.instants import DAY_MS
from ingest.follow import Follower
from storage.journal import JournalReader
from watermaster.part import Complaint

if TYPE_CHECKING:
    from alerting.ledger import Ledger
    from hydro.errors import WatermasterError
    from ingest.salvage import Undecodable
    from ingest.store_reader import Totals
    from storage.journal import Gap
    from watermaster.part import Surroundings

__all__ = ["LivePage"]

_KNOWN_DAYS: Final = 35
"""How old a newest value may be to be asked of the store at the start."""


class LivePage:
    """Lives from `start` to `stop`.

    Args:
        around: Of the service.
        ledger: Alerts.

    Attributes:
        board: What is known of this moment.
    """

    def __init__(self, around: Surroundings, ledger: Ledger) -> None:
        settings = around.settings
        self._around = around
        self._live = Live(
            around.register,
            around.decoder.index,
            prefix=settings.mqtt.prefix,
            trust_replay=settings.ingest.trust_replay,
        )
        self.board = Board(
            self._live,
            ledger,
            clock=around.clock,
            health=around.health.report,
            totals=self._totals,
            run=f"{around.rng.getrandbits(40):x}",
        )
        self._store_complaint = Complaint(around.log, "page_store")
        self._store_failures = 0
        self._tasks: list[asyncio.Task[None]] = []
        audience = self.board.audience
        around.metrics.add("page_clients", lambda: audience.clients)
        around.metrics.add("page_clients_refused", lambda: audience.refused)
        around.metrics.add("page_clients_dropped", lambda: audience.dropped)

    async def start(self) -> None:
        """Begin to follow."""
        around = self._around
        path = around.data_dir.journal(around.settings.journal.url)
        path.mkdir(parents=True, exist_ok=True)
        reader = JournalReader.open(path)
        first, last = await asyncio.to_thread(lambda: (reader.first_position, reader.last_position))
        follower = Follower(reader, around.decoder, self._missing, self._broken, self._live.hear)
        around.appended.append(follower.wake)
        feed = LiveFeed(
            self._live,
            follower,
            after=max(first - 1, last - RECENT_MESSAGES),
            latest=around.store.latest,
            since=around.clock() - _KNOWN_DAYS * DAY_MS,
            journal_failed=Complaint(around.log, "page_journal"),
            store_failed=self._store_failed,
            rng=around.rng,
        )
        self._tasks = [
            asyncio.create_task(feed.run(), name="newest values"),
            asyncio.create_task(self.board.run(), name="board"),
        ]

    async def run(self) -> None:
        """Until stopped; raises what went wrong, which is never what store, journal or ledger complain about."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            if not task.cancelled():
                task.result()

    def end(self) -> None:
        """Let go of the browsers that listen; they come back when somebody is there again."""
        self.board.stop()

    async def stop(self) -> None:
        """Follow no longer."""
        self.board.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _totals(self) -> Totals | None:
        return None if self._around.metrics.totals is None else self._around.metrics.totals()

    def _store_failed(self, error: WatermasterError | None) -> None:
        """The part that feeds the store tells of it where it lives in this process; at first it may not have begun."""
        self._store_failures += error is not None
        if error is None or (self._store_failures > 1 and self._around.metrics.totals is None):
            self._store_complaint(error)

    def _missing(self, gap: Gap) -> None:
        self._around.log.warning("page_gap", what=str(gap))

    def _broken(self, found: Undecodable) -> None:
        # The reader that feeds the store tells of it, and keeps the message.
        self._around.log.debug("page_undecodable", position=found.position)
