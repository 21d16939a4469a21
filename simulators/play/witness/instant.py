"""Instant targets: slots below for an hour, slot after slot.

Source: docs/alert-classes.md, "Common" and row ``eflow_shortfall``; a 60-minute mean exists once so many slots were
used since the last restart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import MINUTE_MS
from simulators.play.witness.columns import Columns, Judged
from simulators.play.witness.course import Course
from simulators.play.witness.hold import Hold, step_hold
from simulators.play.witness.means import quotients

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.step import Integers, Marks
    from simulators.play.witness.slots import Slots
    from simulators.truth import Truth

__all__ = ["Instant", "InstantState", "slots_an_hour"]

_HOUR_MIN: Final = 60


def slots_an_hour(minutes: int) -> int:
    """How many slots make 60 minutes.

    >>> slots_an_hour(5), slots_an_hour(60), slots_an_hour(120)
    (12, 1, 1)
    """
    return max(1, _HOUR_MIN // minutes)


@dataclass(frozen=True, slots=True)
class InstantState:
    """Between two chunks.

    Attributes:
        hold: See there.
        course: Of the shortfalls.
        values: Of the last used slots: slots of an hour × targets, where `used` modulo their number says.
        targets: The same of what was owed.
        used: Slots used since the last restart.
    """

    hold: Hold
    course: Course
    values: Integers
    targets: Integers
    used: Integers


class Instant:
    """Instant targets of stations with one length of slots.

    Args:
        columns: The targets.
        numbers: Of each among all targets.
        series: Column of each in the slots.
        minutes: Length of the slots.
    """

    def __init__(self, columns: Columns, numbers: Integers, series: Sequence[int], minutes: int) -> None:
        self._columns = columns
        self._numbers = numbers
        self._series = np.array(series, np.intp)
        self._length = minutes * MINUTE_MS
        self._needed = slots_an_hour(minutes)
        self._all = np.arange(len(columns.duties))

    def start(self) -> InstantState:
        """Before the first slot."""
        count = len(self._columns.duties)
        zeros = np.zeros((self._needed, count), np.int64)
        return InstantState(Hold.none(count), Course.none(count), zeros, zeros, np.zeros(count, np.int64))

    def go_on(self, state: InstantState, slots: Slots) -> tuple[InstantState, list[Truth], list[Judged]]:
        """Some slots; returns as of `Periodic.go_on`."""
        truths: list[Truth] = []
        judged: list[Judged] = []
        values, known = slots.value[:, self._series], slots.known[:, self._series]
        for row, end in enumerate(slots.ends.tolist()):
            everything = slots.value[row], slots.known[row].astype(np.int64)
            asked = self._columns.asked(end - self._length, end, 1, *everything)
            found = self._judged(end, asked.judged, asked.exempt, values[row], asked.value, known[row])
            used = known[row] & asked.judged & ~asked.exempt
            state, ended = self._step(state, end, used, values[row], asked.value)
            truths += ended
            judged += found
        return state, truths, judged

    def finish(self, state: InstantState, at: int) -> list[Truth]:
        """Shortfalls that are still there."""
        return state.course.truths(state.hold.firing, self._columns, at, resolved=False)

    def _step(
        self, state: InstantState, end: int, used: Marks, value: Integers, target: Integers
    ) -> tuple[InstantState, list[Truth]]:
        columns, start = self._columns, end - self._length
        low, good = ~columns.met(value, target), columns.good(value, target)
        before = state.hold
        hold, raised, resolved, restarted = step_hold(
            before, start, end, used, low, good, needed=self._needed, enough=self._needed
        )
        # What was met before an alert counts for no mean; nor does what came before a gap.
        kept = used & (before.firing | low)
        since = np.where(restarted | (used & ~kept) | resolved, 0, state.used)
        place = since % self._needed
        values, targets = state.values.copy(), state.targets.copy()
        values[place[kept], self._all[kept]] = value[kept]
        targets[place[kept], self._all[kept]] = target[kept]
        since = np.where(kept & ~resolved, since + 1, since)
        whole = kept & (since >= self._needed)
        number = np.full(len(value), self._needed)
        mean, owed = quotients(values.sum(axis=0), number), quotients(targets.sum(axis=0), number)
        course = state.course.raised(raised, hold.onset, end, mean, owed)
        course = course.gone_on(whole & hold.firing & ~raised, columns, mean, owed)
        truths = course.truths(resolved, columns, end, resolved=True)
        return InstantState(hold, course, values, targets, since), truths

    def _judged(
        self, end: int, there: Marks, exempt: Marks, value: Integers, target: Integers, known: Marks
    ) -> list[Judged]:
        rows = np.flatnonzero(there)
        if not len(rows):
            return []
        start = np.full(len(rows), end - self._length, np.int64)
        attained = known & self._columns.met(value, target)
        return [
            Judged(
                duty=self._numbers[rows],
                start=start,
                end=start + self._length,
                value=value[rows],
                target=target[rows],
                known=known[rows],
                attained=attained[rows],
                exempt=exempt[rows],
            )
        ]
