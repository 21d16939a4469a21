"""Finding keys in the file: few queries, each of which lets DuckDB leave out most of its row groups.

DuckDB keeps the least and the greatest value of each column for every 122,880 rows. Recent rows lie in order of time,
settled rows in order of series within a stretch of days. A query for a narrow time, or for one series, reads little of
either; a query for a few old keys of many series reads all that lies between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.instants import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from storage.embedded.schema import State

__all__ = ["Box", "Found", "boxes", "find_keys", "visible"]

_BRIDGED_MS: Final = 6 * HOUR_MS
_SINGLE_SERIES: Final = 8
"""Up to so many series are asked for one by one: 1 ms each, where one query for all reads 20 times as much."""


class Box(NamedTuple):
    """Keys that one query looks for.

    Attributes:
        rows: Places of the keys.
        low: Their least event time, epoch milliseconds.
        high: Their greatest.
        series: Their series, if it is one.
    """

    rows: NDArray[np.intp]
    low: int
    high: int
    series: int | None

    def condition(self, table: str) -> str:
        """Terms for a WHERE clause; numbers of ours only."""
        terms = f"{table}.time BETWEEN {self.low} AND {self.high}"
        return terms if self.series is None else f"{terms} AND {table}.series = {self.series}"


def boxes(series: NDArray[np.int32], time: NDArray[np.int64], *, by_series: bool) -> Iterator[Box]:
    """Cut keys where their times lie far apart, and by series where there are few.

    Args:
        series: Numbers of the file.
        time: Epoch milliseconds, at least one.
        by_series: The rows that are looked at lie in order of series.
    """
    order = np.argsort(time, kind="stable")
    gaps = np.flatnonzero(np.diff(time[order]) > _BRIDGED_MS) + 1
    for rows in np.split(order, gaps):
        few = np.unique(series[rows]) if by_series else np.empty(0, np.int32)
        if 0 < len(few) <= _SINGLE_SERIES:
            for one in few.tolist():
                own = rows[series[rows] == one]
                yield Box(own, int(time[own[0]]), int(time[own[-1]]), one)
        else:
            yield Box(rows, int(time[rows[0]]), int(time[rows[-1]]), None)


class Found(NamedTuple):
    """Rows of one table that hold some of the keys.

    Attributes:
        table: Its name.
        at: DuckDB's number of the row.
        place: Place of the key among those that were looked for.
        value: Millionths; 0 where it is missing.
        flag: Number of a :class:`hydro.flags.Flag`.
    """

    table: str
    at: NDArray[np.int64]
    place: NDArray[np.int64]
    value: NDArray[np.int64]
    flag: NDArray[np.uint8]


def visible(state: State) -> str:
    """Terms for a WHERE clause about `recent`: not what was moved to `settled` already."""
    if not state.moved_below:
        return ""
    return f" AND NOT (recent.time < {state.settled_before} AND recent.series < {state.moved_below})"


def find_keys(
    connection: DuckDBPyConnection, state: State, series: NDArray[np.int32], time: NDArray[np.int64]
) -> Iterator[Found]:
    """Where keys lie; those that are nowhere are in no answer.

    Args:
        connection: In a transaction.
        state: As in that transaction.
        series: Numbers of the file.
        time: Epoch milliseconds.
    """
    if not len(time):
        return
    places = np.arange(len(time))
    for table, rows, more in (
        ("recent", places, visible(state)),
        ("settled", places[time < state.settled_before], ""),
    ):
        if not len(rows):
            continue
        for box in boxes(series[rows], time[rows], by_series=table == "settled"):
            own = rows[box.rows]
            wanted = {"series": series[own], "time": time[own], "place": own}  # noqa: F841  # DuckDB finds it by its name
            found = connection.execute(
                f"SELECT {table}.rowid AS at, wanted.place AS place, coalesce(value, 0) AS value, flag FROM {table}"  # noqa: S608  # numbers and names of ours
                f" JOIN wanted ON {table}.series = wanted.series AND {table}.time = wanted.time"
                f" WHERE {box.condition(table)}{more}"
            ).fetchnumpy()
            if len(found["at"]):
                yield Found(table, found["at"], found["place"], found["value"], found["flag"])
