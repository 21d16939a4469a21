"""Reading: whole rows in order, cheaply when there is nothing, and never past what may still come."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from hydro.errors import JournalError
from hydro.instants import HOUR_MS
from storage.journal import JournalBatch, JournalReader
from storage.journal.batch import BatchDecoder, Row
from storage.message import RawMessage
from tests.storage.journal.conftest import START
from tests.storage.journal.messages import append, numbered, read_all, read_messages
from tests.storage.open_files import open_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.storage.journal.conftest import Clock, OpenJournal


@pytest.mark.parametrize(
    ("after", "limit", "expected"),
    [
        pytest.param(0, 10_000, [1, 11, 16], id="all"),
        pytest.param(0, 25, [1, 11, 16], id="exactly as many as there are"),
        pytest.param(0, 24, [1, 11], id="no row that would exceed the limit"),
        pytest.param(0, 15, [1, 11], id="rows that fill the limit"),
        pytest.param(0, 1, [1], id="at least one row, however large"),
        pytest.param(0, 0, [1], id="at least one row, even so"),
        pytest.param(10, 10_000, [11, 16], id="after a row"),
        pytest.param(9, 10_000, [1, 11, 16], id="in the midst of a row: that one again, whole"),
        pytest.param(12, 1, [11], id="in the midst, one row"),
        pytest.param(24, 10_000, [16], id="the last message alone"),
        pytest.param(25, 10_000, [], id="nothing new"),
    ],
)
def test_read_gives_whole_rows_up_to_a_limit(
    open_journal: OpenJournal, directory: Path, after: int, limit: int, expected: list[int]
) -> None:
    journal = open_journal()
    for count in (10, 5, 10):
        append(journal, count)
    with JournalReader.open(directory) as reader:
        assert [batch.first for batch in reader.read(after, limit)] == expected
        assert reader.gaps == []


@pytest.mark.parametrize(
    ("after", "size", "expected"),
    [
        pytest.param(0, 1_100_000, [1, 2, 3, 6], id="all"),
        pytest.param(0, 210_000, [1, 2], id="no row that would exceed the bytes"),
        pytest.param(0, 150_000, [1], id="only the one that fits"),
        pytest.param(0, 0, [1], id="at least one row, however large"),
        pytest.param(2, 250_000, [3], id="a row that alone exceeds them"),
        pytest.param(5, 0, [6], id="one that could be compressed"),
    ],
)
def test_read_gives_no_more_bytes_than_asked_for(
    open_journal: OpenJournal, directory: Path, after: int, size: int, expected: list[int]
) -> None:
    journal = open_journal()
    for count in (1, 1, 3):
        append(journal, count, 100_000)
    journal.append(["t"], [bytes(500_000)])
    with JournalReader.open(directory) as reader:
        assert [batch.first for batch in reader.read(after, size=size)] == expected
        assert reader.gaps == []


def test_bytes_are_counted_as_they_are_after_decompression(open_journal: OpenJournal, directory: Path) -> None:
    journal = open_journal()
    for _ in range(10):
        journal.append(["t"], [bytes(1_000_000)])
    with JournalReader.open(directory) as reader:
        assert [batch.first for batch in reader.read(0)] == [1, 2, 3, 4]


def test_a_reader_sees_what_is_appended_while_it_is_open(
    open_journal: OpenJournal, directory: Path, clock: Clock
) -> None:
    with pytest.raises(JournalError, match="journal: No such file or directory"):
        JournalReader.open(directory)
    directory.mkdir()
    with JournalReader.open(directory) as reader:
        assert reader.read(0) == []
        assert (reader.first_position, reader.last_position) == (1, 0)
        journal = open_journal()
        assert reader.read(0) == []
        for hour in range(3):
            for n in range(3):
                position = 2 * (3 * hour + n)
                assert reader.read(position) == []
                append(journal, 2)
                assert numbered(reader.read(position)) == [position + 1, position + 2]
            clock.now += HOUR_MS
        assert (reader.first_position, reader.last_position) == (1, 18)
        journal.close()
        assert reader.read(18) == []
        assert reader.gaps == []


def test_a_segment_is_left_only_when_nothing_can_come_any_more(
    open_journal: OpenJournal, directory: Path, clock: Clock
) -> None:
    """The reader has found nothing in segment 1; then come a row of segment 1 and one of segment 2."""
    journal = open_journal()
    append(journal, 3)
    with JournalReader.open(directory) as reader:
        assert len(reader.read(0)) == 1
        assert reader.read(3) == []
        append(journal, 3)
        clock.now += HOUR_MS
        append(journal, 3)
        assert numbered(reader.read(3)) == [4, 5, 6]
        assert numbered(reader.read(6)) == [7, 8, 9]


def test_a_position_beyond_the_end_is_another_journal_s(open_journal: OpenJournal, directory: Path) -> None:
    directory.mkdir()
    with JournalReader.open(directory) as reader:
        with pytest.raises(JournalError, match="a reader has read to position 5, but the journal ends at 0"):
            reader.read(5)
        append(open_journal(), 3)
        with pytest.raises(JournalError, match="a reader has read to position 5, but the journal ends at 3"):
            reader.read(5)
        assert reader.read(3) == []


def test_an_idle_read_neither_lists_the_directory_nor_opens_files(
    open_journal: OpenJournal, directory: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal()
    for _ in range(4):
        append(journal, 3)
        clock.now += HOUR_MS
    with JournalReader.open(directory) as reader:
        position = 0
        while batches := reader.read(position):
            position = batches[-1].last
        listed = []
        listdir = os.listdir

        def counted(path: Path) -> list[str]:
            listed.append(path)
            return listdir(path)

        monkeypatch.setattr(os, "listdir", counted)
        before = open_files(directory)
        for _ in range(250):
            assert reader.read(position) == []
        assert len(listed) <= 3
        assert open_files(directory) == before


def test_few_segments_are_open_at_a_time(open_journal: OpenJournal, directory: Path, clock: Clock) -> None:
    journal = open_journal()
    for _ in range(12):
        append(journal, 3)
        clock.now += HOUR_MS
    journal.close()
    with JournalReader.open(directory) as reader:
        position = 0
        while batches := reader.read(position):
            position = batches[-1].last
            assert len([name for name in open_files(directory) if name.endswith(".sqlite")]) <= 2
        assert position == 36


def test_a_reader_leaves_no_files_behind_in_sealed_segments(
    open_journal: OpenJournal, directory: Path, clock: Clock
) -> None:
    journal = open_journal()
    for _ in range(3):
        append(journal, 3)
        clock.now += HOUR_MS
    before = sorted(path.name for path in directory.iterdir())
    read_all(directory)
    assert sorted(path.name for path in directory.iterdir()) == before


def test_a_reader_opened_before_a_crash_reads_on_after_the_recovery(open_journal: OpenJournal, directory: Path) -> None:
    journal = open_journal()
    append(journal, 3)
    with JournalReader.open(directory) as reader:
        assert len(reader.read(0)) == 1
        journal.close()
        journal = open_journal()
        append(journal, 3)
        assert numbered(reader.read(3)) == [4, 5, 6]


RANGES = [
    pytest.param(START - 1, START + 10**9, id="everything"),
    pytest.param(START, START + 10**9, id="from is exclusive"),
    pytest.param(START - 1, START, id="to is inclusive"),
    pytest.param(START + 1, START + 3, id="within a row"),
    pytest.param(START + HOUR_MS - 1, START + HOUR_MS + 1, id="another segment"),
    pytest.param(START + 10**8, START + 10**9, id="nothing"),
]


@pytest.mark.parametrize(("from_ms", "to_ms"), RANGES)
def test_a_range_is_what_a_walk_through_everything_would_choose(
    open_journal: OpenJournal, directory: Path, clock: Clock, from_ms: int, to_ms: int
) -> None:
    journal = open_journal()
    for _ in range(3):
        append(journal, 3)
        clock.now += 1
        journal.append(["t"] * 4, [b"a", b"b", b"c", b"d"], [START + n for n in (3, 1, 2, 9)])
        clock.now += HOUR_MS - 1
    everything = read_messages(read_all(directory)[0])
    expected = [message for message in everything if from_ms < message.received_at <= to_ms]
    with JournalReader.open(directory) as reader:
        found = list(reader.read_range(from_ms, to_ms))
        assert found == expected
        assert all(isinstance(message, RawMessage) for message in found)
        assert reader.gaps == []


def test_only_rows_of_the_range_are_decompressed(
    open_journal: OpenJournal, directory: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_journal()
    for _ in range(10):
        append(journal, 3)
        clock.now += 1000
    with JournalReader.open(directory) as reader:
        decoded: list[int] = []
        decode = BatchDecoder.decode

        def counted(decoder: BatchDecoder, row: Row) -> JournalBatch:
            decoded.append(row.first)
            return decode(decoder, row)

        monkeypatch.setattr(BatchDecoder, "decode", counted)
        assert len(list(reader.read_range(START + 1000, START + 3000))) == 6
        assert decoded == [7, 10]


def test_a_range_says_which_segments_are_missing(open_journal: OpenJournal, directory: Path, clock: Clock) -> None:
    journal = open_journal()
    for _ in range(3):
        append(journal, 3)
        clock.now += HOUR_MS
    (directory / f"{4:016d}.sqlite").unlink()
    with JournalReader.open(directory) as reader:
        assert len(list(reader.read_range(0, START * 2))) == 6
        assert [(gap.first, gap.last, gap.messages) for gap in reader.gaps] == [(4, 6, 3)]


def test_a_range_goes_on_when_a_segment_is_deleted_meanwhile(
    open_journal: OpenJournal, directory: Path, clock: Clock
) -> None:
    journal = open_journal(keep_days=0)
    for _ in range(5):
        append(journal, 3)
        clock.now += HOUR_MS
    with JournalReader.open(directory) as reader:
        messages = reader.read_range(0, START * 2)
        first = next(messages)
        assert len(journal.enforce_retention(clock.now).deleted) == 4
        found = [first, *messages]
        assert [message.payload for message in found] == [b'{"n":%d}' % n for n in (1, 2, 3, 13, 14, 15)]
        assert [(gap.first, gap.last, gap.reason) for gap in reader.gaps] == [
            (4, 6, "expired"),
            (7, 9, "expired"),
            (10, 12, "expired"),
        ]
