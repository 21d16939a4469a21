"""Reading a journal, in any process, while it is being written to and while retention deletes.

Rows of a segment that is not the last are complete, so a reader goes on to the next segment only when it knew of that
one *before* it found no more rows in this one. When there is nothing new, a read costs one query and two looks: for the
name that the next segment will have, and for the time when the directory was last changed. The first can't be late. The
second tells of segments deleted, and of numbering that goes on at another name after a damage; it is as coarse as the
kernel's clock, so the directory is listed anew at times all the same.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from contextlib import closing
from typing import TYPE_CHECKING, Final, Self

from hydro.errors import JournalError
from storage.journal.batch import BatchDecoder, JournalBatch, Row, content_size
from storage.journal.directory import list_directory, segment_path, starts_span
from storage.journal.gap import Gap, GapReason
from storage.journal.handles import SegmentGoneError, SegmentHandles
from storage.journal.segment import ROW_COLUMNS, SegmentDamagedError, is_damage
from storage.message import RawMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

__all__ = ["JournalReader"]

_READS_PER_LISTING: Final = 100
_READ_BYTES: Final = 4 * 1024 * 1024


class JournalReader:
    """A journal, open for reading. Its calls block; they are made from one thread at a time.

    Attributes:
        path: The directory.
        gaps: What could not be given so far, each gap once, in the order in which it was met. Nothing is ever left out
            of what `read` returns without standing here.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.gaps: list[Gap] = []
        self._decoder = BatchDecoder()
        self._firsts: tuple[int, ...] = ()
        self._damaged: tuple[int, ...] = ()
        self._handles = SegmentHandles(path)
        self._unreadable: dict[int, str] = {}
        self._changed_at = 0
        self._idle_reads = 0
        self._reached = 0

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a journal for reading; it may be empty, and it need not have a writer.

        Raises:
            JournalError: There is no such directory.
        """
        reader = cls(path)
        reader._list()
        return reader

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all files; a later read opens them again."""
        self._handles.close()

    @property
    def first_position(self) -> int:
        """Position with which the oldest segment starts; 1 in an empty directory.

        Raises:
            JournalError: The directory can't be read.
        """
        self._list()
        return self._firsts[0] if self._firsts else 1

    @property
    def last_position(self) -> int:
        """Position of the newest message; 0 if there was none yet.

        Raises:
            FormatVersionError: Another version wrote the last segment.
            JournalError: It can't be read.
        """
        while True:
            self._list()
            if not self._firsts:
                return 0
            try:
                return self._last_of(self._firsts[-1], is_last=True)
            except SegmentGoneError:
                continue

    def read(self, after: int, limit: int = 10_000, size: int = _READ_BYTES) -> list[JournalBatch]:
        """The next batches, in order.

        Args:
            after: Position of the last message that the caller has; 0 for none. In the midst of a batch, that batch is
                given again, whole.
            limit: How many messages together, but for the first batch, which is given whatever its size.
            size: How many bytes of topics and payloads together, with the same exception. What goes beyond is not
                decompressed.

        Returns:
            At least one batch if there is any; what is missing before or between them stands in `gaps`.

        Raises:
            FormatVersionError: Another version wrote the segment.
            JournalError: A file can't be read, or `after` is beyond the end: this is not the journal that the caller
                has read before.
        """
        at = after
        while True:
            if not self._firsts and not self._list():
                self._verify_reached(at, 0)
                return []
            index = max(bisect_right(self._firsts, at + 1) - 1, 0)
            first, is_last = self._firsts[index], index + 1 == len(self._firsts)
            if at + 1 < first:
                detail = f"the oldest segment is {segment_path(self.path, first).name}"
                self._note(Gap(at + 1, first - 1, first - 1 - at, GapReason.EXPIRED, detail))
                at = first - 1
            try:
                rows = self._rows(first, at, limit, size, is_last=is_last)
                batches = self._batches(rows, at)
                if batches:
                    self._reached = batches[-1].last
                    return batches
                if rows:
                    at = rows[-1].last
                elif not is_last:
                    at = self._pass_to(self._firsts[index + 1], at, first)
                elif not self._has_more(at) and not self._is_beyond(first, at):
                    return []
            except SegmentGoneError:
                self._list()

    def read_range(self, from_ms: int, to_ms: int) -> Iterator[RawMessage]:
        """All messages with from < `received_at` ≤ to, in the order of the journal.

        What was appended after the call is not looked for.

        Args:
            from_ms: Epoch milliseconds, exclusive.
            to_ms: Epoch milliseconds, inclusive.

        Raises:
            FormatVersionError: Another version wrote a segment.
            JournalError: A file can't be read.
        """
        for batch in self.read_received(from_ms, to_ms):
            yield from _received_within(batch, from_ms, to_ms)

    def read_received(self, from_ms: int, to_ms: int, *, after: int = 0) -> Iterator[JournalBatch]:
        """Batches that may hold messages with from < `received_at` ≤ to, whole, in the order of the journal.

        Rows are chosen by the range of `received_at` that each of them states; only these are decompressed. What was
        appended after the call is not looked for.

        Args:
            from_ms: Epoch milliseconds, exclusive.
            to_ms: Epoch milliseconds, inclusive.
            after: Batches that end at or before this position are left out.

        Raises:
            FormatVersionError: Another version wrote a segment.
            JournalError: A file can't be read.
        """
        self._list()
        firsts = self._firsts
        for index, first in enumerate(firsts):
            is_last = index + 1 == len(firsts)
            if not is_last and firsts[index + 1] <= after + 1:
                continue
            end = max(first - 1, after)
            try:
                for span in self._spans_received(first, from_ms, to_ms, is_last=is_last):
                    last = span[0] + span[1] - 1
                    if last > after:
                        yield from self._batches(self._fetch(first, [span], 0, is_last=is_last), span[0] - 1)
                        end = last
                end = self._last_of(first, is_last=is_last)
            except SegmentGoneError:
                detail = f"{segment_path(self.path, first).name} was deleted while it was read"
                last = firsts[index + 1] - 1 if not is_last else end
                self._note(Gap(end + 1, last, last - end, GapReason.EXPIRED, detail))
                continue
            if not is_last:
                self._pass_to(firsts[index + 1], end, first)

    def _list(self) -> bool:
        """Look which segments there are; whether that has changed."""
        self._changed_at = self._last_change()
        try:
            listing = list_directory(self.path)
        except OSError as error:
            raise JournalError(f"{self.path}: {error.strerror}") from error
        changed = listing.segments != self._firsts
        self._firsts, self._damaged = listing.segments, listing.damaged
        return changed

    def _has_more(self, at: int) -> bool:
        """Whether there are other segments than those known, in the last of which nothing is left after `at`."""
        self._idle_reads += 1
        is_due = (
            (at + 1 > self._firsts[-1] and segment_path(self.path, at + 1).exists())
            or self._last_change() != self._changed_at
            or self._idle_reads % _READS_PER_LISTING == 0
        )
        return is_due and self._list()

    def _last_change(self) -> int:
        """When a name was last added to or removed from the directory, as the file system tells."""
        try:
            return self.path.stat().st_mtime_ns
        except OSError as error:
            raise JournalError(f"{self.path}: {error.strerror}") from error

    def _is_beyond(self, first: int, at: int) -> bool:
        """Whether to look again, because the position lies beyond the last segment that was known.

        Raises:
            JournalError: It lies beyond the end of the journal.
        """
        if at == self._reached:
            return False
        last = self._last_of(first, is_last=True)
        if at > last and self._list():
            return True
        self._verify_reached(at, last)
        self._reached = at
        return False

    def _verify_reached(self, at: int, last: int) -> None:
        if at > last:
            raise JournalError(
                f"{self.path}: a reader has read to position {at}, but the journal ends at {last}: it is not the "
                "journal that the reader knows, or it lost its end"
            )

    def _pass_to(self, next_first: int, at: int, first: int) -> int:
        """Go on to the next segment; the position after which to read there."""
        if at + 1 < next_first:
            path = segment_path(self.path, first)
            aside = [damaged for damaged in self._damaged if first <= damaged < next_first]
            if first in self._unreadable:
                reason, detail = GapReason.DAMAGED, f"{path.name}: {self._unreadable[first]}"
            elif aside:
                names = ", ".join(segment_path(self.path, damaged).name for damaged in aside)
                reason, detail = GapReason.DAMAGED, f"set aside: {names}"
            else:
                reason, detail = GapReason.MISSING, f"no segment holds them: {path.name} ends at {at}"
            messages = None if starts_span(next_first) else next_first - 1 - at
            self._note(Gap(at + 1, next_first - 1, messages, reason, detail))
        return next_first - 1

    def _note(self, gap: Gap) -> None:
        if gap.last < gap.first or any(known.first <= gap.first and gap.last <= known.last for known in self.gaps):
            return
        self.gaps.append(gap)

    def _batches(self, rows: list[Row], at: int) -> list[JournalBatch]:
        """Decode rows; those that can't be, and holes between them, become gaps."""
        batches: list[JournalBatch] = []
        for row in rows:
            if row.first > at + 1:
                detail = "rows are missing from the segment"
                self._note(Gap(at + 1, row.first - 1, row.first - 1 - at, GapReason.DAMAGED, detail))
            try:
                batches.append(self._decoder.decode(row))
            except JournalError as error:
                self._note(Gap(row.first, row.last, row.count, GapReason.DAMAGED, str(error)))
            at = row.last
        return batches

    def _rows(self, first: int, after: int, limit: int, size: int, *, is_last: bool) -> list[Row]:
        """Whole rows of a segment, from the one that holds the position after `after`."""
        try:
            # Columns before the blob: for these SQLite does not read the pages that blobs overflow to.
            # Nor does it for their length.
            spans: list[tuple[int, int, int]] = (
                self._handles.connection(first, is_last=is_last)
                .execute(
                    "SELECT first, count, length(blob) FROM batch WHERE first + count > :next AND first >= "
                    "coalesce((SELECT max(first) FROM batch WHERE first <= :next), 0) ORDER BY first LIMIT :limit",
                    {"next": after + 1, "limit": max(limit, 1)},
                )
                .fetchall()
            )
        except (sqlite3.Error, SegmentDamagedError) as error:
            if limit > 1 and isinstance(error, sqlite3.Error) and is_damage(error):
                return self._rows(first, after, 1, size, is_last=is_last)  # the next row may still be readable
            self._give_up_on(first, error, is_last=is_last)
            return []
        if not spans:
            return []
        messages = compressed = 0
        for taken, (_, count, length) in enumerate(spans):
            messages += count
            compressed += length
            if taken and (messages > limit or compressed > size):
                spans = spans[:taken]
                break
        return self._fetch(first, [span[:2] for span in spans], size, is_last=is_last)

    def _spans_received(self, first: int, from_ms: int, to_ms: int, *, is_last: bool) -> list[tuple[int, int]]:
        """First position and count of the rows that may hold messages received in a range."""
        try:
            return (
                self._handles.connection(first, is_last=is_last)
                .execute(
                    "SELECT first, count FROM batch WHERE received_to > ? AND received_from <= ? ORDER BY first",
                    (from_ms, to_ms),
                )
                .fetchall()
            )
        except (sqlite3.Error, SegmentDamagedError) as error:
            self._give_up_on(first, error, is_last=is_last)
            return []

    def _fetch(self, first: int, spans: list[tuple[int, int]], size: int, *, is_last: bool) -> list[Row]:
        """Adjacent rows, at least the first and no more than hold so many bytes.

        One that can't be read has an empty blob, which decoding reports.
        """
        query = f"SELECT {ROW_COLUMNS} FROM batch WHERE first BETWEEN ? AND ? ORDER BY first"  # noqa: S608
        try:
            connection = self._handles.connection(first, is_last=is_last)
            with closing(connection.execute(query, (spans[0][0], spans[-1][0]))) as found:
                return list(_up_to((Row(*values) for values in found), size))
        except (sqlite3.Error, SegmentDamagedError) as error:
            if len(spans) > 1:
                singly = (row for span in spans for row in self._fetch(first, [span], size, is_last=is_last))
                return list(_up_to(singly, size))
            if isinstance(error, sqlite3.Error) and is_damage(error):
                return [Row(*spans[0], appended_at=0, received_from=0, received_to=0, blob=b"")]
            self._give_up_on(first, error, is_last=is_last)
            return []

    def _last_of(self, first: int, *, is_last: bool) -> int:
        """Position of the last message of a segment; first − 1 if it has none."""
        try:
            connection = self._handles.connection(first, is_last=is_last)
            row = connection.execute("SELECT first + count - 1 FROM batch ORDER BY first DESC LIMIT 1").fetchone()
        except (sqlite3.Error, SegmentDamagedError) as error:
            self._give_up_on(first, error, is_last=is_last)
            row = None
        return first - 1 if row is None else int(row[0])

    def _give_up_on(self, first: int, error: sqlite3.Error | SegmentDamagedError, *, is_last: bool) -> None:
        """Note that a segment can't be read on, if there is one after it to go to.

        Raises:
            SegmentGoneError: It is not there any more.
            JournalError: It is the last one, or it can't be read for another reason than damage.
        """
        self._handles.drop(first)
        path = segment_path(self.path, first)
        if not path.exists():
            raise SegmentGoneError from error
        if isinstance(error, sqlite3.Error) and not is_damage(error):
            raise JournalError(f"{path}: can't be read: {error}") from error
        if is_last:
            self._firsts = ()  # the writer sets it aside when it opens the journal: look again
            raise JournalError(f"{path}: damaged: {error}") from error
        self._unreadable[first] = str(error)


def _up_to(rows: Iterable[Row], size: int) -> Iterator[Row]:
    """The first row, and as many more as hold no more than so many bytes together with it."""
    total = 0
    for taken, row in enumerate(rows):
        total += content_size(row.blob)
        if taken and total > size:
            return
        yield row


def _received_within(batch: JournalBatch, from_ms: int, to_ms: int) -> Iterator[RawMessage]:
    """Messages of a batch with from < `received_at` ≤ to."""
    for topic, payload, received_at in zip(batch.topics, batch.payloads, batch.received_at.tolist(), strict=True):
        if from_ms < received_at <= to_ms:
            yield RawMessage(topic, payload, received_at)
