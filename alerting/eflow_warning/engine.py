"""All targets that are judged by the period, at a glance: which of them need a look, and what they are warned of.

Samples, watermarks and shortfalls are those of the e-flow engine, which must be stepped before. A target is judged
anew from where its memory begins, whenever what came may bear on it: water was low there not long ago, or something
fires. All others, the usual case, are seen to in columns. What is judged is a function of the readings, so a target
that is shown the same readings again after a crash comes to the same.

Live, two later memories save most of that: one at a midnight that has settled, and one at the watermark. What comes in
time lies after both; what is late or corrected takes away those that it bears on::

    state file             settled midnight             watermark     newest slot
        |------- once ----------|------- if late -----------|--- each slot ---|
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from alerting.eflow.period_judge import PeriodJudge
from alerting.eflow_warning.course import Warned
from alerting.eflow_warning.describe import ALERT_CLASS, describe
from alerting.eflow_warning.place import Memory, Place
from alerting.engine import PackedSlice
from alerting.record import Late, SubjectAlerts
from hydro.flags import Flag
from hydro.instants import DAY_MS
from hydro.periods import Basis
from hydro.quantity import Quantity
from hydro.rules import changed

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from alerting.eflow.engine import EflowEngine
    from hydro.register import Register
    from hydro.series import SeriesIndex
    from ingest.decode import DecodedBatch

__all__ = ["EflowWarningEngine"]

_NEVER: Final = -(2**62)
_EVER: Final = 2**62
_WATCH_MS: Final = {Basis.HOUR: 8, Basis.DAY: 8, Basis.TEN_DAY: 13, Basis.MONTH: 33}
"""Days for which a low slot may bear on what comes: its period, or the 7 days of hours."""


class _State(msgspec.Struct, array_like=True):
    digest: bytes
    station: str
    low_until: int
    pending: bool
    memory: Memory
    over: list[Warned]
    firing: Warned | None


class _Known(NamedTuple):
    """A later memory, and the warnings that ended between the one in the state file and it."""

    memory: Memory
    over: tuple[Warned, ...]


class EflowWarningEngine:
    """Warnings of every target of a register that is judged by the period.

    Args:
        register: Master data.
        index: Series numbers used in the columns.
        eflow: Has samples and shortfalls; stepped, finished and taken up before this one.
        is_recorded: The stream is a recorded one: all is judged at its end.
    """

    name: Final = "eflow_warning"
    beyond_horizon: Final = 0  # the rules of e-flow count what comes too late
    last_event: Final = None

    def __init__(self, register: Register, index: SeriesIndex, eflow: EflowEngine, *, is_recorded: bool) -> None:
        self._register = register
        self._eflow = eflow
        self._intake = eflow.intake
        self._is_recorded = is_recorded
        self.position = 0
        self._places = [
            Place(judge, row, eflow.intake, register.rules.eflow_warning)
            for judge, row, _ in eflow.rows()
            if isinstance(judge, PeriodJudge)
        ]
        self._row_of = {place.target_id: row for row, place in enumerate(self._places)}
        watched = self._intake.watched
        self._number = np.full(len(index), -1, np.int32)
        self._number[[index.number(*series) for series in watched]] = np.arange(len(watched))
        size = len(self._places)
        self._rows_of: dict[int, list[int]] = {}
        for row, place in enumerate(self._places):
            for series in {place.series, *place.inflow}:
                self._rows_of.setdefault(series, []).append(row)
        self._near = np.full(len(watched), _NEVER, np.int64)
        self._watch = np.zeros(len(watched), np.int64)
        for place in self._places:
            rows = register.targets[place.target_id]
            self._near[place.series] = max(int(self._near[place.series]), self._near_of(place))
            watch = _WATCH_MS[rows[0].basis] * DAY_MS
            for series in (place.series, *place.inflow):
                self._watch[series] = max(int(self._watch[series]), watch)
        self._low_until = np.full(len(watched), _NEVER, np.int64)
        self._due = np.full(size, _EVER, np.int64)
        self._series = np.array([place.series for place in self._places], np.int64)
        self._memories: dict[int, Memory] = {}
        self._settled: dict[int, _Known] = {}
        self._latest: dict[int, _Known] = {}
        self._latest_at = np.full(len(watched), _NEVER, np.int64)
        self._found: dict[int, tuple[Warned, ...]] = {}
        self._pending: set[int] = set()
        self._dirty: dict[int, int] = {}
        self._moved: set[int] = set()
        self._gone: list[str] = []
        eflow.before_forgetting.append(self._forget_before)

    def _near_of(self, place: Place) -> int:
        """No slot above it makes a period less than 1.2 of its target; millionths."""
        rows = self._register.targets[place.target_id]
        slots = 1
        if rows[0].quantity is Quantity.VOLUME:
            shortest = {Basis.HOUR: 60, Basis.DAY: 1_440, Basis.TEN_DAY: 8 * 1_440, Basis.MONTH: 28 * 1_440}
            longest = max(row.interval_min for row in self._register.stations[rows[0].station])
            slots = max(1, shortest[rows[0].basis] // longest)
        return -(-max(row.value for row in rows) * 6 // (5 * slots)) + 2

    # Judging

    def step(self, batch: DecodedBatch) -> list[SubjectAlerts]:
        """Judge what a batch bears on; warnings of the targets for which something changed."""
        first, self.position = self.position + 1, batch.last
        rows = batch.observations
        if len(rows):
            series = self._number[rows.series].astype(np.int64)
            mine = np.flatnonzero(series >= 0)
            series, times = series[mine], rows.event_time[mine]
            low = (rows.value[mine] <= self._near[series]) & (rows.flag[mine] <= Flag.SUSPECT)
            until = times[low] + self._watch[series[low]]
            np.maximum.at(self._low_until, series[low], until)
            for each in np.unique(series[times <= self._latest_at[series]]).tolist():
                for row in self._rows_of.get(each, ()):
                    self._latest.pop(row, None)
            bearing = times <= self._low_until[series]
            earliest = np.full(len(self._near), _EVER, np.int64)
            np.minimum.at(earliest, series[bearing], times[bearing])
            for each in np.flatnonzero(earliest < _EVER).tolist():
                for row in self._rows_of.get(each, ()):
                    self._mark(row, first)
                    self._doubt(row, int(earliest[each]))
        for target_id in self._eflow.changed:
            if target_id in self._row_of:
                self._mark(self._row_of[target_id], first)
                self._doubt(self._row_of[target_id], _NEVER)
        self._eflow.changed.clear()
        if self._is_recorded:
            return []
        for row in np.flatnonzero(self._due <= self._intake.watermark[self._series]).tolist():
            self._mark(row, first)
        return self._judged(first)

    def _mark(self, row: int, first: int) -> None:
        self._pending.add(row)
        self._dirty.setdefault(row, first)

    def _doubt(self, row: int, since: int) -> None:
        """Something has changed at or after an instant: a memory of what came after it is none."""
        for known in (self._settled, self._latest):
            if row in known and since <= known[row].memory.at:
                del known[row]

    def finish(self, at: int | None) -> list[SubjectAlerts]:  # noqa: ARG002  # the e-flow engine has raised the watermarks
        """End of a recorded stream: all is judged."""
        for row in self._rows_with_low_water():
            self._mark(row, self.position)
        self._eflow.changed.clear()
        return self._judged(self.position)

    def _rows_with_low_water(self) -> list[int]:
        found: list[int] = np.flatnonzero(self._low_until[self._series] > _NEVER).tolist()
        return found

    def _judged(self, first: int) -> list[SubjectAlerts]:
        """Judge what is pending."""
        told = []
        for row in sorted(self._pending):
            before = self._found.get(row, ())
            if self._find(row) != before:
                self._dirty.setdefault(row, first)
                told.append(self._described(row, self._late(row)))
        self._pending.clear()
        return told

    def _late(self, row: int) -> Late | None:
        """The latest late reading of the batch that bears on a target."""
        place, late = self._places[row], self._eflow.late
        found = [late[series] for series in (place.series, *place.inflow) if series in late]
        return max(found, key=lambda one: one.received_at, default=None)

    def _find(self, row: int) -> tuple[Warned, ...]:
        place = self._places[row]
        memory, over = self._known(row)
        outcome = place.judged(memory)
        firing = outcome.course.firing
        found = (*over, *outcome.over) if firing is None else (*over, *outcome.over, firing)
        self._found[row] = found
        if not found:
            del self._found[row]
        self._due[row] = place.next_end()
        return found

    def _known(self, row: int) -> _Known:
        """The latest memory of a target that can be had."""
        place, known = self._places[row], _Known(self._memories.get(row) or Memory(), ())
        if self._is_recorded:
            return known
        settled = self._settled.get(row, known)
        midnight = place.settled_day()
        if midnight > settled.memory.at:
            settled = self._settled[row] = _carried_on(place, settled, midnight)
        latest = self._latest.get(row, settled)
        watermark = place.watermark
        if watermark > latest.memory.at:
            latest = self._latest[row] = _carried_on(place, latest, watermark)
            for series in (place.series, *place.inflow):
                self._latest_at[series] = max(int(self._latest_at[series]), watermark)
        return latest

    def _described(self, row: int, late: Late | None) -> SubjectAlerts:
        since = self._memories[row].at if row in self._memories else _NEVER
        return describe(self._places[row].target_id, since, self._found.get(row, ()), self._register, late)

    def all_alerts(self) -> list[SubjectAlerts]:
        """Every warning that the state knows, by target."""
        return [self._described(row, None) for row in sorted(self._found)]

    # State

    @property
    def dirty(self) -> int:
        """How many targets have changed since they were packed."""
        return len(self._dirty)

    def restart_after(self, keys: Sequence[Hashable]) -> int:
        """Journal position after which it must be read again, once these targets are safe."""
        safe = set(keys)
        return min((first for row, first in self._dirty.items() if row not in safe), default=self.position + 1) - 1

    def _forget_before(self, series: int, at: int) -> None:
        """Samples of a series are about to go: what rests on them is remembered instead."""
        for row in self._rows_of.get(series, ()):
            memory = self._memories.get(row) or Memory()
            if at > memory.at:
                self._memories[row], _ = self._places[row].remembered(memory, at)
                self._settled.pop(row, None)
                self._latest.pop(row, None)
                self._found[row] = tuple(
                    one for one in self._found.get(row, ()) if one.resolved_at is None or one.resolved_at > at
                )
                if not self._found[row]:
                    del self._found[row]
                self._dirty.setdefault(row, self.position)
                self._moved.add(row)

    def pack(self, most: int, horizon: int | None) -> PackedSlice:  # noqa: ARG002  # the e-flow engine says what goes
        """State of the targets that changed longest ago, and of all whose samples have been let go of."""
        rows = [*self._moved, *(row for row in list(self._dirty)[:most] if row not in self._moved)]
        self._moved.clear()
        entries = {f"target {self._places[row].target_id}": self._packed(row) for row in rows}
        return PackedSlice(rows, entries, list(self._gone))

    def _packed(self, row: int) -> bytes:
        place = self._places[row]
        found = self._found.get(row, ())
        return msgspec.msgpack.encode(
            _State(
                self._digest(place),
                self._intake.watched[place.series][0],
                int(self._low_until[place.series]),
                row in self._pending,
                self._memories.get(row) or Memory(),
                [one for one in found if one.resolved_at is not None],
                next((one for one in found if one.resolved_at is None), None),
            )
        )

    def packed(self, keys: Sequence[Hashable]) -> None:
        """What :meth:`pack` gave for these targets is safe."""
        self._gone.clear()
        for key in keys:
            if isinstance(key, int):
                self._dirty.pop(key, None)

    def unpack(self, state: Mapping[str, bytes], position: int) -> list[SubjectAlerts]:
        """Take up what :meth:`pack` gave over time; targets of which the register says otherwise are judged anew."""
        self.position = position
        changes: list[SubjectAlerts] = []
        again: list[int] = []
        late = Late(self._eflow.last_event or 0, self._eflow.last_event or 0)
        for name, blob in state.items():
            saved = msgspec.msgpack.decode(blob, type=_State)
            target_id = name.removeprefix("target ")
            row = self._row_of.get(target_id)
            if row is None:
                self._gone.append(name)
                changes.append(SubjectAlerts(ALERT_CLASS, saved.station, target_id, saved.memory.at, (), late=late))
                continue
            self._take_up(row, saved)
            if saved.digest != self._digest(self._places[row]):
                again.append(row)
        for row in again:
            self._low_until[self._places[row].series] = _EVER
            self._settled.pop(row, None)
            self._latest.pop(row, None)
            before = self._found.get(row, ())
            self._dirty[row] = position + 1
            if self._find(row) != before:
                changes.append(self._described(row, late))
        return changes

    def _take_up(self, row: int, saved: _State) -> None:
        series = self._places[row].series
        self._low_until[series] = max(int(self._low_until[series]), saved.low_until)
        if saved.memory.at > _NEVER:
            self._memories[row] = saved.memory
        found = (*saved.over, saved.firing) if saved.firing is not None else tuple(saved.over)
        if found:
            self._found[row] = found
        if saved.pending:
            self._mark(row, self.position + 1)
        if saved.low_until > _NEVER:
            self._due[row] = _NEVER

    def _digest(self, place: Place) -> bytes:
        """Of all that the register says and these verdicts rest on."""
        first = self._register.targets[place.target_id][0]
        kinds = [(row.start_ms, row.kind, row.plant) for row in self._register.stations[first.station]]
        numbers = changed(self._register.rules.eflow_warning)
        return sha256(place.digest + repr((kinds, *numbers) if numbers else kinds).encode()).digest()[:8]


def _carried_on(place: Place, known: _Known, at: int) -> _Known:
    memory, over = place.remembered(known.memory, at)
    return _Known(memory, known.over + over)
