"""Values of slots in columns: the mean of what lies in a slot, of volumes the sum.

Source: docs/alert-classes.md, "Slots and periods".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hydro.fixed import divide_half_even

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["slot_values"]

_SUMS_FIT = 2**45


def slot_values(
    event_time: NDArray[np.int64], value: NDArray[np.int64], length_ms: int, shift_ms: int, *, is_sum: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ends and values of the slots that hold valid readings.

    Args:
        event_time: Of valid readings, epoch milliseconds, ascending, each once.
        value: Millionths.
        length_ms: Of a slot.
        shift_ms: Zone from whose 00:00 slots are counted.
        is_sum: Of volumes the sum is the slot's value.

    >>> import numpy as np
    >>> ends, values = slot_values(np.array([1, 60_000, 60_001]), np.array([1, 2, 7]), 60_000, 0, is_sum=False)
    >>> ends.tolist(), values.tolist()
    ([60000, 120000], [2, 7])
    """
    if not len(event_time):
        return event_time, value
    ends = -(-(event_time + shift_ms) // length_ms) * length_ms - shift_ms
    firsts = np.flatnonzero(np.diff(ends, prepend=ends[0] - 1))
    if len(firsts) == len(ends):
        return ends, value
    counts = np.diff(np.append(firsts, len(ends)))
    if int(np.abs(value).max()) < _SUMS_FIT:
        totals = np.add.reduceat(value, firsts)
        if not is_sum:
            quotient = totals // counts
            twice = 2 * (totals - quotient * counts)
            totals = quotient + ((twice > counts) | ((twice == counts) & (quotient & 1 == 1)))
        return ends[firsts], totals
    exact = [
        sum(value[first : first + count].tolist())
        for first, count in zip(firsts.tolist(), counts.tolist(), strict=True)
    ]
    if not is_sum:
        exact = [divide_half_even(total, count) for total, count in zip(exact, counts.tolist(), strict=True)]
    return ends[firsts], np.array(exact, np.int64)
