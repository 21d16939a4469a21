"""What must hold between rows and between tables; every function notes its findings in the table they concern."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from hydro.instants import DAY_MS, local_date
from hydro.periods import Basis
from hydro.quantity import Quantity
from hydro.register.cells import EARLIEST_MS, LATEST_MS
from hydro.register.eflow import Exemption, TargetKind, TargetRow, target_intervals
from hydro.register.mistake import shown
from hydro.register.rivers import loops
from hydro.register.seasons import season_intervals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hydro.register.reader import ReadTable
    from hydro.register.rivers import River
    from hydro.register.stations import Station
    from hydro.register.table import Row

__all__ = ["check_rivers", "check_rows", "check_targets", "why_unjudged"]

_MINUTES_OF_HOUR: Final = 60
_LEVELS: Final = (Quantity.STAGE, Quantity.WATER_LEVEL)
_SAME_FOR_ALL: Final = ("station", "quantity", "basis", "kind", "day_start_hour")
_TWO_YEARS_MS: Final = 2 * 366 * DAY_MS
_SOME_LEAP_YEAR: Final = date(2024, 1, 1)
_SOME_LEAP_YEAR_MS: Final = 19_723 * DAY_MS  # the same day
_LEAP_YEAR_DAYS: Final = 366


def check_rows(tables: Mapping[str, ReadTable[Any]], zone_minutes: int) -> None:
    """Duplicate rows, overlapping rows of one key, and codes that another table doesn't have."""
    for read in tables.values():
        if read.table.key:  # rows without a key may overlap, and so may be the same
            _check_duplicates(read)
        _check_overlaps(read, zone_minutes)
        _check_references(read, tables)


def _check_duplicates(read: ReadTable[Any]) -> None:
    """Leaves out the repetitions, so that they are not reported as overlaps as well."""
    first: dict[bytes, int] = {}
    kept: list[int] = []
    for index, digest in enumerate(read.digests):
        if digest in first:
            read.mistake(f"is the same as row {read.lines[first[digest]]}", read.lines[index])
        else:
            first[digest] = index
            kept.append(index)
    if len(kept) < len(read.rows):
        read.rows[:] = [read.rows[index] for index in kept]
        read.lines[:] = [read.lines[index] for index in kept]
        read.digests[:] = [read.digests[index] for index in kept]


def _check_overlaps(read: ReadTable[Any], zone_minutes: int) -> None:
    if not read.table.key:
        return
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, row in enumerate(read.rows):
        groups[tuple(getattr(row, name) for name in read.table.key)].append(index)
    for key, members in groups.items():
        if len(members) == 1:
            continue
        name = " ".join(each.text if isinstance(each, Quantity) else str(each) for each in key if each != "")
        members.sort(key=lambda index: (read.rows[index].start_ms, index))
        if read.table.superseding:
            _check_superseding(read, members, name, zone_minutes)
        else:
            _check_group(read, members, name, zone_minutes)


def _check_superseding(read: ReadTable[Any], members: Sequence[int], name: str, zone_minutes: int) -> None:
    for before, after in pairwise(members):
        earlier, later = read.rows[before], read.rows[after]
        if later.start_ms == earlier.start_ms or (earlier.end_ms != LATEST_MS and later.start_ms < earlier.end_ms):
            _overlap(read, after, before, name, zone_minutes)


def _check_group(read: ReadTable[Any], members: Sequence[int], name: str, zone_minutes: int) -> None:
    """Sweep over the starts; only rows that have not ended are compared, at most one per day of the year."""
    live: list[int] = []
    for index in members:
        row: Row = read.rows[index]
        live = [other for other in live if read.rows[other].end_ms > row.start_ms]
        against = next((other for other in live if row.overlaps(read.rows[other], zone_minutes)), None)
        if against is not None:
            _overlap(read, index, against, name, zone_minutes)
        if against is None or row.end_ms > read.rows[against].end_ms:
            live.append(index)


def _overlap(read: ReadTable[Any], one: int, other: int, name: str, zone_minutes: int) -> None:
    first, second = sorted((read.lines[one], read.lines[other]))
    headers = [read.table.header(field) for field in read.table.key]
    rows: tuple[Row, Row] = (read.rows[one], read.rows[other])
    undated = all(row.start_ms == EARLIEST_MS and row.end_ms == LATEST_MS for row in rows)
    days = _common_days(*rows, zone_minutes)
    if days:
        meeting, column = f"both hold on {days}", "from_day" if undated else "valid_from"
    elif undated:
        meeting, column = "neither has valid_from or valid_to", headers[-1]
    else:
        meeting, column = "both are valid at the same time", "valid_from"
    read.mistake(f"{shown(name)} is also in row {first}, and {meeting}", second, column)


