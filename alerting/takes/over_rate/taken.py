"""What an intake takes, slot by slot, against what it may; and means of 60 minutes of it.

Source: docs/decisions/0092-taking.md, over_rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from alerting.level import Level
from alerting.takes.over_rate.reason import Reason
from alerting.takes.over_rate.thresholds import exceeds
from hydro.fixed import divide_half_even
from hydro.instants import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerting.takes.over_rate.limits import Limits
    from alerting.takes.slots import Place, SlotTable

__all__ = ["Mean", "Taken", "mean_of", "slots_of_mean", "taken_of"]


class Taken(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A slot (start, end] in which the flow is known and bounded; numbers in 1e-6 m3/s.

    Attributes:
        start: Epoch milliseconds.
        end: Of the slot.
        flow: Of all points together.
        limit: What may be taken.
        zero: What cannot be told from nothing.
        reason: What limits.
    """

    start: int
    end: int
    flow: int
    limit: int
    zero: int
    reason: Reason

    @property
    def is_within(self) -> bool:
        """Whether it is within the limit itself, without the five percent."""
        return self.flow <= (self.limit or self.zero)

    @property
    def excess(self) -> int:
        """More than may be taken, 1e-6 m3/s x ms."""
        return max(0, self.flow - self.limit) * (self.end - self.start)

    @property
    def may_exceed(self) -> bool:
        """Whether a mean with it may be more than may be taken."""
        return exceeds(self.flow, self.limit, self.zero)

    def follows(self, before: Taken | None) -> bool:
        """Whether one mean may reach over both: no gap, and both with a limit or both without."""
        return before is not None and self.start - before.end <= HOUR_MS and (before.limit == 0) == (self.limit == 0)


class Mean(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A mean of 60 minutes.

    Attributes:
        start: Of its first slot.
        end: Of its last.
        value: 1e-6 m3/s.
        limit: Mean limit of the same slots.
        is_over: It is more than may be taken.
        level: Of it while an alert is open.
        reason: Of its last slot.
        slots: How many.
    """

    start: int
    end: int
    value: int
    limit: int
    is_over: bool
    level: Level
    reason: Reason
    slots: int


def slots_of_mean(slot_ms: int) -> int:
    """How many slots make 60 minutes, at least one."""
    return max(1, HOUR_MS // slot_ms)


def mean_of(slots: Sequence[Taken]) -> Mean:
    """The mean of these slots.

    >>> hour = [Taken(0, HOUR_MS, 1_300_000, 1_000_000, 0, Reason.PERMIT_MAX)]
    >>> mean_of(hour).is_over, mean_of(hour).level.text
    (True, 'orange')
    """
    count, last = len(slots), slots[-1]
    value = divide_half_even(sum(each.flow for each in slots), count)
    limit = divide_half_even(sum(each.limit for each in slots), count)
    is_over = 100 * value > 105 * limit if limit else value > last.zero
    level = Level.YELLOW
    if is_over and limit:
        level = Level.RED if 2 * value > 3 * limit else Level.ORANGE if 5 * value > 6 * limit else Level.YELLOW
    elif is_over and last.reason is Reason.BAN:
        level = Level.RED
    return Mean(slots[0].start, last.end, value, limit, is_over, level, last.reason, count)


def taken_of(limits: Limits, place: Place, table: SlotTable, since: int) -> tuple[list[Taken], list[int]]:
    """Slots of a table of discharge that are known and bounded, and which of its rows they are.

    Args:
        limits: Of the intake.
        place: It.
        table: One row for each of its points.
        since: Slots that end at or before it are left out.
    """
    row_of = {station: row for row, (station, _) in enumerate(place.series)}
    found: list[Taken] = []
    rows: list[int] = []
    steady, limit = (1, 0), None
    for row in np.flatnonzero(table.end > since).tolist():
        start, end = int(table.start[row]), int(table.end[row])
        if not steady[0] <= start < end <= steady[1]:
            limit = limits.of_slot(place, start, end)
            since_edge, until_edge = limits.steady(place, end)
            steady = (since_edge, until_edge) if since_edge <= start else (1, 0)  # rows change inside this one
        if limit is None or limit.rate is None or not limit.points:
            continue
        points = [row_of[station] for station in limit.points]
        if table.has[points, row].all():
            flow = sum(table.value[points, row].tolist())
            found.append(Taken(start, end, flow, limit.rate, limit.zero, limit.reason))
            rows.append(row)
    return found, rows
