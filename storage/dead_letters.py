"""Messages and readings set aside, with their bytes and the reason: one SQLite file, bounded, oldest dropped first.

The bounds are those of entries and of bytes. Neither is found by looking at all entries each time: SQLite knows how
many pages are in use, and entries are counted anew only when they may be too many.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.errors import FormatVersionError, WatermasterError
from storage.transaction import explained, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["DeadLetterFile", "StoredDeadLetter"]

_FORMAT: Final = 1
_SLACK: Final = 100  # one part in so many
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

    Any number may have it open to read; one adds.

    Args:
        path: The file; made if it isn't there.
        most: How many entries are kept.
        most_bytes: How much of the file they may fill.

    Attributes:
        dropped: How many entries the bounds pushed out since the start.
    """

    def __init__(self, path: Path, most: int = 100_000, most_bytes: int = 500_000_000) -> None:
        self._path = path
        self._most = most
        self._most_bytes = most_bytes
        self._at_most: int | None = None
        """Entries in the file, perhaps fewer: those that were written again are counted again until there is need."""
        self.dropped = 0
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            if not self._number("PRAGMA user_version"):
                with self._transaction("make its table"):
                    if not self._number("PRAGMA user_version"):  # another process may have been faster
                        self._connection.execute(_SCHEMA)
                        self._connection.execute(f"PRAGMA user_version = {_FORMAT}")
            found = self._number("PRAGMA user_version")
        except sqlite3.DatabaseError as error:
            message = f"{path}: can't open the dead letters: {error}"
            raise WatermasterError(message) from error
        if found != _FORMAT:
            raise FormatVersionError(str(path), found, _FORMAT)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def add(self, letters: Iterable[StoredDeadLetter]) -> None:
        """Set letters aside; beyond the bounds the oldest go, and are counted.

        Raises:
            StateError: There is no room, or the disk fails; nothing was written, and the same may be tried again.
            WatermasterError: The file is damaged.
        """
        rows = list(letters)
        if not rows:
            return
        with self._transaction("write dead letters"):
            self._connection.executemany("INSERT OR REPLACE INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            at_most = None if self._at_most is None else self._at_most + len(rows)
            if at_most is None or at_most > self._most:
                at_most = self._number("SELECT count(*) FROM dead_letter")
            dropped = 0
            if at_most > self._most:
                # Some more than must be, so that the entries are not counted again for each one that comes.
                dropped = self._drop(at_most - self._most + self._most // _SLACK, 0)
            while (excess := self._filled() - self._most_bytes) > 0 and dropped < at_most:
                dropped += self._drop(1, excess + self._most_bytes // _SLACK)
        self._at_most = at_most - dropped
        self.dropped += dropped

    def remove(self, positions: Iterable[int]) -> None:
        """Let go of all letters of some messages.

        Raises:
            StateError: The disk fails; nothing was removed.
        """
        with self._transaction("remove dead letters"):
            self._connection.executemany(
                "DELETE FROM dead_letter WHERE position = ?", [(position,) for position in positions]
            )

    def _filled(self) -> int:
        """Bytes of the file that hold something; what was dropped leaves free pages, which are filled first."""
        pages = self._number("PRAGMA page_count") - self._number("PRAGMA freelist_count")
        return pages * self._number("PRAGMA page_size")

    def _drop(self, entries: int, size: int) -> int:
        """Drop the oldest: at least so many, with at least so many bytes of payload together."""
        oldest: list[tuple[int, str, str]] = []
        payloads = 0
        for position, kind, reason, length in self._connection.execute(
            "SELECT position, kind, reason, length(payload) FROM dead_letter ORDER BY position"
        ):
            if len(oldest) >= entries and payloads >= size:
                break
            oldest.append((position, kind, reason))
            payloads += length
        self._connection.executemany("DELETE FROM dead_letter WHERE position = ? AND kind = ? AND reason = ?", oldest)
        return len(oldest)

    def _number(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0])

    def _transaction(self, doing: str) -> AbstractContextManager[None]:
        return transaction(self._connection, self._path, doing)

    def newest(self, limit: int, *, before: int | None = None, kind: str | None = None) -> list[StoredDeadLetter]:
        """Entries from the newest on.

        Args:
            limit: At most so many.
            before: Only positions before this one.
            kind: Only ``message`` or ``reading``.
        """
        with explained(self._path, "read"):
            rows = self._connection.execute(
                "SELECT * FROM dead_letter WHERE (?1 IS NULL OR position < ?1) AND (?2 IS NULL OR kind = ?2) "
                "ORDER BY position DESC, kind, reason LIMIT ?3",
                (before, kind, limit),
            ).fetchall()
        return [StoredDeadLetter(*row) for row in rows]

    def at(self, position: int) -> list[StoredDeadLetter]:
        """Entries of one message."""
        with explained(self._path, "read"):
            rows = self._connection.execute(
                "SELECT * FROM dead_letter WHERE position = ? ORDER BY kind, reason", (position,)
            ).fetchall()
        return [StoredDeadLetter(*row) for row in rows]
