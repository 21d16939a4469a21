"""The field link of the service that takes in: listener, answers to RTUs behind gateways, commands.

Part of :mod:`watermaster.ingest_part`, which owns the journal and the broker's connection.
"""

from __future__ import annotations

import asyncio
import resource
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from hydro.errors import ConfigError, WatermasterError
from ingest.addresses import Addresses
from ingest.mqtt import Backoff
from ingest.tcp import Centre, Exchange, Gateways, Intake, Limits, Listener, Sessions, Status
from ingest.tcp.exchange import Outcome
from storage.command_log import CommandLog
from watermaster.health import Condition, PartHealth
from watermaster.rtu_shown import command_json, session_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ingest.collector import JournalSink
    from ingest.tcp.commands import Command
    from watermaster.part import Surroundings

__all__ = ["TcpPart"]

_OTHER_FILES: Final = 500
"""Open files that the rest of the process may need: journal segments, databases, the console's connections."""
_STOP_S: Final = 5.0
_RETRY: Final = Backoff(0.5, 5.0)


class TcpPart:
    """See the module.

    Args:
        surroundings: Of the process.
        path: The log of commands.
    """

    def __init__(self, surroundings: Surroundings, path: Path) -> None:
        around = self._around = surroundings
        settings, register = around.settings, around.register
        self.status = Status()
        self._limits = Limits(connections=_most_connections(), per_address=settings.ingest.max_per_address)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commands")
        self._commands = CommandLog(path)
        self._publish: Callable[[str, bytes], bool] | None = None
        self._sessions = Sessions(
            Addresses(register), zone_minutes=register.zone_minutes, strangers=self._limits.strangers
        )
        self._exchange = Exchange(
            self._sessions,
            self._commands,
            self._thread,
            zone_minutes=register.zone_minutes,
            clock=around.clock,
            rng=around.rng,
            status=self.status,
        )
        self._centre = Centre(
            register,
            self._sessions,
            self._exchange,
            prefix=settings.mqtt.prefix,
            confirm=settings.ingest.confirm,
            refuse_unknown=settings.ingest.refuse_unknown,
            limits=self._limits,
            clock=around.clock,
            status=self.status,
        )
        self._gateways = Gateways(
            register,
            self._sessions,
            self._centre,
            prefix=settings.mqtt.prefix,
            publish=self._give_to_broker,
            clock=around.clock,
            status=self.status,
        )
        self._listener: Listener | None = None
        self._intake: Intake[Any] | None = None
        self._writing: asyncio.Task[None] | None = None

    @property
    def written(self) -> Callable[[Sequence[str], Sequence[bytes]], None]:
        """To be called with what came over MQTT, once it is in the journal."""
        return self._gateways.written

    async def start(self, sink: JournalSink, publish: Callable[[str, bytes], bool]) -> None:
        """Listen, where the settings say so.

        Args:
            sink: Way into the journal.
            publish: Gives a message to the broker.

        Raises:
            WatermasterError: The port is in use, or the log of commands can't be written.
        """
        self._publish = publish
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(
            self._thread,
            self._commands.end_all,
            self._around.clock(),
            Outcome.ABANDONED.value,
            "the service ended before",
        )
        address = self._around.settings.ingest.tcp
        if address is None:
            return
        listening = _bound(address)
        listener = self._listener = Listener(self._centre, self._limits, self._around.clock, self.status)

        def safe(arrivals: Sequence[Any]) -> None:
            self._centre.safe(arrivals)
            listener.settled()

        self._intake = intake = Intake(
            sink.append_own,
            safe=safe,
            full=listener.hold,
            limits=self._limits,
            retry=_RETRY,
            rng=self._around.rng,
            status=self.status,
        )
        self._centre.connect(intake)
        self._writing = asyncio.create_task(intake.run(), name="tcp intake")
        await listener.start(listening)
        self._around.log.info("listening", address=self.status.listening, connections=self._limits.connections)

    async def run(self) -> None:
        """Write what comes; returns only when that has failed for good."""
        if self._writing is None:
            await asyncio.Event().wait()
        else:
            await self._writing

    async def stop(self) -> None:
        """Take no more, make safe and answer what came, end commands and connections; while the journal is open."""
        if self._listener is not None and self._intake is not None and self._writing is not None:
            await self._listener.stop()
            self._centre.give_up_sets()
            await self._intake.drain(_STOP_S)
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        await self._exchange.stop()
        if self._listener is not None:
            await self._listener.close()
        self._thread.shutdown()
        self._commands.close()

    def health(self) -> PartHealth:
        """How the field link is."""
        status = self.status
        if status.blocked_reason is not None:
            return PartHealth(Condition.FAILED, status.blocked_reason)
        if status.connections >= self._limits.connections:
            return PartHealth(Condition.DEGRADED, f"{status.connections} connections, more are refused")
        return PartHealth(Condition.OK)

    # --- What REST and command line ask

    def rtus(self) -> list[dict[str, Any]]:
        """RTUs heard since the start, those of the register first."""
        zone = self._around.register.zone_minutes
        return [session_json(session, zone) for session in self._sessions]

    async def ask(
        self, station: str, command: Command, *, by: str, comment: str, valid_s: float, wait_s: float
    ) -> dict[str, Any]:
        """Ask the RTU of a station; see :meth:`ingest.tcp.Exchange.ask`."""
        if station not in self._around.register.stations:
            raise ConfigError(f"station {station!r} is not in the register")
        found = await self._exchange.ask(station, command, by=by, comment=comment, valid_s=valid_s, wait_s=wait_s)
        return command_json(found, self._around.register.zone_minutes)

    async def asked(self, limit: int, before: int | None, station: str | None) -> list[dict[str, Any]]:
        """The log of commands, the newest first."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._thread, lambda: self._commands.newest(limit, before=before, station=station)
        )
        return [command_json(entry, self._around.register.zone_minutes) for entry in found]

    async def one_asked(self, number: int) -> dict[str, Any] | None:
        """One entry of the log of commands."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._thread, self._commands.get, number)
        return None if found is None else command_json(found, self._around.register.zone_minutes)

    def _give_to_broker(self, topic: str, payload: bytes) -> bool:
        return self._publish is not None and self._publish(topic, payload)


def _most_connections() -> int:
    """As many as the limit of open files leaves, which is raised as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = Limits().connections + _OTHER_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(Limits().connections, soft - _OTHER_FILES))


def _bound(address: str) -> socket.socket:
    """A bound socket.

    Raises:
        WatermasterError: The port is in use, or the address isn't ours.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, int(port)))
    except OSError as error:
        listening.close()
        raise WatermasterError(f"ingest.tcp: {address}: {error.strerror}; choose another one") from error
    return listening
