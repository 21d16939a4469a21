"""Means of whole counts, rounded half to even: the arithmetic of the alert classes, for many series at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from simulators.basin.step import Integers

__all__ = ["quotients"]


def quotients(dividends: Integers, divisors: Integers) -> Integers:
    """Exact quotients, rounded half to even; 0 where the divisor is 0.

    >>> quotients(np.array([1, 3, 5, -1, 7]), np.array([2, 2, 2, 2, 0])).tolist()
    [0, 2, 2, 0, 0]
    """
    some = np.maximum(divisors, 1)
    whole, rest = np.divmod(dividends, some)
    twice = 2 * rest
    up = (twice > some) | ((twice == some) & (whole % 2 == 1))
    return np.where(divisors > 0, whole + up, 0)
