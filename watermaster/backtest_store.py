"""A backtest's stream from the store: values, flags and event times as they were kept, through the same rules.

What the store doesn't have can't be judged: when a value first came. ``received_at`` is the event time, so every value
counts as in time; there are no ticks and no clocks of devices. What rests on arrival (timeliness, ``data_loss``,
``revised``, ``clock_skew``) is therefore told by a recorded stream alone. Of a corrected value only the last is there.

Verdicts are functions of the set of observations, so they may come station by station. They come in order of time as
far as memory allows: stations that are judged together (a target and its inflow) always together, and all stations at
once where their rows fit.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from hydro.columns import Observations
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hydro.quantity import QUANTITIES, Quantity
from ingest.decode import DecodedBatch
from watermaster.backtest import TimedBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from hydro.register import Register
    from hydro.series import SeriesIndex
    from storage.buckets import Samples

__all__ = ["SeriesReader", "stored_batches"]

MOST_ROWS: Final = 2_000_000
"""Rows read before they are judged: 0.1 GB."""

BATCH_ROWS: Final = 100_000
LONGEST_MS: Final = 366 * DAY_MS
"""Longest range that is read at once, as much as a service answers."""


class SeriesReader(Protocol):
    """Reads one series."""

    def __call__(self, station: str, quantity: Quantity, start: int, end: int, /) -> Samples:
        """Values with start < time <= end (epoch milliseconds), in order of time."""


def stored_batches(
    read: SeriesReader,
    series: Collection[tuple[str, str]],
    register: Register,
    index: SeriesIndex,
    *,
    start: int,
    end: int,
    most_rows: int = MOST_ROWS,
    told: Callable[[float], None] = lambda _: None,
) -> Iterator[TimedBatch]:
    """What is kept, as batches for :func:`watermaster.backtest.judge`.

    Args:
        read: One series from the store.
        series: By station and quantity; those that the register doesn't know are left out.
        register: Which stations are judged together, and how many rows to expect.
        index: Series numbers of the batches.
        start: Only event times after it, epoch milliseconds.
        end: Only event times up to it.
        most_rows: About how many are read before they are judged; changes nothing but memory.
        told: Gets the share of the whole, 0 to 1, that is done, before each read.
    """
    by_station: dict[str, list[Quantity]] = {}
    for station, quantity in sorted(series):
        if station in register.stations and quantity in QUANTITIES:
            by_station.setdefault(station, []).append(QUANTITIES[quantity])
    position = read_stations = 0
    for stations in _groups(register, by_station, (end - start) / DAY_MS, most_rows):
        rate = sum(_rows_a_day(register, station) * len(by_station[station]) for station in stations)
        length = min(max(int(most_rows / rate * DAY_MS) // HOUR_MS * HOUR_MS, HOUR_MS), LONGEST_MS)
        for since in range(start, end, length):
            until = min(since + length, end)
            done = (since - start) / (end - start)
            told((read_stations + done * len(stations)) / len(by_station))
            for rows in _read(read, stations, by_station, index, since, until):
                position += 1
                yield _batch(rows, position)
        read_stations += len(stations)


def _groups(
    register: Register, by_station: dict[str, list[Quantity]], days: float, most_rows: int
) -> Iterator[list[str]]:
    """Stations in groups, as large as fit, of which none needs a station of another."""
    group: list[str] = []
    rows = 0.0
    for linked in _linked(register, by_station):
        more = days * sum(_rows_a_day(register, station) * len(by_station[station]) for station in linked)
        if group and rows + more > most_rows:
            yield group
            group, rows = [], 0.0
        group += linked
        rows += more
    if group:
        yield group


def _linked(register: Register, stations: Collection[str]) -> list[list[str]]:
    """Stations that a target joins with its inflow, together; in the order of their codes."""
    leader = {station: station for station in stations}

    def led_by(station: str) -> str:
        while leader[station] != station:
            leader[station] = station = leader[leader[station]]
        return station

    for rows in register.targets.values():
        for row in rows:
            if row.inflow_station in leader and row.station in leader:
                first, second = sorted((led_by(row.station), led_by(row.inflow_station)))
                leader[second] = first
    groups: dict[str, list[str]] = {}
    for station in sorted(stations):
        groups.setdefault(led_by(station), []).append(station)
    return list(groups.values())


def _rows_a_day(register: Register, station: str) -> float:
    return DAY_MS / MINUTE_MS / min(row.interval_min for row in register.stations[station].rows)


def _read(
    read: SeriesReader,
    stations: Sequence[str],
    by_station: dict[str, list[Quantity]],
    index: SeriesIndex,
    start: int,
    end: int,
) -> Iterator[Observations]:
    """Rows of some stations in order of event time, in pieces."""
    parts = []
    for station in stations:
        for quantity in by_station[station]:
            samples = read(station, quantity, start, end)
            number = np.full(len(samples.time), index.number(station, quantity), np.int64)
            parts.append((number, samples.time, samples.value, samples.flag))
    if not parts:
        return
    series, times, values, flags = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((series, times))
    for first in range(0, len(order), BATCH_ROWS):
        rows = order[first : first + BATCH_ROWS]
        nothing = np.zeros(len(rows), np.int64)  # the position is given with the batch
        yield Observations(series[rows], times[rows], values[rows], flags[rows], times[rows], nothing)


def _batch(rows: Observations, position: int) -> TimedBatch:
    """Rows as if one message had brought them."""
    placed = Observations(
        rows.series,
        rows.event_time,
        rows.value,
        rows.flag,
        rows.received_at,
        np.full(len(rows), position, np.int64),
    )
    batch = DecodedBatch(
        first=position,
        last=position,
        observations=placed,
        messages=0,
        decoded=len(rows),
        dead_lettered=Counter(),
        rejected=Counter(),
        dead_letters=[],
        ticks=[],
        sequence=[],
        unknown_keys=0,
    )
    return TimedBatch(batch, int(rows.event_time[-1]))
