"""Pictures and texts of devices as files: evidence that no column holds.

``STATION/2026-03-02/20260302T080500_POSITION.jpg``, by the day and time (in the zone of the settings) at which they
were taken; ``POSITION_2`` is the second of that kind and minute in one message. A file is written whole before the
reader's position is saved, under a name that follows from the message; reading the journal again after a crash writes
the same files again.

The folder is bounded: beyond that the oldest days of all stations go, which is counted.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from typing import TYPE_CHECKING, Final

from hydro.errors import StateError
from hydro.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ingest.decode import Attachment

__all__ = ["AttachmentFolder"]

_MOST_BYTES: Final = 20_000_000_000
_KEPT_SHARE: Final = 0.9


class AttachmentFolder:
    """Keeps what devices sent besides numbers.

    Args:
        path: The folder; made with the first file.
        zone_minutes: Zone of days and times in names.
        most_bytes: Bound of the folder.

    Attributes:
        kept: Files written since the start.
        dropped: Files that the bound pushed out since the start.
    """

    def __init__(self, path: Path, zone_minutes: int, *, most_bytes: int = _MOST_BYTES) -> None:
        self._path = path
        self._zone = zone_minutes
        self._most = most_bytes
        self._size: int | None = None
        self.kept = 0
        self.dropped = 0

    def path_of(self, attachment: Attachment, place: int = 1) -> Path:
        """Where the file of an attachment lies.

        Args:
            attachment: The picture or text.
            place: Which it is of its message's that have the same station, time and kind.
        """
        moment = format_instant(attachment.event_time, self._zone)
        number = f"{attachment.position}" if place == 1 else f"{attachment.position}_{place}"
        name = f"{moment[:19].replace('-', '').replace(':', '')}_{number}.{attachment.kind}"
        return self._path / _folder_name(attachment.station) / moment[:10] / name

    def keep(self, attachments: Iterable[Attachment]) -> None:
        """Write files, durably.

        Args:
            attachments: All of each message.

        Raises:
            StateError: The disk is full, or can't be written; may be tried again.
        """
        places: Counter[Path] = Counter()
        for attachment in attachments:
            alike = self.path_of(attachment)
            places[alike] += 1
            path = self.path_of(attachment, places[alike])
            try:
                if not path.exists():
                    path.parent.mkdir(parents=True, exist_ok=True)
                    _write(path, attachment.data)
                    self.kept += 1
                    self._make_room(len(attachment.data))
            except OSError as error:
                raise StateError(f"{path}: can't keep an attachment: {error.strerror}") from error

    def _make_room(self, added: int) -> None:
        self._size = _size(self._path) if self._size is None else self._size + added
        if self._size <= self._most:
            return
        for day in sorted(self._path.glob("*/*"), key=lambda folder: folder.name):
            if self._size <= self._most * _KEPT_SHARE:
                return
            self.dropped += sum(1 for _ in day.iterdir())
            self._size -= _size(day)
            shutil.rmtree(day)


def _folder_name(station: str) -> str:
    """A station code as one name: codes are people's text, and a path is none."""
    plain = "".join(sign if sign.isalnum() or sign in "_-" else f"%{ord(sign):02X}" for sign in station)
    return plain or "%"


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, and durable."""
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
