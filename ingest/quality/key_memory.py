"""Which (station, quantity, event time) are known, with which value: duplicates and corrections found exactly.

Keys lie in chunks of one hour of event time. A chunk is a short list of sorted runs whose sizes grow geometrically
(a log-structured merge, in memory), so that adding n keys costs O(n log n) and finding m among them O(m log² n), all in
numpy. Chunks that nobody touched for a while are put down by the shell and taken up again when a late reading needs
them; keys older than the window are looked up in the store and handed in with :meth:`KeyMemory.recall`.

The version of a key that stands is the one with the greatest (received_at, journal position); a missing value never
replaces a value. That makes the outcome a function of the set of readings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from hydro.flags import Flag
from hydro.instants import HOUR_MS
from hydro.series import QUANTITY_SLOTS

if TYPE_CHECKING:
    from hydro.columns import Observations

__all__ = ["KeyMemory", "Outcome"]

_SHIFT: Final = 22  # milliseconds of an hour fit
_MISSING: Final = -(2**63)
"""Stands in the value column for a reading without a value."""
_ABSENT: Final = -(2**63) + 1
"""Stands in the value column for a key that the store was asked for and doesn't have."""
_NEVER: Final = -(2**62)

Column = NDArray[np.int64]


class Outcome(IntEnum):
    """What became of a reading."""

    STORED = 0
    CORRECTED = 1  # stored over another value
    DUPLICATE = 2  # same value again, a missing value over a value, or an older version of a corrected one


@dataclass(slots=True)
class _Run:
    keys: Column
    values: Column
    received: Column


@dataclass(slots=True)
class _Chunk:
    runs: list[_Run] = field(default_factory=list)
    dirty: bool = True

    def __len__(self) -> int:
        return sum(len(run.keys) for run in self.runs)

    def add(self, run: _Run) -> None:
        """Put in keys that aren't there yet, sorted."""
        self.dirty = True
        self.runs.append(run)
        while len(self.runs) > 1 and len(self.runs[-2].keys) < 2 * len(self.runs[-1].keys):
            last, before = self.runs.pop(), self.runs.pop()
            keys = np.concatenate([before.keys, last.keys])
            order = np.argsort(keys, kind="stable")
            self.runs.append(
                _Run(
                    keys[order],
                    np.concatenate([before.values, last.values])[order],
                    np.concatenate([before.received, last.received])[order],
                )
            )

    def apply(self, keys: Column, values: Column, received: Column) -> NDArray[np.uint8]:
        """Outcomes of distinct, sorted keys; the chunk holds them afterwards."""
        outcome = np.zeros(len(keys), np.uint8)
        unseen = np.ones(len(keys), bool)
        for run in self.runs:
            place = np.searchsorted(run.keys, keys)
            place[place == len(run.keys)] = 0
            here = run.keys[place] == keys
            if not here.any():
                continue
            unseen &= ~here
            rows, spots = np.flatnonzero(here), place[here]
            outcome[rows] = self._revise(run, spots, values[rows], received[rows])
        if unseen.any():
            self.add(_Run(keys[unseen], values[unseen], received[unseen]))
        return outcome

    def _revise(self, run: _Run, spots: NDArray[np.intp], values: Column, received: Column) -> NDArray[np.uint8]:
        old, since = run.values[spots], run.received[spots]
        absent = old == _ABSENT
        same = old == values
        wins = ~same & ~absent & (values != _MISSING) & ((old == _MISSING) | (received >= since))
        outcome = np.full(len(spots), Outcome.DUPLICATE, np.uint8)
        outcome[wins] = Outcome.CORRECTED
        outcome[absent] = Outcome.STORED
        write = wins | absent
        run.values[spots[write]] = values[write]
        # A repetition counts as arrival of its version: the greatest received_at of the standing value is kept.
        newer = (write | same) & (received > since)
        run.received[spots[newer]] = received[newer]
        self.dirty |= bool(newer.any() or write.any())
        return outcome

    def merged(self) -> _Run:
        """All keys as one run."""
        if len(self.runs) == 1:
            return self.runs[0]
        keys = np.concatenate([run.keys for run in self.runs])
        order = np.argsort(keys, kind="stable")
        return _Run(
            keys[order],
            np.concatenate([run.values for run in self.runs])[order],
            np.concatenate([run.received for run in self.runs])[order],
        )


