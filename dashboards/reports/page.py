"""A report as one printable page: A4 across, all styles inside, nothing loaded from anywhere.

Rates stand over what they are made of; columns that are a part of another cell are none of their own. Rows are grouped
by division, which is how they are handed on.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from dashboards.console.draw.palette import LIGHT, custom_properties
from dashboards.console.draw.style import FONT_STACK
from dashboards.console.page.rendering import render
from dashboards.reports.csv_file import number_text
from dashboards.reports.document import Kind
from dashboards.reports.words import PERIOD_KINDS, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dashboards.reports.document import Cell, Column, Document, Row, Table

__all__ = ["MOST_ROWS", "html_page", "root_style"]

MOST_ROWS: Final = 5_000
"""Rows of a table on the page; a browser prints no more in reasonable time."""

_MINUTE: Final = len("2026-03-01T08:00")
_NAMED: Final = ("station", "subject", "intake")
_CODED: Final = ("target_id", "worst_target", "id")
_VERDICTS: Final = frozenset({"pass", "meets", "year_pass"})
"""What is good or bad; a yes or no elsewhere is neither."""

_LEVELS: Final = frozenset({"blue", "yellow", "orange", "red"})
_FIGURES: Final = frozenset({Kind.COUNT, Kind.NUMBER, Kind.PERCENT})
_TOLD_IN_HEAD: Final = frozenset({"from", "to"})


class _Shown(NamedTuple):
    """A cell as the page has it: the value, what stands small below it, how it looks, and the length of its bar."""

    main: str
    small: str = ""
    style: str = ""
    bar: str = ""


class _Group(NamedTuple):
    title: str
    rows: list[list[_Shown]]


class _Sheet(NamedTuple):
    zh: str
    en: str
    columns: list[Column]
    groups: list[_Group]
    rows: int
    left_out: int


def html_page(document: Document) -> str:
    """The whole file."""
    return render(
        "report.html",
        {
            "document": document,
            "kind": PERIOD_KINDS[document.kind],
            "sheets": [_sheet(table) for table in (*document.sums, document.main) if table.rows],
            "is_empty": not document.main.rows,
            "style": root_style(),
            "figures_of": _FIGURES,
        },
    )


def root_style() -> str:
    """Custom properties of the light theme, which paper has, and the fonts."""
    colours = "; ".join(f"{name}: {value}" for name, value in custom_properties(LIGHT).items())
    return f":root {{ {colours}; --wm-fonts: {FONT_STACK}; }}"


def _sheet(table: Table) -> _Sheet:
    columns = _columns(table)
    grouped = "division" in {column.name for column in table.columns} - {column.name for column in columns}
    groups = []
    if grouped:
        rows = sorted(table.rows, key=_division)[:MOST_ROWS]  # stable: inside a division the order stays
        for division, members in groupby(rows, key=_division):
            groups.append(_Group(division, _cells(columns, members)))
    else:
        groups.append(_Group("", _cells(columns, table.rows[:MOST_ROWS])))
    number = len(table.rows)
    return _Sheet(table.zh, table.en, columns, groups, number, max(number - MOST_ROWS, 0))


def _columns(table: Table) -> list[Column]:
    """Those that the page has: not the parts of other cells, nor what is the same range or null in all rows."""
    names = {column.name for column in table.columns}
    aside = {column.name for column in table.columns if column.aside}
    if names & set(_NAMED) and "name" in names:
        aside.add("name")
    aside |= {name for name in _TOLD_IN_HEAD & names if len({row[name] for row in table.rows}) == 1}
    aside |= {
        column.name
        for column in table.columns
        if column.kind not in (Kind.PERCENT, Kind.YES_NO) and all(row[column.name] is None for row in table.rows)
    }
    return [column for column in table.columns if column.name not in aside]


def _division(row: Row) -> str:
    return str(row["division"] or "-")


def _cells(columns: Sequence[Column], rows: Iterable[Row]) -> list[list[_Shown]]:
    return [[_shown(row, column) for column in columns] for row in rows]


def _shown(row: Row, column: Column) -> _Shown:
    value = row[column.name]
    if column.kind is Kind.PERCENT:
        return _rate(row, column)
    if column.name in _NAMED and row.get("name"):
        return _Shown(str(row["name"]), str(value), "name")
    if value is None:
        return _Shown("–", style="none")
    return _told(value, row, column)


def _told(value: Cell, row: Row, column: Column) -> _Shown:
    match value:
        case bool():
            style = ("yes" if value else "no") if column.name in _VERDICTS else ""
            return _Shown("是" if value else "否", "yes" if value else "no", style)
        case str() if column.kind is Kind.WORD:
            style = f"level {value}" if value in _LEVELS else ""
            return _Shown(word(value, "zh"), word(value, "en"), style)
        case str() if column.kind is Kind.TIME:
            return _Shown(value[:_MINUTE].replace("T", " "), style="time")
        case str():
            return _Shown(value, style="code" if column.name in _CODED else "")
        case _:
            unit = row.get(column.of[1]) if column.of else None
            text = f"{value:,}" if column.kind is Kind.COUNT else number_text(value or 0)
            return _Shown(text, str(unit or ""), "figure")


def _grouped(number: Cell) -> str:
    """Counts, and volumes to 0.1 m3, in groups of three digits."""
    return f"{number:,.1f}".removesuffix(".0") if isinstance(number, float) else f"{number:,}"


def _rate(row: Row, column: Column) -> _Shown:
    """A percentage over its numerator and denominator; a mark has none."""
    value = row[column.name]
    share = "–" if value is None else f"{value:.2f} %"
    style = "figure" if value is not None else "figure none"
    if column.of is None:
        return _Shown(share, style=style)
    part, whole = (row[name] for name in column.of)
    made_of = " / ".join("–" if number is None else _grouped(number) for number in (part, whole))
    return _Shown(share, "" if part is None else made_of, style, "" if value is None else f"{value:.2f}%")
