"""Periods of many targets at a glance: which ones surely changed nothing, and which need a second look, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alerting.slots.slot import halved_even

if TYPE_CHECKING:
    from alerting.eflow.period_table import Column, Mask, PeriodTable
    from alerting.slots.intake import SlotIntake

__all__ = ["PeriodLook", "Seen"]


class Seen(NamedTuple):
    """What columns tell of periods.

    Attributes:
        met: The value reaches the full target.
        assessable: Enough slots are valid.
        unclear: Columns can't tell, whatever they say.
    """

    met: Mask
    assessable: Mask
    unclear: Mask


class PeriodLook:
    """See the module.

    Args:
        table: Has the periods.
        intake: Has watermarks and the present length of slots.

    Attributes:
        is_open: Of each row, whether an alert is open.
        decided: Of each row, start of the last period whose state is in the target's log.
    """

    def __init__(self, table: PeriodTable, intake: SlotIntake) -> None:
        self._table = table
        self._intake = intake
        size = len(table.facts)
        self.is_open = np.zeros(size, bool)
        self.decided = np.full(size, -(2**62), np.int64)

    def at(self, rows: Column, cells: Column, start: Column, end: Column) -> Seen:
        """See periods that are in the ring."""
        table, facts = self._table, self._table.facts
        valid = table.valid[cells].astype(np.int64)
        total = table.total[cells]
        expected = self._expected(rows, start, end)
        is_volume = self._intake.is_volume[facts.series[rows]]
        value = np.where(is_volume, total, halved_even(total, np.maximum(valid, 1)))
        unclear = (start < facts.since[rows]) | (end > facts.until[rows]) | ~self._is_plain(rows, start, end)
        unclear |= table.is_wide(cells) | (is_volume & (valid != expected))
        assessable = (valid > 0) & (valid * 100 * facts.least_of[rows] >= facts.least[rows] * expected)
        return Seen(value >= facts.value[rows] - 1, assessable, unclear)

    def _is_plain(self, rows: Column, start: Column, end: Column) -> Mask:
        """Whether periods lie in the present row of their station."""
        series = self._table.facts.series[rows]
        found: Mask = (start >= self._intake.since[series]) & (end <= self._intake.until[series])
        return found

    def _expected(self, rows: Column, start: Column, end: Column) -> Column:
        """Slots stamped in periods that lie in the present row of their station."""
        length, shift = self._intake.length[self._table.facts.series[rows]], self._intake.shift
        found: Column = (end + shift) // length - (start + shift) // length
        return found

    def doubtful(self, rows: Column, numbers: Column) -> tuple[Column, Column]:
        """Of periods that changed or became due those that need a second look; the others are seen to.

        A period that is due, met its full target, and behind which nothing is open or was decided changes nothing: were
        it exempt, or its target less because of the inflow, it would change nothing either.
        """
        table, facts = self._table, self._table.facts
        cells, here = table.place(rows, numbers)
        gone = ~here & ~facts.is_passive[rows]
        far_rows, far_numbers = rows[gone], numbers[gone]
        mine = here & ~facts.is_passive[rows]
        rows, numbers, cells = rows[mine], numbers[mine], cells[mine]
        start, end = table.starts(rows, numbers), table.starts(rows, numbers + 1)
        plain = self._is_plain(rows, start, end)
        due = end <= self._intake.watermark[facts.series[rows]]
        due |= plain & (table.valid[cells].astype(np.int64) >= self._expected(rows, start, end))
        growing = ~due
        table.wait(rows[growing], cells[growing], end[growing])
        table.wait_no_more(cells[due])
        seen = self.at(rows, cells, start, end)
        matters = due & ((seen.assessable & ~seen.met) | seen.unclear | self.is_open[rows])
        matters |= (start <= self.decided[rows]) | (growing & ~plain)
        return np.concatenate([rows[matters], far_rows]), np.concatenate([numbers[matters], far_numbers])
