"""What was asked of field devices: who, when, which bytes, what came back. One SQLite file, kept for ever.

A file of its own, and not the ledger: it is written by the collector, which must not need the rules' database to be
there, and the audit stays with the service that sent the bytes. An entry is on the disk before its first byte is sent.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.errors import FormatVersionError, WatermasterError
from storage.transaction import explained, transaction

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CommandLog", "LoggedCommand"]

_FORMAT: Final = 1
_MOST_BYTES: Final = 65_536
"""Of an answer; the whole is in the journal."""

_SCHEMA: Final = """
CREATE TABLE command (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    station TEXT NOT NULL, protocol TEXT NOT NULL, address TEXT NOT NULL, command TEXT NOT NULL,
    asked_by TEXT NOT NULL, comment TEXT NOT NULL, asked_at INTEGER NOT NULL,
    sent_at INTEGER, ended_at INTEGER, tries INTEGER NOT NULL, sent BLOB NOT NULL, answer BLOB NOT NULL,
    outcome TEXT NOT NULL, detail TEXT NOT NULL
)
"""
_INDEX: Final = "CREATE INDEX command_of_station ON command (station, id)"


class LoggedCommand(NamedTuple):
    """One entry.

    Attributes:
        id: Ascending, never given twice.
        station: Code.
        protocol: ``sl651`` or ``slt427``; empty until it is known under which the station speaks.
        address: Ten hex digits; likewise.
        command: As it was asked, JSON.
        asked_by: Who.
        comment: Why.
        asked_at: Epoch milliseconds.
        sent_at: When it was last sent; None before.
        ended_at: When it was answered or given up; None before.
        tries: How often it was sent.
        sent: Bytes that were last sent.
        answer: Bytes that came back, at most 65,536 of them.
        outcome: Word of a closed list; ``waiting`` until it has ended.
        detail: For people.
    """

    id: int
    station: str
    protocol: str
    address: str
    command: str
    asked_by: str
    comment: str
    asked_at: int
    sent_at: int | None
    ended_at: int | None
    tries: int
    sent: bytes
    answer: bytes
    outcome: str
    detail: str


class CommandLog:
    """The commands of one data_dir. Any number may have it open to read; one writes.

    Args:
        path: The file; made if it isn't there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            if not self._version():
                with transaction(self._connection, path, "make its table"):
                    if not self._version():  # another process may have been faster
                        self._connection.execute(_SCHEMA)
                        self._connection.execute(_INDEX)
                        self._connection.execute(f"PRAGMA user_version = {_FORMAT}")
            found = self._version()
        except sqlite3.DatabaseError as error:
            message = f"{path}: can't open the log of commands: {error}"
            raise WatermasterError(message) from error
        if found != _FORMAT:
            raise FormatVersionError(str(path), found, _FORMAT)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def add(self, station: str, command: str, *, asked_by: str, comment: str, asked_at: int) -> int:
        """Write that something is asked; its number.

        Raises:
            StateError: There is no room, or the disk fails; nothing was written.
            WatermasterError: The file is damaged.
        """
        with transaction(self._connection, self._path, "write a command"):
            found = self._connection.execute(
                "INSERT INTO command (station, protocol, address, command, asked_by, comment, asked_at, tries, sent, "
                "answer, outcome, detail) VALUES (?, '', '', ?, ?, ?, ?, 0, x'', x'', 'waiting', '') RETURNING id",
                (station, command, asked_by, comment, asked_at),
            ).fetchone()
        return int(found[0])

    def note_sending(self, number: int, protocol: str, address: str, at: int, data: bytes) -> None:
        """Write that bytes are about to be sent.

        Raises:
            StateError: As `add`.
            WatermasterError: As `add`.
        """
        with transaction(self._connection, self._path, "write a command"):
            self._connection.execute(
                "UPDATE command SET protocol = ?, address = ?, sent_at = ?, sent = ?, tries = tries + 1 WHERE id = ?",
                (protocol, address, at, data, number),
            )

    def note_end(self, number: int, at: int, outcome: str, detail: str, answer: bytes) -> None:
        """Write how it ended.

        Raises:
            StateError: As `add`.
            WatermasterError: As `add`.
        """
        with transaction(self._connection, self._path, "write a command"):
            self._connection.execute(
                "UPDATE command SET ended_at = ?, outcome = ?, detail = ?, answer = ? WHERE id = ?",
                (at, outcome, detail, answer[:_MOST_BYTES], number),
            )

    def end_all(self, at: int, outcome: str, detail: str) -> int:
        """Write the same end to all that have none: nobody waits for them any more; how many there were.

        Raises:
            StateError: As `add`.
            WatermasterError: As `add`.
        """
        with transaction(self._connection, self._path, "write commands"):
            return self._connection.execute(
                "UPDATE command SET ended_at = ?, outcome = ?, detail = ? WHERE ended_at IS NULL", (at, outcome, detail)
            ).rowcount

    def get(self, number: int) -> LoggedCommand | None:
        """One entry."""
        with explained(self._path, "read"):
            row = self._connection.execute("SELECT * FROM command WHERE id = ?", (number,)).fetchone()
        return None if row is None else LoggedCommand(*row)

    def newest(self, limit: int, *, before: int | None = None, station: str | None = None) -> list[LoggedCommand]:
        """Entries from the newest on.

        Args:
            limit: At most so many.
            before: Only numbers less than this one.
            station: Only of one station.
        """
        with explained(self._path, "read"):
            rows = self._connection.execute(
                "SELECT * FROM command WHERE (?1 IS NULL OR id < ?1) AND (?2 IS NULL OR station = ?2) "
                "ORDER BY id DESC LIMIT ?3",
                (before, station, limit),
            ).fetchall()
        return [LoggedCommand(*row) for row in rows]

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])
