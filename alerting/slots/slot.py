"""What the samples of a slot make: its value, exactly, one by one and in columns."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alerting.slots.samples import ON_TIME, VALID, Block, Samples
from hydro.fixed import divide_half_even

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["LARGEST_IN_COLUMNS", "Slot", "SlotSum", "halved_even", "slots_of", "sum_of"]

LARGEST_IN_COLUMNS: Final = 2**45
"""Values below it can be summed over a month of minutes in int64; larger ones are summed one by one, without bound."""


class SlotSum(NamedTuple):
    """Valid values of a slot.

    Attributes:
        total: Their sum, millionths.
        number: How many.
        on_time: Whether one of them first arrived in time.
    """

    total: int
    number: int
    on_time: bool

    def value(self, *, is_volume: bool) -> int | None:
        """Slot value: the mean, half even; of a volume the sum; None where no value is valid."""
        if self.number > 1 and not is_volume:
            return divide_half_even(self.total, self.number)
        return self.total if self.number else None


class Slot(NamedTuple):
    """A slot with samples: its end, its value in millionths, None where none is valid, and whether it came in time."""

    end: int
    value: int | None
    on_time: bool


def halved_even(dividend: NDArray[np.int64], divisor: NDArray[np.int64]) -> NDArray[np.int64]:
    """Quotients rounded half to even; divisors are above 0.

    >>> halved_even(np.array([1, 3, 5, -1, -3]), np.array([2, 2, 2, 2, 2])).tolist()
    [0, 2, 2, 0, -2]
    """
    quotient = dividend // divisor
    twice = 2 * (dividend - quotient * divisor)
    rounded: NDArray[np.int64] = quotient + ((twice > divisor) | ((twice == divisor) & (quotient & 1 == 1)))
    return rounded


def sum_of(block: Block, start: int, end: int) -> SlotSum:
    """Valid values of a block in (start, end]."""
    times = block.times
    if not times or times[-1] <= start:
        return SlotSum(0, 0, on_time=False)
    total = count = 0
    on_time = False
    for place in range(bisect_right(times, start), bisect_right(times, end)):
        mark = block.marks[place]
        if mark & VALID:
            total += block.values[place]
            count += 1
            on_time = on_time or bool(mark & ON_TIME)
    return SlotSum(total, count, on_time)


def slots_of(samples: Samples, length: int, shift: int, *, is_volume: bool) -> Iterator[Slot]:
    """Slots with samples, in time order.

    Args:
        samples: Of one series, within slots of one length.
        length: Of a slot, milliseconds.
        shift: Zone in milliseconds; slots are counted from its 00:00.
        is_volume: Whether a slot's value is the sum.
    """
    if not len(samples):
        return
    ends = -(-(samples.event_time + shift) // length) * length - shift
    firsts = np.flatnonzero(np.diff(ends, prepend=ends[0] - 1))
    valid = samples.mark & VALID != 0
    if bool((np.abs(samples.value) >= LARGEST_IN_COLUMNS).any()):
        yield from _one_by_one(samples, ends, firsts, is_volume=is_volume)
        return
    counts = np.add.reduceat(valid.astype(np.int64), firsts)
    values = np.add.reduceat(np.where(valid, samples.value, 0), firsts)
    if not is_volume:
        values = halved_even(values, np.maximum(counts, 1))
    on_time = np.logical_or.reduceat(valid & (samples.mark & ON_TIME != 0), firsts)
    for end, value, count, timely in zip(
        ends[firsts].tolist(), values.tolist(), counts.tolist(), on_time.tolist(), strict=True
    ):
        yield Slot(end, value if count else None, timely)


def _one_by_one(
    samples: Samples, ends: NDArray[np.int64], firsts: NDArray[np.intp], *, is_volume: bool
) -> Iterator[Slot]:
    for first, last in zip(firsts.tolist(), [*firsts[1:].tolist(), len(ends)], strict=True):
        marks, values = samples.mark[first:last].tolist(), samples.value[first:last].tolist()
        counted = [(value, mark) for value, mark in zip(values, marks, strict=True) if mark & VALID]
        found = SlotSum(
            sum(value for value, _ in counted), len(counted), on_time=any(mark & ON_TIME for _, mark in counted)
        )
        yield Slot(int(ends[first]), found.value(is_volume=is_volume), found.on_time)
