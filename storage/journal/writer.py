"""The one writer of a journal.

`append` returns when the batch is on the disk (a commit in WAL mode with `synchronous = FULL`), and only then may the
caller acknowledge it. When it raises, nothing was written: at worst, if the process then dies before it appends again,
the batch appears after all, and the broker's redelivery repeats it.

A full disk is a state: the reserve is given up so that checkpoint, marks and retention have room, and appends are
refused until there is room to make the reserve again; otherwise they would use it up.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from hydro.errors import JournalError, JournalFull
from hydro.instants import DAY_MS, HOUR_MS
from storage.journal.batch import BatchEncoder, JournalBatch
from storage.journal.directory import MAX_SEGMENT_MESSAGES, sync_directory
from storage.journal.lock import DirectoryLock
from storage.journal.marks import marks
from storage.journal.recovery import Damage, recover
from storage.journal.reserve import Reserve
from storage.journal.retention import Retention, SizedSegment, plan_retention
from storage.journal.segment import (
    SegmentDamagedError,
    SegmentInfo,
    create_segment,
    insert_row,
    is_full,
    open_for_writing,
    remove_segment,
    seal,
    segment_size,
    write_back,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from storage.journal.batch import Row

__all__ = ["Journal"]

_SEGMENT_BYTES: Final = 256 * 1024 * 1024
_RESERVE_BYTES: Final = 8 * 1024 * 1024
_GIGABYTE: Final = 1_000_000_000


def epoch_ms() -> int:
    """The machine's clock in epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Journal:
    """A journal directory, open for appending. Its calls block; they are made from one thread at a time.

    Attributes:
        path: The directory.
        damage: What was found damaged at this opening, oldest first; empty if all was well.
        clock_set_back: How often, since the journal was begun, the clock stood before the last `appended_at`.
        is_full: There is no room; appends are refused until there is.
    """

    def __init__(self, path: Path, lock: DirectoryLock, reserve: Reserve, clock: Callable[[], int]) -> None:
        self.path = path
        self.damage: tuple[Damage, ...] = ()
        self.clock_set_back = 0
        self.is_full = False
        self._lock = lock
        self._reserve = reserve
        self._clock = clock
        self._keep_ms = 0
        self._max_bytes = 0
        self._segment_bytes = _SEGMENT_BYTES
        self._encoder = BatchEncoder()
        self._segments: list[SegmentInfo] = []  # all but the active one stand for good; that one is as it was opened
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._active_bytes = 0
        self._last = 0
        self._appended_at = 0
        self._is_closed = False

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        keep_days: float,
        max_gb: float,
        clock: Callable[[], int] = epoch_ms,
        segment_bytes: int = _SEGMENT_BYTES,
        reserve_bytes: int = _RESERVE_BYTES,
    ) -> Self:
        """Open a journal for appending; make it where there is none; put in order what a crash or damage left.

        Args:
            path: Its directory.
            keep_days: How long messages are kept, in days.
            max_gb: How much the segments may take, in 10⁹ bytes.
            clock: Epoch milliseconds.
            segment_bytes: A segment of this size gets no more rows.
            reserve_bytes: Room set aside for the day when the disk is full.

        Raises:
            AlreadyRunning: Another writer has it.
            FormatVersionError: Another version wrote it.
            JournalFull: There is no room even to open it.
            JournalError: It can't be opened.
        """
        try:
            if not path.is_dir():
                path.mkdir(parents=True)
                sync_directory(path.parent)
        except OSError as error:
            raise JournalError(f"{path}: {error.strerror}") from error
        lock = DirectoryLock.take(path)
        try:
            journal = cls(path, lock, Reserve(path, reserve_bytes), clock)
            journal._keep_ms = round(keep_days * DAY_MS)
            journal._max_bytes = round(max_gb * _GIGABYTE)
            journal._segment_bytes = segment_bytes
            journal._recover()
        except BaseException:
            lock.release()
            raise
        return journal

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write everything back and let others open it."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._connection is not None:
            seal(self._connection)
        self._lock.release()

    @property
    def first_position(self) -> int:
        """Position of the oldest message held; one past the last where none is."""
        return self._segments[0].first

    @property
    def last_position(self) -> int:
        """Position of the newest message; no lower one is ever given again."""
        return self._last

    @property
    def size(self) -> int:
        """Bytes that the segments take, without the reserve and what lies set aside."""
        return sum(segment_size(info.path) for info in self._segments)

    def append(
        self, topics: list[str], payloads: list[bytes], received_at: Sequence[int] | None = None
    ) -> JournalBatch:
        """Append a batch, whole or not at all; it is on the disk when this returns.

        Args:
            topics: One per message.
            payloads: One per message, at least one message.
            received_at: Epoch milliseconds, one per message; None where it is the time of appending.

        Raises:
            JournalFull: No room. Nothing was written; try again later.
            JournalError: Another failure of the disk, or a batch beyond `MAX_CONTENT_BYTES`. Nothing was written.
        """
        count = len(payloads)
        if not count or len(topics) != count or (received_at is not None and len(received_at) != count):
            raise ValueError(f"{len(topics)} topics and {count} payloads make no batch")
        if self._is_closed:
            raise JournalError(f"{self.path}: closed")
        if self.is_full and not self._has_room_again():
            raise JournalFull(f"{self.path}: still no room to append")
        now = self._clock()
        appended_at = max(now, self._appended_at)
        received = (
            np.full(count, appended_at, np.int64) if received_at is None else np.array(received_at, dtype=np.int64)
        )
        batch = JournalBatch(self._last + 1, count, appended_at, topics, payloads, received)
        row = self._encoder.encode(batch)
        clock_set_back = self.clock_set_back + (now < appended_at)
        try:
            if self._needs_new_segment(row):
                self._begin_segment()
            self._commit(row, clock_set_back)
        except (sqlite3.Error, OSError, SegmentDamagedError) as error:
            raise self._refused(error) from error
        self.clock_set_back = clock_set_back
        self._last = row.last
        self._appended_at = appended_at
        self._active_bytes += len(row.blob)
        return batch

    def enforce_retention(self, now: int, *, force: bool = False) -> Retention:
        """Delete segments that are too old or too many, oldest first, as far as no registered reader needs them.

        Args:
            now: Epoch milliseconds.
            force: Delete them even so.

        Returns:
            What was deleted and what is held back by whom.

        Raises:
            JournalError: The marks can't be read or a segment can't be deleted.
        """
        sized = [SizedSegment(info, segment_size(info.path)) for info in self._segments]
        plan = plan_retention(
            sized, marks(self.path), keep_from=now - self._keep_ms, max_bytes=self._max_bytes, force=force
        )
        for segment in plan.deleted:
            try:
                remove_segment(segment.info.path)
            except OSError as error:
                raise JournalError(f"{segment.info.path}: can't be deleted: {error.strerror}") from error
            self._segments.remove(segment.info)
        if self.is_full:
            self._has_room_again()
        return plan

    def _recover(self) -> None:
        try:
            found = recover(self.path, marks(self.path))
        except (sqlite3.Error, OSError) as error:
            if not is_full(error):
                raise JournalError(f"{self.path}: {error}") from error
            self._reserve.give_up()
            try:
                found = recover(self.path, marks(self.path))
            except (sqlite3.Error, OSError) as again:
                raise JournalFull(f"{self.path}: no room to open it: {again}") from again
        self.damage = found.damage
        self.clock_set_back = found.clock_set_back
        self._segments = list(found.segments)
        active = found.segments[-1]
        self._last = active.last
        self._appended_at = active.appended_to
        self._active_bytes = segment_size(active.path)
        self.is_full = not self._reserve.make()

    def _has_room_again(self) -> bool:
        self.is_full = not self._reserve.make()
        return not self.is_full

    def _needs_new_segment(self, row: Row) -> bool:
        active = self._segments[-1]
        if self._last < active.first:
            return False  # it is empty: its name already says with which position it goes on
        return (
            row.appended_at // HOUR_MS != self._appended_at // HOUR_MS
            or self._active_bytes >= self._segment_bytes
            or row.first >= active.first + MAX_SEGMENT_MESSAGES
        )

    def _begin_segment(self) -> None:
        """Make the next segment and let go of the active one; from then on readers take that for sealed."""
        first = self._last + 1
        path = create_segment(self.path, first, appended_after=self._appended_at, clock_set_back=self.clock_set_back)
        done = self._segments[-1]
        self._segments[-1] = SegmentInfo(done.path, done.first, self._last, self._appended_at)
        self._segments.append(SegmentInfo(path, first, self._last, self._appended_at))
        self._active_bytes = 0
        connection, self._connection = self._connection, None
        if connection is not None:
            seal(connection)

    def _commit(self, row: Row, clock_set_back: int) -> None:
        connection = self._active()
        try:
            connection.execute("BEGIN IMMEDIATE")
            insert_row(connection, row)
            if clock_set_back != self.clock_set_back:
                connection.execute("UPDATE fact SET value = ? WHERE name = 'clock_set_back'", (clock_set_back,))
            connection.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                connection.rollback()
            raise

    def _active(self) -> sqlite3.Connection:
        """The connection to the last segment, which is still the file under its name.

        A file removed while it is open takes every commit, and all of it is gone with the last descriptor.
        """
        path = self._segments[-1].path
        if self._connection is None:
            self._connection = open_for_writing(path)
            self._inode = path.stat().st_ino
        elif path.stat().st_ino != self._inode:
            raise SegmentDamagedError(f"{path} was replaced while it was being written to")
        return self._connection

    def _refused(self, error: sqlite3.Error | OSError | SegmentDamagedError) -> JournalError:
        """What to raise after a failed append; leaves the journal such that the next one may succeed."""
        if is_full(error):
            self.is_full = True
            with contextlib.suppress(OSError):  # a disk that lets nothing go has told so already
                self._reserve.give_up()
            if self._connection is not None:
                write_back(self._connection)
            return JournalFull(f"{self.path}: no room to append: {error}")
        if self._connection is not None:
            # After another failure of the disk SQLite's picture of the file is not to be trusted: open it anew.
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        return JournalError(f"{self.path}: can't append: {error}")
