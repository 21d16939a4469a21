"""An application behind a control socket, served in a thread."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import structlog

from watermaster.control import ControlSocket

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp

__all__ = ["Controlled"]


@dataclass
class Controlled:
    """Enter it to serve.

    Attributes:
        directory: Where the socket lies.
        app: Answers everything but ``/admin/``.
        admin: Answers that; the same without it.
    """

    directory: Path
    app: ASGIApp
    admin: ASGIApp | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _control: ControlSocket | None = None
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Serve."""
        self._control = ControlSocket(self.directory, self.app, self.admin or self.app, structlog.get_logger())
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(self._control), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop in order."""
        assert self._control is not None
        assert self._thread is not None
        asyncio.run_coroutine_threadsafe(self._control.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @staticmethod
    async def _start(control: ControlSocket) -> None:
        control.start()