class KeyMemory:
    """Known keys by hour of event time. Mutable; :meth:`pack` and :meth:`unpack` carry chunks over a restart."""

    def __init__(self) -> None:
        self._chunks: dict[int, _Chunk] = {}
        self._recalled: dict[int, _Chunk] = {}

    def __len__(self) -> int:
        """Keys held in memory."""
        return sum(map(len, self._chunks.values())) + sum(map(len, self._recalled.values()))

    @property
    def hours(self) -> set[int]:
        """Hours whose chunk is in memory (event time // 3,600,000)."""
        return set(self._chunks)

    @property
    def dirty_hours(self) -> list[int]:
        """Hours whose chunk has changed since it was packed."""
        return [hour for hour, chunk in self._chunks.items() if chunk.dirty]

    def apply(self, batch: Observations, first_known_hour: int) -> NDArray[np.uint8]:
        """Outcome of each reading of a batch, in journal order.

        Args:
            batch: Readings; their keys older than ``first_known_hour`` must have been recalled before.
            first_known_hour: Hours from this one on are known here, older ones only as far as recalled.
        """
        outcome = np.zeros(len(batch), np.uint8)
        values = np.where(batch.flag == Flag.MISSING, _MISSING, batch.value)
        keys = _keys(batch.series, batch.event_time)
        hours = batch.event_time // HOUR_MS
        for hour in np.unique(hours):
            rows = np.flatnonzero(hours == hour)
            table = self._chunks if hour >= first_known_hour else self._recalled
            chunk = table.setdefault(int(hour), _Chunk())
            rows = rows[np.argsort(keys[rows], kind="stable")]
            while len(rows):  # the n-th reading of each key in the n-th round, in journal order
                first = np.ones(len(rows), bool)
                first[1:] = keys[rows[1:]] != keys[rows[:-1]]
                now = rows[first]
                outcome[now] = chunk.apply(keys[now], values[now], batch.received_at[now])
                rows = rows[~first]
        return outcome

    def unknown(self, batch: Observations, first_known_hour: int) -> NDArray[np.intp]:
        """Rows whose key is older than the window and has not been recalled yet, one row a key."""
        old = np.flatnonzero(batch.event_time // HOUR_MS < first_known_hour)
        if not len(old):
            return old
        keys = _keys(batch.series[old], batch.event_time[old])
        pairs = np.stack([batch.event_time[old] // HOUR_MS, keys])
        _, index = np.unique(pairs, axis=1, return_index=True)
        rows = old[np.sort(index)]
        asked = np.zeros(len(rows), bool)
        for position, row in enumerate(rows):
            chunk = self._recalled.get(int(batch.event_time[row] // HOUR_MS))
            if chunk is not None:
                key = keys[np.searchsorted(old, row)]
                asked[position] = any(_holds(run, int(key)) for run in chunk.runs)
        return rows[~asked]

    def recall(self, series: Column, event_time: Column, value: Column, flag: NDArray[np.uint8]) -> None:
        """Hand in what the store holds of keys older than the window.

        Args:
            series: Series numbers.
            event_time: Epoch milliseconds; each key at most once, and none twice over the life of the memory.
            value: Millionths.
            flag: Flags; 0 where the store has no such key.
        """
        values = np.where(flag == 0, _ABSENT, np.where(flag == Flag.MISSING, _MISSING, value))
        keys, hours = _keys(series, event_time), event_time // HOUR_MS
        for hour in np.unique(hours):
            rows = np.flatnonzero(hours == hour)
            rows = rows[np.argsort(keys[rows], kind="stable")]
            chunk = self._recalled.setdefault(int(hour), _Chunk())
            chunk.add(_Run(keys[rows], values[rows], np.full(len(rows), _NEVER, np.int64)))

    def forget_recalled(self) -> None:
        """Drop what was recalled; right once everything read so far is in the store."""
        self._recalled.clear()

    def forget(self, hour: int) -> None:
        """Drop a chunk: it was put down elsewhere, or left the window."""
        self._chunks.pop(hour, None)

    def renumber(self, hour: int, stations: Column) -> None:
        """Give the series of a chunk the numbers of another register.

        Args:
            hour: The chunk.
            stations: New number of each old station number, -1 where it is gone.
        """
        run = self._chunks[hour].merged()
        series = run.keys >> _SHIFT
        station = stations[series // QUANTITY_SLOTS]
        keys = ((station * QUANTITY_SLOTS + series % QUANTITY_SLOTS) << _SHIFT) | (run.keys & ((1 << _SHIFT) - 1))
        order = np.argsort(keys, kind="stable")
        order = order[station[order] >= 0]
        self._chunks[hour] = _Chunk([_Run(keys[order], run.values[order], run.received[order])])

    def pack(self, hour: int) -> bytes:
        """A chunk as bytes; it counts as changed until :meth:`packed`."""
        chunk = self._chunks[hour]
        run = chunk.merged()
        chunk.runs = [run]
        parts = [
            zstandard.compress(np.diff(column, prepend=0).tobytes(), 1)
            for column in (run.keys, run.values, run.received)
        ]
        return msgspec.msgpack.encode(parts)

    def packed(self, hour: int) -> None:
        """What :meth:`pack` gave is safe."""
        self._chunks[hour].dirty = False

    def unpack(self, hour: int, blob: bytes) -> None:
        """Take a chunk up again."""
        keys, values, received = (
            np.cumsum(np.frombuffer(zstandard.decompress(part), np.int64))
            for part in msgspec.msgpack.decode(blob, type=list[bytes])
        )
        self._chunks[hour] = _Chunk([_Run(keys, values, received)], dirty=False)


def _keys(series: Column, event_time: Column) -> Column:
    return (series << _SHIFT) | (event_time % HOUR_MS)


def _holds(run: _Run, key: int) -> bool:
    place = int(np.searchsorted(run.keys, key))
    return place < len(run.keys) and int(run.keys[place]) == key
