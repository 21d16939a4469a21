"""Where evidence lies: a recorded stream for each copying, never changed, and a manifest for each alert.

::

    alerts/2026-03/ID-1.ndjson.zst     messages, for the raising
    alerts/2026-03/ID-2.ndjson.zst     the same for the end, or for a verdict that was rewritten
    alerts/2026-03/ID.json             what they are: the alert as it was then, windows, sizes, SHA-256

by the month of the raising, in the zone of the settings. Streams of one alert, one after the other, are one stream.
Everything is on the disk before the ledger names it. After a crash in between the same files are written again.

The folder is bounded: beyond that the oldest months go, never the newest one, which is counted. Where the disk has
little room, nothing is written, since the journal needs it more.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from hydro.errors import StateError, WatermasterError
from hydro.instants import format_instant
from storage.recorded import RecordedWriter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from storage.message import RawMessage

__all__ = ["ALERTS", "EvidenceFolder", "Written"]

ALERTS: Final = "alerts"
"""Folder of this below that of all evidence."""

_MOST_BYTES: Final = 20_000_000_000
_KEPT_SHARE: Final = 0.9
_LEAST_FREE: Final = 256 * 1024 * 1024
_PIECE_BYTES: Final = 1024 * 1024


class Written(NamedTuple):
    """A file that is on the disk.

    Attributes:
        size: Bytes.
        sha256: Of them.
    """

    size: int
    sha256: str


class EvidenceFolder:
    """Keeps copies of messages.

    Args:
        path: Of all evidence; made with the first file.
        zone_minutes: Zone of the months in names.
        most_bytes: Bound of what lies in `alerts/`.
        least_free: Bytes that must be free on the disk.

    Attributes:
        path: The same.
        dropped: Files that the bound pushed out since the start.
    """

    def __init__(
        self, path: Path, zone_minutes: int, *, most_bytes: int = _MOST_BYTES, least_free: int = _LEAST_FREE
    ) -> None:
        self.path = path
        self.dropped = 0
        self._zone = zone_minutes
        self._most = most_bytes
        self._least_free = least_free
        self._size: int | None = None

    def home(self, raised_at: int) -> str:
        """Folder, below this one, for an alert that has none yet.

        Args:
            raised_at: Epoch milliseconds.
        """
        return f"{ALERTS}/{format_instant(raised_at, self._zone)[:7]}"

    def write(self, home: str, name: str, messages: Iterable[RawMessage]) -> Written:
        """Write one copying; the same messages give the same bytes.

        Args:
            home: See there.
            name: Ends in ``.ndjson.zst``.
            messages: In the order of the journal.

        Raises:
            StateError: The disk is full, or can't be written; may be tried again.
        """
        path = self.path / home / name
        growing = path.with_name(f"part.{name}")
        try:
            self._verify_room()
            path.parent.mkdir(parents=True, exist_ok=True)
            with RecordedWriter(growing) as stream:
                for message in messages:
                    stream.write(message)
            size, digest = _settled(growing)
            growing.replace(path)
        except OSError as error:
            growing.unlink(missing_ok=True)
            raise StateError(f"{path}: can't keep evidence: {error.strerror}") from error
        except StateError:
            raise
        except WatermasterError as error:
            growing.unlink(missing_ok=True)
            raise StateError(f"can't keep evidence: {error}") from error
        self._make_room(size, path.parent)
        return Written(size, digest)

    def write_manifest(self, home: str, alert_id: str, content: dict[str, Any]) -> None:
        """Say what the files of an alert are.

        Raises:
            StateError: The disk is full, or can't be written; may be tried again.
        """
        path = self.path / home / f"{alert_id}.json"
        growing = path.with_suffix(".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            growing.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
            _settled(growing)
            growing.replace(path)
        except OSError as error:
            growing.unlink(missing_ok=True)
            raise StateError(f"{path}: can't keep evidence: {error.strerror}") from error

    def settle(self, homes: Iterable[str]) -> None:
        """Make the names of files durable.

        Raises:
            StateError: The disk can't be written; may be tried again.
        """
        try:
            # From the top, so that nothing lies in a folder that a crash takes away.
            for folder in (self.path.parent, self.path, self.path / ALERTS, *(self.path / home for home in homes)):
                if folder.is_dir():
                    _sync(folder)
        except OSError as error:
            raise StateError(f"{self.path}: can't keep evidence: {error.strerror}") from error

    def _verify_room(self) -> None:
        place = next(path for path in (self.path, *self.path.parents) if path.is_dir())
        free = shutil.disk_usage(place).free
        if free < self._least_free:
            raise StateError(
                f"{self.path}: {free // 1_000_000} MB are free on the disk, evidence is kept from "
                f"{self._least_free // 1_000_000} MB on"
            )

    def _make_room(self, added: int, newest: Path) -> None:
        folder = self.path / ALERTS
        self._size = _size(folder) if self._size is None else self._size + added
        if self._size <= self._most:
            return
        for month in sorted(path for path in folder.iterdir() if path.is_dir())[:-1]:
            if self._size <= self._most * _KEPT_SHARE:
                return
            if month != newest:
                self.dropped += sum(1 for _ in month.glob("*.ndjson.zst"))
                self._size -= _size(month)
                shutil.rmtree(month)


def _settled(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file, after it is on the disk."""
    size, digest = 0, hashlib.sha256()
    with path.open("rb") as file:
        os.fsync(file.fileno())
        while piece := file.read(_PIECE_BYTES):
            size += len(piece)
            digest.update(piece)
    return size, digest.hexdigest()


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
