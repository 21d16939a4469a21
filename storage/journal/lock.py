"""The lock of a directory that has one writer.

`flock` on a file of its own: it falls with the process, however that ends, and it never touches the files of SQLite,
whose POSIX locks a stray open and close in the same process would drop.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING, Self

from hydro.errors import AlreadyRunning, JournalError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DirectoryLock"]

_NAME = "lock"
_PID_BYTES = 32


class DirectoryLock:
    """Held from `take` until `release`, or until the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, directory: Path) -> Self:
        """Take the lock of a directory.

        Raises:
            AlreadyRunning: Another process, or another part of this one, holds it.
            JournalError: The lock file can't be opened.
        """
        path = directory / _NAME
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise JournalError(f"{path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, _PID_BYTES).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise AlreadyRunning(f"{directory} is being written by process {holder}") from error
        except OSError as error:
            os.close(descriptor)
            raise JournalError(f"{path}: can't be locked: {error.strerror}") from error
        lock = cls(descriptor)
        lock._note_holder()
        return lock

    def _note_holder(self) -> None:
        """Say who holds it; the file keeps its length, so that a full disk takes it as well."""
        with contextlib.suppress(OSError):  # a full disk: it is held all the same, only nobody learns by whom
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode("ascii").ljust(_PID_BYTES), 0)

    def release(self) -> None:
        """Give it back. The file stays: removing it would race with one who is just taking it."""
        os.close(self._descriptor)
