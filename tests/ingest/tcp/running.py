"""A field link over a real journal on a free port, and RTUs that speak to it byte by byte."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Self

from hydro.errors import JournalFull
from hydro.register import Confirmation
from ingest.addresses import Addresses
from ingest.codecs.framing import Received, Splitter
from ingest.codecs.sl651 import encode_frame
from ingest.codecs.sl651.compose import number
from ingest.codecs.sl651.control import Coding, Control, Direction, Function
from ingest.codecs.sl651.frame import Element, Frame, Item, Message, StationMark, TimeMark
from ingest.codecs.sl651.packets import split
from ingest.collector import JournalSink
from ingest.mqtt import Backoff
from ingest.tcp import Centre, Exchange, Gateways, Intake, Limits, Listener, Sessions, Status
from storage.command_log import CommandLog
from storage.journal import Journal, JournalReader
from tests.ingest.example_register import make_register
from tests.servers.process import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from hydro.register import Register

__all__ = ["PREFIX", "STATIONS", "Field", "Rtu", "field", "keep_alive", "picture", "report", "until"]

PREFIX: Final = "watermaster/v1"
WITHIN_S: Final = 20.0
STATIONS: Final = """station,name,kind,basin,river,division,gateway,interval_min,sl651_address,slt427_address,confirm
A,Anshun,section,Wu,Sancha,520103,,5,0011223344,,
B,Bijie,section,Wu,Liuchong,520103,,5,0012345678,,EOT
C,Cengong,intake,Wu,Sancha,520103,,5,,5303810D00,
D,Dafang,intake,Wu,Sancha,520103,,5,,2320101070,
E,Renhuai,section,Wu,Sancha,520103,g1,5,0055667788,,
"""


async def until(condition: Callable[[], object], within_s: float = WITHIN_S) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.005)


class Field:
    """One field link.

    Attributes:
        now_ms: The centre's clock while it is set; else the machine's.
        gate: While cleared, the journal waits before each append.
        full: While true, the journal says that it is full.
        published: What was given to the broker, topic and payload.
        takes: Whether the broker takes what is published.
    """

    def __init__(
        self, path: Path, *, limits: Limits, confirm: Confirmation, refuse_unknown: bool, answer_s: float
    ) -> None:
        self.path = path
        self.limits = limits
        self.status = Status()
        self.now_ms: int | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.full = False
        self.appends: list[int] = []
        self.published: list[tuple[str, bytes]] = []
        self.takes = True
        self.register: Register = make_register({"stations": STATIONS})
        self.journal = Journal.open(path / "journal", keep_days=1, max_gb=1)
        self._threads = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
        self._sink = JournalSink(
            self.journal, self._threads[0], clock=self.clock, trust_replay=False, appended=lambda: None
        )
        self.log = CommandLog(path / "commands.sqlite")
        self.sessions = Sessions(Addresses(self.register), zone_minutes=480, strangers=limits.strangers)
        self.exchange = Exchange(
            self.sessions,
            self.log,
            self._threads[1],
            zone_minutes=480,
            clock=self.clock,
            rng=random.Random(1),
            status=self.status,
            answer_s=answer_s,
        )
        self.centre = Centre(
            self.register,
            self.sessions,
            self.exchange,
            prefix=PREFIX,
            confirm=confirm,
            refuse_unknown=refuse_unknown,
            limits=limits,
            clock=self.clock,
            status=self.status,
        )
        self.gateways = Gateways(
            self.register,
            self.sessions,
            self.centre,
            prefix=PREFIX,
            publish=self._publish,
            clock=self.clock,
            status=self.status,
        )
        self.listener = Listener(self.centre, limits, self.clock, self.status)
        self.intake: Intake[Any] = Intake(
            self._append,
            safe=self._safe,
            full=self.listener.hold,
            limits=limits,
            retry=Backoff(0.01, 0.05),
            rng=random.Random(2),
            status=self.status,
        )
        self.centre.connect(self.intake)
        self.port = free_port()
        self._writing: asyncio.Task[None] | None = None

    def clock(self) -> int:
        """Epoch milliseconds."""
        return time.time_ns() // 1_000_000 if self.now_ms is None else self.now_ms

    async def start(self) -> None:
        """Listen."""
        self._writing = asyncio.create_task(self.intake.run())
        await self.listener.start(bound(self.port))

    async def stop(self) -> None:
        """End as the service does."""
        self.gate.set()
        await self.listener.stop()
        self.centre.give_up_sets()
        await self.intake.drain(2)
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        await self.exchange.stop()
        await self.listener.close()
        self.journal.close()
        self.log.close()
        for thread in self._threads:
            thread.shutdown()

    def journaled(self) -> list[tuple[str, bytes]]:
        """Topic and payload of all messages in the journal."""
        found: list[tuple[str, bytes]] = []
        with JournalReader.open(self.path / "journal") as reader:
            after = 0
            while batches := reader.read(after):
                for batch in batches:
                    found += zip(batch.topics, batch.payloads, strict=True)
                after = batches[-1].first + batches[-1].count - 1
        return found

    @property
    def payloads(self) -> list[bytes]:
        """Payloads of these."""
        return [payload for _, payload in self.journaled()]

    async def _append(self, topics: list[str], payloads: list[bytes]) -> None:
        await self.gate.wait()
        if self.full:
            raise JournalFull("no room")
        self.appends.append(len(payloads))
        await self._sink.append_own(topics, payloads)

    def _safe(self, arrivals: Sequence[Any]) -> None:
        self.centre.safe(arrivals)
        self.listener.settled()

    def _publish(self, topic: str, payload: bytes) -> bool:
        if self.takes:
            self.published.append((topic, payload))
        return self.takes


def bound(port: int) -> socket.socket:
    """A bound socket."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((HOST, port))
    return listening


