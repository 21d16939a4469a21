"""REST: rows of the register over time."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response  # noqa: TC002  # FastAPI reads the annotations

from dashboards.console.paging import as_json
from hydro.register import Context
from hydro.register.history import TABLE_NAMES, HistoryRow, row_history

if TYPE_CHECKING:
    from dashboards.console.services import Services

__all__ = ["history_of", "register_routes"]


class HistoryItem(BaseModel):
    """A row of the register."""

    model_config = ConfigDict(extra="forbid")

    row: int = Field(description="Of the file, as a spreadsheet counts.")
    key: list[str]
    valid_from: AwareDatetime | None = Field(description="Not included; null = always.")
    valid_to: AwareDatetime | None = Field(description="Included; null = for ever.")
    current: bool = Field(description="It is valid now.")
    cells: dict[str, str] = Field(description="As they are written, by header; empty ones are left out.")
    changed: list[str] = Field(description="Headers of cells that differ from the row before of the same key.")


class History(BaseModel):
    """All rows of one thing."""

    model_config = ConfigDict(extra="forbid")

    items: list[HistoryItem]
    next: None = Field(description="Always null: a thing has few rows.")


_Table = Annotated[str, Path(max_length=40, description="Name of the file without `.csv`.")]
_Key = Annotated[str, Path(max_length=400, description="Cells of the key, separated by `/`; a beginning asks for all.")]


def history_of(services: Services, table: str, key: str) -> list[HistoryRow]:
    """Rows of one thing; blocks.

    Raises:
        HTTPException: There is no such table, or no such thing in it.
    """
    if table not in TABLE_NAMES:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"the register has no table {table[:40]!r}: {', '.join(TABLE_NAMES)}")
    register = services.register()
    context = Context(register.zone_minutes, 0)
    rows = row_history(register.files, table, key.split("/"), context, services.board.now)
    if not rows:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"table {table} of the register has no {key[:100]!r}")
    return rows


def register_routes(services: Services) -> APIRouter:
    """Routes below ``/api/v1``."""
    routes = APIRouter(tags=["register"])

    @routes.get("/register/{table}/{key:path}", response_model=History)
    async def history(table: _Table, key: _Key) -> Response:
        """Every row of one thing of the register, by validity, with what changed from row to row."""
        rows = await asyncio.to_thread(history_of, services, table, key)
        items: list[dict[str, Any]] = [row.as_json(services.zone_minutes) for row in rows]
        return as_json({"items": items, "next": None})

    return routes
