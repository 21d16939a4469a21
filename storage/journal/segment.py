"""A segment: one SQLite file of the journal, and its format.

`application_id` tells a segment from other SQLite files, `user_version` is the version of its format. Table `batch` has
one row per received batch; `fact` has what must outlive the process, as integers:

- `first`: position with which the segment starts, as in its name;
- `appended_after`: greatest `appended_at` before the segment, which none in it may go below;
- `clock_set_back`: how often up to now the clock stood before the last `appended_at`.

The file is in WAL mode. While it is the last one its newest rows may lie in the log only; when the next segment has
been made it is sealed: the log is written back and nobody writes to it again. A segment that is not the last and has no
log (or an empty one) is therefore opened `immutable`, which needs neither locks nor side files. No code of ours opens a
segment's file but through SQLite: POSIX locks of a process fall with the first descriptor of the file that it closes.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from hydro.errors import FormatVersionError
from storage.journal.directory import NO_ROOM, segment_path, shm_path, sync_directory, wal_path, wal_size

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from storage.journal.batch import Row

__all__ = [
    "ROW_COLUMNS",
    "SegmentDamagedError",
    "SegmentInfo",
    "create_segment",
    "insert_row",
    "is_damage",
    "is_full",
    "open_for_reading",
    "open_for_writing",
    "remove_segment",
    "seal",
    "segment_facts",
    "segment_size",
    "verify_format",
    "write_back",
]

FORMAT_VERSION: Final = 1
APPLICATION_ID: Final = 0x574D4A4C  # "WMJL"
ROW_COLUMNS: Final = "first, count, appended_at, received_from, received_to, blob"

_SCHEMA: Final = """
CREATE TABLE batch (
    first INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    appended_at INTEGER NOT NULL,
    received_from INTEGER NOT NULL,
    received_to INTEGER NOT NULL,
    blob BLOB NOT NULL
);
CREATE TABLE fact (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
# Another connection holds its lock for milliseconds; a person with a shell in the file may hold it longer.
_BUSY_S: Final = 5.0
# After a slow reader let the log grow, give its room back.
_WAL_KEPT_BYTES: Final = 16 * 1024 * 1024

_FULL: Final = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE})
# SQLITE_ERROR: our statements are well-formed, so a table or a column is not there.
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
_PRIMARY_CODE: Final = 0xFF


class SegmentDamagedError(Exception):
    """A file is no segment, or not a whole one; never leaves the package."""


@dataclass(frozen=True, slots=True)
class SegmentInfo:
    """What is known of a segment.

    Attributes:
        path: Its file.
        first: Position of its first message.
        last: Position of its last message; first − 1 while it has none.
        appended_to: `appended_at` of its last row, else of the last row before it; epoch milliseconds.
    """

    path: Path
    first: int
    last: int
    appended_to: int


def is_full(error: Exception) -> bool:
    """Whether an error says that there is no room: disk, quota or limit of file size."""
    if isinstance(error, OSError):
        return error.errno in NO_ROOM
    return getattr(error, "sqlite_errorcode", None) in _FULL


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file's content is wrong, rather than that it can't be reached."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _DAMAGE


def create_segment(
    directory: Path, first: int, *, appended_after: int, clock_set_back: int, rows: Iterable[Row] = ()
) -> Path:
    """Make a segment, durable and under its name when this returns; at a crash before that it is not there.

    Raises:
        sqlite3.Error: It can't be made; nothing is left of it.
        OSError: Likewise.
    """
    path = segment_path(directory, first)
    growing = path.with_name(path.name + ".new")
    try:
        write_segment(growing, first, appended_after=appended_after, clock_set_back=clock_set_back, rows=rows)
        growing.rename(path)
        sync_directory(directory)
    except (sqlite3.Error, OSError):
        # Under its name it would tell readers that nothing is added to the segment before it.
        remove_segment(path)
        remove_segment(growing)
        raise
    return path