@asynccontextmanager
async def field(
    path: Path,
    *,
    confirm: Confirmation = Confirmation.ESC,
    refuse_unknown: bool = False,
    answer_s: float = 5.0,
    **limits: Any,  # noqa: ANN401  # those of Limits
) -> AsyncIterator[Field]:
    """A field link that listens; the journal doesn't wait for company unless told."""
    chosen = Limits(**{"linger_s": 0.0, **limits})
    link = Field(path, limits=chosen, confirm=confirm, refuse_unknown=refuse_unknown, answer_s=answer_s)
    try:
        await link.start()
        yield link
    finally:
        await link.stop()


class Rtu:
    """One TCP client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._splitter = Splitter()
        self._answers: list[bytes] = []

    @classmethod
    async def connect(cls, port: int) -> Self:
        """Dial in."""
        return cls(*await asyncio.open_connection(HOST, port))

    async def send(self, *data: bytes) -> None:
        """Send pieces, each by itself."""
        for piece in data:
            self._writer.write(piece)
            await self._writer.drain()

    async def answer(self, within_s: float = WITHIN_S) -> bytes:
        """The next frame from the centre.

        Raises:
            EOFError: The centre has closed the connection.
            TimeoutError: None came.
        """
        async with asyncio.timeout(within_s):
            while not self._answers:
                data = await self._reader.read(65_536)
                if not data:
                    raise EOFError
                self._answers += [event.data for event in self._splitter.feed(data) if isinstance(event, Received)]
        return self._answers.pop(0)

    async def hears_nothing(self, for_s: float = 0.15) -> bool:
        """Whether nothing comes for a while."""
        try:
            await self.answer(for_s)
        except TimeoutError:
            return True
        return False

    async def is_closed(self) -> bool:
        """Wait until the centre has closed the connection."""
        try:
            while True:
                await self.answer()
        except (EOFError, ConnectionError):
            await self.close()
            return True

    def half_close(self) -> None:
        """Say that nothing more will be sent."""
        self._writer.write_eof()

    def vanish(self) -> None:
        """Reset the connection, whatever is still to be sent."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


def report(
    serial: int = 1,
    *,
    station: str = "0011223344",
    function: Function = Function.SCHEDULED,
    end: Control = Control.ETX,
    sent: str = "260301080030",
    extra: Sequence[Item] = (),
) -> bytes:
    """A report of one stage over SL 651."""
    items = (StationMark(station, "H"), TimeMark(sent[:10]), number("39", Decimal("12.345")), *extra)
    message = Message(serial, sent, items)
    return encode_frame(Frame(Coding.HEX, Direction.UP, 1, station, "1234", function, None, end, message))


def picture(serial: int, size: int, pieces: int, *, station: str = "0011223344") -> list[bytes]:
    """Packets of a report that holds a picture of so many bytes."""
    items = (
        StationMark(station, "H"),
        TimeMark("2603010800"),
        Element("F3", 0xF3, bytes(index % 251 for index in range(size))),
    )
    message = Message(serial, "260301080030", items)
    whole = Frame(Coding.HEX, Direction.UP, 1, station, "1234", Function.PICTURE, None, Control.ETX, message)
    length = 8 + 8 + 7 + 2 + size
    return [encode_frame(packet) for packet in split(whole, -(-length // pieces))]


def keep_alive(station: str = "0011223344") -> bytes:
    """The frame that says that the link lives."""
    message = Message(1, "260301080030")
    return encode_frame(
        Frame(Coding.HEX, Direction.UP, 1, station, "1234", Function.KEEP_ALIVE, None, Control.ETX, message)
    )
