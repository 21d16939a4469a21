"""What a reader of the journal remembers between starts: blobs, and the position up to which they are true.

One SQLite file a reader. Everything that belongs to one position is written in one transaction, so after a crash the
file tells the truth about some earlier position, never a mixture. Blobs carry the format of their owner; the file
carries the owner's kind and format version and refuses another.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

from hydro.errors import FormatVersionError, WatermasterError
from storage.transaction import explained, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["StateFile"]

_FORMAT: Final = 1
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE IF NOT EXISTS entry (
        space TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, blob BLOB NOT NULL,
        PRIMARY KEY (space, name, number)
    ) WITHOUT ROWID
    """,
)


class StateFile:
    """Named blobs and a position.

    Args:
        path: The file; made if it isn't there.
        kind: Whose state it is.
        version: Format of the blobs.
        sync: SQLite's word: FULL = every commit is on the disk; NORMAL = a power cut may undo the latest commits, which
            is harmless where the journal is read again; OFF = for state that dies with the process.
    """

    def __init__(self, path: Path, kind: str, version: int, *, sync: str = "FULL") -> None:
        self.path = path
        expected = f"{kind} {_FORMAT}.{version}"
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(f"PRAGMA synchronous = {sync}")
            with self.transaction():
                self._complete(expected)
        except sqlite3.DatabaseError as error:
            message = f"{path}: can't open the state of {kind}: {error}"
            raise WatermasterError(message) from error
        found = self.meta("format")
        if found != expected:
            raise FormatVersionError(str(path), found, expected)

    def _complete(self, expected: str) -> None:
        """Make what a new file lacks; what an earlier version left half-made by a crash lacks its format only."""
        for statement in _SCHEMA:
            self._connection.execute(statement)
        if not self._connection.execute("SELECT 1 FROM meta UNION ALL SELECT 1 FROM entry LIMIT 1").fetchone():
            self.set_meta("format", expected)

    def __enter__(self) -> Self:
        """The file itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside become true together, or none.

        Raises:
            StateError: There is no room, or the disk fails; nothing was written, and the same may be tried again.
            WatermasterError: The file is damaged.
        """
        with transaction(self._connection, self.path, "write"):
            yield

    def meta(self, name: str) -> str | None:
        """A short text."""
        with explained(self.path, "read"):
            row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, name: str, value: str) -> None:
        """Write a short text."""
        with explained(self.path, "write"):
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    @property
    def position(self) -> int:
        """Journal position up to which the blobs are true; 0 at first."""
        return int(self.meta("position") or 0)

    def set_position(self, position: int) -> None:
        """Write the position; inside the transaction of its blobs."""
        self.set_meta("position", str(position))

    def get(self, space: str, name: str, number: int = 0) -> bytes | None:
        """One blob."""
        with explained(self.path, "read"):
            row = self._connection.execute(
                "SELECT blob FROM entry WHERE space = ? AND name = ? AND number = ?", (space, name, number)
            ).fetchone()
        return None if row is None else bytes(row[0])

    def put(self, space: str, name: str, number: int, blob: bytes) -> None:
        """Write one blob."""
        with explained(self.path, "write"):
            self._connection.execute("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)", (space, name, number, blob))

    def numbers(self, space: str, name: str) -> list[int]:
        """Numbers of the blobs of a name, ascending."""
        with explained(self.path, "read"):
            rows = self._connection.execute(
                "SELECT number FROM entry WHERE space = ? AND name = ? ORDER BY number", (space, name)
            ).fetchall()
        return [int(row[0]) for row in rows]

    def items(self, space: str) -> Iterator[tuple[str, int, bytes]]:
        """All blobs of a space: name, number, blob."""
        with explained(self.path, "read"):
            for name, number, blob in self._connection.execute(
                "SELECT name, number, blob FROM entry WHERE space = ? ORDER BY name, number", (space,)
            ):
                yield str(name), int(number), bytes(blob)

    def delete(
        self, space: str, *, name: str | None = None, number: int | None = None, below: int | None = None
    ) -> None:
        """Drop the blobs of a space; only those of a name, with a number, with a number less than ``below``."""
        given = {"name = ?": name, "number = ?": number, "number < ?": below}
        where = " AND ".join(["space = ?", *(term for term, value in given.items() if value is not None)])
        values = [space, *(value for value in given.values() if value is not None)]
        with explained(self.path, "write"):
            self._connection.execute(f"DELETE FROM entry WHERE {where}", values)  # noqa: S608  # terms of our own
