"""One target judged from where its memory begins: its slots and shortfalls in, its warnings out."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from alerting.eflow_warning.course import Course, Moment, Warned, step
from alerting.eflow_warning.outlook import InflowSoFar, Outlook, Sums

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerting.eflow.period_judge import PeriodJudge
    from alerting.eflow_warning.course import Look
    from alerting.eflow_warning.outlook import Glance
    from alerting.slots.intake import SlotIntake
    from hydro.register import TargetRow
    from hydro.rules import WarningNumbers

__all__ = ["Memory", "Outcome", "Place"]

_NEVER: Final = -(2**62)
_EVER: Final = 2**62


class Memory(msgspec.Struct, array_like=True):
    """Where judging begins: how it stood after an instant, with what slots before it add to what comes after.

    Attributes:
        at: Everything up to here stands; epoch milliseconds.
        course: How it stood then.
        sums: What was carried.
        inflow: By series, sum and number of the valid slots of the period that was running.
    """

    at: int = _NEVER
    course: Course = Course()
    sums: Sums = msgspec.field(default_factory=Sums)
    inflow: dict[int, tuple[int, int]] = msgspec.field(default_factory=dict)


class Outcome(NamedTuple):
    """What judging came to.

    Attributes:
        over: Warnings that ended after the memory begins, in order.
        course: How it stands.
        sums: What is carried on.
    """

    over: tuple[Warned, ...]
    course: Course
    sums: Sums


class Place:
    """A target that is judged by the period, among others of its basis.

    Args:
        judge: Has its rows, and its shortfalls.
        row: Which it is there.
        intake: Has its samples.
        numbers: Of the class.
    """

    def __init__(self, judge: PeriodJudge, row: int, intake: SlotIntake, numbers: WarningNumbers) -> None:
        self._judge = judge
        self._row = row
        self._intake = intake
        self._numbers = numbers
        self.target_id = judge.facts.target_id(row)
        self.series = int(judge.facts.series[row])
        self.inflow = judge.facts.inflow_series(row)

    def judged(self, memory: Memory, until: int = _EVER) -> Outcome:
        """Judge all that lies after the memory's instant, up to another."""
        facts, clock = self._judge.facts, self._intake.clock_of(self.series)
        sums = msgspec.structs.replace(memory.sums, hours=list(memory.sums.hours), periods=list(memory.sums.periods))
        outlook = Outlook(facts.plan(self._row), clock, sums, _Inflow(self, memory).between, self._numbers)
        glances: dict[int, Glance] = {}
        ends: dict[int, list[Look]] = {}
        for start, slots in self._periods(memory, until):
            end = self._judge.period_end(self._row, start)
            frame = outlook.frame(start, end)
            for slot_end, value in slots:
                outlook.add(start, slot_end, value)
                glance = None if frame is None else outlook.glance(frame, slot_end)
                if glance is not None:
                    glances[slot_end] = glance
            if frame is None or end > until or sums.start != start:
                continue
            if end <= self._intake.watermark[self.series] or sums.valid >= frame.expected:
                ends[end] = outlook.over(frame, sums.total, sums.valid)
        return self._stepped(memory, glances, ends, until, sums)

    def _periods(self, memory: Memory, until: int) -> Iterable[tuple[int, list[tuple[int, int]]]]:
        """Starts of periods, and the valid slots after the memory's instant in each."""
        found: dict[int, list[tuple[int, int]]] = {}
        if memory.sums.start > _NEVER and self._judge.period_end(self._row, memory.sums.start) > memory.at:
            found[memory.sums.start] = []
        start, end = _NEVER, _NEVER
        for slot in self._intake.slots_between(self.series, memory.at, until):
            if slot.value is None:
                continue
            if slot.end > end:
                start = self._judge.period_start(self._row, slot.end)
                end = self._judge.period_end(self._row, start)
            found.setdefault(start, []).append((slot.end, slot.value))
        return found.items()

    def _stepped(
        self, memory: Memory, glances: dict[int, Glance], ends: dict[int, list[Look]], until: int, sums: Sums
    ) -> Outcome:
        clock = self._intake.clock_of(self.series)
        shortfalls = self._shortfalls(memory.at)
        raised = {first for first, _ in shortfalls if memory.at < first <= until}
        over: list[Warned] = []
        course = memory.course
        for at in sorted({*glances, *ends, *raised}):
            glance, seen = glances.get(at), ends.get(at)
            if course.is_resting and seen is None and (glance is None or glance.is_calm):
                continue
            looks = [*(() if glance is None else glance.looks), *(seen or ())]
            is_short = any(first <= at < last for first, last in shortfalls)
            moment = Moment(at, looks, seen is not None, at in raised, is_short)
            course, ended = step(course, moment, max(1, self._numbers.clear_min // clock.interval_min(at)))
            if ended is not None:
                over.append(ended)
        return Outcome(tuple(over), course, sums)

    def _shortfalls(self, after: int) -> list[tuple[int, int]]:
        """From when until when a shortfall of the target was open."""
        resolved, log = self._judge.alerts(self._row, after)
        found = [(one.alert.raised_at, one.resolved_at) for one in resolved]
        if log is not None and log.open is not None:
            found.append((log.open.raised_at, _EVER))
        return found

    def remembered(self, memory: Memory, at: int) -> tuple[Memory, tuple[Warned, ...]]:
        """A memory that begins at a later instant, and the warnings that ended up to there."""
        outcome = self.judged(memory, at)
        start = self._judge.period_start(self._row, at + 1)
        inflow = _Inflow(self, memory)
        known = {each: inflow.sums(each, start, at) for each in self.inflow}
        return Memory(at, outcome.course, outcome.sums, known), outcome.over

    @property
    def digest(self) -> bytes:
        """Of all that the register says and its shortfalls rest on."""
        return self._judge.facts.digest(self._row)

    @property
    def watermark(self) -> int:
        """What comes for before it is late."""
        return int(self._intake.watermark[self.series])

    def settled_day(self) -> int:
        """A midnight that the watermark has passed by a day: little comes for before it."""
        clock = self._intake.clock_of(self.series)
        return clock.day_end(clock.day(self.watermark) - 2)

    def next_end(self) -> int:
        """End of the first period that the watermark has not reached."""
        start = self._judge.period_start(self._row, int(self._intake.watermark[self.series]) + 1)
        return self._judge.period_end(self._row, start)

    def inflow_of(self, row: TargetRow) -> int | None:
        """Series of the inflow that a row holds the target against."""
        source = self._judge.facts.inflow_row(self._row, row)
        return None if source is None else int(self._judge.facts.series[source])

    def expected(self, series: int, start: int, end: int) -> int:
        """Slots of a series in (start, end]."""
        return self._intake.clock_of(series).expected(start, end)

    def slots(self, series: int, after: int) -> list[tuple[int, int]]:
        """Valid slots of a series after an instant."""
        return [(slot.end, slot.value) for slot in self._intake.slots_after(series, after) if slot.value is not None]


class _Inflow:
    """Sums of the inflow that a target is held against, over any window after the memory's instant or around it."""

    def __init__(self, place: Place, memory: Memory) -> None:
        self._place = place
        self._memory = memory
        self._slots: dict[int, tuple[list[int], list[int]]] = {}

    def between(self, row: TargetRow, start: int, end: int) -> InflowSoFar | None:
        """Of a window, by a row of the target."""
        series = self._place.inflow_of(row)
        if series is None:
            return None
        total, valid = self.sums(series, start, end)
        return InflowSoFar(total, valid, self._place.expected(series, start, end))

    def sums(self, series: int, start: int, end: int) -> tuple[int, int]:
        """Sum and number of the valid slots in (start, end]; of a window that begins before the memory, its period."""
        known = self._slots.get(series)
        if known is None:
            slots = self._place.slots(series, self._memory.at)
            sums = list(accumulate((value for _, value in slots), initial=0))
            known = self._slots[series] = ([slot_end for slot_end, _ in slots], sums)
        ends, sums = known
        first, last = bisect_right(ends, start), bisect_right(ends, end)
        before = self._memory.inflow.get(series, (0, 0)) if start < self._memory.at else (0, 0)
        return before[0] + sums[last] - sums[first], before[1] + last - first
