"""Which flow of a point is worth a look, for all points at once: what no mean above a limit can do without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.fixed import MICRO
from hydro.instants import MINUTE_MS
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alerting.takes.over_rate.limits import Limit, Limits
    from alerting.takes.slots import Frame, Place
    from hydro.register import Register

__all__ = ["Thresholds", "exceeds"]

_NEVER: Final = -(2**62)
_EVER: Final = 2**62
_ROUNDING: Final = 2
"""Means are rounded, of flows and of limits."""


def exceeds(flow: int, limit: int, zero: int) -> bool:
    """Whether a slot may be part of a mean that is above its limit: 1.05 x limit, or what is told from nothing."""
    return flow > zero if limit == 0 else 100 * (flow + _ROUNDING) > 105 * limit


class Thresholds:
    """Of each point, for the time in which they hold; looked up anew when a slot leaves it.

    Args:
        register: Master data.
        points: Codes of all metering points.
        places: Intakes.
        limits: Of these.
    """

    def __init__(self, register: Register, points: Sequence[str], places: Sequence[Place], limits: Limits) -> None:
        self._limits = limits
        self._places = places
        number_of = {point: number for number, point in enumerate(points)}
        self._place_of = np.full(len(points), -1, np.int64)
        self._is_shared = np.zeros(len(points), bool)
        for place, row in enumerate(places):
            for point in row.points:
                number = number_of[point]
                self._is_shared[number] = self._place_of[number] >= 0
                self._place_of[number] = place
        self._points = points
        self._shift = register.zone_minutes * MINUTE_MS
        self._since = np.full(len(points), _EVER, np.int64)
        self._until = np.full(len(points), _NEVER, np.int64)
        self._highest = np.zeros(len(points), np.int64)
        self._rounding = np.array([_rounding(register, point) for point in points], np.int64)

    def forget(self) -> None:
        """What holds has changed."""
        self._until[:] = _NEVER

    def marks(self, frame: Frame) -> NDArray[np.bool_]:
        """Rows with a flow above the threshold of their time."""
        flow = frame.of(Quantity.DISCHARGE)
        rows = np.flatnonzero(flow.has & (flow.value > 0))  # no limit is below nothing
        point, value, end = frame.point[rows], flow.value[rows], frame.end[rows]
        marked = np.zeros(len(rows), bool)
        left = np.arange(len(rows))
        while len(left):
            which = point[left]
            fits = (end[left] > self._since[which]) & (end[left] <= self._until[which])
            mine = left[fits]
            marked[mine] = value[mine] > self._highest[point[mine]]
            left = left[~fits]
            if len(left):
                each, firsts = np.unique(point[left], return_index=True)
                for number, at in zip(each.tolist(), end[left[firsts]].tolist(), strict=True):
                    self._look_up(number, at)
        found = np.zeros(len(frame), bool)
        found[rows] = marked
        return found

    def _look_up(self, point: int, end: int) -> None:
        """The threshold of the time around the end of a slot."""
        number = int(self._place_of[point])
        if number < 0 or self._is_shared[point]:
            self._since[point], self._until[point], self._highest[point] = _NEVER, _EVER, 0
            return
        place = self._places[number]
        length = place.slot_ms
        slot = -(-(end + self._shift) // length) * length - self._shift
        since, until = self._limits.steady(place, end)
        if slot - length < since or slot > until:  # rows change inside: the slot is looked at
            self._since[point], self._until[point], self._highest[point] = end - 1, end, 0
            return
        # Slots that lie in the time wholly: from the end of the first to the end of the last.
        first = -(-(since + self._shift) // length) * length - self._shift if since > _NEVER else since
        last = (until + self._shift) // length * length - self._shift if until < _EVER else until
        self._since[point], self._until[point] = first, last
        self._highest[point] = self._threshold(
            self._points[point], self._limits.of_slot(place, slot - length, slot), point
        )

    def _threshold(self, station: str, limit: Limit, point: int) -> int:
        if limit.rate is None or station not in limit.points:
            return _EVER
        of_all = limit.zero if limit.rate == 0 else 105 * limit.rate // 100 - _ROUNDING
        return max(0, of_all // len(limit.points) - int(self._rounding[point]))


def _rounding(register: Register, point: str) -> int:
    """Flows of a frame are right to a millionth where the point has a factor."""
    rows = register.points.get((point, Quantity.DISCHARGE), ())
    return int(any(row.multiplier not in (None, MICRO) for row in rows))
