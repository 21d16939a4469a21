"""REST: what could not be read, and how the program itself is."""

from __future__ import annotations

from http import HTTPStatus
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.console import schema
from dashboards.console.paging import Cursor, Limit, as_json, decode_cursor, encode_cursor, page
from hydro.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.console.services import Services

__all__ = ["metrics_route", "system_routes"]

_MOST_OF_ONE_MESSAGE: Final = 100
_LARGEST_ID: Final = 10**18 - 1
_PROMETHEUS_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


def system_routes(services: Services) -> APIRouter:
    """Routes below ``/api/v1``."""
    routes = APIRouter(tags=["system"])

    @routes.get("/deadletters", response_model=schema.DeadLetters)
    def dead_letters(
        kind: Annotated[Literal["message", "reading"] | None, Query(description="Only these.")] = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> Response:
        """What could not be read or was refused, the newest first; those of one message are never parted."""
        before = None if cursor is None else _position(decode_cursor(cursor))
        found = services.dead_letters(limit + _MOST_OF_ONE_MESSAGE, before, kind)
        items = _whole_messages(found, limit)
        more = len(items) < len(found)
        return page(items, encode_cursor(str(items[-1]["id"])) if more else None)

    @routes.get("/deadletters/{id}", response_model=schema.DeadLetters)
    def dead_letter(id: Annotated[int, Path(ge=0, le=_LARGEST_ID)]) -> Response:  # noqa: A002  # name of the path's part
        """All of one message, by reason."""
        newest = services.dead_letters(_MOST_OF_ONE_MESSAGE, id + 1, None)
        found = [letter for letter in newest if letter["id"] == id]
        if not found:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"dead letter {id} is not known")
        return page(found, None)

    @routes.get("/health", response_model=schema.Health, responses={503: {"model": schema.Health}})
    def health() -> Response:
        """Whether everything works; 503 where something is lost or can't be taken in."""
        found = services.health()
        failed = found["status"] == "failed"
        return as_json(found, HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK)

    return routes


def metrics_route(services: Services) -> APIRouter:
    """``/metrics``, where Prometheus looks for it."""
    routes = APIRouter(tags=["system"])

    @routes.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    def metrics() -> Response:
        """Numbers for Prometheus."""
        return Response(services.metrics(), media_type=_PROMETHEUS_TEXT)

    return routes


def _whole_messages(letters: Sequence[Mapping[str, Any]], limit: int) -> list[Mapping[str, Any]]:
    """As many letters as fit into ``limit``, but all of a message or none; of the first in any case all."""
    chosen: list[Mapping[str, Any]] = []
    for _, members in groupby(letters, key=lambda letter: letter["id"]):
        together = list(members)
        if chosen and len(chosen) + len(together) > limit:
            break
        chosen += together
    return chosen


def _position(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ConfigError("cursor is none that a page ended with") from error
