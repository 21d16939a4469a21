"""Dead letters: nothing twice, the oldest go at either bound, and a full disk is a state that passes."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from hydro.errors import FormatVersionError, StateError
from storage.dead_letters import DeadLetterFile, StoredDeadLetter
from tests.storage.small_files import no_file_beyond

if TYPE_CHECKING:
    from pathlib import Path


def letter(position: int, size: int = 10, reason: str = "bad_json") -> StoredDeadLetter:
    return StoredDeadLetter(position, "message", reason, 0, "w/g1/up/json", bytes(size), 1, "detail")


def positions(file: DeadLetterFile) -> list[int]:
    return [found.position for found in file.newest(1_000_000)]


def test_the_same_ones_again_change_nothing_and_push_nothing_out(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "letters", most=10)
    for _ in range(5):
        file.add(letter(position) for position in range(1, 11))
    assert (positions(file), file.dropped) == (list(range(10, 0, -1)), 0)
    file.close()


def test_beyond_the_number_the_oldest_go_and_are_counted(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "letters", most=500)
    for position in range(1, 1001):
        file.add([letter(position)])
    kept = positions(file)
    assert kept == list(range(1000, 1000 - len(kept), -1))
    assert 500 - 500 // 100 <= len(kept) <= 500
    assert file.dropped == 1000 - len(kept)
    file.close()


@pytest.mark.parametrize("size", [100, 5_000, 100_000])
def test_beyond_the_bytes_the_oldest_go_and_the_file_stays_within_them(tmp_path: Path, size: int) -> None:
    """The file may exceed the bound by what one call adds, since room is made after that."""
    path, bound, count = tmp_path / "letters", 2_000_000, 6_000_000 // size
    file = DeadLetterFile(path, most_bytes=bound)
    step = max(100_000 // size, 1)
    for first in range(1, count + 1, step):
        file.add(letter(position, size) for position in range(first, min(first + step, count + 1)))
    kept = positions(file)
    assert kept == list(range(count, count - len(kept), -1))
    assert file.dropped == count - len(kept)
    assert len(kept) * size > bound // 4
    file.close()
    assert path.stat().st_size < bound + 2 * step * (size + 8192)


def test_one_that_is_larger_than_the_bound_is_counted_as_dropped(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "letters", most_bytes=100_000)
    file.add([letter(1), letter(2, 200_000)])
    assert (positions(file), file.dropped) == ([], 2)
    file.add([letter(3)])
    assert positions(file) == [3]
    file.close()


def test_a_file_of_before_is_bounded_as_well(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "letters")
    file.add(letter(position) for position in range(1, 201))
    file.close()
    file = DeadLetterFile(tmp_path / "letters", most=100)
    file.add([letter(201)])
    assert positions(file) == list(range(201, 102, -1))
    assert file.dropped == 102
    file.close()


def test_a_full_disk_keeps_what_there_was_and_the_same_may_be_added_again(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "letters")
    file.add([letter(1)])
    with no_file_beyond(200_000):
        for _ in range(2):
            with pytest.raises(StateError, match="letters: can't write dead letters: ") as caught:
                file.add([letter(2, 1_000_000)])
            assert caught.value.retryable
            assert positions(file) == [1]
    file.add([letter(2, 1_000_000)])
    assert (positions(file), file.dropped) == ([2, 1], 0)
    file.close()


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "letters")
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(FormatVersionError):
        DeadLetterFile(tmp_path / "letters")
