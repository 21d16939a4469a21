"""A report as a value: head, tables, notes, in both languages; writers turn it into a file and decide nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

__all__ = ["Cell", "Column", "Document", "Fact", "Kind", "Note", "Row", "Table"]

Cell = str | int | float | bool | None
Row = Mapping[str, Cell]
"""Cells by name of the column."""


class Kind(StrEnum):
    """What stands in the cells of a column; a cell may be null in any."""

    TEXT = "text"
    WORD = "word"
    """One of a closed list, told in both languages where people read."""
    TIME = "time"
    """ISO 8601 with offset."""
    COUNT = "count"
    NUMBER = "number"
    PERCENT = "percent"
    """0 to 100."""
    YES_NO = "yes_no"


class Column(NamedTuple):
    """One column.

    Attributes:
        name: Key of the contract; heads the column for programs.
        zh: Title.
        en: Title.
        kind: Of the cells.
        of: Of a rate, the columns of its numerator and denominator; of a value, its unit's column in the second place.
        aside: Only a part of another cell where people read, and so no column of the printed page.
    """

    name: str
    zh: str
    en: str
    kind: Kind = Kind.TEXT
    of: tuple[str, str] | None = None
    aside: bool = False


class Fact(NamedTuple):
    """One line of the head."""

    zh: str
    en: str
    value: str


class Note(NamedTuple):
    """A sentence that the reader must know."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a title.

    Attributes:
        name: Short, for the tab of a workbook.
        zh: Title.
        en: Title.
        columns: In order.
        rows: In order.
    """

    name: str
    zh: str
    en: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A report.

    Attributes:
        name: Of the contract.
        zh: Title.
        en: Title.
        period: As it was asked for.
        kind: ``year`` to ``day``.
        facts: The head.
        figures: What the page shows large: title and value.
        main: One row a subject; all that the CSV file has.
        sums: Tables over the rows.
        notes: Limits of what was counted.
        basis: How it is judged, for who has to check it.
    """

    name: str
    zh: str
    en: str
    period: str
    kind: str
    facts: tuple[Fact, ...]
    figures: tuple[Fact, ...]
    main: Table
    sums: tuple[Table, ...]
    notes: tuple[Note, ...]
    basis: tuple[Note, ...]
