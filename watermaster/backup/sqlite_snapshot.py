"""One moment of a SQLite file of ours, whoever may be writing to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote

from hydro.errors import WatermasterError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SqliteSnapshot"]

_BUSY_S: Final = 10.0
_STEP_PAGES: Final = 10_000


class SqliteSnapshot:
    """Holds the moment of its making until it is closed: in WAL mode a reader sees what was there when it began.

    Args:
        path: The file, which exists.

    Raises:
        WatermasterError: It can't be read.
        FileNotFoundError: It is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.stat().st_size == 0:
            # Of an empty file SQLite deletes the log at opening, where its rows may be.
            raise WatermasterError(f"{path}: damaged: an empty file")
        uri = f"file:{quote(str(path.absolute()))}?mode=rw"  # rw never makes a file, and needs no right to write
        try:
            self._connection = sqlite3.connect(
                uri, uri=True, isolation_level=None, timeout=_BUSY_S, check_same_thread=False
            )
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error

    def __enter__(self) -> Self:
        """The snapshot itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go."""
        self.close()

    def close(self) -> None:
        """Let go of the moment and of the file."""
        self._connection.close()

    def number(self, query: str) -> int:
        """The integer that a query gives; 0 where it gives none.

        Raises:
            WatermasterError: The file is damaged, or none of ours.
        """
        try:
            row = self._connection.execute(query).fetchone()
        except sqlite3.DatabaseError as error:
            raise self._explained(error) from error
        return 0 if row is None or row[0] is None else int(row[0])

    def copy(self, target: Path) -> None:
        """Write the moment to a new file, in pieces, and look whether it is whole.

        Raises:
            WatermasterError: The file is damaged, or there is no room.
        """
        try:
            with closing(sqlite3.connect(target, isolation_level=None)) as copy:
                # A half-written copy is thrown away, so nothing has to be undone, and the archive is synced as a whole.
                copy.execute("PRAGMA journal_mode = OFF")
                copy.execute("PRAGMA synchronous = OFF")
                self._connection.backup(copy, pages=_STEP_PAGES)
            with closing(sqlite3.connect(f"file:{quote(str(target.absolute()))}?immutable=1", uri=True)) as copy:
                (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            raise WatermasterError(f"{self._path}: can't be copied to {target}: {error}") from error
        if verdict != "ok":
            raise WatermasterError(f"{self._path}: damaged: {' '.join(verdict.split())}")

    def _explained(self, error: sqlite3.DatabaseError) -> WatermasterError:
        return WatermasterError(f"{self._path}: can't be read: {error}")
