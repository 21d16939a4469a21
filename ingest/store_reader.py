"""The reader that feeds the store: which readings are new, which repeat, which correct. Pure but for its state file.

Everything it counts is a function of the journal up to its position, so the numbers of CONTRACT section 8 add up at
every moment and survive a crash: after one, the journal is read again from the last snapshot and the same rows are
written to the store again, which changes nothing there.

What it learned from the store (keys older than the window) is an input that can't be repeated, because the store then
holds what we wrote ourselves. Answers are therefore put into the state file before they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from hydro.columns import Observations
from hydro.instants import HOUR_MS
from hydro.quantity import QUANTITIES
from hydro.series import SeriesIndex
from ingest.quality.clock_skew import as_stored
from ingest.quality.key_memory import KeyMemory, Outcome
from ingest.reasons import RejectReason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ingest.decode import DecodedBatch
    from ingest.quality.clock_skew import ClockScreen
    from storage.state_file import StateFile
    from storage.store import Point

__all__ = ["STATE_KIND", "STATE_VERSION", "RecalledKey", "StoreReader", "Totals"]

STATE_KIND: Final = "store reader"
STATE_VERSION: Final = 1
WINDOW_HOURS: Final = 72
_MOST_KEYS: Final = 1_200_000  # 29 MB, two hours of 15,000 stations
_NEVER: Final = -(2**62)


class RecalledKey(NamedTuple):
    """A key older than the window, and what the store said of it."""

    station: str
    quantity: str
    event_time: int
    value: int | None
    flag: int  # 0: the store doesn't have it


class Totals(msgspec.Struct):
    """Counts since the first message of the journal; the names are those of the metrics."""

    messages_received: int = 0
    messages_decoded: int = 0
    messages_dead_lettered: dict[str, int] = msgspec.field(default_factory=dict)
    observations_decoded: int = 0
    observations_stored: int = 0
    observations_duplicate: int = 0
    observations_corrected: int = 0
    observations_rejected: dict[str, int] = msgspec.field(default_factory=dict)
    unknown_keys: int = 0
    sequence_gaps: int = 0


class _Answer(msgspec.Struct):
    """What the store said for a batch that ends at ``last``."""

    last: int
    keys: list[RecalledKey]


class _Head(msgspec.Struct):
    totals: Totals
    newest: int
    window_at: int
    sequence: dict[str, int]
    stations: list[str]


class StoreReader:
    """Duplicates, corrections and totals.

    Args:
        index: Series numbers of the batches; chunks of another register are renumbered when taken up.
        state: Where it remembers.
        journal_end: Last position of the journal when this reader starts. Up to it an earlier run may have read, and
            written to the store: until then the window of known keys stays what it was for that run.
        clocks: Finds clocks that are wrong, whose readings are stored SUSPECT; None = none is looked at.
    """

    def __init__(
        self, index: SeriesIndex, state: StateFile, journal_end: int, clocks: ClockScreen | None = None
    ) -> None:
        self.journal_end = journal_end
        self._index = index
        self._state = state
        self._memory = KeyMemory()
        self._clocks = clocks
        known_clocks = state.get("clocks", "")
        if clocks is not None and known_clocks is not None:
            clocks.unpack(known_clocks)
        self._newest = self._window_at = _NEVER
        self._answers = 0
        self._sequence: dict[str, int] = {}
        self._shelved: set[int] = set(state.numbers("hour", ""))
        self.totals = Totals()
        self.position = state.position
        head = state.get("head", "")
        if head is not None:
            known = msgspec.msgpack.decode(head, type=_Head)
            self.totals, self._newest, self._sequence = known.totals, known.newest, known.sequence
            self._window_at = known.window_at
            if tuple(known.stations) != index.stations:
                self._renumber(SeriesIndex(known.stations))
        self._recalled_until = 0
        for _, number, blob in state.items("recalled"):
            answer = msgspec.msgpack.decode(blob, type=_Answer)
            self._recall(answer.keys)
            self._recalled_until = max(self._recalled_until, answer.last)
            self._answers = number + 1

    @property
    def _first_known_hour(self) -> int:
        """First hour whose keys are known here; the same whenever a message is read again."""
        return self._window_at // HOUR_MS - WINDOW_HOURS

    def _renumber(self, old: SeriesIndex) -> None:
        numbers = [self._index.station_number(code) for code in old.stations]
        table = np.array([-1 if number is None else number for number in numbers], np.int64)
        with self._state.transaction():
            for hour in list(self._shelved):
                blob = self._state.get("hour", "", hour)
                if blob is not None:
                    self._memory.unpack(hour, blob)
                    self._memory.renumber(hour, table)
                    self._state.put("hour", "", hour, self._memory.pack(hour))
                    self._memory.forget(hour)
            self._put_head()

    def unknown_keys(self, batch: DecodedBatch) -> list[tuple[str, str, list[int]]]:
        """Keys that the store must be asked for before :meth:`step`: station, quantity, event times."""
        rows = batch.observations
        asked: dict[int, list[int]] = {}
        for row in self._memory.unknown(rows, self._first_known_hour):
            asked.setdefault(int(rows.series[row]), []).append(int(rows.event_time[row]))
        names = self._index
        return [(names.station(series), names.quantity(series).text, times) for series, times in asked.items()]

    def recall(
        self, batch: DecodedBatch, asked: list[tuple[str, str, list[int]]], found: dict[tuple[str, str, int], Point]
    ) -> None:
        """Hand in the store's answer; durable when this returns."""
        keys = []
        for station, quantity, times in asked:
            for event_time in times:
                point = found.get((station, quantity, event_time))
                value, flag = (None, 0) if point is None else (point.value, point.flag)
                keys.append(RecalledKey(station, quantity, event_time, value, flag))
        with self._state.transaction():
            self._state.put("recalled", "", self._answers, msgspec.msgpack.encode(_Answer(batch.last, keys)))
        self._answers += 1
        self._recall(keys)
        self._recalled_until = max(self._recalled_until, batch.last)

    def _recall(self, keys: list[RecalledKey]) -> None:
        known = [key for key in keys if self._index.station_number(key.station) is not None]
        if known:
            self._memory.recall(
                np.array([self._index.number(key.station, QUANTITIES[key.quantity]) for key in known], np.int64),
                np.array([key.event_time for key in known], np.int64),
                np.array([key.value or 0 for key in known], np.int64),
                np.array([key.flag for key in known], np.uint8),
            )

    def step(self, batch: DecodedBatch) -> Observations:
        """Take a batch in; the rows that the store is to get, at most one a key, in journal order."""
        rows, earlier = batch.observations, Observations.empty()
        if self._clocks is not None:
            rows, earlier = as_stored(rows, self._clocks.take(rows, batch.ahead))
        self._newest = max(self._newest, int(rows.received_at.max()) if len(rows) else _NEVER)
        for hour in set(np.unique(rows.event_time // HOUR_MS).tolist()) & self._shelved - self._memory.hours:
            blob = self._state.get("hour", "", hour)
            if blob is not None:
                self._memory.unpack(hour, blob)
        outcome = self._memory.apply(rows, self._first_known_hour)
        totals = self.totals
        corrected = int(np.count_nonzero(outcome == Outcome.CORRECTED))
        duplicate = int(np.count_nonzero(outcome == Outcome.DUPLICATE))
        totals.messages_received += batch.messages
        totals.messages_decoded += batch.messages - batch.dead_lettered.total()
        _add(totals.messages_dead_lettered, batch.dead_lettered)
        totals.observations_decoded += batch.decoded
        totals.observations_stored += len(rows) - duplicate
        totals.observations_duplicate += duplicate
        totals.observations_corrected += corrected
        _add(totals.observations_rejected, batch.rejected)
        totals.unknown_keys += batch.unknown_keys
        for station, number in batch.sequence:
            if self._index.station_number(station) is None:
                continue
            last = self._sequence.get(station)
            if last is not None and number > last + 1:
                totals.sequence_gaps += 1
            self._sequence[station] = number
        self.position = batch.last
        if duplicate or corrected:
            keep = outcome != Outcome.DUPLICATE
            if corrected:
                keep &= _last_of_key(rows, keep)
            rows = rows.take(keep)
        return Observations.concatenate([earlier, rows]) if len(earlier) else rows

    def refused(self, count: int) -> None:
        """The store will never take so many of the rows that a step gave."""
        self.totals.observations_stored -= count
        _add(self.totals.observations_rejected, {RejectReason.STORE_REFUSED.value: count})

    def save(self) -> bool:
        """Snapshot: right only when all rows that steps gave are in the store.

        Returns:
            Whether it was made. After a crash it is not until the batches are read again for which the store was asked:
            their answers are still needed.
        """
        if self.position < self._recalled_until:
            return False
        if self.position >= self.journal_end:
            self._window_at = self._newest
        first_known = self._first_known_hour
        dirty = self._memory.dirty_hours
        with self._state.transaction():
            for hour in dirty:
                self._state.put("hour", "", hour, self._memory.pack(hour))
            self._state.delete("hour", below=first_known)
            self._state.delete("recalled")
            self._put_head()
            self._state.set_position(self.position)
        for hour in dirty:
            self._memory.packed(hour)
        self._memory.forget_recalled()
        self._shelved.update(dirty)
        self._shelved = {hour for hour in self._shelved if hour >= first_known}
        for hour in sorted(self._memory.hours):
            if hour < first_known or len(self._memory) > _MOST_KEYS:
                self._memory.forget(hour)
        return True

    def _put_head(self) -> None:
        head = _Head(self.totals, self._newest, self._window_at, self._sequence, list(self._index.stations))
        self._state.put("head", "", 0, msgspec.msgpack.encode(head))
        if self._clocks is not None:
            self._state.put("clocks", "", 0, self._clocks.pack())


def _add(totals: dict[str, int], counts: Mapping[str, int]) -> None:
    for reason, count in counts.items():
        totals[reason] = totals.get(reason, 0) + count


def _last_of_key(rows: Observations, keep: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Marks, of the kept rows, the last one of each key."""
    chosen = np.flatnonzero(keep)[::-1]
    pairs = np.stack([rows.series[chosen], rows.event_time[chosen]])
    _, first = np.unique(pairs, axis=1, return_index=True)
    last = np.zeros(len(rows), bool)
    last[chosen[first]] = True
    return last
