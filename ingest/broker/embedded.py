"""The embedded broker of ``mqtt.url: embedded://HOST:PORT``: started, watched, started again, stopped.

Invariants:

* The child never outlives this process (`ingest.broker.child`).
* First up, last down: who publishes through it or receives from it is stopped before it.
* Anonymous clients are let in on loopback only. Elsewhere every client has a password and an access list; iotcore
  knows no access lists, so it never listens elsewhere.
* The port stays the same over all restarts: gateways and the collector come back to it by themselves.
"""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hydro.errors import BrokerError, ConfigError
from ingest.broker.folder import BrokerFolder
from ingest.broker.ports import LOOPBACK, check_free, free_port, is_loopback, reached_at
from ingest.broker.process import Child, exit_words
from ingest.broker.program import Found, Program, find_program
from ingest.broker.rumqttd_conf import rumqttd_conf
from ingest.mqtt.timing import Backoff

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from hydro.errors import WatermasterError
    from ingest.broker.access import Access

__all__ = ["BrokerFacts", "EmbeddedBroker"]

_ANSWER_S: Final = 60.0  # mosquitto listens when it has read its queue
_POLL_S: Final = 0.01
_LOOK_S: Final = 0.5
_STOP_S: Final = 30.0
_STABLE_S: Final = 10.0
_AGAIN: Final = Backoff(0.1, 15.0)


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """What the embedded broker is.

    Attributes:
        running: Whether its process is there.
        program: Which broker.
        version: Of that.
        restarts: How often it had to be started again.
        pid: Of the process; None while there is none.
    """

    running: bool
    program: Program
    version: str
    restarts: int
    pid: int | None


