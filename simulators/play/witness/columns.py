"""Targets that are judged at the same instants, as columns: what each owes, what excuses it, what is met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.fixed import divide_half_even
from hydro.periods import Basis
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.basin.step import Floats, Integers, Marks
    from simulators.play.witness.duty import Duty, DutyRow
    from simulators.play.witness.excuses import Excuses

__all__ = ["Asked", "Columns", "Judged"]

LEVELS: Final = frozenset({Quantity.STAGE, Quantity.WATER_LEVEL})
"""Quantities of which metres count, not ratios."""

_BACK_M: Final = 20_000
"""A level is back 0.02 m above its target; counts of a millionth."""

_INFLOW_VALID_PCT: Final = 50


class Asked(NamedTuple):
    """What is asked of each target over one slot or period.

    Attributes:
        value: Owed, millionths; what the rows say where ``inflow`` is not known.
        judged: Whether rows cover it and no season makes it inapplicable.
        exempt: Whether it was excused.
        pct: Numerator and denominator of the percent of slots that must be known.
    """

    value: Integers
    judged: Marks
    exempt: Marks
    pct: tuple[Integers, Integers]


class Judged(NamedTuple):
    """Slots and periods that were judged, one a row: attained or not.

    Attributes:
        duty: Number of the target among `Witness.duties`.
        start: Epoch milliseconds, not included.
        end: Epoch milliseconds, included.
        value: What there was, millionths; 0 where too little is known.
        target: What was owed, millionths.
        known: Whether enough is known to judge.
        attained: Whether it is known and was met.
        exempt: Whether it was excused.
    """

    duty: Integers
    start: Integers
    end: Integers
    value: Integers
    target: Integers
    known: Marks
    attained: Marks
    exempt: Marks

    @classmethod
    def join(cls, parts: Sequence[Judged]) -> Judged:
        """One after the other."""
        if not parts:
            numbers, marks = np.empty(0, np.int64), np.empty(0, np.bool_)
            return cls(numbers, numbers, numbers, numbers, numbers, marks, marks, marks)
        return cls._make(np.concatenate(columns) for columns in zip(*parts, strict=True))

    def ordered(self) -> Judged:
        """In the order of their ends, and of the targets."""
        order = np.lexsort((self.duty, self.end))
        return Judged._make(column[order] for column in self)


class Columns:
    """Targets side by side.

    Args:
        duties: They; of one basis.
        excuses: Of each.
        inflows: Of each: column of the inflow in the slots, by the station where it is measured.

    Attributes:
        duties: As given.
        level: Where metres count, not ratios.
        volume: Where values are added up, not averaged.
    """

    def __init__(
        self, duties: Sequence[Duty], excuses: Sequence[Excuses], inflows: Sequence[Mapping[str, int]]
    ) -> None:
        self.duties = tuple(duties)
        self._excuses = [(column, excuse) for column, excuse in enumerate(excuses) if excuse]
        self.level = np.array([duty.quantity in LEVELS for duty in duties], np.bool_)
        self.volume = np.array([duty.quantity is Quantity.VOLUME for duty in duties], np.bool_)
        count = len(self.duties)
        self._since, self._until = np.zeros(count, np.int64), np.full(count, -1, np.int64)
        self._value, self._covered = np.zeros(count, np.int64), np.zeros(count, np.bool_)
        self._pct = np.zeros((2, count), np.int64)
        self._inflows = tuple(inflows)
        self._inflow = np.full(count, -1, np.intp)

    def asked(self, start: int, end: int, expected: int, total: Integers, number: Integers) -> Asked:
        """What is asked over (start, end].

        Args:
            start: Epoch milliseconds.
            end: Epoch milliseconds.
            expected: Slots in it.
            total: Sum of the known slots of every series in it.
            number: How many these are.
        """
        switches = [
            (column, self._look_up(column, start, end))
            for column in np.flatnonzero((start < self._since) | (end > self._until)).tolist()
        ]
        value, judged = self._value.copy(), self._covered.copy()
        for column, owed in switches:
            value[column], judged[column] = (0, False) if owed is None else (owed, True)
        for column in np.flatnonzero(self._inflow >= 0).tolist():
            known = int(number[self._inflow[column]])
            if known > 0 and known * 100 >= _INFLOW_VALID_PCT * expected:
                come = int(total[self._inflow[column]]) * (expected if self.volume[column] else 1)
                value[column] = min(int(value[column]), divide_half_even(come, known))
        exempt = np.zeros(len(self.duties), np.bool_)
        for column, excuse in self._excuses:
            found = excuse.of(start, end)
            exempt[column] = found.exempt
            judged[column] &= found.applicable
        return Asked(value, judged, exempt, (self._pct[0], self._pct[1]))

    def met(self, value: Integers, target: Integers) -> Marks:
        """Whether a value is at least what is owed, within a millionth."""
        return value >= target - 1

    def good(self, value: Integers, target: Integers) -> Marks:
        """Whether a value is so far above what is owed that a shortfall can end."""
        return np.where(self.level, value >= target + _BACK_M - 1, 100 * value >= 105 * target - 100)

    def worse(self, value: Integers, target: Integers, than_value: Integers, than_target: Integers) -> Marks:
        """Whether it is further below what was owed: in metres for levels, else by its ratio."""
        deeper = target - value > than_target - than_value
        return np.where(self.level, deeper, _ratio(value, target) < _ratio(than_value, than_target))

    def _look_up(self, column: int, start: int, end: int) -> int | None:
        """Find the stretch that holds the end, and what is owed over all of (start, end]."""
        duty = self.duties[column]
        since, until, row = duty.stretch(end)
        self._since[column], self._until[column], self._covered[column] = since, until, row is not None
        if row is not None:
            self._keep(column, row)
        if row is None or since <= start or duty.basis is Basis.INSTANT:
            return None if row is None else row.value
        owed = duty.owed(start, end)
        return None if owed is None else owed.value

    def _keep(self, column: int, row: DutyRow) -> None:
        self._value[column] = row.value
        self._pct[:, column] = row.min_valid_pct.as_integer_ratio()
        self._inflow[column] = self._inflows[column].get(row.inflow_station, -1)


def _ratio(value: Integers, target: Integers) -> Floats:
    found = np.full(len(value), np.inf)
    np.divide(value, target, out=found, where=target > 0)
    return found
