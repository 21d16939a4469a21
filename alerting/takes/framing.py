"""From changed slots to frames: what all points say in the same slot, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alerting.takes.places import zero_below
from alerting.takes.slots import MULTIPLIED, Cells, Frame
from hydro.fixed import MICRO
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alerting.slots.changes import SlotChanges
    from alerting.takes.slots import Series
    from hydro.register import Register

__all__ = ["Framing"]

_NEVER: Final = -(2**62)
_LARGEST: Final = 2.0**62


class Framing:
    """The newest slot of each series, and frames of what comes after it.

    Args:
        watched: Series, sorted by point.
        point_of: Number of the point of each of them.
        length: Of a slot of each of them, milliseconds.
        shift: Zone in milliseconds.
        register: Master data, for the factors of points.
    """

    def __init__(
        self,
        watched: Sequence[Series],
        point_of: NDArray[np.int64],
        length: NDArray[np.int64],
        shift: int,
        register: Register,
    ) -> None:
        size = len(watched)
        factors = [_factor(series, register) for series in watched]
        self._factor = np.array([factor or 1.0 for factor in factors])
        self._is_dated = np.array([factor is None for factor in factors], bool)
        self._has_factors = bool((self._factor != 1.0).any())
        self._point_of = point_of
        self._length = length
        self._shift = shift
        self._quantity = np.array([quantity for _, quantity in watched], np.int64)
        self._series_at: dict[Quantity, NDArray[np.int64]] = {}
        points = int(point_of.max()) + 1 if size else 0
        for number, (_, quantity) in enumerate(watched):
            if quantity not in self._series_at:
                self._series_at[quantity] = np.full(points, -1, np.int64)
            self._series_at[quantity][point_of[number]] = number
        self._flowed = np.full(points, _NEVER, np.int64)
        self._previous = np.full(points, _NEVER, np.int64)
        self._zero = np.zeros(points, np.int64)
        for number, series in enumerate(watched):
            if series[1] is Quantity.DISCHARGE:
                zeros = (zero_below(row) for row in register.points.get(series, ()))
                self._zero[point_of[number]] = max([0, *zeros]) + 1  # values of a frame are right to a millionth
        self._end = np.full(size, _NEVER, np.int64)
        self._value = np.zeros(size, np.int64)
        self._has = np.zeros(size, bool)
        self._is_known = np.ones(size, bool)
        self._before = np.zeros(size, np.int64)
        self._before_end = np.full(size, _NEVER, np.int64)

    def frame(self, changes: SlotChanges) -> tuple[Frame, NDArray[np.bool_]]:
        """What the columns of changed slots say, by point; and rows in which something is not at hand."""
        point = self._point_of[changes.series]
        rows, where = _distinct(point, changes.end)
        at_point, end = point[rows], changes.end[rows]
        length = self._length[changes.series[rows]]
        behind = np.zeros(len(rows), bool)
        behind[where[self._is_dated[changes.series]]] = True
        new = self._shown(changes.series, changes.new)
        cells: dict[Quantity, Cells] = {}
        quantity_of = self._quantity[changes.series]
        for quantity, series_at in self._series_at.items():
            series = series_at[at_point]
            if not (series >= 0).any():
                continue
            mine = np.flatnonzero(quantity_of == quantity)
            cells[quantity], missed = self._cells(series, end, changes, new, mine, where[mine])
            behind |= missed
        self._keep(changes, new)
        return Frame(at_point, end, length, cells, *self._passed(at_point, end, cells)), behind

    def _passed(
        self, point: NDArray[np.int64], end: NDArray[np.int64], cells: Mapping[Quantity, Cells]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """When water flowed last before each row, and the row before; both are remembered."""
        rows = np.arange(len(point))
        begins = np.maximum.accumulate(np.where(np.diff(point, prepend=-1) != 0, rows, 0))
        previous = np.where(rows > begins, end[rows - 1], self._previous[point])
        flowed, flow = self._flowed[point], cells.get(Quantity.DISCHARGE)
        if flow is not None:
            is_above = flow.has & (flow.value > self._zero[point])
            latest = np.maximum.accumulate(np.where(is_above, rows, -1))
            before = np.concatenate([[-1], latest[:-1]])
            flowed = np.where(before >= begins, end[before], flowed)
            self._flowed[point[is_above]] = end[is_above]  # ascending: the latest stands
        self._previous[point] = end
        return flowed, previous

    def _cells(
        self,
        series: NDArray[np.int64],
        end: NDArray[np.int64],
        changes: SlotChanges,
        new: NDArray[np.int64],
        mine: NDArray[np.intp],
        where: NDArray[np.intp],
    ) -> tuple[Cells, NDArray[np.bool_]]:
        """One quantity in the rows; and those whose value was seen, but is not at hand."""
        exists = series >= 0
        newest = np.where(exists, self._end[series], _NEVER)
        carried = exists & (newest == end) & self._is_known[series]
        value = np.where(carried, self._value[series], 0)
        has = carried & self._has[series]
        behind = exists & (newest > _NEVER) & ~carried & ((newest >= end) | ~self._is_known[series])
        follows = exists & (newest < end) & self._has[series]
        before = np.where(follows, self._value[series], np.where(exists, self._before[series], 0))
        before_end = np.where(follows, newest, np.where(exists, self._before_end[series], _NEVER))
        value[where], has[where] = new[mine], changes.has[mine]
        mine_known = self._is_known[changes.series[mine]] | (self._end[changes.series[mine]] == _NEVER)
        behind[where] = ~mine_known
        is_first = np.diff(changes.series[mine], prepend=-1) != 0
        valid = np.where(changes.has[mine], np.arange(len(mine)), -1)
        # The latest valid slot of the same series that came with it, if there is one, is nearer than what is kept.
        latest = np.concatenate([[-1], np.maximum.accumulate(valid)[:-1]]) if len(mine) else valid
        begins = np.maximum.accumulate(np.where(is_first, np.arange(len(mine)), 0)) if len(mine) else valid
        followed = np.flatnonzero(latest >= begins)
        before[where[followed]] = new[mine[latest[followed]]]
        before_end[where[followed]] = changes.end[mine[latest[followed]]]
        had = before_end > _NEVER
        since = np.where(had, before_end, end - self._length[series])
        return Cells(value, has, np.where(had, before, 0), had, since), behind

    def _shown(self, series: NDArray[np.int64], value: NDArray[np.int64]) -> NDArray[np.int64]:
        """Values with the factors of their points, to a millionth."""
        if not self._has_factors:
            return value
        found: NDArray[np.int64] = np.clip(np.rint(value * self._factor[series]), -_LARGEST, _LARGEST).astype(np.int64)
        return found

    def _keep(self, changes: SlotChanges, new: NDArray[np.int64]) -> None:
        if not len(changes):
            return
        last = np.append(np.flatnonzero(np.diff(changes.series)), len(changes) - 1)
        owners = changes.series[last]
        # The slot that was newest is before the new ones; of the new ones those before the last.
        passed = owners[self._has[owners] & (self._end[owners] < changes.end[last])]
        self._before[passed], self._before_end[passed] = self._value[passed], self._end[passed]
        is_last = np.zeros(len(changes), bool)
        is_last[last] = True
        earlier = np.flatnonzero(changes.has & ~is_last)  # ascending: the latest of a series stands
        self._before[changes.series[earlier]] = new[earlier]
        self._before_end[changes.series[earlier]] = changes.end[earlier]
        self._end[owners], self._value[owners] = changes.end[last], new[last]
        self._has[owners], self._is_known[owners] = changes.has[last], True

    def rewritten(self, series: int, end: int) -> None:
        """A slot of a series has changed otherwise: what is at hand of it may be wrong."""
        if end >= self._before_end[series]:
            self._end[series] = max(int(self._end[series]), end)
            self._before_end[series] = _NEVER
            self._has[series] = self._is_known[series] = False
        if self._quantity[series] == Quantity.DISCHARGE:
            self._flowed[self._point_of[series]] = _NEVER

    def pack(self, series: int) -> tuple[int, ...]:
        """What is at hand of a series, and of its point."""
        return (
            *(int(column[series]) for column in (self._end, self._value, self._before_end, self._before)),
            *(int(column[series]) for column in (self._has, self._is_known)),
            *(int(column[self._point_of[series]]) for column in (self._flowed, self._previous)),
        )

    def unpack(self, series: int, numbers: Sequence[int]) -> None:
        """Take up what :meth:`pack` gave."""
        self._end[series], self._value[series], self._before_end[series], self._before[series] = numbers[:4]
        self._has[series], self._is_known[series] = bool(numbers[4]), bool(numbers[5])
        point = self._point_of[series]
        self._flowed[point], self._previous[point] = numbers[6:]


def _factor(series: Series, register: Register) -> float | None:
    """Of a point, None if it changes with time."""
    rows = register.points.get(series)
    if series[1] not in MULTIPLIED or rows is None:
        return 1.0
    factors = {row.multiplier or MICRO for row in rows}
    if len(factors) > 1 or (factors != {MICRO} and rows.always is None):
        return None
    return factors.pop() / MICRO


def _distinct(point: NDArray[np.int64], end: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First row of each pair of point and end, sorted by them; and which pair each row is."""
    order = np.lexsort((end, point))
    is_first = np.ones(len(order), bool)
    is_first[1:] = (np.diff(point[order]) != 0) | (np.diff(end[order]) != 0)
    where = np.empty(len(order), np.intp)
    where[order] = np.cumsum(is_first) - 1
    return order[is_first], where
