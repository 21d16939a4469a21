"""Messages and readings set aside, with their bytes and the reason: one SQLite file, bounded, oldest dropped first."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.errors import FormatVersionError, WatermasterError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["DeadLetterFile", "StoredDeadLetter"]

_FORMAT: Final = 1
_SCHEMA: Final = """
CREATE TABLE dead_letter (
    position INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, readings INTEGER NOT NULL,
    topic TEXT NOT NULL, payload BLOB NOT NULL, received_at INTEGER NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (position, kind, reason)
)
"""


class StoredDeadLetter(NamedTuple):
    """One entry; the fields are those of :class:`ingest.decode.DeadLetter`."""

    position: int
    kind: str
    reason: str
    readings: int
    topic: str
    payload: bytes
    received_at: int
    detail: str


class DeadLetterFile:
    """The dead letters of one data_dir. Writing the same ones again changes nothing.

    Args:
        path: The file; made if it isn't there.
        most: How many entries are kept.
    """

    def __init__(self, path: Path, most: int = 100_000) -> None:
        self._path = path
        self._most = most
        self.dropped = 0
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            found = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if found == 0:
                self._connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA}; PRAGMA user_version = {_FORMAT}; COMMIT;")
        except sqlite3.DatabaseError as error:
            message = f"{path}: can't open the dead letters: {error}"
            raise WatermasterError(message) from error
        if found not in (0, _FORMAT):
            raise FormatVersionError(str(path), found, _FORMAT)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def add(self, letters: Iterable[StoredDeadLetter]) -> None:
        """Set letters aside; beyond the bound the oldest go, and are counted."""
        rows = list(letters)
        if not rows:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany("INSERT OR REPLACE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            size = self._connection.execute("SELECT count(*) FROM dead_letter").fetchone()[0]
            if size > self._most:
                self._connection.execute(
                    "DELETE FROM dead_letter WHERE (position, kind, reason) IN "
                    "(SELECT position, kind, reason FROM dead_letter ORDER BY position LIMIT ?)",
                    (size - self._most,),
                )
                self.dropped += size - self._most
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def newest(self, limit: int, *, before: int | None = None, kind: str | None = None) -> list[StoredDeadLetter]:
        """Entries from the newest on.

        Args:
            limit: At most so many.
            before: Only positions before this one.
            kind: Only ``message`` or ``reading``.
        """
        rows = self._connection.execute(
            "SELECT * FROM dead_letter WHERE (?1 IS NULL OR position < ?1) AND (?2 IS NULL OR kind = ?2) "
            "ORDER BY position DESC, kind, reason LIMIT ?3",
            (before, kind, limit),
        )
        return [StoredDeadLetter(*row) for row in rows]

    def at(self, position: int) -> list[StoredDeadLetter]:
        """Entries of one message."""
        rows = self._connection.execute(
            "SELECT * FROM dead_letter WHERE position = ? ORDER BY kind, reason", (position,)
        )
        return [StoredDeadLetter(*row) for row in rows]
