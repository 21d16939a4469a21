"""Opening a journal directory after whatever happened to it.

The ordinary case costs a look into every segment. What a crash of ours can leave is put in order silently, because
nothing was lost: files of a segment that was being made, side files of one that was being deleted, logs not yet written
back. What only damage from outside explains is reported, and kept:

1. What can be read of a damaged segment is copied to `….new`.
2. If it was the last one, a new last segment is made, in the next span of positions: whatever the damaged one held, no
   position is given twice. From here on the damaged segment is one that lies in the middle.
3. The damaged file is renamed to `….damaged`, its log beside it.
4. `….new` gets the segment's name.

A crash after any of these steps is taken up by the next opening: before 3 everything is done again, between 3 and 4 the
finished copy is recognised by the name that is missing.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from hydro.errors import JournalError
from storage.journal.batch import Row
from storage.journal.directory import (
    kept_path,
    list_directory,
    next_span,
    segment_path,
    shm_path,
    starts_span,
    sync_directory,
    wal_path,
    wal_size,
)
from storage.journal.segment import (
    ROW_COLUMNS,
    SegmentDamagedError,
    SegmentInfo,
    create_segment,
    is_damage,
    is_full,
    open_for_reading,
    open_for_writing,
    remove_segment,
    seal,
    segment_facts,
    verify_format,
    write_segment,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["Damage", "Recovery", "recover"]

_WAL_MAGIC: Final = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
_WAL_HEADER_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Damage:
    """What was found damaged when the journal was opened, and what became of it.

    Attributes:
        path: The file, as it was called.
        kept_as: Where it lies now; None where there is no file, only something that should have been there.
        detail: What is wrong with it.
        first: Position with which it starts.
        last_kept: Last position that readers still get of it; first − 1 if none.
    """

    path: Path
    kept_as: Path | None
    detail: str
    first: int
    last_kept: int

    def __str__(self) -> str:
        kept = f", set aside as {self.kept_as.name}" if self.kept_as else ""
        rows = f"readable to position {self.last_kept}" if self.last_kept >= self.first else "nothing of it readable"
        return f"{self.path}: {self.detail}; {rows}{kept}"


@dataclass(frozen=True, slots=True)
class Recovery:
    """A directory put in order.

    Attributes:
        segments: All segments, ascending; the last one is to be written to.
        damage: What had to be set aside.
        clock_set_back: Of the last readable segment.
    """

    segments: tuple[SegmentInfo, ...]
    damage: tuple[Damage, ...]
    clock_set_back: int


@dataclass(frozen=True, slots=True)
class _Found:
    """A whole segment."""

    info: SegmentInfo
    clock_set_back: int


@dataclass(frozen=True, slots=True)
class _Salvage:
    """A damaged segment of which what can be read lies in `….new`; no file where that is nothing."""

    path: Path
    first: int
    detail: str
    last: int
    appended_to: int


def recover(directory: Path, marks: Mapping[str, int]) -> Recovery:
    """Put a journal directory in order; its lock is held by the caller.

    Args:
        directory: The journal.
        marks: Positions that readers have reached: numbering goes on above them, even if the journal lost its end.

    Raises:
        FormatVersionError: A segment was written by another version.
        JournalError: Two segments hold the same positions, or a file can't be read for another reason than damage.
        sqlite3.Error: No room, see `is_full`.
        OSError: A file can't be renamed or removed.
    """
    damage = _tidy(directory)
    listing = list_directory(directory)
    whole: list[_Found] = []
    salvaged: list[_Salvage] = []
    for first in listing.segments:
        path = segment_path(directory, first)
        is_last = first == listing.segments[-1]
        log = _set_log_aside(path) if is_last else None
        try:
            found = _inspect(path, first, is_last=is_last)
        except SegmentDamagedError as error:
            salvaged.append(_salvage(path, first, str(error)))
            last = first - 1
        else:
            whole.append(found)
            last = found.info.last
        if log is not None:
            damage.append(Damage(wal_path(path), log, "not a log of SQLite", first, last))
    _refuse_overlap(whole)

    end = whole[-1].info.last if whole else 0
    ahead = {reader: position for reader, position in marks.items() if position > end}
    torn = {entry.first for entry in damage} | {entry.first for entry in salvaged} | set(listing.damaged)
    newest = max((*listing.segments, *torn), default=0)
    if ahead and newest not in torn:
        who = ", ".join(f"{reader} to {position}" for reader, position in sorted(ahead.items()))
        damage.append(Damage(directory, None, f"ends at position {end}, but was read by {who}", end + 1, end))
    segments = [found.info for found in whole]
    clock_set_back = max((found.clock_set_back for found in whole), default=0)
    if newest in torn or ahead or not segments:
        first = next_span(max(newest, *marks.values(), 0)) if torn or ahead else 1
        appended_to = max(
            (*(info.appended_to for info in segments), *(part.appended_to for part in salvaged)), default=0
        )
        path = create_segment(directory, first, appended_after=appended_to, clock_set_back=clock_set_back)
        segments.append(SegmentInfo(path, first, first - 1, appended_to))
    for part in salvaged:
        damage.append(_replace(part))
        if part.last >= part.first:
            segments.append(SegmentInfo(part.path, part.first, part.last, part.appended_to))
    segments.sort(key=lambda info: info.first)
    damage.extend(_holes(directory, segments, torn))
    return Recovery(tuple(segments), tuple(damage), clock_set_back)


def _tidy(directory: Path) -> list[Damage]:
    """Finish or undo what an interrupted process left; what should not be there at all is reported."""
    listing = list_directory(directory)
    for path in listing.unfinished:
        if path.suffix != ".new":
            path.unlink(missing_ok=True)
            continue
        segment = path.with_suffix("")
        if not segment.exists() and _first_of(segment) in listing.damaged:
            _move_log(segment, kept_path(segment))
            path.rename(segment)
        else:
            remove_segment(path)
    damage: list[Damage] = []
    for path in list_directory(directory).orphans:
        if path.name.endswith("-shm") or path.stat().st_size == 0:
            path.unlink()
            continue
        segment = path.with_name(path.name.removesuffix("-wal"))
        kept = wal_path(kept_path(segment))
        path.rename(kept)
        first = _first_of(segment)
        damage.append(Damage(path, kept, "a log without its segment", first, first - 1))
    sync_directory(directory)
    return damage


def _first_of(segment: Path) -> int:
    return int(segment.name.split(".", 1)[0])


def _set_log_aside(path: Path) -> Path | None:
    """Set the log of a segment aside if SQLite would silently take it for an empty one; where it lies then.

    A log is written from its header on; after a crash it may end anywhere, but it starts as a log.
    """
    log = wal_path(path)
    try:
        with log.open("rb") as file:
            header = file.read(_WAL_HEADER_BYTES)
    except FileNotFoundError:
        return None
    if len(header) < _WAL_HEADER_BYTES or header.startswith(_WAL_MAGIC):
        return None
    kept = wal_path(kept_path(path))
    log.rename(kept)
    shm_path(path).unlink(missing_ok=True)
    return kept


def _inspect(path: Path, first: int, *, is_last: bool) -> _Found:
    """Look into a segment; one that is not the last and still has a log is sealed.

    The last one is read from end to end (its pages, not its blobs): rows are about to be added to it.
    """
    unsealed = not is_last and wal_size(path) > 0
    try:
        with contextlib.closing(open_for_reading(path, is_last=is_last)) as connection:
            verify_format(connection, path, first)
            if is_last:
                (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
                if verdict != "ok":
                    raise SegmentDamagedError(verdict)
            found = _describe(connection, path, first)
        if unsealed:
            seal(open_for_writing(path))
    except sqlite3.Error as error:
        if is_damage(error):
            raise SegmentDamagedError(str(error)) from error
        if is_full(error):
            raise
        raise JournalError(f"{path}: {error}") from error
    return found


def _describe(connection: sqlite3.Connection, path: Path, first: int) -> _Found:
    facts = segment_facts(connection)
    head = connection.execute("SELECT first FROM batch ORDER BY first LIMIT 1").fetchone()
    tail = connection.execute("SELECT first, count, appended_at FROM batch ORDER BY first DESC LIMIT 1").fetchone()
    if head is None:
        info = SegmentInfo(path, first, first - 1, facts.get("appended_after", 0))
    elif head[0] < first:
        raise SegmentDamagedError(f"it holds position {head[0]}, below its name")
    else:
        info = SegmentInfo(path, first, tail[0] + tail[1] - 1, tail[2])
    return _Found(info, facts.get("clock_set_back", 0))


def _refuse_overlap(whole: list[_Found]) -> None:
    for before, after in pairwise(whole):
        if after.info.first <= before.info.last:
            raise JournalError(f"{after.info.path} starts with a position that {before.info.path} holds as well")


def _holes(directory: Path, segments: list[SegmentInfo], torn: set[int]) -> Iterator[Damage]:
    """Positions between segments that no file accounts for; of damage that was set aside it was told before."""
    for before, after in pairwise(segments):
        first = before.last + 1
        if (
            first < after.first
            and not starts_span(after.first)
            and not any(before.first <= position < after.first for position in torn)
        ):
            yield Damage(segment_path(directory, first), None, f"missing up to {after.first - 1}", first, before.last)


def _salvage(path: Path, first: int, detail: str) -> _Salvage:
    """Copy what can be read of a damaged segment to `….new`."""
    last, appended_to = first - 1, 0

    def noted(rows: Iterator[Row]) -> Iterator[Row]:
        nonlocal last, appended_to
        for row in rows:
            last, appended_to = max(last, row.last), max(appended_to, row.appended_at)
            yield row

    growing = path.with_name(path.name + ".new")
    write_segment(growing, first, appended_after=0, clock_set_back=0, rows=noted(_readable_rows(path)))
    if last < first:
        remove_segment(growing)
    return _Salvage(path, first, detail, last, appended_to)


def _readable_rows(path: Path) -> Iterator[Row]:
    """Every row that can be read of a damaged segment, each fetched alone so that none goes with its neighbour."""
    try:
        connection = open_for_reading(path, is_last=True)
    except (sqlite3.Error, SegmentDamagedError):
        return  # nothing is readable, which is what the caller reports
    with contextlib.closing(connection):
        # Without this SQLite reads nothing at all of a file that is shorter than its header says.
        connection.execute("PRAGMA writable_schema = ON")
        upward = _walk(connection, "SELECT first FROM batch WHERE first > ? ORDER BY first LIMIT 1", -1)
        downward = _walk(connection, "SELECT first FROM batch WHERE first < ? ORDER BY first DESC LIMIT 1", 1 << 62)
        for first in sorted({*upward, *downward}):
            with contextlib.suppress(sqlite3.Error):
                query = f"SELECT {ROW_COLUMNS} FROM batch WHERE first = ?"  # noqa: S608  # names of our own
                yield Row(*connection.execute(query, (first,)).fetchone())


def _walk(connection: sqlite3.Connection, following: str, position: int) -> Iterator[int]:
    """Positions of rows from one end, as far as they can be found."""
    with contextlib.suppress(sqlite3.Error):
        while row := connection.execute(following, (position,)).fetchone():
            (position,) = row
            yield position


def _replace(part: _Salvage) -> Damage:
    """Set a damaged segment aside and put what could be read of it in its place."""
    kept = kept_path(part.path)
    part.path.rename(kept)
    _move_log(part.path, kept)
    if part.last >= part.first:
        part.path.with_name(part.path.name + ".new").rename(part.path)
    sync_directory(part.path.parent)
    return Damage(part.path, kept, part.detail, part.first, part.last)


def _move_log(segment: Path, kept: Path) -> None:
    """Take a segment's log away to where the segment itself went; its shared index is worth nothing."""
    if wal_size(segment) > 0:
        wal_path(segment).rename(wal_path(kept))
    else:
        wal_path(segment).unlink(missing_ok=True)
    shm_path(segment).unlink(missing_ok=True)
