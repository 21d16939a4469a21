"""The embedded store: a :class:`storage.store.Store` in a DuckDB file.

Invariants:
    * One thread writes, in the order of the calls; a batch and the journal position that it reaches are one
      transaction.
    * Reads have threads and connections of their own and see the state of one instant; they never hold a batch up.
    * Nothing is asked of the file before the first call, so making a store opens nothing.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

import duckdb
import numpy as np

from hydro.errors import StoreError
from hydro.instants import DAY_MS, HOUR_MS
from storage.embedded.database import DamagedError, Database
from storage.embedded.reading import read_buckets, read_keys, read_latest, read_points
from storage.embedded.schema import NEVER, State, read_state, set_state
from storage.embedded.series_names import refused_stations
from storage.embedded.transaction import transaction
from storage.embedded.upkeep import Limits, keep_up
from storage.embedded.writing import Batch, write_alerts, write_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from hydro.columns import Observations
    from hydro.series import SeriesIndex
    from storage.buckets import Bucket, Grid
    from storage.embedded.database import Damage
    from storage.embedded.series_names import SeriesNames
    from storage.store import AlertPoint, Keeping, Key, Point, PreparedWrite, WriteResult

__all__ = ["FILE_NAME", "EmbeddedStore"]

FILE_NAME: Final = "store.duckdb"
"""The file in a data directory."""

_READERS: Final = 2

T = TypeVar("T")


class EmbeddedStore:
    """One file.

    Args:
        path: The file; made when it is first asked.
        damaged: Told of a file that can't be read and was set aside, from another thread. The new one is empty, and its
            `position` says so.
    """

    def __init__(self, path: Path, damaged: Callable[[Damage], None] = lambda _: None) -> None:
        self.database = Database(path, damaged)
        self._index: SeriesIndex | None = None
        self._refused: NDArray[np.bool_] = np.empty(0, np.bool_)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store reader")

    async def close(self) -> None:
        """Wait for what was begun, then let go of the file; the next call opens it again."""
        await asyncio.get_running_loop().run_in_executor(self._writer, self.database.close)

    async def ensure(self) -> None:
        """Open the file, made if need be."""
        await self.position()

    async def ping(self) -> str:
        """Version of DuckDB; the file answers."""
        await self.reading(lambda connection, _: read_state(connection))
        return f"DuckDB {duckdb.__version__}"

    async def position(self) -> int:
        """See :meth:`storage.store.Store.position`; 0 in a new file."""
        state: State = await self.reading(lambda connection, _: read_state(connection))
        return state.position

    async def rewind(self, position: int) -> None:
        """See :meth:`storage.store.Store.rewind`."""

        def work(connection: DuckDBPyConnection, _: SeriesNames) -> None:
            with transaction(connection):
                state = read_state(connection)
                set_state(connection, state._replace(position=min(state.position, position)))

        await self.writing(work)

    def prepare(self, rows: Observations, names: SeriesIndex, upto: int = 0) -> PreparedWrite:
        """See :meth:`storage.store.Store.prepare`."""
        if self._index is not names:
            self._index, self._refused = names, refused_stations(names)
        batch = Batch.of(rows, names, upto, self._refused)

        def work(connection: DuckDBPyConnection, known: SeriesNames) -> WriteResult:
            if upto and self.database.replaced:
                raise StoreError(
                    f"{self.database.path}: was deleted or replaced while in use; start again, so that it is filled"
                    " from the journal"
                )
            return write_batch(connection, known, batch)

        async def send() -> WriteResult:
            return await self.writing(work)

        return send

    async def write(self, rows: Observations, names: SeriesIndex, upto: int = 0) -> WriteResult:
        """See :meth:`storage.store.Store.write`."""
        return await self.prepare(rows, names, upto)()

    async def write_alerts(self, transitions: Sequence[AlertPoint]) -> WriteResult:
        """See :meth:`storage.store.Store.write_alerts`."""
        return await self.writing(lambda connection, _: write_alerts(connection, transitions))

    async def read(self, station: str, quantity: str, start: int, end: int) -> list[Point]:
        """See :meth:`storage.store.Store.read`; of what is condensed there are no points."""

        def work(connection: DuckDBPyConnection, names: SeriesNames) -> list[Point]:
            number = names.number(station, quantity)
            return [] if number is None else read_points(connection, number, start, end)

        return await self.reading(work)

    async def buckets(self, station: str, quantity: str, start: int, end: int, grid: Grid) -> list[Bucket]:
        """See :meth:`storage.store.Store.buckets`."""

        def work(connection: DuckDBPyConnection, names: SeriesNames) -> list[Bucket]:
            number = names.number(station, quantity)
            return [] if number is None else read_buckets(connection, number, start, end, grid)

        return await self.reading(work)

    async def lookup(self, keys: Sequence[tuple[str, str, Sequence[int]]]) -> dict[Key, Point]:
        """See :meth:`storage.store.Store.lookup`."""
        return await self.reading(lambda connection, names: read_keys(connection, names, keys))

    async def latest(self, since: int) -> dict[tuple[str, str], Point]:
        """See :meth:`storage.store.Store.latest`."""
        return await self.reading(lambda connection, names: read_latest(connection, names, since))

    async def kept_since(self, every_ms: int | None) -> int | None:
        """See :meth:`storage.store.Store.kept_since`."""
        state: State = await self.reading(lambda connection, _: read_state(connection))
        if every_ms is None or every_ms % HOUR_MS:
            until = state.hours_until
        else:
            until = state.days_until if every_ms % DAY_MS else NEVER
        return None if until == NEVER else until

    async def upkeep(self, at: int, keeping: Keeping) -> None:
        """Sort what is no longer new, sum up what is old; see :meth:`storage.store.Store.upkeep`."""
        await keep_up(self.reading, self.writing, at, keeping, Limits())

    async def reading(self, work: Callable[[DuckDBPyConnection, SeriesNames], T]) -> T:
        """Result of work that reads, beside the writer."""

        def run() -> T:
            with self.database.use() as connection:
                return work(connection, self.database.names)

        return await asyncio.get_running_loop().run_in_executor(self._readers, run)

    async def writing(self, work: Callable[[DuckDBPyConnection, SeriesNames], T]) -> T:
        """Result of work that writes, in its turn."""

        def run() -> T:
            try:
                with self.database.use() as connection:
                    try:
                        return work(connection, self.database.names)
                    except BaseException:
                        self.database.forget_names()
                        raise
            except DamagedError as error:
                # Nothing can be written any more: the next start sets the file aside and fills a new one.
                self.database.condemn(str(error))
                message = f"{error}; start again, so that it is set aside and filled from the journal"
                raise StoreError(message) from error

        return await asyncio.get_running_loop().run_in_executor(self._writer, run)