def _common_days(one: Row, other: Row, zone_minutes: int) -> str:
    """Days on which two overlapping rows of a target hold; empty where they are no such rows, or hold all year."""
    if not (isinstance(one, TargetRow) and isinstance(other, TargetRow)):
        return ""
    if all((row.from_day, row.to_day) == ((1, 1), (12, 31)) for row in (one, other)):
        return ""
    start, end = max(one.start_ms, other.start_ms), min(one.end_ms, other.end_ms)
    if end - start > _TWO_YEARS_MS:  # every year shows the same days, a leap year all of them
        return " and ".join(
            first if first == last else f"{first} to {last}" for first, last in _common_seasons(one, other)
        )
    mine, theirs = (
        season_intervals(row.from_day, row.to_day, start, end, zone_minutes=zone_minutes) for row in (one, other)
    )
    met = [(max(a, c), min(b, d)) for a, b in mine for c, d in theirs if max(a, c) < min(b, d)]
    dates = [(local_date(begins, zone_minutes), local_date(ends - 1, zone_minutes)) for begins, ends in met]
    return " and ".join(f"{first}" if first == last else f"{first} to {last}" for first, last in dates)


def _common_seasons(one: TargetRow, other: TargetRow) -> list[tuple[str, str]]:
    """First and last days, as in the table, of the times of a year that two rows share."""
    year = [date.fromordinal(_SOME_LEAP_YEAR.toordinal() + day) for day in range(_LEAP_YEAR_DAYS)]
    starts = [_SOME_LEAP_YEAR_MS + day * DAY_MS for day in range(_LEAP_YEAR_DAYS)]
    seasons = [
        season_intervals(row.from_day, row.to_day, starts[0], starts[-1] + DAY_MS, zone_minutes=0)
        for row in (one, other)
    ]
    shared = [all(any(a <= start < b for a, b in season) for season in seasons) for start in starts]
    # A season over the new year is one: what ends on 12-31 goes on from 01-01. Index -1 is the last day.
    begins = [at for at, is_shared in enumerate(shared) if is_shared and not shared[at - 1]]
    found = []
    for first in begins:
        last = next(day for day in range(first, first + _LEAP_YEAR_DAYS) if not shared[(day + 1) % _LEAP_YEAR_DAYS])
        found.append((f"{year[first]:%m-%d}", f"{year[last % _LEAP_YEAR_DAYS]:%m-%d}"))
    return found


def _check_references(read: ReadTable[Any], tables: Mapping[str, ReadTable[Any]]) -> None:
    for name, column in read.table.columns.items():
        if column.refers is None:
            continue
        known = _known(tables.get(column.refers.table), column.refers.field)
        if known is None:
            continue
        values = [(line, getattr(row, name)) for line, row in zip(read.lines, read.rows, strict=True)]
        values += [(line, found[name]) for line, found in read.broken if name in found]
        for line, value in values:
            if value and value not in known:
                read.mistake(f"unknown {column.refers.noun} {shown(value)}", line, column.header, value)


def _known(read: ReadTable[Any] | None, field: str) -> set[object] | None:
    """Values a reference may have; None if that can't be said, because the other table could not be read."""
    if read is None or not read.present:
        return None
    known: set[object] = {getattr(row, field) for row in read.rows}
    known.update(found[field] for _, found in read.broken if field in found)
    return known


def check_rivers(rivers: ReadTable[River]) -> None:
    """Water flows down: no river reaches itself."""
    circling = loops((row.name, row.into) for row in rivers.rows)
    for line, row in zip(rivers.lines, rivers.rows, strict=True):
        if row.name in circling and row.into != row.name:  # that one is told with its row
            rivers.mistake(f"{shown(row.name)} flows over others into itself", line, "into", row.into)


def check_targets(
    targets: ReadTable[TargetRow], exemptions: ReadTable[Exemption], stations: ReadTable[Station], zone_minutes: int
) -> None:
    """What makes the rows of a target one thing, and whether it can be judged all year."""
    members: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(targets.rows):
        members[row.target_id].append(index)
    for target_id, indices in members.items():
        _check_identity(targets, target_id, indices)
        _check_coverage(targets, target_id, indices, zone_minutes)
    _check_exempted(exemptions, {row.target_id: row.station for row in targets.rows})
    _check_documents(exemptions)
    _check_hours(targets, stations)
    _note_unjudged(targets, members)


