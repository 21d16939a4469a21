"""The micro-batch: readings as equal-length columns, from decode to store."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Observations"]


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Readings in journal order; row i of every column belongs together.

    Attributes:
        series: int64, number of the series (:class:`hydro.series.SeriesIndex`).
        event_time: int64, epoch milliseconds at which the value was measured (end of the interval for sums).
        value: int64, millionths of the canonical unit; 0 where the flag is MISSING.
        flag: uint8, :class:`hydro.flags.Flag`.
        received_at: int64, epoch milliseconds at which the message reached us.
        position: int64, journal position of the message.
    """

    series: NDArray[np.int64]
    event_time: NDArray[np.int64]
    value: NDArray[np.int64]
    flag: NDArray[np.uint8]
    received_at: NDArray[np.int64]
    position: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of readings."""
        return len(self.series)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Observations:
        """The chosen rows, in the order given."""
        return Observations(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def empty(cls) -> Self:
        """No readings."""
        none = np.empty(0, np.int64)
        return cls(none, none, none, np.empty(0, np.uint8), none, none)

    @classmethod
    def concatenate(cls, parts: Sequence[Observations]) -> Observations:
        """All rows of ``parts``, one after the other."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return cls.empty()
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))
