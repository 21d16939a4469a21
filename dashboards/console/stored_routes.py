"""What the control socket gives of the store beyond REST: values as they were kept, to be judged by a command.

Only the process that has an embedded store may open it, so `backtest --from-store` asks that one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.responses import Response

from dashboards.console.paging import as_json
from hydro.errors import ConfigError
from hydro.instants import DAY_MS
from hydro.quantity import QUANTITIES
from storage.packed_samples import columns_of, pack_samples

if TYPE_CHECKING:
    from storage.store import Store

__all__ = ["stored_routes"]

LONGEST_MS: Final = 366 * DAY_MS
"""Longest range of one answer: what a minute station gives in a year still fits into memory."""

_BYTES: Final = "application/octet-stream"


def stored_routes(store: Store) -> APIRouter:
    """Routes of the control socket, served in the event loop of the store."""
    routes = APIRouter()

    @routes.get("/admin/store/series/{since}")
    async def series(since: int) -> Response:
        """Series, by station and quantity, that have a value after an instant; from when on single values are kept."""
        return as_json({"kept_since": await store.kept_since(None), "series": sorted(await store.latest(since))})

    @routes.get("/admin/store/values/{station}/{quantity}/{start}/{end}")
    async def values(station: str, quantity: str, start: int, end: int) -> Response:
        """Values with start < time <= end, epoch milliseconds, as :func:`~storage.packed_samples.pack_samples` has."""
        if quantity not in QUANTITIES:
            raise ConfigError(f"quantity {quantity[:64]!r} is not one of {', '.join(QUANTITIES)}")
        if end - start > LONGEST_MS:
            raise ConfigError(f"from and to are more than {LONGEST_MS // DAY_MS} days apart: ask for parts")
        points = await store.read(station, quantity, start, end)
        return Response(pack_samples(columns_of(points)), media_type=_BYTES)

    return routes
