"""Server-sent events: every browser learns what changed, none can hold anything up, and all end with the service."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

import pytest

from alerting.ledger import Ledger
from dashboards.console import event_routes
from dashboards.console.event_routes import EventStream
from dashboards.console.live import Part
from hydro.instants import MINUTE_MS
from tests.alerting.sample_alerts import DAWN, change, shortfall
from tests.dashboards.console_server import Console
from tests.dashboards.test_live import Watched, seen
from tests.servers.process import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping
    from pathlib import Path

WITHIN_S = 10.0


class Listener:
    """A browser that listens; reads what it is told."""

    def __init__(self, console: Console, query: str = "", **headers: str) -> None:
        self._socket = socket.create_connection((HOST, console.port), WITHIN_S)
        lines = [f"GET /api/v1/events{query} HTTP/1.1", f"Host: {HOST}:{console.port}", "Accept: text/event-stream"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers: dict[str, str] = {}
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()

    def lines(self) -> Iterator[str]:
        """What the body says, without its chunks, until it ends."""
        while size := int(self._file.readline() or b"0", 16):
            chunk = self._file.read(size)  # one event, or none
            self._file.readline()
            yield from chunk.decode().splitlines()

    def next(self) -> dict[str, Any]:
        """The next event."""
        for line in self.lines():
            if line.startswith("data: "):
                found: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return found
        pytest.fail("the stream has ended")

    def until(self, part: Part) -> dict[str, Any]:
        """The first event that names a part."""
        while part not in (event := self.next())["parts"]:
            pass
        return event

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave."""
        self._file.close()
        self._socket.close()


