"""Water taken in hours, days, months and years: the sum of what was measured in them, and how much of it was.

::

    total      |----|----|- refused -|----|-------- 3 h --------|----|
    hour             ]           ]           ]           ]           ]      end-stamped, (H - 1:00, H:00]
    known           yes          no          no          no          no
    day                                                                 holds both ends of the 3 h: their volume counts

An increment belongs to the time of its later reading. One longer than 60 minutes that crosses the bounds of a period
belongs to neither side; of an hour it always does. What was not measured is missing and never filled: a volume comes
with the number of hours that are known. Zero is a volume, none known is none.

Source: docs/decisions/0092-taking.md, "Counters and volumes".
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.fixed import MICRO
from hydro.instants import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from hydro.counters import Steps

__all__ = [
    "LONGEST_MS",
    "Increments",
    "PeriodVolumes",
    "Rests",
    "counted",
    "hour_of",
    "hours_heard",
    "hours_spoiled",
    "period_volumes",
    "poured",
    "times",
]

LONGEST_MS: Final = HOUR_MS
"""An increment over more can't be said to lie on one side of a bound."""


class Rests(IntEnum):
    """What a volume rests on."""

    COUNTER = 0
    VOLUME = 1
    FLOW = 2
    ELECTRICITY = 3

    @property
    def text(self) -> str:
        """Name in tables and messages."""
        return self.name.lower()


class Increments(NamedTuple):
    """Water that passed, in the order of ``end``.

    Attributes:
        start: int64, since when, epoch milliseconds; equal to ``end`` where it belongs to its end whatever its length.
        end: int64, to which time it belongs.
        amount: int64, millionths of m3; negative where water came back.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    amount: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of increments."""
        return len(self.end)

    def between(self, after: int, until: int) -> Increments:
        """Those that belong to (after, until]."""
        first, last = np.searchsorted(self.end, (after, until), side="right")
        return Increments(*(column[first:last] for column in self))

    @classmethod
    def joined(cls, parts: Sequence[Increments]) -> Increments:
        """All of them."""
        none = np.empty(0, np.int64)
        start, end, amount = (
            (np.concatenate([none, *columns]) for columns in zip(*parts, strict=True)) if parts else (none,) * 3
        )
        order = np.argsort(end, kind="stable")
        return cls(start[order], end[order], amount[order])


class PeriodVolumes(NamedTuple):
    """Volumes of periods; row i of every column belongs together.

    Attributes:
        volume: int64, millionths of m3.
        known: int64, hours of the period of which it is known.
        expected: int64, all hours of the period.
    """

    volume: NDArray[np.int64]
    known: NDArray[np.int64]
    expected: NDArray[np.int64]


def counted(steps: Steps) -> Increments:
    """The known steps of a total."""
    known = np.flatnonzero(steps.known)
    return Increments(steps.start[known], steps.end[known], steps.amount[known])


def poured(end: NDArray[np.int64], value: NDArray[np.int64], length_ms: int | None) -> Increments:
    """Valid slots of flow, or of volume.

    Args:
        end: Of the slots, ascending.
        value: Slot values, millionths of m3/s, or of m3.
        length_ms: Of a slot of flow, whole minutes; None = it is a volume.
    """
    amount = value if length_ms is None else value * (length_ms // MINUTE_MS) * 60
    return Increments(end, end, amount)


def times(amount: NDArray[np.int64], coefficient: NDArray[np.int64]) -> NDArray[np.int64]:
    """Increments of energy times m3 in a kWh, half even, both in millionths; amounts are those of one step."""
    whole, part = amount // MICRO, amount % MICRO * coefficient
    twice, quotient = 2 * (part % MICRO), whole * coefficient + part // MICRO
    found: NDArray[np.int64] = quotient + ((twice > MICRO) | ((twice == MICRO) & (quotient & 1 == 1)))
    return found


def hour_of(event_time: NDArray[np.int64], shift_ms: int) -> NDArray[np.int64]:
    """End of the clock hour that holds each instant.

    Args:
        event_time: Epoch milliseconds; one on a boundary belongs to the hour that it ends.
        shift_ms: Zone.
    """
    return -(-(event_time + shift_ms) // HOUR_MS) * HOUR_MS - shift_ms


def hours_heard(event_time: NDArray[np.int64], shift_ms: int) -> NDArray[np.int64]:
    """Ends of the hours with a reading, ascending, as the readings are."""
    hours = hour_of(event_time, shift_ms)
    return hours[np.flatnonzero(np.diff(hours, prepend=hours[:1] - 1))]


def hours_spoiled(steps: Steps, shift_ms: int) -> NDArray[np.int64]:
    """Ends of the hours of which a total doesn't tell the volume: a step that is refused, or long, lies over them."""
    over = np.flatnonzero(~steps.known | (steps.end - steps.start > LONGEST_MS))
    first = hour_of(steps.start[over] + 1, shift_ms)
    last = hour_of(steps.end[over], shift_ms)
    spans: Iterable[NDArray[np.int64]] = (
        np.arange(one, other + 1, HOUR_MS) for one, other in zip(first.tolist(), last.tolist(), strict=True)
    )
    return np.unique(np.concatenate([np.empty(0, np.int64), *spans]))


def period_volumes(
    increments: Increments, known_hours: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]
) -> PeriodVolumes:
    """Volumes of periods of whole hours.

    Args:
        increments: Of one metering point.
        known_hours: Ends of its hours of which the volume is known, ascending.
        start: Of the periods, epoch milliseconds; any periods in any order.
        end: Of the same.
    """
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(increments.amount)])
    first = np.searchsorted(increments.end, start, side="right")
    last = np.maximum(np.searchsorted(increments.end, end, side="right"), first)
    volume = before[last] - before[first]
    # Only the first increment of a period can begin before it.
    begins = np.flatnonzero(last > first)
    opening = first[begins]
    is_over = (increments.start[opening] < start[begins]) & (
        increments.end[opening] - increments.start[opening] > LONGEST_MS
    )
    volume[begins] -= np.where(is_over, increments.amount[opening], 0)
    known = np.searchsorted(known_hours, end, side="right") - np.searchsorted(known_hours, start, side="right")
    return PeriodVolumes(volume, np.maximum(known, 0), (end - start) // HOUR_MS)
