"""Writing a batch: keys that are there are corrected where they lie, others added, and the position moves with them.

One transaction a batch, so that after a crash the rows are those of all positions up to the one in the file. A value
that is there already is not written again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hydro.flags import Flag
from hydro.series import QUANTITY_SLOTS
from storage.embedded.keys import find_keys
from storage.embedded.schema import read_state, set_state
from storage.embedded.transaction import transaction
from storage.lineprotocol import alert_line
from storage.store import Rejection, WriteResult
from storage.writerequest import last_of_each_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from hydro.columns import Observations
    from hydro.series import SeriesIndex
    from storage.embedded.schema import State
    from storage.embedded.series_names import SeriesNames
    from storage.store import AlertPoint

__all__ = ["Batch", "write_alerts", "write_batch"]

_NAME_REASON = "the station's code can't be a tag"
_AGE_REASON = "older than the raw rows of the store, which are summed up"


class Batch(NamedTuple):
    """What is written in one transaction.

    Attributes:
        rows: One row a key, of series that the store takes.
        place: Place of each row in the batch as it was given.
        refused: The others.
        given: Number of rows as given.
        names: Names of the series.
        upto: Journal position that is reached with these rows; 0 where no journal is behind them.
    """

    rows: Observations
    place: NDArray[np.intp]
    refused: list[Rejection]
    given: int
    names: SeriesIndex
    upto: int

    @classmethod
    def of(cls, rows: Observations, names: SeriesIndex, upto: int, refused_station: NDArray[np.bool_]) -> Batch:
        """Prepare rows in journal order; ``refused_station`` says by station number which ones no store takes."""
        bad = refused_station[rows.series // QUANTITY_SLOTS]
        kept = np.flatnonzero(~bad)
        kept = kept[last_of_each_key(rows.series[kept], rows.event_time[kept])]
        refused = [Rejection(row, _NAME_REASON) for row in np.flatnonzero(bad).tolist()]
        return cls(rows.take(kept), kept, refused, len(rows), names, upto)


def write_batch(connection: DuckDBPyConnection, names: SeriesNames, batch: Batch) -> WriteResult:
    """Write a batch, whole or not at all. Rows of positions that were reached before are there already.

    After an error the names must be read again: they may hold series whose entry was undone with the rest.
    """
    with transaction(connection):
        state = read_state(connection)
        rows, place, refused = batch.rows, batch.place, list(batch.refused)
        if batch.upto:
            new = rows.position > state.position
            rows, place = rows.take(new), place[new]
        expired = rows.event_time <= state.hours_until
        if expired.any():
            refused += [Rejection(row, _AGE_REASON) for row in place[expired].tolist()]
            rows = rows.take(~expired)
        if len(rows):
            _put(connection, names.numbers_of(connection, rows.series, batch.names), rows, state)
        if batch.upto > state.position:
            set_state(connection, state._replace(position=batch.upto))
    return WriteResult(batch.given - len(refused), tuple(sorted(refused)))


def _put(connection: DuckDBPyConnection, series: NDArray[np.int32], rows: Observations, state: State) -> None:
    """Correct the rows whose keys are there, add the others."""
    add = np.ones(len(rows), np.bool_)
    for found in find_keys(connection, state, series, rows.event_time):
        add[found.place] = False
        value, flag = rows.value[found.place], rows.flag[found.place]
        other = (found.flag != flag) | ((found.value != value) & (flag != Flag.MISSING))
        if other.any():
            at = found.at[other]
            change = {"at": at, "value": value[other], "flag": flag[other]}  # noqa: F841  # DuckDB finds it by its name
            connection.execute(
                f"UPDATE {found.table} SET value = CASE WHEN change.flag = 9 THEN NULL ELSE change.value END,"  # noqa: S608  # numbers and names of ours
                f" flag = change.flag FROM change WHERE {found.table}.rowid = change.at"
                f" AND {found.table}.rowid BETWEEN {at.min()} AND {at.max()}"
            ).fetchall()
    # While rows move, `recent` no longer counts for what was moved.
    moved = add & (rows.event_time < state.settled_before) & (series < state.moved_below)
    for table, chosen in (("recent", add & ~moved), ("settled", moved)):
        if chosen.any():
            added = {"series": series[chosen], "time": rows.event_time[chosen]}
            added |= {"value": rows.value[chosen], "flag": rows.flag[chosen]}
            connection.execute(
                f"INSERT INTO {table} SELECT series, time, CASE WHEN flag = 9 THEN NULL ELSE value END, flag FROM added"  # noqa: S608  # names of ours
            ).fetchall()


def write_alerts(connection: DuckDBPyConnection, transitions: Sequence[AlertPoint]) -> WriteResult:
    """Write transitions; of several at one time with the same tags the last one stays."""
    kept: dict[tuple[int, str], AlertPoint] = {}
    refused = []
    for row, point in enumerate(transitions):
        try:
            alert_line(point)  # what one store can't express, the other doesn't take either
        except ValueError as error:
            refused.append(Rejection(row, str(error)))
            continue
        tags = json.dumps({name: value or "-" for name, value in sorted(point.tags)}, ensure_ascii=False)
        kept.pop((point.time, tags), None)
        kept[point.time, tags] = point
    with transaction(connection):
        for (time, tags), point in kept.items():
            connection.execute("DELETE FROM alert WHERE time = ? AND tags = ?", [time, tags])
            connection.execute("INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [time, tags, *point[2:]])
    return WriteResult(len(transitions) - len(refused), tuple(refused))
