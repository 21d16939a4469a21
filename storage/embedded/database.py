"""The file of the embedded store: opened, closed, found damaged and set aside; and DuckDB's errors as errors of ours.

Invariants:
    * A file that DuckDB can't read is renamed, with its log, never deleted and never written to again; a new one takes
      its place. That is done for damage alone: a lock, a permission, a disk without room or a later format leave the
      file where it is.
    * The file of a running process is not opened a second time by the same process: closing it would drop DuckDB's
      lock (POSIX locks belong to the process).
    * Whatever DuckDB gave up (a full disk, an error it calls fatal) is opened anew at the next use.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING, Final, NamedTuple

import duckdb

from hydro.errors import FormatVersionError, StoreError, StoreUnavailable, WatermasterError
from storage.embedded.schema import prepare_schema
from storage.embedded.series_names import SeriesNames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

__all__ = ["Damage", "DamagedError", "Database"]

_HELD: Final = "Could not set lock on file"
_HOLDER: Final = re.compile(r"held in (.*) \(PID (\d+)\)")
_LATER_FORMAT: Final = re.compile(
    r"database file with version number (\S+), but we can only read versions? (.*?)\.?$", re.MULTILINE
)
_DAMAGE: Final = ("Corrupt", "checksum", "not a valid DuckDB", "Could not read enough bytes")
_OF_PROGRAM: Final = (
    duckdb.ProgrammingError,
    duckdb.NotSupportedError,
    duckdb.DataError,
    duckdb.IntegrityError,
    duckdb.ResourceInUseException,
)
_OF_CONTENT: Final = (duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)
_CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    # Work is done in our own threads, one for writing; a second thread of DuckDB's made no figure better.
    "threads": "1",
    "memory_limit": "96MB",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}


class Damage(NamedTuple):
    """A file that was set aside.

    Attributes:
        path: Its name.
        kept: The name under which it is kept.
        reason: What is wrong with it.
    """

    path: Path
    kept: Path
    reason: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.path}: {self.reason}; kept as {self.kept.name}, and a new one made"


class DamagedError(StoreError):
    """DuckDB can't read some part of the file."""


