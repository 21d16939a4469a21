"""The database behind the ledger: opening it, transactions, and its errors in our words.

SQLite is the default, one file in WAL mode with every commit synced; any other database that SQLAlchemy speaks to is
named by its URL. What differs between them stands in this file and in the types of the schema, nowhere else.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from sqlalchemy import create_engine, event, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from hydro.errors import FormatVersionError, LedgerError
from storage.ledger_migration import FORMAT, migrate
from storage.ledger_schema import FORMAT_VERSION, meta, metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

__all__ = ["BUSY_TIMEOUT_S", "LedgerDatabase"]

BUSY_TIMEOUT_S: Final = 10
"""How long a writer waits for another one."""

_AGAIN_S: Final = 0.02
_WRITES: Final = "ledger_writes"
_SQLITE_PASSING: Final = frozenset(
    {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}
)


class LedgerDatabase:
    """An open ledger database, for any number of threads.

    Attributes:
        name: Its URL without password, or the path of its file; for messages.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.name = name
        self._engine = engine
        self._writing = engine.execution_options(**{_WRITES: True})
        # A reader asks several questions and wants answers of one moment; SQLite gives them anyway.
        self._reading = engine if engine.dialect.name == "sqlite" else _repeatable(engine)

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Self:
        """Open the ledger at an SQLAlchemy URL.

        Args:
            url: ``sqlite:///PATH`` or the URL of a server.
            create: Make file and tables where there are none.

        Raises:
            LedgerError: It can't be opened, isn't there and is not to be made, or is no ledger.
            FormatVersionError: It was written in another format.
        """
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):  # the text may hold a password
            raise LedgerError("ledger.url is not an SQLAlchemy URL such as postgresql+psycopg://HOST/NAME") from None
        name = parsed.render_as_string(hide_password=True)
        if parsed.get_backend_name() == "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise LedgerError(f"{name}: a ledger in memory would be lost; give a path, sqlite:///PATH")
            name = parsed.database
            if not create and not Path(name).exists():
                raise LedgerError(f"{name}: there is no ledger; `watermaster run` makes one")
        try:
            if parsed.get_backend_name() == "sqlite":
                engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S})
                event.listen(engine, "connect", _prepare_sqlite)
                event.listen(engine, "begin", _begin_sqlite)
            else:
                engine = create_engine(parsed, pool_pre_ping=True)
        except (NoSuchModuleError, ImportError) as error:
            raise LedgerError(f"{name}: the driver of this database is not installed: {error}") from error
        except ArgumentError as error:
            raise LedgerError(f"{name}: {_first_line(error)}") from error
        database = cls(engine, name)
        try:
            database._check_format(create=create)
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment and changes nothing."""
        with self._in_our_words(), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at the end, or rolled back by an error. On SQLite there is one at a time."""
        with self._in_our_words(), self._writing.begin() as connection:
            yield connection

    def _check_format(self, *, create: bool) -> None:
        with self.reading() as connection:
            found = self._format(connection)
        if found is None and create:
            try:
                with self.writing() as connection:
                    if self._format(connection) is None:
                        metadata.create_all(connection, checkfirst=False)
                        connection.execute(meta.insert().values(name=FORMAT, value=str(FORMAT_VERSION)))
            except LedgerError:
                # Two that make it at the same time: on a server the slower one fails, and finds it made.
                with self.reading() as connection:
                    found = self._format(connection)
                if found is None:
                    raise
            with self.reading() as connection:
                found = self._format(connection)
        if found is None:
            raise LedgerError(f"{self.name}: holds no ledger")
        if found != str(FORMAT_VERSION):
            with self.writing() as connection:  # of two that find it old, the slower one finds it new
                is_current = migrate(connection, self._format(connection, alone=True) or found)
            if not is_current:
                raise FormatVersionError(self.name, found, str(FORMAT_VERSION))

    def _format(self, connection: Connection, *, alone: bool = False) -> str | None:
        """Version of the tables, None where there are none.

        Args:
            connection: To ask.
            alone: Let nobody else ask like this until the end of the transaction.
        """
        present = set(inspect(connection).get_table_names()) & set(metadata.tables)
        if not present:
            return None
        version: str | None = None
        if meta.name in present:
            query = select(meta.c.value).where(meta.c.name == FORMAT)
            version = connection.execute(query.with_for_update() if alone else query).scalar()
        if version is None:
            raise LedgerError(f"{self.name}: has tables named {', '.join(sorted(present))}, but is no ledger")
        return version

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise LedgerError(f"{self.name}: {_first_line(error.orig)}", retryable=_may_pass(error)) from error
        except PoolTimeoutError as error:
            raise LedgerError(f"{self.name}: too many at once", retryable=True) from error
        except SQLAlchemyError as error:
            raise LedgerError(f"{self.name}: {_first_line(error)}") from error


def _repeatable(engine: Engine) -> Engine:
    return engine.execution_options(isolation_level="REPEATABLE READ")


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours: the driver's own comes too late for reads, and never IMMEDIATE
    cursor = connection.cursor()
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    """Asking for the mode needs no lock, setting it does, for which SQLite waits for nobody; it stays with the file."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _SQLITE_PASSING or time.monotonic() > deadline:
                raise
            time.sleep(_AGAIN_S)


def _begin_sqlite(connection: Connection) -> None:
    # A writer that begins as a reader fails at its first write if another one was faster; IMMEDIATE waits its turn.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _may_pass(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        code: int = getattr(error.orig, "sqlite_errorcode", 0)
        return code & 0xFF in _SQLITE_PASSING
    return error.connection_invalidated or isinstance(error, OperationalError)


def _first_line(error: BaseException | None) -> str:
    return (str(error).splitlines() or ["unknown error"])[0]
