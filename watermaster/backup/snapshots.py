"""What the service copies for a backup: the embedded store, which it alone may open, with the state that belongs to it.

The state file says up to where the store has everything, and holds the store's answers that can't be asked for again.
So the two must be of one moment, while the writer goes on. Each can hold a moment: SQLite and DuckDB both let a reader
see what was there when it began. They are one moment if nobody committed to the state file between a look before the
first began and a look after the second had; else both begin again. Nothing waits for anything.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import threading
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable
from urllib.parse import quote

from hydro.errors import StateError, WatermasterError
from watermaster.backup.members import STORE, STORE_STATE
from watermaster.backup.sqlite_snapshot import SqliteSnapshot

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from storage.embedded.database import Database
    from storage.embedded.moment import Moment
    from storage.store import Store
    from watermaster.data_dir import DataDir

__all__ = ["POSITION", "CopyableStore", "StoreSnapshots"]

POSITION: Final = "SELECT value FROM meta WHERE name = 'position'"
"""In a state file: up to where it is true."""

_DIRECTORY: Final = "snapshot"
_SPARED_BYTES: Final = 256 * 1024 * 1024  # a segment of the journal
_TRIES: Final = 200
_WAIT_S: Final = 0.005


@runtime_checkable
class CopyableStore(Protocol):
    """A store that is a file of this process."""

    database: Database


class StoreSnapshots:
    """Copies in the data directory, the latest only. Its calls block.

    Args:
        data_dir: Of the service.
        store: Of the service; where it is no file there is nothing to copy.
    """

    def __init__(self, data_dir: DataDir, store: Store) -> None:
        self._state = data_dir.store_state
        self._directory = data_dir.path / _DIRECTORY
        self._store = store
        self._lock = threading.Lock()
        self._id = ""
        self._moment: Moment | None = None
        self._closed = False
        self._remove()  # a service that was killed may have left some

    def make(self) -> Mapping[str, Any]:
        """Copy, instead of what was copied before.

        Returns:
            ``id``; ``position`` of the state and ``store_position`` of the store, which is behind it only while a store
            is filled anew; ``files`` with ``name`` and ``size``.

        Raises:
            WatermasterError: The store is no file, something is damaged, or there is no room.
        """
        if not isinstance(self._store, CopyableStore):
            raise WatermasterError("the store of this service is a server's: it can't be copied here")
        if not self._state.is_file():
            raise WatermasterError(f"{self._state}: is not there yet")
        with self._lock:
            self._remove()
            try:
                self._look_for_room(self._store)
                self._directory.mkdir(mode=0o700)
                position, store_position = self._copy(self._store)
                files = [{"name": path.name, "size": path.stat().st_size} for path in sorted(self._directory.iterdir())]
            except OSError as error:
                self._remove()
                raise WatermasterError(f"{self._directory}: {error.strerror}") from error
            except BaseException as error:
                self._remove()
                if self._closed:
                    raise WatermasterError("the service is stopping and makes no copies any more") from error
                raise
            self._id = secrets.token_hex(8)
            return {"id": self._id, "position": position, "store_position": store_position, "files": files}

    def file(self, snapshot: str, name: str) -> Path | None:
        """One of the copies; None if there is no such one."""
        path = self._directory / name
        known = snapshot == self._id and name in (STORE, STORE_STATE)
        return path if known and path.is_file() else None

    def drop(self, snapshot: str) -> bool:
        """Delete the copies; whether there were any."""
        with self._lock:
            found = snapshot == self._id
            if found:
                self._remove()
        return found

    def close(self) -> None:
        """Break off a copy that is being made, delete whatever there is, make no more."""
        self._closed = True
        while not self._lock.acquire(timeout=_WAIT_S):
            if (moment := self._moment) is not None:
                moment.break_off()  # until it is: it may not have begun yet
        try:
            self._remove()
        finally:
            self._lock.release()

    def _remove(self) -> None:
        self._id = ""
        shutil.rmtree(self._directory, ignore_errors=True)

    def _look_for_room(self, store: CopyableStore) -> None:
        """The journal is on this disk: a copy that fills it would keep the collector from acknowledging.

        Raises:
            WatermasterError: There would be too little left.
        """
        path = store.database.path
        files = (path, path.with_name(f"{path.name}.wal"), self._state)
        needed = sum(file.stat().st_size for file in files if file.exists()) + _SPARED_BYTES
        free = shutil.disk_usage(self._directory.parent).free
        if free < needed:
            raise WatermasterError(
                f"{self._directory.parent}: {free / 1e6:.0f} MB are free, and a copy of the store takes "
                f"{needed / 1e6:.0f} MB, with what the journal may need meanwhile"
            )

    def _copy(self, store: CopyableStore) -> tuple[int, int]:
        """Copy state and store of one moment; their positions."""
        from storage.embedded.moment import hold_moment  # noqa: PLC0415  # only where there is such a store

        uri = f"file:{quote(str(self._state.absolute()))}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as watcher:
            for _ in range(_TRIES):
                if self._closed:
                    break
                with ExitStack() as held:
                    before = _commits(watcher)
                    state = held.enter_context(SqliteSnapshot(self._state))
                    moment = held.enter_context(hold_moment(store.database))
                    if _commits(watcher) == before:
                        position = state.number(POSITION)
                        state.copy(self._directory / STORE_STATE)
                        state.close()  # what is held keeps the log of the file growing
                        self._moment = moment
                        try:
                            moment.copy(self._directory / STORE)
                        finally:
                            self._moment = None
                        return position, moment.position
                time.sleep(_WAIT_S)
        raise StateError(f"{self._state}: written to without a pause; try again later")


def _commits(watcher: sqlite3.Connection) -> int:
    """A number that changes with every commit of another connection."""
    (number,) = watcher.execute("PRAGMA data_version").fetchone()
    return int(number)
