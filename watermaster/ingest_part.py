"""The service that takes in: receiver and field link, the journal, and what feeds the store from it."""

from __future__ import annotations

import asyncio
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from hydro.errors import JournalError
from ingest.collector import JournalSink
from ingest.mqtt import BrokerAddress, Receiver
from ingest.topics import config_topic
from storage.journal import Journal
from watermaster.health import Condition, PartHealth
from watermaster.settings import read_secret
from watermaster.store_feed import StoreFeed
from watermaster.tcp_part import TcpPart

if TYPE_CHECKING:
    from storage.state_file import StateFile
    from watermaster.part import Surroundings

__all__ = ["IngestPart"]

_BROKER_WAIT_S: Final = 30.0
_RETENTION_S: Final = 600.0


class IngestPart:
    """See the module."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._journal: Journal | None = None
        self._receiver: Receiver | None = None
        self._receiving: asyncio.Task[None] | None = None
        self._tcp: TcpPart | None = None
        self._listening: asyncio.Task[None] | None = None
        self._feed: StoreFeed | None = None
        self._feeding: list[asyncio.Task[None]] = []

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
        self._feed = feed = StoreFeed(around, path, journal)
        await loop.run_in_executor(self._thread, self._note_config, journal, feed.state)
        mqtt = settings.mqtt
        address = BrokerAddress.parse(
            around.broker_url or mqtt.url,
            username=mqtt.username,
            password=read_secret(mqtt.password, mqtt.password_file),
            ca_file=mqtt.ca_file,
            cert_file=mqtt.cert_file,
            key_file=mqtt.key_file,
        )
        self._tcp = tcp = TcpPart(around, around.data_dir.commands)
        sink = JournalSink(
            journal,
            self._thread,
            clock=around.clock,
            trust_replay=settings.ingest.trust_replay,
            appended=around.tell_appended,
            written=tcp.written,
        )
        self._receiver = receiver = Receiver(
            address,
            client_id=mqtt.client_id,
            prefix=mqtt.prefix,
            sink=sink,
            clock=around.clock,
            rng=around.rng,
            session_expiry_s=mqtt.session_expiry_s,
        )
        around.metrics.receiver = receiver.status
        around.metrics.tcp = tcp.status
        around.metrics.positions["journal"] = lambda: journal.last_position
        around.metrics.add("journal_free_bytes", lambda: shutil.disk_usage(path).free)
        around.health.add("broker", self._broker_health)
        around.health.add("journal", self._journal_health)
        around.health.add("tcp", tcp.health)
        self._feeding = feed.start()
        self._receiving = asyncio.create_task(receiver.run(), name="receiver")
        await tcp.start(sink, receiver.publish)
        self._listening = asyncio.create_task(tcp.run(), name="tcp")
        around.tcp = tcp
        around.append_again = sink.append_again
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

    async def run(self) -> None:
        """Receive and write, and let go of old segments from time to time."""
        tasks = [task for task in (self._receiving, self._listening, *self._feeding) if task is not None]
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
        """Acknowledge what is durable, feed the store what is in the journal, close."""
        if self._tcp is not None:
            await self._tcp.stop()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        if self._receiver is not None:
            await self._receiver.stop()
        if self._feed is not None:
            await self._feed.stop()
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
