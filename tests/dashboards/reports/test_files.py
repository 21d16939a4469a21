"""A report as CSV, workbook and page: the same numbers, nothing that is run, nothing that is loaded."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from xml.etree import ElementTree as ET

import pytest

from dashboards.reports.compose import NAMES
from dashboards.reports.csv_file import csv_text
from dashboards.reports.page import MOST_ROWS, html_page
from dashboards.reports.workbook import workbook
from dashboards.reports.written import Format, require_room, written
from hydro.errors import ConfigError
from tests.dashboards.reports.example import attained, head, made

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", '=HYPERLINK("http://x","y")')


def table(text: str) -> list[dict[str, str]]:
    """Rows of a CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def cells(book: bytes, sheet: int = 1) -> list[tuple[str, str]]:
    """Kind and content of the cells of a sheet, read by other means than the writer's."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        shared = [
            "".join(part.text or "" for part in item.iter(f"{SHEET}t"))
            for item in ET.fromstring(archive.read("xl/sharedStrings.xml")).iter(f"{SHEET}si")  # noqa: S314  # our own
        ]
        found = []
        for cell in ET.fromstring(archive.read(f"xl/worksheets/sheet{sheet}.xml")).iter(f"{SHEET}c"):  # noqa: S314
            value = cell.find(f"{SHEET}v")
            kind = "formula" if cell.find(f"{SHEET}f") is not None else cell.get("t", "n")
            text = "" if value is None or value.text is None else value.text
            found.append((kind, shared[int(text)] if kind == "s" else text))
        return found


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_in_the_register_never_becomes_a_formula(name: str) -> None:
    document = made([attained("A", 30, name=name, river=name)])
    row = table(csv_text(document))[0]
    guarded = "'" + name.replace("\r", "\n")
    assert (row["name"], row["river"]) == (guarded, guarded)
    book = cells(workbook(document, "2026-04-02T08:00:00+08:00"))
    assert ("formula", name) not in book
    assert "formula" not in {kind for kind, _ in book}


def test_numbers_below_zero_and_the_dash_for_nowhere_are_left_alone() -> None:
    row = table(csv_text(made([attained("A", 30, completeness=-1.5, division="-")])))[0]
    assert (row["completeness"], row["division"]) == ("-1.50", "-")


def test_the_csv_has_the_columns_of_the_contract_first_and_empty_cells_for_null() -> None:
    """Source: CONTRACT section 7."""
    text = csv_text(made([attained("A", 30), attained("B", 0, owed=0)]))
    contract = (
        *("station", "quantity", "target_id", "basis", "from", "to", "due", "valid", "attained", "exempt"),
        *("attainment", "attainment_strict", "attainment_valid", "completeness", "timeliness", "pass"),
    )
    assert tuple(text.split("\n", 1)[0].split(",")[: len(contract)]) == contract
    first, second = table(text)
    assert (first["attainment"], first["pass"], first["timeliness"]) == ("96.77", "true", "")
    assert (second["attainment"], second["pass"], second["due"]) == ("", "", "0")


def test_the_workbook_has_the_same_numbers_as_numbers_and_is_the_same_each_time() -> None:
    document = made([attained("A", 30)])
    book = workbook(document, "2026-04-02T08:00:00+08:00")
    assert book == workbook(document, "2026-04-02T08:00:00+08:00")
    found = cells(book)
    assert ("n", "96.77") in found
    assert ("b", "1") in found
    assert ("s", "达标率 (%)") in found


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    text = html_page(made([attained("A", 30, name="<script>alert(1)</script>")]))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert re.findall(r"(?:src|href)\s*=|url\(|@import|https?://", text) == []


def test_the_page_says_what_it_is_of_in_both_languages_and_what_each_rate_is_made_of() -> None:
    text = html_page(made([attained("A", 30)]))
    for expected in ("生态流量达标评价", "Ecological flow attainment", "2026-03", "30 / 31", "赤水河", "ab" * 32):
        assert expected in text


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_report_says_so(name: str) -> None:
    document = made([], name=name)
    page = html_page(document)
    assert "统计期内没有可列的内容" in page
    assert "There is nothing to be listed" in page
    assert table(csv_text(document)) == []
    assert workbook(document, "2026-04-02T08:00:00+08:00")[:2] == b"PK"


def test_a_period_that_is_not_over_is_marked_as_such() -> None:
    assert "统计期尚未结束" in html_page(made([attained("A", 30)], is_over=False))
    assert "统计期尚未结束" not in html_page(made([attained("A", 30)]))


def test_a_page_is_bounded_and_says_what_it_leaves_out() -> None:
    number = MOST_ROWS + 3
    document = made([attained(f"S{place:05d}", 30) for place in range(number)])
    text = html_page(document)
    assert "3 more rows are not on this page" in text
    assert len(table(csv_text(document))) == number


def test_a_report_that_outgrows_its_bounds_is_refused() -> None:
    with pytest.raises(ConfigError, match="more than 200000 rows"):
        require_room(200_001)
    require_room(200_000)


def test_every_kind_of_file_is_written_and_begins_as_its_kind_does() -> None:
    document = made([attained("A", 30)])
    begins = {Format.CSV: b"station,", Format.XLSX: b"PK", Format.HTML: b"<!doctype html>"}
    for kind in Format:
        assert written(document, head().made_at, kind).startswith(begins[kind])
