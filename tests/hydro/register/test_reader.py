"""CSV files as operators, editors and spreadsheet programs leave them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hydro.register import Context, Register
from hydro.register.reader import read_table
from hydro.register.schema import STATIONS as STATIONS_TABLE
from hydro.register.schema import TABLES, UNREAD

from .tables import POINTS, STATION, STATIONS, TARGETS, load, mistakes, register, warnings

if TYPE_CHECKING:
    from pathlib import Path

SEMICOLONS = '(columns are separated by commas, not by ";")'
CHINESE = STATIONS + "A1,南明河断面,section,乌江,南明河,520103,,5\n"


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(CHINESE.encode(), id="plain"),
        pytest.param(b"\xef\xbb\xbf" + CHINESE.encode(), id="byte order mark"),
        pytest.param(CHINESE.replace("\n", "\r\n").encode(), id="CRLF"),
        pytest.param(CHINESE.replace("\n", "\r").encode(), id="CR"),
        pytest.param(CHINESE.rstrip("\n").encode(), id="no last line end"),
        pytest.param(CHINESE.replace("南明河断面", '"南明河断面"').encode(), id="quoted"),
        pytest.param(CHINESE.replace(",section,", ", section ,").encode(), id="blanks around a cell"),
        pytest.param((CHINESE + ",,,,,,,\n\n").encode(), id="empty rows at the end"),
        pytest.param(CHINESE.replace("\n", ",\n").encode(), id="a column without name and content"),
    ],
)
def test_a_table_reads_the_same_however_it_was_saved(written: bytes) -> None:
    found = register(written)
    assert found.stations["A1"].rows[0].name == "南明河断面"
    assert found.hash == register(CHINESE).hash


def test_codes_are_text_and_keep_their_zeros() -> None:
    found = register(STATIONS + "00520103,Upper,section,Wu,Nanming,052010,,5\n")
    assert list(found.stations) == ["00520103"]
    assert found.stations["00520103"].rows[0].division == "052010"


def test_extra_columns_are_kept() -> None:
    found = register(STATION.replace("\n", ",phone\n", 1).replace(",5\n", ",5,0851-1234\n"))
    assert found.stations["A1"].rows[0].extra == {"phone": "0851-1234"}


def test_an_extra_column_that_looks_like_a_typing_error_is_named() -> None:
    text = POINTS.replace("\n", ",zero_belw\n") + "A1,discharge,0,9,0.1\n"
    hint = 'column "zero_belw" is not known (did you mean "zero_below"?): kept, without effect'
    assert warnings(points=text) == [f"registry/points.csv:1: warning: zero_belw: {hint}"]


def test_rows_are_counted_as_a_spreadsheet_does() -> None:
    """A line break inside a cell makes no new row; an empty row is one."""
    rows = 'B1,"two\nlines",section,,,,,5\n\nC1,,lake,,,,,5\n'
    assert mistakes(STATION + rows) == [
        'registry/stations.csv:3: name: "two\\nlines" contains a line break or an invisible character',
        'registry/stations.csv:5: kind: "lake" is not one of section, intake, plant, reservoir, well',
    ]


def test_a_missing_column_is_named_and_the_rest_is_still_read() -> None:
    text = "station,name,kind,basin,river,division,gateway,Interval_min\nA1,,lake,,,,,5\n"
    missing = 'required column "interval_min" is missing (did you mean "Interval_min"?)'
    assert mistakes(text) == [
        f"registry/stations.csv:1: interval_min: {missing}",
        'registry/stations.csv:2: kind: "lake" is not one of section, intake, plant, reservoir, well',
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(b"", ["registry/points.csv:1: has no header row"], id="empty file"),
        pytest.param(b"\n\n", ["registry/points.csv:1: has no header row"], id="blank header"),
        pytest.param(
            b"station,quantity,min,max,min\n",
            ['registry/points.csv:1: min: column "min" stands there twice'],
            id="column twice",
        ),
        pytest.param(
            b"station;quantity\nA1;stage\n",
            [
                f'registry/points.csv:1: {name}: required column "{name}" is missing {SEMICOLONS}'
                for name in ("station", "quantity")
            ],
            id="semicolons",
        ),
        pytest.param(
            b"station,quantity,min,max\nA1,stage\n",
            ["registry/points.csv:2: has 2 cells, the header has 4"],
            id="short row",
        ),
        pytest.param(
            b"station,quantity,min,max\nA1,stage,0,1,2\n",
            ["registry/points.csv:2: has 5 cells, the header has 4"],
            id="long row",
        ),
        pytest.param(
            b"station,quantity,min,\nA1,stage,0,1\n",
            ['registry/points.csv:2: "1" stands in column 4, which has no name'],
            id="content without a name",
        ),
        pytest.param(
            b'station,quantity\nA1,"stage\n',
            ["registry/points.csv:2: cannot be read as CSV from here on: unexpected end of data"],
            id="open quote",
        ),
        pytest.param(
            "station,quantity\n".encode("utf-16"),
            ["registry/points.csv:1: is not UTF-8 but UTF-16; save it as “CSV UTF-8”"],
            id="UTF-16",
        ),
    ],
)
def test_a_file_that_is_no_table(text: bytes, expected: list[str]) -> None:
    assert mistakes(points=text) == expected


def test_text_that_is_not_utf8_is_named_by_offset_and_row_and_the_rest_is_still_read() -> None:
    text = (STATIONS + "A1,南明河,lake,,,,,5\n").encode("gb18030")
    offset = text.index("南".encode("gb18030"))
    assert mistakes(text) == [
        f"registry/stations.csv:2: is not UTF-8: byte 0xC4 at offset {offset}; save it as “CSV UTF-8”",
        'registry/stations.csv:2: kind: "lake" is not one of section, intake, plant, reservoir, well',
    ]


def test_without_stations_there_is_no_register() -> None:
    result = Register.parse({}, Context(480, 30), {})
    assert [str(finding) for finding in result.mistakes] == ["registry/stations.csv: is missing"]
    assert result.register is None


def test_a_table_without_rows_is_as_good_as_none() -> None:
    assert register(points=POINTS).hash == register().hash
    assert register(STATIONS).stations == {}


def test_all_mistakes_of_all_tables_are_found_at_once_each_with_its_cell() -> None:
    result = load(
        STATIONS + "A1,,section,,,,,7\nA 2,,section,,,,_x,5\n",
        points=POINTS + "A1,discharge,abc,1\nB9,flow,2,1\n",
        eflow_targets=TARGETS + "A1,discharge,02-30,12-31,1,day\n",
    )
    assert [(each.file, each.row, each.column, each.value) for each in result.mistakes] == [
        ("registry/eflow_targets.csv", 2, "from_day", "02-30"),
        ("registry/points.csv", 2, "min", "abc"),
        ("registry/points.csv", 3, "quantity", "flow"),
        ("registry/points.csv", 3, "station", "B9"),
        ("registry/stations.csv", 2, "interval_min", "7"),
        ("registry/stations.csv", 3, "station", "A 2"),
        ("registry/stations.csv", 3, "gateway", "_x"),
    ]


def test_files_of_the_directory(tmp_path: Path) -> None:
    """Tables whose stage has not come are named, unknown files are mistakes, lock files and readmes are neither."""
    folder = tmp_path / "registry"
    folder.mkdir()
    (folder / "stations.csv").write_text(STATION, encoding="utf-8")
    for name in ("ratings.csv", "calendar.csv", "station.csv", "notes.txt", "README.md", ".~lock.stations.csv#"):
        (folder / name).write_text("x", encoding="utf-8")
    result = Register.load(folder, zone_minutes=480, default_lateness_min=30, time_settings={})
    assert [str(finding) for finding in (*result.mistakes, *result.warnings)] == [
        "registry/notes.txt: is not a table of the register",
        'registry/station.csv: is not a table of the register (did you mean "stations.csv"?)',
        "registry/calendar.csv: warning: accepted unread, this version does not use it",
        "registry/ratings.csv: warning: accepted unread, this version does not use it",
    ]


def test_a_file_that_can_not_be_read_is_a_mistake(tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    (folder / "points.csv").mkdir(parents=True)
    (folder / "stations.csv").write_text(STATION, encoding="utf-8")
    result = Register.load(folder, zone_minutes=480, default_lateness_min=30, time_settings={})
    assert [str(finding) for finding in result.mistakes] == ["registry/points.csv: cannot be read: Is a directory"]


def test_every_table_of_the_registry_document_is_known() -> None:
    """docs/register-tables.md names 32 tables, ours adds `rivers`; a table is read or unread, never both."""
    names = [table.name for table in TABLES]
    assert len(names) + len(UNREAD) == 32 + len({"rivers"} & set(names))
    assert not set(names) & set(UNREAD)


@given(st.binary(max_size=400))
def test_no_bytes_at_all_stop_the_reader(data: bytes) -> None:
    header = STATIONS.encode()
    for content in (data, header + data):
        for table in TABLES:
            read = read_table(table, "registry/x.csv", content, Context(480, 30))
            assert len(read.rows) == len(read.lines) == len(read.digests)


@given(st.lists(st.text(max_size=12), min_size=8, max_size=8))
def test_a_row_of_any_texts_is_either_read_or_refused_with_a_reason(cells: list[str]) -> None:
    quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
    read = read_table(
        STATIONS_TABLE, "registry/stations.csv", (STATIONS + quoted + "\n").encode(errors="replace"), Context(480, 30)
    )
    empty = not any(cells)
    assert (len(read.rows) == 1) != (bool(read.findings) or empty)
