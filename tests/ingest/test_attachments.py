"""Pictures and texts of devices become files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hydro.errors import StateError
from hydro.instants import DAY_MS, parse_instant
from ingest.attachments import AttachmentFolder
from ingest.codecs.readings import AttachmentKind
from ingest.decode import Attachment

if TYPE_CHECKING:
    from pathlib import Path

NOON = parse_instant("2026-03-02T12:00:00", 480)


def picture(position: int, data: bytes = b"jpeg", *, station: str = "A1", at: int = NOON) -> Attachment:
    return Attachment(position, station, at, AttachmentKind.PICTURE, data)


def files(folder: Path) -> dict[str, bytes]:
    """All files by their path."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_file_is_found_by_station_day_and_time_of_the_zone(tmp_path: Path) -> None:
    AttachmentFolder(tmp_path, 480).keep([picture(7)])
    assert files(tmp_path) == {"A1/2026-03-02/20260302T120000_7.jpg": b"jpeg"}


def test_reading_the_journal_again_changes_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        AttachmentFolder(tmp_path, 480).keep([picture(7), picture(8, b"other")])
    assert len(files(tmp_path)) == 2


def test_two_pictures_of_one_minute_in_one_message_are_two_files(tmp_path: Path) -> None:
    for _ in range(2):
        AttachmentFolder(tmp_path, 480).keep([picture(7), picture(7, b"second"), picture(7, station="B")])
    assert files(tmp_path) == {
        "A1/2026-03-02/20260302T120000_7.jpg": b"jpeg",
        "A1/2026-03-02/20260302T120000_7_2.jpg": b"second",
        "B/2026-03-02/20260302T120000_7.jpg": b"jpeg",
    }


@pytest.mark.parametrize("station", ["../../up", "a/b", ".", "a\0b", "水"])
def test_no_station_code_leaves_the_folder(tmp_path: Path, station: str) -> None:
    folder = tmp_path / "attachments"
    AttachmentFolder(folder, 480).keep([picture(7, station=station)])
    (found,) = files(folder).values()
    assert found == b"jpeg"
    assert [path.name for path in tmp_path.iterdir()] == ["attachments"]


def test_beyond_the_bound_the_oldest_days_go_and_are_counted(tmp_path: Path) -> None:
    folder = AttachmentFolder(tmp_path, 480, most_bytes=1_000)
    folder.keep(picture(n, bytes(100), at=NOON + n * DAY_MS) for n in range(11))
    kept = sorted(files(tmp_path))
    assert (folder.kept, folder.dropped) == (11, 2)
    assert kept[0].startswith("A1/2026-03-04/")
    assert len(kept) == 9


def test_a_folder_that_can_not_be_written_is_a_state_that_passes(tmp_path: Path) -> None:
    (tmp_path / "attachments").write_text("in the way")
    with pytest.raises(StateError, match="can't keep an attachment") as caught:
        AttachmentFolder(tmp_path / "attachments", 480).keep([picture(7)])
    assert caught.value.retryable
