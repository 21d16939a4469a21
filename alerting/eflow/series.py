"""One series that targets are held against: its samples, its watermark, and the tracks that feed on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from alerting.eflow.instant_track import InstantTrack
from alerting.eflow.periodic_track import PeriodicTrack
from alerting.eflow.samples import Block, SlotValue
from hydro.instants import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerting.eflow.clock import StationClock
    from alerting.eflow.verdict import TargetVerdicts
    from hydro.quantity import Quantity

__all__ = ["Shelf", "Track", "WatchedSeries"]

_NEVER: Final = -(2**62)

Track = PeriodicTrack | InstantTrack


class Shelf(Protocol):
    """Where blocks lie that are not in memory. The shell provides it: samples of an old period are an input."""

    def take(self, station: str, quantity: Quantity, day: int) -> bytes | None:
        """A packed block, None if there is none."""

    def put(self, station: str, quantity: Quantity, day: int, blob: bytes) -> None:
        """Keep a packed block."""

    def days(self, station: str, quantity: Quantity) -> list[int]:
        """Days of which there are blocks."""


class WatchedSeries:
    """Samples and tracks of one (station, quantity).

    Args:
        station: Its code.
        quantity: What is judged.
        clock: Slots of the station.
        shelf: Blocks that are not in memory.

    Attributes:
        tracks: Targets held against it.
        latest: Greatest accepted event time.
        watermark: The series is complete up to here but for what comes late.
        horizon: Samples from before are let go, and what comes later for that time is not judged here.
        beyond_horizon: How many readings that was since the start.
    """

    def __init__(self, station: str, quantity: Quantity, clock: StationClock, shelf: Shelf) -> None:
        self.station = station
        self.quantity = quantity
        self.tracks: list[Track] = []
        self.latest = _NEVER
        self.watermark = _NEVER
        self.horizon = _NEVER
        self.beyond_horizon = 0
        self._clock = clock
        self._shelf = shelf
        self._blocks: dict[int, Block] = {}
        self._days: list[int] | None = None

    def _known_days(self) -> list[int]:
        if self._days is None:
            self._days = sorted(self._shelf.days(self.station, self.quantity))
        return self._days

    def _block(self, day: int) -> Block:
        block = self._blocks.get(day)
        if block is None:
            days = self._known_days()
            blob = self._shelf.take(self.station, self.quantity, day) if day in days else None
            block = self._blocks[day] = Block() if blob is None else Block.unpack(blob)
            if day not in days:
                days.append(day)
                days.sort()
        return block

    def put(self, event_time: int, value: int, flag: int, received_at: int) -> None:
        """Take one reading in and tell the tracks if its slot changed."""
        clock = self._clock
        self.latest = max(self.latest, event_time)
        if event_time <= self.horizon:
            self.beyond_horizon += 1
            return
        row = clock.row(event_time)
        if row is None:
            return
        on_time = received_at <= event_time + (row.report_min + row.lateness_min) * MINUTE_MS
        length = row.interval_min * MINUTE_MS
        end = clock.slot_end(event_time, length)
        block = self._block(clock.day(event_time))
        before = block.sums(end - length, end)
        if not block.put(event_time, value, flag, received_at, on_time=on_time):
            return
        after = block.sums(end - length, end)
        if after == before:
            return
        old, new = before.value, after.value
        if old != new:
            for track in self.tracks:
                track.slot_changed(end, old, new)

    def slots_after(self, after: int) -> Iterator[SlotValue]:
        """Slots with samples that end after an instant, in time order; blocks are taken from the shelf as needed."""
        clock = self._clock
        first = clock.day(after + 1) if after > _NEVER else _NEVER
        for day in [day for day in self._known_days() if day >= first]:
            block = self._block(day)
            for since, until, length in clock.stretches(clock.day_end(day - 1), clock.day_end(day)):
                yield from block.slots(max(after, since), until, length, clock.shift)

    def raise_watermark(self, at: int) -> None:
        """Move the watermark; it never goes back."""
        self.watermark = max(self.watermark, at)

    def judge(self) -> list[TargetVerdicts]:
        """Verdicts of the tracks whose alerts changed."""
        if self.latest > _NEVER:
            self.raise_watermark(self.latest - self._clock.lateness_ms(self.latest))
        changes = []
        for track in self.tracks:
            if isinstance(track, InstantTrack):  # noqa: SIM108  # a line each: they are given different things
                change = track.judge(self.slots_after)
            else:
                change = track.judge(self.watermark)
            if change is not None:
                changes.append(change)
        return changes

    def first_pending_end(self) -> int | None:
        """End of the earliest period that waits for the watermark."""
        ends = [
            end
            for track in self.tracks
            if isinstance(track, PeriodicTrack) and (end := track.first_pending_end()) is not None
        ]
        return min(ends, default=None)

    def reconsider(self, tracks: list[Track]) -> None:
        """Feed all samples to some tracks anew, after what they judge by has changed."""
        for slot in self.slots_after(_NEVER):
            if slot.value is not None:
                for track in tracks:
                    track.slot_changed(slot.end, None, slot.value)

    def forget_before(self, horizon: int) -> int | None:
        """Let go of samples and of what was decided before an instant; it stands.

        Returns:
            The first day that is kept, None if there was nothing to let go of.
        """
        self.horizon = max(self.horizon, horizon)
        first = self._clock.day(horizon)
        days = self._known_days()
        if not days or days[0] >= first:
            return None
        for track in self.tracks:
            track.forget_before(horizon)
        self._days = [day for day in days if day >= first]
        self._blocks = {day: block for day, block in self._blocks.items() if day >= first}
        return first

    def put_down(self) -> None:
        """Put changed blocks on the shelf."""
        for day, block in self._blocks.items():
            if block.dirty:
                self._shelf.put(self.station, self.quantity, day, block.pack())

    def let_go(self, keep_days: int) -> int:
        """What was put down is safe: keep only the latest days in memory, 0 for none. Number of samples kept."""
        for block in self._blocks.values():
            block.dirty = False
        for day in sorted(self._blocks)[: -keep_days or None]:
            del self._blocks[day]
        return sum(map(len, self._blocks.values()))
