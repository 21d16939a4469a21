"""Rows of a batch by series: their order, and where each series begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["groups", "sorted_order"]


def sorted_order(series: NDArray[np.int64], event_time: NDArray[np.int64]) -> NDArray[np.intp]:
    """Stable order by series, then event time."""
    first = int(event_time.min())
    span = int(event_time.max()) - first + 1
    if (int(series.max()) + 1) * span < 2**63:
        return np.argsort(series * span + (event_time - first), kind="stable")
    return np.lexsort((event_time, series))


def groups(series: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First row and number of rows of each series in a sorted column."""
    firsts = np.flatnonzero(np.diff(series, prepend=-1))
    return firsts, np.diff(np.append(firsts, len(series)))
