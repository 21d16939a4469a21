"""Room set aside for bad times: a file of real blocks that is given up when the disk is full.

In a full WAL database neither DELETE nor a checkpoint works; with these blocks given back, a checkpoint, the marks of
readers and retention have room to work in.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from storage.journal.directory import sync_directory

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Reserve"]

_PIECE_BYTES: Final = 1024 * 1024


class Reserve:
    """The reserve file of one journal.

    Args:
        directory: Where the file lies.
        size: Its size in bytes.
    """

    def __init__(self, directory: Path, size: int) -> None:
        self._path = directory / "reserve"
        self._size = size

    def make(self) -> bool:
        """Have the reserve; whether there was room for it.

        Twice its size must be free before it is made again: one that just fitted would go with the next append.
        """
        try:
            if self._path.stat().st_size == self._size:
                return True
        except FileNotFoundError:
            pass  # the usual case here: it was given up
        growing = self._path.with_name("reserve.new")
        try:
            room = os.statvfs(self._path.parent)
            if room.f_bavail * room.f_frsize < 2 * self._size:
                return False
            with growing.open("wb") as file:
                # Random bytes: a file system that compresses, or keeps zeros as holes, would set nothing aside.
                piece = os.urandom(min(_PIECE_BYTES, self._size))
                for start in range(0, self._size, _PIECE_BYTES):
                    file.write(piece[: self._size - start])
                file.flush()
                os.fsync(file.fileno())
            growing.replace(self._path)
            sync_directory(self._path.parent)
        except OSError:
            # No room, which is all that the caller asks; the next append finds out what else may be wrong.
            growing.unlink(missing_ok=True)
            return False
        return True

    def give_up(self) -> None:
        """Give the blocks back."""
        self._path.unlink(missing_ok=True)
