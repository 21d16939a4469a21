"""All taking of water at once: columns in, changed alerts of intakes and metering points out.

::

    readings -> SlotIntake -> Framing -> Docket of each judge -> findings -> merged -> alerts of what changed
                  samples -> Tables ------------'

Verdicts are a function of the set of readings and of the register. A recorded stream is judged at its end, all of a
place at once; live is judged what a batch bears on.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from alerting.engine import Forgotten, PackedSlice
from alerting.record import Late
from alerting.slots.intake import SlotIntake
from alerting.takes.alerts import TakeAlerts, withdrawn
from alerting.takes.docket import Docket
from alerting.takes.framing import Framing
from alerting.takes.groups import Groups
from alerting.takes.judges import judges_of
from alerting.takes.over_rate.gauge import Bindings, GaugeJudge, gauges_of
from alerting.takes.over_rate.judge import OverRate
from alerting.takes.places import all_points
from alerting.takes.saved import GroupState, PlaceState
from alerting.takes.table import Tables
from alerting.takes.unmetered.no_meter import NoMeter

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from alerting.engine import Shelf
    from alerting.record import SubjectAlerts
    from alerting.takes.groups import Subject
    from alerting.takes.judge import Judge
    from hydro.columns import Observations
    from hydro.register import Register
    from hydro.register.intakes import Restriction
    from hydro.series import SeriesIndex
    from ingest.decode import DecodedBatch, Tick

__all__ = ["TakesEngine"]

_NEVER: Final = -(2**62)
_MOST_HELD: Final = 20
"""Places of judges of hours that one step looks at, live: their day ends for all at once."""


_Stream = tuple[int | None, int, int | None, int, list[str]]
"""Last event, latest tick, first event, up to where it is complete, intakes without a meter."""


class TakesEngine:
    """Alerts about the taking of water, for every intake and metering point of a register.

    Args:
        register: Master data.
        index: Series numbers used in the columns.
        shelf: For samples that are not in memory.
        is_recorded: The stream is a recorded one: ticks raise no watermark, and nothing outlives the process.
    """

    name: Final = "takes"

    def __init__(self, register: Register, index: SeriesIndex, shelf: Shelf, *, is_recorded: bool = False) -> None:
        self._is_recorded = is_recorded
        self.position = 0
        self.last_event: int | None = None
        self._tick = _NEVER
        self._bindings = Bindings()
        self._restrictions = {row.id: row for row in register.taking.restrictions}
        metering = all_points(register)
        self._metering = len(metering)
        points = (*metering, *sorted(gauges_of(register) - set(metering)))
        number_of = {point: number for number, point in enumerate(points)}
        self._over_rate = OverRate(register, metering, self._bindings)
        judges: list[Judge[Any]] = [
            GaugeJudge(register, points),
            self._over_rate,
            *judges_of(register, metering),
        ]
        watched = sorted({series for judge in judges for place in judge.places for series in place.series})
        self._intake = SlotIntake(watched, register, index, shelf, at_once=is_recorded)
        self._point_of = np.array([number_of[station] for station, _ in watched], np.int64)
        shift = self._intake.shift
        self._framing = Framing(watched, self._point_of, self._intake.length, shift, register)
        tables = Tables(register, self._intake, {series: number for number, series in enumerate(watched)})
        self._dockets = [Docket(judge, number_of, tables, shift, is_held=is_recorded) for judge in judges]
        self._gauges, self._bound = self._dockets[:2]
        self._groups = Groups(number_of, watched, self._dockets)
        self._group_of = self._groups.of_point[self._point_of] if watched else self._point_of
        self._dirty_since = np.zeros(len(self._groups), np.int64)
        self._alerts = TakeAlerts(register, self._groups, NoMeter(register))
        self._gone: list[str] = []

    @property
    def beyond_horizon(self) -> int:
        """Readings since the start that were too old to change a verdict."""
        return self._intake.beyond_horizon

    # Judging

    def step(self, batch: DecodedBatch) -> list[SubjectAlerts]:
        """Take a batch in; alerts of the subjects for which something changed."""
        self.position = batch.last
        rows = batch.observations
        if len(rows):
            self.last_event = max(self.last_event or _NEVER, int(rows.event_time.max()))
            self._alerts.begin(int(rows.event_time.min()))
        late = self._take(rows, [] if self._is_recorded else batch.ticks, batch.first)
        if not self._is_recorded and batch.ticks and batch.ticks[-1].at > self._tick:
            self._tick = batch.ticks[-1].at
            self._intake.raise_by_tick(self._tick)
        self._alerts.come_to(int(self._intake.watermark.max(initial=_NEVER)))
        return [] if self._is_recorded else self._judged(batch.first, late, _MOST_HELD)

    def _take(self, rows: Observations, ticks: Sequence[Tick], first: int) -> dict[int, Late]:
        """Put samples away, and note what they bear on; what came late, by group."""
        late: dict[int, Late] = {}
        for changes in self._intake.take(rows, ticks):
            touched = self._group_of[changes.touched]
            self._dirty_since[touched[self._dirty_since[touched] == 0]] = first
            if len(changes):
                frame, behind = self._framing.frame(changes)
                self._gauges.look(frame, behind)
                frame = frame.of_points(self._metering)
                for docket in self._dockets[1:]:
                    docket.look(frame, behind[: len(frame)])
            for change in changes.rewritten:
                self._framing.rewritten(change.series, change.end)
                for docket in self._dockets:
                    docket.rewritten(int(self._point_of[change.series]), change.end)
            for series, found in changes.late.items():
                group = int(self._group_of[series])
                known = late.get(group)
                if known is None or known.received_at <= found.received_at:
                    late[group] = Late(found.received_at, found.watermark)
        return late

    def _judged(self, first: int, late: Mapping[int, Late], most: int | None = None) -> list[SubjectAlerts]:
        """Judge what was noted, and at most so many places of which hours are over, or all; what has changed."""
        changed = self._alerts.of_a_new_day()
        for number in self._gauges.judged():
            restriction, since = self._learn(number)
            if since is not None:
                for bound in self._over_rate.bound_by(restriction):
                    self._bound.doubt(bound, since)
        for docket in self._dockets[1:]:
            docket.wake(most)
            for number in docket.judged():
                place = docket.judge.places[number]
                group = changed[docket.judge.alert_class, place.code] = self._groups.of(place.points[0])
                if not self._dirty_since[group]:  # nothing of its own came
                    self._dirty_since[group] = first
        return [
            self._alerts.described(subject, late.get(group))
            for subject, group in sorted(changed.items())
            if self._alerts.find(subject)
        ]

    def _learn(self, number: int) -> tuple[Restriction, int | None]:
        """When a restriction binds by its gauge; and from when on that is otherwise than before."""
        restriction = self._restrictions[self._gauges.judge.places[number].code]
        return restriction, self._bindings.learn(restriction, self._gauges.findings(number))

    def finish(self, at: int | None) -> list[SubjectAlerts]:
        """End of a recorded stream: time has come as far as ``at``, else to the last event + one interval."""
        if at is None and self.last_event is None:
            return []
        self._intake.raise_to_end(at, self.last_event)
        self._alerts.come_to(at if at is not None else self.last_event or _NEVER)
        return self._judged(self.position, {})

    def all_alerts(self) -> list[SubjectAlerts]:
        """Every alert that the state knows, by class and subject."""
        return self._alerts.all_alerts()

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
        groups = dirty[np.argsort(self._dirty_since[dirty], kind="stable")][:most].tolist()
        for group in groups:
            if horizon is not None:
                forgotten += self._forget(group, horizon)
            self._intake.store.put_down(self._groups.series[group])
            entries[self._entry(group)] = msgspec.msgpack.encode(self._packed(group))
        alerts = self._alerts
        stream = self.last_event, self._tick, alerts.first_event, alerts.stream, sorted(alerts.without_meter)
        entries["engine"] = msgspec.msgpack.encode(stream)
        return PackedSlice(groups, entries, list(self._gone), forgotten)

    def _entry(self, group: int) -> str:
        return f"group {self._groups.members(group)[0]}"

    def _packed(self, group: int) -> GroupState:
        intake, heard, settled = self._intake, self._heard(group), self._alerts.settled
        return GroupState(
            self.position,
            self._groups.members(group),
            {docket.judge.name: docket.judge.alert_class for docket in self._dockets if docket.judge.alert_class},
            [(*subject, settled(subject)) for subject in self._groups.subjects(group)],
            {intake.names[each]: intake.pack(each) for each in heard},
            {intake.names[each]: self._framing.pack(each) for each in heard},
            [
                PlaceState(docket.judge.name, place.code, docket.judge.digest(place), docket.pack(number))
                for docket, number in self._groups.places[group]
                for place in [docket.judge.places[number]]
            ],
        )

    def _heard(self, group: int) -> list[int]:
        return [each for each in self._groups.series[group] if self._intake.latest[each] > _NEVER]

    def _forget(self, group: int, horizon: int) -> list[Forgotten]:
        """Let go of evidence from before an instant, and of alerts that were over then."""
        for docket, number in self._groups.places[group]:
            if docket is self._gauges:  # a time in which a restriction bound is needed as long as what it bound
                docket.forget_before(number, horizon, _NEVER)
        for subject in self._groups.subjects(group):
            self._alerts.settle(subject, horizon)
        look_back = max(docket.judge.look_back_ms for docket in self._dockets)
        forgotten = []
        for each in self._heard(group):
            first_day = self._intake.forget_before(each, horizon - look_back)
            self._intake.horizon[each] = max(int(self._intake.horizon[each]), horizon)
            if first_day is not None:
                below = self._intake.store.day_end(first_day - 1) + 1
                forgotten.append(Forgotten(self._intake.names[each], below))
        return forgotten

    def packed(self, keys: Sequence[Hashable]) -> None:
        """What :meth:`pack` gave for these groups is safe."""
        self._gone.clear()
        groups = _numbers(keys)
        self._dirty_since[groups] = 0
        for group in groups.tolist():
            self._intake.store.let_go(self._groups.series[group])

    def unpack(self, state: Mapping[str, bytes], position: int) -> list[SubjectAlerts]:
        """Take up what :meth:`pack` gave over time; places of which the register says otherwise are judged anew."""
        self.position = position
        stream: _Stream = (None, _NEVER, None, _NEVER, [])
        if "engine" in state:
            stream = msgspec.msgpack.decode(state["engine"], type=_Stream)
        self.last_event, self._tick = stream[:2]
        digests: dict[tuple[str, str], bytes] = {}
        subjects: dict[Subject, int] = {}
        for name, blob in state.items():
            if name.startswith("group "):
                saved = msgspec.msgpack.decode(blob, type=GroupState)
                self._take_up(name, saved)
                digests.update({(each.judge, each.code): each.digest for each in saved.places})
                subjects.update({(alert_class, code): at for alert_class, code, at in saved.settled})
        if self._tick > _NEVER and not self._is_recorded:
            self._intake.raise_by_tick(self._tick)
        for number in range(len(self._gauges.judge.places)):
            self._learn(number)
        for subject, settled in subjects.items():
            self._alerts.take_up(subject, settled)
        for subject in self._groups.about:
            self._alerts.find(subject)
        self._alerts.go_on(*stream[2:])
        self._doubt_changed(digests)
        if self._is_recorded:
            return []
        late = Late(self.last_event or 0, self.last_event or 0)  # what a corrected register rewrites leaves a trace
        gone = [withdrawn(*each, late) for each in subjects.items() if each[0] not in self._groups.about]
        return gone + self._judged(position + 1, defaultdict(lambda: late), _MOST_HELD)

    def _doubt_changed(self, digests: Mapping[tuple[str, str], bytes]) -> None:
        """Note the places of which the register says otherwise than when they were judged."""
        for group, places in self._groups.places.items():
            if self._heard(group):
                for docket, number in places:
                    place = docket.judge.places[number]
                    if digests.get((docket.judge.name, place.code)) != docket.judge.digest(place):
                        docket.begin_again(number)

    def _take_up(self, name: str, saved: GroupState) -> None:
        """Take up one group, as far as it still is one."""
        points = {point for point in saved.points if self._groups.knows(point)}
        groups = {self._groups.of(point) for point in points}
        if {self._entry(group) for group in groups} != {name}:
            self._gone.append(name)
            for group in groups:
                self._dirty_since[group] = self.position + 1
        for group in groups:
            for series in self._groups.series[group]:
                name_of = self._intake.names[series]
                if self._intake.watched[series][0] in points:
                    self._intake.known_at[series] = saved.position
                    if name_of in saved.intake:
                        self._intake.unpack(series, saved.intake[name_of])
                        self._framing.unpack(series, saved.newest[name_of])
        places = {
            (docket.judge.name, docket.judge.places[number].code): (docket, number)
            for group in groups
            for docket, number in self._groups.places[group]
        }
        for each in saved.places:
            if (each.judge, each.code) in places:
                docket, number = places[each.judge, each.code]
                docket.unpack(number, each.state)


def _numbers(keys: Sequence[Hashable]) -> NDArray[np.int64]:
    return np.array([key for key in keys if isinstance(key, int)], np.int64)
