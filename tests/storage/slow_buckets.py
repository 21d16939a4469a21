"""Buckets once more, value by value with Python's integers: what the columns of storage.buckets are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hydro.fixed import divide_half_even
from hydro.flags import Flag
from hydro.instants import MINUTE_MS
from storage.buckets import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from storage.buckets import Grid
    from storage.store import Point

__all__ = ["slow_buckets"]

_VALID = frozenset({Flag.GOOD, Flag.NOT_EVALUATED, Flag.SUSPECT})


def slow_buckets(points: Iterable[Point], start: int, end: int, grid: Grid) -> Iterator[Bucket]:
    """The same as :func:`storage.buckets.bucketise`."""
    found = [point for point in points if start < point.time <= end]
    if not found:
        return
    shift = grid.zone_minutes * MINUTE_MS
    bucket_end = _grid_end(start + 1, grid.every_ms, shift)
    while bucket_end - grid.every_ms < end:
        low, high = max(start, bucket_end - grid.every_ms), min(end, bucket_end)
        expected = (high + shift) // grid.interval_ms - (low + shift) // grid.interval_ms
        slots: dict[int, list[int]] = {}
        for point in found:
            if low < point.time <= high and point.value is not None and point.flag in _VALID:
                slots.setdefault(_grid_end(point.time, grid.interval_ms, shift), []).append(point.value)
        yield _bucket(bucket_end, list(slots.values()), expected, summed=grid.summed)
        bucket_end += grid.every_ms


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
    return -(-(time + shift) // length) * length - shift
