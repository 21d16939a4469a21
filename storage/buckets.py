"""A series in equal buckets: `series --every` and the console's charts.

Invariants:
    * Buckets are (start, end], labelled by their end and counted from 00:00 of the zone, so the same instant falls into
      the same bucket whatever range is asked for. A length that doesn't divide a day goes on counting from the midnight
      of 1970-01-01.
    * Means are taken as verdicts take them: of the values of a slot first, then of the valid slots, each rounded half
      even on integers; a mean over a day equals the value of an alert for that day.
    * Only flags 1, 2 and 3 count. A bucket without valid slots has no mean; it is not zero.
    * Sums are exact at any size: where int64 might not hold one, the same columns hold Python's integers.

A store that has condensed what is old gives sums instead of single values (:class:`Sums`), and the same buckets come
out of them, as long as none of the sums reaches over the end of a bucket.

Source: CONTRACT section 1, `series`; ALERTS, slots and periods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hydro.flags import Flag
from hydro.instants import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from storage.store import Point

__all__ = [
    "Bucket",
    "Column",
    "Grid",
    "Samples",
    "Sums",
    "bucketise",
    "buckets_of",
    "divide",
    "exact",
    "grid_end",
    "group_starts",
    "merged",
    "slots_of",
    "valid_values",
]

Column = NDArray[np.int64]
"""int64; in sums also Python's integers (dtype object), where int64 might be too small."""

_SAFE: Final = 2**62


class Bucket(NamedTuple):
    """One row.

    Attributes:
        time: End of the bucket, epoch milliseconds; the last one may end after the range that was asked for.
        mean: Millionths; None without valid slots, as the next two.
        minimum: Least single value.
        maximum: Greatest single value.
        valid: Slots with at least one valid value.
        expected: Slots that end in the bucket and in the range that was asked for.
    """

    time: int
    mean: int | None
    minimum: int | None
    maximum: int | None
    valid: int
    expected: int


class Grid(NamedTuple):
    """How a series is cut.

    Attributes:
        every_ms: Length of a bucket, above 0.
        interval_ms: Length of the station's slots.
        zone_minutes: Zone whose 00:00 begins the count of buckets and slots.
        summed: The value of a slot is the sum of its values, as for volumes, not their mean.
    """

    every_ms: int
    interval_ms: int
    zone_minutes: int
    summed: bool = False

    @property
    def shift(self) -> int:
        """Milliseconds from UTC to the zone."""
        return self.zone_minutes * MINUTE_MS


class Samples(NamedTuple):
    """Points of one series as columns, in order of time.

    Attributes:
        time: Epoch milliseconds.
        value: Millionths; anything where the flag is MISSING.
        flag: Number of a :class:`hydro.flags.Flag`.
    """

    time: Column
    value: Column
    flag: NDArray[np.uint8]


class Sums(NamedTuple):
    """What stretches of time hold, in order of time: of single values, or of slots that have a value already.

    Attributes:
        time: An instant of the stretch, epoch milliseconds; its end, or that of its last value.
        total: Sum of the values, or of the values of the slots.
        size: How many; above 0.
        minimum: Least single value.
        maximum: Greatest single value.
    """

    time: Column
    total: Column
    size: Column
    minimum: Column
    maximum: Column


def bucketise(points: Iterable[Point], start: int, end: int, grid: Grid) -> Iterator[Bucket]:
    """Rows of all buckets that overlap (start, end], empty ones included; nothing where no point was found.

    Args:
        points: Of one series, in order of time; those outside the range are left out.
        start: Epoch milliseconds, exclusive.
        end: Epoch milliseconds, inclusive.
        grid: Buckets and slots.

    >>> from storage.store import Point
    >>> points = [Point(60_000, 1_000_000, 1), Point(120_000, 2_000_000, 2), Point(180_000, 9_000_000, 4)]
    >>> list(bucketise(points, 0, 180_000, Grid(120_000, 60_000, zone_minutes=0)))[0]
    Bucket(time=120000, mean=1500000, minimum=1000000, maximum=2000000, valid=2, expected=2)
    """
    found = [point for point in points if start < point.time <= end]
    if not found:
        return
    samples = Samples(
        np.array([point.time for point in found], np.int64),
        np.array([0 if point.value is None else point.value for point in found], np.int64),
        np.array([Flag.MISSING if point.value is None else point.flag for point in found], np.uint8),
    )
    yield from buckets_of([slots_of(valid_values(samples), grid)], start, end, grid)


