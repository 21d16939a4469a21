"""Hours, days, ten-days and months of targets: what there was against what was owed, period after period.

Source: docs/alert-classes.md, "Slots and periods" and row ``eflow_shortfall``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.fixed import divide_half_even
from hydro.periods import Basis, Period, period_containing
from hydro.slots import slot_count
from simulators.play.witness.columns import Columns, Judged
from simulators.play.witness.course import Course
from simulators.play.witness.means import quotients

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.step import Integers, Marks
    from simulators.play.witness.slots import Slots
    from simulators.truth import Truth

__all__ = ["Periodic", "PeriodicState"]

_GOOD_IN_A_ROW: Final = 2
_AT_ONCE: Final = frozenset({Basis.TEN_DAY, Basis.MONTH})
"""Bases of which one period that met its target ends a shortfall."""


@dataclass(frozen=True, slots=True)
class PeriodicState:
    """Between two chunks.

    Attributes:
        period: The one that has begun; None before the first slot.
        total: Sum of its known slots, of every series.
        number: How many these are.
        firing: Whether there is a shortfall.
        good: Good periods in a row since.
        course: Of the shortfalls.
    """

    period: Period | None
    total: Integers
    number: Integers
    firing: Marks
    good: Integers
    course: Course


class Periodic:
    """Targets of one basis, one hour at which days start, and one length of slots.

    Args:
        columns: The targets.
        numbers: Of each among all targets.
        series: Column of each in the slots.
        width: Columns of the slots.
        minutes: Length of the slots.
    """

    def __init__(self, columns: Columns, numbers: Integers, series: Sequence[int], width: int, minutes: int) -> None:
        first = columns.duties[0]
        self._columns = columns
        self._numbers = numbers
        self._series = np.array(series, np.intp)
        self._width = width
        self._minutes = minutes
        self._basis, self._hour, self._zone = first.basis, first.day_start_hour, first.zone_minutes

    def start(self) -> PeriodicState:
        """Before the first slot."""
        count = len(self._columns.duties)
        sums, zeros = np.zeros(self._width, np.int64), np.zeros(count, np.int64)
        return PeriodicState(None, sums, sums, np.zeros(count, np.bool_), zeros, Course.none(count))

    def go_on(self, state: PeriodicState, slots: Slots) -> tuple[PeriodicState, list[Truth], list[Judged]]:
        """Some slots.

        Returns:
            The state after them, shortfalls that have ended, and what was judged.
        """
        truths: list[Truth] = []
        judged: list[Judged] = []
        first = 0
        while first < len(slots.ends):
            period = state.period or self._period(int(slots.ends[first]))
            last = int(np.searchsorted(slots.ends, period.end, side="right"))
            state = replace(
                state,
                period=period,
                total=state.total + slots.value[first:last].sum(axis=0),
                number=state.number + slots.known[first:last].sum(axis=0),
            )
            if last < len(slots.ends) or self._period(int(slots.ends[-1]) + 60_000 * self._minutes) != period:
                state, ended, found = self._judge(state, period)
                truths += ended
                judged += found
            first = last
        return state, truths, judged

    def finish(self, state: PeriodicState, at: int) -> list[Truth]:
        """Shortfalls that are still there."""
        return state.course.truths(state.firing, self._columns, at, resolved=False)

    def _period(self, slot_end: int) -> Period:
        return period_containing(slot_end, self._basis, self._hour, self._zone)

    def _judge(self, state: PeriodicState, period: Period) -> tuple[PeriodicState, list[Truth], list[Judged]]:
        columns, number = self._columns, state.number[self._series]
        expected = slot_count(period.start, period.end, self._minutes, self._zone)
        asked = columns.asked(period.start, period.end, expected, state.total, state.number)
        value, target = self._value(state.total[self._series], number, expected), asked.value
        known = (number > 0) & (number * 100 * asked.pct[1] >= asked.pct[0] * expected)
        attained = known & columns.met(value, target)
        used = asked.judged & known & ~asked.exempt
        raised = used & ~state.firing & ~attained
        running = used & state.firing
        if self._basis in _AT_ONCE:
            good, enough = attained, 1
        else:
            good, enough = columns.good(value, target), _GOOD_IN_A_ROW
        in_a_row = np.where(running, np.where(good, state.good + 1, 0), state.good)
        resolved = running & (in_a_row >= enough)
        course = state.course.raised(raised, period.start, period.end, value, target)
        course = course.gone_on(running & ~resolved, columns, value, target)
        truths = course.truths(resolved, columns, period.end, resolved=True)
        there = np.flatnonzero(asked.judged)
        found = Judged(
            duty=self._numbers[there],
            start=np.full(len(there), period.start, np.int64),
            end=np.full(len(there), period.end, np.int64),
            value=value[there],
            target=target[there],
            known=known[there],
            attained=attained[there],
            exempt=asked.exempt[there],
        )
        zeros = np.zeros_like(state.total)
        moved = PeriodicState(
            period=None,
            total=zeros,
            number=zeros,
            firing=(state.firing | raised) & ~resolved,
            good=np.where(raised | resolved, 0, in_a_row),
            course=course,
        )
        return moved, truths, [found] if len(there) else []

    def _value(self, total: Integers, number: Integers, expected: int) -> Integers:
        value = quotients(total, number)
        for column in np.flatnonzero(self._columns.volume & (number > 0)).tolist():
            # Python's numbers: a month of a large river, times its slots, is beyond int64.
            value[column] = divide_half_even(int(total[column]) * expected, int(number[column]))
        return value
