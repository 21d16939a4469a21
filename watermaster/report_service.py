"""Reports in a running service: made in threads, one at a time, with the store that the service has open."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hydro.errors import WatermasterError
from watermaster.reports import Reports
from watermaster.store_reading import StoreReading

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping

    from dashboards.reports.document import Row
    from dashboards.reports.head import Head
    from dashboards.reports.wanted import Wanted
    from hydro.register import Register
    from storage.store import Store

__all__ = ["MOST_WAITING", "ReportService"]

T = TypeVar("T")

MOST_WAITING: Final = 8
"""Requests that may wait for the one that is being answered; one more is refused."""

_ANSWER_S: Final = 100.0


class ReportService:
    """What :class:`dashboards.console.report_routes.ReportMaker` asks for; to be made in the store's event loop.

    Args:
        register: Master data.
        version: Of the program.
        store: Of the service.
        store_kind: What it is called.
        alerts: All of them, see :class:`Reports`.
        clock: Epoch milliseconds.
    """

    def __init__(
        self,
        register: Register,
        *,
        version: str,
        store: Store,
        store_kind: str,
        alerts: Callable[[], Iterable[Mapping[str, Any]]],
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._ended = Event()
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._reports = Reports(
            register=register,
            version=version,
            store_kind=store_kind,
            clock=clock,
            reading=self._reading,
            alerts=alerts,
        )

    def end(self) -> None:
        """Give up what is being made."""
        self._ended.set()

    async def head(self, wanted: Wanted) -> Head:
        """See :meth:`Reports.head`."""
        return self._reports.head(wanted)

    async def rows(self, wanted: Wanted, after: str | None, limit: int) -> tuple[list[Row], str | None]:
        """See :meth:`Reports.rows`.

        Raises:
            WatermasterError: Too many wait already, or the service ends.
        """
        if self._waiting >= MOST_WAITING:
            raise WatermasterError(f"{self._waiting} reports wait to be made; try again later", retryable=True)
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(self._reports.rows, wanted, after=after, limit=limit)
        finally:
            self._waiting -= 1

    @contextmanager
    def _reading(self) -> Iterator[StoreReading]:
        yield StoreReading(self._store, self._wait)

    def _wait(self, call: Coroutine[Any, Any, T]) -> T:
        """What comes of a call in the service's loop."""
        if self._ended.is_set():
            call.close()
            raise WatermasterError("the service is ending")
        try:
            return asyncio.run_coroutine_threadsafe(call, self._loop).result(_ANSWER_S)
        except TimeoutError:
            raise WatermasterError(f"the store has not answered for {_ANSWER_S:.0f} s", retryable=True) from None
