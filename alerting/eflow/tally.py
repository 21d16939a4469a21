"""Attainment as it goes: what settled slots and periods of each target count, and what those in the rings do.

A full recomputation from the samples (:func:`alerting.eflow.attainment.attain`) gives the same numbers, always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from alerting.eflow.look import PeriodLook
    from alerting.eflow.period_table import Cell, Column, PeriodTable

__all__ = ["SIZE", "Counts", "PeriodTally"]


class Counts(NamedTuple):
    """Counts over periods, or for an instant target over slots.

    Attributes:
        valid: Assessable ones, exempt or not.
        attained: Met ones, exempt or not.
        attained_outside: Met and not exempt.
        valid_outside: Assessable and not exempt.
        valid_slots: Slots with a valid value.
        timely_slots: Of these, slots of which a value arrived in time.
    """

    valid: int = 0
    attained: int = 0
    attained_outside: int = 0
    valid_outside: int = 0
    valid_slots: int = 0
    timely_slots: int = 0


SIZE: Final = len(Counts._fields)


class PeriodTally:
    """Counts of the periods of a table.

    Args:
        table: Has the periods.
        look: Sees most of them in columns.
        count_one: Counts a period that can't be seen in columns.

    Attributes:
        settled: Counts of the periods that left the ring, a row for each target.
        is_stale: Of which targets ``settled`` is no longer right, because the inflow to a settled period changed.
    """

    def __init__(self, table: PeriodTable, look: PeriodLook, count_one: Callable[[int, Cell], Counts]) -> None:
        size = len(table.facts)
        self._table = table
        self._look = look
        self._count_one = count_one
        self.settled: Column = np.zeros((size, SIZE), np.int64)
        self.is_stale = np.zeros(size, bool)

    def settle(self, rows: Column, cells: Column) -> None:
        """Count periods that leave the ring."""
        self._add(self.settled, rows, cells)

    def resettle(self, row: int, before: Cell, after: Cell) -> None:
        """A period that was settled long ago has changed."""
        was, now = self._count_one(row, before), self._count_one(row, after)
        self.settled[row] += np.array(now) - np.array(was)

    def _add(self, to: NDArray[np.int64], rows: Column, cells: Column) -> None:
        mine = ~self._table.facts.is_passive[rows]
        rows, cells = rows[mine], cells[mine]
        if not len(rows):
            return
        counts, unclear = self._counts(rows, cells)
        np.add.at(to, rows[~unclear], counts[~unclear])
        for each in np.flatnonzero(unclear).tolist():
            row = int(rows[each])
            to[row] += np.array(self._count_one(row, self._table.at(row, int(cells[each]))))

    def _counts(self, rows: Column, cells: Column) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        table, facts = self._table, self._table.facts
        number = table.tag[cells].astype(np.int64)
        start, end = table.starts(rows, number), table.starts(rows, number + 1)
        seen = self._look.at(rows, cells, start, end)
        unclear = seen.unclear | ((end > facts.special_from[rows]) & (start <= facts.special_until[rows]))
        attained = seen.met & seen.assessable
        valid, timely = table.valid[cells].astype(np.int64), table.timely[cells].astype(np.int64)
        columns = [seen.assessable, attained, attained, seen.assessable, valid, timely]  # as in Counts
        return np.stack([column.astype(np.int64) for column in columns], axis=1), unclear

    def within(self, since: Column, until: Column) -> NDArray[np.int64]:
        """Counts of all settled periods, and of those in the rings that lie wholly in the range of their target."""
        found = self.settled.copy()
        rows, cells = self._table.taken()
        number = self._table.tag[cells].astype(np.int64)
        inside = self._table.starts(rows, number) >= since[rows]
        inside &= self._table.starts(rows, number + 1) <= until[rows]
        self._add(found, rows[inside], cells[inside])
        return found
