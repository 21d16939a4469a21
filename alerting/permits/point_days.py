"""What a metering point measured, day by day: sums that are kept, made of samples that are not looked at again.

A day is filled when somebody asks for it, and forgotten from the first reading on that changes it. Whether an hour is
known hangs on the readings before and after it too, so a reading after a gap changes the day in which the gap began.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from alerting.slots.samples import VALID, Samples
from hydro.instants import HOUR_MS
from hydro.metered import Meter, Readings
from hydro.volumes import LONGEST_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alerting.slots.intake import SlotIntake
    from hydro.metered import Metered, Series
    from hydro.register import Register

__all__ = ["Day", "Hours", "PointDays", "PointState"]

_HOURS: Final = 24


class Day(NamedTuple):
    """A day of a point; volumes in millionths of m3.

    Attributes:
        volume: Of all increments that belong to it.
        rising: Of those of them above 0.
        crossing: Of the one among them that is longer than 60 minutes and began before it.
        known: Hours of which the volume is known.
    """

    volume: int
    rising: int
    crossing: int
    known: int


class Hours(NamedTuple):
    """The 24 hours of a day of a point: volumes, crossing increments left in, and whether each is known."""

    volume: list[int]
    known: list[bool]


class PointState(msgspec.Struct, array_like=True):
    """What is saved of the days of a point: the first of them, and four numbers each."""

    first: int
    numbers: bytes


class PointDays:
    """See the module.

    Args:
        register: Master data.
        station: The metering point.
        intake: Where the samples are.
        number: Of the series in it.

    Attributes:
        station: The metering point.
        series: Numbers of the series on which its volume rests.
        first: The first day that is kept; None while there is none.
    """

    def __init__(self, register: Register, station: str, intake: SlotIntake, number: Mapping[Series, int]) -> None:
        self.station = station
        self._meter = Meter(register, station)
        self._number = {each: number[each] for each in self._meter.series if each in number}
        self.series: Sequence[int] = tuple(self._number.values())
        self._intake = intake
        self.first: int | None = None
        self._numbers = array("q")

    def __len__(self) -> int:
        """Days that are kept, from the first one on."""
        return len(self._numbers) // 4

    def day(self, day: int) -> Day:
        """One of the days; all zero before the first."""
        place = -1 if self.first is None else (day - self.first) * 4
        return Day(*self._numbers[place : place + 4]) if 0 <= place < len(self._numbers) else Day(0, 0, 0, 0)

    def forget_from(self, day: int) -> None:
        """A day and those after it are not as they were."""
        if self.first is not None:
            del self._numbers[max(0, day - self.first) * 4 :]
            if not self._numbers:
                self.first = None

    def forget_before(self, day: int) -> None:
        """Let go of days before one."""
        if self.first is not None and day > self.first:
            del self._numbers[: (day - self.first) * 4]
            self.first = day if self._numbers else None

    def gap_before(self, event_time: int) -> int:
        """The latest valid reading of any series before an instant if more than an hour lies between, else that."""
        earliest = event_time
        for series in self.series:
            before = self._neighbour(series, self._intake.store.day(event_time), event_time, -1)
            if before is not None and event_time - before[0] > LONGEST_MS:
                earliest = min(earliest, before[0])
        return earliest

    def fill(self, until_day: int) -> None:
        """Fill the days up to and with one of them."""
        first = self._first_day() if self.first is None else self.first + len(self)
        if first is None or first > until_day:
            return
        if self.first is None:
            self.first = first
        store = self._intake.store
        found = self._measured(first, until_day)
        ends = np.array([store.day_end(day) for day in range(first - 1, until_day + 1)], np.int64)
        increments = found.increments.between(int(ends[0]), int(ends[-1]))
        places = np.searchsorted(increments.end, ends, side="right")
        total = np.concatenate([np.zeros(1, np.int64), np.cumsum(increments.amount)])
        rising = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.maximum(increments.amount, 0))])
        known = np.searchsorted(found.known_hours, ends, side="right")
        numbers = np.zeros((len(ends) - 1, 4), np.int64)
        numbers[:, 0], numbers[:, 1] = np.diff(total[places]), np.diff(rising[places])
        numbers[:, 3] = np.diff(known)
        opens = np.flatnonzero(places[1:] > places[:-1])
        opening = places[opens]
        crosses = increments.start[opening] < ends[opens]
        crosses &= increments.end[opening] - increments.start[opening] > LONGEST_MS
        numbers[opens, 2] = np.where(crosses, increments.amount[opening], 0)
        self._numbers.frombytes(numbers.tobytes())

    def hours(self, day: int) -> Hours:
        """The hours of a day, from its samples."""
        store = self._intake.store
        start, end = store.day_end(day - 1), store.day_end(day)
        found = self._measured(day, day)
        increments = found.increments.between(start, end)
        volume = [0] * _HOURS
        for at, amount in zip(increments.end.tolist(), increments.amount.tolist(), strict=True):
            volume[-(-(at - start) // HOUR_MS) - 1] += amount
        known = set(found.known_hours.tolist())
        return Hours(volume, [start + (hour + 1) * HOUR_MS in known for hour in range(_HOURS)])

    def volume_since(self, onset: int, day: int) -> int:
        """Volume from an instant to the end of a day, as far as the days are known; millionths of m3."""
        store = self._intake.store
        first = store.day(onset + 1)
        volume = sum(self.day(each).volume for each in range(first + 1, day + 1))
        if onset == store.day_end(first - 1):
            return volume + self.day(first).volume - self.day(first).crossing
        increments = self._measured(first, first).increments.between(onset, store.day_end(first))
        crosses = (increments.start < onset) & (increments.end - increments.start > LONGEST_MS)
        return volume + int(increments.amount[~crosses].sum())

    def _first_day(self) -> int | None:
        store = self._intake.store
        days = [day for series in self.series for day in store.days(series)[:1]]
        return min(days, default=None)

    def _measured(self, first_day: int, last_day: int) -> Metered:
        return self._meter.read(
            {each: self._readings(number, first_day, last_day) for each, number in self._number.items()}
        )

    def _readings(self, series: int, first_day: int, last_day: int) -> Readings:
        """Valid readings of some days, with the one before and the one after them."""
        store = self._intake.store
        days = [day for day in store.days(series) if first_day <= day <= last_day]
        samples = Samples.joined([store.samples(series, day) for day in days])
        valid = samples.mark & VALID != 0
        parts = [(samples.event_time[valid], samples.value[valid])]
        before = self._neighbour(series, first_day, store.day_end(first_day - 1) + 1, -1)
        after = self._neighbour(series, last_day, store.day_end(last_day), 1)
        for place, one in ((0, before), (len(parts), after)):
            if one is not None:
                parts.insert(
                    place if place == 0 else len(parts), (np.array(one[:1], np.int64), np.array(one[1:], np.int64))
                )
        return Readings(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _neighbour(self, series: int, day: int, event_time: int, step: int) -> tuple[int, int] | None:
        """The valid reading next to an instant: before it where ``step`` is -1, after it where 1; time and value."""
        for each in self._days_from(series, day, step):
            samples = self._intake.store.samples(series, each)
            valid = samples.mark & VALID != 0
            valid &= samples.event_time < event_time if step < 0 else samples.event_time > event_time
            rows = np.flatnonzero(valid)
            if len(rows):
                row = int(rows[-1 if step < 0 else 0])
                return int(samples.event_time[row]), int(samples.value[row])
        return None

    def _days_from(self, series: int, day: int, step: int) -> Iterator[int]:
        days = self._intake.store.days(series)
        return (each for each in (reversed(days) if step < 0 else days) if (each - day) * step >= 0)

    def pack(self) -> PointState | None:
        """The days; None if there are none."""
        return None if self.first is None else PointState(self.first, self._numbers.tobytes())

    def unpack(self, state: PointState) -> None:
        """Take up what :meth:`pack` gave."""
        self.first = state.first
        self._numbers = array("q", state.numbers)
