"""The embedded store as it is at one moment, to be copied while it is written to."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import duckdb

from hydro.errors import StoreError
from storage.embedded.schema import read_state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from storage.embedded.database import Database

__all__ = ["Moment", "complete_copy", "hold_moment"]


class Moment:
    """What the store had when it was made.

    Args:
        connection: In a transaction that has read something: it sees what was there then.
        position: Journal position up to which everything was in the store.
    """

    def __init__(self, connection: DuckDBPyConnection, position: int) -> None:
        self._connection = connection
        self.position = position

    def copy(self, target: Path) -> None:
        """Write it to a new file; blocks, and nobody waits for it.

        Raises:
            duckdb.Error: There is no room, a block is damaged, or it was broken off.
        """
        (name,) = self._connection.execute("SELECT current_database()").fetchone() or ("",)
        literal = str(target).replace("'", "''")
        self._connection.execute(f"ATTACH '{literal}' AS copy")
        try:
            self._connection.execute(f'COPY FROM DATABASE "{name}" TO copy')
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        finally:
            self._connection.execute("DETACH copy")  # writes its log into the file

    def break_off(self) -> None:
        """End a copy that another thread makes: it raises there; nothing happens where none is being made."""
        with suppress(duckdb.Error):  # it has just ended, and its connection with it
            self._connection.interrupt()


@contextmanager
def hold_moment(database: Database) -> Iterator[Moment]:
    """Hold what the store has now.

    Raises:
        StoreError: It can't be read or copied; as :meth:`Database.use`.
    """
    with database.use() as connection:
        connection.execute("BEGIN")
        yield Moment(connection, read_state(connection).position)  # by this the transaction sees this moment


def complete_copy(path: Path) -> int:
    """Write the log of a copied file, which lies beside it, into the file; the journal position of the store.

    Raises:
        StoreError: It is damaged.
    """
    try:
        with duckdb.connect(str(path)) as connection:
            return read_state(connection).position
    except duckdb.Error as error:
        raise StoreError(f"{path.name} is damaged: {' '.join(str(error).split())}") from error
