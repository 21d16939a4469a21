"""The journal in a backup: whole segments, from the first that a reader needs to the last."""

from __future__ import annotations

import os
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from hydro.errors import WatermasterError
from storage.journal.directory import list_directory, segment_path, wal_size
from watermaster.backup import members
from watermaster.backup.sqlite_snapshot import SqliteSnapshot

if TYPE_CHECKING:
    from pathlib import Path

    from watermaster.backup.archive import ArchiveWriter

__all__ = ["JournalCopy"]

_LAST: Final = "SELECT first + count - 1 FROM batch ORDER BY first DESC LIMIT 1"


class JournalCopy:
    """Looks at a journal before anything else is copied, and copies it after everything else.

    Args:
        path: The journal's directory.

    Attributes:
        left_out: What is not copied, for people.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._oldest = min(self._segments(), default=1)
        self.left_out: list[str] = []

    def _segments(self) -> tuple[int, ...]:
        if not self._path.is_dir():
            return ()
        try:
            return list_directory(self._path).segments
        except OSError as error:
            raise WatermasterError(f"{self._path}: {error.strerror}") from error

    def add(self, archive: ArchiveWriter, work: Path, *, needed_after: int, reached: int) -> tuple[int, int]:
        """Copy segments.

        Args:
            archive: Where to.
            work: Room for a copy that is on its way.
            needed_after: Position behind which every message is needed.
            reached: Greatest position that a reader has; read before this call.

        Returns:
            Position of the first message copied and of the last; (1, 0) where there is no journal yet.

        Raises:
            WatermasterError: It is damaged, has lost its end, or its beginning meanwhile.
        """
        firsts = self._segments()
        if not firsts:
            if reached:
                raise WatermasterError(f"{self._path}: holds nothing, but was read to position {reached}")
            return 1, 0
        chosen = firsts[max(bisect_right(firsts, needed_after + 1) - 1, 0) :]
        end = 0
        for first in chosen:
            end = self._add_segment(archive, work, first, is_last=first == firsts[-1]) or end
        # Retention may have deleted what is needed, after a reader had gone on behind the state that was copied.
        if self._oldest < chosen[0] and chosen[0] > needed_after + 1:
            raise WatermasterError(f"{self._path}: position {needed_after + 1} was deleted meanwhile; try again")
        if end < reached:
            raise WatermasterError(f"{self._path}: ends at position {end}, but was read to {reached}")
        aside = sorted(path.name for path in self._path.glob("*.damaged*"))
        self.left_out += [f"{self._path / name}: set aside as damaged" for name in aside]
        return chosen[0], end

    def _add_segment(self, archive: ArchiveWriter, work: Path, first: int, *, is_last: bool) -> int:
        """Copy a segment; the position with which it ends if it is the last one, else 0."""
        path = segment_path(self._path, first)
        name = members.JOURNAL + path.name
        try:
            if not is_last and wal_size(path) == 0:
                # Sealed: nobody writes to it. This process is not the writer, whose locks on it would fall with ours.
                with path.open("rb") as file:
                    archive.add(name, file, os.fstat(file.fileno()).st_size)
                return 0
            copy = work / path.name
            with SqliteSnapshot(path) as snapshot:
                end = max(snapshot.number(_LAST), first - 1)
                snapshot.copy(copy)
            with copy.open("rb") as file:
                archive.add(name, file, os.fstat(file.fileno()).st_size)
            copy.unlink()
        except FileNotFoundError:
            raise WatermasterError(f"{path}: was deleted while it was to be copied; try again") from None
        return end if is_last else 0
