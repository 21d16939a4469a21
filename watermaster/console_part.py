"""The service that shows: page, REST and metrics over HTTP."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from alerting.ledger import Ledger
from dashboards.console.admin_routes import create_admin_app
from dashboards.console.app import create_app
from dashboards.console.services import Services
from hydro.errors import WatermasterError
from storage.dead_letters import DeadLetterFile
from watermaster import series
from watermaster.backup.snapshots import StoreSnapshots
from watermaster.cli.deadletters import letter_json
from watermaster.control import ControlSocket, QuietServer
from watermaster.live_page import LivePage
from watermaster.report_service import ReportService
from watermaster.reread import Reread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from storage.buckets import Bucket
    from storage.store import Point
    from watermaster.part import Surroundings

__all__ = ["ConsolePart"]

_STOP_S: Final = 3


class ConsolePart:
    """See the module."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._ledger: Ledger | None = None
        self._dead_letters: DeadLetterFile | None = None
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._control: ControlSocket | None = None
        self._snapshots: StoreSnapshots | None = None
        self._page: LivePage | None = None
        self._reports: ReportService | None = None

    async def start(self) -> None:
        """Bind the port; whoever asks before the other parts are there is told so."""
        around, settings = self._around, self._around.settings
        listening = _listen(settings.console.host, settings.console.port)
        store = around.store
        self._ledger = Ledger.open(
            around.data_dir.ledger_url(settings.ledger.url), zone_minutes=around.register.zone_minutes
        )
        self._dead_letters = letters = DeadLetterFile(around.data_dir.dead_letters)
        register = around.register

        async def values(station: str, quantity: str, start: int, end: int) -> Sequence[Point]:
            return await series.values(store, register, station, quantity, start, end)

        async def buckets(station: str, quantity: str, start: int, end: int, every: str) -> Sequence[Bucket]:
            length = series.parse_every(every)
            return await series.buckets(store, register, station, quantity, start, end, length)

        async def summed_up(start: int, every: str | None) -> str | None:
            length = None if every is None else series.parse_every(every)
            return await series.summed_up(store, register.zone_minutes, start, length)

        def dead_letters(limit: int, before: int | None, kind: str | None) -> list[dict[str, Any]]:
            found = letters.newest(limit, before=before, kind=kind)
            return [letter_json(letter, register.zone_minutes) for letter in found]

        def evidence(name: str) -> Path | None:
            path = around.data_dir.evidence / name
            return path if path.is_file() else None

        around.metrics.degraded = around.health.degraded
        self._page = page = LivePage(around, self._ledger)
        await page.start()
        self._reports = reports = ReportService(
            register,
            version=version("watermaster"),
            store=store,
            store_kind=settings.store.url.split(":")[0],
            alerts=self._ledger.export,
            clock=around.clock,
        )
        app = create_app(
            Services(
                version=version("watermaster"),
                zone_minutes=register.zone_minutes,
                clock=around.clock,
                ledger=self._ledger,
                register=lambda: register,
                board=page.board,
                field_link=lambda: around.tcp,
                values=values,
                buckets=buckets,
                summed_up=summed_up,
                reports=lambda: reports,
                evidence=evidence,
                dead_letters=dead_letters,
                health=around.health.report,
                metrics=around.metrics.text,
            ),
            host=settings.console.host,
        )
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=_STOP_S, ws="none"
        )
        self._server = server = QuietServer(config)
        self._serving = asyncio.create_task(server.serve(sockets=[listening]), name="console")
        self._snapshots = snapshots = StoreSnapshots(around.data_dir, store)
        admin = create_admin_app(snapshots, store, Reread(letters, lambda: around.append_again))
        self._control = ControlSocket(around.data_dir.path, app, admin, around.log)
        self._control.start()
        host, port = listening.getsockname()[:2]
        around.log.info("console", address=f"http://{host}:{port}")

    async def run(self) -> None:
        """Serve until stopped."""
        if self._serving is None or self._page is None:
            return
        living = {self._serving, asyncio.create_task(self._page.run(), name="first page")}
        done, _ = await asyncio.wait(living, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Answer what was asked, close."""
        if self._page is not None:
            self._page.end()
        if self._reports is not None:
            self._reports.end()  # else it would be waited for, as well
        if self._snapshots is not None:
            self._snapshots.close()  # else it would be waited for, which may take minutes
        if self._control is not None:
            await self._control.stop()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            with suppress(asyncio.CancelledError):
                await self._serving
        if self._page is not None:
            await self._page.stop()
        if self._dead_letters is not None:
            self._dead_letters.close()
        if self._ledger is not None:
            self._ledger.close()


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket.

    Raises:
        WatermasterError: The port is in use, or the address isn't ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise WatermasterError(f"console.port: {host}:{port}: {error.strerror}; choose another one") from error
    return listening
