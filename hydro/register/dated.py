"""Rows of one thing over time, looked up by event time."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Generic, TypeVar

from hydro.register.cells import EARLIEST_MS, LATEST_MS
from hydro.register.table import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["DatedRows", "dated_by", "ended_by_the_next", "grouped"]

K = TypeVar("K")
R = TypeVar("R", bound=Row)


class DatedRows(Generic[R]):
    """Rows of one key, sorted by start, without overlap.

    Attributes:
        rows: All of them, earliest first.
        always: The only row, if it is valid for ever; most things have just this one.
    """

    __slots__ = ("_starts", "always", "rows")

    def __init__(self, rows: Iterable[R]) -> None:
        self.rows: tuple[R, ...] = tuple(sorted(rows, key=lambda row: row.start_ms))
        first = self.rows[0] if len(self.rows) == 1 else None
        unbounded = first is not None and first.start_ms == EARLIEST_MS and first.end_ms == LATEST_MS
        self.always: R | None = first if unbounded else None
        self._starts: tuple[int, ...] = () if unbounded else tuple(row.start_ms for row in self.rows)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.rows)

    def __iter__(self) -> Iterator[R]:
        """Rows, earliest first."""
        return iter(self.rows)

    def at(self, event_time: int) -> R | None:
        """The row valid at an instant in epoch milliseconds: start < event_time <= end.

        >>> row = Row(start_ms=0, end_ms=1000)
        >>> [DatedRows([row]).at(t) is row for t in (0, 1, 1000, 1001)]
        [False, True, True, False]
        """
        if self.always is not None:
            return self.always
        before = bisect_left(self._starts, event_time)  # rows that start strictly before
        if before == 0:
            return None
        row = self.rows[before - 1]
        return row if event_time <= row.end_ms else None


def grouped(rows: Iterable[R], key: Callable[[R], K]) -> dict[K, tuple[R, ...]]:
    """Rows by key, in their order."""
    groups: dict[K, list[R]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {name: tuple(members) for name, members in groups.items()}


def dated_by(rows: Iterable[R], key: Callable[[R], K]) -> dict[K, DatedRows[R]]:
    """Rows by key, each ready to be asked by event time."""
    return {name: DatedRows(members) for name, members in grouped(rows, key).items()}


def ended_by_the_next(rows: Sequence[R], key: tuple[str, ...]) -> tuple[R, ...]:
    """Rows without ``valid_to`` end where the next of their key begins."""
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[tuple(getattr(row, name) for name in key)].append(index)
    ended = list(rows)
    for members in groups.values():
        members.sort(key=lambda index: rows[index].start_ms)
        for before, after in pairwise(members):
            if rows[before].end_ms == LATEST_MS:
                ended[before] = replace(rows[before], end_ms=rows[after].start_ms)
    return tuple(ended)
