"""The newest observation of every series, and when a station was last heard, as columns of fixed size.

Invariants:
    * Order of arrival doesn't matter but for values of one key, of which the later wins; a missing value never replaces
      one. So a backlog, a back-fill and a repetition end in the same columns.
    * Memory is 17 bytes a series of the register and 8 a station, whatever arrives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.flags import Flag
from hydro.series import QUANTITY_SLOTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hydro.columns import Observations
    from hydro.series import SeriesIndex

__all__ = ["NEVER", "Newest"]

NEVER: Final = -(2**62)
"""Event time of what was never heard."""


class Newest:
    """See the module.

    Args:
        index: Numbers of the series.

    Attributes:
        time: int64 by series, event time; ``NEVER`` at first.
        value: int64 by series, millionths; 0 where the flag is MISSING.
        flag: uint8 by series.
        heard: int64 by station, event time of the newest valid value (flags 1, 2, 3) of any quantity; ``NEVER`` at
            first.
    """

    def __init__(self, index: SeriesIndex) -> None:
        self.time = np.full(len(index), NEVER, np.int64)
        self.value = np.zeros(len(index), np.int64)
        self.flag = np.zeros(len(index), np.uint8)
        self.heard = np.full(len(index.stations), NEVER, np.int64)

    def take(self, rows: Observations, *, known_before: bool = False) -> NDArray[np.int64]:
        """Take observations over.

        Args:
            rows: In journal order.
            known_before: They are older news than what is here, such as the store's when the journal was read first: at
                the same time what is here stays.

        Returns:
            Numbers of the stations of which something changed, each once.
        """
        if not len(rows):
            return np.empty(0, np.int64)
        order = np.lexsort((np.arange(len(rows)), rows.flag != Flag.MISSING, rows.event_time, rows.series))
        rows = rows.take(order[np.flatnonzero(np.diff(rows.series[order], append=-1))])
        series = rows.series
        same = rows.event_time == self.time[series]
        void = (rows.flag == Flag.MISSING) & (self.flag[series] != Flag.MISSING)
        differs = (rows.value != self.value[series]) | (rows.flag != self.flag[series])
        fresh = rows.event_time > self.time[series]
        if not known_before:
            fresh |= same & differs & ~void
        changed = series[fresh]
        self.time[changed] = rows.event_time[fresh]
        self.value[changed] = rows.value[fresh]
        self.flag[changed] = rows.flag[fresh]
        return np.unique(changed // QUANTITY_SLOTS)

    def hear(self, rows: Observations) -> NDArray[np.int64]:
        """Note when stations were heard; numbers of those that were heard of anew."""
        valid = np.isin(rows.flag, (Flag.GOOD, Flag.NOT_EVALUATED, Flag.SUSPECT))
        station, event_time = rows.series[valid] // QUANTITY_SLOTS, rows.event_time[valid]
        later = event_time > self.heard[station]
        np.maximum.at(self.heard, station[later], event_time[later])
        return np.unique(station[later])
