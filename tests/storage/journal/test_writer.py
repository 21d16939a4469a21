"""Appending: positions, times, segments, and who may."""

from __future__ import annotations

import errno
import os
import sqlite3
from typing import TYPE_CHECKING

import pytest

from hydro.errors import AlreadyRunning, FormatVersionError, JournalError
from hydro.instants import HOUR_MS
from storage.journal import Journal, JournalReader
from tests.storage.journal.conftest import START
from tests.storage.journal.messages import append, numbered, read_all

if TYPE_CHECKING:
    from pathlib import Path

    from tests.storage.journal.conftest import Clock, OpenJournal


def segments(directory: Path) -> list[int]:
    return sorted(int(path.name.split(".")[0]) for path in directory.glob("*.sqlite"))


def test_positions_start_at_1_and_follow_each_other_across_openings(open_journal: OpenJournal, directory: Path) -> None:
    journal = open_journal()
    assert (journal.first_position, journal.last_position) == (1, 0)
    assert [append(journal, n).first for n in (3, 1, 5)] == [1, 4, 5]
    journal.close()
    journal = open_journal()
    assert journal.last_position == 9
    assert append(journal, 2).last == 11
    assert numbered(read_all(directory)[0]) == list(range(1, 12))
    assert journal.damage == ()


def test_append_returns_the_batch_that_a_reader_reads(open_journal: OpenJournal, directory: Path) -> None:
    batch = open_journal().append(["a", "b"], [b"1", b"2"], [5, 9])
    (found,) = read_all(directory)[0]
    assert (batch.first, batch.count, batch.appended_at) == (found.first, found.count, found.appended_at)
    assert (batch.topics, batch.payloads) == (found.topics, found.payloads)
    assert batch.received_at.tolist() == found.received_at.tolist() == [5, 9]


def test_without_received_at_it_is_the_time_of_appending(open_journal: OpenJournal, clock: Clock) -> None:
    journal = open_journal()
    clock.now = START + 17
    assert append(journal, 2).received_at.tolist() == [START + 17, START + 17]


def test_appended_at_never_goes_back_and_counts_how_often_it_had_to(open_journal: OpenJournal, clock: Clock) -> None:
    """The clock: 10 → 4 → 9 → (reopened) 8 → 12. Three times it stood before the last row."""
    journal = open_journal()
    seen = []
    for step, now in enumerate((10, 4, 9, 8, 12)):
        if step == 3:
            journal.close()
            journal = open_journal()
            assert journal.clock_set_back == 2
        clock.now = START + now
        seen.append(append(journal, 1).appended_at - START)
    assert seen == [10, 10, 10, 10, 12]
    assert journal.clock_set_back == 3


def test_the_count_and_the_last_time_outlive_their_segment(open_journal: OpenJournal, clock: Clock) -> None:
    journal = open_journal(keep_days=0)
    append(journal, 1)
    clock.now -= 5
    append(journal, 1)
    clock.now += HOUR_MS + 5
    append(journal, 1)
    assert len(journal.enforce_retention(clock.now + 1).deleted) == 1
    journal.close()
    clock.now -= HOUR_MS
    journal = open_journal()
    assert journal.clock_set_back == 1
    assert append(journal, 1).appended_at == START + HOUR_MS
    assert journal.clock_set_back == 2


def test_a_new_hour_begins_a_new_segment(open_journal: OpenJournal, directory: Path, clock: Clock) -> None:
    journal = open_journal()
    append(journal, 2)
    clock.now = START // HOUR_MS * HOUR_MS + HOUR_MS - 1
    append(journal, 2)
    assert segments(directory) == [1]
    clock.now += 1
    append(journal, 2)
    assert segments(directory) == [1, 5]
    journal.close()
    journal = open_journal()
    append(journal, 1)
    assert segments(directory) == [1, 5]
    clock.now += HOUR_MS
    append(journal, 1)
    assert segments(directory) == [1, 5, 8]
    assert numbered(read_all(directory)[0]) == list(range(1, 9))


def test_a_full_segment_is_followed_by_a_new_one(open_journal: OpenJournal, directory: Path) -> None:
    journal = open_journal(segment_bytes=100_000)
    for _ in range(20):
        journal.append(["t"], [os.urandom(20_000)])
    assert 4 <= len(segments(directory)) <= 5
    journal.close()
    journal = open_journal(segment_bytes=100_000)
    for _ in range(20):
        journal.append(["t"], [os.urandom(20_000)])
    assert 8 <= len(segments(directory)) <= 10
    assert [batch.first for batch in read_all(directory)[0]] == list(range(1, 41))


def test_a_sealed_segment_has_no_log_left(open_journal: OpenJournal, directory: Path, clock: Clock) -> None:
    journal = open_journal()
    append(journal, 5)
    clock.now += HOUR_MS
    append(journal, 5)
    assert sorted(path.name for path in directory.glob("*-wal")) == ["0000000000000006.sqlite-wal"]


