"""A series as columns, the way the store gives it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from storage.buckets import Bucket
    from storage.store import Point

__all__ = ["BucketColumns", "Samples"]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Raw observations as equal-length columns, sorted by time.

    Attributes:
        time: int64, event time.
        value: int64; anything where the flag is MISSING.
        flag: uint8, :class:`hydro.flags.Flag`.
    """

    time: NDArray[np.int64]
    value: NDArray[np.int64]
    flag: NDArray[np.uint8]

    def __len__(self) -> int:
        """Number of observations."""
        return len(self.time)

    @classmethod
    def of(cls, points: Iterable[Point]) -> Self:
        """Columns of what a store answers."""
        rows = [(point.time, 0 if point.value is None else point.value, point.flag) for point in points]
        table = np.array(rows, np.int64).reshape(-1, 3)
        return cls(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].astype(np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class BucketColumns:
    """Buckets (end - every, end] as equal-length columns, sorted by time; for long ranges.

    Attributes:
        every_ms: Length of a bucket.
        time: int64, ends.
        mean: int64; anything where ``valid`` is 0, as the next two.
        minimum: int64, least single value.
        maximum: int64, greatest single value.
        valid: int64, slots with a valid value.
        expected: int64, slots.
    """

    every_ms: int
    time: NDArray[np.int64]
    mean: NDArray[np.int64]
    minimum: NDArray[np.int64]
    maximum: NDArray[np.int64]
    valid: NDArray[np.int64]
    expected: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of buckets."""
        return len(self.time)

    @classmethod
    def of(cls, buckets: Iterable[Bucket], every_ms: int) -> Self:
        """Columns of what a store answers."""
        rows = [
            (one.time, one.mean or 0, one.minimum or 0, one.maximum or 0, one.valid, one.expected) for one in buckets
        ]
        table = np.array(rows, np.int64).reshape(-1, 6)
        return cls(every_ms, *(table[:, column].copy() for column in range(6)))
