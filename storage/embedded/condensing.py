"""Condensing: raw rows beyond their limit become hours, hours beyond theirs become days, and the rows are dropped.

In steps like :mod:`storage.embedded.settling`: each sums up some series and drops their rows in one transaction. What
is left to do is seen from the rows that are left, so a crash needs no trace of how far it was. From the first step on
no row of that time is taken any more (`writing` refuses it, with the reason), else an hour would have to be summed up
again from rows that are gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from storage.buckets import Samples
from storage.embedded.hours import Stretches, days_of, hours_of, joined, split
from storage.embedded.schema import read_state, set_state
from storage.embedded.transaction import transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from storage.embedded.series_names import SeriesNames

__all__ = ["Slots", "condense_hours_step", "condense_raw_step", "raw_overdue"]


_ROWS: Final = "series, time, interval_min, total_high, total_low, count, coalesce(minimum, 0), coalesce(maximum, 0)"


class Slots(NamedTuple):
    """How the series of the stations are cut into slots.

    Attributes:
        interval_min: By station code; rows of other stations are kept as they are.
        zone_minutes: Zone whose 00:00 begins the count.
    """

    interval_min: Mapping[str, int]
    zone_minutes: int


def raw_overdue(connection: DuckDBPyConnection, until: int, many: int, spared: int) -> bool:
    """Whether it is worth while: ``many`` rows are as old as ``until``, or some as old as ``spared``."""
    rows = connection.execute(
        "SELECT count(*), coalesce(min(time), ?) FROM (SELECT time FROM settled WHERE time <= ?"
        " UNION ALL SELECT time FROM recent WHERE time <= ?) AS old",
        [until, until, until],
    ).fetchall()
    return int(rows[0][0]) >= many or int(rows[0][1]) <= spared


def condense_raw_step(
    connection: DuckDBPyConnection, names: SeriesNames, slots: Slots, until: int, step_rows: int
) -> bool:
    """Condense rows of some series with event times up to ``until``, an end of a day; all of them are settled.

    Returns:
        Whether anything was done; if so there may be more to do.
    """
    known = np.array([station in slots.interval_min for station, _ in names.names], np.bool_)
    with transaction(connection):
        state = read_state(connection)
        chosen = _next_series(connection, "settled", until, known, step_rows)
        if chosen is None:
            return False
        if state.hours_until < until:
            set_state(connection, state._replace(hours_until=until))
        numbers = {"series": chosen}  # noqa: F841  # DuckDB finds it by its name
        where = f"{_old(until, chosen)} AND series IN (FROM numbers)"
        found = connection.execute(
            f"SELECT series, time, coalesce(value, 0) AS value, flag FROM settled WHERE {where} ORDER BY series, time"  # noqa: S608  # numbers of ours
        ).fetchnumpy()
        interval = np.array([slots.interval_min.get(station, 0) for station, _ in names.names], np.int64)
        series = found["series"]
        samples = Samples(found["time"], found["value"], found["flag"])
        hours = hours_of(series, samples, interval[series], names.summed()[series], slots.zone_minutes)
        _insert(connection, "hour", hours)
        connection.execute(f"DELETE FROM settled WHERE {where}").fetchall()  # noqa: S608  # numbers of ours
    return True


def condense_hours_step(
    connection: DuckDBPyConnection, names: SeriesNames, zone_minutes: int, until: int, step_rows: int
) -> bool:
    """Condense hours of some series that end up to ``until``, an end of a day; returns as the other."""
    with transaction(connection):
        state = read_state(connection)
        chosen = _next_series(connection, "hour", until, np.ones(len(names), np.bool_), step_rows)
        if chosen is None:
            return False
        if state.days_until < until:
            set_state(connection, state._replace(days_until=until))
        where = _old(until, chosen)
        found = connection.execute(
            f"SELECT {_ROWS} FROM hour WHERE {where} ORDER BY series, time"  # noqa: S608  # numbers and names of ours
        ).fetchnumpy()
        series, time, interval, high, low, count, minimum, maximum = found.values()
        hours = Stretches(series, time, interval.astype(np.int64), joined(high, low), count, minimum, maximum)
        _insert(connection, "day", days_of(hours, names.summed()[series], zone_minutes))
        connection.execute(f"DELETE FROM hour WHERE {where}")  # noqa: S608  # numbers of ours
    return True


def _old(until: int, chosen: NDArray[np.int32]) -> str:
    """Terms for a WHERE clause; numbers of ours only."""
    return f"time <= {until} AND series BETWEEN {chosen[0]} AND {chosen[-1]}"


def _next_series(
    connection: DuckDBPyConnection, table: str, until: int, known: NDArray[np.bool_], most: int
) -> NDArray[np.int32] | None:
    """The first series with rows to be condensed, as many as make a step; None if there are none."""
    rows = connection.execute(
        f"SELECT series, count(*) AS count FROM {table} WHERE time <= ? GROUP BY series ORDER BY series",  # noqa: S608  # names of ours
        [until],
    ).fetchnumpy()
    left = known[rows["series"]]
    series, counts = rows["series"][left], rows["count"][left]
    if not len(series):
        return None
    size = max(1, int(np.searchsorted(np.cumsum(counts), most, side="right")))
    return np.asarray(series[:size], np.int32)


def _insert(connection: DuckDBPyConnection, table: str, rows: Stretches) -> None:
    high, low = split(rows.total)
    sums = {  # noqa: F841  # DuckDB finds it by its name
        "series": rows.series,
        "time": rows.time,
        "interval_min": rows.interval_min.astype(np.int16),
        "total_high": high,
        "total_low": low,
        "count": rows.size,
        "minimum": rows.minimum,
        "maximum": rows.maximum,
    }
    connection.execute(
        f"INSERT INTO {table} SELECT series, time, interval_min, total_high, total_low, count,"  # noqa: S608  # names of ours
        " CASE WHEN count > 0 THEN minimum END, CASE WHEN count > 0 THEN maximum END FROM sums"
    ).fetchall()
