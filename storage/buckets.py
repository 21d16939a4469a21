"""A series in equal buckets: `series --every` and the console's charts.

Invariants:
    * Buckets are (start, end], labelled by their end and counted from 00:00 of the zone, so the same instant falls into
      the same bucket whatever range is asked for. A length that doesn't divide a day goes on counting from the midnight
      of 1970-01-01.
    * Means are taken as verdicts take them: of the values of a slot first, then of the valid slots, each rounded half
      even on integers; a mean over a day equals the value of an alert for that day.
    * Only flags 1, 2 and 3 count. A bucket without valid slots has no mean; it is not zero.

Source: CONTRACT section 1, `series`; ALERTS, slots and periods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.fixed import divide_half_even
from hydro.flags import Flag
from hydro.instants import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from storage.store import Point

__all__ = ["Bucket", "Grid", "bucketise"]

_VALID: Final = frozenset({Flag.GOOD, Flag.NOT_EVALUATED, Flag.SUSPECT})


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
    every_ms, interval_ms = grid.every_ms, grid.interval_ms
    shift = grid.zone_minutes * MINUTE_MS
    first = 0
    bucket_end = _grid_end(start + 1, every_ms, shift)
    while bucket_end - every_ms < end:
        last = first
        while last < len(found) and found[last].time <= bucket_end:
            last += 1
        low, high = max(start, bucket_end - every_ms), min(end, bucket_end)
        expected = (high + shift) // interval_ms - (low + shift) // interval_ms
        slots: dict[int, list[int]] = {}
        for point in found[first:last]:
            if point.value is not None and point.flag in _VALID:
                slots.setdefault(_grid_end(point.time, interval_ms, shift), []).append(point.value)
        yield _bucket(bucket_end, list(slots.values()), expected, summed=grid.summed)
        first = last
        bucket_end += every_ms


def _bucket(time: int, slots: Sequence[Sequence[int]], expected: int, *, summed: bool) -> Bucket:
    if not slots:
        return Bucket(time, None, None, None, 0, expected)
    slot_values = [sum(values) if summed else divide_half_even(sum(values), len(values)) for values in slots]
    return Bucket(
        time,
        divide_half_even(sum(slot_values), len(slot_values)),
        min(min(values) for values in slots),
        max(max(values) for values in slots),
        len(slots),
        expected,
    )


def _grid_end(time: int, length: int, shift: int) -> int:
    """End of the interval (end - length, end] of the zone's grid that holds ``time``."""
    return -(-(time + shift) // length) * length - shift
