"""The local journal: every raw message, durable before it is acknowledged, kept until each reader is done with it.

One `Journal` appends; any number of `JournalReader`, in any process, follow with cursors of their own and leave
low-water marks (`set_mark`) for retention. Format: docs/decisions/0010-journal-format.md.
"""

from __future__ import annotations

from storage.journal.batch import MAX_CONTENT_BYTES, JournalBatch
from storage.journal.gap import Gap, GapReason
from storage.journal.marks import marks, remove_mark, set_mark
from storage.journal.reader import JournalReader
from storage.journal.recovery import Damage
from storage.journal.retention import Held, Retention, SizedSegment
from storage.journal.segment import SegmentInfo
from storage.journal.writer import Journal

__all__ = [
    "MAX_CONTENT_BYTES",
    "Damage",
    "Gap",
    "GapReason",
    "Held",
    "Journal",
    "JournalBatch",
    "JournalReader",
    "Retention",
    "SegmentInfo",
    "SizedSegment",
    "marks",
    "remove_mark",
    "set_mark",
]
