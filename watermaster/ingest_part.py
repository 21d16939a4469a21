"""The service that takes in: receiver, journal, and the writer that feeds the store."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from hydro.errors import JournalError
from ingest.collector import JournalSink
from ingest.follow import Follower
from ingest.mqtt import BrokerAddress, Receiver
from ingest.store_reader import STATE_KIND, STATE_VERSION, StoreReader
from ingest.store_writer import StoreWriter
from ingest.topics import config_topic
from storage.dead_letters import DeadLetterFile
from storage.journal import Gap, Journal, JournalReader, set_mark
from storage.state_file import StateFile
from watermaster.health import Condition, PartHealth
from watermaster.part import Complaint
from watermaster.reader_mark import ReaderMark
from watermaster.settings import read_secret

if TYPE_CHECKING:
    from ingest.salvage import Undecodable
    from watermaster.part import Surroundings

__all__ = ["IngestPart"]

_BROKER_WAIT_S: Final = 30.0
_RETENTION_S: Final = 600.0
_STOP_S: Final = 10.0


class IngestPart:
    """See the module."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._complaint = Complaint(surroundings.log, "store")
        self._unsaved = Complaint(surroundings.log, "store_state")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._journal: Journal | None = None
        self._receiver: Receiver | None = None
        self._receiving: asyncio.Task[None] | None = None
        self._writer: StoreWriter | None = None
        self._writing: asyncio.Task[None] | None = None
        self._state: StateFile | None = None
        self._dead_letters: DeadLetterFile | None = None

    async def start(self) -> None:
        """Open journal and state, connect to the broker."""
        around, settings = self._around, self._around.settings
        path = around.data_dir.journal(settings.journal.url)
        loop = asyncio.get_running_loop()
        journal = await loop.run_in_executor(
            self._thread,
            lambda: Journal.open(path, keep_days=settings.journal.keep_days, max_gb=settings.journal.max_gb),
        )
        self._journal = journal
        for damage in journal.damage:
            around.log.error("journal_damaged", what=str(damage))
        index = around.decoder.index
        self._state = StateFile(around.data_dir.store_state, STATE_KIND, STATE_VERSION)
        reader = StoreReader(index, self._state, journal.last_position)
        self._dead_letters = dead_letters = DeadLetterFile(around.data_dir.dead_letters)
        set_mark(path, "store", reader.position)
        await loop.run_in_executor(self._thread, self._note_config, journal, self._state)
        follower = Follower(JournalReader.open(path), around.decoder, self._missing, self._broken)
        around.appended.append(follower.wake)
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
        )
        mqtt = settings.mqtt
        address = BrokerAddress.parse(
            mqtt.url,
            username=mqtt.username,
            password=read_secret(mqtt.password, mqtt.password_file),
            ca_file=mqtt.ca_file,
            cert_file=mqtt.cert_file,
            key_file=mqtt.key_file,
        )
        self._receiver = receiver = Receiver(
            address,
            client_id=mqtt.client_id,
            prefix=mqtt.prefix,
            sink=JournalSink(
                journal,
                self._thread,
                clock=around.clock,
                trust_replay=settings.ingest.trust_replay,
                appended=around.tell_appended,
            ),
            clock=around.clock,
            rng=around.rng,
            session_expiry_s=mqtt.session_expiry_s,
        )
        around.metrics.totals = lambda: reader.totals
        around.metrics.receiver = receiver.status
        around.metrics.positions["journal"] = lambda: journal.last_position
        around.metrics.positions["store"] = lambda: writer.position
        around.metrics.dead_letters_dropped = lambda: dead_letters.dropped
        around.health.add("broker", self._broker_health)
        around.health.add("journal", self._journal_health)
        around.health.add("store", self._store_health)
        self._writing = asyncio.create_task(writer.run(), name="store writer")
        self._receiving = asyncio.create_task(receiver.run(), name="receiver")
        await receiver.wait_ready(_BROKER_WAIT_S)
        around.log.info("receiving", broker=str(address), client_id=mqtt.client_id, position=journal.last_position)

    def _note_config(self, journal: Journal, state: StateFile) -> None:
        """Put a change of the register or of ``time.*`` into the journal: from that position on it judges."""
        known = self._around.register.hash
        if state.meta("config") != known:
            entry = json.dumps({"config": known, "at": self._around.clock(), "version": version("watermaster")})
            journal.append([config_topic(self._around.settings.mqtt.prefix)], [entry.encode()])
            state.set_meta("config", known)
            self._around.log.info("config_changed", config=known[:16], position=journal.last_position)

    def _missing(self, gap: Gap) -> None:
        self._around.log.error("journal_gap", what=str(gap))

    def _broken(self, found: Undecodable) -> None:
        self._around.log.error("message_undecodable", position=found.position, topic=found.topic, exc_info=found.error)

    async def run(self) -> None:
        """Receive and write, and let go of old segments from time to time."""
        tasks = [task for task in (self._receiving, self._writing) if task is not None]
        while True:
            await self._retain()
            done, _ = await asyncio.wait(tasks, timeout=_RETENTION_S, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            if done:
                return

    async def _retain(self) -> None:
        journal = self._journal
        if journal is None:
            return
        loop = asyncio.get_running_loop()
        try:
            result = await loop.run_in_executor(self._thread, journal.enforce_retention, self._around.clock())
        except JournalError as error:
            self._around.log.warning("retention_failed", error=str(error))
            return
        if result.held:
            self._around.log.warning("journal_held_back", what=str(result.held))

    async def stop(self) -> None:
        """Acknowledge what is durable, write what is read, save; a store or disk that fails is not waited for."""
        if self._receiver is not None:
            await self._receiver.stop()
        if self._writer is not None and self._writing is not None:
            self._writer.stop()
            if self._complaint.failure is None and self._unsaved.failure is None:
                await asyncio.wait({self._writing}, timeout=_STOP_S)
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        for file in (self._state, self._dead_letters):
            if file is not None:
                file.close()
        if self._journal is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._journal.close)
        self._thread.shutdown()

    def _broker_health(self) -> PartHealth:
        receiver = self._receiver
        if receiver is None or not receiver.ready.is_set() or not receiver.status.connected:
            return PartHealth(Condition.DEGRADED, (receiver and receiver.status.last_error) or "not connected")
        return PartHealth(Condition.OK)

    def _journal_health(self) -> PartHealth:
        blocked = self._receiver.status.blocked_reason if self._receiver is not None else None
        return PartHealth(Condition.OK) if blocked is None else PartHealth(Condition.FAILED, blocked)

    def _store_health(self) -> PartHealth:
        failing = self._unsaved if self._complaint.failure is None else self._complaint
        return failing.health(Condition.DEGRADED)
