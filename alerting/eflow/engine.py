"""All targets at once: columns in, changed alerts out.

Verdicts are a function of the set of observations and of the watermarks, never of the order or of the cuts between
batches. The engine reads no clock and no disk: old samples come through the :class:`Shelf` it is given.

::

    readings -> SlotIntake -> SlotChanges -> InstantJudge, PeriodJudge of each basis -> alerts of targets that changed
                 watermarks                  in columns what surely changes nothing, one by one the rest

What is saved together is a series and the targets held against it. A target that is held against an inflow too is
judged again by whatever comes of either, so the two may be saved at positions of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.eflow.describe import ALERT_CLASS, describe
from alerting.eflow.facts import FactsRow, TargetFacts, Targets
from alerting.eflow.instant_judge import InstantJudge
from alerting.eflow.period_judge import PeriodJudge
from alerting.engine import Forgotten, PackedSlice
from alerting.record import Late, SubjectAlerts
from alerting.slots.intake import SlotIntake
from hydro.instants import DAY_MS
from hydro.periods import Basis
from hydro.register import why_unjudged

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from alerting.engine import Shelf
    from alerting.slots.changes import SlotChanges
    from hydro.quantity import Quantity
    from hydro.register import Register
    from hydro.series import SeriesIndex
    from ingest.decode import DecodedBatch

__all__ = ["EflowEngine"]

_NEVER: Final = -(2**62)

Judge = InstantJudge | PeriodJudge
Series = tuple[str, "Quantity"]


class _SeriesState(msgspec.Struct, array_like=True):
    position: int
    intake: bytes
    inflow: dict[str, bytes]


class _TargetState(msgspec.Struct, array_like=True):
    digest: bytes
    station: str
    horizon: int
    blob: bytes


class _Found:
    """What a step changed: target -> since when, and what was late."""

    def __init__(self) -> None:
        self.since: dict[tuple[int, int], int] = {}
        self.late: dict[int, Late] = {}

    def add(self, judge: int, rows: Mapping[int, int]) -> None:
        for row, since in rows.items():
            self.since[judge, row] = min(since, self.since.get((judge, row), since))


class EflowEngine:
    """Shortfall verdicts for every judged target of a register.

    Args:
        register: Master data.
        index: Series numbers used in the columns.
        shelf: For samples that are not in memory.
        is_recorded: The stream is a recorded one: ticks raise no watermark, and nothing outlives the process.

    Attributes:
        changed: Targets of which alerts have changed; whoever asks for it empties it.
        late: By series the latest late reading of the last batch.
        before_forgetting: Told of a series and the instant before which its samples are about to go.
    """

    name: Final = "eflow"

    def __init__(self, register: Register, index: SeriesIndex, shelf: Shelf, *, is_recorded: bool = False) -> None:
        self.register = register
        self.position = 0
        self.first_event: int | None = None
        self.last_event: int | None = None
        self._is_recorded = is_recorded
        self._tick = _NEVER
        self._gone: list[str] = []
        self.changed: set[str] = set()
        self.late: Mapping[int, Late] = {}
        self.before_forgetting: list[Callable[[int, int], None]] = []
        self._targets = Targets(register)
        judged = [target_id for target_id, rows in register.targets.items() if why_unjudged(rows) is None]
        watched = sorted({series for target_id in judged for series in self._series_of(target_id)})
        self.intake = SlotIntake(watched, register, index, shelf, at_once=is_recorded)
        number = {series: each for each, series in enumerate(watched)}
        self.judges: list[Judge] = []
        for basis in Basis:
            rows = self._rows([each for each in judged if register.targets[each][0].basis is basis], number)
            if rows:
                facts = TargetFacts(rows, self._targets, self.intake)
                kind = InstantJudge(facts, self.intake) if basis is Basis.INSTANT else None
                self.judges.append(kind or PeriodJudge(basis, facts, self.intake))
        self._dirty_since = np.zeros(len(watched), np.int64)

    def _series_of(self, target_id: str) -> Iterator[Series]:
        """Its own series, and those of the inflow that it may be held against."""
        first = self.register.targets[target_id][0]
        yield first.station, first.quantity
        for station in self._targets.inflow_stations(target_id):
            yield station, first.quantity

    def _rows(self, target_ids: Iterable[str], number: Mapping[Series, int]) -> list[FactsRow]:
        rows: list[FactsRow] = []
        passive: set[tuple[int, int]] = set()
        for target_id in target_ids:
            first = self.register.targets[target_id][0]
            hour = 0 if first.basis in (Basis.INSTANT, Basis.HOUR) else first.day_start_hour
            own, *sources = self._series_of(target_id)
            inflow = tuple((station, number[station, quantity]) for station, quantity in sources)
            rows.append(FactsRow(number[own], target_id, hour, inflow))
            passive.update((series, hour) for _, series in inflow)
        rows += [FactsRow(series, None, hour) for series, hour in passive]
        return sorted(rows, key=lambda row: (row.series, row.target_id or "", row.start_hour))

    # Judging

    def step(self, batch: DecodedBatch) -> list[SubjectAlerts]:
        """Take a batch in; alerts of the targets for which something changed."""
        first, self.position = self.position + 1, batch.last
        readings = batch.observations
        if len(readings):
            earliest, latest = int(readings.event_time.min()), int(readings.event_time.max())
            self.first_event = earliest if self.first_event is None else min(self.first_event, earliest)
            self.last_event = latest if self.last_event is None else max(self.last_event, latest)
        found = _Found()
        self.late = found.late
        ticks = [] if self._is_recorded else batch.ticks
        for changes in self.intake.take(readings, ticks):
            self._take(changes, first, found)
        tick = max((tick.at for tick in ticks), default=_NEVER)
        if tick > self._tick:
            self._tick = tick
            self.intake.raise_by_tick(tick)
            self._rise(first, found)
        return self._described(found)

    def _take(self, changes: SlotChanges, first: int, found: _Found) -> None:
        touched = changes.touched
        self._dirty_since[touched[self._dirty_since[touched] == 0]] = first
        for series, late in changes.late.items():
            known = found.late.get(series)
            if known is None or known.received_at <= late.received_at:
                found.late[series] = Late(late.received_at, late.watermark)
        for number, judge in enumerate(self.judges):
            changed = judge.take(changes)
            found.add(number, changed)
            self._touch(judge, changed, first)

    def _rise(self, first: int, found: _Found) -> None:
        for number, judge in enumerate(self.judges):
            changed = judge.rise()
            found.add(number, changed)
            self._touch(judge, changed, first)

    def _touch(self, judge: Judge, rows: Iterable[int], first: int) -> None:
        """Targets changed that belong to series to which nothing came."""
        for row in rows:
            series = int(judge.facts.series[row])
            if not self._dirty_since[series]:
                self._dirty_since[series] = first

    def finish(self, at: int | None) -> list[SubjectAlerts]:
        """End of a recorded stream: every watermark is set to ``at``, else to the last event + one interval."""
        if at is None and self.last_event is None:
            return []
        self.intake.raise_to_end(at, self.last_event)
        found = _Found()
        self._rise(self.position, found)
        return self._described(found)

    def _described(self, found: _Found) -> list[SubjectAlerts]:
        return [
            self._describe(self.judges[number], row, since, self._late(self.judges[number], row, found.late))
            for (number, row), since in sorted(found.since.items())
        ]

    def _late(self, judge: Judge, row: int, late: Mapping[int, Late]) -> Late | None:
        if not late:
            return None
        sources = [int(judge.facts.series[row]), *judge.facts.inflow_series(row)]
        mine = [late[series] for series in sources if series in late]
        return max(mine, key=lambda one: one.received_at, default=None)

    def _describe(self, judge: Judge, row: int, since: int, late: Late | None) -> SubjectAlerts:
        self.changed.add(judge.facts.target_id(row))
        resolved, log = judge.alerts(row, since)
        firing = None if log is None else log.open
        return describe(judge.facts.target_id(row), since, resolved, firing, self.register, late)

    def all_alerts(self) -> list[SubjectAlerts]:
        """Every alert that the state knows, by target."""
        return [self._describe(judge, row, _NEVER, None) for judge, row, _ in self.rows()]

    def rows(self) -> Iterator[tuple[Judge, int, str]]:
        """Every target with its place."""
        for judge in self.judges:
            for row, target_id in enumerate(judge.facts.ids):
                if target_id is not None:
                    yield judge, row, target_id

    @property
    def beyond_horizon(self) -> int:
        """Readings since the start that were too old to change a verdict."""
        return self.intake.beyond_horizon

    # State

    @property
    def dirty(self) -> int:
        """How many series have changed since they were packed."""
        return int(np.count_nonzero(self._dirty_since))

    def restart_after(self, keys: Sequence[Hashable]) -> int:
        """Journal position after which it must be read again, once these series are safe."""
        left = self._dirty_since.copy()
        left[_numbers(keys)] = 0
        left = left[left > 0]
        return int(left.min()) - 1 if len(left) else self.position

    def pack(self, most: int, horizon: int | None = None) -> PackedSlice:
        """State of the series that changed longest ago; their samples go to the shelf.

        Args:
            most: How many series at most.
            horizon: Samples and verdicts from before are let go of; epoch milliseconds.
        """
        entries: dict[str, bytes] = {}
        forgotten: list[Forgotten] = []
        dirty = np.flatnonzero(self._dirty_since)
        numbers = dirty[np.argsort(self._dirty_since[dirty], kind="stable")][:most].tolist()
        for series in numbers:
            if horizon is not None and horizon > self.intake.horizon[series] + DAY_MS:
                forgotten += self._forget(series, horizon)
            self._pack(series, entries)
        entries["engine"] = msgspec.msgpack.encode((self.first_event, self.last_event, self._tick))
        return PackedSlice(numbers, entries, [f"target {name}" for name in self._gone], forgotten)

    def _forget(self, series: int, horizon: int) -> Iterator[Forgotten]:
        kept_from = self.intake.store.day_end(self.intake.store.day(horizon) - 1)
        for told in self.before_forgetting:
            told(series, kept_from)
        for judge in self.judges:
            judge.forget_before(series, kept_from)
        if self.intake.forget_before(series, horizon) is not None:
            yield Forgotten(self.intake.names[series], kept_from + 1)

    def _pack(self, series: int, entries: dict[str, bytes]) -> None:
        intake = self.intake
        intake.store.put_down([series])
        inflow: dict[str, bytes] = {}
        for number, judge in enumerate(self.judges):
            for row in judge.facts.rows(series):
                target_id, blob = judge.facts.ids[row], judge.pack(row)
                if target_id is None:
                    inflow[self._passive(number, row)] = blob
                else:
                    state = _TargetState(
                        judge.facts.digest(row), intake.watched[series][0], int(intake.horizon[series]), blob
                    )
                    entries[f"target {target_id}"] = msgspec.msgpack.encode(state)
        state_of_series = _SeriesState(self.position, intake.pack(series), inflow)
        entries[f"series {intake.names[series]}"] = msgspec.msgpack.encode(state_of_series)

    def _passive(self, number: int, row: int) -> str:
        return f"{self.judges[number].basis} {int(self.judges[number].facts.offset[row])}"

    def packed(self, keys: Sequence[Hashable]) -> None:
        """What :meth:`pack` gave for these series is safe."""
        self._gone.clear()
        numbers = _numbers(keys)
        self._dirty_since[numbers] = 0
        self.intake.store.let_go(numbers.tolist())

    def unpack(self, state: Mapping[str, bytes], position: int) -> list[SubjectAlerts]:
        """Take up what :meth:`pack` gave over time.

        Args:
            state: Name -> bytes; what the register no longer knows is left out.
            position: The restart position that was valid then.

        Returns:
            Alerts of targets that are judged otherwise now, and of those that are no more.
        """
        self.position = position
        if "engine" in state:
            known = msgspec.msgpack.decode(state["engine"], type=tuple[int | None, int | None, int])
            self.first_event, self.last_event, self._tick = known
        packed: dict[int, _SeriesState] = {}
        for series, name in enumerate(self.intake.names):
            entry = state.get(f"series {name}")
            if entry is not None:
                found = packed[series] = msgspec.msgpack.decode(entry, type=_SeriesState)
                self.intake.known_at[series] = found.position
                self.intake.unpack(series, found.intake)
        if self._tick > _NEVER and not self._is_recorded:
            self.intake.raise_by_tick(self._tick)
        again = [each for series, found in packed.items() for each in self._unpack_targets(series, found, state)]
        rebuilt = _Found()
        again.sort(key=lambda each: self.judges[each[0]].facts.ids[each[1]] is not None)  # inflow first
        for number, row, blob in again:
            since = self.judges[number].begin_again(row, blob, self._horizon(number, row))
            self._dirty_since[self.judges[number].facts.series[row]] = position + 1
            if since is not None:
                rebuilt.add(number, {row: since})
        self._rise(position + 1, _Found())
        return self._rebuilt(rebuilt) + self._withdrawn(state)

    def _unpack_targets(
        self, series: int, packed: _SeriesState, state: Mapping[str, bytes]
    ) -> Iterator[tuple[int, int, bytes | None]]:
        """Take up targets as they were; those that must be judged anew."""
        for number, judge in enumerate(self.judges):
            for row in judge.facts.rows(series):
                target_id = judge.facts.ids[row]
                if target_id is None:
                    blob = packed.inflow.get(self._passive(number, row))
                    if blob is None:
                        yield number, row, None
                    else:
                        judge.unpack(row, blob)
                    continue
                entry = state.get(f"target {target_id}")
                known = None if entry is None else msgspec.msgpack.decode(entry, type=_TargetState)
                if known is not None and known.digest == judge.facts.digest(row):
                    judge.unpack(row, known.blob)
                else:
                    yield number, row, None if known is None else known.blob

    def _horizon(self, number: int, row: int) -> int:
        """From here on there are samples of a row."""
        series = self.judges[number].facts.series[row]
        horizon = int(self.intake.horizon[series])
        store = self.intake.store
        return _NEVER if horizon == _NEVER else store.day_end(store.day(horizon) - 1)

    def _rebuilt(self, found: _Found) -> list[SubjectAlerts]:
        changes = []
        for (number, row), since in sorted(found.since.items()):
            judge = self.judges[number]
            upto = int(self.intake.watermark[judge.facts.series[row]])
            changes.append(self._describe(judge, row, since, Late(self.last_event or 0, upto)))
        return changes

    def _withdrawn(self, state: Mapping[str, bytes]) -> list[SubjectAlerts]:
        known = {target_id for _, _, target_id in self.rows()}
        gone = []
        for name, blob in state.items():
            target_id = name.removeprefix("target ")
            if target_id != name and target_id not in known:
                packed = msgspec.msgpack.decode(blob, type=_TargetState)
                late = Late(self.last_event or 0, self.last_event or 0)
                gone.append(SubjectAlerts(ALERT_CLASS, packed.station, target_id, packed.horizon, (), late=late))
                self._gone.append(target_id)
        return gone


def _numbers(keys: Sequence[Hashable]) -> NDArray[np.int64]:
    return np.array([key for key in keys if isinstance(key, int)], np.int64)
