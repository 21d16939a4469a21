"""Reading the file: points, columns, sums; each inside one transaction, so that rows on the move are seen once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from hydro.flags import Flag
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from storage.buckets import Bucket, Grid, Samples, Sums, buckets_of, slots_of, valid_values
from storage.embedded.hours import joined
from storage.embedded.keys import find_keys, visible
from storage.embedded.schema import State, read_state
from storage.store import Key, Point

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from storage.embedded.series_names import SeriesNames

__all__ = ["read_buckets", "read_keys", "read_latest", "read_points", "snapshot"]

_NONE = np.empty(0, np.int64)


@contextmanager
def snapshot(connection: DuckDBPyConnection) -> Iterator[State]:
    """What holds for all tables; all that is read inside belongs to it."""
    connection.execute("BEGIN")
    try:
        yield read_state(connection)
    finally:
        connection.execute("ROLLBACK")


def read_points(connection: DuckDBPyConnection, number: int, start: int, end: int) -> list[Point]:
    """Points of a series with start < time <= end, in order of time."""
    with snapshot(connection) as state:
        samples = _samples(connection, state, number, start, end)
    missing = int(Flag.MISSING)
    return [
        Point(time, None if flag == missing else value, flag)
        for time, value, flag in zip(*(column.tolist() for column in samples), strict=True)
    ]


def read_buckets(connection: DuckDBPyConnection, number: int, start: int, end: int, grid: Grid) -> list[Bucket]:
    """Buckets of a series; of what is condensed, the sums that lie wholly inside the range and inside one bucket."""
    with snapshot(connection) as state:
        samples = _samples(connection, state, number, start, end)
        found = bool(len(samples.time))
        parts = []
        for table, length in (("day", DAY_MS), ("hour", HOUR_MS)):
            if grid.every_ms % length == 0:
                sums, any_there = _condensed(connection, table, length, number, start, end, grid)
                parts += sums
                found |= any_there
    if not found:
        return []
    return buckets_of([*parts, slots_of(valid_values(samples), grid)], start, end, grid)


def read_keys(
    connection: DuckDBPyConnection, names: SeriesNames, keys: Sequence[tuple[str, str, Sequence[int]]]
) -> dict[Key, Point]:
    """Points of exact keys."""
    wanted: dict[int, set[int]] = {}
    for station, quantity, times in keys:
        number = names.number(station, quantity)
        if number is not None:
            wanted.setdefault(number, set()).update(times)
    series = np.repeat(np.array(list(wanted), np.int32), [len(times) for times in wanted.values()])
    time = np.array([one for times in wanted.values() for one in times], np.int64)
    points: dict[Key, Point] = {}
    with snapshot(connection) as state:
        for found in find_keys(connection, state, series, time):
            columns = (series[found.place], time[found.place], found.value, found.flag)
            for number, when, value, flag in zip(*(column.tolist() for column in columns), strict=True):
                points[(*names.names[number], when)] = Point(when, None if flag == Flag.MISSING else value, flag)
    return points


def read_latest(connection: DuckDBPyConnection, names: SeriesNames, since: int) -> dict[tuple[str, str], Point]:
    """Newest point with a value of each series that has one after ``since`` (epoch milliseconds)."""
    newest: dict[tuple[str, str], Point] = {}
    with snapshot(connection) as state:
        tables = [("settled", "")] if since < state.settled_before else []
        for table, more in (*tables, ("recent", visible(state))):
            rows = connection.execute(
                "SELECT series, max(time), arg_max(value, time), arg_max(flag, time)"  # noqa: S608  # numbers and names of ours
                f" FROM {table} WHERE time > {since} AND flag <> {int(Flag.MISSING)}{more} GROUP BY series"
            ).fetchall()
            for number, time, value, flag in rows:
                name = names.names[number]
                if name not in newest or newest[name].time < time:
                    newest[name] = Point(time, value, flag)
    return newest


def _samples(connection: DuckDBPyConnection, state: State, number: int, start: int, end: int) -> Samples:
    parts = []
    if start < state.settled_before:
        parts.append(_columns(connection, "settled", number, start, end))
    moved = number < state.moved_below
    parts.append(_columns(connection, "recent", number, max(start, state.settled_before - 1) if moved else start, end))
    samples = Samples(
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.flag for part in parts]),
    )
    if (samples.time[1:] < samples.time[:-1]).any():
        order = np.argsort(samples.time, kind="stable")
        samples = Samples(samples.time[order], samples.value[order], samples.flag[order])
    return samples


def _columns(connection: DuckDBPyConnection, table: str, number: int, start: int, end: int) -> Samples:
    found = connection.execute(
        f"SELECT time, coalesce(value, 0) AS value, flag FROM {table}"  # noqa: S608  # names of ours
        " WHERE series = ? AND time > ? AND time <= ?",
        [number, start, end],
    ).fetchnumpy()
    return Samples(found["time"], found["value"], found["flag"])


def _condensed(
    connection: DuckDBPyConnection, table: str, length: int, number: int, start: int, end: int, grid: Grid
) -> tuple[list[Sums], bool]:
    """Sums of slots of a table's stretches that the range holds whole, and whether there are any, be they empty."""
    found = connection.execute(
        "SELECT time, interval_min, total_high, total_low, count, coalesce(minimum, 0) AS minimum,"  # noqa: S608  # names of ours
        f" coalesce(maximum, 0) AS maximum FROM {table} WHERE series = ? AND time > ? AND time <= ? ORDER BY time",
        [number, start + length - 1, end],
    ).fetchnumpy()
    if not len(found["time"]):
        return [], False
    filled = found["count"] > 0
    interval_ms: NDArray[np.int64] = found["interval_min"][filled].astype(np.int64) * MINUTE_MS
    total = joined(found["total_high"], found["total_low"])
    extremes = (found["minimum"], found["maximum"])
    sums = Sums(*(column[filled] for column in (found["time"], total, found["count"], *extremes)))
    parts = []
    changes = np.flatnonzero(interval_ms[1:] != interval_ms[:-1]) + 1
    for part in np.split(np.arange(len(interval_ms)), changes):
        if not len(part):
            continue
        own = Sums(*(column[part] for column in sums))
        interval = int(interval_ms[part[0]])
        # An hour within a longer slot holds values, not slots; see storage.embedded.hours.
        parts.append(slots_of(own, grid._replace(interval_ms=interval)) if interval > length else own)
    return parts, True
