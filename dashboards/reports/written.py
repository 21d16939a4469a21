"""A document as a file of one of the three kinds; each writer is loaded only when it is needed."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hydro.errors import ConfigError

if TYPE_CHECKING:
    from dashboards.reports.document import Document

__all__ = ["MOST_ROWS", "Format", "require_room", "written"]

MOST_ROWS: Final = 200_000
"""Rows of one report, which are all in memory while it is written."""


class Format(StrEnum):
    """Kind of file, by its suffix without the dot."""

    CSV = "csv"
    XLSX = "xlsx"
    HTML = "html"

    @property
    def media_type(self) -> str:
        """As HTTP has it."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.HTML: "text/html; charset=utf-8",
}


def require_room(rows: int) -> None:
    """See that a report doesn't outgrow its bounds.

    Raises:
        ConfigError: It has more than :data:`MOST_ROWS` rows.
    """
    if rows > MOST_ROWS:
        raise ConfigError(f"the report has more than {MOST_ROWS} rows; ask for a division or a shorter period")


def written(document: Document, made_at: str, kind: Format) -> bytes:
    """The whole file.

    Args:
        document: The report.
        made_at: ISO 8601; when a workbook says that it was made.
        kind: Of the file.
    """
    match kind:
        case Format.CSV:
            from dashboards.reports.csv_file import csv_text  # noqa: PLC0415  # only what is asked for

            return csv_text(document).encode()
        case Format.XLSX:
            from dashboards.reports.workbook import workbook  # noqa: PLC0415  # as above

            return workbook(document, made_at)
        case Format.HTML:
            from dashboards.reports.page import html_page  # noqa: PLC0415  # as above

            return html_page(document).encode()
