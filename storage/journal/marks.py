"""Low-water marks: up to which position each reader is done, so that retention knows what may go.

A file per reader, `rules.mark`, replaced atomically by that reader alone: nobody waits for anybody. A mark is no
cursor: the cursor is committed with a reader's effect, the mark follows it at leisure and may lag. Hence a mark that
can't be read counts as 0 (it holds everything back, and retention says who does) and the reader's next mark mends it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

import msgspec

from hydro.errors import FormatVersionError, JournalError, JournalFull
from storage.journal.directory import NO_ROOM

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["marks", "remove_mark", "set_mark"]

FORMAT_VERSION: Final = 1

_SUFFIX: Final = ".mark"
_READER: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class _Mark(msgspec.Struct, frozen=True):
    version: int
    position: int = 0


def set_mark(path: Path, reader: str, position: int) -> None:
    """Say that a reader needs nothing at or below a position any more; from the first mark on it is registered.

    Args:
        path: The journal's directory.
        reader: Lower-case letters, digits, `-` and `_`.
        position: 0 to need everything; may be lower than the mark before.

    Raises:
        JournalFull: No room; the mark before stands.
        JournalError: It can't be written for another reason.
    """
    if position < 0:
        raise ValueError(f"mark of {reader} at position {position}")
    target = _mark_path(path, reader)
    growing = target.with_name(target.name + ".new")
    try:
        with growing.open("wb") as file:
            file.write(msgspec.json.encode(_Mark(FORMAT_VERSION, position)))
            file.flush()
            os.fsync(file.fileno())
        growing.replace(target)
    except OSError as error:
        growing.unlink(missing_ok=True)
        if error.errno in NO_ROOM:
            raise JournalFull(f"{target}: no room for the mark of {reader}") from error
        raise JournalError(f"{target}: {error.strerror}") from error


def remove_mark(path: Path, reader: str) -> None:
    """Forget a reader: nothing is held back for it any more."""
    _mark_path(path, reader).unlink(missing_ok=True)


def marks(path: Path) -> dict[str, int]:
    """The mark of every registered reader; 0 for one whose file can't be read.

    Raises:
        FormatVersionError: Another version wrote a mark.
        JournalError: The directory can't be read.
    """
    found: dict[str, int] = {}
    try:
        for file in sorted(path.glob(f"*{_SUFFIX}")):
            try:
                mark = msgspec.json.decode(file.read_bytes(), type=_Mark)
            except FileNotFoundError:
                continue  # removed since it was listed
            except msgspec.MsgspecError:
                found[file.stem] = 0
                continue
            if mark.version != FORMAT_VERSION:
                raise FormatVersionError(str(file), mark.version, FORMAT_VERSION)
            found[file.stem] = mark.position
    except OSError as error:
        raise JournalError(f"{path}: marks can't be read: {error.strerror}") from error
    return found


def _mark_path(path: Path, reader: str) -> Path:
    if not _READER.fullmatch(reader):
        raise ValueError(f"{reader!r} is no name of a reader")
    return path / f"{reader}{_SUFFIX}"