class EmbeddedBroker:
    """A broker in a child process.

    Attributes:
        host: Address that it listens on.
        port: Its port; the chosen one from `start` on, where 0 was asked for.
    """

    def __init__(
        self,
        host: str,
        port: int,
        folder: Path,
        *,
        prefix: str,
        access: Access | None,
        rng: random.Random,
        told: Callable[[WatermasterError | None], None],
        said: Callable[[str], None],
        program: Program | None = None,
    ) -> None:
        """Make a broker that is not running.

        Args:
            host: Address to listen on.
            port: TCP port; 0 takes a free one and keeps it.
            folder: Directory of its own: configuration, passwords, queue. Made if it is not there.
            prefix: First levels of all topics.
            access: Who may do what; None lets anybody do anything, on loopback only.
            rng: For free ports and for the jitter of waits.
            told: Told when it fails while it is watched, and with None when it works again.
            said: Gets what it prints, warnings and errors, a line each.
            program: Which broker; None takes mosquitto if there is one.
        """
        self.host = host
        self.port = port
        self._folder = BrokerFolder(folder)
        self._prefix = prefix
        self._access = access
        self._rng = rng
        self._told = told
        self._said = said
        self._wanted = program
        self._found: Found | None = None
        self._child: Child | None = None
        self._restarts = 0
        self._stopping = asyncio.Event()
        self._passwords_at: int | None = None

    @property
    def client_host(self) -> str:
        """Where clients on this machine reach it."""
        return reached_at(self.host)

    @property
    def url(self) -> str:
        """Its address for clients on this machine, as in the setting mqtt.url."""
        host = f"[{self.client_host}]" if ":" in self.client_host else self.client_host
        return f"mqtt://{host}:{self.port}"

    @property
    def passwords(self) -> Path:
        """Its password file, read again when it changes: ``mosquitto_passwd -b FILE GATEWAY PASSWORD`` adds one."""
        return self._folder.passwords

    @property
    def facts(self) -> BrokerFacts | None:
        """What it is; None before `start`."""
        if self._found is None:
            return None
        pid = None if self._child is None or self._child.exit_code is not None else self._child.pid
        return BrokerFacts(pid is not None, self._found.program, self._found.version, self._restarts, pid)

    async def start(self) -> None:
        """Start it; returns when it accepts connections.

        Raises:
            BrokerError: The port is taken, the program is not here or does not come up.
            ConfigError: It would be open to others, or the program can't do what is asked; a file can't be written.
        """
        if self._access is None and not is_loopback(self.host):
            raise ConfigError(
                f"mqtt.url: an embedded broker on {self.host} can be reached from outside and needs passwords: "
                "set mqtt.username and mqtt.password_file, or listen on 127.0.0.1"
            )
        found = find_program(self._wanted)
        if self._access is not None and found.program is Program.IOTCORE:
            raise ConfigError(
                "mqtt.url: an embedded broker with mqtt.username needs mosquitto 2.0 or later on this machine, since "
                "the broker of the iotcore wheel has no access list; without both it serves 127.0.0.1"
            )
        if self.port == 0:
            self.port = free_port(self.host, self._rng)
        self._found = found
        self._child = await self._launch(found)

    async def run(self) -> None:
        """Watch it until `stop` or cancelled: start it again, ever more slowly while it keeps ending."""
        loop = asyncio.get_running_loop()
        began, failures = loop.time(), 0
        while not self._stopping.is_set():
            if self._child is not None:
                code = await self._ended(self._child)
                if self._stopping.is_set():
                    break
                self._child = None
                self._told(BrokerError(f"embedded broker: {exit_words(code)}; starting it again", retryable=True))
                failures = 0 if loop.time() - began > _STABLE_S else failures
            failures += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _AGAIN.wait_s(failures, self._rng))
            if self._found is not None and not self._stopping.is_set():
                began = loop.time()
                await self._start_again(self._found)

    async def stop(self) -> None:
        """End it; it writes its queue to disk first."""
        self._stopping.set()
        child = self._child
        if child is not None and not await child.end(_STOP_S):
            self._told(BrokerError(f"embedded broker: did not end within {_STOP_S:g} s and was killed"))

    async def _start_again(self, found: Found) -> None:
        self._restarts += 1
        try:
            self._child = await self._launch(found)
        except (BrokerError, ConfigError) as error:
            self._told(error)
            return
        self._told(None)
        if self._stopping.is_set():  # `stop` found no child to end
            await self._child.end(_STOP_S)

    async def _launch(self, found: Found) -> Child:
        """Start a process; return when it accepts connections."""
        # Else another program's answer would be taken for its own, which ends a moment later.
        check_free(self.host, self.port)
        child = await Child.start(self._arguments(found), self._said)
        try:
            async with asyncio.timeout(_ANSWER_S):
                await self._answers(child)
        except TimeoutError:
            await child.kill()
            raise BrokerError(
                f"embedded broker: no answer on port {self.port} within {_ANSWER_S:g} s", retryable=True
            ) from None
        except BaseException:
            await child.kill()
            raise
        return child

    async def _answers(self, child: Child) -> None:
        while child.exit_code is None:
            try:
                _, writer = await asyncio.open_connection(self.client_host, self.port)
            except OSError:
                await asyncio.sleep(_POLL_S)
            else:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
                return
        code = await child.wait()
        words = "; ".join(child.last_words) or "without a word"
        raise BrokerError(f"embedded broker on port {self.port}: {exit_words(code)}: {words}", retryable=True)

    async def _ended(self, child: Child) -> int:
        """Wait for its end; meanwhile let mosquitto read passwords again that somebody changed."""
        waiting = asyncio.ensure_future(child.wait())
        seen = self._passwords_at
        try:
            while not waiting.done():
                await asyncio.wait({waiting}, timeout=_LOOK_S)
                before, seen = seen, self._folder.passwords_changed_at()
                # What has just changed may be half-written: the look after that tells.
                if self._access is not None and before == seen != self._passwords_at:
                    self._renew_passwords(child)
            return waiting.result()
        finally:
            waiting.cancel()

    def _renew_passwords(self, child: Child) -> None:
        try:
            self._folder.keep_collector()
        except ConfigError as error:
            self._told(error)
        else:
            self._told(None)
        self._passwords_at = self._folder.passwords_changed_at()
        child.signal(signal.SIGHUP)

    def _arguments(self, found: Found) -> list[str]:
        """Write the configuration; give what the child is started with."""
        if found.program is Program.MOSQUITTO:
            conf = self._folder.write_mosquitto(self.host, self.port, self._access)
            self._passwords_at = self._folder.passwords_changed_at()
            return [Program.MOSQUITTO, found.path, "-c", str(conf)]
        v4_port = v5_port = free_port(LOOPBACK, self._rng)
        while v5_port == v4_port:
            v5_port = free_port(LOOPBACK, self._rng)
        conf = self._folder.write("rumqttd.toml", rumqttd_conf(prefix=self._prefix, v4_port=v4_port, v5_port=v5_port))
        return [Program.IOTCORE, self.host, str(self.port), str(conf), str(v4_port), str(v5_port)]
