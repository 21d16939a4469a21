"""The control socket: commands on this machine reach the running service through it, see docs/decisions/0061.

It serves the console's application, and beside it routes that exist only here. Who may open the file may use it: the
user of the service, and root.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from watermaster import socket_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["ControlSocket", "QuietServer"]

_STOP_S: Final = 3
_ADMIN: Final = "/admin/"


class QuietServer(uvicorn.Server):
    """Leaves the signals to the service, which ends its parts in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class ControlSocket:
    """Serves from `start` to `stop`.

    Args:
        directory: Where the socket lies; the caller is the only service of its kind there.
        app: The console's application.
        admin: Answers what begins with ``/admin/``.
        log: Events.
    """

    def __init__(self, directory: Path, app: ASGIApp, admin: ASGIApp, log: Any) -> None:  # noqa: ANN401  # the type is not public
        self._directory = directory
        self._app = app
        self._admin = admin
        self._log = log
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Listen; where that can't be, commands read files for themselves, and all else goes on."""
        try:
            listening = socket_file.listen(self._directory)
        except OSError as error:
            self._log.warning("control_socket_failed", path=str(self._directory / socket_file.NAME), error=str(error))
            return
        config = uvicorn.Config(
            self._route,
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            lifespan="off",
            timeout_graceful_shutdown=_STOP_S,
            ws="none",
        )
        self._server = server = QuietServer(config)
        self._serving = asyncio.create_task(server.serve(sockets=[listening]), name="control socket")

    async def stop(self) -> None:
        """Answer what was asked, remove the file."""
        if self._server is None or self._serving is None:
            return
        (self._directory / socket_file.NAME).unlink(missing_ok=True)  # first: who comes now finds no service
        self._server.should_exit = True
        with suppress(asyncio.CancelledError):
            await self._serving

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_admin = scope["type"] == "http" and scope["path"].startswith(_ADMIN)
        await (self._admin if is_admin else self._app)(scope, receive, send)
