"""Sums of the latest periods of many targets of one basis, as rings of cells.

::

    target 0   | tag | total | valid | timely | waits |   period number p lies in cell p mod ring
    target 1   | ...                                      a cell is p's where its tag is p

A cell that another period needs is given to whoever counts (:mod:`alerting.eflow.tally`); what it summed can be had
from the samples again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeAlias

import msgspec
import numpy as np

from alerting.eflow.period_clock import PeriodClock
from alerting.slots.slot import LARGEST_IN_COLUMNS
from hydro.periods import Basis

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alerting.eflow.facts import TargetFacts
    from alerting.slots.changes import SlotChanges
    from alerting.slots.intake import SlotIntake

__all__ = ["Cell", "Column", "Delta", "Mask", "PeriodTable", "Settling"]

_RING: Final = {Basis.HOUR: 48, Basis.DAY: 16, Basis.TEN_DAY: 4, Basis.MONTH: 3}
_NOBODY: Final = -(2**31) + 1
_NEVER: Final = -(2**62)
_EVER: Final = 2**62
_WAITS: Final = 1
_WIDE: Final = 2

Column: TypeAlias = "NDArray[np.int64]"
Mask: TypeAlias = "NDArray[np.bool_]"


class Cell(NamedTuple):
    """Slots of one period: number of the period, sum of the valid values in millionths, how many, how many in time."""

    number: int
    total: int
    valid: int
    timely: int


class Delta(NamedTuple):
    """Change of one period by slots that were rewritten; of any size."""

    total: int
    valid: int
    timely: int


class Settling(Protocol):
    """Who counts periods that leave the ring."""

    def settle(self, rows: Column, cells: Column) -> None:
        """Cells that still hold what they summed."""


class _Row(msgspec.Struct, array_like=True):
    """State of one target."""

    tags: bytes
    totals: bytes
    valids: bytes
    timelies: bytes
    flags: bytes
    newest: int
    wide: dict[int, int]
    spilled: list[int]


class PeriodTable:
    """The periods of all targets of one basis.

    Args:
        basis: Any but ``instant``.
        facts: The targets.
        intake: Has watermarks and slots.

    Attributes:
        newest: Greatest number with data of each row.
        settling: Told of cells before they go to another period.
    """

    def __init__(self, basis: Basis, facts: TargetFacts, intake: SlotIntake) -> None:
        size, ring = len(facts), _RING[basis]
        self.clock = PeriodClock(basis)
        self.facts = facts
        self.settling: Settling | None = None
        self._intake = intake
        self._ring = ring
        self.tag = np.full(size * ring, _NOBODY, np.int32)
        self.total = np.zeros(size * ring, np.int64)
        self.valid = np.zeros(size * ring, np.uint16)
        self.timely = np.zeros(size * ring, np.uint16)
        self._flag = np.zeros(size * ring, np.uint8)
        self.newest = np.full(size, _NOBODY, np.int64)
        self._waiting_end = np.full(size, _EVER, np.int64)
        self._wide: dict[tuple[int, int], int] = {}
        self._spilled: dict[int, set[int]] = {}

    def starts(self, rows: Column, numbers: Column) -> Column:
        """Starts of periods; the end of one is the start of the next number."""
        return self.clock.start(numbers, self.facts.offset[rows])

    def start_of(self, row: int, number: int) -> int:
        """Start of one period."""
        return self.clock.start(number, int(self.facts.offset[row]))

    def number_of(self, row: int, inside: int) -> int:
        """Number of the period of a target that holds an instant."""
        return self.clock.number(inside, int(self.facts.offset[row]))

    def add(self, changes: SlotChanges) -> tuple[Column, Column]:
        """Take columns in; row and number of each period that changed, each pair once."""
        none = np.empty(0, np.int64)
        rows_of, numbers_of = [none], [none]
        total = changes.new - changes.old
        valid = changes.has.astype(np.int64) - changes.had
        timely = changes.timely.astype(np.int64) - changes.was_timely
        for chosen, rows in self.facts.layers(changes.series):
            numbers = self.clock.number(changes.end[chosen], self.facts.offset[rows])
            first = np.flatnonzero((np.diff(rows, prepend=-1) != 0) | (np.diff(numbers, prepend=_NEVER) != 0))
            row, number = rows[first], numbers[first]
            cell = self._cells_for(row, number)
            self.total[cell] += np.add.reduceat(total[chosen], first)
            # uint16 wraps as int64 does: what comes out is right as long as the counts themselves fit, and they do
            self.valid[cell] += np.add.reduceat(valid[chosen], first).astype(np.uint16)
            self.timely[cell] += np.add.reduceat(timely[chosen], first).astype(np.uint16)
            rows_of.append(row)
            numbers_of.append(number)
        return np.concatenate(rows_of), np.concatenate(numbers_of)

    def _cells_for(self, row: Column, number: Column) -> Column:
        """Cells of periods that lie in the rings, made theirs."""
        cell: Column = row * self._ring + number % self._ring
        tags = self.tag[cell]
        other = np.flatnonzero(tags != number)
        if len(other):
            taken = other[tags[other] != _NOBODY]
            if len(taken):
                self._give_up(row[taken], cell[taken])
            fresh = cell[other]
            self.tag[fresh] = number[other]
            self.total[fresh] = 0
            self.valid[fresh] = self.timely[fresh] = self._flag[fresh] = 0
            np.maximum.at(self.newest, row[other], number[other])
        return cell

    def _give_up(self, row: Column, cell: Column) -> None:
        if self.settling is not None:
            self.settling.settle(row, cell)
        for each in np.flatnonzero(self._flag[cell] & _WAITS).tolist():
            self._spilled.setdefault(int(row[each]), set()).add(int(self.tag[cell[each]]))
        for each in np.flatnonzero(self._flag[cell] & _WIDE).tolist():
            del self._wide[int(row[each]), int(self.tag[cell[each]])]

    def rewrite(self, row: int, number: int, delta: Delta) -> bool:
        """Change one period; False where its cell went to a later one."""
        cell = row * self._ring + number % self._ring
        if self.tag[cell] != number:
            if number <= self.newest[row] - self._ring:
                return False
            self._cells_for(np.array([row]), np.array([number]))
        self.valid[cell] += np.uint16(delta.valid % 65_536)
        self.timely[cell] += np.uint16(delta.timely % 65_536)
        if abs(delta.total) < LARGEST_IN_COLUMNS and not self._flag[cell] & _WIDE:
            self.total[cell] += delta.total
        else:
            self._wide[row, number] = self._wide.get((row, number), 0) + delta.total
            self._flag[cell] |= _WIDE
        return True

    def place(self, row: Column, number: Column) -> tuple[Column, Mask]:
        """Cells of periods, and where they are theirs."""
        cell = row * self._ring + number % self._ring
        return cell, self.tag[cell] == number

    def is_wide(self, cell: Column) -> Mask:
        """Where part of the sum is too large for a column."""
        found: Mask = self._flag[cell] & _WIDE != 0
        return found

    def taken(self) -> tuple[Column, Column]:
        """Rows and cells of all periods in the rings."""
        cell = np.flatnonzero(self.tag != _NOBODY).astype(np.int64)
        return cell // self._ring, cell

    def at(self, row: int, cell: int) -> Cell:
        """What a cell holds."""
        number = int(self.tag[cell])
        total = int(self.total[cell]) + self._wide.get((row, number), 0)
        return Cell(number, total, int(self.valid[cell]), int(self.timely[cell]))

    def cell(self, row: int, number: int) -> Cell | None:
        """One period, None where it is not in the ring."""
        cell = row * self._ring + number % self._ring
        return self.at(row, cell) if self.tag[cell] == number else None

    def cells(self, row: int, first: int) -> list[Cell]:
        """Periods with data from a number on that are surely in the ring, in order; see :meth:`oldest_in_ring`."""
        begin = max(first, self.oldest_in_ring(row))
        tags = self.tag[row * self._ring : (row + 1) * self._ring]
        return sorted(self.at(row, row * self._ring + int(place)) for place in np.flatnonzero(tags >= begin))

    def oldest_in_ring(self, row: int) -> int:
        """From this number on every period with data has its cell."""
        return int(self.newest[row]) - self._ring + 1

    def is_empty(self, row: int) -> bool:
        """Whether there never was a period with data."""
        return bool(self.newest[row] == _NOBODY)

    def wait(self, row: Column, cell: Column, end: Column) -> None:
        """Periods wait for the watermark to reach their ends."""
        self._flag[cell] |= _WAITS
        np.minimum.at(self._waiting_end, row, end)

    def wait_no_more(self, cell: Column) -> None:
        """Periods have been judged."""
        self._flag[cell] &= ~np.uint8(_WAITS)

    def wait_one(self, row: int, number: int, *, is_due: bool) -> None:
        """The same for one period, wherever it is."""
        cell = row * self._ring + number % self._ring
        if self.tag[cell] == number:
            self._flag[cell] = (self._flag[cell] & ~np.uint8(_WAITS)) | (0 if is_due else _WAITS)
        elif not is_due:
            self._spilled.setdefault(row, set()).add(number)
        if not is_due:
            self._waiting_end[row] = min(int(self._waiting_end[row]), self.start_of(row, number + 1))

    def reached(self, series: Column | None) -> tuple[Column, Column]:
        """Waiting periods whose end the watermark has reached, and some that lie far back; they wait no more.

        Args:
            series: Only targets of these, sorted; None = all.
        """
        facts, watermark = self.facts, self._intake.watermark
        if series is None:
            rows = np.flatnonzero(self._waiting_end <= watermark[facts.series]).astype(np.int64)
        else:
            rows = np.concatenate([np.empty(0, np.int64), *(row for _, row in facts.layers(series))])
            rows = rows[self._waiting_end[rows] <= watermark[facts.series[rows]]]
        if not len(rows):
            return rows, rows
        cells = rows[:, None] * self._ring + np.arange(self._ring)
        which, place = np.nonzero(self._flag[cells] & _WAITS)
        row, number = rows[which], self.tag[cells[which, place]].astype(np.int64)
        end = self.starts(row, number + 1)
        over = end <= watermark[facts.series[row]]
        self._waiting_end[rows] = _EVER
        np.minimum.at(self._waiting_end, row[~over], end[~over])
        row, number = row[over], number[over]
        spilled = self._spilled.keys() & set(rows.tolist()) if self._spilled else ()
        far = [(each, old) for each in sorted(spilled) for old in sorted(self._spilled.pop(each))]
        if far:
            row = np.concatenate([row, np.array([each for each, _ in far], np.int64)])
            number = np.concatenate([number, np.array([old for _, old in far], np.int64)])
        return row, number

    def pack(self, row: int) -> bytes:
        """State of one target as bytes."""
        cells = slice(row * self._ring, (row + 1) * self._ring)
        keep = self.tag[cells] != _NOBODY
        wide = {number: total for (each, number), total in self._wide.items() if each == row} if self._wide else {}
        return msgspec.msgpack.encode(
            _Row(
                self.tag[cells][keep].tobytes(),
                self.total[cells][keep].tobytes(),
                self.valid[cells][keep].tobytes(),
                self.timely[cells][keep].tobytes(),
                self._flag[cells][keep].tobytes(),
                int(self.newest[row]),
                wide,
                sorted(self._spilled.get(row, ())),
            )
        )

    def unpack(self, row: int, blob: bytes) -> None:
        """Take up what :meth:`pack` gave."""
        packed = msgspec.msgpack.decode(blob, type=_Row)
        tags = np.frombuffer(packed.tags, np.int32)
        flags = np.frombuffer(packed.flags, np.uint8)
        cells = row * self._ring + tags % self._ring
        self.tag[cells] = tags
        self.total[cells] = np.frombuffer(packed.totals, np.int64)
        self.valid[cells] = np.frombuffer(packed.valids, np.uint16)
        self.timely[cells] = np.frombuffer(packed.timelies, np.uint16)
        self._flag[cells] = flags
        self.newest[row] = packed.newest
        self._wide.update({(row, number): total for number, total in packed.wide.items()})
        if packed.spilled:
            self._spilled[row] = set(packed.spilled)
        waiting = [*tags[flags & _WAITS != 0].tolist(), *packed.spilled]
        self._waiting_end[row] = min((self.start_of(row, number + 1) for number in waiting), default=_EVER)
