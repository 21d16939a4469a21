"""REST: what could not be read, and how the program itself is."""

from __future__ import annotations

from http import HTTPStatus
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from dashboards.console import schema
from dashboards.console.paging import Cursor, Limit, as_json, decode_cursor, encode_cursor, page
from hydro.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.console.services import Services

__all__ = ["front_page_route", "metrics_route", "system_routes"]

_MOST_OF_ONE_MESSAGE: Final = 100
_PROMETHEUS_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"


# No scripts, no styles of others: an authority's network often reaches nowhere else.
_FRONT_PAGE: Final = """<!doctype html>
<html lang="zh">
<head><meta charset="utf-8"><title>Watermaster 水务值守</title></head>
<body>
<h1>Watermaster 水务值守</h1>
<p>Pages come with a later version. 网页界面将随后续版本提供。</p>
<ul>
<li><a href="/api/v1/health">/api/v1/health</a> how the parts are · 运行状况</li>
<li><a href="/api/v1/openapi.json">/api/v1/openapi.json</a> the REST interface · REST 接口说明</li>
<li><a href="/metrics">/metrics</a> numbers for Prometheus · 监控指标</li>
</ul>
</body>
</html>
"""


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


def front_page_route() -> APIRouter:
    """``/``, where a browser lands that was given the address alone."""
    routes = APIRouter()

    @routes.get("/", include_in_schema=False)
    def front_page() -> Response:
        """What is there."""
        headers = {"content-security-policy": "default-src 'none'"}
        return Response(_FRONT_PAGE, media_type="text/html; charset=utf-8", headers=headers)

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
