"""The segments that a reader has open: few, and each in the way that fits."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from storage.journal.directory import segment_path
from storage.journal.segment import open_for_reading, verify_format

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

__all__ = ["SegmentGoneError", "SegmentHandles"]

_KEPT_OPEN: Final = 2


class SegmentGoneError(Exception):
    """A segment was deleted since the directory was listed; never leaves the package."""


@dataclass(frozen=True, slots=True)
class _Handle:
    connection: sqlite3.Connection
    opened_as_last: bool


class SegmentHandles:
    """Read-only connections to the segments of a directory, opened when asked for, the longest unused one closed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._handles: OrderedDict[int, _Handle] = OrderedDict()

    def connection(self, first: int, *, is_last: bool) -> sqlite3.Connection:
        """The connection to a segment.

        Args:
            first: Position with which the segment starts.
            is_last: No later segment is known.

        Raises:
            FormatVersionError: Another version wrote it.
            SegmentDamagedError: It is something else.
            sqlite3.Error: It can't be opened.
        """
        handle = self._handles.get(first)
        if handle is not None and is_last and not handle.opened_as_last:
            # The segment after it was taken back (its making failed half-way): this one is written to again.
            self.drop(first)
            handle = None
        if handle is None:
            handle = self._open(first, is_last=is_last)
            while len(self._handles) >= _KEPT_OPEN:
                self._handles.popitem(last=False)[1].connection.close()
            self._handles[first] = handle
        else:
            self._handles.move_to_end(first)
        return handle.connection

    def drop(self, first: int) -> None:
        """Close a segment, if it is open."""
        handle = self._handles.pop(first, None)
        if handle is not None:
            handle.connection.close()

    def close(self) -> None:
        """Close all."""
        for first in list(self._handles):
            self.drop(first)

    def _open(self, first: int, *, is_last: bool) -> _Handle:
        path = segment_path(self._directory, first)
        connection = open_for_reading(path, is_last=is_last)
        try:
            verify_format(connection, path, first)
        except BaseException:
            connection.close()
            raise
        return _Handle(connection, is_last)
