"""Tables of the embedded store, and the one row that says what holds for all of them.

::

    recent    rows as they came                    | every row is in one of the two: a batch looks for its keys in both
    settled   rows older than a day, by series     |
    hour      sums of what is older than the limit of raw rows
    day       sums of what is older than the limit of hours

There is no primary key and no index: an index costs ten times the file and three quarters of the speed (see the
decision page). That a key stands once is the work of `writing`, in the transaction that adds it.

Readers look at the row of `state` in the transaction in which they look at the tables, so they never see a row in two
places, nor in none, while rows move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.errors import FormatVersionError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

__all__ = ["FORMAT", "NEVER", "State", "prepare_schema", "read_state", "set_state"]

FORMAT: Final = 1

NEVER: Final = -(2**62)
"""Before all event times."""

_POINT: Final = "(series INTEGER, time BIGINT, value BIGINT, flag UTINYINT)"
_SUMS: Final = (
    "(series INTEGER, time BIGINT, interval_min SMALLINT, total_high BIGINT, total_low BIGINT, count BIGINT,"
    " minimum BIGINT, maximum BIGINT)"
)
_ALERT: Final = (
    "(time BIGINT, tags VARCHAR, alert VARCHAR, level TINYINT, state TINYINT, value DOUBLE, target DOUBLE,"
    " ratio DOUBLE)"
)
_STATE: Final = "(position BIGINT, settled_before BIGINT, moved_below INTEGER, hours_until BIGINT, days_until BIGINT)"
# For people who open the file; the product itself asks the tables.
_VIEW: Final = """
SELECT station, quantity, make_timestamp(time * 1000) AS time, value / 1e6 AS value, flag
FROM (
    SELECT * FROM settled
    UNION ALL
    SELECT recent.* FROM recent, state WHERE NOT (time < settled_before AND recent.series < moved_below)
) AS point
JOIN series ON number = point.series
"""
_SCHEMA: Final = (
    "CREATE TABLE format (version INTEGER NOT NULL)",
    "CREATE TABLE series (number INTEGER NOT NULL, station VARCHAR NOT NULL, quantity VARCHAR NOT NULL)",
    f"CREATE TABLE recent {_POINT}",
    f"CREATE TABLE settled {_POINT}",
    f"CREATE TABLE hour {_SUMS}",
    f"CREATE TABLE day {_SUMS}",
    f"CREATE TABLE alert {_ALERT}",
    f"CREATE TABLE state {_STATE}",
    f"CREATE VIEW observation AS {_VIEW}",
)


class State(NamedTuple):
    """What holds for all tables.

    Attributes:
        position: Journal position up to which everything is in the tables.
        settled_before: No row in `settled` is as new as this event time, epoch milliseconds.
        moved_below: Rows older than that of series with lower numbers were moved from `recent` to `settled`, and what
            `recent` still holds of them doesn't count. 0 where nothing is being moved.
        hours_until: Event times up to this one are condensed, or about to be: no row of theirs is taken any more.
        days_until: The same for hours.
    """

    position: int
    settled_before: int
    moved_below: int
    hours_until: int
    days_until: int


def prepare_schema(connection: DuckDBPyConnection, path: Path) -> None:
    """Make the tables of a new file; look at the format of another.

    Raises:
        FormatVersionError: A later version wrote it.
        StoreError: The tables are somebody else's.
    """
    tables = {str(name) for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not tables:
        connection.execute("BEGIN")
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute("INSERT INTO format VALUES (?)", [FORMAT])
        connection.execute("INSERT INTO state VALUES (?, ?, ?, ?, ?)", [0, NEVER, 0, NEVER, NEVER])
        connection.execute("COMMIT")
        return
    if "format" not in tables:
        raise StoreError(f"{path}: is a DuckDB database of something else, with the table {min(tables)}")
    found = connection.execute("SELECT max(version) FROM format").fetchall()[0][0]
    if found != FORMAT:
        raise FormatVersionError(str(path), found, FORMAT)


def read_state(connection: DuckDBPyConnection) -> State:
    """The row of `state`."""
    return State(*connection.execute("SELECT * FROM state").fetchall()[0])


def set_state(connection: DuckDBPyConnection, state: State) -> None:
    """Write the row of `state`; inside the transaction to which it belongs."""
    connection.execute(
        "UPDATE state SET position = ?, settled_before = ?, moved_below = ?, hours_until = ?, days_until = ?",
        list(state),
    )
