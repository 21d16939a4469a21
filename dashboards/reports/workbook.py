"""A report as a workbook: the main table first, then sums, then what the report says of itself.

Each table has two rows of titles: the contract's names for programs, Chinese ones for people. Text is written as text,
whatever it begins with, so no cell becomes a formula or a link. Times are dates of the settings' zone, without offset,
since a sheet knows none. The same document makes the same bytes.
"""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter  # type: ignore[import-untyped]  # has no types

from dashboards.console.draw.lettering import text_width
from dashboards.reports.document import Kind
from dashboards.reports.words import word
from hydro.errors import WatermasterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.reports.document import Cell, Document, Table

__all__ = ["MOST_ROWS", "workbook"]

MOST_ROWS: Final = 1_048_576 - 2
"""Rows below the titles that a sheet holds."""

_TITLES: Final = 2
_PX_OF_A_CHARACTER: Final = 7.0
_FONT_PX: Final = 14
_NARROWEST: Final = 6.0
_WIDEST: Final = 44.0
_LOOKED_AT: Final = 500
_DATE: Final = len("2026-03-01T08:00:00")
_FORMATS: Final[dict[str, dict[str, object]]] = {
    "name": {"font_size": 8, "font_color": "#566268", "valign": "vcenter"},
    "title": {"bold": True, "bottom": 1, "bg_color": "#E6F1F3", "text_wrap": True, "valign": "vcenter"},
    "text": {},
    "count": {"num_format": "#,##0"},
    "number": {"num_format": "General"},
    "percent": {"num_format": "0.00"},
    "time": {"num_format": "yyyy-mm-dd hh:mm", "align": "left"},
    "large": {"bold": True, "font_size": 14},
    "strong": {"bold": True, "valign": "top"},
    "wrapped": {"text_wrap": True, "valign": "top"},
}


def workbook(document: Document, made_at: str) -> bytes:
    """The whole file.

    Args:
        document: The report.
        made_at: ISO 8601; when the file says that it was made.

    Raises:
        WatermasterError: A table has more rows than a sheet holds.
    """
    out = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd hh:mm",
    }
    book: Any = xlsxwriter.Workbook(out, options)
    created = datetime.fromisoformat(made_at[:_DATE])
    book.set_properties({"title": f"{document.zh} {document.period}", "subject": document.en, "created": created})
    formats = {name: book.add_format(how) for name, how in _FORMATS.items()}
    for table in (document.main, *document.sums):
        _write_table(book.add_worksheet(table.name), table, formats)
    _write_head(book.add_worksheet("说明 about"), document, formats)
    book.close()
    return out.getvalue()


def _write_table(sheet: Any, table: Table, formats: dict[str, Any]) -> None:  # noqa: ANN401  # the library has no types
    if len(table.rows) > MOST_ROWS:
        raise WatermasterError(
            f"{table.name}: {len(table.rows)} rows, and a sheet holds {MOST_ROWS}; ask for a division, or for .csv"
        )
    for place, column in enumerate(table.columns):
        unit = " (%)" if column.kind is Kind.PERCENT else ""
        sheet.write_string(0, place, column.name, formats["name"])
        sheet.write_string(1, place, column.zh + unit, formats["title"])
        cells = [row[column.name] for row in table.rows]
        for number, cell in enumerate(cells, _TITLES):
            _write_cell(sheet, number, place, cell, column.kind, formats)
        sheet.set_column(place, place, _width(column.name, column.zh + unit, cells[:_LOOKED_AT], column.kind))
    sheet.freeze_panes(_TITLES, 1)
    sheet.autofilter(1, 0, 1 + len(table.rows), len(table.columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, 1)
    sheet.set_footer("&L&A&R&P / &N")


def _write_cell(  # the place, what and how
    sheet: Any,  # noqa: ANN401  # as above
    row: int,
    column: int,
    cell: Cell,
    kind: Kind,
    formats: dict[str, Any],
) -> None:
    match cell:
        case None:
            return
        case bool():
            sheet.write_boolean(row, column, cell)
        case str() if kind is Kind.TIME:
            sheet.write_datetime(row, column, datetime.fromisoformat(cell[:_DATE]), formats["time"])
        case str():
            sheet.write_string(row, column, cell, formats["text"])
        case _:
            sheet.write_number(row, column, cell, formats[kind.value if kind.value in formats else "number"])


def _width(name: str, title: str, cells: Sequence[Cell], kind: Kind) -> float:
    """Of a column, in characters: as wide as what stands in its first rows, within bounds."""
    shown = [cell for cell in cells if isinstance(cell, str)] if kind is not Kind.TIME else ["2026-03-01 08:00"]
    widest = max(text_width(text, _FONT_PX) for text in (*shown, title, name))
    return min(max(widest / _PX_OF_A_CHARACTER + 2, _NARROWEST), _WIDEST)


def _write_head(sheet: Any, document: Document, formats: dict[str, Any]) -> None:  # noqa: ANN401  # as above
    lines: list[tuple[str, str, str]] = [(f"{document.zh} {document.en}", "", "large")]
    lines += [(f"{fact.zh} {fact.en}", fact.value, "strong") for fact in (*document.facts, *document.figures)]
    for title, notes in (("须知 Notes", document.notes), ("判定依据 How it is judged", document.basis)):
        lines.append((title, "", "strong"))
        lines += [("", f"{note.zh}\n{note.en}", "strong") for note in notes]
    lines.append(("列 Columns", "", "strong"))
    for table in (document.main, *document.sums):
        for column in table.columns:
            rate = f" = {column.of[0]} / {column.of[1]}" if column.kind is Kind.PERCENT and column.of else ""
            lines.append((f"{table.name}.{column.name}", f"{column.zh} {column.en}{rate}", "text"))
    lines.append(("词 Words", "", "strong"))
    lines += [(bare, f"{word(bare, 'zh')} {word(bare, 'en')}", "text") for bare in _words(document)]
    for row, (left, right, style) in enumerate(lines):
        sheet.write_string(row, 0, left, formats[style])
        if right:
            sheet.write_string(row, 1, right, formats["wrapped"])
    sheet.set_column(0, 0, 38)
    sheet.set_column(1, 1, 110)
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _words(document: Document) -> list[str]:
    """Members of closed lists that stand in the tables."""
    found = {
        str(row[column.name])
        for table in (document.main, *document.sums)
        for column in table.columns
        if column.kind is Kind.WORD
        for row in table.rows
        if row[column.name] is not None
    }
    return sorted(found)
