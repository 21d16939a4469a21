"""REST: RTUs, what they are asked, and the log of that."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.requests import Request  # noqa: TC002  # FastAPI reads the annotations
from starlette.responses import Response  # noqa: TC002  # as above

from dashboards.console import rtu_schema
from dashboards.console.paging import Cursor, Limit, as_json, decode_cursor, encode_cursor, page
from hydro.errors import ConfigError
from hydro.instants import parse_instant
from ingest.tcp.commands import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dashboards.console.services import Services

__all__ = ["FieldLink", "rtu_routes"]

_LONGEST_NUMBER: Final = 18  # SQLite's integers end a little above


class FieldLink(Protocol):
    """What the collector's field link tells and does."""

    def rtus(self) -> Sequence[dict[str, Any]]:
        """RTUs heard since the start, as :class:`dashboards.console.rtu_schema.Rtu`."""

    async def ask(
        self, station: str, command: Command, *, by: str, comment: str, valid_s: float, wait_s: float
    ) -> dict[str, Any]:
        """Ask the RTU of a station; the entry of the log as it stands when the answer or ``wait_s`` is over.

        Raises:
            ConfigError: It can't be asked that.
            WatermasterError: Too much waits already, or the log can't be written.
        """

    async def asked(self, limit: int, before: int | None, station: str | None) -> Sequence[dict[str, Any]]:
        """The log, the newest first."""

    async def one_asked(self, number: int) -> dict[str, Any] | None:
        """One entry of the log."""


def rtu_routes(services: Services, field_link: Callable[[], FieldLink | None]) -> APIRouter:
    """Routes below ``/api/v1``.

    Args:
        services: Register, zone.
        field_link: None where the collector runs in another process, or has not begun.
    """
    routes = APIRouter(tags=["rtus"])

    def found() -> FieldLink:
        link = field_link()
        if link is None:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "the collector does not run in this process")
        return link

    @routes.get("/rtus", response_model=rtu_schema.Rtus)
    async def rtus(
        station: Annotated[str | None, Query(max_length=64, description="Only of this one.")] = None,
        connected: Annotated[bool | None, Query(description="Only those on line, or off line.")] = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Response:
        """RTUs heard since the start, by protocol and address."""
        after = "" if cursor is None else decode_cursor(cursor)
        chosen = [
            rtu
            for rtu in sorted(found().rtus(), key=_key)
            if _key(rtu) > after and station in (None, rtu["station"]) and connected in (None, rtu["connected"])
        ]
        return page(chosen[:limit], encode_cursor(_key(chosen[limit - 1])) if len(chosen) > limit else None)

    @routes.post("/rtus/{station}/commands", response_model=rtu_schema.RtuCommandShown)
    async def ask(station: str, body: rtu_schema.RtuCommand, request: Request) -> Response:
        """Ask or tell the RTU of a station; it may go on after the answer to this, see its ``outcome``."""
        if station not in services.register().stations:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"station {station!r} is not in the register")
        client = request.client.host if request.client is not None else "unknown"
        return as_json(
            await found().ask(
                station,
                _command(body, services.zone_minutes),
                by=body.by or client,
                comment=body.comment,
                valid_s=body.valid_s,
                wait_s=body.wait_s,
            )
        )

    @routes.get("/commands", response_model=rtu_schema.RtuCommands)
    async def commands(
        station: Annotated[str | None, Query(max_length=64, description="Only of this one.")] = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Response:
        """What RTUs were asked, the newest first."""
        before = None if cursor is None else _number(decode_cursor(cursor))
        items = await found().asked(limit + 1, before, station)
        more = len(items) > limit
        return page(items[:limit], encode_cursor(str(items[limit - 1]["id"])) if more else None)

    @routes.get("/commands/{id}", response_model=rtu_schema.RtuCommandShown)
    async def command(id: int) -> Response:  # noqa: A002  # name of the path's part
        """One of them."""
        shown = await found().one_asked(id) if len(str(id)) <= _LONGEST_NUMBER else None
        if shown is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"command {id} is not in the log")
        return as_json(shown)

    return routes


def _key(rtu: dict[str, Any]) -> str:
    return f"{rtu['protocol']} {rtu['address']}"


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > _LONGEST_NUMBER:
        raise ConfigError("cursor is none that a page ended with")
    return int(text)


def _command(body: rtu_schema.RtuCommand, zone_minutes: int) -> Command:
    return Command(
        verb=body.command,
        elements=tuple(body.elements),
        start=_instant("from", body.from_, zone_minutes),
        end=_instant("to", body.to, zone_minutes),
        step_min=body.step_min,
        parameters=tuple(body.parameters),
        values=body.values or None,
        password=body.password,
    )


def _instant(name: str, text: str | None, zone_minutes: int) -> int | None:
    if text is None:
        return None
    try:
        return parse_instant(text, zone_minutes)
    except (ValueError, OverflowError):
        raise ConfigError(f"{name} {text!r} is not an ISO 8601 date and time") from None