class Database:
    """One file. Its methods block and may be called from any thread.

    Args:
        path: The file; made if it isn't there.
        damaged: Told of a file that was set aside, from the thread that found it.

    Attributes:
        path: The file, absolute.
        names: Series of the file; of the last one that was open.
        replaced: The file was made anew while this process used it, so rows that it had written are gone.
    """

    names: SeriesNames

    def __init__(self, path: Path, damaged: Callable[[Damage], None]) -> None:
        self.path = path.absolute()
        self._damaged = damaged
        self._root: DuckDBPyConnection | None = None
        self.replaced = False
        self._file: tuple[int, int] | None = None
        self._is_stale = False
        self._users = 0
        self._changed = Condition()

    @contextmanager
    def use(self) -> Iterator[DuckDBPyConnection]:
        """A connection of one's own, for the time of a block; opens the file if need be.

        Raises:
            StoreUnavailable: Somebody else has the file, it may not be written, or the disk fails.
            StoreError: It can't be read, or isn't ours.
            FormatVersionError: A later version wrote it.
        """
        cursor = self._enter()
        try:
            yield cursor
        except duckdb.Error as error:
            raise self._explained(error) from error
        finally:
            cursor.close()
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    def close(self) -> None:
        """Wait for all who use it, then let go of the file; the next use opens it again."""
        with self.closed():
            pass

    @contextmanager
    def closed(self) -> Iterator[None]:
        """The file is closed, whole and without a log, for the time of a block: it may be copied. Others wait."""
        with self._changed:
            self._changed.wait_for(lambda: not self._users)
            self._shut()
            yield

    def forget_names(self) -> None:
        """Have the names read again at the next use: an error undid the entry of some."""
        self._give_up()

    def condemn(self, reason: str) -> None:
        """Have the file set aside when it is opened next, also by another process."""
        self._note.write_text(f"{reason}\n", encoding="utf-8")

    @property
    def _note(self) -> Path:
        return self.path.with_name(f"{self.path.name}.condemned")

    def _enter(self) -> DuckDBPyConnection:
        with self._changed:
            while self._root is not None and (self._is_stale or not self._is_ours()):
                if self._users:
                    self._changed.wait()
                else:
                    self._shut()
            if self._root is None:
                root = self._open()
                self.names = SeriesNames(root)
                self._file = _identity(self.path)
                self._root, self._is_stale = root, False
            self._users += 1
            return self._root.cursor()

    def _is_ours(self) -> bool:
        """False where the file was deleted or replaced: what were written now, nobody would find again."""
        found = _identity(self.path) == self._file
        self.replaced |= not found
        return found

    def _shut(self) -> None:
        root, self._root = self._root, None
        if root is not None:
            root.close()

    def _open(self) -> DuckDBPyConnection:
        directory = self.path.parent
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"{directory}: {error.strerror}") from error
        for path, wanted in ((directory, os.W_OK | os.X_OK), (self.path, os.R_OK | os.W_OK)):
            if path.exists() and not os.access(path, wanted):
                raise StoreUnavailable(f"{path}: no permission to write")
        if self._note.exists():
            self._set_aside(self._note.read_text(encoding="utf-8").strip())
            self._note.unlink()
        if not self.path.exists() and self._file is not None:
            self.replaced = True
        try:
            return self._connect()
        except duckdb.Error as error:
            if not _is_damage(error):
                raise self._explained(error) from error
            self._set_aside(_line(error))
            self.replaced |= self._file is not None
        try:
            return self._connect()
        except duckdb.Error as error:
            raise self._explained(error) from error

    def _connect(self) -> DuckDBPyConnection:
        root = duckdb.connect(str(self.path), config=_CONFIG)
        try:
            prepare_schema(root, self.path)
            # Reads every block of the small tables, and the beginning of each column of the large ones.
            for table in ("state", "series", "recent", "settled", "hour", "day", "alert"):
                root.execute(f"SELECT * FROM {table} LIMIT 1").fetchall()  # noqa: S608  # names of ours
        except BaseException:
            root.close()
            raise
        return root

    def _set_aside(self, reason: str) -> None:
        number = 1
        while (kept := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        log = self.path.with_name(f"{self.path.name}.wal")
        try:
            if log.exists():
                log.rename(kept.with_name(f"{kept.name}.wal"))
            if self.path.exists():
                self.path.rename(kept)
        except OSError as error:
            raise StoreUnavailable(f"{self.path}: {reason}; can't be set aside: {error.strerror}") from error
        self._damaged(Damage(self.path, kept, reason))

    def _explained(self, error: duckdb.Error) -> WatermasterError:
        """DuckDB's error as ours; a mistake of the program is raised as it is."""
        text = str(error)
        if _HELD in text:
            holder = _HOLDER.search(text)
            who = f"process {holder[2]} ({holder[1]})" if holder else "another process"
            return StoreUnavailable(f"{self.path}: is held by {who}; an embedded store belongs to one process")
        later = _LATER_FORMAT.search(text)
        if later:
            return FormatVersionError(str(self.path), f"DuckDB {later[1]}", f"DuckDB {later[2]}")
        if isinstance(error, _OF_PROGRAM):
            raise error
        if isinstance(error, duckdb.FatalException | duckdb.InternalException):
            self._give_up()
        elif _is_damage(error):
            return DamagedError(f"{self.path}: is damaged: {_line(error)}")
        return StoreUnavailable(f"{self.path}: {_line(error)}")

    def _give_up(self) -> None:
        """Let the next use open the file anew."""
        with self._changed:
            self._is_stale = True


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _is_damage(error: duckdb.Error) -> bool:
    """Whether the content of the file is at fault, not the way to it."""
    text = str(error)
    if _HELD in text or _LATER_FORMAT.search(text):
        return False
    return isinstance(error, _OF_CONTENT) or any(words in text for words in _DAMAGE)


def _line(error: duckdb.Error) -> str:
    return " ".join(str(error).split())
