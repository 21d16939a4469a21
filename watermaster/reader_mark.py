"""How far a reader of the journal is done, told to retention as it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydro.errors import JournalError
from storage.journal import set_mark

if TYPE_CHECKING:
    from pathlib import Path

    from watermaster.part import Complaint

__all__ = ["ReaderMark"]


class ReaderMark:
    """Sets the mark of one reader. That it can't be set is no reason to stop reading: the mark before holds back more.

    Args:
        journal: The journal's directory.
        reader: Name of the mark.
        complaint: Told when it can't be set, and when it can again.
    """

    def __init__(self, journal: Path, reader: str, complaint: Complaint) -> None:
        self._journal = journal
        self._reader = reader
        self._complaint = complaint

    def __call__(self, position: int) -> None:
        """Nothing at or below the position is needed any more."""
        try:
            set_mark(self._journal, self._reader, position)
        except JournalError as error:
            self._complaint(error)
        else:
            self._complaint(None)
