"""From readings to changed slots: in columns where a reading is newer than all others of its series, else one by one.

::

    readings of a batch, sorted by (series, event time)
       newer than all known, alone at its time, of the station's present row  -> columns: `SlotChanges`
       late, repeated, corrected, of an older row, huge                       -> blocks: `SlotChange`

Both ways give what the set of readings gives (a property test): the columns are the usual case, not another rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.slots.changes import LateReading, SlotChange, SlotChanges, TooOldDay
from alerting.slots.clock import StationClock
from alerting.slots.grouping import groups, sorted_order
from alerting.slots.samples import ON_TIME, VALID, mark_of, marks_of
from alerting.slots.slot import LARGEST_IN_COLUMNS, Slot, SlotSum, halved_even, slots_of, sum_of
from alerting.slots.store import SampleStore
from alerting.slots.too_old import TooOldReadings
from alerting.slots.watermarks import ticks_before, watermarks_at_reading
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from hydro.register.cells import EARLIEST_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from alerting.engine import Shelf
    from hydro.columns import Observations
    from hydro.register import Register
    from hydro.series import SeriesIndex
    from ingest.decode import Tick

__all__ = ["ROOM", "SPAN_MS", "SlotIntake"]

_NEVER: Final = -(2**62)
_EVER: Final = 2**62
_MOST_DELAY: Final = 2**31 - 1
ROOM: Final = 16
"""Samples of each series in memory, live: more than come between two saves."""
_MOST_ROOM: Final = 2_048
_TAIL_SAMPLES: Final = 4_000_000
SPAN_MS: Final = 46 * HOUR_MS
"""Slots of one series in one :class:`SlotChanges` lie within it, so that nobody's ring of hours overruns itself."""


class _State(msgspec.Struct, array_like=True):
    numbers: list[int]
    slot_timely: bool
    tail: bytes


