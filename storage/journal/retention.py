"""Which segments may go: the plan, without touching a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from storage.journal.segment import SegmentInfo

__all__ = ["Held", "Retention", "SizedSegment", "plan_retention"]


@dataclass(frozen=True, slots=True)
class SizedSegment:
    """A segment and the bytes that it takes on disk, log included."""

    info: SegmentInfo
    size: int


@dataclass(frozen=True, slots=True)
class Held:
    """A segment that is due to go and stays.

    Attributes:
        segment: The segment.
        readers: Who still needs messages of it.
    """

    segment: SizedSegment
    readers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retention:
    """What goes and what was held back, both oldest first.

    Attributes:
        deleted: Segments to go; all of them before any younger one that stays.
        held: Segments that are due and that readers still need.
    """

    deleted: tuple[SizedSegment, ...]
    held: tuple[Held, ...]


def plan_retention(
    segments: Sequence[SizedSegment],
    marks: Mapping[str, int],
    *,
    keep_from: int,
    max_bytes: int,
    force: bool,
) -> Retention:
    """Decide which segments go.

    A segment is due when its last message was appended before `keep_from`, or when it and everything younger
    take more than `max_bytes`. The last one, to which messages are appended, is never due.

    Args:
        segments: All segments, ascending.
        marks: Up to which position each registered reader is done.
        keep_from: Epoch milliseconds; messages appended before are too old.
        max_bytes: How much the journal may take; the segment being written to counts.
        force: Delete what is due even if a reader needs it.
    """
    total = sum(segment.size for segment in segments)
    deleted: list[SizedSegment] = []
    held: list[Held] = []
    for segment in segments[:-1]:
        if segment.info.appended_to >= keep_from and total <= max_bytes:
            break
        readers = tuple(sorted(reader for reader, position in marks.items() if position < segment.info.last))
        # A reader that needs this one needs all that follow, so nothing younger goes in its stead.
        if readers and not force:
            held.append(Held(segment, readers))
        else:
            deleted.append(segment)
        total -= segment.size
    return Retention(tuple(deleted), tuple(held))
