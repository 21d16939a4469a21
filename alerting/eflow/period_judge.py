"""All targets of one basis of periods: what changed is seen in columns, what matters is judged one by one."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.eflow.episode import Evidence
from alerting.eflow.look import PeriodLook
from alerting.eflow.period_table import Cell, Delta, PeriodTable
from alerting.eflow.periodic import PeriodicFiring, step_period
from alerting.eflow.tally import SIZE, Counts, PeriodTally
from alerting.eflow.verdict_log import LogKind, Step, VerdictLog
from alerting.level import meets
from hydro.fixed import divide_half_even
from hydro.periods import Basis

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alerting.eflow.episode import Resolved
    from alerting.eflow.facts import TargetFacts
    from alerting.eflow.period_table import Column
    from alerting.eflow.target import TargetPlan
    from alerting.eflow.verdict_log import State
    from alerting.slots.changes import SlotChange, SlotChanges
    from alerting.slots.intake import SlotIntake
    from alerting.slots.slot import Slot
    from hydro.register import TargetRow

__all__ = ["PeriodJudge"]

_NEVER: Final = -(2**62)
_LOG: Final = {
    Basis.HOUR: LogKind(recent=48, every=24, reach=0),
    Basis.DAY: LogKind(recent=48, every=24, reach=0),
    Basis.TEN_DAY: LogKind(recent=12, every=12, reach=0),
    Basis.MONTH: LogKind(recent=12, every=12, reach=0),
}
_HALF: Final = 2
_NO_DELTA: Final = Delta(0, 0, 0)


class _State(msgspec.Struct, array_like=True):
    periods: bytes
    tally: list[int]
    known_from: int
    log: bytes | None


class PeriodJudge:
    """Hour to month.

    Args:
        basis: Any but ``instant``.
        facts: The targets, and behind their backs rows for the inflow that some are held against.
        intake: Slots and watermarks.
    """

    def __init__(self, basis: Basis, facts: TargetFacts, intake: SlotIntake) -> None:
        self.basis = basis
        self.facts = facts
        self._kind = _LOG[basis]
        self._intake = intake
        self._table = PeriodTable(basis, facts, intake)
        self._look = PeriodLook(self._table, intake)
        self._tally = PeriodTally(self._table, self._look, self.count)
        self._table.settling = self._tally
        self._logs: dict[int, VerdictLog] = {}
        self._known_from: dict[int, int] = {}

    # What changed

    def take(self, changes: SlotChanges) -> dict[int, int]:
        """Judge what a batch did to slots; rows whose alerts differ, and since when."""
        rows, numbers = self._table.add(changes)
        more = self._rewrite(changes.rewritten) if changes.rewritten else []
        waited_rows, waited_numbers = self._table.reached(changes.touched)
        extra = np.array(more, np.int64).reshape(-1, 2)
        return self._judge(
            np.concatenate([rows, waited_rows, extra[:, 0]]), np.concatenate([numbers, waited_numbers, extra[:, 1]])
        )

    def rise(self) -> dict[int, int]:
        """Judge what the watermarks have reached, in all series."""
        return self._judge(*self._table.reached(None))

    def _rewrite(self, changes: Sequence[SlotChange]) -> list[tuple[int, int]]:
        """Change periods one by one; rows and numbers."""
        deltas: dict[tuple[int, int], Delta] = {}
        for change in changes:
            total = (change.new or 0) - (change.old or 0)
            valid = (change.new is not None) - (change.old is not None)
            timely = change.timely - change.was_timely
            for row in self.facts.rows(change.series):
                key = (row, self._table.number_of(row, change.end))
                known = deltas.get(key, _NO_DELTA)
                deltas[key] = Delta(known.total + total, known.valid + valid, known.timely + timely)
        for (row, number), delta in sorted(deltas.items()):
            if not self._table.rewrite(row, number, delta) and not self.facts.is_passive[row]:
                self._resettle(row, number, delta)
        return list(deltas)

    def _resettle(self, row: int, number: int, delta: Delta) -> None:
        after = self._from_samples(row, number)
        before = Cell(number, after.total - delta.total, after.valid - delta.valid, after.timely - delta.timely)
        self._tally.resettle(row, before, after)

    def _judge(self, rows: Column, numbers: Column) -> dict[int, int]:
        found: dict[int, int] = {}
        if self.facts.dependents:
            rows, numbers = self._with_dependents(rows, numbers)
        if not len(rows):
            return found
        pairs = sorted({*zip(*(column.tolist() for column in self._look.doubtful(rows, numbers)), strict=True)})
        for row, group in groupby(pairs, key=lambda pair: pair[0]):
            since = self._judge_row(row, [number for _, number in group])
            if since is not None:
                found[row] = since
        return found

    def _with_dependents(self, rows: Column, numbers: Column) -> tuple[Column, Column]:
        """Periods whose inflow changed may have changed too."""
        which = np.flatnonzero(self.facts.is_passive[rows]).tolist()
        more: set[tuple[int, int]] = set()
        for each in which:
            number = int(numbers[each])
            for row in self.facts.dependents.get(int(rows[each]), ()):
                if self._table.cell(row, number) is None:
                    self._tally.is_stale[row] = True
                more.add((row, number))
        if not more:
            return rows, numbers
        extra = np.array(sorted(more), np.int64)
        return np.concatenate([rows, extra[:, 0]]), np.concatenate([numbers, extra[:, 1]])

    def _judge_row(self, row: int, numbers: Sequence[int]) -> int | None:
        table = self._table
        known_from = self._known_from.get(row, _NEVER)
        wanted = [number for number in numbers if table.start_of(row, number) >= known_from]
        if not wanted:
            return None
        log = self._logs.get(row) or VerdictLog(self._kind)
        first = log.restart(wanted[0])
        since = table.start_of(row, first)
        plan = self.facts.plan(row)
        is_changed = log.rewrite(
            first, wanted[-1], self._steps(row, plan, first), since, lambda number: table.start_of(row, number + 1)
        )
        self._remember(row, log)
        self.facts.refresh(row, table.start_of(row, wanted[-1] + 1))
        return since if is_changed else None

    def _remember(self, row: int, log: VerdictLog) -> None:
        decided = log.decided
        self._look.is_open[row] = log.open is not None
        self._look.decided[row] = self._table.start_of(row, decided) if decided > _NEVER else _NEVER
        if decided > _NEVER or log.resolved:
            self._logs[row] = log
        else:
            self._logs.pop(row, None)

    # One by one

    def _steps(self, row: int, plan: TargetPlan, first: int) -> Iterator[Step]:
        for cell in self._periods(row, first):
            yield Step(cell.number, partial(self._step, row, plan, cell))

    def _periods(self, row: int, first: int) -> Iterator[Cell]:
        """Periods with data from a number on, in order."""
        oldest = self._table.oldest_in_ring(row)
        if first < oldest:
            until = self._table.start_of(row, oldest)
            slots = self._intake.slots_between(int(self.facts.series[row]), self._table.start_of(row, first), until)
            for number, group in groupby(slots, key=lambda slot: self._table.number_of(row, slot.end)):
                yield _summed(number, group)
        yield from self._table.cells(row, first)

    def _from_samples(self, row: int, number: int) -> Cell:
        start, end = self._table.start_of(row, number), self._table.start_of(row, number + 1)
        return _summed(number, self._intake.slots_between(int(self.facts.series[row]), start, end))

    def _step(self, row: int, plan: TargetPlan, cell: Cell, state: State) -> tuple[State, Resolved | None]:
        number = cell.number
        start, end = self._table.start_of(row, number), self._table.start_of(row, number + 1)
        series = int(self.facts.series[row])
        expected = self._intake.clock_of(series).expected(start, end)
        is_due = cell.valid >= expected or end <= self._intake.watermark[series]
        self._table.wait_one(row, number, is_due=is_due)
        if not is_due:
            return state, None
        demand = plan.demand(start, end)
        if demand is None or not cell.valid or cell.valid * 100 < demand.row.min_valid_pct * expected:
            return state, None
        excuse = plan.excuse(start, end)
        if excuse.exempt or not excuse.applicable:
            return state, None
        target = self._effective(row, demand.row, demand.target, number)
        evidence = Evidence(start, end, self._value(series, cell, expected), target, expected, cell.valid)
        before = state if isinstance(state, PeriodicFiring) else None
        return step_period(before, evidence, self.facts.bands(row).at(end), self.facts.recovery(row))

    def _value(self, series: int, cell: Cell, expected: int) -> int:
        """Mean of the valid slots; of a volume that times the expected slots."""
        if self._intake.is_volume[series]:
            return divide_half_even(cell.total * expected, cell.valid)
        return divide_half_even(cell.total, cell.valid)

    def _effective(self, row: int, asked: TargetRow, target: int, number: int) -> int:
        """The target, or the inflow over the same window where the row says so and at least half of it is valid."""
        source = self.facts.inflow_row(row, asked)
        if source is None:
            return target
        cell = self._table.cell(source, number)
        if cell is None:
            cell = self._from_samples(source, number)
        series = int(self.facts.series[source])
        start, end = self._table.start_of(row, number), self._table.start_of(row, number + 1)
        expected = self._intake.clock_of(series).expected(start, end)
        if not cell.valid or cell.valid * _HALF < expected:
            return target
        return min(target, self._value(series, cell, expected))

    # Attainment

    def count(self, row: int, cell: Cell) -> Counts:
        """Count one period."""
        number = cell.number
        start, end = self._table.start_of(row, number), self._table.start_of(row, number + 1)
        plan = self.facts.plan(row)
        demand = plan.demand(start, end)
        if demand is None:
            return Counts()
        excuse = plan.excuse(start, end)
        if not excuse.applicable:
            return Counts()
        series = int(self.facts.series[row])
        expected = self._intake.clock_of(series).expected(start, end)
        assessable = cell.valid > 0 and cell.valid * 100 >= demand.row.min_valid_pct * expected
        met = assessable and meets(
            self._value(series, cell, expected), self._effective(row, demand.row, demand.target, number)
        )
        outside = not excuse.exempt
        return Counts(assessable, met, met and outside, assessable and outside, cell.valid, cell.timely)

    def counts(self, since: Column, until: Column) -> list[Counts | None]:
        """Counts of every row over its judged range, which holds all its data; None where samples must be asked."""
        found = self._tally.within(since, until)
        rows = np.arange(len(self.facts))
        numbers = self._table.clock.number(since + 1, self.facts.offset)
        _, here = self._table.place(rows, numbers)
        straddles = ~here & ~self.facts.is_passive & (self._table.starts(rows, numbers) < since)
        for row in np.flatnonzero(straddles).tolist():
            found[row] -= np.array(self.count(row, self._from_samples(row, int(numbers[row]))))
        stale = self._tally.is_stale
        return [None if stale[row] else Counts(*counts) for row, counts in enumerate(found.tolist())]

    def recount(self, row: int, since: int, until: int) -> Counts:
        """The same of one row over any range, from its samples."""
        total = np.zeros(SIZE, np.int64)
        slots = self._intake.slots_between(int(self.facts.series[row]), since, until)
        for number, group in groupby(slots, key=lambda slot: self._table.number_of(row, slot.end)):
            if self._table.start_of(row, number) >= since and self._table.start_of(row, number + 1) <= until:
                total += np.array(self.count(row, _summed(number, group)))
        return Counts(*total.tolist())

    # State

    def alerts(self, row: int, since: int) -> tuple[tuple[Resolved, ...], VerdictLog | None]:
        """Alerts of a row that were resolved after an instant, and its log."""
        log = self._logs.get(row)
        if log is None:
            return (), None
        return tuple(one for one in log.resolved if one.resolved_at > since), log

    def period_start(self, row: int, inside: int) -> int:
        """Start of the period of a row that holds an instant."""
        return self._table.start_of(row, self._table.number_of(row, inside))

    def period_end(self, row: int, start: int) -> int:
        """End of the period that starts at an instant."""
        return self._table.start_of(row, self._table.number_of(row, start + 1) + 1)

    def known_from(self, row: int) -> int:
        """What lies before is not judged any more."""
        return self._known_from.get(row, _NEVER)

    def forget_before(self, series: int, horizon: int) -> None:
        """Let go of what was decided before an instant, from which on there are samples; it stands."""
        for row in self.facts.rows(series):
            table = self._table
            oldest = table.oldest_in_ring(row)
            if table.is_empty(row):
                continue
            known = min(horizon, table.start_of(row, oldest))
            number = table.number_of(row, known)  # the period that ends there or later
            number += table.start_of(row, number) < known
            start = table.start_of(row, number)
            if start <= self._known_from.get(row, _NEVER):
                continue
            self._known_from[row] = start
            log = self._logs.get(row)
            if log is not None:
                log.forget_before(number, start, partial(self._steps, row, self.facts.plan(row)))
                self._remember(row, log)

    def pack(self, row: int) -> bytes:
        """State of one row."""
        log = self._logs.get(row)
        tally = [*self._tally.settled[row].tolist(), int(self._tally.is_stale[row])]
        state = _State(self._table.pack(row), tally, self.known_from(row), None if log is None else log.pack())
        return msgspec.msgpack.encode(state)

    def unpack(self, row: int, blob: bytes) -> None:
        """Take up what :meth:`pack` gave."""
        state = msgspec.msgpack.decode(blob, type=_State)
        self._table.unpack(row, state.periods)
        *self._tally.settled[row], stale = state.tally
        self._tally.is_stale[row] = bool(stale)
        if state.known_from > _NEVER:
            self._known_from[row] = state.known_from
        if state.log is not None:
            self._remember(row, VerdictLog.unpack(state.log, self._kind))

    def begin_again(self, row: int, blob: bytes | None, horizon: int) -> int | None:
        """Judge a row anew from all samples there are; what was decided before them stands.

        Args:
            row: Which.
            blob: What :meth:`pack` gave under another register, or for none.
            horizon: From here on there are samples.

        Returns:
            Since when its alerts may differ, None if nothing was judged before or now.
        """
        state = None if blob is None else msgspec.msgpack.decode(blob, type=_State)
        if horizon > _NEVER:
            number = self._table.number_of(row, horizon)
            number += self._table.start_of(row, number) < horizon
            self._known_from[row] = self._table.start_of(row, number)
            if state is not None and state.log is not None:
                log = VerdictLog.unpack(state.log, self._kind)
                log.keep_before(number)
                self._remember(row, log)
        slots = self._intake.slots_after(int(self.facts.series[row]), horizon)
        numbers = []
        for number, group in groupby(slots, key=lambda slot: self._table.number_of(row, slot.end)):
            cell = _summed(number, group)
            self._table.rewrite(row, number, Delta(cell.total, cell.valid, cell.timely))
            numbers.append(number)
        if self.facts.is_passive[row] or not numbers:
            return None
        self._judge_row(row, numbers)
        return self.known_from(row)


def _summed(number: int, slots: Iterator[Slot]) -> Cell:
    total = valid = timely = 0
    for slot in slots:
        if slot.value is not None:
            total += slot.value
            valid += 1
            timely += slot.on_time
    return Cell(number, total, valid, timely)
