"""Reading CSV files into typed rows: the only part of the register that meets bytes and the disk.

A file is UTF-8, with or without byte order mark, with any line ends; its first row names the columns. Everything that
is wrong is collected, so that one run shows all of it: a row with a bad cell is left out, but its other cells are read.
"""

from __future__ import annotations

import csv
import io
import json
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from hydro.register.cells import CellError, Context
from hydro.register.mistake import Finding, Severity, shown
from hydro.register.schema import TABLES, UNREAD
from hydro.register.table import REFUSED, Column, Derived, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["ReadTable", "read_files", "read_table"]

R = TypeVar("R", bound=Row)

_canonical: Final = json.JSONEncoder(default=str, ensure_ascii=False, separators=(",", ":")).encode
_IGNORED_PREFIXES: Final = (".", "~$")  # editors' and office programs' lock files
_README: Final = "readme"
_LONGEST_VALUE: Final = 200


@dataclass(slots=True)
class ReadTable(Generic[R]):
    """What could be read of a table.

    Attributes:
        table: Its declaration.
        file: Path for findings.
        rows: Faultless rows, in the order of the file.
        lines: Row number of each, as a spreadsheet counts.
        digests: Hash of each row's content, whatever the order of its columns.
        broken: Row number and readable fields of the others.
        present: The file is there and its header is right, so that what it lacks is really missing.
        findings: What is wrong with it.
    """

    table: Table[R]
    file: str
    rows: list[R] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    broken: list[tuple[int, Mapping[str, object]]] = field(default_factory=list)
    present: bool = False
    findings: list[Finding] = field(default_factory=list)

    def mistake(self, reason: str, row: int | None = None, column: str | None = None, value: str | None = None) -> None:
        """Note a mistake of this file."""
        cut = None if value is None else value[:_LONGEST_VALUE]
        self.findings.append(Finding(Severity.MISTAKE, self.file, reason, row, column, cut))

    def warning(self, reason: str, row: int | None = None, column: str | None = None) -> None:
        """Note something an operator should know."""
        self.findings.append(Finding(Severity.WARNING, self.file, reason, row, column))


class _Place(NamedTuple):
    """A declared column that the file has, and the values already seen in it."""

    position: int
    name: str
    column: Column
    known: dict[str, object]


class _Header(NamedTuple):
    """What the header row says about the rows below it.

    Attributes:
        width: Number of cells.
        places: Declared columns that the file has.
        extra: Position and name of the others.
        unnamed: Positions without a name; spreadsheets leave such columns behind.
        defaults: Values of the declared columns that the file lacks.
        derived: Those of them that depend on the row.
        complete: All required columns are there.
    """

    width: int
    places: list[_Place]
    extra: list[tuple[int, str]]
    unnamed: list[int]
    defaults: dict[str, object]
    derived: list[tuple[str, Derived]]
    complete: bool


def read_files(directory: Path) -> tuple[dict[str, bytes], list[Finding]]:
    """Contents of the tables in a registry directory, by file name, and what can't be read or isn't known there."""
    contents: dict[str, bytes] = {}
    findings: list[Finding] = []
    known = {f"{table.name}.csv" for table in TABLES}
    unread = {f"{name}.csv" for name in UNREAD}
    if not directory.is_dir():
        return contents, findings
    for path in sorted(directory.iterdir()):
        file = f"{directory.name}/{path.name}"
        if path.name in known:
            try:
                contents[path.name] = path.read_bytes()
            except OSError as error:
                findings.append(Finding(Severity.MISTAKE, file, f"cannot be read: {error.strerror}"))
        elif path.name in unread:
            reason = "accepted unread, this version does not use it"
            findings.append(Finding(Severity.WARNING, file, reason))
        elif not path.name.startswith(_IGNORED_PREFIXES) and path.stem.lower() != _README:
            hint = _similar(path.name, [*known, *unread])
            findings.append(Finding(Severity.MISTAKE, file, f"is not a table of the register{hint}"))
    return contents, findings


def read_table(table: Table[R], file: str, data: bytes, context: Context) -> ReadTable[R]:
    """Typed rows of one file.

    Args:
        table: Its declaration.
        file: Path for findings.
        data: The whole file.
        context: Settings that cells need.
    """
    read = ReadTable(table, file)
    text = _decoded(data, read)
    if text is None:
        return read
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = _read_header(next(lines, []), read)
        if header is not None:
            read.present = header.complete
            _read_rows(lines, header, read, context)
    except csv.Error as error:
        # The reader counts physical lines; so does every editor in which quotes are mended.
        read.mistake(f"cannot be read as CSV from here on: {error}", lines.line_num)
        read.present = False
    return read


