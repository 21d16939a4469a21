"""All instant targets: slots that met their target behind nothing are seen in columns, the others judged one by one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.eflow.inflow import InflowOfSlots
from alerting.eflow.instant import InstantFiring, InstantHold, UsedSlot, step_slot
from alerting.eflow.tally import SIZE, Counts
from alerting.eflow.verdict_log import LogKind, Step, VerdictLog
from alerting.level import meets
from alerting.slots.slot import Slot
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hydro.periods import Basis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from alerting.eflow.bands import Recovery, Scale
    from alerting.eflow.episode import Resolved
    from alerting.eflow.facts import TargetFacts
    from alerting.eflow.instant import Hold
    from alerting.eflow.period_table import Column
    from alerting.eflow.verdict_log import State
    from alerting.slots.changes import SlotChanges
    from alerting.slots.intake import SlotIntake
    from hydro.register import TargetRow

__all__ = ["InstantJudge"]

_NEVER: Final = -(2**62)


class _State(msgspec.Struct, array_like=True):
    newest: int
    tally: list[int]
    known_from: int
    log: bytes | None


class InstantJudge:
    """A slot's number in the logs is its end.

    Args:
        facts: The targets, and rows for the inflow that some are held against.
        intake: Slots and watermarks.
    """

    basis: Final = Basis.INSTANT

    def __init__(self, facts: TargetFacts, intake: SlotIntake) -> None:
        size = len(facts)
        self.facts = facts
        # As many slots of a minute as a hold needs, with the longest gap before each that a hold survives.
        self._log_kind = LogKind(recent=8, every=DAY_MS, reach=(facts.hold.raising + 1) * HOUR_MS)
        self._intake = intake
        self._logs: dict[int, VerdictLog] = {}
        self._is_active = np.zeros(size, bool)
        self._decided = np.full(size, _NEVER, np.int64)
        self._newest = np.full(size, _NEVER, np.int64)
        self._settled = np.zeros((size, SIZE), np.int64)
        self._known_from: dict[int, int] = {}

    # What changed

    def take(self, changes: SlotChanges) -> dict[int, int]:
        """Judge what a batch did to slots; rows whose alerts differ, and since when."""
        found: dict[int, int] = {}
        for chosen, rows in self.facts.layers(changes.series):
            for row, slots in self._doubtful(changes, chosen, rows).items():
                self._judge(found, row, slots, is_whole=slots[0].end >= self._newest[row])
            np.maximum.at(self._newest, rows, changes.end[chosen])
        rewritten: dict[int, list[Slot]] = {}
        for change in changes.rewritten:
            for number in self.facts.rows(change.series):
                rewritten.setdefault(number, []).append(Slot(change.end, change.new, change.timely))
                if not self.facts.is_passive[number]:
                    was = self._count(number, Slot(change.end, change.old, change.was_timely))
                    now = self._count(number, Slot(change.end, change.new, change.timely))
                    self._settled[number] += np.array(now) - np.array(was)
        for number, slots in rewritten.items():
            if not self.facts.is_passive[number]:
                self._judge(found, number, slots, is_whole=slots[0].end >= self._newest[number])
            self._newest[number] = max(int(self._newest[number]), slots[-1].end)
        if self.facts.dependents:
            self._judge_dependents(found, changes, rewritten)
        return found

    def rise(self) -> dict[int, int]:
        """Nothing waits for a watermark."""
        return {}

    def _doubtful(self, changes: SlotChanges, chosen: Column, row: Column) -> dict[int, list[Slot]]:
        """Slots of rows that need a second look, by row; the others are seen to."""
        facts = self.facts
        end, new, has = changes.end[chosen], changes.new[chosen], changes.has[chosen]
        clear = (end > facts.since[row]) & (end <= facts.until[row])
        met = has & (new >= facts.value[row] - 1)
        self._tally(changes, chosen, row, met, clear)
        doubtful = has & ~(met & clear)
        doubtful |= self._is_active[row] | (end <= self._decided[row])
        doubtful &= ~facts.is_passive[row]
        found: dict[int, list[Slot]] = {}
        if doubtful.any():
            wanted = np.flatnonzero(np.isin(row, row[doubtful]))
            for number, at, value, is_valid in zip(
                row[wanted].tolist(), end[wanted].tolist(), new[wanted].tolist(), has[wanted].tolist(), strict=True
            ):
                found.setdefault(number, []).append(Slot(at, value if is_valid else None, on_time=False))
        return found

    def _judge_dependents(self, found: dict[int, int], changes: SlotChanges, rewritten: dict[int, list[Slot]]) -> None:
        """Judge slots again whose inflow changed."""
        ends: dict[int, set[int]] = {}
        for chosen, rows in self.facts.layers(changes.series):
            for place in np.flatnonzero(self.facts.is_passive[rows]).tolist():
                ends.setdefault(int(rows[place]), set()).add(int(changes.end[chosen[place]]))
        for number, slots in rewritten.items():
            if self.facts.is_passive[number]:
                ends.setdefault(number, set()).update(slot.end for slot in slots)
        for source, changed in sorted(ends.items()):
            for row in self.facts.dependents.get(source, ()):
                clock = self._intake.clock_of(int(self.facts.series[row]))
                theirs = {clock.slot_end(end, clock.interval_min(end) * MINUTE_MS) for end in changed}
                known = sorted(end for end in theirs if end <= self._newest[row])
                if known:
                    self._judge(found, row, [Slot(end, None, on_time=False) for end in known], is_whole=False)

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
        log = self._logs.get(row) or VerdictLog(self._log_kind)
        first = log.restart(slots[0].end)
        whole: Iterable[Slot] = slots if is_whole else self._slots_from(row, first)
        if log.rewrite(first, slots[-1].end, self._steps(row, whole), first - 1, lambda end: end):
            found[row] = min(found.get(row, first - 1), first - 1)
        self._remember(row, log)
        self.facts.refresh(row, slots[-1].end)

    def _slots_from(self, row: int, first: int) -> Iterator[Slot]:
        return self._intake.slots_after(int(self.facts.series[row]), first - 1)

    def _remember(self, row: int, log: VerdictLog) -> None:
        self._is_active[row] = log.state is not None
        self._decided[row] = log.decided
        if log.decided > _NEVER or log.resolved:
            self._logs[row] = log
        else:
            self._logs.pop(row, None)

    # One by one

    def _steps(self, row: int, slots: Iterable[Slot]) -> Iterator[Step]:
        """Used slots: valid, covered by a row, neither exempt nor out of season."""
        plan, clock = self.facts.plan(row), self._intake.clock_of(int(self.facts.series[row]))
        bands, recovery, hold = self.facts.bands(row), self.facts.recovery(row), self.facts.hold
        inflow = InflowOfSlots(self._intake)
        for slot in slots:
            asked = plan.at(slot.end)
            if slot.value is None or asked is None:
                continue
            interval = clock.interval_min(slot.end)
            start = slot.end - interval * MINUTE_MS
            excuse = plan.excuse(start, slot.end)
            if excuse.exempt or not excuse.applicable:
                continue
            used = UsedSlot(start, slot.end, slot.value, self._effective(row, asked, start, slot.end, inflow))
            yield Step(slot.end, partial(_step, used, interval, bands.at(slot.end), recovery, hold))

    def _effective(self, row: int, asked: TargetRow, start: int, end: int, inflow: InflowOfSlots) -> int:
        source = self.facts.inflow_row(row, asked)
        measured = None if source is None else inflow.over(int(self.facts.series[source]), start, end)
        return asked.value if measured is None else min(asked.value, measured)

    # Attainment

    def _tally(
        self, changes: SlotChanges, chosen: Column, row: Column, met: NDArray[np.bool_], clear: NDArray[np.bool_]
    ) -> None:
        facts = self.facts
        end, old, had, has = changes.end[chosen], changes.old[chosen], changes.had[chosen], changes.has[chosen]
        plain = clear & ~((end > facts.special_from[row]) & (end <= facts.special_until[row] + DAY_MS))
        plain &= ~facts.is_passive[row]
        valid = has.astype(np.int64) - had
        attained = met.astype(np.int64) - (had & (old >= facts.value[row] - 1))
        timely = changes.timely[chosen].astype(np.int64) - changes.was_timely[chosen]
        columns = np.stack([valid, attained, attained, valid, valid, timely], axis=1)  # as in Counts
        np.add.at(self._settled, row[plain], columns[plain])
        new = changes.new[chosen]
        for place in np.flatnonzero(~plain & ~facts.is_passive[row]).tolist():
            number, at = int(row[place]), int(end[place])
            was = Slot(at, int(old[place]) if had[place] else None, bool(changes.was_timely[chosen[place]]))
            now = Slot(at, int(new[place]) if has[place] else None, bool(changes.timely[chosen[place]]))
            self._settled[number] += np.array(self._count(number, now)) - np.array(self._count(number, was))

    def _count(self, row: int, slot: Slot, inflow: InflowOfSlots | None = None) -> Counts:
        """Count one slot, held against its full target, or against the inflow too."""
        if slot.value is None:
            return Counts()
        plan, clock = self.facts.plan(row), self._intake.clock_of(int(self.facts.series[row]))
        asked = plan.at(slot.end)
        start = slot.end - clock.interval_min(slot.end) * MINUTE_MS
        excuse = plan.excuse(start, slot.end)
        if asked is None or not excuse.applicable:
            return Counts()
        target = asked.value if inflow is None else self._effective(row, asked, start, slot.end, inflow)
        met, outside = meets(slot.value, target), not excuse.exempt
        return Counts(1, met, met and outside, outside, 1, slot.on_time)

    def counts(self, since: Column, until: Column) -> list[Counts | None]:
        """Counts of every row over its judged range, which holds all its data; None where the samples must be asked."""
        found: list[Counts | None] = []
        for row in range(len(self.facts)):
            if self.facts.is_passive[row] or self.facts.has_inflow(row):
                found.append(None)
                continue
            series = int(self.facts.series[row])
            clock = self._intake.clock_of(series)
            total = self._settled[row].copy()
            start, end = int(since[row]), int(until[row])
            cut = {(clock.slot_start(at), clock.slot_of(at)) for at in (start + 1, end)}
            for begin, stop in cut:
                if begin < start or stop > end:
                    for slot in self._intake.slots_between(series, begin, stop):
                        total -= np.array(self._count(row, slot))
            found.append(Counts(*total.tolist()))
        return found

    def recount(self, row: int, since: int, until: int) -> Counts:
        """The same of one row over any range, from its samples."""
        total = np.zeros(SIZE, np.int64)
        clock, inflow = self._intake.clock_of(int(self.facts.series[row])), InflowOfSlots(self._intake)
        for slot in self._intake.slots_between(int(self.facts.series[row]), since, until):
            if slot.end - clock.interval_min(slot.end) * MINUTE_MS >= since:
                total += np.array(self._count(row, slot, inflow))
        return Counts(*total.tolist())

    # State

    def alerts(self, row: int, since: int) -> tuple[tuple[Resolved, ...], VerdictLog | None]:
        """Alerts of a row that were resolved after an instant, and its log."""
        log = self._logs.get(row)
        if log is None:
            return (), None
        return tuple(one for one in log.resolved if one.resolved_at > since), log

    def known_from(self, row: int) -> int:
        """What lies before is not judged any more."""
        return self._known_from.get(row, _NEVER)

    def forget_before(self, series: int, horizon: int) -> None:
        """Let go of what was decided before an instant, from which on there are samples; it stands."""
        for row in self.facts.rows(series):
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
        state = _State(int(self._newest[row]), self._settled[row].tolist(), self.known_from(row), packed)
        return msgspec.msgpack.encode(state)

    def unpack(self, row: int, blob: bytes) -> None:
        """Take up what :meth:`pack` gave."""
        state = msgspec.msgpack.decode(blob, type=_State)
        self._newest[row], self._settled[row] = state.newest, state.tally
        if state.known_from > _NEVER:
            self._known_from[row] = state.known_from
        if state.log is not None:
            self._remember(row, VerdictLog.unpack(state.log, self._log_kind))

    def begin_again(self, row: int, blob: bytes | None, horizon: int) -> int | None:
        """Judge a row anew; see :meth:`alerting.eflow.period_judge.PeriodJudge.begin_again`."""
        state = None if blob is None else msgspec.msgpack.decode(blob, type=_State)
        if horizon > _NEVER:
            self._known_from[row] = horizon
            if state is not None and state.log is not None:
                log = VerdictLog.unpack(state.log, self._log_kind)
                log.keep_before(horizon + 1)
                self._remember(row, log)
        slots = list(self._intake.slots_after(int(self.facts.series[row]), horizon))
        if not slots:
            return None
        self._newest[row] = slots[-1].end
        if self.facts.is_passive[row]:
            return None
        for slot in slots:
            self._settled[row] += np.array(self._count(row, slot))
        self._judge({}, row, slots, is_whole=True)
        return self.known_from(row)


def _step(
    slot: UsedSlot, interval: int, scale: Scale, recovery: Recovery, hold: Hold, state: State
) -> tuple[State, Resolved | None]:
    before = state if isinstance(state, InstantHold | InstantFiring) else None
    return step_slot(before, slot, interval, scale, recovery, hold)
