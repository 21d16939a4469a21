"""Reason `flat_line`: a display that should move stands still for longer than its point allows.

::

    value      7 8 9 9 9 9 9 9 9 9 8        one reading a slot; every valid reading of a slot must be the same
    stands          0 1 2 3 4 5 6 7         slots since the one that showed it first
                          ▲ more than flat_hours: evidence, from the end of that first slot on

What is not above `zero_below` stands honestly: nothing flows. So do totals while nothing flows, and states; they are
not asked. Without `flat_hours` nobody asks: a fixed orifice is honestly flat. A gap of more than 60 min begins anew.

Columns keep since when each display shows what it shows. They are not saved: after a restart, and where readings come
late, more readings are looked at than need be, and none less.

Source: docs/alert-classes.md, device_fault; the test is QARTOD's, with a single failing level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alerting.device_fault.reason import Reason
from alerting.spell.course import Demand, Look
from hydro.flags import Flag
from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.quantity import BINARY, Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from alerting.device_fault.slots import Slot
    from hydro.columns import Observations
    from hydro.register import PointLimits, Register
    from hydro.rules import FaultNumbers

__all__ = ["FlatLine", "may_be_flat"]

_NEVER: Final = -(2**62)
_GAP_MS: Final = HOUR_MS
_HOUR_MIN: Final = 60
_HONEST: Final = BINARY | {Quantity.FLOW_STATE, Quantity.VOLUME_TOTAL, Quantity.ENERGY_TOTAL}


def may_be_flat(quantity: Quantity, rows: Iterable[PointLimits]) -> bool:
    """Whether anybody asks if a series stands still."""
    return quantity not in _HONEST and any(row.flat_hours is not None for row in rows)


class FlatLine:
    """See the module.

    Args:
        watched: Series, sorted.
        register: Master data.
        numbers: Of the class.
    """

    def __init__(self, watched: Sequence[tuple[str, Quantity]], register: Register, numbers: FaultNumbers) -> None:
        self.demand = Demand(Reason.FLAT_LINE, clean=numbers.clean_h * _HOUR_MIN)
        self._watched = watched
        self._register = register
        size = len(watched)
        self.concerns = np.zeros(size, bool)
        self._is_plain = np.zeros(size, bool)
        self._shortest = np.zeros(size, np.int64)
        self._longest: dict[int, int] = {}
        self._zero = np.zeros(size, np.int64)
        for number, (station, quantity) in enumerate(watched):
            points = register.points.get((station, quantity))
            if points is None or not may_be_flat(quantity, points):
                continue
            stands = [_stands(row) for row in points if row.flat_hours is not None]
            slot = max(row.interval_min for row in register.stations[station]) * MINUTE_MS
            self.concerns[number] = True
            self._is_plain[number] = points.always is not None
            self._longest[number] = max(stands) + slot + _GAP_MS
            self._shortest[number] = min(stands) - slot
            self._zero[number] = min(row.zero_below for row in points)
        self._value = np.zeros(size, np.int64)
        self._since = np.full(size, _NEVER, np.int64)
        self._last = np.full(size, _NEVER, np.int64)
        self._is_whole = np.zeros(size, bool)
        self.lasting = np.zeros(size, bool)

    def marks(self, series: NDArray[np.int64], rows: Observations) -> NDArray[np.bool_]:
        """What has stood for nearly as long as it may, or may have; and what comes late."""
        marked = np.zeros(len(series), bool)
        mine = np.flatnonzero(self.concerns[series] & (rows.flag <= Flag.SUSPECT))
        if not len(mine):
            return marked
        late = rows.event_time[mine] <= self._last[series[mine]]
        marked[mine[late]] = True
        self._is_whole[series[mine[late]]] = False  # it may have stood otherwise in between
        mine = mine[~late]
        mine = mine[np.lexsort((rows.event_time[mine], series[mine]))]
        if len(mine):
            since = self._follow(series[mine], rows.event_time[mine], rows.value[mine])
            stands = (rows.event_time[mine] - since > self._shortest[series[mine]]) | (since == _NEVER)
            marked[mine] = stands & (np.abs(rows.value[mine]) > self._zero[series[mine]])
        self.lasting = self.concerns & self._is_plain & self._is_whole
        return marked

    def _follow(
        self, series: NDArray[np.int64], event_time: NDArray[np.int64], value: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Since when each reading's value has been shown, ``_NEVER`` where that is not known.

        Args:
            series: Of readings newer than all of their series, sorted; then by event time.
            event_time: Of the same.
            value: Of the same.
        """
        is_first = np.diff(series, prepend=-1) != 0
        before = np.where(is_first, self._value[series], np.append(0, value[:-1]))
        last = np.where(is_first, self._last[series], np.append(0, event_time[:-1]))
        is_new = (value != before) & (last > _NEVER)
        row = np.arange(len(series))
        begins = np.maximum.accumulate(np.where(is_new | is_first, row, 0))
        since = np.where(is_new[begins], event_time[begins], self._since[series])
        has_gap = (event_time - last > _GAP_MS) & ~is_new
        lasts = np.flatnonzero(np.append(np.diff(series) != 0, True))  # the last row is one
        owners = series[lasts]
        gaps = np.cumsum(has_gap)
        run_gaps = gaps[lasts] - gaps[begins[lasts]] + has_gap[begins[lasts]]
        is_new_run = is_new[begins[lasts]]
        self._is_whole[owners] = np.where(is_new_run, run_gaps == 0, self._is_whole[owners] & (run_gaps == 0))
        self._value[owners], self._since[owners] = value[lasts], since[lasts]
        self._last[owners] = event_time[lasts]
        return since

    def look_back_ms(self, series: int) -> int:
        """How long it may stand, and what lies around that."""
        return self._longest[series]

    def looks(self, series: int, slots: Iterable[Slot], after: int) -> Iterator[Look]:
        """What slots that end after an instant say, in time order; those before are needed to know since when."""
        value, since, last = 0, _NEVER, _NEVER
        for slot in slots:
            valid = slot.valid
            if not valid:
                continue
            stands = since > _NEVER and slot.start - last <= _GAP_MS and all(each == value for each in valid)
            if not stands:
                value, since = valid[-1], slot.end
            last = slot.end
            row = self._register.limits_at(*self._watched[series], slot.end)
            if slot.end > after and row is not None and row.flat_hours is not None:
                is_flat = stands and abs(value) > row.zero_below and slot.end - since > _stands(row)
                yield Look(slot.start, slot.end, is_flat, since=since if is_flat else None)


def _stands(row: PointLimits) -> int:
    """How long it may stand, milliseconds."""
    return 0 if row.flat_hours is None else int(row.flat_hours * HOUR_MS)
