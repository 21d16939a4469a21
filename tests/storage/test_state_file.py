"""State files: whole or not at all, made or not made, and a full disk is a state that passes."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from hydro.errors import FormatVersionError, StateError, WatermasterError
from storage.state_file import StateFile
from tests.storage.small_files import no_file_beyond

if TYPE_CHECKING:
    from pathlib import Path

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entry (
    space TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, blob BLOB NOT NULL,
    PRIMARY KEY (space, name, number)
) WITHOUT ROWID;
"""


def make(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript("".join(statements))
    connection.close()


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_file_whose_making_was_broken_off_is_completed(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "half"
    make(path, *(f"{table};" for table in TABLES.split(";")[:kept]))
    with StateFile(path, "reader", 1) as state:
        state.put("space", "name", 1, b"blob")
    with StateFile(path, "reader", 1) as state:
        assert (state.get("space", "name", 1), state.position) == (b"blob", 0)


@pytest.mark.parametrize(
    "row", ["INSERT INTO meta VALUES ('position', '7')", "INSERT INTO entry VALUES ('space', 'name', 0, x'00')"]
)
def test_a_file_that_holds_something_of_an_unknown_format_is_refused(tmp_path: Path, row: str) -> None:
    path = tmp_path / "state"
    make(path, TABLES, row)
    with pytest.raises(FormatVersionError, match="format version None"):
        StateFile(path, "reader", 1)


def test_the_state_of_another_reader_or_version_is_refused(tmp_path: Path) -> None:
    StateFile(tmp_path / "state", "reader", 1).close()
    for kind, version in (("other", 1), ("reader", 2)):
        with pytest.raises(FormatVersionError):
            StateFile(tmp_path / "state", kind, version)


def test_what_is_no_state_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(b"no SQLite file " * 100)
    with pytest.raises(WatermasterError, match="can't open the state of reader: file is not a database"):
        StateFile(path, "reader", 1)


def write_all(state: StateFile) -> None:
    with state.transaction():
        for number in range(100):
            state.put("space", "name", number, bytes(20_000))
        state.set_position(9)


def test_a_full_disk_leaves_the_state_before_and_the_same_may_be_written_again(tmp_path: Path) -> None:
    with StateFile(tmp_path / "state", "reader", 1) as state:
        with state.transaction():
            state.put("space", "name", 0, b"before")
            state.set_position(3)
        with no_file_beyond(200_000):
            for _ in range(2):
                with pytest.raises(StateError, match="state: can't write: ") as caught:
                    write_all(state)
                assert caught.value.retryable
                assert (state.position, state.get("space", "name")) == (3, b"before")
        write_all(state)
        assert (state.position, len(state.numbers("space", "name"))) == (9, 100)


def give_up_half_way(state: StateFile) -> None:
    with state.transaction():
        state.set_position(3)
        raise KeyError


def test_an_error_of_the_caller_undoes_what_was_written_and_stays_what_it_is(tmp_path: Path) -> None:
    with StateFile(tmp_path / "state", "reader", 1) as state:
        with pytest.raises(KeyError):
            give_up_half_way(state)
        assert state.position == 0
