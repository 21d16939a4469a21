"""A console that serves on a free port, in a thread, over a real ledger and register."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from bisect import bisect_right
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import uvicorn

from alerting.ledger import Ledger
from dashboards.console.app import create_app
from dashboards.console.live import Board, Live
from dashboards.console.services import Services
from hydro.errors import StoreUnavailable
from hydro.instants import MINUTE_MS
from hydro.register import Context, Register
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from ingest.store_reader import Totals
from storage.buckets import Bucket, Grid, bucketise
from tests.alerting.sample_alerts import DAWN
from tests.servers.process import HOST, READY_WITHIN_S, free_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dashboards.console.report_routes import ReportMaker
    from storage.store import Point

__all__ = ["Answer", "Console"]

PREFIX: Final = "watermaster/v1"
STATIONS: Final = """station,name,kind,basin,river,division,gateway,interval_min,lon,cease_stage_m,ice_from,ice_to,memo
52010300A1,鸭池河断面,section,乌江,鸭池河,520103,gw1,5,106.5,0.25,12-01,02-28,see file 7
52010300A2,二号,plant,,,,,15,,,,,
52010300A3,三号,intake,,,,,60,,,,,
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  # whatever it is
        """The body, decoded."""
        return json.loads(self.body)

    def problem(self, status: int) -> str:
        """The detail of a problem, after looking whether it is one."""
        assert self.headers["content-type"] == "application/problem+json"
        shown = self.json
        assert (self.status, shown["status"], shown["type"]) == (status, status, "about:blank")
        assert shown["title"]
        return str(shown["detail"])


@dataclass
class Console:
    """Enter it to serve.

    Attributes:
        path: Folder of the ledger.
        points: What the store holds, by station and quantity; None where it is away.
        letters: Dead letters, the newest first.
        health: What the parts say.
        tables: Files of the register.
        totals: What was counted; None where another process counts.
        now: The clock, epoch milliseconds.
        trust_replay: Whether the stream says what time it is.
        reports: Makes reports; None where none are made.
        host: Which address the application believes it listens on.
    """

    path: Path
    points: dict[tuple[str, str], list[Point]] | None = field(default_factory=dict)
    letters: list[dict[str, Any]] = field(default_factory=list)
    health: dict[str, Any] = field(default_factory=lambda: {"status": "ok", "parts": {}})
    tables: dict[str, str] = field(default_factory=lambda: {"stations.csv": STATIONS})
    totals: Totals | None = field(default_factory=Totals)
    now: int = DAWN + 60 * MINUTE_MS
    trust_replay: bool = False
    reports: ReportMaker | None = None
    host: str = HOST
    port: int = field(default_factory=free_port)

    def __enter__(self) -> Self:
        """Serve."""
        self.ledger = Ledger.open(f"sqlite:///{self.path / 'ledger.sqlite'}", zone_minutes=480)
        context = Context(zone_minutes=480, lateness_min=30)
        contents = {name: text.encode() for name, text in self.tables.items()}
        loaded = Register.parse(contents, context, {})
        assert loaded.register is not None, loaded.mistakes
        self.register = register = loaded.register
        index = SeriesIndex(register.stations)
        ticks = TickSource.RECEIVED_AT if self.trust_replay else TickSource.HEARTBEAT
        self._decoder = Decoder(register, index, prefix=PREFIX, max_age_days=400, ticks=ticks)
        self.live = Live(register, index, prefix=PREFIX, trust_replay=self.trust_replay)
        self.board = Board(
            self.live,
            self.ledger,
            clock=lambda: self.now,
            health=lambda: self.health,
            totals=lambda: self.totals,
            run=token_hex(4),
        )
        app = create_app(
            Services(
                version="1.2.3",
                zone_minutes=480,
                clock=lambda: self.now,
                ledger=self.ledger,
                register=lambda: register,
                board=self.board,
                field_link=lambda: None,
                values=self._values,
                buckets=self._buckets,
                dead_letters=self._dead_letters,
                evidence=self._evidence,
                reports=lambda: self.reports,
                health=lambda: self.health,
                metrics=lambda: "watermaster_messages_received_total 7\n",
            ),
            host=self.host,
        )
        config = uvicorn.Config(app, host=HOST, port=self.port, log_config=None, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="console")
        self._thread.start()
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return self

    def _evidence(self, name: str) -> Path | None:
        path = self.path / "evidence" / name
        return path if path.is_file() else None

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        beating = asyncio.create_task(self.board.run())
        await self._server.serve()
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)

    def __exit__(self, *_: object) -> None:
        """Stop serving, as the service does: first those who listen are let go."""
        self._loop.call_soon_threadsafe(self.board.stop)
        self._server.should_exit = True
        self._thread.join()
        self.ledger.close()

    @property
    def url(self) -> str:
        """Address of the first page."""
        return f"http://{HOST}:{self.port}/"

    def receive(self, topic: str, payload: object, at: int | None = None) -> None:
        """A message as the journal gives it, and what a page sees of it.

        Args:
            topic: Behind the prefix.
            payload: JSON, or bytes as they are.
            at: When it was received, epoch milliseconds; now without it.
        """
        encoded = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        topics, payloads, received_at = [f"{PREFIX}/{topic}"], [encoded], np.array([self.now if at is None else at])

        async def take() -> None:
            self.live.hear(topics, payloads, received_at)
            self.live.take(self._decoder.decode(1, topics, payloads, received_at))
            await self.board.beat()

        asyncio.run_coroutine_threadsafe(take(), self._loop).result(READY_WITHIN_S)

    def report(self, station: str, values: Mapping[str, float | None], at: int | None = None) -> None:
        """Readings of a station, from the gateway that the register has for it, measured and received at one time."""
        time_ms = self.now if at is None else at
        gateway = self.register.stations[station].rows[-1].gateway or "any"
        self.receive(f"{gateway}/up/json", {"station": station, "time": time_ms, "values": values}, time_ms)

    def beat(self) -> None:
        """Have the board look now."""
        asyncio.run_coroutine_threadsafe(self.board.beat(), self._loop).result(READY_WITHIN_S)

    def get(self, path: str, **headers: str) -> Answer:
        """Ask."""
        return self.request("GET", path, None, headers)

    def post(self, path: str, body: object, **headers: str) -> Answer:
        """Send JSON, or bytes as they are."""
        encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request("POST", path, encoded, {"content_type": "application/json", **headers})

    def request(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        """One request; underscores in names of headers mean dashes."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=20)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return Answer(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )
        finally:
            connection.close()

    async def _values(self, station: str, quantity: str, start: int, end: int) -> Sequence[Point]:
        if self.points is None:
            raise StoreUnavailable("influxdb://127.0.0.1:8086 does not answer")
        points = self.points.get((station, quantity), [])
        first, last = (bisect_right(points, at, key=lambda point: point.time) for at in (start, end))
        return points[first:last]

    async def _buckets(self, station: str, quantity: str, start: int, end: int, every: str) -> Sequence[Bucket]:
        length = int(every.removesuffix("h")) * 60 * MINUTE_MS
        grid = Grid(length, self.register.stations[station].rows[-1].interval_min * MINUTE_MS, 480)
        return list(bucketise(await self._values(station, quantity, start, end), start, end, grid))

    def _dead_letters(self, limit: int, before: int | None, kind: str | None) -> Sequence[Mapping[str, Any]]:
        return [
            letter
            for letter in self.letters
            if (before is None or letter["id"] < before) and kind in (None, letter["kind"])
        ][:limit]
