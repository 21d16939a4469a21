"""A transaction of DuckDB: all or nothing, whatever is raised inside."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

__all__ = ["transaction"]


@contextmanager
def transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    """All writes inside become true together, or none."""
    connection.execute("BEGIN")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # After a fatal error nothing is left to be undone, and DuckDB takes no statement; the first error is raised.
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        raise