def valid_values(samples: Samples) -> Sums:
    """The values that count, each as a sum of one."""
    valid = (samples.flag >= Flag.GOOD) & (samples.flag <= Flag.SUSPECT)
    time, value = samples.time[valid], samples.value[valid]
    return Sums(time, value, np.ones(len(time), np.int64), value, value)


def slots_of(values: Sums, grid: Grid) -> Sums:
    """Sums of one slot each, of single values; a slot that two buckets share counts in both, with its values there."""
    if not len(values.time):
        return values
    starts = group_starts(
        grid_end(values.time, grid.every_ms, grid.shift), grid_end(values.time, grid.interval_ms, grid.shift)
    )
    sums = merged(values, starts)
    total = sums.total if grid.summed else divide(sums.total, sums.size)
    return sums._replace(total=total, size=np.ones(len(starts), np.int64))


def buckets_of(slots: Sequence[Sums], start: int, end: int, grid: Grid) -> list[Bucket]:
    """Rows of all buckets that overlap (start, end].

    Args:
        slots: Sums of slots, none over the end of a bucket; parts in order of time.
        start: Epoch milliseconds, exclusive.
        end: Epoch milliseconds, inclusive.
        grid: Buckets and slots.
    """
    first = _grid_end_of(start + 1, grid.every_ms, grid.shift)
    ends = first + grid.every_ms * np.arange(-((first - grid.every_ms - end) // grid.every_ms))
    low, high = np.maximum(ends - grid.every_ms, start), np.minimum(ends, end)
    expected = (high + grid.shift) // grid.interval_ms - (low + grid.shift) // grid.interval_ms
    rows = [Bucket(time, None, None, None, 0, due) for time, due in zip(ends.tolist(), expected.tolist(), strict=True)]
    parts = [part for part in slots if len(part.time)]
    if not parts:
        return rows
    whole = parts[0] if len(parts) == 1 else Sums(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    bucket_end = grid_end(whole.time, grid.every_ms, grid.shift)
    starts = group_starts(bucket_end)
    sums = merged(whole, starts)
    means = divide(sums.total, sums.size).tolist()
    places = ((bucket_end[starts] - first) // grid.every_ms).tolist()
    columns = (places, means, sums.minimum.tolist(), sums.maximum.tolist(), sums.size.tolist())
    for place, mean, minimum, maximum, count in zip(*columns, strict=True):
        rows[place] = Bucket(rows[place].time, mean, minimum, maximum, count, rows[place].expected)
    return rows


def grid_end(time: Column, length: int | Column, shift: int) -> Column:
    """Ends of the intervals (end - length, end] of the zone's grid that hold ``time`` (milliseconds)."""
    return -(-(time + shift) // length) * length - shift


def _grid_end_of(time: int, length: int, shift: int) -> int:
    return -(-(time + shift) // length) * length - shift


def group_starts(*keys: NDArray[np.integer]) -> NDArray[np.intp]:
    """Where in sorted rows, at least one, another key begins.

    >>> group_starts(np.array([1, 1, 2, 2]), np.array([5, 5, 5, 6])).tolist()
    [0, 2, 3]
    """
    changes = np.ones(len(keys[0]), np.bool_)
    changes[1:] = False
    for key in keys:
        changes[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(changes)


def exact(numbers: Column, most: int) -> Column:
    """The numbers, as Python's integers where the sum of ``most`` of them might not fit into int64."""
    if numbers.dtype == object or not len(numbers):
        return numbers
    largest = max(int(numbers.max()), -int(numbers.min()))
    return numbers if largest * most < _SAFE else numbers.astype(object)


def divide(total: Column, count: Column) -> Column:
    """Quotients, rounded half to even; the same as :func:`hydro.fixed.divide_half_even` of each.

    >>> divide(np.array([1, 3, 5, -1, -3]), np.array([2] * 5)).tolist()
    [0, 2, 2, 0, -2]
    """
    quotient = total // count
    twice = 2 * (total - quotient * count)
    up = (twice > count) | ((twice == count) & (quotient % 2 == 1))
    rounded: Column = quotient + up.astype(np.int64)
    return rounded


def merged(sums: Sums, starts: NDArray[np.intp]) -> Sums:
    """Sums of the groups that begin at ``starts``."""
    lengths = np.diff(starts, append=len(sums.time))
    return Sums(
        sums.time[starts + lengths - 1],
        np.add.reduceat(exact(sums.total, int(lengths.max())), starts),
        np.add.reduceat(sums.size, starts),
        np.minimum.reduceat(sums.minimum, starts),
        np.maximum.reduceat(sums.maximum, starts),
    )
