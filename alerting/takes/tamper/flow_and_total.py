"""Flow against total, in columns: where 2 h of both cannot be of the same water. Pure.

::

    flow      ─────▁▁▁▁████████████████████            > 5 % of design
    total     ────────/‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾‾             gains < 10 % of the integral
                   anchor ├── 2 h, ≥ 10 display steps ──┤ evidence

The integral is a sum over slots: flow × time since the known slot before. So there is no evidence without a slot that
by itself gains less than a tenth of what flowed (or more than ten times that).

Totals that are held between refreshes, once an hour, gain in one slot what flowed in the twelve before. Over 2 h of
flow that does no harm; for the reverse, a gain without flow, the hour before the window counts as well.

Source: docs/alert-classes.md, meter_tamper; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from alerting.takes.tamper.running import pumps_of
from alerting.takes.tamper.watch import GAP_MS, NO_EVIDENCE
from hydro.instants import DAY_MS, MINUTE_MS
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alerting.takes.slots import SlotTable
    from alerting.takes.tamper.meter import Meter, MeterColumns
    from alerting.takes.tamper.visits import Visits

__all__ = ["DESIGN_PARTS", "QUANTITIES", "TENTH", "WIDEST_MS", "Compared", "compared", "is_stirred", "onsets"]

QUANTITIES: Final = (Quantity.DISCHARGE, Quantity.VOLUME_TOTAL, Quantity.PUMP, Quantity.POWER)
"""Rows of the tables."""
DESIGN_PARTS: Final = 20
"""5 % of design is one of so many parts."""
TENTH: Final = 10
WIDEST_MS: Final = 2 * DAY_MS
"""A window that would need more time, for its slots or for its display steps, is not judged."""

_FLOW: Final = QUANTITIES.index(Quantity.DISCHARGE)
_TOTAL: Final = QUANTITIES.index(Quantity.VOLUME_TOTAL)
_MS: Final = 1_000
_HOLD_MIN: Final = 120
_LEAST: Final = 2
_LEAST_WITHOUT_FLOW: Final = 6
"""A pump may run between samples that see it stand, at one hour after the other."""
_EARLIER_MIN: Final = 60
_DISPLAY_STEPS: Final = 10
"""Less than so many display steps are noise. Source: DOMAIN, intake metering."""
_FITS: Final = 2**61


class Compared(NamedTuple):
    """Slots of one meter of which flow and total are known, in time order.

    Numbers are objects, whole numbers of any size, where int64 does not hold the sums.

    Attributes:
        start: Epoch milliseconds.
        end: Of the slot.
        total: 1e-6 m3 since the first row.
        design: 1e-6 m3/s.
        resolution: Of the total.
        begins: Row at which counting last began anew.
        flowed: 1e-9 m3 since the first row.
        run: Row at which the run of strong flow began; one after itself where there is none.
        falls_short: By itself it gains too little.
        runs_on: By itself it gains too much.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    total: NDArray[Any]
    design: NDArray[Any]
    resolution: NDArray[Any]
    begins: NDArray[np.int64]
    flowed: NDArray[Any]
    run: NDArray[np.int64]
    falls_short: NDArray[np.bool_]
    runs_on: NDArray[np.bool_]


def compared(table: SlotTable, since: int, columns: MeterColumns, visits: Visits) -> tuple[Compared, NDArray[np.intp]]:
    """Known slots of a table, and which rows they are.

    Args:
        table: Of one meter.
        since: Slots that end at or before it don't count, epoch milliseconds.
        columns: Facts of all rows.
        visits: Work at the meter.
    """
    is_known = table.has[_FLOW] & table.has[_TOTAL] & (columns.of("design") > 0) & ~columns.is_reverse
    is_known &= ~visits.hidden(table.start, table.end) & (table.end > since)
    rows = np.flatnonzero(is_known)
    start, end = table.start[rows], table.end[rows]
    flow, total = np.maximum(table.value[_FLOW][rows], 0), _from_first(table.value[_TOTAL][rows])
    design, resolution = columns.of("design")[rows], columns.of("resolution")[rows]
    if not _fit(end, (flow, design), (total, resolution)):
        flow, total, design, resolution = (column.astype(object) for column in (flow, total, design, resolution))
    place = np.arange(len(rows))
    time, gain = np.diff(end, prepend=end[:1]), np.diff(total, prepend=total[:1])
    is_first = place == 0
    is_first[1:] |= start[1:] - end[:-1] > GAP_MS
    is_first |= (gain < -resolution) | (gain * _MS > 2 * (design * time + resolution * _MS))
    for instant, read in [
        *((last, end) for _, last in visits.works),
        *((change, table.at[_TOTAL][rows]) for change in visits.changes[Quantity.VOLUME_TOTAL]),
    ]:
        is_first[np.searchsorted(read, instant, side="right") :][:1] = True  # what was read at it, is of before
    passed = np.where(is_first, 0, flow * time)
    pumps = pumps_of(table, QUANTITIES.index(Quantity.PUMP), QUANTITIES.index(Quantity.POWER), columns.of("rated"))
    is_strong = (flow * DESIGN_PARTS > design) & ~pumps.idle[rows]
    begins_run = is_strong & (is_first | ~np.append(False, is_strong[:-1]))
    found = Compared(
        start=start,
        end=end,
        total=total,
        design=design,
        resolution=resolution,
        begins=np.maximum.accumulate(np.where(is_first, place, 0)),
        flowed=np.cumsum(passed),
        run=np.where(is_strong, np.maximum.accumulate(np.where(begins_run, place, 0)), place + 1),
        falls_short=(is_strong & ~is_first & (TENTH * _MS * gain < passed)).astype(bool),
        runs_on=(~is_first & (gain > 0) & (_MS * gain > TENTH * passed)).astype(bool),
    )
    return found, rows


