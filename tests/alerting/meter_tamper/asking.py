"""One judge over the readings of one meter: in portions, resting where it says so, as the engine may show them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from alerting.takes.judge import Unit
from alerting.takes.slots import COUNTERS, Cells, Frame, SlotTable
from alerting.takes.tamper import tamper_judges
from hydro.instants import HOUR_MS, MINUTE_MS
from tests.alerting.meter_tamper.waterworks import register_with, shown
from tests.alerting.stream_of_messages import ZONE

if TYPE_CHECKING:
    from random import Random

    from alerting.takes.judge import Finding, Judge
    from alerting.takes.slots import Place
    from hydro.register import Register
    from tests.alerting.meter_tamper.waterworks import Readings, Works

__all__ = ["Seen", "findings", "found", "seen"]

_SHIFT: Final = ZONE * MINUTE_MS


class Seen(NamedTuple):
    """A finding in short."""

    reason: str
    onset: str | None
    raised: str | None
    resolved: str | None


def seen(register: Register, readings: Readings) -> list[Seen]:
    """What all judges find, by time."""
    found = [
        Seen(each.reason, shown(each.onset), shown(each.raised_at), shown(each.resolved_at))
        for judge in tamper_judges(register, ["Q"])
        for each in findings(judge, readings)
    ]
    return sorted(found, key=lambda each: (each.raised or "", each.reason))


def found(works: Works, **tables: str) -> list[Seen]:
    """What is found of a meter by a register of these tables."""
    return seen(register_with(interval_min=works.step_min, **tables), works.readings())


def findings(judge: Judge[Any], readings: Readings, portions: Random | None = None) -> list[Finding]:
    """What one judge finds.

    Args:
        judge: Which.
        readings: Of the meter.
        portions: Show it rows in portions of any size, and while it rests only from a marked one on; None = at once.
    """
    if not judge.places:
        return []
    place = judge.places[0]
    table = _table(judge, place, readings)
    is_marked = _marked(judge, readings)
    rows = len(table.end)
    over: list[Finding] = []
    state, first, at = judge.start, 0, 0
    while at < rows:
        last = min(rows, at + (rows if portions is None else portions.choice([1, 1, 2, 7, 40, 288])))
        if portions is not None and judge.is_resting(state):
            marked = [row for row in range(at, last) if int(table.end[row]) in is_marked]
            if not marked:
                at = first = last
                continue
            first = marked[0]
        begin = int(table.end[first]) - 1 - judge.look_back_ms
        oldest = int(np.searchsorted(table.end, begin, side="right"))
        judged = judge.run(place, state, _part(table, oldest, last, first))
        state, at, first = judged.state, last, last
        over += judged.over
    firing = judge.firing(place, state)
    return over if firing is None else [*over, firing]


def _part(table: SlotTable, oldest: int, last: int, first: int) -> SlotTable:
    """Rows of a table up to ``last``, to be judged from ``first`` on."""
    names = [field.name for field in fields(SlotTable) if field.name != "first"]
    return SlotTable(**{name: getattr(table, name)[..., oldest:last] for name in names}, first=first - oldest)


def _row_of(judge: Judge[Any], end: int) -> int:
    """End of the row that holds the end of a slot."""
    if judge.unit is Unit.SLOT:
        return end
    return -(-(end + _SHIFT) // HOUR_MS) * HOUR_MS - _SHIFT


def _marked(judge: Judge[Any], readings: Readings) -> set[int]:
    """Ends of rows in which the judge marks a slot."""
    end = np.array(sorted({end for series in readings.values() for end in series}), np.int64)
    length = np.full(len(end), judge.places[0].slot_ms, np.int64)
    cells = {}
    for quantity, series in readings.items():
        known = np.array(sorted(series), np.int64)
        values = np.array([series[each] for each in known.tolist()], np.int64)
        has = np.isin(end, known)
        value = np.zeros(len(end), np.int64)
        value[has] = values
        place = np.searchsorted(known, end)
        had = place > 0
        earlier = np.maximum(place - 1, 0)
        cells[quantity] = Cells(
            value=value,
            has=has,
            before=np.where(had, values[earlier], 0),
            had=had,
            since=np.where(had, known[earlier], end - length),
        )
    marks = judge.marks(Frame(np.zeros(len(end), np.int64), end, length, cells))
    return {_row_of(judge, each) for each in end[marks].tolist()}


def _table(judge: Judge[Any], place: Place, readings: Readings) -> SlotTable:
    """All rows."""
    length = HOUR_MS if judge.unit is Unit.HOUR else place.slot_ms
    series = [readings.get(quantity, {}) for _, quantity in place.series]
    rows = sorted({_row_of(judge, end) for each in series for end in each})
    number = {end: row for row, end in enumerate(rows)}
    value = np.zeros((len(series), len(rows)), np.int64)
    has, valid = np.zeros(value.shape, bool), np.zeros(value.shape, np.int64)
    for line, ((_, quantity), each) in enumerate(zip(place.series, series, strict=True)):
        grouped: dict[int, list[int]] = {}
        for end in sorted(each):
            grouped.setdefault(_row_of(judge, end), []).append(end)
        for end, its in grouped.items():
            row = number[end]
            valid[line, row] = len(its)
            if judge.unit is Unit.SLOT:
                value[line, row], has[line, row] = each[end], True
            elif quantity in COUNTERS:
                value[line, row], has[line, row] = each[its[-1]], its[-1] == end
            else:
                value[line, row] = round(sum(each[one] for one in its) / len(its))
                has[line, row] = 2 * len(its) * place.slot_ms >= length
    ends = np.array(rows, np.int64)
    expected = np.full(value.shape, length // place.slot_ms, np.int64)
    return SlotTable(ends - length, ends, value, has, np.broadcast_to(ends, value.shape), valid, expected, 0)
