"""Rows of ``data-quality``: what came of one quantity at one station, against what was due.

Slots are the station's, (start, end], as verdicts count them. A quantity is due in every slot of a station in service
if the register has limits or a target for it; of what comes beside that (a voltage once an hour) only what came is
told. Missing stays missing: a value reported as missing is no arrival, and nothing is filled in.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alerting.eflow.attainment import percent
from dashboards.reports.document import Cell, Column, Kind, Row, Table
from hydro.fixed import to_number
from hydro.flags import Flag
from hydro.instants import MINUTE_MS, format_instant
from hydro.quantity import canonical_unit
from hydro.register import StationStatus
from hydro.slots import slot_count
from storage.buckets import grid_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hydro.quantity import Quantity
    from hydro.register import DatedRows, Register, Station
    from hydro.register import Row as Dated
    from storage.buckets import Column as Int64Column
    from storage.buckets import Samples

__all__ = ["COLUMNS", "Span", "expected_series", "quality_row", "quality_sums"]

COLUMNS: Final = (
    Column("station", "站码", "station"),
    Column("quantity", "要素", "quantity", Kind.WORD),
    Column("name", "站名", "name"),
    Column("division", "行政区划", "division", aside=True),
    Column("from", "起", "from", Kind.TIME),
    Column("to", "止", "to", Kind.TIME),
    Column("due", "应到时次", "due", Kind.COUNT, aside=True),
    Column("arrived", "实到时次", "arrived", Kind.COUNT, aside=True),
    Column("valid", "有效时次", "valid", Kind.COUNT, aside=True),
    Column("arrival", "到报率", "arrival", Kind.PERCENT, ("arrived", "due")),
    Column("completeness", "完整率", "completeness", Kind.PERCENT, ("valid", "due")),
    Column("timeliness", "及时率", "timeliness", Kind.PERCENT, ("timely", "due")),
    Column("validity", "有效率", "validity", Kind.PERCENT, ("values_valid", "values")),
    Column("longest_gap_min", "最长缺测 (分)", "longest gap, min", Kind.COUNT),
    Column("longest_gap_from", "缺测起", "gap from", Kind.TIME),
    Column("last_time", "最后时间", "last time", Kind.TIME),
    Column("last_value", "最后值", "last value", Kind.NUMBER, ("last_value", "unit")),
    Column("unit", "单位", "unit", aside=True),
    Column("last_flag", "标志", "flag", Kind.COUNT),
    Column("timely", "及时时次", "timely slots", Kind.COUNT, aside=True),
    Column("values", "值数", "values", Kind.COUNT, aside=True),
    Column("values_valid", "有效值数", "valid values", Kind.COUNT, aside=True),
    Column("good", "合格 (1)", "good (1)", Kind.COUNT),
    Column("not_evaluated", "未检 (2)", "not evaluated (2)", Kind.COUNT),
    Column("suspect", "存疑 (3)", "suspect (3)", Kind.COUNT),
    Column("fail", "不合格 (4)", "failed (4)", Kind.COUNT),
    Column("missing", "缺测 (9)", "missing (9)", Kind.COUNT),
    Column("river", "河流", "river", aside=True),
    Column("authority", "主管部门", "authority", aside=True),
)

_OF_SLOTS: Final = (
    Column("series", "序列数", "series", Kind.COUNT),
    Column("due", "应到时次", "due", Kind.COUNT, aside=True),
    Column("arrived", "实到时次", "arrived", Kind.COUNT, aside=True),
    Column("valid", "有效时次", "valid", Kind.COUNT, aside=True),
    Column("arrival", "到报率", "arrival", Kind.PERCENT, ("arrived", "due")),
    Column("completeness", "完整率", "completeness", Kind.PERCENT, ("valid", "due")),
    Column("values", "值数", "values", Kind.COUNT, aside=True),
    Column("values_valid", "有效值数", "valid values", Kind.COUNT, aside=True),
    Column("validity", "有效率", "validity", Kind.PERCENT, ("values_valid", "values")),
)
_SUMS: Final = (
    ("divisions", "区划汇总", "By division", Column("division", "行政区划", "division")),
    ("authorities", "主管部门汇总", "By authority", Column("authority", "主管部门", "authority")),
    ("rivers", "河流汇总", "By river", Column("river", "河流", "river")),
    ("quantities", "要素汇总", "By quantity", Column("quantity", "要素", "quantity", Kind.WORD)),
)
_ALWAYS: Final = frozenset({"division", "quantity"})
_SUMMED: Final = ("due", "arrived", "valid", "values", "values_valid")


class Span(NamedTuple):
    """What is judged: (start, end] in epoch milliseconds, in a zone of minutes east of UTC."""

    start: int
    end: int
    zone: int


class _Slots(NamedTuple):
    """Slots of one length in a row: the first ends a ``length`` after ``start``."""

    start: int
    length: int
    number: int


class _Gap(NamedTuple):
    start: int
    end: int


def expected_series(register: Register, span: Span) -> set[tuple[str, Quantity]]:
    """Series that are due at some time of the span: those with limits or a target."""
    with_limits = {series for series, rows in register.points.items() if any(_meets(row, span) for row in rows.rows)}
    with_target = (row for rows in register.targets.values() for row in rows if _meets(row, span))
    return with_limits | {(row.station, row.quantity) for row in with_target}


def _meets(row: Dated, span: Span) -> bool:
    return row.start_ms < span.end and row.end_ms > span.start


def quality_row(
    station: str, quantity: Quantity, samples: Samples, register: Register, span: Span, *, expected: bool
) -> Row:
    """One series.

    Args:
        station: Its code.
        quantity: Of the series.
        samples: In order of time; those outside the span don't count.
        register: What was due.
        span: When.
        expected: It is one of :func:`expected_series`.
    """
    rows = register.stations[station]
    shown = register.station_at(station, span.end) or rows.rows[-1]
    inside = (samples.time > span.start) & (samples.time <= span.end)
    times, values, flags = samples.time[inside], samples.value[inside], samples.flag[inside]
    came = flags != Flag.MISSING
    valid = came & (flags != Flag.FAIL)
    due = arrived = valid_slots = 0
    gaps: list[_Gap] = []
    for slots in _in_service(rows, span):
        due += slots.number
        arrived += len(_filled(slots, times[came], span.zone))
        filled = _filled(slots, times[valid], span.zone)
        valid_slots += len(filled)
        gaps += _gaps(slots, filled)
    longest = max(_joined(gaps), key=lambda gap: gap.end - gap.start, default=None) if expected else None
    counts = {flag: int((flags == flag).sum()) for flag in Flag}
    number, number_valid = int(came.sum()), int(valid.sum())
    last = int(np.flatnonzero(came)[-1]) if number else None
    return {
        "station": station,
        "quantity": quantity.text,
        "name": shown.name or None,
        "division": shown.division or None,
        "from": format_instant(span.start, span.zone),
        "to": format_instant(span.end, span.zone),
        "due": due if expected else None,
        "arrived": arrived,
        "valid": valid_slots,
        "arrival": _rate(arrived, due) if expected else None,
        "completeness": _rate(valid_slots, due) if expected else None,
        "timeliness": None,
        "validity": _rate(number_valid, number),
        "longest_gap_min": None if longest is None else (longest.end - longest.start) // MINUTE_MS,
        "longest_gap_from": None if longest is None else format_instant(longest.start, span.zone),
        "last_time": None if last is None else format_instant(int(times[last]), span.zone),
        "last_value": None if last is None else to_number(int(values[last])),
        "unit": canonical_unit(quantity) or None,
        "last_flag": None if last is None else int(flags[last]),
        "timely": None,
        "values": number,
        "values_valid": number_valid,
        "good": counts[Flag.GOOD],
        "not_evaluated": counts[Flag.NOT_EVALUATED],
        "suspect": counts[Flag.SUSPECT],
        "fail": counts[Flag.FAIL],
        "missing": counts[Flag.MISSING],
        "river": shown.river or None,
        "authority": shown.authority or None,
    }


def quality_sums(rows: Sequence[Row]) -> tuple[Table, ...]:
    """Slots and values added up by division, authority, river and quantity, over the series that were due."""
    due = [row for row in rows if row["due"] is not None]
    return (
        *(
            Table(name=name, zh=zh, en=en, columns=(column, *_OF_SLOTS), rows=_summed(due, column.name))
            for name, zh, en, column in _SUMS
            if column.name in _ALWAYS or any(row[column.name] is not None for row in due)
        ),
    )


def _summed(rows: Sequence[Row], by: str) -> tuple[Row, ...]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row[by] or "-"), []).append(row)
    found: list[Row] = []
    for name, members in sorted(groups.items()):
        sums = {column: sum(int(row[column] or 0) for row in members) for column in _SUMMED}
        rates: dict[str, Cell] = {
            "arrival": _rate(sums["arrived"], sums["due"]),
            "completeness": _rate(sums["valid"], sums["due"]),
            "validity": _rate(sums["values_valid"], sums["values"]),
        }
        found.append({by: name, "series": len(members), **sums, **rates})
    return tuple(found)


def _in_service(rows: DatedRows[Station], span: Span) -> Iterator[_Slots]:
    """Slots that end in the span while the station's row is valid and it isn't retired."""
    for row in rows.rows:
        start, end = max(span.start, row.start_ms), min(span.end, row.end_ms)
        if start >= end or row.status is StationStatus.RETIRED:
            continue
        number = slot_count(start, end, row.interval_min, span.zone)
        if number:
            length, shift = row.interval_min * MINUTE_MS, span.zone * MINUTE_MS
            yield _Slots((start + shift) // length * length - shift, length, number)


def _filled(slots: _Slots, times: Int64Column, zone: int) -> Int64Column:
    """Places of the slots, from 0 and rising, in which some of the times lie."""
    ends = grid_end(times, slots.length, zone * MINUTE_MS)
    places = np.unique((ends - slots.start) // slots.length - 1)
    return places[(places >= 0) & (places < slots.number)]


def _gaps(slots: _Slots, filled: Int64Column) -> Iterator[_Gap]:
    """Stretches of slots that are not filled."""
    edges = np.concatenate(([-1], filled, [slots.number]))
    for place in np.flatnonzero(np.diff(edges) > 1).tolist():
        first, after = int(edges[place]) + 1, int(edges[place + 1])
        yield _Gap(slots.start + first * slots.length, slots.start + after * slots.length)


def _joined(gaps: Sequence[_Gap]) -> list[_Gap]:
    """Gaps in order of time, those that touch as one."""
    found: list[_Gap] = []
    for gap in sorted(gaps):
        if found and found[-1].end == gap.start:
            gap = _Gap(found.pop().start, gap.end)  # noqa: PLW2901  # it grows
        found.append(gap)
    return found


def _rate(part: int, whole: int) -> float | None:
    return percent(Fraction(part, whole)) if whole else None
