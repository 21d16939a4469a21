"""What the files of a journal directory are called, and what their names say.

::

    0000000000000001.sqlite             a segment, named by the position of its first message
    0000000000000001.sqlite-wal, -shm   SQLite's own, beside a segment that is, or was not properly, being written
    0000000000000001.sqlite.new         a segment that is being made; it counts for nothing
    0000000000000001.sqlite.damaged     a segment set aside as it was found (again: .damaged2 …); never deleted by us
    rules.mark                          the low-water mark of the reader `rules`
    lock, reserve                       see lock.py, reserve.py
"""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "MAX_SEGMENT_MESSAGES",
    "NO_ROOM",
    "Listing",
    "kept_path",
    "list_directory",
    "next_span",
    "segment_path",
    "shm_path",
    "starts_span",
    "sync_directory",
    "wal_path",
    "wal_size",
]

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when a disk, a quota or the limit of a file's size is full."""

MAX_SEGMENT_MESSAGES: Final = 1_000_000_000
"""No segment begins a row beyond that many messages. Where one is damaged and nobody can say how far it went, numbering
goes on after a multiple of ten times as many, so that a position is never given twice."""

_SPAN: Final = 10 * MAX_SEGMENT_MESSAGES

_SEGMENT: Final = re.compile(r"(\d{16})\.sqlite(\.new|\.damaged\d*)?(-wal|-shm)?")


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a directory by kind, as seen at one moment.

    Attributes:
        segments: First positions of the segments, ascending.
        damaged: First positions of those that lie set aside, ascending, each once.
        unfinished: Files of segments that were being made.
        orphans: SQLite's side files whose segment is not there.
    """

    segments: tuple[int, ...]
    damaged: tuple[int, ...]
    unfinished: tuple[Path, ...]
    orphans: tuple[Path, ...]


def list_directory(directory: Path) -> Listing:
    """Look at a directory.

    Raises:
        OSError: It can't be listed.
    """
    segments: list[int] = []
    damaged: set[int] = set()
    unfinished: list[Path] = []
    sides: list[tuple[int, str]] = []
    for name in os.listdir(directory):  # noqa: PTH208  # names are all that is needed, many times a second
        found = _SEGMENT.fullmatch(name)
        if found is None:
            continue
        first, kind, side = int(found[1]), found[2], found[3]
        if kind is None and side is None:
            segments.append(first)
        elif kind is None:
            sides.append((first, name))
        elif kind == ".new":
            unfinished.append(directory / name)
        else:
            damaged.add(first)
    whole = set(segments)
    return Listing(
        segments=tuple(sorted(segments)),
        damaged=tuple(sorted(damaged)),
        unfinished=tuple(sorted(unfinished)),
        orphans=tuple(directory / name for first, name in sorted(sides) if first not in whole),
    )


def segment_path(directory: Path, first: int) -> Path:
    """Where the segment lies whose first message has this position."""
    return directory / f"{first:016d}.sqlite"


def wal_path(segment: Path) -> Path:
    """SQLite's write-ahead log of a segment."""
    return segment.with_name(segment.name + "-wal")


def shm_path(segment: Path) -> Path:
    """SQLite's index of that log, shared by processes."""
    return segment.with_name(segment.name + "-shm")


def wal_size(segment: Path) -> int:
    """Bytes in the write-ahead log; 0 where there is none."""
    try:
        return wal_path(segment).stat().st_size
    except FileNotFoundError:
        return 0


def kept_path(segment: Path) -> Path:
    """A free name under which a damaged segment is kept; SQLite finds a log kept beside it by the same suffix."""
    kept = segment.with_name(segment.name + ".damaged")
    number = 1
    while kept.exists() or wal_path(kept).exists():
        number += 1
        kept = segment.with_name(f"{segment.name}.damaged{number}")
    return kept


def next_span(position: int) -> int:
    """A position which no segment that starts at or below the given one can have reached.

    >>> next_span(1), next_span(10_000_000_001)
    (10000000001, 20000000001)
    """
    return ((position + 2 * MAX_SEGMENT_MESSAGES) // _SPAN + 1) * _SPAN + 1


def starts_span(first: int) -> bool:
    """Whether a segment starts where numbering goes on after a damage."""
    return first > 1 and first % _SPAN == 1


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable.

    Raises:
        OSError: The disk refuses.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