def write_segment(
    path: Path, first: int, *, appended_after: int, clock_set_back: int, rows: Iterable[Row] = ()
) -> None:
    """Write a whole segment under any name, durable when this returns but for the name.

    Raises:
        sqlite3.Error: It can't be written; a part of it may lie there.
        OSError: Likewise.
    """
    remove_segment(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # Without a rollback journal: what a crash leaves under this name is thrown away.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN")
        for statement in _SCHEMA.strip().split(";\n"):
            connection.execute(statement)
        facts = {"first": first, "appended_after": appended_after, "clock_set_back": clock_set_back}
        connection.executemany("INSERT INTO fact VALUES (?, ?)", facts.items())
        for row in rows:
            insert_row(connection, row)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


def insert_row(connection: sqlite3.Connection, row: Row) -> None:
    """Add a row; the transaction is the caller's.

    Raises:
        sqlite3.Error: It can't be written.
    """
    connection.execute(
        f"INSERT INTO batch ({ROW_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608  # names of our own
        (row.first, row.count, row.appended_at, row.received_from, row.received_to, row.blob),
    )


def open_for_writing(path: Path) -> sqlite3.Connection:
    """A connection whose commits are on the disk when they return.

    Raises:
        SegmentDamagedError: The file is empty.
        sqlite3.Error: The file can't be opened.
    """
    connection = _connect(path, "mode=rw")
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path, *, is_last: bool) -> sqlite3.Connection:
    """A connection that can't write.

    Args:
        path: The segment.
        is_last: No later segment was there before this call: it may still be written to.

    Raises:
        SegmentDamagedError: The file is empty.
        sqlite3.Error: The file can't be opened.
    """
    sealed = not is_last and wal_size(path) == 0
    return _connect(path, "mode=ro&immutable=1" if sealed else "mode=ro")


def verify_format(connection: sqlite3.Connection, path: Path, first: int) -> None:
    """Make sure that a file is a segment of the format we know, and the one that its name says.

    Raises:
        FormatVersionError: Another version wrote it.
        SegmentDamagedError: It is something else.
        sqlite3.Error: It can't be read.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise SegmentDamagedError("not a segment of a journal")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != FORMAT_VERSION:
        raise FormatVersionError(str(path), version, FORMAT_VERSION)
    facts = segment_facts(connection)
    if facts.get("first") != first:
        raise SegmentDamagedError(f"it is the segment that starts at {facts.get('first')}, its name says {first}")


def segment_facts(connection: sqlite3.Connection) -> dict[str, int]:
    """The table `fact`.

    Raises:
        sqlite3.Error: It can't be read.
    """
    return dict(connection.execute("SELECT name, value FROM fact").fetchall())


def write_back(connection: sqlite3.Connection) -> None:
    """Write the log back into the file and empty it, as far as room and readers allow.

    A log that stays is read by readers and written back when the journal is opened next.
    """
    with contextlib.suppress(sqlite3.Error):
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def seal(connection: sqlite3.Connection) -> None:
    """Write back and close: nothing is appended to this segment any more."""
    write_back(connection)
    connection.close()


def segment_size(path: Path) -> int:
    """Bytes that a segment takes, log included; 0 where it is gone."""
    try:
        return path.stat().st_size + wal_size(path)
    except FileNotFoundError:
        return 0


def remove_segment(path: Path) -> None:
    """Unlink a segment; its log first, since a log without its file would look like damage at the next opening.

    Raises:
        OSError: It can't be unlinked.
    """
    wal_path(path).unlink(missing_ok=True)
    shm_path(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _connect(path: Path, query: str) -> sqlite3.Connection:
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size == 0:
            # Of an empty file SQLite deletes the log, even where it was told only to read: the rows may be in there.
            raise SegmentDamagedError("an empty file")
    # The caller may use it from one thread after the other (a worker of asyncio), never from two at once.
    uri = f"file:{quote(str(path.absolute()))}?{query}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_S, check_same_thread=False)