class SlotIntake:
    """Samples, watermarks and newest slots of the series that rules are held against.

    Args:
        watched: (station, quantity) of each series.
        register: Master data.
        index: Series numbers of the columns that come in.
        shelf: For samples that are not in memory.
        at_once: See :class:`SampleStore`.

    Attributes:
        names: ``station quantity`` of each series.
        latest: Greatest accepted event time of each series.
        watermark: Each series is complete up to here but for what comes late.
        horizon: What is not newer is not judged here.
        known_at: Journal position up to which each series has seen everything.
    """

    def __init__(
        self,
        watched: Sequence[tuple[str, Quantity]],
        register: Register,
        index: SeriesIndex,
        shelf: Shelf,
        *,
        at_once: bool,
    ) -> None:
        size = len(watched)
        self._register = register
        self.watched = watched
        self.names = [f"{station} {quantity.text}" for station, quantity in watched]
        self._number = np.full(len(index), -1, np.int32)
        self._number[[index.number(*each) for each in watched]] = np.arange(size)
        self.shift: int = register.zone_minutes * MINUTE_MS
        self._clocks: dict[str, StationClock] = {}
        self.latest = np.full(size, _NEVER, np.int64)
        self.watermark = np.full(size, _NEVER, np.int64)
        self.horizon = np.full(size, _NEVER, np.int64)
        self.known_at = np.zeros(size, np.int64)
        self._too_old = TooOldReadings()
        self.is_volume = np.array([quantity is Quantity.VOLUME for _, quantity in watched], bool)
        self._slot_end = np.full(size, _NEVER, np.int64)
        self._slot_total = np.zeros(size, np.int64)
        self._slot_count = np.zeros(size, np.int64)
        self._slot_timely = np.zeros(size, bool)
        # The row of the station that is valid from some time on, with a margin of a day for periods over the switch.
        rows = [register.stations[station].rows[-1] for station, _ in watched]
        self.since = np.array([max(row.start_ms, EARLIEST_MS) for row in rows], np.int64)
        self.until = np.array([row.end_ms for row in rows], np.int64)
        self.length = np.array([row.interval_min for row in rows], np.int64) * MINUTE_MS
        self.lateness = np.array([row.lateness_min for row in rows], np.int64) * MINUTE_MS
        self._punctual = self.lateness + np.array([row.report_min for row in rows], np.int64) * MINUTE_MS
        room = max(ROOM, min(_MOST_ROOM, _TAIL_SAMPLES // max(size, 1))) if at_once else ROOM
        self.store = SampleStore(self.names, room, self.shift, shelf, at_once=at_once)
        self._round = np.clip(SPAN_MS // self.length - 2, 1, room)

    def clock(self, station: str) -> StationClock:
        """Slots of a station at any time."""
        found = self._clocks.get(station)
        if found is None:
            if len(self._clocks) >= _MOST_ROOM:
                self._clocks.clear()
            found = self._clocks[station] = StationClock(station, self._register)
        return found

    def clock_of(self, series: int) -> StationClock:
        """Slots of the station of a series."""
        return self.clock(self.watched[series][0])

    def take(self, batch: Observations, ticks: Sequence[Tick] = ()) -> Iterator[SlotChanges]:
        """Take readings in, in as many steps as their time needs; each step must be judged before the next.

        Args:
            batch: Readings in journal order.
            ticks: Of the batch, in journal order; they say what was late, see :meth:`raise_by_tick` for the rest.
        """
        if not len(batch) or not self.watched:
            return
        series = self._number[batch.series].astype(np.int64)
        mine = series >= 0
        # After a restart the journal is read again from before the oldest state; others have seen some of it already.
        mine &= batch.position > self.known_at[series]
        too_old = mine & (batch.event_time <= self.horizon[series])
        if too_old.any():
            late = batch.take(too_old)
            self._too_old.note(series[too_old], self.store.day_of(late.event_time), late.received_at)
            mine &= ~too_old
        rows = np.flatnonzero(mine)
        if not len(rows):
            return
        if len(rows) < len(batch):
            series, batch = series[rows], batch.take(rows)
        order = sorted_order(series, batch.event_time)
        as_read, before = (series, batch), self.watermark.copy()
        series, batch = series[order], batch.take(order)
        usual = self._usual(series, batch)
        others = np.flatnonzero(~usual)
        fast = np.flatnonzero(usual)
        for part, far in self._rounds(series[fast], batch.event_time[fast]):
            if len(far):
                others = np.sort(np.concatenate([others, fast[far]]))
            if len(part) == len(batch):
                yield self._advance(series, batch)
            elif len(part):
                chosen = fast[part]
                yield self._advance(series[chosen], batch.take(chosen))
        if len(others):
            read, rows_read = as_read
            tick = ticks_before(rows_read.position, ticks)
            watermark = watermarks_at_reading(read, rows_read.event_time, tick, before, self.lateness)[order]
            yield self._rewrite(series[others], batch.take(others), watermark[others])

    @property
    def beyond_horizon(self) -> int:
        """How many readings were not newer than the horizon of their series."""
        return self._too_old.readings

    def too_old(self) -> list[TooOldDay]:
        """What came for days that have been let go of, each told once."""
        return [TooOldDay(*self.watched[series], *rest) for series, *rest in self._too_old.take()]

    def _usual(self, series: NDArray[np.int64], batch: Observations) -> NDArray[np.bool_]:
        """Rows that are newer than all known of their series, alone at their time, small, and of the present row."""
        event_time = batch.event_time
        usual = event_time > self.latest[series]
        again = (series[1:] == series[:-1]) & (event_time[1:] == event_time[:-1])
        usual[1:] &= ~again
        usual[:-1] &= ~again
        usual &= np.abs(batch.value) < LARGEST_IN_COLUMNS
        usual &= np.abs(batch.received_at - event_time) <= _MOST_DELAY
        return usual & (event_time > self.since[series] + DAY_MS) & (event_time <= self.until[series])

    def _rounds(
        self, series: NDArray[np.int64], event_time: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Cut sorted rows so that those of a series fit into the tail, and the time of a ring; and rows that don't."""
        if not len(series):
            return
        firsts, sizes = groups(series)
        rank = np.arange(len(series)) - np.repeat(firsts, sizes)
        number = rank // self._round[series]
        for each in range(int(number.max()) + 1):
            part = np.flatnonzero(number == each) if int(number.max()) else np.arange(len(series))
            starts, counts = groups(series[part])
            first, last = event_time[part[starts]], event_time[part[starts + counts - 1]]
            wide = last - first > SPAN_MS - 2 * self.length[series[part[starts]]]
            wide &= counts > 1
            if wide.any():
                apart = np.repeat(wide, counts)
                yield part[~apart], part[apart]
            else:
                yield part, part[:0]

    def _advance(self, series: NDArray[np.int64], batch: Observations) -> SlotChanges:
        """Rows newer than all others of their series, by series and event time."""
        event_time, length = batch.event_time, self.length[series]
        firsts, sizes = groups(series)
        owners = series[firsts]
        store = self.store
        store.make_room(owners[store.count[owners] + sizes > store.room].tolist())
        delay = batch.received_at - event_time
        mark = marks_of(batch.flag, delay <= self._punctual[series])
        store.append(series, np.arange(len(series)) - np.repeat(firsts, sizes), event_time, batch.value, delay, mark)
        store.count[owners] += sizes
        self.latest[owners] = event_time[firsts + sizes - 1]
        self._raise(owners)

        ends = -(-(event_time + self.shift) // length) * length - self.shift
        slots = np.flatnonzero((np.diff(series, prepend=-1) != 0) | (np.diff(ends, prepend=_NEVER) != 0))
        valid = mark & VALID != 0
        total = np.add.reduceat(np.where(valid, batch.value, 0), slots)
        count = np.add.reduceat(valid.astype(np.int64), slots)
        timely = np.logical_or.reduceat(valid & (mark & ON_TIME != 0), slots)
        of, end = series[slots], ends[slots]
        old, had, was_timely = np.zeros(len(slots), np.int64), np.zeros(len(slots), bool), np.zeros(len(slots), bool)
        known = np.flatnonzero(self._slot_end[of] == end)
        if len(known):
            their = of[known]
            was_timely[known] = self._slot_timely[their]
            had[known] = self._slot_count[their] > 0
            old[known] = self._values(their, self._slot_total[their], self._slot_count[their])
            total[known] += self._slot_total[their]
            count[known] += self._slot_count[their]
            timely[known] |= was_timely[known]
        new = self._values(of, total, count)
        last = np.append(np.flatnonzero(np.diff(of)), len(of) - 1)
        self._slot_end[owners], self._slot_total[owners] = end[last], total[last]
        self._slot_count[owners], self._slot_timely[owners] = count[last], timely[last]
        return SlotChanges(of, end, old, had, new, count > 0, was_timely, timely, touched=owners)

    def _values(
        self, series: NDArray[np.int64], total: NDArray[np.int64], count: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Slot values; 0 where none is valid."""
        several = np.flatnonzero((count > 1) & ~self.is_volume[series])
        if not len(several):
            return total
        found = total.copy()
        found[several] = halved_even(total[several], count[several])
        return found

    def _rewrite(self, series: NDArray[np.int64], batch: Observations, watermark: NDArray[np.int64]) -> SlotChanges:
        """Any other rows, by series and event time, those of one key in journal order, with watermarks when read."""
        found: list[SlotChange] = []
        late: dict[int, LateReading] = {}
        firsts, sizes = groups(series)
        for first, size in zip(firsts.tolist(), sizes.tolist(), strict=True):
            number = int(series[first])
            rows = batch.take(slice(first, first + size))
            final = watermark[first : first + size]
            overdue = np.flatnonzero(rows.event_time <= final)
            if len(overdue):
                latest = overdue[np.lexsort((rows.position[overdue], rows.received_at[overdue]))[-1]]
                late[number] = LateReading(int(rows.received_at[latest]), int(final[latest]))
            found += self._put(number, rows)
        owners = series[firsts]
        self._raise(owners)
        return SlotChanges.of_rewritten(found, owners, late)

    def _put(self, series: int, rows: Observations) -> list[SlotChange]:
        clock = self.clock_of(series)
        before: dict[tuple[int, int], SlotSum] = {}
        self.latest[series] = max(int(self.latest[series]), int(rows.event_time[-1]))
        for event_time, value, flag, received_at in zip(
            rows.event_time.tolist(), rows.value.tolist(), rows.flag.tolist(), rows.received_at.tolist(), strict=True
        ):
            row = clock.row(event_time)
            if row is None:
                continue
            on_time = received_at <= event_time + (row.report_min + row.lateness_min) * MINUTE_MS
            length = row.interval_min * MINUTE_MS
            end = clock.slot_end(event_time, length)
            block = self.store.block(series, clock.day(event_time))
            if (end - length, end) not in before:
                before[end - length, end] = sum_of(block, end - length, end)
            block.put(event_time, value, mark_of(flag, on_time=on_time), received_at)
        is_volume = bool(self.is_volume[series])
        found = []
        for (start, end), old in before.items():
            new = sum_of(self.store.block(series, clock.day(end)), start, end)
            if end >= self._slot_end[series]:
                self._remember(series, end, new)
            if new != old:
                values = old.value(is_volume=is_volume), new.value(is_volume=is_volume)
                found.append(SlotChange(series, end, *values, old.on_time, new.on_time))
        return found

    def _remember(self, series: int, end: int, newest: SlotSum) -> None:
        """The newest slot, to which the columns may add; not where it is too large for them."""
        fits = abs(newest.total) < LARGEST_IN_COLUMNS
        self._slot_end[series] = end
        self._slot_total[series] = newest.total if fits else 0
        self._slot_count[series] = newest.number if fits else 0
        self._slot_timely[series] = newest.on_time
        if not fits:  # until a later slot has come in one by one
            self.since[series] = max(int(self.since[series]), end)

    def _raise(self, series: NDArray[np.int64]) -> None:
        """Watermarks follow the latest reading."""
        latest = self.latest[series]
        lateness = self.lateness[series]
        dated = np.flatnonzero((latest <= self.since[series]) | (latest > self.until[series]))
        for row in dated.tolist():
            if latest[row] > _NEVER:
                lateness[row] = self.clock_of(int(series[row])).lateness_ms(int(latest[row]))
        self.watermark[series] = np.maximum(
            self.watermark[series], np.where(latest > _NEVER, latest - lateness, _NEVER)
        )

    def raise_by_tick(self, at: int) -> None:
        """All that was published before an instant and is not late has been read."""
        lateness = self.lateness
        dated = np.flatnonzero((at <= self.since) | (at > self.until))
        if len(dated):
            lateness = lateness.copy()
            lateness[dated] = [self.clock_of(series).lateness_ms(at) for series in dated.tolist()]
        np.maximum(self.watermark, at - lateness, out=self.watermark)

    def raise_to_end(self, at: int | None, last_event: int | None) -> None:
        """The stream is over.

        Args:
            at: Every watermark is set to it; None = to the last event + one interval of the station.
            last_event: Of all series.
        """
        if at is not None:
            np.maximum(self.watermark, at, out=self.watermark)
        elif last_event is not None:
            length = self.length.copy()
            for series in np.flatnonzero((last_event <= self.since) | (last_event > self.until)).tolist():
                length[series] = self.clock_of(series).interval_min(last_event) * MINUTE_MS
            np.maximum(self.watermark, last_event + length, out=self.watermark)

    def slots_after(self, series: int, after: int) -> Iterator[Slot]:
        """Slots with samples that end after an instant, in time order; see :meth:`slots_between`."""
        return self.slots_between(series, after, _EVER)

    def slots_between(self, series: int, after: int, until: int) -> Iterator[Slot]:
        """Slots with samples that end in (after, until], in time order; samples are unpacked day by day."""
        clock, store = self.clock_of(series), self.store
        is_volume = bool(self.is_volume[series])
        first = clock.day(after + 1) if after > _NEVER else _NEVER
        last = clock.day(until) if until < _EVER else _EVER
        since = clock.slot_start(after + 1) if after > _NEVER else _NEVER  # a slot may begin before
        for day in store.days(series):
            if not first <= day <= last:
                continue
            samples = store.samples(series, day).between(since, until)
            for begin, end, length in clock.stretches(clock.day_end(day - 1), clock.day_end(day)):
                for slot in slots_of(samples.between(begin, end), length, clock.shift, is_volume=is_volume):
                    if after < slot.end <= until:
                        yield slot

    def forget_before(self, series: int, horizon: int) -> int | None:
        """Let go of samples of whole days before an instant; what comes later for that time is not judged.

        Returns:
            The first day that is kept, None if there was nothing to let go of.
        """
        self.horizon[series] = max(int(self.horizon[series]), horizon)
        first_day = self.store.day(horizon)
        days = self.store.days(series)
        if not days or days[0] >= first_day:
            return None
        self.store.forget(series, first_day)
        return first_day

    def pack(self, series: int) -> bytes:
        """State of a series but for what is on the shelf."""
        numbers = [int(column[series]) for column in (*self._columns(), self.since)]
        return msgspec.msgpack.encode(_State(numbers, bool(self._slot_timely[series]), self.store.tail(series)))

    def unpack(self, series: int, blob: bytes) -> None:
        """Take up what :meth:`pack` gave."""
        state = msgspec.msgpack.decode(blob, type=_State)
        *numbers, since = state.numbers
        self.since[series] = max(int(self.since[series]), since)
        for column, number in zip(self._columns(), numbers, strict=True):
            column[series] = number
        self._slot_timely[series] = state.slot_timely
        self.store.take_up(series, state.tail)

    def _columns(self) -> tuple[NDArray[np.int64], ...]:
        return (self.latest, self.watermark, self.horizon, self._slot_end, self._slot_total, self._slot_count)
