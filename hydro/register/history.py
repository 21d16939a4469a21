"""All rows of one thing over time, as they are written in their table: what was valid when, and what changed.

Cells are shown as text, as the authority wrote them, columns that nothing here knows included. Which row counts is
decided elsewhere, by event time; this is for people who want to see how it came.
"""

from __future__ import annotations

import csv
import io
import zlib
from codecs import BOM_UTF8
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from hydro.instants import format_instant
from hydro.register.cells import EARLIEST_MS, LATEST_MS, Context, begin_instant, end_instant
from hydro.register.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hydro.register.table import Table

__all__ = ["MOST_ROWS", "TABLE_NAMES", "HistoryRow", "kept_files", "row_history"]

MOST_ROWS: Final = 1_000
"""Rows that are shown of one thing; a thing has a few, the first part of a key may have many."""

_BY_NAME: Final[dict[str, Table[Any]]] = {table.name: table for table in TABLES}
TABLE_NAMES: Final = tuple(sorted(_BY_NAME))
_OTHER_KEYS: Final = {
    "eflow_targets": ("station", "quantity", "basis", "kind", "target"),
    "exemptions": ("station",),
    "permit_changes": ("permit",),
}
"""Where the key is derived, or there is none."""
_FROM: Final = "valid_from"
_TO: Final = "valid_to"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """A row.

    Attributes:
        line: Of the file, as a spreadsheet counts.
        key: Cells of its key.
        start_ms: From when it is valid, epoch milliseconds, itself not covered.
        end_ms: Until when; itself covered.
        is_current: It is valid at the instant that was asked for.
        cells: All that is written in it, by header; empty cells are left out.
        changed: Headers of cells that differ from the row before of the same key, valid_from and valid_to aside.
    """

    line: int
    key: tuple[str, ...]
    start_ms: int
    end_ms: int
    is_current: bool
    cells: Mapping[str, str]
    changed: tuple[str, ...] = ()

    def as_json(self, zone_minutes: int) -> dict[str, Any]:
        """As REST and the command have it."""
        return {
            "row": self.line,
            "key": list(self.key),
            "valid_from": None if self.start_ms <= EARLIEST_MS else format_instant(self.start_ms, zone_minutes),
            "valid_to": None if self.end_ms >= LATEST_MS else format_instant(self.end_ms, zone_minutes),
            "current": self.is_current,
            "cells": dict(self.cells),
            "changed": list(self.changed),
        }


def kept_files(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Tables as a register keeps them: by name, compressed."""
    return {
        name.removesuffix(".csv"): zlib.compress(data, 1)
        for name, data in contents.items()
        if name.removesuffix(".csv") in _BY_NAME
    }


def row_history(
    files: Mapping[str, bytes], table: str, key: Sequence[str], context: Context, at: int
) -> list[HistoryRow]:
    """Rows of a thing by key and validity.

    Args:
        files: What :func:`kept_files` gave; free of mistakes.
        table: One of :data:`TABLE_NAMES`.
        key: Cells of the key; fewer than it has ask for all things that begin so.
        context: Zone of dates.
        at: The instant of which rows are called current, epoch milliseconds.

    Returns:
        At most :data:`MOST_ROWS`; none where the table has no such thing.

    Raises:
        KeyError: There is no such table.
    """
    declared = _BY_NAME[table]
    if table not in files:
        return []
    headers = _OTHER_KEYS.get(table) or tuple(declared.header(name) for name in declared.key)
    wanted = tuple(key[: len(headers)])
    rows = [
        _row(line, cells, headers, context, at)
        for line, cells in _lines(files[table])
        if tuple(cells.get(header, "") for header in headers[: len(wanted)]) == wanted
    ]
    rows.sort(key=lambda row: (row.key, row.start_ms, row.line))
    if declared.superseding:
        rows = _superseded(rows, at)
    return _compared(rows)[:MOST_ROWS]


def _lines(data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Row number and cells of each row that is not empty."""
    text = zlib.decompress(data).removeprefix(BOM_UTF8).decode()
    lines = csv.reader(io.StringIO(text, newline=""))
    headers = [cell.strip() for cell in next(lines, [])]
    for line, cells in enumerate(lines, 2):
        found = {name: cell.strip() for name, cell in zip(headers, cells, strict=False) if name and cell.strip()}
        if found:
            yield line, found


def _row(line: int, cells: dict[str, str], headers: Sequence[str], context: Context, at: int) -> HistoryRow:
    start = begin_instant(cells[_FROM], context) if _FROM in cells else EARLIEST_MS
    end = end_instant(cells[_TO], context) if _TO in cells else LATEST_MS
    key = tuple(cells.get(header, "") for header in headers)
    return HistoryRow(line=line, key=key, start_ms=start, end_ms=end, is_current=start < at <= end, cells=cells)


def _superseded(rows: Sequence[HistoryRow], at: int) -> list[HistoryRow]:
    """A row without an end ends where the next one of its key begins."""
    found = list(rows)
    for place, (row, after) in enumerate(pairwise(rows)):
        if row.key == after.key and row.end_ms >= LATEST_MS:
            found[place] = replace(row, end_ms=after.start_ms, is_current=row.start_ms < at <= after.start_ms)
    return found


def _compared(rows: Sequence[HistoryRow]) -> list[HistoryRow]:
    found = list(rows[:1])
    for before, row in pairwise(rows):
        names = {*before.cells, *row.cells} - {_FROM, _TO} if before.key == row.key else set()
        changed = tuple(sorted(name for name in names if before.cells.get(name) != row.cells.get(name)))
        found.append(replace(row, changed=changed))
    return found
