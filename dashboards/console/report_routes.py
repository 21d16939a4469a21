"""REST: reports, made while one waits, as rows in pages or as a file."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from dashboards.console.paging import Cursor, Limit, as_json, decode_cursor, encode_cursor, page
from dashboards.reports.compose import NAMES, compose
from dashboards.reports.place import Place
from dashboards.reports.wanted import Wanted
from dashboards.reports.written import Format, require_room, written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from dashboards.reports.document import Row
    from dashboards.reports.head import Head

__all__ = ["ReportMaker", "report_file", "report_routes"]

_PAGE: Final = 1_000
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
"""Of a report as a page, which has its styles inside and loads nothing."""

_FILES: Final[dict[int | str, dict[str, Any]]] = {
    HTTPStatus.OK.value: {"content": {kind.media_type: {} for kind in Format}}
}
_Name = Annotated[str | None, Query(max_length=200)]
Period = Annotated[str, Query(max_length=20, description="`2026`, `2026-Q1`, `2026-03`, `2026-W09` or `2026-03-01`.")]
Division = Annotated[str | None, Query(max_length=20, description="Six digits; this one and those below it.")]


class ReportMaker(Protocol):
    """Makes reports; raises :class:`~hydro.errors.ConfigError` for what it doesn't understand."""

    async def head(self, wanted: Wanted) -> Head:
        """What a report says of itself."""

    async def rows(self, wanted: Wanted, after: str | None, limit: int) -> tuple[Sequence[Row], str | None]:
        """Rows after a place, at most so many, and the place after which the next ones come."""


class ReportRows(BaseModel):
    """A page of a report; what is in a row depends on the report: docs/reports.md."""

    model_config = ConfigDict(extra="forbid")

    items: list[dict[str, str | int | float | bool | None]]
    next: str | None


class ReportHead(BaseModel):
    """What a report says of itself."""

    model_config = ConfigDict(extra="forbid")

    name: str
    period: str
    division: str | None
    authority: str | None
    river: str | None
    station: str | None
    from_: AwareDatetime = Field(alias="from", description="Not included.")
    to: AwareDatetime = Field(description="Included; the present where the period is not over.")
    made_at: AwareDatetime
    is_over: bool
    source: str
    register_: str = Field(alias="register", description="Hash of the register in force.")
    version: str


def _place(division: Division = None, authority: _Name = None, river: _Name = None, station: _Name = None) -> Place:
    return Place(division, authority, river, station)


_Where = Annotated[Place, Depends(_place)]


def report_routes(reports: Callable[[], ReportMaker | None]) -> APIRouter:
    """Routes below ``/api/v1``.

    Args:
        reports: None where none are made.
    """
    routes = APIRouter(tags=["reports"])

    def found(name: str) -> ReportMaker:
        if name not in NAMES:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no report {name[:64]!r}; there are {', '.join(NAMES)}")
        maker = reports()
        if maker is None:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, "no reports are made here")
        return maker

    @routes.get("/reports/{name}", response_model=ReportRows)
    async def rows(name: str, period: Period, place: _Where, limit: Limit = 100, cursor: Cursor = None) -> Response:
        """Rows of a report, with numerator and denominator of every rate; a page may hold fewer than `limit`."""
        after = None if cursor is None else decode_cursor(cursor)
        items, following = await found(name).rows(Wanted(name, period, place), after, limit)
        return page(items, None if following is None else encode_cursor(following))

    @routes.get("/reports/{name}/head", response_model=ReportHead)
    async def head(name: str, period: Period, place: _Where) -> Response:
        """What a report says of itself: of what, made when, from which data, judged by which register."""
        return as_json((await found(name).head(Wanted(name, period, place))).as_json())

    @routes.get("/reports/{name}/file", response_class=Response, responses=_FILES)
    async def file(
        name: str,
        period: Period,
        place: _Where,
        kind: Annotated[Format, Query(alias="format", description="Kind of file.")],
    ) -> Response:
        """A report as the file that the command `report` writes."""
        return await report_file(found(name), Wanted(name, period, place), kind)

    return routes


async def report_file(maker: ReportMaker, wanted: Wanted, kind: Format) -> Response:
    """A report as a file to be downloaded; as a page, to be looked at.

    The answer begins once the first rows are counted, so that what can't be made is told as an error; a long report
    then comes as it is ready, and one that fails later breaks off.
    """
    head = await maker.head(wanted)
    rows, following = await maker.rows(wanted, None, _PAGE)
    shown = "inline" if kind is Format.HTML else "attachment"
    headers = {
        "cache-control": "no-store",
        "content-disposition": f"{shown}; filename*=UTF-8''{quote(f'{wanted.file_name}.{kind.value}', safe='')}",
        "content-security-policy": _POLICY,
        "x-content-type-options": "nosniff",
    }
    content = _content(maker, wanted, head, list(rows), following, kind)
    return StreamingResponse(content, headers=headers, media_type=kind.media_type)


async def _content(
    maker: ReportMaker, wanted: Wanted, head: Head, rows: list[Row], following: str | None, kind: Format
) -> AsyncIterator[bytes]:
    while following is not None:
        more, following = await maker.rows(wanted, following, _PAGE)
        rows += more
        require_room(len(rows))
    yield await asyncio.to_thread(lambda: written(compose(head, rows), head.made_at, kind))
