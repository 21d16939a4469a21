"""The page that shows all rows of one thing of the register, and what changed from row to row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.requests import Request  # noqa: TC002  # FastAPI reads the annotations
from starlette.responses import Response  # noqa: TC002  # as above

from dashboards.console.page.links import REGISTER, history_address
from dashboards.console.page.lone import LonePages
from dashboards.console.page.words import Words
from dashboards.console.register_routes import history_of
from hydro.instants import format_instant
from hydro.register import EARLIEST_MS, LATEST_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.console.page.assets import Asset
    from dashboards.console.services import Services

__all__ = ["register_page_routes"]

_MINUTE: Final = len("2026-03-01T08:00")
_DATES: Final = ("valid_from", "valid_to")


def register_page_routes(services: Services, files: Mapping[str, Asset]) -> APIRouter:
    """Routes of the register's pages."""
    routes = APIRouter()
    pages = LonePages(services, files)

    @routes.get(f"{REGISTER}/{{table}}/{{key:path}}", include_in_schema=False)
    def page(request: Request, table: str, key: str) -> Response:
        """All rows of one thing."""
        rows = history_of(services, table, key)
        words = Words(pages.language(request))
        headers = list(dict.fromkeys(name for row in rows for name in row.cells if name not in _DATES))

        def when(at: int, bound: int) -> str:
            return words("always") if at == bound else _shown(at, services.zone_minutes)

        shown = [
            {
                "line": row.line,
                "from": when(row.start_ms, EARLIEST_MS),
                "to": "" if row.end_ms >= LATEST_MS else _shown(row.end_ms, services.zone_minutes),
                "current": row.is_current,
                "cells": [(name, row.cells.get(name, ""), name in row.changed) for name in headers],
            }
            for row in rows
        ]
        title = words("history of", table=table, key=key.replace("/", " · "))
        return pages.answer(
            request, "register.html", history_address(table, *key.split("/")), title=title, rows=shown, headers=headers
        )

    return routes


def _shown(at: int, zone_minutes: int) -> str:
    return format_instant(at, zone_minutes)[:_MINUTE].replace("T", " ")