def _check_identity(read: ReadTable[TargetRow], target_id: str, indices: Sequence[int]) -> None:
    first = read.rows[indices[0]]
    for index in indices[1:]:
        for name in _SAME_FOR_ALL:
            if getattr(read.rows[index], name) != getattr(first, name):
                header = read.table.header(name)
                reason = f"target {shown(target_id)} has another {header} in row {read.lines[indices[0]]}"
                read.mistake(reason, read.lines[index], header)


def _check_coverage(read: ReadTable[TargetRow], target_id: str, indices: Sequence[int], zone_minutes: int) -> None:
    rows = [read.rows[index] for index in indices]
    if rows[0].kind is not TargetKind.BASE:
        return
    gap = _first_gap(rows, zone_minutes)
    if gap is not None:
        first, last = local_date(gap[0], zone_minutes), local_date(gap[1] - 1, zone_minutes)
        reason = f"base target {shown(target_id)} has no row for some days, for example {first} to {last}"
        read.warning(reason, read.lines[indices[0]], "from_day")


def _first_gap(rows: Sequence[TargetRow], zone_minutes: int) -> tuple[int, int] | None:
    """First time inside the validity of a target that no row covers.

    Between two dates at which a validity begins or ends, the days repeat every year; so two years of each such stretch
    show all gaps, the last two where the stretch has no beginning.
    """
    if len(rows) == 1 and (rows[0].from_day, rows[0].to_day) == ((1, 1), (12, 31)):
        return None
    dates = sorted({instant for row in rows for instant in (row.start_ms, row.end_ms)})
    for since, until in pairwise(dates):
        start, end = since, until
        if since == EARLIEST_MS:
            start = (_SOME_LEAP_YEAR_MS if until == LATEST_MS else until) - _TWO_YEARS_MS
        end = min(end, start + _TWO_YEARS_MS)
        valid = [row for row in rows if row.start_ms < end and row.end_ms > start]
        covered = start
        for begins, ends, _ in target_intervals(valid, start, end, zone_minutes=zone_minutes):
            if begins > covered and not (covered == start and since == EARLIEST_MS):  # not one cut off by our own start
                return covered, begins
            covered = max(covered, ends)
        if covered < end and until != LATEST_MS:
            return covered, end
    return None


def _check_exempted(exemptions: ReadTable[Exemption], station_of: Mapping[str, str]) -> None:
    for line, row in zip(exemptions.lines, exemptions.rows, strict=True):
        station = station_of.get(row.target)
        if station is not None and station != row.station:
            exemptions.mistake(
                f"target {shown(row.target)} belongs to station {shown(station)}", line, "target", row.target
            )


def _check_documents(exemptions: ReadTable[Exemption]) -> None:
    for line, row in zip(exemptions.lines, exemptions.rows, strict=True):
        if row.counts and not row.document:
            exemptions.warning("an exemption that counts has no document", line, "document")


def _check_hours(targets: ReadTable[TargetRow], stations: ReadTable[Station]) -> None:
    slow: dict[str, int] = {row.code: row.interval_min for row in stations.rows if row.interval_min > _MINUTES_OF_HOUR}
    for line, row in zip(targets.lines, targets.rows, strict=True):
        if row.basis is Basis.HOUR and row.station in slow:
            minutes = slow[row.station]
            targets.warning(f"no hour can be judged while {row.station} reports every {minutes} min", line, "basis")


def why_unjudged(rows: Sequence[TargetRow]) -> str | None:
    """Why this version doesn't judge the target that these rows make; None if it does."""
    if rows[0].quantity in _LEVELS and any(row.inflow_rule is not None for row in rows):
        return f"an inflow is no {rows[0].quantity.text}: targets of it with inflow_rule are not judged"
    return None


def _note_unjudged(read: ReadTable[TargetRow], members: Mapping[str, Sequence[int]]) -> None:
    """One line for each reason: a province may have thousands of monthly targets."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for target_id, indices in members.items():
        reason = why_unjudged([read.rows[index] for index in indices])
        if reason is not None:
            found[reason].append((target_id, read.lines[indices[0]]))
    for reason, targets in found.items():
        first, line = targets[0]
        others = "" if len(targets) == 1 else f" and {len(targets) - 1} more"
        read.warning(f"{reason}: {first}{others}", line, "inflow_rule")
