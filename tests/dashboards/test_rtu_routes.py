"""RTUs over REST: what is asked is checked, passed on and shown; without a collector it says so."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import uvicorn
from fastapi import FastAPI

from dashboards.console.problem import add_problem_handlers
from dashboards.console.rtu_routes import rtu_routes
from dashboards.console.rtu_schema import Rtu, RtuCommandShown
from hydro.errors import ConfigError, WatermasterError
from hydro.instants import parse_instant
from ingest.tcp.commands import Command, Verb
from tests.end_to_end.running import eventually
from tests.ingest.example_register import make_register
from tests.servers.process import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator


def rtu(number: int, *, station: str | None = None, connected: bool = True) -> dict[str, Any]:
    """An RTU as the collector tells of it."""
    return {
        "station": station, "protocol": "sl651", "address": f"{number:010d}", "connected": connected,
        "peer": "10.0.0.1:4000", "since": None, "heard_at": "2026-03-01T08:00:00+08:00", "frames": 1,
        "clock_offset_s": None,
    }  # fmt: skip


def entry(number: int) -> dict[str, Any]:
    """An entry of the log."""
    return {
        "id": number, "station": "A", "protocol": None, "address": None, "command": {"verb": "now"}, "by": "li",
        "comment": "", "asked_at": "2026-03-01T08:00:00+08:00", "sent_at": None, "ended_at": None, "tries": 0,
        "outcome": "waiting", "detail": "", "sent": "", "answer": "", "explained": [],
    }  # fmt: skip


class Collector:
    """Remembers what it is asked."""

    def __init__(self) -> None:
        self.asked_for: list[tuple[str, Command, str, str, float, float]] = []
        self.error: WatermasterError | None = None

    def rtus(self) -> list[dict[str, Any]]:
        """Five, one of them off line."""
        return [rtu(number, station="A" if number == 1 else None, connected=number != 2) for number in (3, 1, 2, 5, 4)]

    async def ask(
        self, station: str, command: Command, *, by: str, comment: str, valid_s: float, wait_s: float
    ) -> dict[str, Any]:
        """Remember."""
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        self.asked_for.append((station, command, by, comment, valid_s, wait_s))
        return entry(1)

    async def asked(self, limit: int, before: int | None, station: str | None) -> list[dict[str, Any]]:
        """Numbers from 7 down."""
        del station
        await asyncio.sleep(0)
        return [entry(number) for number in range(7, 0, -1) if before is None or number < before][:limit]

    async def one_asked(self, number: int) -> dict[str, Any] | None:
        """Seven there are."""
        await asyncio.sleep(0)
        return entry(number) if 0 < number <= 7 else None


class _Services:
    zone_minutes = 480
    register = staticmethod(make_register)


class Rest:
    """The routes alone, on a real server in a thread.

    Attributes:
        collector: What stands behind them; None where there is none.
    """

    def __init__(self) -> None:
        self.collector: Collector | None = Collector()
        self.port = free_port()
        app = FastAPI()
        add_problem_handlers(app)
        app.include_router(rtu_routes(_Services(), lambda: self.collector))  # type: ignore[arg-type]  # what they need
        self._server = uvicorn.Server(uvicorn.Config(app, HOST, self.port, log_config=None, lifespan="off", ws="none"))
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        eventually(lambda: self._server.started, 20, "the server")

    def stop(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        self._thread.join()

    def get(self, path: str, **query: object) -> tuple[int, Any]:
        """Status and JSON."""
        return self._request("GET", f"{path}?{urlencode(query)}" if query else path, None)

    def post(self, path: str, body: object) -> tuple[int, Any]:
        """Status and JSON."""
        return self._request("POST", path, json.dumps(body))

    @property
    def asked(self) -> list[tuple[str, Command, str, str, float, float]]:
        """What reached the collector."""
        assert self.collector is not None
        return self.collector.asked_for

    def _request(self, method: str, path: str, body: str | None) -> tuple[int, Any]:
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=20)) as connection:
            connection.request(method, path, body, {"content-type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())


@pytest.fixture(scope="module")
def server() -> Iterator[Rest]:
    """One server for all."""
    rest = Rest()
    yield rest
    rest.stop()


@pytest.fixture
def rest(server: Rest) -> Rest:
    """With a collector of its own."""
    server.collector = Collector()
    return server


def pages(rest: Rest, path: str, limit: int) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    found: list[dict[str, Any]] = []
    query: dict[str, object] = {"limit": limit}
    while True:
        _, page = rest.get(path, **query)
        found += page["items"]
        assert len(page["items"]) <= limit
        if page["next"] is None:
            return found
        query["cursor"] = page["next"]


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_lists_come_in_pages(rest: Rest, limit: int) -> None:
    found = pages(rest, "/rtus", limit)
    assert [int(Rtu.model_validate(one).address) for one in found] == [1, 2, 3, 4, 5]
    assert [RtuCommandShown.model_validate(one).id for one in pages(rest, "/commands", limit)] == [7, 6, 5, 4, 3, 2, 1]


def test_rtus_are_chosen_by_station_and_by_being_on_line(rest: Rest) -> None:
    assert [one["address"][-1] for one in rest.get("/rtus", station="A")[1]["items"]] == ["1"]
    assert [one["address"][-1] for one in rest.get("/rtus", connected="false")[1]["items"]] == ["2"]
    assert rest.get("/commands/7") == (200, entry(7))


def test_a_command_is_passed_on_with_its_instants(rest: Rest) -> None:
    body = {
        "command": "history", "elements": ["stage"], "from": "2026-03-01T08:00:00", "to": "2026-03-01T09:00:00Z",
        "step_min": 10, "by": "li", "comment": "gap", "valid_s": 600, "wait_s": 1,
    }  # fmt: skip
    assert rest.post("/rtus/A/commands", body) == (200, entry(1))
    command = Command(
        verb=Verb.HISTORY,
        elements=("stage",),
        start=parse_instant("2026-03-01T08:00:00+08:00", 0),
        end=parse_instant("2026-03-01T17:00:00+08:00", 0),
        step_min=10,
    )
    assert rest.asked == [("A", command, "li", "gap", 600, 1)]


def test_who_asks_is_the_address_of_the_client_where_nothing_is_said(rest: Rest) -> None:
    rest.post("/rtus/A/commands", {"command": "now"})
    assert rest.asked == [("A", Command(verb=Verb.NOW), HOST, "", 60, 30)]


@pytest.mark.parametrize(
    ("path", "body", "status", "detail"),
    [
        ("/rtus/Z/commands", {"command": "now"}, 404, "station 'Z' is not in the register"),
        ("/rtus/A/commands", {"command": "open the gates"}, 422, "body command: is not one of now, history"),
        ("/rtus/A/commands", {"command": "now", "colour": 1}, 422, "body colour: unknown field"),
        ("/rtus/A/commands", {"command": "history", "from": "yesterday"}, 422, "from 'yesterday' is not an ISO 8601"),
        ("/rtus/A/commands", {"command": "now", "valid_s": 10**9}, 422, "body valid_s: is greater than 604800"),
        ("/rtus/A/commands", {"command": "set", "password": "xyz"}, 422, "body password: holds characters"),
    ],
)
def test_what_can_not_be_asked_is_told(rest: Rest, path: str, body: dict[str, Any], status: int, detail: str) -> None:
    found, problem = rest.post(path, body)
    assert (found, problem["status"]) == (status, status)
    assert problem["detail"].startswith(detail)
    assert rest.asked == []


@pytest.mark.parametrize(
    ("error", "status"),
    [(ConfigError("history: from and to are needed"), 422), (WatermasterError("too many", retryable=True), 503)],
)
def test_what_the_collector_refuses_is_told(rest: Rest, error: WatermasterError, status: int) -> None:
    assert rest.collector is not None
    rest.collector.error = error
    found, problem = rest.post("/rtus/A/commands", {"command": "now"})
    assert (found, problem["detail"]) == (status, str(error))


@pytest.mark.parametrize("path", ["/commands/8", "/commands/0", f"/commands/{10**30}"])
def test_what_is_not_in_the_log_is_404(rest: Rest, path: str) -> None:
    assert rest.get(path)[0] == 404


def test_a_cursor_of_somebody_else_is_422(rest: Rest) -> None:
    assert rest.get("/commands", cursor="eHl6")[0] == 422


@pytest.mark.parametrize("path", ["/rtus", "/commands", "/commands/1"])
def test_without_a_collector_in_the_process_it_is_503(rest: Rest, path: str) -> None:
    rest.collector = None
    status, problem = rest.get(path)
    assert (status, problem["detail"]) == (503, "the collector does not run in this process")
