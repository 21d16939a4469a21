"""Writing to a SQLite file of ours: all or nothing, and a disk that is full is a state that passes."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from hydro.errors import StateError, WatermasterError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["explained", "transaction"]

_PRIMARY_CODE: Final = 0xFF
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PASSING: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
    }
)


@contextmanager
def explained(path: Path, doing: str) -> Iterator[None]:
    """Give what SQLite says of the file or of its disk as an error of ours; mistakes of the program stay what they are.

    Args:
        path: The file.
        doing: What fails then: "can't …".

    Raises:
        StateError: May work later: no room, an error of the disk, somebody else's lock.
        WatermasterError: The file is damaged.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
        message = f"{path}: can't {doing}: {error}"
        if code in _PASSING:
            raise StateError(message) from error
        if code in _DAMAGE:
            raise WatermasterError(message) from error
        raise


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path, doing: str) -> Iterator[None]:
    """All writes inside become true together, or none; after an error the whole may be tried again.

    Raises:
        StateError: As `explained`.
        WatermasterError: As `explained`.
    """
    with explained(path, doing):
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk may have ended it already
                connection.execute("ROLLBACK")
            raise
