"""All permits at once: columns in, changed alerts of plans and permits out.

::

    readings -> SlotIntake (samples) -> days of the points -> each group, at each full hour of its watermark
                                             ^                 over_plan: hour by hour where something may change
                         a reading that changes a day forgets it     permit_expired: at each 00:00

Verdicts are a function of the set of readings, the register and the watermarks. What is judged together, permits that
share intakes, is saved whole. Nothing is done for a reading but to keep it: live, a group is judged once an hour, and
so many at a step as keep the step short; a recorded stream is judged at its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.engine import Forgotten, PackedSlice
from alerting.permits.expiry import ALERT_CLASS as PERMIT_EXPIRED
from alerting.permits.group import GroupState
from alerting.permits.over_plan import ALERT_CLASS as OVER_PLAN
from alerting.permits.places import digests_of, groups_of, places_of
from alerting.record import Late, SubjectAlerts
from alerting.slots.grouping import groups, sorted_order
from alerting.slots.intake import SlotIntake
from hydro.flags import Flag
from hydro.instants import DAY_MS, HOUR_MS
from hydro.volumes import LONGEST_MS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from alerting.engine import Shelf
    from alerting.permits.group import SubjectState
    from hydro.columns import Observations
    from hydro.register import Register
    from hydro.series import SeriesIndex
    from ingest.decode import DecodedBatch

__all__ = ["PermitEngine"]

_NEVER: Final = -(2**62)
_UNSURE: Final = -(2**61)
_EVER: Final = 2**62
_MOST_AT_A_STEP: Final = 64
_ENTRY: Final = "group "


class PermitEngine:
    """Alerts of plans and permits for every permit of a register.

    Args:
        register: Master data.
        index: Series numbers used in the columns.
        shelf: For samples that are not in memory.
        is_recorded: The stream is a recorded one: ticks raise no watermark, and nothing outlives the process.
    """

    name: Final = "permits"
    beyond_horizon: Final = 0  # the rules of intakes count what comes too late

    def __init__(self, register: Register, index: SeriesIndex, shelf: Shelf, *, is_recorded: bool = False) -> None:
        self._register = register
        self._is_recorded = is_recorded
        self.position = 0
        self.first_event: int | None = None
        self.last_event: int | None = None
        self._tick = self._stream = _NEVER
        self._places = places_of(register)
        watched = sorted({series for place in self._places for series in place.series})
        number = {series: each for each, series in enumerate(watched)}
        self._intake = SlotIntake(watched, register, index, shelf, at_once=is_recorded)
        self._number = np.full(len(index), -1, np.int32)
        self._number[[index.number(*series) for series in watched]] = np.arange(len(watched))
        self._groups = list(groups_of(register, self._places, self._intake, number))
        self._group_of = np.zeros(len(watched), np.int64)
        self._members = [[number[series] for series in place.series] for place in self._places]
        for group, members in enumerate(self._members):
            self._group_of[members] = group
        self._points = [[days for days in group.points.values() if days.series] for group in self._groups]
        # Groups with sources, their sources one after the other, and where each group's begin.
        self._sourced = np.array([each for each, place in enumerate(self._places) if place.sources], np.int64)
        sources = [[number[series] for series in self._places[each].sources] for each in self._sourced.tolist()]
        self._sources = np.array([each for one in sources for each in one], np.int64)
        self._begins = np.cumsum([0, *(len(one) for one in sources[:-1])]) if sources else np.empty(0, np.int64)
        size = len(self._groups)
        self._judged = np.full(size, _NEVER, np.int64)
        self._doubt = np.full(size, _EVER, np.int64)
        self._filled = np.full(size, _NEVER, np.int64)
        self._valid = np.full(len(watched), _NEVER, np.int64)
        self._late: dict[int, Late] = {}
        self._dirty_since = np.zeros(size, np.int64)
        self._digests: list[bytes] = []
        self._gone: list[str] = []

    # Judging

    def step(self, batch: DecodedBatch) -> list[SubjectAlerts]:
        """Take a batch in; alerts of the permits and intakes for which something changed."""
        self.position = batch.last
        rows = batch.observations
        if len(rows):
            self._hear(int(rows.event_time.min()), int(rows.event_time.max()))
        ticks = [] if self._is_recorded else batch.ticks
        changed = self._changed(rows) if not self._is_recorded else []
        for changes in self._intake.take(rows, ticks):
            touched = np.unique(self._group_of[changes.touched])
            self._dirty_since[touched[self._dirty_since[touched] == 0]] = batch.first
            for series, late in changes.late.items():
                self._note(int(self._group_of[series]), Late(late.received_at, late.watermark))
        if self._is_recorded:
            return []
        for series, instant, looks_back in changed:
            self._forget_from(series, instant, looks_back=looks_back)
        tick = max((tick.at for tick in ticks), default=_NEVER)
        if tick > self._tick:
            self._tick = tick
            self._intake.raise_by_tick(tick)
            if not self._intake.watched:  # nothing can come late
                self._stream = tick
        return self._judge_due(batch.first, _MOST_AT_A_STEP)

    def _hear(self, earliest: int, latest: int) -> None:
        self.last_event = max(self.last_event or _NEVER, latest)
        first = self.first_event
        if first is None or earliest < first:
            self.first_event = earliest
            store = self._intake.store
            if first is not None and store.day(earliest) < store.day(first):
                self._doubt[:] = _NEVER  # permits are judged from the first midnight of the stream on

    def _note(self, group: int, late: Late) -> None:
        known = self._late.get(group)
        if known is None or known.received_at <= late.received_at:
            self._late[group] = late

    def _changed(self, rows: Observations) -> list[tuple[int, int, bool]]:
        """Series with readings in days that have been filled: since when they are otherwise, and if more may be."""
        series = self._number[rows.series].astype(np.int64)
        mine = np.flatnonzero(series >= 0)
        mine = mine[rows.position[mine] > self._intake.known_at[series[mine]]]
        mine = mine[rows.event_time[mine] > self._intake.horizon[series[mine]]]
        if not len(mine):
            return []
        series, rows = series[mine], rows.take(mine)
        order = sorted_order(series, rows.event_time)
        series, event_time, flag = series[order], rows.event_time[order], rows.flag[order]
        firsts, _ = groups(series)
        owners, earliest = series[firsts], event_time[firsts]
        valid = self._valid[owners]
        is_behind = (earliest <= valid) | (earliest <= self._intake.latest[owners])
        looks_back = is_behind | (valid == _UNSURE)
        begins = np.where(~looks_back & (valid > _NEVER) & (earliest - valid > LONGEST_MS), valid, earliest)
        latest = np.maximum.reduceat(np.where(flag <= Flag.SUSPECT, event_time, _NEVER), firsts)
        # A reading behind may have taken back the newest one: where that is now is looked up when it matters.
        self._valid[owners] = np.where(is_behind, _UNSURE, np.maximum(valid, latest))
        day = self._intake.store.day_of(begins)
        group = self._group_of[owners]
        concerned = np.flatnonzero(looks_back | (day < self._filled[group]) | (begins <= self._judged[group]))
        return list(
            zip(owners[concerned].tolist(), begins[concerned].tolist(), looks_back[concerned].tolist(), strict=True)
        )

    def _forget_from(self, series: int, instant: int, *, looks_back: bool) -> None:
        group = int(self._group_of[series])
        store = self._intake.store
        if looks_back:
            instant = min(
                (days.gap_before(instant) for days in self._points[group] if series in days.series), default=instant
            )
        fold = self._groups[group].fold
        day = store.day(instant) if fold is None else max(store.day(instant), fold)
        if day < self._filled[group]:
            self._groups[group].forget_from(day)
            self._filled[group] = day
        if instant <= self._judged[group]:
            self._doubt[group] = min(int(self._doubt[group]), day)

    def _watermarks(self) -> NDArray[np.int64]:
        """How far time has come for each group; where nothing is measured, as far as anywhere."""
        self._stream = max(self._stream, int(self._intake.watermark.max(initial=_NEVER)))
        found = np.full(len(self._groups), self._stream, np.int64)
        if len(self._sources):
            found[self._sourced] = np.minimum.reduceat(self._intake.watermark[self._sources], self._begins)
        return found

    def _judge_due(self, first: int, most: int | None) -> list[SubjectAlerts]:
        """Judge groups for which an hour is over, or something before is in doubt; those that wait longest first."""
        if self.first_event is None:
            return []
        shift = self._intake.shift
        until = (self._watermarks() + shift) // HOUR_MS * HOUR_MS - shift
        due = np.flatnonzero(((until > self._judged) | (self._doubt < _EVER)) & (until > self.first_event))
        if most is not None and len(due) > most:
            due = due[np.argsort(self._judged[due], kind="stable")[:most]]
        said: list[SubjectAlerts] = []
        for group in due.tolist():
            said += self._judge(group, max(int(until[group]), int(self._judged[group])), first)
        return said

    def _judge(self, number: int, until: int, first: int) -> list[SubjectAlerts]:
        group, day = self._groups[number], self._intake.store.day(until)
        if self._judged[number] == _NEVER:
            self._doubt[number] = _NEVER
        late = self._late.pop(number, None)
        doubt = int(self._doubt[number])
        said = group.judge(doubt, self.first_event or 0, until, day, late if doubt < _EVER else None)
        self._judged[number], self._doubt[number], self._filled[number] = until, _EVER, day + 1
        if said and not self._dirty_since[number]:
            self._dirty_since[number] = first
        return said

    def finish(self, at: int | None) -> list[SubjectAlerts]:
        """End of a recorded stream: every watermark is set to ``at``, else to the last event + one interval."""
        if self.first_event is None:
            return []
        self._intake.raise_to_end(at, self.last_event)
        self._stream = max(self._stream, (at if at is not None else self.last_event) or _NEVER)
        return self._judge_due(self.position, None)

    def all_alerts(self) -> Iterable[SubjectAlerts]:
        """Every alert that the state knows, by group."""
        return [said for group in self._groups for said in group.all_alerts()]

    # State

    @property
    def dirty(self) -> int:
        """How many groups have changed since they were packed."""
        return int(np.count_nonzero(self._dirty_since))

    def restart_after(self, keys: Sequence[Hashable]) -> int:
        """Journal position after which it must be read again, once these groups are safe."""
        left = self._dirty_since.copy()
        left[_numbers(keys)] = 0
        left = left[left > 0]
        return int(left.min()) - 1 if len(left) else self.position

    def pack(self, most: int, horizon: int | None) -> PackedSlice:
        """State of the groups that changed longest ago; their samples go to the shelf."""
        entries: dict[str, bytes] = {}
        forgotten: list[Forgotten] = []
        dirty = np.flatnonzero(self._dirty_since)
        numbers = dirty[np.argsort(self._dirty_since[dirty], kind="stable")][:most].tolist()
        for number in numbers:
            if horizon is not None:
                forgotten += self._forget_before(number, horizon)
            members, intake = self._members[number], self._intake
            intake.store.put_down(members)
            series = {intake.names[each]: intake.pack(each) for each in members if intake.latest[each] > _NEVER}
            state = self._groups[number].pack(self.position, self._digest(number), series)
            entries[f"{_ENTRY}{self._places[number].name}"] = msgspec.msgpack.encode(state)
        entries["engine"] = msgspec.msgpack.encode((self.first_event, self.last_event, self._tick, self._stream))
        return PackedSlice(numbers, entries, list(self._gone), forgotten)

    def _forget_before(self, number: int, horizon: int) -> Iterator[Forgotten]:
        """Settle a group up to the day of the horizon, and let go of samples a day before that."""
        group, store = self._groups[number], self._intake.store
        fold = store.day(horizon)
        if group.fold is None or fold <= group.fold or store.day_end(fold - 1) > self._judged[number]:
            return
        if self._doubt[number] < _EVER or self.first_event is None:
            return  # it is judged first
        group.settle(fold, self.first_event)
        for series in self._members[number]:
            first_day = self._intake.forget_before(series, horizon - DAY_MS)
            if first_day is not None:
                yield Forgotten(self._intake.names[series], store.day_end(first_day - 1) + 1)

    def _digest(self, number: int) -> bytes:
        if not self._digests:
            self._digests = list(digests_of(self._register, self._places))
        return self._digests[number]

    def packed(self, keys: Sequence[Hashable]) -> None:
        """What :meth:`pack` gave for these groups is safe."""
        self._gone.clear()
        numbers = _numbers(keys)
        self._dirty_since[numbers] = 0
        for number in numbers.tolist():
            self._intake.store.let_go(self._members[number])

    def unpack(self, state: Mapping[str, bytes], position: int) -> list[SubjectAlerts]:
        """Take up what :meth:`pack` gave over time; groups of which the register says otherwise are judged anew."""
        self.position = position
        if "engine" in state:
            kind = tuple[int | None, int | None, int, int]
            self.first_event, self.last_event, self._tick, self._stream = msgspec.msgpack.decode(
                state["engine"], type=kind
            )
        of_subject = {code: each for each, group in enumerate(self._groups) for code in group.subjects}
        of_point = {station: each for each, group in enumerate(self._groups) for station in group.points}
        numbers = {name: each for each, name in enumerate(self._intake.names)}
        said: list[SubjectAlerts] = []
        again: set[int] = set()
        for name, blob in state.items():
            if not name.startswith(_ENTRY):
                continue
            saved = msgspec.msgpack.decode(blob, type=GroupState)
            heirs = {of_subject[code] for code in saved.subjects if code in of_subject}
            heirs |= {of_point[station] for station in saved.points if station in of_point}
            for series, packed in saved.series.items():
                if series in numbers:
                    each = numbers[series]
                    self._intake.known_at[each] = saved.position
                    self._intake.unpack(each, packed)
                    self._valid[each] = _UNSURE
                    heirs.add(int(self._group_of[each]))
            for heir in heirs:
                self._groups[heir].take_up(saved)
                self._filled[heir] = self._groups[heir].filled
            if {name.removeprefix(_ENTRY)} != {self._places[heir].name for heir in heirs}:
                self._gone.append(name)
            again |= {heir for heir in heirs if self._digest(heir) != saved.digest}
            said += [
                one
                for code, each in saved.subjects.items()
                if code not in of_subject
                for one in self._withdrawn(code, each)
            ]
        if self._tick > _NEVER and not self._is_recorded:
            self._intake.raise_by_tick(self._tick)
        return said + self._anew(again, position + 1)

    def _anew(self, numbers: Iterable[int], first: int) -> list[SubjectAlerts]:
        """Judge groups anew, of which the register says otherwise than when they were judged."""
        said: list[SubjectAlerts] = []
        until = self._watermarks()
        shift = self._intake.shift
        for number in sorted(numbers):
            group = self._groups[number]
            if group.fold is not None:
                group.forget_from(group.fold)
            self._dirty_since[number] = first
            hour = (int(until[number]) + shift) // HOUR_MS * HOUR_MS - shift
            if self.first_event is not None and hour > self.first_event:
                self._late[number] = Late(self.last_event or 0, self.last_event or 0)
                said += self._judge(number, hour, first)
        return said

    def _withdrawn(self, code: str, state: SubjectState) -> Iterator[SubjectAlerts]:
        """Alerts of a permit or intake that the register has no more."""
        late = Late(self.last_event or 0, self.last_event or 0)
        kind, _, subject = code.partition(" ")
        for alert_class, found, since in zip(
            (OVER_PLAN, PERMIT_EXPIRED), (state.overruns, state.lapses), state.settled, strict=True
        ):
            if found:
                yield SubjectAlerts(alert_class, subject, None, since, (), kind, late)


def _numbers(keys: Sequence[Hashable]) -> NDArray[np.int64]:
    return np.array([key for key in keys if isinstance(key, int)], np.int64)
