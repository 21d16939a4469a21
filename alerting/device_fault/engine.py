"""All devices at once: columns in, changed alerts of faulty devices out, and of water that stands still.

::

    readings -> ClockGate -> judged -> SlotIntake -> Questions -> spells -> alerts of the stations that changed
                    |          '-> other rules                       ^
                    '-- times in which clocks were wrong ------------'

Verdicts are a function of the set of readings and of the watermarks. A station is saved whole: its clock decides what
is judged of all its series, and what was found of one series may be told under the name of another. Water that stands
still is asked of the same witnesses as quantities that disagree, and so it is judged here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import compress
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.device_fault.clock_gate import ClockGate, ClockState
from alerting.device_fault.digest import digest_of
from alerting.device_fault.faults import ALERT_CLASS, Fault, faults_of, record
from alerting.device_fault.questions import Questions, SavedTrack, watched
from alerting.device_fault.reason import Reason
from alerting.engine import Forgotten, PackedSlice
from alerting.flow_stopped.stops import ALERT_CLASS as FLOW_STOPPED
from alerting.flow_stopped.stops import Stops
from alerting.record import Late, SubjectAlerts
from alerting.slots.intake import SlotIntake
from alerting.spell.spell import Spell
from hydro.series import QUANTITY_SLOTS
from ingest.decode import DecodedBatch

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from alerting.engine import Shelf
    from hydro.columns import Observations
    from hydro.register import Register
    from hydro.series import SeriesIndex
    from ingest.decode import Tick

__all__ = ["DeviceFaultEngine"]

_NEVER: Final = -(2**62)


class _StationState(msgspec.Struct, array_like=True):
    position: int
    digest: bytes
    settled: int
    flowed: int
    clock: ClockState
    intake: dict[int, bytes]
    tracks: list[SavedTrack]


class DeviceFaultEngine:
    """Alerts of faulty devices, and of water that stands still, for every station of a register.

    What :meth:`step` is given must have been through :meth:`judged`, as what other rules are given.

    Args:
        register: Master data.
        index: Series numbers used in the columns.
        shelf: For samples that are not in memory.
        is_recorded: The stream is a recorded one: ticks raise no watermark, and nothing outlives the process.
    """

    name: Final = "device_fault"
    beyond_horizon: Final = 0  # the rules of e-flow count what comes too late

    def __init__(self, register: Register, index: SeriesIndex, shelf: Shelf, *, is_recorded: bool = False) -> None:
        self._register = register
        self._index = index
        self._is_recorded = is_recorded
        self.position = 0
        self.last_event: int | None = None
        self._tick = _NEVER
        self._gate = ClockGate(register, index)
        self._intake = SlotIntake(watched(register), register, index, shelf, at_once=is_recorded)
        numbers = [index.number(*series) for series in self._intake.watched]
        self._number = np.full(len(index), -1, np.int32)
        self._number[numbers] = np.arange(len(numbers))
        self._station_of = np.array(numbers, np.int64) // QUANTITY_SLOTS
        self._questions = Questions(register, self._intake, self._station_of)
        self._dirty_since = np.zeros(len(index.stations), np.int64)
        self._faults: dict[int, list[Fault]] = {}
        self._stops = Stops(register, index.stations)
        self._rises: dict[int, int] = {}
        self._settled: dict[int, int] = {}
        self._gone: list[str] = []
        self._targets: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for rows in register.targets.values():
            self._targets[rows[0].station] += [(row.start_ms, row.end_ms) for row in rows]
        self._digests: dict[int, bytes] = {}

    # Judging

    def judged(self, batch: DecodedBatch) -> DecodedBatch:
        """The batch as rules are to see it: without what clocks sent that are wrong."""
        for rows in (batch.observations, batch.ahead):
            self._touch(np.unique(rows.series // QUANTITY_SLOTS), batch.first)
        return self._gate.judged(batch)

    def rest(self) -> DecodedBatch | None:
        """At the end of a recorded stream: what was held because a clock might be wrong; to be judged like a batch."""
        position = self.position + 1
        rows = self._gate.finish(position)
        if not len(rows):
            return None
        self._touch(np.unique(rows.series // QUANTITY_SLOTS), position)
        return DecodedBatch(
            first=position,
            last=position,
            observations=rows,
            messages=0,
            decoded=0,
            dead_lettered=Counter(),
            rejected=Counter(),
            dead_letters=[],
            ticks=[],
            sequence=[],
            unknown_keys=0,
        )

    def _touch(self, stations: NDArray[np.int64], first: int) -> None:
        self._dirty_since[stations[self._dirty_since[stations] == 0]] = first

    def step(self, batch: DecodedBatch) -> list[SubjectAlerts]:
        """Take a batch in; alerts of the stations for which something changed."""
        self.position = batch.last
        rows = batch.observations
        if len(rows):
            self.last_event = max(self.last_event or _NEVER, int(rows.event_time.max()))
        changed, self._gate.changed = self._gate.changed, set()
        series = self._number[rows.series].astype(np.int64)
        mine = np.flatnonzero(series >= 0)
        mine = mine[rows.position[mine] > self._intake.known_at[series[mine]]]
        late: dict[int, Late] = {}
        if len(mine):
            rows, series = rows.take(mine), series[mine]
            late = self._samples(rows, [] if self._is_recorded else batch.ticks)
            kept = rows.event_time > self._intake.horizon[series]  # what came before has been let go of, and stands
            changed |= self._questions.take(series[kept], rows.take(kept))
        if not self._is_recorded and batch.ticks and batch.ticks[-1].at > self._tick:
            self._tick = batch.ticks[-1].at
            self._intake.raise_by_tick(self._tick)
        changed |= {station for station, at in self._rises.items() if at <= self._watermark(station)}
        return self._told(changed, batch.first, late)

    def _samples(self, rows: Observations, ticks: Sequence[Tick]) -> dict[int, Late]:
        """Put samples away; what came late, by station."""
        late: dict[int, Late] = {}
        for changes in self._intake.take(rows, ticks):
            for series, found in changes.late.items():
                station = int(self._station_of[series])
                known = late.get(station)
                if known is None or known.received_at <= found.received_at:
                    late[station] = Late(found.received_at, found.watermark)
        return late

    def finish(self, at: int | None) -> list[SubjectAlerts]:
        """End of a recorded stream: time has come as far as ``at``, else to the last event + one interval."""
        if at is None and self.last_event is None:
            return []
        self._intake.raise_to_end(at, self.last_event)
        return self._told(set(self._rises), self.position, {})

    def _watermark(self, station: int) -> int:
        """How far time has come at a station; its series' watermarks are moved together, but for readings of each."""
        series = self._questions.series(station)
        return int(self._intake.watermark[series.start : series.stop].max())

    def _told(self, stations: Iterable[int], first: int, late: Mapping[int, Late]) -> list[SubjectAlerts]:
        """Alerts of the stations of which they differ from what was told before."""
        told: list[SubjectAlerts] = []
        for station in sorted(stations):
            before = self._faults.get(station, [])
            is_new = [self._find(station) != before, self._stops.find(station, self._questions.stops(station))]
            if any(is_new):
                self._touch(np.array([station]), first)
            told += compress(self._of_both(station, late.get(station)), is_new)
        return told

    def _of_both(self, station: int, late: Late | None) -> Iterator[SubjectAlerts]:
        yield self._described(station, late)
        yield self._stops.described(station, late)

    def _find(self, station: int) -> list[Fault]:
        """Find the alerts of a station anew."""
        spells = self._questions.spells(station)
        spells += [
            Spell(Reason.CLOCK_SKEW, each.onset, each.raised_at, each.resolved_at) for each in self._gate.skews(station)
        ]
        found = faults_of(spells, self._watermark(station), self._register.rules.device_fault)
        self._faults[station] = found
        if not found:
            del self._faults[station]
        self._rises.pop(station, None)
        if found and found[-1].resolved_at is None and not found[-1].is_risen:
            self._rises[station] = found[-1].rises_at
        return found

    def _described(self, station: int, late: Late | None) -> SubjectAlerts:
        code = self._index.stations[station]
        records = tuple(record(fault, code, self._register) for fault in self._faults.get(station, ()))
        return SubjectAlerts(ALERT_CLASS, code, None, self._settled.get(station, _NEVER), records, late=late)

    def all_alerts(self) -> list[SubjectAlerts]:
        """Every alert that the state knows, by station."""
        return [self._described(station, None) for station in sorted(self._faults)] + self._stops.all_alerts()

    # State

    @property
    def dirty(self) -> int:
        """How many stations have changed since they were packed."""
        return int(np.count_nonzero(self._dirty_since))

    def restart_after(self, keys: Sequence[Hashable]) -> int:
        """Journal position after which it must be read again, once these stations are safe."""
        left = self._dirty_since.copy()
        left[_numbers(keys)] = 0
        left = left[left > 0]
        return int(left.min()) - 1 if len(left) else self.position

    def settle(self, position: int) -> None:
        """Nobody will read the journal up to a position again."""
        self._gate.settled(position)

    def pack(self, most: int, horizon: int | None) -> PackedSlice:
        """State of the stations that changed longest ago; their samples go to the shelf."""
        entries: dict[str, bytes] = {}
        forgotten: list[Forgotten] = []
        dirty = np.flatnonzero(self._dirty_since)
        stations = dirty[np.argsort(self._dirty_since[dirty], kind="stable")][:most].tolist()
        for station in stations:
            series = self._questions.series(station)
            if horizon is not None:
                forgotten += self._forget(station, horizon)
            self._intake.store.put_down(series)
            code = self._index.stations[station]
            state = _StationState(
                self.position,
                self._digest(station),
                self._settled.get(station, _NEVER),
                self._stops.settled(station),
                self._gate.pack(station),
                {int(self._intake.watched[each][1]): self._intake.pack(each) for each in self._heard(series)},
                self._questions.pack(station),
            )
            entries[f"station {code}"] = msgspec.msgpack.encode(state)
        entries["engine"] = msgspec.msgpack.encode((self.last_event, self._tick))
        return PackedSlice(stations, entries, list(self._gone), forgotten)

    def _heard(self, series: Iterable[int]) -> list[int]:
        return [each for each in series if self._intake.latest[each] > _NEVER]

    def _forget(self, station: int, horizon: int) -> list[Forgotten]:
        """Let go of evidence from before an instant, and of alerts that were over then."""
        found = self._faults.get(station, [])
        over = [each.resolved_at for each in found if each.resolved_at is not None and each.resolved_at <= horizon]
        if over:
            # Spells that overlap are one alert: with it all go that were over by its end.
            self._settled[station] = max(over)
        resolved = self._settled.get(station, _NEVER)
        self._questions.forget_before(station, horizon, resolved, self._stops.settle(station, horizon))
        self._stops.find(station, self._questions.stops(station))
        self._gate.forget_before(station, resolved)
        if over:
            self._find(station)
        forgotten = []
        for each in self._heard(self._questions.series(station)):
            first_day = self._intake.forget_before(each, horizon)
            if first_day is not None:
                below = self._intake.store.day_end(first_day - 1) + 1
                forgotten.append(Forgotten(self._intake.names[each], below))
        return forgotten

    def packed(self, keys: Sequence[Hashable]) -> None:
        """What :meth:`pack` gave for these stations is safe."""
        self._gone.clear()
        stations = _numbers(keys)
        self._dirty_since[stations] = 0
        for station in stations.tolist():
            self._intake.store.let_go(self._questions.series(station))

    def unpack(self, state: Mapping[str, bytes], position: int) -> list[SubjectAlerts]:
        """Take up what :meth:`pack` gave over time; stations of which the register says otherwise are judged anew."""
        self.position = position
        if "engine" in state:
            self.last_event, self._tick = msgspec.msgpack.decode(state["engine"], type=tuple[int | None, int])
        changes: list[SubjectAlerts] = []
        again: list[int] = []
        for name, blob in state.items():
            code = name.removeprefix("station ")
            if code == name:
                continue
            saved = msgspec.msgpack.decode(blob, type=_StationState)
            station = self._index.station_number(code)
            if station is None:
                self._gone.append(name)
                late = self._changed_at()
                changes.append(SubjectAlerts(ALERT_CLASS, code, None, saved.settled, (), late=late))
                changes.append(SubjectAlerts(FLOW_STOPPED, code, None, saved.flowed, (), late=late))
                continue
            self._take_up(station, saved)
            if saved.digest != self._digest(station):
                again.append(station)
        if self._tick > _NEVER and not self._is_recorded:
            self._intake.raise_by_tick(self._tick)
        for station in {*self._stations_found(state), *again}:
            self._find(station)
            self._stops.find(station, self._questions.stops(station))
            if station in again:
                self._questions.begin_again(station)
                self._touch(np.array([station]), position + 1)
                changes += self._told([station], position + 1, {station: self._changed_at()})
        return changes

    def _stations_found(self, state: Mapping[str, bytes]) -> list[int]:
        numbers = (self._index.station_number(name.removeprefix("station ")) for name in state)
        return [number for number in numbers if number is not None]

    def _changed_at(self) -> Late:
        """What a corrected register rewrites leaves a trace."""
        return Late(self.last_event or 0, self.last_event or 0)

    def _take_up(self, station: int, saved: _StationState) -> None:
        if saved.settled > _NEVER:
            self._settled[station] = saved.settled
        self._stops.take_up(station, saved.flowed)
        self._gate.unpack(station, saved.clock, saved.position)
        for each in self._questions.series(station):
            self._intake.known_at[each] = saved.position
            blob = saved.intake.get(int(self._intake.watched[each][1]))
            if blob is not None:
                self._intake.unpack(each, blob)
        self._questions.unpack(station, saved.tracks)

    def _digest(self, station: int) -> bytes:
        found = self._digests.get(station)
        if found is None:
            code = self._index.stations[station]
            watched = [self._intake.watched[each] for each in self._questions.series(station)]
            found = self._digests[station] = digest_of(code, watched, self._targets.get(code, ()), self._register)
        return found


def _numbers(keys: Sequence[Hashable]) -> NDArray[np.int64]:
    return np.array([key for key in keys if isinstance(key, int)], np.int64)
