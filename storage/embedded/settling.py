"""Settling: rows that are no longer new move, sorted by series, from `recent` to `settled`.

A series lies in `recent` one row here and one row there, in `settled` in runs, so a year of it is read from a few row
groups instead of all. Sorted rows are smaller as well. The move goes in steps of bounded size, each a transaction of
the one thread that writes, so a batch waits for one step at most:

1. rows older than a limit of the series below a number are copied, and `State` says up to which number;
2. with the last series, all these rows are dropped from `recent`, whose row groups are then free as a whole. (Deleting
   them step by step would rewrite every row group many times: 10 s instead of 4 s for a day of 13 million rows, with
   commits of up to 1 s.)

A batch that comes between two steps finds its keys where `State` says that they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from storage.embedded.schema import read_state, set_state
from storage.embedded.transaction import transaction

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ["settle_step"]


def settle_step(connection: DuckDBPyConnection, series: int, before: int, least: int, step_rows: int) -> bool:
    """Go on with a move, or begin one if there is enough to be moved.

    Args:
        connection: Of the thread that writes.
        series: Number of series of the file.
        before: Rows older than this event time, epoch milliseconds, are moved; a move that was begun keeps its own.
        least: Number of rows with which a move is begun.
        step_rows: About how many are moved.

    Returns:
        Whether anything was done; if so there may be more to do.
    """
    with transaction(connection):
        state = read_state(connection)
        if not state.moved_below:
            if _count(connection, before) < least:
                return False
            state = state._replace(settled_before=max(before, state.settled_before))
        limit = state.settled_before
        waiting = _count(connection, limit)
        width = max(1, step_rows * series // max(waiting, 1))
        below = state.moved_below + width
        last = below >= series
        upper = "" if last else f" AND series < {below}"
        connection.execute(
            f"INSERT INTO settled SELECT * FROM recent WHERE time < {limit} AND series >= {state.moved_below}{upper}"  # noqa: S608  # numbers of ours
            " ORDER BY series, time"
        )
        if last:
            connection.execute(f"DELETE FROM recent WHERE time < {limit}")  # noqa: S608  # a number of ours
        set_state(connection, state._replace(moved_below=0 if last else below))
    return True


def _count(connection: DuckDBPyConnection, before: int) -> int:
    return int(connection.execute("SELECT count(*) FROM recent WHERE time < ?", [before]).fetchall()[0][0])
