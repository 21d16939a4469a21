"""What a batch did to slots: the columns that rules are judged from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hydro.quantity import Quantity

__all__ = ["LateReading", "SlotChange", "SlotChanges", "TooOldDay"]


class SlotChange(NamedTuple):
    """One slot that late, repeated or corrected readings changed.

    Attributes:
        series: Number among the watched series.
        end: End of the slot, epoch milliseconds.
        old: Value before, millionths; None where it was not valid.
        new: Value now, likewise; of any size.
        was_timely: Whether a valid value had arrived in time.
        timely: Whether one has by now.
    """

    series: int
    end: int
    old: int | None
    new: int | None
    was_timely: bool
    timely: bool


class LateReading(NamedTuple):
    """The latest late reading of a series in a batch.

    Attributes:
        received_at: When it came.
        watermark: Of the series when it was read.
    """

    received_at: int
    watermark: int


class TooOldDay(NamedTuple):
    """Readings of one series and one day that came when its samples had been let go of.

    Attributes:
        station: Code.
        quantity: What was measured.
        day: Days since 1970-01-01 in the zone of the settings; a day is (00:00, 24:00].
        received_at: Of the latest of them, epoch milliseconds.
        readings: How many.
    """

    station: str
    quantity: Quantity
    day: int
    received_at: int
    readings: int


@dataclass(frozen=True, slots=True)
class SlotChanges:
    """Slots that readings newer than all others of their series made or added to, and those that others changed.

    The columns are sorted by series, then end, each pair once; their values are small enough to be summed in int64. Of
    a series only the first row can be a slot that was known before.

    Attributes:
        series: int64, number among the watched series.
        end: int64, end of the slot.
        old: int64, value before; 0 where not valid.
        had: bool, whether it was valid before.
        new: int64, value now; 0 where not valid.
        has: bool, whether it is valid now.
        was_timely: bool, whether a valid value had arrived in time.
        timely: bool, whether one has by now.
        rewritten: The others, by series and end; they came after the columns.
        touched: Series to which anything was added, sorted.
        late: Series -> the latest late reading.
    """

    series: NDArray[np.int64]
    end: NDArray[np.int64]
    old: NDArray[np.int64]
    had: NDArray[np.bool_]
    new: NDArray[np.int64]
    has: NDArray[np.bool_]
    was_timely: NDArray[np.bool_]
    timely: NDArray[np.bool_]
    rewritten: list[SlotChange] = field(default_factory=list)
    touched: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    late: dict[int, LateReading] = field(default_factory=dict)

    def __len__(self) -> int:
        """Rows of the columns."""
        return len(self.series)

    @classmethod
    def of_rewritten(
        cls, rewritten: list[SlotChange], touched: NDArray[np.int64], late: dict[int, LateReading]
    ) -> SlotChanges:
        """Columns without a row."""
        none, never = np.empty(0, np.int64), np.empty(0, bool)
        return cls(none, none, none, never, none, never, never, never, rewritten, touched, late)
