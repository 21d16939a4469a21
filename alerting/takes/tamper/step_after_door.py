"""The 2 h before a door was opened against 2 h after it: whether a meter sees less, or more, of the same pumps. Pure.

::

    door      ______|‾|___________________________|      counts for 24 h
    running   ██ ██    ██ ██ ██      (idle slots freeze)
             before ┤  ├─ after ─┤ 2 h of running slots each

Where power is known, flow is held against it, and only at about the same power: pumps in parallel halve a flow
honestly, and their power with it; a river that gives less than pumps could take makes them waste energy.

Source: docs/alert-classes.md, meter_tamper; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from alerting.takes.tamper.running import pumps_of
from alerting.takes.tamper.watch import GAP_MS, slots_in
from hydro.instants import DAY_MS
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alerting.takes.slots import SlotTable
    from alerting.takes.tamper.meter import MeterColumns
    from alerting.takes.tamper.visits import Visits

__all__ = ["LONGEST_MS", "QUANTITIES", "Opening", "Rows", "before_of", "onset_of_shift", "onset_of_step", "rows_of"]

QUANTITIES: Final = (
    Quantity.DOOR,
    Quantity.DISCHARGE,
    Quantity.VOLUME_TOTAL,
    Quantity.PUMP,
    Quantity.POWER,
)
"""Rows of the tables."""
LONGEST_MS: Final = 7 * DAY_MS
"""What is older than this before an opening, or a slot, is not looked at."""

_DOOR, _FLOW, _TOTAL, _PUMP, _POWER = range(len(QUANTITIES))
_HOLD_MIN: Final = 120
_SHIFT_PARTS: Final = 5
"""20 % is one of so many parts."""


class Opening(msgspec.Struct, frozen=True, array_like=True):
    """A door was opened.

    Attributes:
        end: Of the slot in which it is open for the first time.
        flow: Sum of the running slots before it, 1e-6 m3/s; None where there were too few.
        power: Sum of the same, 1e-6 kW; None where it isn't known of all.
        slots: How many.
    """

    end: int
    flow: int | None = None
    power: int | None = None
    slots: int = 0


class Rows(NamedTuple):
    """A table of one meter, with what it means.

    Attributes:
        table: The slots.
        is_known: Flow or total is known, and nobody works.
        runs: Rows with a flow while the pumps run.
        begins: First known row since a gap, by row.
        max_step: Of the total.
        opens: The door was opened in it.
        total_before: Row of the known total before, -1 where there is none that can be compared.
    """

    table: SlotTable
    is_known: NDArray[np.bool_]
    runs: NDArray[np.intp]
    begins: NDArray[np.int64]
    max_step: NDArray[np.int64]
    opens: NDArray[np.bool_]
    total_before: NDArray[np.int64]


def rows_of(table: SlotTable, columns: MeterColumns, visits: Visits) -> Rows:
    """A table of one meter.

    Args:
        table: With the rows of :data:`QUANTITIES`.
        columns: Facts of its rows.
        visits: Work and changed meters.
    """
    is_free = ~visits.hidden(table.start, table.end)
    pumps = pumps_of(table, _PUMP, _POWER, columns.of("rated"))
    is_known = is_free & (table.has[_FLOW] | table.has[_TOTAL])
    known = np.flatnonzero(is_known)
    begins = np.zeros(len(table), np.int64)
    if len(known):
        has_gap = table.start[known] - np.append(table.start[known[0]], table.end[known[:-1]]) > GAP_MS
        begins[known] = np.maximum.accumulate(np.where(has_gap, known, 0))
    opens = np.zeros(len(table), bool)
    door_before = _row_before(table, table.has[_DOOR] & is_free, visits)
    told = np.flatnonzero(door_before >= 0)
    opens[told] = (table.value[_DOOR][told] > 0) & (table.value[_DOOR][door_before[told]] <= 0)
    return Rows(
        table=table,
        is_known=is_known,
        runs=np.flatnonzero(is_free & pumps.run & table.has[_FLOW]),
        begins=begins,
        max_step=columns.of("max_step"),
        opens=opens,
        total_before=_row_before(table, table.has[_TOTAL] & is_free, visits),
    )


def _row_before(table: SlotTable, is_known: NDArray[np.bool_], visits: Visits) -> NDArray[np.int64]:
    """The known row before each known row; -1 where it is too old, or somebody worked in between."""
    found = np.full(len(table), -1, np.int64)
    known = np.flatnonzero(is_known)
    found[known[1:]] = np.where(table.start[known[1:]] - table.end[known[:-1]] <= LONGEST_MS, known[:-1], -1)
    for _, last in visits.works:
        found[known[np.searchsorted(table.start[known], last) :][:1]] = -1
    return found


def before_of(rows: Rows, row: int, visits: Visits) -> Opening:
    """What was before the door was opened.

    Args:
        rows: Of one meter.
        row: In which the door was opened.
        visits: What changed in one of them is accepted: nothing before it is compared.
    """
    table = rows.table
    start, end = int(table.start[row]), int(table.end[row])
    since = max([start - LONGEST_MS, *(cut for cut in visits.cuts(Quantity.VOLUME_TOTAL) if cut <= start)])
    needed = slots_in(end - start, _HOLD_MIN)
    such = rows.runs[(table.end[rows.runs] <= start) & (table.end[rows.runs] > since)][-needed:]
    if len(such) < needed:
        return Opening(end)
    has_power = bool(table.has[_POWER][such].all())
    return Opening(
        end,
        sum(table.value[_FLOW][such].tolist()),
        sum(table.value[_POWER][such].tolist()) if has_power else None,
        needed,
    )


def onset_of_shift(rows: Rows, row: int, opening: Opening) -> int | None:
    """Start of the 2 h of running slots up to a row in which the flow has shifted; None where it has not."""
    if opening.flow is None or opening.flow <= 0:
        return None
    table = rows.table
    needed = slots_in(int(table.end[row] - table.start[row]), _HOLD_MIN)
    last = int(np.searchsorted(rows.runs, row))
    if last == len(rows.runs) or rows.runs[last] != row or last + 1 < needed:
        return None
    after = rows.runs[last + 1 - needed : last + 1]
    if after[0] < rows.begins[row] or table.start[after[0]] < opening.end:
        return None
    flows = table.value[_FLOW][after].tolist()
    has_power = opening.power is not None and bool(table.has[_POWER][after].all())
    power = sum(table.value[_POWER][after].tolist()) if has_power else None
    return int(table.start[after[0]]) if _has_shifted(opening, flows, power) else None


def _has_shifted(opening: Opening, flows: Sequence[int], power: int | None) -> bool:
    before = opening.flow or 0
    if power is not None and opening.power is not None:
        is_same = _SHIFT_PARTS * abs(power * opening.slots - opening.power * len(flows)) <= opening.power * len(flows)
        return is_same and _SHIFT_PARTS * abs(sum(flows) * opening.power - before * power) >= before * power
    above = [flow * opening.slots - before for flow in flows]
    return all(_SHIFT_PARTS * each >= before for each in above) or all(-_SHIFT_PARTS * each >= before for each in above)


def onset_of_step(rows: Rows, row: int, visits: Visits) -> int | None:
    """Start of a row in which the total steps further than it can; None where it does not."""
    table, before = rows.table, int(rows.total_before[row])
    if before < 0 or rows.max_step[row] < 0:
        return None
    if abs(int(table.value[_TOTAL][row]) - int(table.value[_TOTAL][before])) <= rows.max_step[row]:
        return None
    at = table.at[_TOTAL]
    if visits.changed_between(Quantity.VOLUME_TOTAL, int(at[before]), int(at[row])):
        return None
    return int(table.start[row])
