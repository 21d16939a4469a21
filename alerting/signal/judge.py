"""All signals at all their stations: slots on the good side are seen to in columns, the others judged one by one.

The rule is that of instant targets (:mod:`alerting.eflow.instant`), with the minutes of the signal.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.eflow.instant import InstantFiring, InstantHold, UsedSlot, step_slot
from alerting.eflow.verdict_log import LogKind, Step, VerdictLog
from alerting.slots.slot import Slot
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from alerting.eflow.episode import Open, Resolved
    from alerting.eflow.verdict_log import State
    from alerting.signal.place import Place
    from alerting.slots.changes import SlotChanges
    from alerting.slots.intake import SlotIntake

__all__ = ["SignalJudge"]

_NEVER: Final = -(2**62)


class _State(msgspec.Struct, array_like=True):
    newest: int
    known_from: int
    log: bytes | None


class SignalJudge:
    """A slot's number in the logs is its end.

    Args:
        places: Sorted by series.
        series: Number of the series of each among the watched ones.
        intake: Slots.
    """

    def __init__(self, places: Sequence[Place], series: Sequence[int], intake: SlotIntake) -> None:
        size = len(places)
        self.places = places
        self.series = np.array(series, np.int64)
        self._intake = intake
        self._first = np.searchsorted(self.series, np.arange(len(intake.watched) + 1)).astype(np.int64)
        self._most = int(np.diff(self._first).max()) if size else 0
        self._sign = np.array([place.sign for place in places], np.int64)
        self._limit = np.array([place.limit for place in places], np.int64)
        self._is_active = np.zeros(size, bool)
        self._decided = np.full(size, _NEVER, np.int64)
        self._newest = np.full(size, _NEVER, np.int64)
        self._known_from: dict[int, int] = {}
        self._logs: dict[int, VerdictLog] = {}

    def rows(self, series: int) -> range:
        """Rows of one series."""
        return range(int(self._first[series]), int(self._first[series + 1]))

    def take(self, changes: SlotChanges) -> dict[int, int]:
        """Judge what a batch did to slots; rows whose alerts differ, and since when."""
        found: dict[int, int] = {}
        begins = self._first[changes.series]
        width = self._first[changes.series + 1] - begins
        for layer in range(self._most):
            chosen = np.flatnonzero(width > layer)
            rows = begins[chosen] + layer
            end, new, has = changes.end[chosen], changes.new[chosen], changes.has[chosen]
            doubtful = has & (self._sign[rows] * new < self._limit[rows])
            doubtful |= self._is_active[rows] | (end <= self._decided[rows])
            if doubtful.any():
                which = np.flatnonzero(np.isin(rows, rows[doubtful]))
                for row, its in _by_row(rows[which], end[which], new[which], has[which]).items():
                    self._judge(found, row, its, is_whole=its[0].end >= self._newest[row])
            np.maximum.at(self._newest, rows, end)
        rewritten: dict[int, list[Slot]] = {}
        for change in changes.rewritten:
            for row in self.rows(change.series):
                rewritten.setdefault(row, []).append(Slot(change.end, change.new, on_time=False))
        for row, its in rewritten.items():
            self._judge(found, row, its, is_whole=its[0].end >= self._newest[row])
            self._newest[row] = max(int(self._newest[row]), its[-1].end)
        return found

    def _judge(self, found: dict[int, int], row: int, slots: list[Slot], *, is_whole: bool) -> None:
        """Judge slots that changed.

        Args:
            found: Gets the row if its alerts differ.
            row: Which.
            slots: Those that changed, in order.
            is_whole: They are all that there are from the first on; else the samples are asked.
        """
        known_from = self._known_from.get(row, _NEVER)
        slots = [slot for slot in slots if slot.end > known_from]
        if not slots:
            return
        log = self._logs.get(row) or VerdictLog(self._kind(row))
        first = log.restart(slots[0].end)
        whole: Iterable[Slot] = slots if is_whole else self._slots_from(row, first)
        if log.rewrite(first, slots[-1].end, self._steps(row, whole), first - 1, lambda end: end):
            found[row] = min(found.get(row, first - 1), first - 1)
        self._remember(row, log)

    def _kind(self, row: int) -> LogKind:
        """As many slots of a minute as a hold needs, with the longest gap before each that a hold survives."""
        return LogKind(recent=8, every=DAY_MS, reach=(self.places[row].hold.raising + 1) * HOUR_MS)

    def _slots_from(self, row: int, first: int) -> Iterator[Slot]:
        return self._intake.slots_after(int(self.series[row]), first - 1)

    def _remember(self, row: int, log: VerdictLog) -> None:
        self._is_active[row] = log.state is not None
        self._decided[row] = log.decided
        if log.decided > _NEVER or log.resolved:
            self._logs[row] = log
        else:
            self._logs.pop(row, None)

    def _steps(self, row: int, slots: Iterable[Slot]) -> Iterator[Step]:
        """Used slots: valid, of a station in scope and in season, with something to be held against."""
        place, clock = self.places[row], self._intake.clock_of(int(self.series[row]))
        for slot in slots:
            if slot.value is None:
                continue
            interval = clock.interval_min(slot.end)
            start = slot.end - interval * MINUTE_MS
            bound = place.bound(start, slot.end)
            if bound is not None:
                used = UsedSlot(start, slot.end, place.sign * slot.value, bound)
                yield Step(slot.end, partial(_step, used, interval, place))

    # State

    def alerts(self, row: int, since: int) -> tuple[tuple[Resolved, ...], Open | None]:
        """Alerts of a row that were resolved after an instant, and the one that is open."""
        log = self._logs.get(row)
        if log is None:
            return (), None
        return tuple(one for one in log.resolved if one.resolved_at > since), log.open

    def known_from(self, row: int) -> int:
        """What lies before is not judged any more."""
        return self._known_from.get(row, _NEVER)

    def forget_before(self, series: int, horizon: int) -> None:
        """Let go of what was decided before an instant, from which on there are samples; it stands."""
        for row in self.rows(series):
            log = self._logs.get(row)
            self._known_from[row] = max(horizon, self.known_from(row))
            if log is not None:
                log.forget_before(horizon + 1, horizon, partial(self._steps_from, row))
                self._remember(row, log)

    def _steps_from(self, row: int, first: int) -> Iterator[Step]:
        return self._steps(row, self._slots_from(row, first))

    def pack(self, row: int) -> bytes:
        """State of one row."""
        log = self._logs.get(row)
        packed = None if log is None else log.pack()
        return msgspec.msgpack.encode(_State(int(self._newest[row]), self.known_from(row), packed))

    def unpack(self, row: int, blob: bytes) -> None:
        """Take up what :meth:`pack` gave."""
        state = msgspec.msgpack.decode(blob, type=_State)
        self._newest[row] = state.newest
        if state.known_from > _NEVER:
            self._known_from[row] = state.known_from
        if state.log is not None:
            self._remember(row, VerdictLog.unpack(state.log, self._kind(row)))

    def begin_again(self, row: int, blob: bytes | None, horizon: int) -> int:
        """Judge a row anew over all samples that are kept, as rule or register say otherwise now.

        Args:
            row: Which.
            blob: What was saved of it; None = nothing.
            horizon: From here on there are samples; what was decided before stands.

        Returns:
            Since when its alerts may differ.
        """
        state = None if blob is None else msgspec.msgpack.decode(blob, type=_State)
        if horizon > _NEVER:
            self._known_from[row] = horizon
            if state is not None and state.log is not None:
                log = VerdictLog.unpack(state.log, self._kind(row))
                log.keep_before(horizon + 1)
                self._remember(row, log)
        slots = list(self._intake.slots_after(int(self.series[row]), horizon))
        if slots:
            self._newest[row] = slots[-1].end
            self._judge({}, row, slots, is_whole=True)
        return self.known_from(row)


def _by_row(
    row: NDArray[np.int64], end: NDArray[np.int64], value: NDArray[np.int64], has: NDArray[np.bool_]
) -> dict[int, list[Slot]]:
    """Slots one by one, of each row in order."""
    found: dict[int, list[Slot]] = {}
    for each, at, number, is_valid in zip(row.tolist(), end.tolist(), value.tolist(), has.tolist(), strict=True):
        found.setdefault(each, []).append(Slot(at, number if is_valid else None, on_time=False))
    return found


def _step(slot: UsedSlot, interval: int, place: Place, state: State) -> tuple[State, Resolved | None]:
    before = state if isinstance(state, InstantHold | InstantFiring) else None
    return step_slot(before, slot, interval, place.scale, place.recovery, place.hold)
