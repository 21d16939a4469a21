"""All targets at once: columns in, changed verdicts out.

Verdicts are a function of the set of observations and of the watermarks, never of the order or of the cuts between
batches. The engine reads no clock and no disk: blocks of old samples come through the :class:`Shelf` it is given.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from alerting.eflow.bands import BandTable
from alerting.eflow.clock import StationClock
from alerting.eflow.instant_track import InstantTrack
from alerting.eflow.periodic_track import PeriodicTrack
from alerting.eflow.series import Shelf, Track, WatchedSeries
from alerting.eflow.target import TargetPlan
from hydro.instants import DAY_MS, MINUTE_MS
from hydro.periods import Basis
from hydro.register import Exemption, Register, why_unjudged

if TYPE_CHECKING:
    from alerting.eflow.verdict import TargetVerdicts
    from hydro.columns import Observations
    from hydro.quantity import Quantity
    from hydro.series import SeriesIndex

__all__ = ["ALERT_CLASS", "EflowEngine", "GoneTarget", "PackedSlice", "Unpacked"]

ALERT_CLASS: Final = "eflow_shortfall"
_NEVER: Final = -(2**62)
MOST_SAMPLES: Final = 1_000_000  # 25 MB


class _SeriesState(msgspec.Struct, array_like=True):
    position: int
    latest: int
    watermark: int
    horizon: int


class _TrackState(msgspec.Struct, array_like=True):
    digest: str
    station: str
    horizon: int
    blob: bytes


class GoneTarget(NamedTuple):
    """A target that was judged and that the register does not have any more.

    Attributes:
        target_id: The target.
        station: Its station.
        horizon: What was resolved up to here stands.
    """

    target_id: str
    station: str
    horizon: int


class Unpacked(NamedTuple):
    """What changed in the register since the state was packed.

    Attributes:
        rebuilt: Targets judged anew from the samples kept, because what they are judged by has changed.
        gone: Targets that are no more.
    """

    rebuilt: list[str]
    gone: list[GoneTarget]


class PackedSlice(NamedTuple):
    """Part of a snapshot.

    Attributes:
        numbers: The series.
        entries: Name -> state.
        forgotten: Blocks to drop: station, quantity, first day to keep.
    """

    numbers: list[int]
    entries: dict[str, bytes]
    forgotten: list[tuple[str, Quantity, int]]


class EflowEngine:
    """Shortfall verdicts for every judged target of a register.

    Args:
        register: Master data.
        index: Series numbers used in the columns.
        shelf: Old blocks of samples.
    """

    def __init__(self, register: Register, index: SeriesIndex, shelf: Shelf) -> None:
        self.register = register
        self.first_event: int | None = None
        self.last_event: int | None = None
        self._tick = _NEVER
        self._series: dict[int, WatchedSeries] = {}
        self._clocks: dict[str, StationClock] = {}
        self._waiting: list[tuple[int, int]] = []
        self._awaited: dict[int, int] = {}
        self.position = 0
        self._dirty: dict[int, int] = {}
        self._kept_samples: dict[int, int] = {}
        self._known_at = np.zeros(len(index), np.int64)
        self.tracks: dict[str, Track] = {}
        self._series_of: dict[str, WatchedSeries] = {}
        self._watched = np.zeros(len(index), bool)
        exemptions: dict[str, list[Exemption]] = {}
        for row in register.exemptions:
            exemptions.setdefault(row.station, []).append(row)
        for target_id, rows in register.targets.items():
            if why_unjudged(rows) is None:
                plan = TargetPlan(target_id, register, exemptions.get(rows[0].station, ()), register.levels)
                self._watch(plan, register, index, shelf)

    def _watch(self, plan: TargetPlan, register: Register, index: SeriesIndex, shelf: Shelf) -> None:
        clock = self._clocks.setdefault(plan.station, StationClock(plan.station, register))
        number = index.number(plan.station, plan.quantity)
        series = self._series.get(number)
        if series is None:
            series = self._series[number] = WatchedSeries(plan.station, plan.quantity, clock, shelf)
            self._watched[number] = True
        authority = register.stations[plan.station].rows[-1].authority
        bands = BandTable(register.levels, ALERT_CLASS, authority, plan.basis)
        kind: type[Track] = InstantTrack if plan.basis is Basis.INSTANT else PeriodicTrack
        track = self.tracks[plan.target_id] = kind(plan, clock, bands)
        series.tracks.append(track)
        self._series_of[plan.target_id] = series

    def step(self, batch: Observations, last: int) -> list[TargetVerdicts]:
        """Take a batch in; verdicts of the targets whose alerts changed.

        Args:
            batch: Readings in journal order.
            last: Journal position of the last message of the batch, which may hold no reading.
        """
        first, self.position = self.position + 1, last
        if not len(batch):
            return []
        earliest, latest = int(batch.event_time.min()), int(batch.event_time.max())
        self.first_event = earliest if self.first_event is None else min(self.first_event, earliest)
        self.last_event = latest if self.last_event is None else max(self.last_event, latest)
        # After a restart the journal is read again from before the oldest state; others have seen some of it already.
        mine = batch.take(self._watched[batch.series] & (batch.position > self._known_at[batch.series]))
        touched: dict[int, WatchedSeries] = {}
        for number, event_time, value, flag, received_at in zip(
            mine.series.tolist(),
            mine.event_time.tolist(),
            mine.value.tolist(),
            mine.flag.tolist(),
            mine.received_at.tolist(),
            strict=True,
        ):
            series = self._series[number]
            series.put(event_time, value, flag, received_at)
            touched[number] = series
        return self._judge(touched, first)

    def tick(self, at: int) -> list[TargetVerdicts]:
        """All readings of before ``at`` that are not late have been read: watermarks rise to ``at`` − lateness."""
        if at <= self._tick:
            return []
        self._tick = at
        due: dict[int, WatchedSeries] = {}
        while self._waiting and self._waiting[0][0] <= at:
            number = heappop(self._waiting)[1]
            self._awaited.pop(number, None)
            due[number] = self._series[number]
        return self._judge(due, self.position)

    def finish(self, at: int | None) -> list[TargetVerdicts]:
        """End of a recorded stream: every watermark is set to ``at``, else to the last event + one interval."""
        if at is None and self.last_event is None:
            return []
        for series in self._series.values():
            if at is not None:
                series.raise_watermark(at)
            elif self.last_event is not None:
                interval = self._clocks[series.station].interval_min(self.last_event)
                series.raise_watermark(self.last_event + interval * MINUTE_MS)
        return self._judge(self._series, self.position)

    def _judge(self, touched: dict[int, WatchedSeries], first: int) -> list[TargetVerdicts]:
        changes: list[TargetVerdicts] = []
        for number, series in touched.items():
            self._dirty.setdefault(number, first)
            if self._tick > _NEVER:
                series.raise_watermark(self._tick - self._clocks[series.station].lateness_ms(self._tick))
            changes += series.judge()
            end = series.first_pending_end()
            if end is not None:
                self._wait(number, end)
        return changes

    def _wait(self, number: int, end: int) -> None:
        """Remember which tick raises a watermark to the end of the first period that waits for it."""
        if self._awaited.get(number) != end:  # older entries of the heap do no harm
            self._awaited[number] = end
            heappush(self._waiting, (end + self._clocks[self._series[number].station].lateness_ms(end), number))

    def series_of(self, target_id: str) -> WatchedSeries:
        """The series that a target is held against."""
        return self._series_of[target_id]

    def clock(self, station: str) -> StationClock:
        """Slots of a station that has targets."""
        return self._clocks[station]

    @property
    def beyond_horizon(self) -> int:
        """Readings since the start that were too old to change a verdict."""
        return sum(series.beyond_horizon for series in self._series.values())

    @property
    def dirty(self) -> int:
        """How many series have changed since they were packed."""
        return len(self._dirty)

    def restart_after(self, numbers: list[int]) -> int:
        """Journal position after which it must be read again, once these series are safe."""
        done = set(numbers)
        return next((first for number, first in self._dirty.items() if number not in done), self.position + 1) - 1

    def pack(self, most: int, horizon: int | None = None) -> PackedSlice:
        """State of the series that changed longest ago; their blocks go to the shelf.

        Series know nothing of each other, so each may be packed at a position of its own: a snapshot in slices, none of
        which holds the others up. What is packed is true at :attr:`position`.

        Args:
            most: How many series at most.
            horizon: Samples and verdicts from before are let go of; epoch milliseconds.
        """
        entries: dict[str, bytes] = {}
        forgotten: list[tuple[str, Quantity, int]] = []
        numbers = list(islice(self._dirty, most))
        for number in numbers:
            series = self._series[number]
            if horizon is not None and horizon > series.horizon + DAY_MS:
                first_day = series.forget_before(horizon)
                if first_day is not None:
                    forgotten.append((series.station, series.quantity, first_day))
            series.put_down()
            state = _SeriesState(self.position, series.latest, series.watermark, series.horizon)
            entries[f"series {series.station} {series.quantity.text}"] = msgspec.msgpack.encode(state)
            for track in series.tracks:
                packed = _TrackState(track.plan.digest, track.plan.station, series.horizon, track.pack())
                entries[f"target {track.plan.target_id}"] = msgspec.msgpack.encode(packed)
        entries["engine"] = msgspec.msgpack.encode((self.first_event, self.last_event, self._tick))
        return PackedSlice(numbers, entries, forgotten)

    def packed(self, numbers: list[int]) -> None:
        """What :meth:`pack` gave for these series is safe."""
        # Beyond the bound a block is taken from the shelf again for each reading that comes: slower, and it fits.
        kept = sum(self._kept_samples.values())
        keep_days = 2 if kept < MOST_SAMPLES // 2 else 1 if kept < MOST_SAMPLES else 0
        for number in numbers:
            del self._dirty[number]
            self._kept_samples[number] = self._series[number].let_go(keep_days)

    def unpack(self, state: dict[str, bytes], position: int) -> Unpacked:
        """Take up what :meth:`pack` gave over time.

        Args:
            state: Name -> bytes; what the register no longer knows is left out.
            position: The restart position that was valid then.

        Returns:
            What the register that judged so far did not know, or knew otherwise.
        """
        if "engine" in state:
            self.first_event, self.last_event, self._tick = msgspec.msgpack.decode(
                state["engine"], type=tuple[int | None, int | None, int]
            )
        self.position = position
        rebuilt: list[str] = []
        for number, series in self._series.items():
            blob = state.get(f"series {series.station} {series.quantity.text}")
            if blob is None:
                continue
            known = msgspec.msgpack.decode(blob, type=_SeriesState)
            self._known_at[number] = known.position
            series.latest, series.watermark, series.horizon = known.latest, known.watermark, known.horizon
            changed: list[Track] = []
            for track in series.tracks:
                blob = state.get(f"target {track.plan.target_id}")
                packed = None if blob is None else msgspec.msgpack.decode(blob, type=_TrackState)
                if packed is not None and packed.digest == track.plan.digest:
                    track.unpack(packed.blob)
                    continue
                if packed is not None:
                    track.begin_again(packed.blob, packed.horizon)
                changed.append(track)
            if changed:
                series.reconsider(changed)
                rebuilt += [track.plan.target_id for track in changed]
        self._judge(self._series, self.position + 1)
        if not rebuilt:
            self._dirty.clear()
        return Unpacked(rebuilt, self._gone(state))

    def _gone(self, state: dict[str, bytes]) -> list[GoneTarget]:
        gone = []
        for name, blob in state.items():
            target_id = name.removeprefix("target ")
            if target_id != name and target_id not in self.tracks:
                packed = msgspec.msgpack.decode(blob, type=_TrackState)
                gone.append(GoneTarget(target_id, packed.station, packed.horizon))
        return gone
