"""What the control socket answers beyond the console: copies for `watermaster backup`, values to be judged."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from dashboards.console.paging import as_json
from dashboards.console.problem import add_problem_handlers
from dashboards.console.stored_routes import stored_routes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from storage.store import Store

__all__ = ["Snapshots", "create_admin_app"]

_BYTES: Final = "application/octet-stream"


class Snapshots(Protocol):
    """Copies of files that the service alone may open. Its calls block."""

    def make(self) -> Mapping[str, Any]:
        """Copy; what there is then: ``id``, and ``files`` with ``name`` and ``size`` of each."""

    def file(self, snapshot: str, name: str) -> Path | None:
        """One of the copies; None if there is no such one."""

    def drop(self, snapshot: str) -> bool:
        """Delete the copies; whether there were any."""


class Reread(Protocol):
    """Reads dead letters once more."""

    async def __call__(self, positions: Sequence[int]) -> Mapping[str, Any] | None:
        """Put their messages into the journal again; those that are not there are left out.

        Returns:
            How many (``messages``), and where (``first``, ``last``); None where nothing collects in this process.
        """


def create_admin_app(snapshots: Snapshots, store: Store | None = None, reread: Reread | None = None) -> FastAPI:
    """The application behind ``/admin/``; routes of copies block, so the framework runs them in threads.

    Args:
        snapshots: Copies of files.
        store: Whose values may be asked for; None = of none.
        reread: Reads dead letters again; None = cannot be asked for that.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    add_problem_handlers(app)

    @app.post("/admin/snapshots")
    def make() -> Response:
        """Copy what the service alone may open. The copies before go."""
        return as_json(snapshots.make(), HTTPStatus.CREATED)

    @app.get("/admin/snapshots/{snapshot}/{name}")
    def file(snapshot: str, name: str) -> Response:
        """The bytes of one copy."""
        path = snapshots.file(snapshot, name)
        if path is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no copy {name!r} of {snapshot!r}")
        return FileResponse(path, media_type=_BYTES)

    @app.delete("/admin/snapshots/{snapshot}")
    def drop(snapshot: str) -> Response:
        """Delete the copies."""
        if not snapshots.drop(snapshot):
            raise HTTPException(HTTPStatus.NOT_FOUND, f"there are no copies {snapshot!r}")
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @app.post("/admin/deadletters/retry")
    async def retry(positions: list[int]) -> Response:
        """Read messages again that could not be read, or of which something was refused."""
        done = None if reread is None else await reread(positions)
        if done is None:
            raise HTTPException(HTTPStatus.CONFLICT, "this process doesn't collect, so it can't read them again")
        return as_json(done)

    if store is not None:
        app.include_router(stored_routes(store))
    return app
