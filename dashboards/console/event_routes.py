"""``/api/v1/events``: server-sent events that tell a page which of its parts have changed.

::

    event: parts
    data: {"now": 1772323500000, "parts": {"river": "19c…", "alerts": "19c…"}}

The first event has every part, so a browser that comes back after a break fetches what it missed; `Last-Event-ID` has
nothing to add. A client gets at most one event a second. Between them nothing is kept for it: one that is slow finds,
when it reads on, how things are then. One that takes nothing for `SLOW_S` seconds is let go, and counted.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.console.live import Part

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from dashboards.console.live import Basin, Board
    from dashboards.console.services import Services

__all__ = ["MOST_CLIENTS", "EventStream", "event_routes"]

MOST_CLIENTS: Final = 200
"""Browsers that listen at once; one more is told to come later."""

KEEP_ALIVE_S: Final = 15.0
SLOW_S: Final = 20.0
_AGAIN_MS: Final = 2_000
_EVENT_STREAM: Final = "text/event-stream"


class EventStream(Response):
    """One client's stream; ends with the client, with the service, or for slowness.

    Args:
        board: What changes.
        basin: Which the client looks at; None = none.
        station: Number of the station that it looks at; None = none.
    """

    media_type = _EVENT_STREAM

    def __init__(self, board: Board, basin: Basin | None, station: int | None) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]  # there is no telling
        self._board = board
        self._basin = basin
        self._station = station
        self._audience = board.audience
        self._told: dict[Part, str] = {}
        self._now = 0

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end."""
        self._audience.clients += 1
        leaving = asyncio.create_task(_left(receive))
        ending = asyncio.create_task(self._board.ended())
        try:
            await self._stream(send, {leaving, ending})
        finally:
            self._audience.clients -= 1
            for task in (leaving, ending):
                task.cancel()
            await asyncio.gather(leaving, ending, return_exceptions=True)

    async def _stream(self, send: Send, ends: set[asyncio.Task[None]]) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        await send(start)
        text = f"retry: {_AGAIN_MS}\n\n" + self._event()
        # Once the board has stopped its next beat comes at once: this would go round and round, and nothing else run.
        while not (self._board.stopped or any(task.done() for task in ends)):
            if text and not await self._sent(send, text, ends):
                return
            beat = await self._board.next_beat(KEEP_ALIVE_S)
            text = self._event() if beat else ": still here\n\n"
        if self._board.stopped:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _sent(self, send: Send, text: str, ends: set[asyncio.Task[None]]) -> bool:
        """Whether the client took it, before it left and before patience ran out."""
        message = {"type": "http.response.body", "body": text.encode(), "more_body": True}
        sending = asyncio.ensure_future(send(message))
        await asyncio.wait({sending, *ends}, timeout=SLOW_S, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()
            return True
        sending.cancel()
        if not any(task.done() for task in ends):
            self._audience.dropped += 1
        return False

    def _event(self) -> str:
        """What has changed since the last one; empty where nothing has."""
        stamps = {part: self._board.stamp(part, self._basin, self._station) for part in Part}
        changed = {part.value: stamp for part, stamp in stamps.items() if self._told.get(part) != stamp}
        # A page ticks by itself, unless what it shows runs at another speed.
        ticked = self._board.live.replayed and self._board.now != self._now
        if not changed and not ticked:
            return ""
        self._told, self._now = stamps, self._board.now
        data = msgspec.json.encode({"now": self._now, "parts": changed}).decode()
        return f"event: parts\ndata: {data}\n\n"


def event_routes(services: Services) -> APIRouter:
    """Routes over the board."""
    routes = APIRouter(tags=["system"])

    @routes.get("/events", response_class=Response, responses={200: {"content": {_EVENT_STREAM: {}}}})
    async def events(
        basin: Annotated[str | None, Query(max_length=200, description="Whose changes are told.")] = None,
        station: Annotated[str | None, Query(max_length=64, description="The same.")] = None,
    ) -> Response:
        """Server-sent events: which parts of the first page have changed; at most one a second."""
        board, audience = services.board, services.board.audience
        if board.stopped or audience.clients >= MOST_CLIENTS:
            audience.refused += 1
            detail = f"{audience.clients} browsers listen already; come again later"
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"retry-after": "10"})
        number = None if station is None else board.live.index.station_number(station)
        if station is not None and number is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"station {station!r} is not in the register")
        if basin is not None and basin not in board.places.basins:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"basin {basin!r} is not in the register")
        return EventStream(board, None if basin is None else board.places.basins[basin], number)

    return routes


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
