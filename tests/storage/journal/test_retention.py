"""Retention: whole segments, oldest first, and nothing that a reader still needs unless told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from hydro.instants import HOUR_MS
from storage.journal import JournalReader, Retention, SegmentInfo, SizedSegment, set_mark
from storage.journal.retention import plan_retention
from tests.storage.journal.conftest import START
from tests.storage.journal.messages import append, numbered, read_all

if TYPE_CHECKING:
    from tests.storage.journal.conftest import Clock, OpenJournal

# Four segments of ten messages, appended at hours 0, 1, 2 and 3, 100 bytes each; the last one is being written to.
SEGMENTS: Final = [SizedSegment(SegmentInfo(Path(f"{n}"), 10 * n + 1, 10 * n + 10, n * HOUR_MS), 100) for n in range(4)]
ALL: Final = 10**9


def summary(plan: Retention) -> tuple[list[str], list[tuple[str, tuple[str, ...]]]]:
    return (
        [segment.info.path.name for segment in plan.deleted],
        [(held.segment.info.path.name, held.readers) for held in plan.held],
    )


@pytest.mark.parametrize(
    ("keep_from", "max_bytes", "marks", "force", "expected"),
    [
        pytest.param(0, ALL, {}, False, ([], []), id="young and small"),
        pytest.param(1, ALL, {}, False, (["0"], []), id="one too old"),
        pytest.param(HOUR_MS, ALL, {}, False, (["0"], []), id="as old as allowed stays"),
        pytest.param(HOUR_MS + 1, ALL, {}, False, (["0", "1"], []), id="two too old"),
        pytest.param(9 * HOUR_MS, ALL, {}, False, (["0", "1", "2"], []), id="never the last one, however old"),
        pytest.param(0, 400, {}, False, ([], []), id="as large as allowed"),
        pytest.param(0, 399, {}, False, (["0"], []), id="a byte too large"),
        pytest.param(0, 0, {}, False, (["0", "1", "2"], []), id="never the last one, however large"),
        pytest.param(1, 250, {}, False, (["0", "1"], []), id="age and size together"),
        pytest.param(0, 0, {"a": 10, "b": 30}, False, (["0"], [("1", ("a",)), ("2", ("a",))]), id="done with one"),
        pytest.param(
            0, 0, {"a": 9}, False, ([], [("0", ("a",)), ("1", ("a",)), ("2", ("a",))]), id="one message short"
        ),
        pytest.param(1, ALL, {"b": 0, "a": 5}, False, ([], [("0", ("a", "b"))]), id="held by two"),
        pytest.param(1, ALL, {"a": 0}, True, (["0"], []), id="told to"),
    ],
)
def test_what_goes_and_what_is_held_back(
    keep_from: int,
    max_bytes: int,
    marks: dict[str, int],
    force: bool,  # noqa: FBT001  # a column of the table
    expected: tuple[list[str], list[tuple[str, tuple[str, ...]]]],
) -> None:
    plan = plan_retention(SEGMENTS, marks, keep_from=keep_from, max_bytes=max_bytes, force=force)
    assert summary(plan) == expected


def test_segments_are_unlinked_and_the_rest_is_read_on(
    open_journal: OpenJournal, directory: Path, clock: Clock
) -> None:
    journal = open_journal(keep_days=1 / 24)
    for _ in range(4):
        append(journal, 10)
        clock.now += HOUR_MS
    set_mark(directory, "rules", 10)
    plan = journal.enforce_retention(clock.now)
    assert [segment.info.first for segment in plan.deleted] == [1]
    assert [(held.segment.info.first, held.readers) for held in plan.held] == [(11, ("rules",)), (21, ("rules",))]
    assert journal.first_position == 11
    batches, gaps = read_all(directory)
    assert numbered(batches) == list(range(11, 41))
    assert [(gap.first, gap.last, gap.messages, gap.reason) for gap in gaps] == [(1, 10, 10, "expired")]

    assert len(journal.enforce_retention(clock.now, force=True).deleted) == 2
    journal.close()
    journal = open_journal()
    assert append(journal, 1).first == 41
    assert sorted(path.name for path in directory.glob("*.sqlite")) == [
        "0000000000000031.sqlite",
        "0000000000000041.sqlite",
    ]


def test_a_journal_that_is_never_written_to_again_keeps_its_numbering(
    open_journal: OpenJournal, directory: Path, clock: Clock
) -> None:
    journal = open_journal(keep_days=0)
    append(journal, 10)
    clock.now += 2 * HOUR_MS
    assert journal.enforce_retention(clock.now).deleted == ()
    append(journal, 1)
    assert len(journal.enforce_retention(clock.now).deleted) == 1
    assert append(journal, 1).first == 12
    assert numbered(read_all(directory)[0]) == [11, 12]


def test_a_reader_reads_on_in_a_segment_that_was_unlinked_under_it(
    open_journal: OpenJournal, directory: Path, clock: Clock
) -> None:
    journal = open_journal(keep_days=0)
    for _ in range(3):
        append(journal, 10)
    with JournalReader.open(directory) as reader:
        (first,) = reader.read(0, limit=10)
        for _ in range(3):
            clock.now += HOUR_MS
            append(journal, 10)
        assert len(journal.enforce_retention(clock.now, force=True).deleted) == 3
        batches = reader.read(first.last)
        assert numbered(batches) == list(range(11, 31))
        # The segments after it were never open: they are gone, and that is said.
        assert numbered(reader.read(30)) == list(range(51, 61))
        assert [(gap.first, gap.last, gap.reason) for gap in reader.gaps] == [(31, 50, "expired")]


def test_the_size_is_that_of_the_segments(open_journal: OpenJournal, directory: Path, clock: Clock) -> None:
    journal = open_journal(reserve_bytes=1_000_000)
    assert journal.size > 0
    append(journal, 10)
    clock.now = START + HOUR_MS
    append(journal, 10)
    assert journal.size == sum(
        path.stat().st_size for path in directory.glob("*.sqlite*") if not path.name.endswith("-shm")
    )
