"""The log of commands: the whole story of each, kept over restarts, and a full disk is a state that passes."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from hydro.errors import FormatVersionError, StateError, WatermasterError
from storage.command_log import CommandLog
from tests.storage.small_files import no_file_beyond

if TYPE_CHECKING:
    from pathlib import Path


def add(log: CommandLog, station: str = "A", comment: str = "") -> int:
    return log.add(station, '{"verb": "now"}', asked_by="li", comment=comment, asked_at=1_000)


def test_an_entry_tells_its_whole_story(tmp_path: Path) -> None:
    log = CommandLog(tmp_path / "commands.sqlite")
    number = add(log, comment="flood")
    asked = log.get(number)
    assert asked is not None
    assert (asked.outcome, asked.sent_at, asked.ended_at, asked.tries, asked.sent) == ("waiting", None, None, 0, b"")
    log.note_sending(number, "sl651", "0011223344", 2_000, b"\x7e1")
    log.note_sending(number, "sl651", "0011223344", 3_000, b"\x7e2")
    log.note_end(number, 4_000, "answered", "", b"\x7eanswer")
    log.close()
    with sqlite3.connect(tmp_path / "commands.sqlite") as other:  # for whoever audits: plain columns
        row = other.execute("SELECT station, asked_by, comment, sent_at, tries, sent, answer FROM command").fetchone()
    other.close()
    assert row == ("A", "li", "flood", 3_000, 2, b"\x7e2", b"\x7eanswer")


def test_an_answer_is_kept_up_to_a_bound(tmp_path: Path) -> None:
    log = CommandLog(tmp_path / "commands.sqlite")
    number = add(log)
    log.note_end(number, 2, "answered", "", bytes(100_000))
    found = log.get(number)
    log.close()
    assert found is not None
    assert len(found.answer) == 65_536


def test_what_nobody_waits_for_any_more_is_ended_together(tmp_path: Path) -> None:
    log = CommandLog(tmp_path / "commands.sqlite")
    numbers = [add(log, station) for station in "AAB"]
    log.note_end(numbers[0], 5, "answered", "", b"")
    assert log.end_all(9, "abandoned", "the service ended before") == 2
    assert log.end_all(10, "abandoned", "again") == 0
    assert [(entry.id, entry.outcome, entry.ended_at) for entry in log.newest(10)] == [
        (3, "abandoned", 9), (2, "abandoned", 9), (1, "answered", 5),
    ]  # fmt: skip
    assert [entry.id for entry in log.newest(10, before=3, station="A")] == [2, 1]
    log.close()


def test_numbers_are_never_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "commands.sqlite"
    log = CommandLog(path)
    add(log)
    log.close()
    with sqlite3.connect(path) as other:
        other.execute("DELETE FROM command")
    other.close()
    log = CommandLog(path)
    assert add(log) == 2
    log.close()


def test_another_format_and_a_damaged_file_are_refused(tmp_path: Path) -> None:
    later = tmp_path / "later.sqlite"
    CommandLog(later).close()
    with sqlite3.connect(later) as other:
        other.execute("PRAGMA user_version = 2")
    other.close()
    with pytest.raises(FormatVersionError, match="format version 2, this program reads 1"):
        CommandLog(later)
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(b"no database" * 100)
    with pytest.raises(WatermasterError, match="can't open the log of commands"):
        CommandLog(damaged)


def test_without_room_nothing_is_written_and_it_may_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "commands.sqlite"
    log = CommandLog(path)
    add(log)
    wal = path.with_name("commands.sqlite-wal").stat().st_size
    with no_file_beyond(wal), pytest.raises(StateError, match="can't write a command"):
        add(log, comment="x" * 50_000)
    assert add(log) == 2
    assert [entry.comment for entry in log.newest(10)] == ["", ""]
    log.close()
