"""A catalogue of damaged files: what opening says of each, what can still be read, and that no position comes twice.

Every case starts from three segments, one an hour, each of three rows of ten messages that fill several pages::

    0000000000000001.sqlite   1 … 30      0000000000000031.sqlite   31 … 60      0000000000000061.sqlite   61 … 90
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

from hydro.errors import JournalError
from hydro.instants import HOUR_MS
from storage.journal import GapReason, JournalReader, set_mark
from tests.storage.journal.messages import append, numbered, read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.storage.journal.conftest import Clock, OpenJournal

PADDING: Final = 2_000
ALL: Final = list(range(1, 91))
SPAN: Final = 10_000_000_000

FIRST: Final = "0000000000000001.sqlite"
MIDDLE: Final = "0000000000000031.sqlite"
LAST: Final = "0000000000000061.sqlite"


@dataclass(frozen=True)
class Case:
    """One kind of damage.

    Attributes:
        damage: Does it.
        says: Of each damage found at opening: its file, what it is kept as, a word of the explanation.
        readable: Positions that a reader still gets.
        gaps: First and last position, number of messages and reason of what it doesn't get.
        next: Position that the next message gets.
    """

    damage: Callable[[Path], object]
    says: Sequence[tuple[str, str | None, str]]
    readable: Sequence[int]
    gaps: Sequence[tuple[int, int, int | None, GapReason]]
    next: int


def overwrite(name: str, at: int, content: bytes) -> Callable[[Path], None]:
    def damage(directory: Path) -> None:
        with (directory / name).open("r+b") as file:
            file.seek(at)
            file.write(content)

    return damage


def truncate(name: str, size: int) -> Callable[[Path], None]:
    def damage(directory: Path) -> None:
        with (directory / name).open("r+b") as file:
            file.truncate(size)

    return damage


def execute(name: str, *statements: str) -> Callable[[Path], None]:
    def damage(directory: Path) -> None:
        with closing(sqlite3.connect(directory / name, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    return damage


def put(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda directory: (directory / name).write_bytes(content)


def zero_page(name: str) -> Callable[[Path], None]:
    """Zero a page that the blob of the second row fills alone."""

    def damage(directory: Path) -> None:
        path = directory / name
        with closing(sqlite3.connect(path)) as connection:
            (blob,) = connection.execute("SELECT blob FROM batch ORDER BY first LIMIT 1 OFFSET 1").fetchone()
        content = bytearray(path.read_bytes())
        page = content.index(blob[8_000:8_016]) // 4096 * 4096
        content[page : page + 4096] = bytes(4096)
        path.write_bytes(content)

    return damage


def lose(*names: str) -> Callable[[Path], None]:
    def damage(directory: Path) -> None:
        for name in names:
            (directory / name).unlink()

    return damage


def both(*damages: Callable[[Path], object]) -> Callable[[Path], None]:
    def damage(directory: Path) -> None:
        for one in damages:
            one(directory)

    return damage


def interrupted_repair(directory: Path) -> None:
    """As it is between setting the damaged segment aside and putting the copy in its place."""
    shutil.copy(directory / LAST, directory / f"{LAST}.new")
    (directory / LAST).rename(directory / f"{LAST}.damaged")


LAST_LOST: Final = [(61, SPAN, None, GapReason.DAMAGED)]
MIDDLE_LOST: Final = [(31, 60, 30, GapReason.DAMAGED)]
WITHOUT_MIDDLE: Final = [*range(1, 31), *range(61, 91)]

CASES: Final = {
    "nothing": Case(lambda _: None, [], ALL, [], 91),
    "last: empty file": Case(
        truncate(LAST, 0), [(LAST, f"{LAST}.damaged", "an empty file")], ALL[:60], LAST_LOST, SPAN + 1
    ),
    "last: header overwritten": Case(
        overwrite(LAST, 0, b"garbage!" * 16),
        [(LAST, f"{LAST}.damaged", "file is not a database")],
        ALL[:60],
        LAST_LOST,
        SPAN + 1,
    ),
    "last: cut off after its second row": Case(
        truncate(LAST, 14 * 4096),
        [(LAST, f"{LAST}.damaged", "malformed")],
        ALL[:80],
        [(81, SPAN, None, GapReason.DAMAGED)],
        SPAN + 1,
    ),
    "last: cut off in its first page": Case(
        truncate(LAST, 1000), [(LAST, f"{LAST}.damaged", "malformed")], ALL[:60], LAST_LOST, SPAN + 1
    ),
    "last: a text file": Case(
        put(LAST, b"not a journal at all\n" * 100),
        [(LAST, f"{LAST}.damaged", "not a database")],
        ALL[:60],
        LAST_LOST,
        SPAN + 1,
    ),
    "last: another SQLite file": Case(
        both(lose(LAST), execute(LAST, "CREATE TABLE t (x)")),
        [(LAST, f"{LAST}.damaged", "not a segment of a journal")],
        ALL[:60],
        LAST_LOST,
        SPAN + 1,
    ),
    "last: another segment's content": Case(
        lambda directory: shutil.copy(directory / FIRST, directory / LAST),
        [(LAST, f"{LAST}.damaged", "it is the segment that starts at 1")],
        ALL[:60],
        LAST_LOST,
        SPAN + 1,
    ),
    "last: a table missing": Case(
        execute(LAST, "DROP TABLE batch"),
        [(LAST, f"{LAST}.damaged", "no such table")],
        ALL[:60],
        LAST_LOST,
        SPAN + 1,
    ),
    "last: a page in the midst zeroed": Case(
        zero_page(LAST),
        [(LAST, f"{LAST}.damaged", "readable to position 90")],
        [*range(1, 71), *range(81, 91)],
        [(71, 80, 10, GapReason.DAMAGED), (91, SPAN, None, GapReason.DAMAGED)],
        SPAN + 1,
    ),
    "last: its log is garbage": Case(
        put(f"{LAST}-wal", b"garbage!" * 1000),
        [(f"{LAST}-wal", f"{LAST}.damaged-wal", "not a log")],
        ALL,
        [(91, SPAN, None, GapReason.DAMAGED)],
        SPAN + 1,
    ),
    "last: its log is empty": Case(put(f"{LAST}-wal", b""), [], ALL, [], 91),
    "last: its log ends in its header": Case(put(f"{LAST}-wal", b"\x37\x7f\x06\x82\0\0"), [], ALL, [], 91),
    "last: missing": Case(lose(LAST), [], ALL[:60], [], 61),
    "last: missing, but a reader has read of it": Case(
        both(lose(LAST), lambda directory: set_mark(directory, "rules", 75)),
        [("journal", None, "ends at position 60, but was read by rules to 75")],
        ALL[:60],
        [(61, SPAN, None, GapReason.MISSING)],
        SPAN + 1,
    ),
    "last: missing, its log is there": Case(
        both(lose(LAST), put(f"{LAST}-wal", b"x" * 100)),
        [(f"{LAST}-wal", f"{LAST}.damaged-wal", "a log without its segment")],
        ALL[:60],
        LAST_LOST,
        SPAN + 1,
    ),
    "middle: missing": Case(
        lose(MIDDLE),
        [(MIDDLE, None, "missing up to 60")],
        WITHOUT_MIDDLE,
        [(31, 60, 30, GapReason.MISSING)],
        91,
    ),
    "middle: empty file": Case(
        truncate(MIDDLE, 0), [(MIDDLE, f"{MIDDLE}.damaged", "an empty file")], WITHOUT_MIDDLE, MIDDLE_LOST, 91
    ),
    "middle: header overwritten": Case(
        overwrite(MIDDLE, 0, b"garbage!" * 16),
        [(MIDDLE, f"{MIDDLE}.damaged", "not a database")],
        WITHOUT_MIDDLE,
        MIDDLE_LOST,
        91,
    ),
    "middle: cut off after its first row": Case(
        truncate(MIDDLE, 12 * 4096),
        [(MIDDLE, f"{MIDDLE}.damaged", "malformed")],
        [*range(1, 41), *range(61, 91)],
        [(41, 60, 20, GapReason.DAMAGED)],
        91,
    ),
    "middle: a page in the midst zeroed": Case(
        zero_page(MIDDLE),
        [],
        [*range(1, 41), *range(51, 91)],
        [(41, 50, 10, GapReason.DAMAGED)],
        91,
    ),
    "middle: a row is gone": Case(
        execute(MIDDLE, "DELETE FROM batch WHERE first = 41"),
        [],
        [*range(1, 41), *range(51, 91)],
        [(41, 50, 10, GapReason.DAMAGED)],
        91,
    ),
    "middle: a blob that can't be decompressed": Case(
        execute(MIDDLE, "UPDATE batch SET blob = CAST(x'28b52ffd' || substr(blob, 9) AS BLOB) WHERE first = 41"),
        [],
        [*range(1, 41), *range(51, 91)],
        [(41, 50, 10, GapReason.DAMAGED)],
        91,
    ),
    "first: missing, as after retention": Case(lose(FIRST), [], ALL[30:], [(1, 30, 30, GapReason.EXPIRED)], 91),
    "all: missing": Case(lose(FIRST, MIDDLE, LAST), [], [], [], 1),
    "all: missing, but a reader has read of them": Case(
        both(lose(FIRST, MIDDLE, LAST), lambda directory: set_mark(directory, "rules", 75)),
        [("journal", None, "ends at position 0, but was read by rules to 75")],
        [],
        [(1, SPAN, SPAN, GapReason.EXPIRED)],
        SPAN + 1,
    ),
    "all: empty files": Case(
        both(truncate(FIRST, 0), truncate(MIDDLE, 0), truncate(LAST, 0)),
        [(name, f"{name}.damaged", "empty") for name in (FIRST, MIDDLE, LAST)],
        [],
        [(1, SPAN, SPAN, GapReason.EXPIRED)],
        SPAN + 1,
    ),
    "a segment that was being made": Case(
        both(put("0000000000000091.sqlite.new", b"half"), put("0000000000000091.sqlite.new-wal", b"")), [], ALL, [], 91
    ),
    "side files of a segment that was being deleted": Case(
        both(put("0000000000000000.sqlite-wal", b""), put("0000000000000000.sqlite-shm", b"x")), [], ALL, [], 91
    ),
    "a repair that was interrupted": Case(interrupted_repair, [], ALL, [(91, SPAN, None, GapReason.DAMAGED)], SPAN + 1),
    "files that are not ours": Case(
        both(put("notes.txt", b"mine"), put("61.sqlite", b"x"), put("0000000000000200.sqlite.bak", b"x")),
        [],
        ALL,
        [],
        91,
    ),
}


@pytest.fixture
def three_segments(open_journal: OpenJournal, clock: Clock) -> None:
    with open_journal() as journal:
        for _ in range(3):
            for _ in range(3):
                append(journal, 10, PADDING)
            clock.now += HOUR_MS


@pytest.mark.usefixtures("three_segments")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_damage_is_told_kept_and_gone_round(case: Case, directory: Path, open_journal: OpenJournal) -> None:
    case.damage(directory)
    journal = open_journal()
    told = [
        (found.path.name, found.kept_as.name if found.kept_as else None, word)
        for found, (_, _, word) in zip(journal.damage, case.says, strict=True)
        if word in str(found)
    ]
    assert told == case.says
    for _, kept, _ in case.says:
        assert kept is None or (directory / kept).exists()

    assert append(journal, 5, PADDING).first == case.next
    after = list(range(case.next, case.next + 5))
    batches, gaps = read_all(directory)
    assert numbered(batches, PADDING) == [*case.readable, *after]
    assert [(gap.first, gap.last, gap.messages, gap.reason) for gap in gaps] == case.gaps

    journal.close()
    journal = open_journal()
    assert {found.kept_as for found in journal.damage} <= {None}, "it is told once"
    assert append(journal, 1, PADDING).first == case.next + 5
    assert numbered(read_all(directory)[0], PADDING) == [*case.readable, *after, case.next + 5]


@pytest.mark.usefixtures("three_segments")
def test_the_same_segment_can_be_damaged_again(directory: Path, open_journal: OpenJournal) -> None:
    kept = []
    for _ in range(2):
        truncate(MIDDLE, 12 * 4096)(directory)
        with open_journal() as journal:
            kept += [found.kept_as for found in journal.damage]
        shutil.copy(directory / f"{MIDDLE}.damaged", directory / MIDDLE)
    assert kept == [directory / f"{MIDDLE}.damaged", directory / f"{MIDDLE}.damaged2"]


def test_what_lies_in_the_log_of_a_damaged_segment_is_kept_with_it(
    directory: Path, open_journal: OpenJournal, tmp_path: Path
) -> None:
    """As after a crash: the rows are in the log alone, and the file itself is damaged."""
    journal = open_journal()
    for _ in range(3):
        append(journal, 10, PADDING)
    crashed = tmp_path / "crashed"
    shutil.copytree(directory, crashed, ignore=shutil.ignore_patterns("*-shm"))
    log_size = (crashed / f"{FIRST}-wal").stat().st_size
    truncate(FIRST, 0)(crashed)
    with open_journal(crashed) as again:
        (found,) = again.damage
        assert found.kept_as == crashed / f"{FIRST}.damaged"
        assert (crashed / f"{FIRST}.damaged-wal").stat().st_size == log_size
        assert append(again, 1).first == SPAN + 1


@pytest.mark.usefixtures("three_segments")
def test_two_segments_with_the_same_positions_are_not_written_to(directory: Path, open_journal: OpenJournal) -> None:
    execute(MIDDLE, "UPDATE batch SET first = 61 WHERE first = 51")(directory)
    with pytest.raises(JournalError, match=f"{LAST} starts with a position that .*{MIDDLE} holds as well"):
        open_journal()


@pytest.mark.usefixtures("three_segments")
def test_a_reader_alone_goes_round_damage_and_says_what_it_could_not_give(directory: Path) -> None:
    overwrite(MIDDLE, 4096, bytes(3 * 4096))(directory)
    batches, (gap,) = read_all(directory)
    assert numbered(batches, PADDING) == WITHOUT_MIDDLE
    assert (gap.first, gap.last, gap.messages, gap.reason) == (31, 60, 30, GapReason.DAMAGED)
    assert gap.detail.startswith(f"{MIDDLE}: ")


@pytest.mark.usefixtures("three_segments")
def test_a_reader_can_t_go_round_damage_of_the_last_segment_until_it_was_set_aside(
    directory: Path, open_journal: OpenJournal
) -> None:
    overwrite(LAST, 0, b"garbage!" * 16)(directory)
    with JournalReader.open(directory) as reader:
        assert len(reader.read(30)) == 3
        with pytest.raises(JournalError, match=f"{LAST}: damaged: file is not a database"):
            reader.read(60)
        journal = open_journal()
        append(journal, 2)
        assert [batch.first for batch in reader.read(60)] == [SPAN + 1]
        assert [(gap.first, gap.last, gap.reason) for gap in reader.gaps] == [(61, SPAN, GapReason.DAMAGED)]


@pytest.mark.usefixtures("three_segments")
def test_a_gap_is_told_once_however_often_it_is_read_over(directory: Path) -> None:
    lose(MIDDLE)(directory)
    with JournalReader.open(directory) as reader:
        for _ in range(3):
            assert reader.read(30)[0].first == 61
        assert len(reader.gaps) == 1