def test_a_closed_journal_is_its_segments_and_nothing_else(open_journal: OpenJournal, directory: Path) -> None:
    journal = open_journal()
    append(journal, 5)
    journal.close()
    journal.close()
    assert sorted(path.name for path in directory.iterdir()) == ["0000000000000001.sqlite", "lock", "reserve"]
    with pytest.raises(JournalError, match="closed"):
        append(journal, 1)


def test_there_is_one_writer(open_journal: OpenJournal, directory: Path) -> None:
    journal = open_journal()
    with pytest.raises(AlreadyRunning, match=f"{directory} is being written by process {os.getpid()}"):
        open_journal()
    journal.close()
    open_journal()


def test_rows_are_committed_with_synchronous_full_in_wal_mode(
    open_journal: OpenJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal()
    statements: list[str] = []
    connect = sqlite3.connect

    def traced(database: str, **options: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(database, **options)  # type: ignore[call-overload]
        connection.set_trace_callback(statements.append)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    append(journal, 1)
    assert "PRAGMA synchronous = FULL" in statements
    assert statements[-1] == "COMMIT"


@pytest.mark.parametrize(
    ("topics", "payloads", "received_at"),
    [([], [], None), (["t"], [], None), (["t", "u"], [b""], None), (["t"], [b""], [1, 2]), (["t"], [b""], [])],
)
def test_columns_of_unequal_length_make_no_batch(
    open_journal: OpenJournal, topics: list[str], payloads: list[bytes], received_at: list[int] | None
) -> None:
    journal = open_journal()
    with pytest.raises(ValueError, match="make no batch"):
        journal.append(topics, payloads, received_at)
    assert journal.last_position == 0


@pytest.mark.parametrize("found", [0, 2, 99])
def test_a_segment_of_another_version_is_left_alone(
    open_journal: OpenJournal, directory: Path, clock: Clock, found: int
) -> None:
    journal = open_journal()
    append(journal, 1)
    clock.now += HOUR_MS
    append(journal, 1)
    journal.close()
    for position in (2, 1):
        path = directory / f"{position:016d}.sqlite"
        connection = sqlite3.connect(path)
        connection.execute(f"PRAGMA user_version = {found}")
        connection.close()
        before = path.read_bytes()
        with pytest.raises(FormatVersionError) as error:
            Journal.open(directory, keep_days=14, max_gb=50, clock=clock)
        assert (error.value.path, error.value.found, error.value.supported) == (str(path), found, 1)
        with JournalReader.open(directory) as reader, pytest.raises(FormatVersionError, match=str(path)):
            reader.read(position - 1)
        assert path.read_bytes() == before
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 1")
        connection.close()


def test_a_directory_that_can_t_be_made_is_said_so(tmp_path: Path, open_journal: OpenJournal) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(JournalError, match="file/journal: Not a directory"):
        open_journal(tmp_path / "file" / "journal")


def test_what_goes_into_a_file_that_was_removed_is_not_acknowledged(
    open_journal: OpenJournal, directory: Path, tmp_path: Path
) -> None:
    journal = open_journal()
    append(journal, 1)
    path = directory / f"{1:016d}.sqlite"
    path.rename(tmp_path / "away")
    for _ in range(2):
        with pytest.raises(JournalError, match="can't append"):
            append(journal, 1)
    path.write_bytes(b"")
    with pytest.raises(JournalError, match="an empty file"):
        append(journal, 1)
    assert journal.last_position == 1


def test_what_goes_into_a_file_that_was_replaced_is_not_acknowledged(
    open_journal: OpenJournal, directory: Path, tmp_path: Path
) -> None:
    journal = open_journal()
    append(journal, 1)
    path = directory / f"{1:016d}.sqlite"
    (tmp_path / "other").write_bytes(path.read_bytes())
    (tmp_path / "other").replace(path)
    with pytest.raises(JournalError, match="was replaced while it was being written to"):
        append(journal, 1)


def test_a_segment_whose_name_is_not_durable_is_taken_back(
    open_journal: OpenJournal, directory: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name alone would tell readers that nothing is added to the segment before it."""
    journal = open_journal()
    append(journal, 2)
    clock.now += HOUR_MS
    with monkeypatch.context() as broken:

        def refuse(_: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        broken.setattr(os, "fsync", refuse)
        with pytest.raises(JournalError, match="Input/output error"):
            append(journal, 1)
    assert segments(directory) == [1]
    append(journal, 3)
    assert segments(directory) == [1, 3]
    assert numbered(read_all(directory)[0]) == [1, 2, 3, 4, 5]


def test_the_reserve_takes_real_blocks(open_journal: OpenJournal, directory: Path) -> None:
    open_journal(reserve_bytes=1_000_000)
    found = (directory / "reserve").stat()
    assert found.st_size == 1_000_000
    assert found.st_blocks * 512 >= 1_000_000
