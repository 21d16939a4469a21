"""Low-water marks: one per reader, replaced whole, never in the way of anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hydro.errors import FormatVersionError, JournalError
from storage.journal import marks, remove_mark, set_mark

if TYPE_CHECKING:
    from pathlib import Path


def test_each_reader_has_its_own_mark(tmp_path: Path) -> None:
    assert marks(tmp_path) == {}
    set_mark(tmp_path, "rules", 5)
    set_mark(tmp_path, "influxdb-1", 0)
    set_mark(tmp_path, "rules", 7)
    assert marks(tmp_path) == {"influxdb-1": 0, "rules": 7}
    set_mark(tmp_path, "rules", 3)
    assert marks(tmp_path) == {"influxdb-1": 0, "rules": 3}
    remove_mark(tmp_path, "influxdb-1")
    remove_mark(tmp_path, "influxdb-1")
    assert marks(tmp_path) == {"rules": 3}


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"version":1,"position":"x"}', b"\xff"])
def test_a_mark_that_can_t_be_read_holds_everything_back_until_it_is_set_again(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "rules.mark").write_bytes(text)
    assert marks(tmp_path) == {"rules": 0}
    set_mark(tmp_path, "rules", 9)
    assert marks(tmp_path) == {"rules": 9}


def test_a_mark_of_another_version_is_not_guessed_at(tmp_path: Path) -> None:
    path = tmp_path / "rules.mark"
    path.write_bytes(b'{"version":2,"where":"elsewhere"}')
    with pytest.raises(FormatVersionError) as error:
        marks(tmp_path)
    assert (error.value.path, error.value.found, error.value.supported) == (str(path), 2, 1)


def test_an_interrupted_replacement_leaves_the_mark_before(tmp_path: Path) -> None:
    set_mark(tmp_path, "rules", 5)
    (tmp_path / "rules.mark.new").write_bytes(b'{"vers')
    assert marks(tmp_path) == {"rules": 5}
    set_mark(tmp_path, "rules", 6)
    assert [path.name for path in tmp_path.iterdir()] == ["rules.mark"]


@pytest.mark.parametrize("name", ["", "a/b", "..", "A", "a.b", "-a", "x" * 65])
def test_a_reader_s_name_is_a_word(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name of a reader"):
        set_mark(tmp_path, name, 1)


def test_positions_are_not_negative(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="position -1"):
        set_mark(tmp_path, "rules", -1)


def test_without_a_directory_there_is_no_mark(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"rules\.mark: No such file"):
        set_mark(tmp_path / "elsewhere", "rules", 1)
