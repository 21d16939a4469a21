"""Slots of a series with all their samples, those that fail included, in time order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alerting.slots.samples import VALID
from hydro.fixed import divide_half_even
from hydro.flags import Flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerting.slots.intake import SlotIntake
    from alerting.slots.samples import Samples

__all__ = ["Slot", "slots_after"]

_NEVER: Final = -(2**62)
_FLAG: Final = 0x0F


class Slot(NamedTuple):
    """Samples of one slot by event time.

    Attributes:
        start: Epoch milliseconds.
        end: Of the slot.
        values: Of its samples, millionths; 0 where missing.
        marks: See :func:`alerting.slots.samples.marks_of`.
    """

    start: int
    end: int
    values: tuple[int, ...]
    marks: tuple[int, ...]

    @property
    def valid(self) -> tuple[int, ...]:
        """Valid values."""
        return tuple(value for value, mark in zip(self.values, self.marks, strict=True) if mark & VALID)

    @property
    def told(self) -> tuple[int, ...]:
        """Values, valid or not."""
        return tuple(value for value, mark in zip(self.values, self.marks, strict=True) if mark & _FLAG != Flag.MISSING)

    @property
    def mean(self) -> int | None:
        """Mean of the valid values, half even."""
        return mean(self.valid)

    @property
    def has_failed(self) -> bool:
        """Whether a sample fails."""
        return any(mark & _FLAG == Flag.FAIL for mark in self.marks)


def mean(values: tuple[int, ...]) -> int | None:
    """Half even; None of nothing."""
    return divide_half_even(sum(values), len(values)) if values else None


def slots_after(intake: SlotIntake, series: int, after: int) -> Iterator[Slot]:
    """Slots with samples that end after an instant, whole.

    Args:
        intake: Has the samples.
        series: Number among the watched series.
        after: Epoch milliseconds.
    """
    clock, store = intake.clock_of(series), intake.store
    first = clock.day(after + 1) if after > _NEVER else _NEVER
    for day in store.days(series):
        if day < first:
            continue
        samples = store.samples(series, day)
        for since, until, length in clock.stretches(clock.day_end(day - 1), clock.day_end(day)):
            begin = max(since, clock.slot_end(after + 1, length) - length) if after > _NEVER else since
            yield from _slots(samples.between(begin, until), length, clock.shift)


def _slots(samples: Samples, length: int, shift: int) -> Iterator[Slot]:
    if not len(samples):
        return
    ends = -(-(samples.event_time + shift) // length) * length - shift
    firsts = np.flatnonzero(np.diff(ends, prepend=ends[0] - 1)).tolist()
    values, marks = samples.value.tolist(), samples.mark.tolist()
    for first, last in zip(firsts, [*firsts[1:], len(values)], strict=True):
        end = int(ends[first])
        yield Slot(end - length, end, tuple(values[first:last]), tuple(marks[first:last]))