def _from_first(total: NDArray[np.int64]) -> NDArray[Any]:
    """Differences matter alone, and are small."""
    if len(total) and float(np.abs(total.astype(np.float64)).max()) >= _FITS:
        total = total.astype(object)
    return total - total[:1].repeat(len(total))


def _fit(end: NDArray[np.int64], rates: Sequence[NDArray[np.int64]], counts: Sequence[NDArray[np.int64]]) -> bool:
    """Whether int64 holds all that is made of rates and counts."""
    if not len(end):
        return True
    span = max(float(end[-1] - end[0]), _MS)
    largest = [float(np.abs(each.astype(np.float64)).max()) for each in (*rates, *counts)]
    factors = [DESIGN_PARTS * span] * len(rates) + [2.0 * DESIGN_PARTS * _MS] * len(counts)
    return all(number * factor < _FITS for number, factor in zip(largest, factors, strict=True))


def onsets(known: Compared) -> NDArray[np.int64]:
    """Start of the evidence that each slot completes, ``NO_EVIDENCE`` where it completes none."""
    found = np.full(len(known.end), NO_EVIDENCE, np.int64)
    if not len(found):
        return found
    place = np.arange(len(found))
    hold, earlier = _slots(known.end - known.start, _HOLD_MIN), _slots(known.end - known.start, _EARLIER_MIN)
    anchor = place - np.maximum(hold, _LEAST) + 1
    # The least window in which enough flowed: what flowed never falls, so its anchor is found by bisection.
    enough = np.searchsorted(known.flowed, known.flowed - known.resolution * (_DISPLAY_STEPS * _MS), side="right") - 1
    first = np.maximum(np.minimum(anchor, enough), 0)
    frozen = (np.minimum(anchor, enough) >= known.run) & (known.end - known.end[first] <= WIDEST_MS)
    frozen &= (TENTH * _MS * (known.total - known.total[first]) < known.flowed - known.flowed[first]).astype(bool)
    found[frozen] = known.start[first[frozen]]
    anchor = place - np.maximum(hold, _LEAST_WITHOUT_FLOW) + 1
    oldest = anchor - earlier
    first, before = np.maximum(anchor, 0), np.maximum(oldest, 0)
    gain = known.total - known.total[first]
    running = (oldest >= known.begins) & (known.end - known.end[before] <= WIDEST_MS)
    running &= gain >= _DISPLAY_STEPS * known.resolution
    running &= DESIGN_PARTS * _MS * gain >= known.design * (known.end - known.end[first])
    running &= TENTH * (known.flowed - known.flowed[before]) < _MS * gain
    found[running.astype(bool)] = known.start[first[running.astype(bool)]]
    return found


def is_stirred(known: Compared, meter: Meter) -> bool:
    """Whether a slot that gains too little, or too much, can still be in a window of a slot to come."""
    last = len(known.end) - 1
    if last < 0:
        return False
    hold = int(_slots(known.end[-1:] - known.start[-1:], _HOLD_MIN)[0])
    runs_on = np.flatnonzero(known.runs_on[known.begins[last] :])
    if len(runs_on) and last - int(known.begins[last] + runs_on[-1]) + 1 < max(hold, _LEAST_WITHOUT_FLOW):
        return True
    short = np.flatnonzero(known.falls_short[known.run[last] :])
    if not len(short):
        return False
    place = int(known.run[last] + short[-1])
    most = max(facts.resolution for facts in meter.facts) * (_DISPLAY_STEPS * _MS)
    return last - place + 1 < max(hold, _LEAST) or int(known.flowed[last] - known.flowed[place]) < most


def _slots(length: NDArray[np.int64], minutes: int) -> NDArray[np.int64]:
    """How many slots make so many minutes, rounded up."""
    found: NDArray[np.int64] = -(-minutes * MINUTE_MS // length)
    return found
