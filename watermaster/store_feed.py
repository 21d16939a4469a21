"""What feeds the store: the reader of the journal, its state and dead letters, and the store's own upkeep."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from hydro.errors import StoreError
from ingest.attachments import AttachmentFolder
from ingest.follow import Follower
from ingest.quality.clock_skew import ClockScreen
from ingest.quality.clock_watch import ClockWatch
from ingest.store_reader import STATE_KIND, STATE_VERSION, StoreReader
from ingest.store_rebuild import StoreRebuild
from ingest.store_writer import StoreWriter
from storage.dead_letters import DeadLetterFile
from storage.journal import JournalReader, set_mark
from storage.state_file import StateFile
from watermaster.health import Condition, PartHealth
from watermaster.part import Complaint
from watermaster.reader_mark import ReaderMark
from watermaster.stores import keeping_of

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.decode import DecodedBatch
    from ingest.salvage import Undecodable
    from storage.journal import Gap, Journal
    from watermaster.part import Surroundings

__all__ = ["StoreFeed"]

_STOP_S: Final = 10.0
_UPKEEP_S: Final = 3_600.0


class StoreFeed:
    """From the journal to the store, and to files beside it.

    Args:
        surroundings: Of the service.
        path: Directory of the journal.
        journal: The open journal, for where it ends.
    """

    def __init__(self, surroundings: Surroundings, path: Path, journal: Journal) -> None:
        self._around = around = surroundings
        self._complaint = Complaint(around.log, "store")
        self._unsaved = Complaint(around.log, "store_state")
        self._clocks = ClockWatch()
        self._attachments = attachments = AttachmentFolder(around.data_dir.attachments, around.register.zone_minutes)
        self.state = StateFile(around.data_dir.store_state, STATE_KIND, STATE_VERSION)
        self._dead_letters = dead_letters = DeadLetterFile(around.data_dir.dead_letters)
        index = around.decoder.index
        reader = StoreReader(index, self.state, journal.last_position, ClockScreen(around.register, index))
        set_mark(path, "store", reader.position)
        records = JournalReader.open(path)
        follower = Follower(records, around.decoder, self._missing, self._broken)
        around.appended.append(follower.wake)
        rebuild = StoreRebuild(
            follower,
            around.store,
            index,
            around.data_dir.store_rebuild,
            lambda: records.first_position,
            clocks=lambda: ClockScreen(around.register, index),
            progressed=lambda at, upto: around.log.info("store_rebuild", position=at, upto=upto),
            failed=self._complaint,
            unsaved=self._unsaved,
            rng=around.rng,
        )
        self._writer = writer = StoreWriter(
            follower,
            reader,
            around.store,
            index,
            dead_letters,
            saved=ReaderMark(path, "store", Complaint(around.log, "store_mark")),
            failed=self._complaint,
            unsaved=self._unsaved,
            rng=around.rng,
            rebuild=rebuild,
            keep=self._keep,
        )
        self._tasks: list[asyncio.Task[None]] = []
        around.metrics.totals = lambda: reader.totals
        around.metrics.positions["store"] = lambda: writer.position
        around.metrics.add("dead_letters_dropped", lambda: dead_letters.dropped)
        around.metrics.add("attachments_kept", lambda: attachments.kept)
        around.metrics.add("attachments_dropped", lambda: attachments.dropped)
        around.metrics.add("stations_clock_skewed", lambda: len(self._clocks.skewed))
        around.health.add("store", self._health)

    def start(self) -> list[asyncio.Task[None]]:
        """Begin; neither task ends by itself, but with what trying again can't mend."""
        self._tasks = [
            asyncio.create_task(self._writer.run(), name="store writer"),
            asyncio.create_task(self._upkeep(), name="store upkeep"),
        ]
        return self._tasks

    async def stop(self) -> None:
        """Write what is in the journal, save, close; a store or disk that fails is not waited for."""
        if self._tasks:
            writing, upkeep = self._tasks
            upkeep.cancel()
            self._writer.stop()
            if self._complaint.failure is None and self._unsaved.failure is None:
                await asyncio.wait({writing}, timeout=_STOP_S)
            writing.cancel()
            await asyncio.gather(writing, upkeep, return_exceptions=True)
        self.state.close()
        self._dead_letters.close()

    async def _upkeep(self) -> None:
        """Have the store sum up what is old."""
        around = self._around
        while True:
            now = around.clock()
            try:
                await around.store.upkeep(now, keeping_of(around.settings, around.register, now))
            except StoreError as error:
                if not error.retryable:
                    raise
                around.log.warning("store_upkeep_fails", error=str(error))
            await asyncio.sleep(_UPKEEP_S)

    def _keep(self, batch: DecodedBatch) -> None:
        """What a batch says besides readings."""
        self._attachments.keep(batch.attachments)
        if not batch.clocks:
            return
        before = set(self._clocks.skewed)
        self._clocks.take(batch.clocks)
        for station in sorted(set(self._clocks.skewed) - before):
            offset = self._clocks.states[station].offset_ms // 1_000
            self._around.log.warning("clock_skewed", station=station, offset_s=offset)

    def _missing(self, gap: Gap) -> None:
        self._around.log.error("journal_gap", what=str(gap))

    def _broken(self, found: Undecodable) -> None:
        self._around.log.error("message_undecodable", position=found.position, topic=found.topic, exc_info=found.error)

    def _health(self) -> PartHealth:
        failing = self._unsaved if self._complaint.failure is None else self._complaint
        return failing.health(Condition.DEGRADED)
