"""Slots of metering points as judges see them: of all points at once in columns, and of one place in a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["COUNTERS", "MULTIPLIED", "Cells", "Frame", "Place", "Series", "SlotTable"]

COUNTERS: Final = frozenset({Quantity.VOLUME_TOTAL, Quantity.ENERGY_TOTAL})
MULTIPLIED: Final = COUNTERS | {Quantity.VOLUME, Quantity.POWER, Quantity.DISCHARGE}
"""Judges see these with the factor of their point. Source: docs/decisions/0092-taking.md."""

Series = tuple[str, Quantity]


class Place(NamedTuple):
    """What a judge judges.

    Attributes:
        kind: Of the alert's subject: ``intake``, or ``station`` for a metering point.
        code: Of the subject.
        points: All metering points that it ever has, in the order of the register.
        series: What is asked of it, of which there may be samples; the rows of a :class:`SlotTable`.
        slot_ms: Length of its slots: the longest of those of its points.
    """

    kind: str
    code: str
    points: tuple[str, ...]
    series: tuple[Series, ...]
    slot_ms: int


class Cells(NamedTuple):
    """One quantity in the rows of a frame, int64 and bool.

    Attributes:
        value: Of the slot, millionths; 0 where it has none.
        has: Whether it is known and valid.
        before: Of an earlier slot of the series, the latest that is known; it need not be the one before.
        had: Whether there is one.
        since: End of that earlier slot; start of this one where there is none.
    """

    value: NDArray[np.int64]
    has: NDArray[np.bool_]
    before: NDArray[np.int64]
    had: NDArray[np.bool_]
    since: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Frame:
    """Slots that readings newer than all others of their series made: rows by point, then end, each pair once.

    They are slots of the point, where those of a place with several may be longer. Values are right to a millionth:
    what is rounded elsewhere, such as a factor, is exact in a :class:`SlotTable` only.

    Where a slot of a point came that another of its series has long passed, that other's value is not at hand; such
    rows are looked at one by one, whatever a judge marks.

    Attributes:
        point: int64, number of the metering point.
        end: int64, end of the slot, epoch milliseconds.
        length: int64, of the slot, milliseconds.
        cells: By quantity; those that no point of the frame has are missing.
        flowed: int64, end of the latest earlier slot in which the point had a flow above its zero, as far as is known.
        previous: int64, end of the slot of the point before, if there was one.
    """

    point: NDArray[np.int64]
    end: NDArray[np.int64]
    length: NDArray[np.int64]
    cells: Mapping[Quantity, Cells]
    flowed: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    previous: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def __len__(self) -> int:
        """Rows."""
        return len(self.point)

    def of_points(self, count: int) -> Frame:
        """Rows of the first points by number."""
        rows = int(np.searchsorted(self.point, count))
        if rows == len(self.point):
            return self
        part = slice(0, rows)
        cells = {
            quantity: Cells(cell.value[part], cell.has[part], cell.before[part], cell.had[part], cell.since[part])
            for quantity, cell in self.cells.items()
        }
        columns = (self.point[part], self.end[part], self.length[part])
        return Frame(*columns, cells, self.flowed[part], self.previous[part])

    def of(self, quantity: Quantity) -> Cells:
        """One quantity; nothing is known where no point has it."""
        found = self.cells.get(quantity)
        if found is None:
            none, never = np.zeros(len(self.point), np.int64), np.zeros(len(self.point), bool)
            found = Cells(none, never, none, never, self.end - self.length)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class SlotTable:
    """Slots, or hours, of one place in time order: those in which any of its series has a valid value.

    Attributes:
        start: int64[n], epoch milliseconds, not itself covered.
        end: int64[n], itself covered.
        value: int64[series, n], millionths: of a slot the mean of its valid values, of ``volume`` their sum, of a
            counter the last of them; of an hour the mean of its valid slots, of ``volume`` x its slots, of a counter
            the slot that ends with it; 0 where there is none.
        has: bool[series, n], whether there is a value; of an hour, whether at least half of its slots are valid, of a
            counter, whether the last of them is.
        at: int64[series, n], event time of the last valid reading.
        valid: int64[series, n], valid slots: 0 or 1, of an hour as many as there are.
        expected: int64[series, n], slots: 1, of an hour as many as it should have.
        first: Rows before it were judged, and are shown only because the judge looks back.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    value: NDArray[np.int64]
    has: NDArray[np.bool_]
    at: NDArray[np.int64]
    valid: NDArray[np.int64]
    expected: NDArray[np.int64]
    first: int

    def __len__(self) -> int:
        """Rows, those to look back at included."""
        return len(self.end)

    def between(self, first: int, last: int, look_back: int) -> SlotTable:
        """Rows from ``first`` up to, not including, ``last``, and those of some milliseconds before to look back at."""
        begin = int(np.searchsorted(self.end, self.start[first] - look_back, side="right"))
        return self._of(slice(begin, last), first - begin)

    def chosen(self, rows: NDArray[np.bool_]) -> SlotTable:
        """Those of the rows."""
        return self._of(rows, int(np.count_nonzero(rows[: self.first])))

    def _of(self, rows: NDArray[np.bool_] | slice, first: int) -> SlotTable:
        return SlotTable(
            self.start[rows],
            self.end[rows],
            self.value[:, rows],
            self.has[:, rows],
            self.at[:, rows],
            self.valid[:, rows],
            self.expected[:, rows],
            first,
        )
