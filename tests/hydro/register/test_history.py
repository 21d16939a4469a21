"""All rows of one thing over time, as they are written."""

from __future__ import annotations

import pytest

from hydro.instants import parse_instant
from hydro.register import Context
from hydro.register.history import TABLE_NAMES, kept_files, row_history

CONTEXT = Context(480, 0)
NOW = parse_instant("2026-03-01T08:00:00", 480)
PERMITS = """permit,holder,annual_m3,memo,valid_from,valid_to
P2,乙,5,,,
P1,甲,300,b,2026-01-01,
P1,甲,200,a,2024-01-01,2025-12-31

P10,丙,1,,,
"""


def told(table: str, text: str, *key: str, at: int = NOW) -> list[tuple[int, bool, tuple[str, ...]]]:
    """Row number, whether it is current, and what changed."""
    rows = row_history(kept_files({f"{table}.csv": text.encode()}), table, key, CONTEXT, at)
    return [(row.line, row.is_current, row.changed) for row in rows]


def test_rows_come_by_validity_with_what_changed_and_the_one_of_now() -> None:
    """The file's own order and its empty lines don't matter; a column that nothing here knows changes, too."""
    assert told("permits", PERMITS, "P1") == [(4, False, ()), (3, True, ("annual_m3", "memo"))]
    assert told("permits", PERMITS, "P1", at=parse_instant("2026-01-01T00:00:00", 480)) == [
        (4, True, ()),
        (3, False, ("annual_m3", "memo")),
    ]


def test_cells_are_as_they_are_written() -> None:
    [first, second] = row_history(kept_files({"permits.csv": PERMITS.encode()}), "permits", ["P1"], CONTEXT, NOW)
    assert first.as_json(480) == {
        "row": 4,
        "key": ["P1"],
        "valid_from": "2024-01-01T00:00:00+08:00",
        "valid_to": "2026-01-01T00:00:00+08:00",
        "current": False,
        "cells": {
            "permit": "P1",
            "holder": "甲",
            "annual_m3": "200",
            "memo": "a",
            "valid_from": "2024-01-01",
            "valid_to": "2025-12-31",
        },
        "changed": [],
    }
    assert second.as_json(480)["valid_to"] is None


def test_the_beginning_of_a_key_asks_for_all_that_begin_so() -> None:
    """Things are compared with themselves only; a code is never a prefix of another one."""
    text = "station,quantity,max\nW1,stage,5\nW1,discharge,2\nW10,stage,9\n"
    assert told("points", text, "W1") == [(3, True, ()), (2, True, ())]
    assert told("points", text, "W1", "stage") == [(2, True, ())]
    assert told("points", text, "W") == []


def test_where_a_row_supersedes_the_one_before_that_one_ends() -> None:
    text = "permit,intake,valid_from,share\nP,I,2024-01-01,0.5\nP,I,2025-06-01,0.7\nP,J,2020-01-01,\n"
    assert told("permit_intakes", text, "P", "I") == [(2, False, ()), (3, True, ("share",))]
    assert told("permit_intakes", text, "P", "J") == [(4, True, ())]


def test_targets_are_found_by_their_station_and_exemptions_too() -> None:
    text = "station,quantity,from_day,to_day,value,basis\nA,discharge,01-01,12-31,2,day\nB,stage,01-01,12-31,1,hour\n"
    assert told("eflow_targets", text, "A") == [(2, True, ())]
    assert told("exemptions", "station,from,to,reason,document\nA,2026-01-01,2026-01-02,枯水,文1\n", "A") == [
        (2, True, ())
    ]


def test_every_table_can_be_asked_and_one_that_is_not_there_has_nothing() -> None:
    assert [row_history({}, table, ["x"], CONTEXT, NOW) for table in TABLE_NAMES] == [[]] * len(TABLE_NAMES)
    with pytest.raises(KeyError):
        row_history({}, "passwords", ["x"], CONTEXT, NOW)


def test_what_the_register_does_not_read_is_not_kept() -> None:
    assert set(kept_files({"permits.csv": b"permit\n", "secrets.csv": b"x\n", "notes.txt": b"y"})) == {"permits"}
