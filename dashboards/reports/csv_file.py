"""A report as CSV: the main table, names of the contract as its first row, numbers and empty cells as they are.

UTF-8 without byte order mark; RFC 4180 but for the line ends, which are line feeds as in every CSV of the program.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-``, ``@`` (some also their full-width forms), a tab or a
line end for a formula, and what stands in such a cell may have come from somebody else's register. *Text* that begins
so gets an apostrophe in front (as OWASP's "CSV injection" advises); numbers are no text and stay.
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Final

from dashboards.reports.document import Kind

if TYPE_CHECKING:
    from dashboards.reports.document import Cell, Document

__all__ = ["csv_text", "number_text"]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠")
_ALONE: Final = "-"


def csv_text(document: Document) -> str:
    """The whole file."""
    out = StringIO()
    table = csv.writer(out, lineterminator="\n")
    columns = document.main.columns
    table.writerow([column.name for column in columns])
    for row in document.main.rows:
        table.writerow([_cell(row[column.name], column.kind) for column in columns])
    return out.getvalue()


def _cell(value: Cell, kind: Kind) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            text = value.replace("\r\n", "\n").replace("\r", "\n")  # which the writer would not quote
            return f"'{text}" if text.startswith(_FORMULA) and text != _ALONE else text
        case _:
            return f"{value:.2f}" if kind is Kind.PERCENT else number_text(value)


def number_text(number: float) -> str:
    """A number, without exponent and without zeros that say nothing.

    >>> number_text(3), number_text(1.21), number_text(0.000001), number_text(-2.0)
    ('3', '1.21', '0.000001', '-2')
    """
    if isinstance(number, int):
        return str(number)
    return f"{number:.6f}".rstrip("0").rstrip(".")