def test_the_first_event_has_every_part_and_later_ones_what_changed(console: Console) -> None:
    with Listener(console, "?station=52010300A1") as listener:
        assert (listener.status, listener.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert listener.headers["cache-control"] == "no-store"
        first = listener.next()
        assert set(first["parts"]) == {part.value for part in Part}
        assert first["now"] == console.now
        console.ledger.apply([change(shortfall(1))], 1, DAWN)
        told = listener.until(Part.ALERTS)
        assert told["parts"][Part.ALERTS] != first["parts"][Part.ALERTS]
        assert Part.COUNTS not in told["parts"]


def test_who_comes_back_is_told_everything_whatever_it_says_it_has_seen(console: Console) -> None:
    for _ in range(2):
        with Listener(console, **{"Last-Event-ID": "17"}) as listener:
            assert len(listener.next()["parts"]) == len(Part)


def test_a_replayed_stream_brings_its_own_time(tmp_path: Path) -> None:
    with Console(tmp_path, trust_replay=True) as console, Listener(console) as listener:
        listener.next()
        console.report("52010300A1", {"discharge": 1}, DAWN + 7 * MINUTE_MS)
        while listener.next()["now"] != DAWN + 7 * MINUTE_MS:
            pass


def test_events_pass_the_guard_as_any_reading_does(console: Console) -> None:
    with Listener(console, Origin="http://evil.example") as listener:
        assert listener.status == 200, "a browser gives it to nobody else"
    console.get("/api/v1/events", host="evil.example").problem(403)
    console.get("/api/v1/events?station=nothing").problem(404)
    console.get("/api/v1/events?basin=nothing").problem(404)


def test_more_browsers_than_there_is_room_for_are_told_to_come_later(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_routes, "MOST_CLIENTS", 3)
    with ExitStack() as open_ones:
        first = Listener(console)
        for listener in (first, *(open_ones.enter_context(Listener(console)) for _ in range(2))):
            listener.next()
        answer = console.get("/api/v1/events")
        answer.problem(503)
        assert answer.headers["retry-after"] == "10"
        with first:
            pass  # who leaves makes room
        deadline = time.monotonic() + WITHIN_S
        while open_ones.enter_context(Listener(console)).status != HTTPStatus.OK:
            assert time.monotonic() < deadline


def test_listening_browsers_do_not_keep_the_service_from_ending(tmp_path: Path) -> None:
    """Without being told, the server would wait for them without end; and each stream ends in order."""
    with ExitStack() as open_ones:
        with Console(tmp_path) as console:
            listeners = [open_ones.enter_context(Listener(console)) for _ in range(5)]
            for listener in listeners:
                listener.next()
        for listener in listeners:
            assert not [line for line in listener.lines() if line.startswith("data:")]


@dataclass
class Client:
    """The other end of a stream, as the server's protocol has it."""

    takes: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    got: list[MutableMapping[str, Any]] = field(default_factory=list)

    async def receive(self) -> MutableMapping[str, Any]:
        """Nothing until it leaves."""
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Takes messages while it does."""
        await self.takes.wait()
        self.got.append(message)

    def events(self) -> int:
        """How many events it took."""
        return sum(message.get("body", b"").count(b"data: ") for message in self.got)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty one."""
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", zone_minutes=480) as ledger:
        yield ledger


def test_a_browser_that_takes_nothing_is_let_go_and_counted(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_routes, "SLOW_S", 0.05)

    async def listen() -> None:
        board, client = Watched(ledger).board, Client()
        client.takes.set()
        stream = EventStream(board, None, None)
        serving = asyncio.create_task(stream({}, client.receive, client.send))
        await seen(lambda: client.events() > 0)
        client.takes.clear()
        ledger.apply([change(shortfall(1))], 1, DAWN)
        await board.beat()
        await asyncio.wait_for(serving, WITHIN_S)
        assert (board.audience.clients, board.audience.dropped) == (0, 1)

    asyncio.run(listen())


def test_beats_that_a_slow_browser_misses_are_one_event_when_it_reads_on(ledger: Ledger) -> None:
    async def listen() -> None:
        client, watched = Client(), Watched(ledger)
        client.takes.set()
        stream = EventStream(watched.board, None, None)
        serving = asyncio.create_task(stream({}, client.receive, client.send))
        await seen(lambda: client.events() > 0)
        client.takes.clear()
        for number in range(20):
            ledger.apply([change(shortfall(number, station=f"S{number}"), station=f"S{number}")], number + 1, DAWN)
            await watched.board.beat()
        client.takes.set()
        await seen(lambda: client.events() > 1)
        await watched.board.beat()
        watched.board.stop()
        await asyncio.wait_for(serving, WITHIN_S)
        assert client.events() <= 3
        assert client.got[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
        assert (watched.board.audience.clients, watched.board.audience.dropped) == (0, 0)

    asyncio.run(listen())


@pytest.mark.timeout(30)  # a stream that goes round and round lets nothing else run, no timeout of the loop either
@pytest.mark.parametrize("turns", range(8))
def test_a_stream_ends_however_close_the_end_comes_to_an_event(ledger: Ledger, turns: int) -> None:
    """The service is told to end so many turns of the event loop after an event was taken."""

    async def listen() -> None:
        board, client = Watched(ledger).board, Client()
        client.takes.set()

        def end_after(left: int) -> None:
            if left:
                asyncio.get_running_loop().call_soon(end_after, left - 1)
            else:
                board.stop()

        async def send(message: MutableMapping[str, Any]) -> None:
            await client.send(message)
            if message.get("body"):
                end_after(turns)

        await EventStream(board, None, None)({}, client.receive, send)
        assert client.got[-1] == {"type": "http.response.body", "body": b"", "more_body": False}

    asyncio.run(listen())


def test_a_quiet_stream_is_kept_alive_and_one_that_was_left_ends(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_routes, "KEEP_ALIVE_S", 0.01)

    async def listen() -> None:
        board, client = Watched(ledger).board, Client()
        client.takes.set()
        serving = asyncio.create_task(EventStream(board, None, None)({}, client.receive, client.send))
        await seen(lambda: any(message.get("body", b"").startswith(b": ") for message in client.got))
        client.left.set()
        await asyncio.wait_for(serving, WITHIN_S)
        assert board.audience.clients == 0

    asyncio.run(listen())
