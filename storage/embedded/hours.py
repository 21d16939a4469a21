"""Summing up what is old: raw rows to hours, hours to days, so that buckets of whole hours and days keep their numbers.

An hour holds, for each series, the sum, the number and the extremes of its *slots*, the value of each slot rounded as
:mod:`storage.buckets` rounds it; buckets add such sums up, which is exact. Where slots are longer than an hour, its
slots can't be told from one hour, so it holds the sum and the number of its *values*, and slots are made of hours when
they are asked for. A day holds whole slots always. An hour in which nothing valid was measured has a row as well, with
no slots: that something came is part of the answer.

Pure.

Source: ALERTS, slots and periods; :mod:`storage.buckets`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.flags import Flag
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from storage.buckets import Column, Samples, Sums, divide, grid_end, group_starts, merged

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Stretches", "days_of", "hours_of", "joined", "split"]

_LOW_BITS: Final = 32
_LOW_MASK: Final = 2**_LOW_BITS - 1
_SMALL_HIGH: Final = 2**30


class Stretches(NamedTuple):
    """Sums of many series, in order of series and time.

    Attributes:
        series: Numbers.
        time: End of the stretch, epoch milliseconds.
        interval_min: Length of the slots that were counted.
        total: Sum of slots, or of values where slots are longer than the stretch.
        size: Number of these; 0 where there is nothing valid.
        minimum: Least single value; 0 with a size of 0.
        maximum: Greatest single value; likewise.
    """

    series: NDArray[np.int32]
    time: Column
    interval_min: NDArray[np.int64]
    total: Column
    size: Column
    minimum: Column
    maximum: Column


def hours_of(
    series: NDArray[np.int32],
    samples: Samples,
    interval_min: NDArray[np.int64],
    summed: NDArray[np.bool_],
    zone_minutes: int,
) -> Stretches:
    """Hours of raw rows.

    Args:
        series: Numbers, by row; rows in order of series and time.
        samples: The rows.
        interval_min: Length of the slots of the series, by row.
        summed: Whether the series' slots are sums, by row.
        zone_minutes: Zone whose 00:00 begins the count of slots and hours.
    """
    valid = (samples.flag >= Flag.GOOD) & (samples.flag <= Flag.SUSPECT)
    value = np.where(valid, samples.value, 0)
    rows = Stretches(series, samples.time, interval_min, value, valid.astype(np.int64), value, value)
    interval_ms = interval_min * MINUTE_MS
    return _summed_up(
        rows,
        outer_ms=HOUR_MS,
        inner_ms=np.minimum(interval_ms, HOUR_MS),
        is_slot=interval_ms <= HOUR_MS,
        summed=summed,
        shift=zone_minutes * MINUTE_MS,
    )


def days_of(hours: Stretches, summed: NDArray[np.bool_], zone_minutes: int) -> Stretches:
    """Days of hours, in order of series and time; arguments as for `hours_of`."""
    interval_ms = hours.interval_min * MINUTE_MS
    return _summed_up(
        hours,
        outer_ms=DAY_MS,
        inner_ms=np.maximum(interval_ms, HOUR_MS),
        is_slot=interval_ms > HOUR_MS,
        summed=summed,
        shift=zone_minutes * MINUTE_MS,
    )


def _summed_up(
    rows: Stretches,
    *,
    outer_ms: int,
    inner_ms: NDArray[np.int64],
    is_slot: NDArray[np.bool_],
    summed: NDArray[np.bool_],
    shift: int,
) -> Stretches:
    """First sums within ``inner_ms``, made a slot's value where ``is_slot``; of these the sums within ``outer_ms``."""
    outer = grid_end(rows.time, outer_ms, shift)
    starts = group_starts(rows.series, outer)
    lengths = np.diff(starts, append=len(outer))
    number = np.repeat(np.arange(len(starts)), lengths)
    total, minimum, maximum = (np.zeros(len(starts), np.int64) for _ in range(3))
    size = np.zeros(len(starts), np.int64)
    filled = np.flatnonzero(rows.size > 0)
    if len(filled):
        sums = Sums(*(column[filled] for column in (rows.time, rows.total, rows.size, rows.minimum, rows.maximum)))
        groups = group_starts(number[filled], grid_end(sums.time, inner_ms[filled], shift))
        first = filled[groups]
        inner = merged(sums, groups)
        mean = np.where(summed[first], inner.total, divide(inner.total, inner.size))
        slots = inner._replace(
            total=np.where(is_slot[first], mean, inner.total), size=np.where(is_slot[first], 1, inner.size)
        )
        groups = group_starts(number[first])
        outer_sums = merged(slots, groups)
        place = number[first][groups]
        if outer_sums.total.dtype == object:
            total = total.astype(object)
        total[place], size[place] = outer_sums.total, outer_sums.size
        minimum[place], maximum[place] = outer_sums.minimum, outer_sums.maximum
    return Stretches(rows.series[starts], outer[starts], rows.interval_min[starts], total, size, minimum, maximum)


def split(total: Column) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Integers of any size as high * 2**32 + low: DuckDB gives its 128-bit integers to numpy as floats."""
    return (total >> _LOW_BITS).astype(np.int64), (total & _LOW_MASK).astype(np.int64)


def joined(high: NDArray[np.int64], low: NDArray[np.int64]) -> Column:
    """The integers that were `split`; int64 if all of them fit.

    >>> numbers = np.array([-1, 0, 2**62, -(2**70)], dtype=object)
    >>> joined(*split(numbers)).tolist() == numbers.tolist()
    True
    """
    fits = not len(high) or (int(high.max()) < _SMALL_HIGH and int(high.min()) >= -_SMALL_HIGH)
    upper = high if fits else high.astype(object)
    return (upper << _LOW_BITS) + low