def _decoded(data: bytes, read: ReadTable[Any]) -> str | None:
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        read.mistake("is not UTF-8 but UTF-16; save it as “CSV UTF-8”", 1)
        return None
    data = data.removeprefix(BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        offset = error.start
        row = data.count(b"\n", 0, offset) + 1
        read.mistake(f"is not UTF-8: byte 0x{data[offset]:02X} at offset {offset}; save it as “CSV UTF-8”", row)
        # Go on with replacement characters: numbers and codes are mostly ASCII, and all mistakes are wanted at once.
        return data.decode(errors="replace")


def _read_header(cells: list[str], read: ReadTable[Any]) -> _Header | None:
    names = [cell.strip() for cell in cells]
    if not any(names):
        read.mistake("has no header row", 1)
        return None
    columns = read.table.columns
    by_header = {column.header: (name, column) for name, column in columns.items()}
    first_at: dict[str, int] = {}
    for position, name in enumerate(names):
        if name and name in first_at:
            read.mistake(f"column {shown(name)} stands there twice", 1, name)
        first_at.setdefault(name, position)
    complete = True
    for header, (_, column) in by_header.items():
        if column.required and header not in first_at:
            complete = False
            separator = next((sign for sign in ";\t" if len(names) == 1 and sign in names[0]), None)
            hint = _similar(header, [name for name in names if name not in by_header]) if separator is None else ""
            hint = hint if separator is None else f" (columns are separated by commas, not by {shown(separator)})"
            read.mistake(f"required column {shown(header)} is missing{hint}", 1, header)
    for name in first_at:
        if name and name not in by_header and (hint := _similar(name, list(by_header))):
            read.warning(f"column {shown(name)} is not known{hint}: kept, without effect", 1, name)
    absent = [(name, column.empty) for header, (name, column) in by_header.items() if header not in first_at]
    return _Header(
        width=len(names),
        places=[_Place(first_at[h], name, column, {}) for h, (name, column) in by_header.items() if h in first_at],
        extra=[(position, name) for name, position in first_at.items() if name and name not in by_header],
        unnamed=[position for position, name in enumerate(names) if not name],
        defaults={name: empty for name, empty in absent if not isinstance(empty, Derived) and empty is not REFUSED},
        derived=[(name, empty) for name, empty in absent if isinstance(empty, Derived)],
        complete=complete,
    )


def _similar(word: str, words: list[str]) -> str:
    found = get_close_matches(word.lower(), words, n=1, cutoff=0.75) or [each for each in words if each.lower() == word]
    return f" (did you mean {shown(found[0])}?)" if found else ""


def _read_rows(lines: Iterator[list[str]], header: _Header, read: ReadTable[R], context: Context) -> None:
    for line, cells in enumerate(lines, 2):
        if len(cells) == header.width:
            if any(cells):
                _read_row(cells, line, header, read, context)
        elif any(cells):
            read.mistake(f"has {len(cells)} cells, the header has {header.width}", line)
            read.broken.append((line, _key_cells(cells, header, read.table, context)))


def _read_row(cells: list[str], line: int, header: _Header, read: ReadTable[R], context: Context) -> None:
    found = len(read.findings)
    values, derived = _read_cells(cells, line, header, read, context)
    for position in header.unnamed:
        if cells[position].strip():
            read.mistake(f"{shown(cells[position])} stands in column {position + 1}, which has no name", line)
    for name, default in (*derived, *header.derived):
        try:
            values[name] = default.value(values, context)
        except KeyError:  # it follows from a cell that could not be read
            continue
    if len(read.findings) > found or not header.complete:
        read.broken.append((line, values))
        return
    extra = {name: text for position, name in header.extra if (text := cells[position].strip())}
    row = read.table.row(**values, extra=extra) if extra else read.table.row(**values)
    for column, reason in row.contradictions():
        value = next((cells[place.position].strip() for place in header.places if place.column.header == column), None)
        read.mistake(reason, line, column, value)
    if len(read.findings) > found:
        read.broken.append((line, values))
        return
    read.rows.append(row)
    read.lines.append(line)
    content = [values[name] for name in read.table.columns]
    read.digests.append(sha256(_canonical([content, sorted(extra.items())]).encode()).digest())


def _key_cells(cells: list[str], header: _Header, table: Table[Any], context: Context) -> dict[str, object]:
    """What a row of the wrong length is about, so that other tables may refer to it."""
    found: dict[str, object] = {}
    for position, name, column, _ in header.places:
        if name in table.key and position < len(cells) and (text := cells[position].strip()):
            try:
                found[name] = column.cell(text, context)
            except CellError:
                continue
    return found


def _read_cells(
    cells: list[str], line: int, header: _Header, read: ReadTable[Any], context: Context
) -> tuple[dict[str, Any], list[tuple[str, Derived]]]:
    """Values of the readable cells, and the defaults still to be computed."""
    values: dict[str, Any] = dict(header.defaults)
    derived: list[tuple[str, Derived]] = []
    for position, name, column, known in header.places:
        text = cells[position].strip()
        if text in known:
            values[name] = known[text]
        elif text:
            try:
                values[name] = known[text] = column.cell(text, context)
            except CellError as error:
                read.mistake(str(error), line, column.header, text)
        elif column.empty is REFUSED:
            read.mistake("is empty", line, column.header, "")
        elif isinstance(column.empty, Derived):
            derived.append((name, column.empty))
        else:
            values[name] = column.empty
    return values, derived
