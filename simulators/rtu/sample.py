"""What a station measures, and the memory in which it keeps it."""

from __future__ import annotations

from collections import deque
from itertools import islice, takewhile
from typing import TYPE_CHECKING, NamedTuple

from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["STATES", "Channel", "Memory", "Sample"]

STATES = frozenset({Quantity.DOOR, Quantity.PUMP, Quantity.METER_FAULT})
"""Quantities that are bits of status words."""


class Channel(NamedTuple):
    """A sensor of a station; the number counts those of one quantity from 1."""

    quantity: Quantity
    number: int = 1


class Sample(NamedTuple):
    """Readings of one instant.

    Attributes:
        observed_at: Epoch milliseconds by the station's own clock.
        values: Millionths of the canonical unit; None where the sensor gave nothing.
    """

    observed_at: int
    values: Mapping[Channel, int | None]


class Memory:
    """The last samples of a station, and which of them the centre has not confirmed.

    Args:
        capacity: Samples kept; a new one pushes out the oldest, confirmed or not.

    Attributes:
        lost: Samples pushed out before they were confirmed.
    """

    def __init__(self, capacity: int) -> None:
        self._samples: deque[Sample] = deque(maxlen=capacity)
        self._owed: dict[int, Sample] = {}
        self.lost = 0

    def keep(self, sample: Sample, *, owed: bool) -> None:
        """Remember a sample.

        Args:
            sample: Later than all others.
            owed: Whether it is to be reported.
        """
        if len(self._samples) == self._samples.maxlen and self._samples[0].observed_at in self._owed:
            del self._owed[self._samples[0].observed_at]
            self.lost += 1
        self._samples.append(sample)
        if owed:
            self._owed[sample.observed_at] = sample

    def confirmed(self, times: Iterable[int]) -> None:
        """The samples of these times have arrived."""
        for observed_at in times:
            self._owed.pop(observed_at, None)

    def recent(self, since: int, until: int) -> list[Sample]:
        """Samples still to be reported with ``since`` < time <= ``until``, the oldest first."""
        newest_first = takewhile(lambda sample: sample.observed_at > since, reversed(self._owed.values()))
        return [sample for sample in newest_first if sample.observed_at <= until][::-1]

    def oldest(self, until: int, count: int) -> list[Sample]:
        """The first samples still to be reported, observed until then."""
        return list(takewhile(lambda sample: sample.observed_at <= until, islice(self._owed.values(), count)))

    def between(self, start: int, end: int) -> list[Sample]:
        """All samples kept with ``start`` <= time <= ``end``, the oldest first."""
        return [sample for sample in self._samples if start <= sample.observed_at <= end]

    @property
    def latest(self) -> Sample | None:
        """The newest sample."""
        return self._samples[-1] if self._samples else None

    def clear(self) -> None:
        """Forget everything, as commands to initialise the storage want it."""
        self._samples.clear()
        self._owed.clear()
