"""Whether water was taken at an intake in a day, and since when: by its flow, or by a total that moved.

Source: docs/decisions/0092-taking.md, permit_expired: "water was taken in the last 24 h".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alerting.slots.samples import VALID
from hydro.counters import multiplied
from hydro.fixed import MICRO
from hydro.instants import MINUTE_MS
from hydro.metered import multipliers
from hydro.quantity import Quantity
from hydro.register.stations import CounterKind
from hydro.slot_values import slot_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from alerting.slots.intake import SlotIntake
    from hydro.metered import Series
    from hydro.register import Register

__all__ = ["EVIDENCE", "TakesSeen"]

EVIDENCE = (Quantity.DISCHARGE, Quantity.VOLUME_TOTAL)


class TakesSeen:
    """Of one intake.

    Args:
        register: Master data.
        points: Its metering points.
        intake: Where the samples are.
        number: Of the series in it.
    """

    def __init__(
        self, register: Register, points: Sequence[str], intake: SlotIntake, number: Mapping[Series, int]
    ) -> None:
        self._register = register
        self._points = points
        self._intake = intake
        self._number = number
        self._shift = register.zone_minutes * MINUTE_MS
        self._found: dict[int, int | None] = {}

    def forget_from(self, day: int) -> None:
        """A day and those after it are not as they were."""
        self._found = {each: since for each, since in self._found.items() if each < day}

    def forget_before(self, day: int) -> None:
        """Days before one are not asked for any more."""
        self._found = {each: since for each, since in self._found.items() if each >= day}

    def since(self, day: int) -> int | None:
        """Start of the first slot of a day in which water was taken; None if none was."""
        if day not in self._found:
            self._found[day] = min(self._evidence(day), default=None)
        return self._found[day]

    def _evidence(self, day: int) -> Iterator[int]:
        end = self._intake.store.day_end(day)
        lengths = [row.interval_min for point in self._points if (row := self._register.station_at(point, end))]
        length = max(lengths, default=60) * MINUTE_MS
        for point in self._points:
            if self._register.taking.intake_at(point, end) is None:
                continue
            found = [self._flows(point, day, length), self._counts(point, day, length)]
            yield from (start for start in found if start is not None)

    def _samples(self, series: Series, day: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        number = self._number.get(series)
        if number is None:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        samples = self._intake.store.samples(number, day)
        valid = samples.mark & VALID != 0
        event_time = samples.event_time[valid]
        factor = multipliers(self._register, *series, event_time)
        return event_time, multiplied(samples.value[valid], factor)

    def _flows(self, point: str, day: int, length: int) -> int | None:
        event_time, value = self._samples((point, Quantity.DISCHARGE), day)
        ends, flow = slot_values(event_time, value, length, self._shift, is_sum=False)
        limits = self._register.limits_at(point, Quantity.DISCHARGE, self._intake.store.day_end(day))
        taken = np.flatnonzero(flow > (0 if limits is None else limits.zero_below))
        return int(ends[taken[0]]) - length if len(taken) else None

    def _counts(self, point: str, day: int, length: int) -> int | None:
        """By the last readings of the first and the last slot."""
        event_time, value = self._samples((point, Quantity.VOLUME_TOTAL), day)
        if not len(event_time):
            return None
        ends = -(-(event_time + self._shift) // length) * length - self._shift
        lasts = np.flatnonzero(np.diff(ends, append=ends[-1] + 1))
        limits = self._register.limits_at(point, Quantity.VOLUME_TOTAL, self._intake.store.day_end(day))
        resolution, factor, kind = MICRO, MICRO, None
        if limits is not None:
            resolution, factor = limits.resolution or MICRO, limits.multiplier or MICRO
            kind = limits.counter_kind
        gained = int(value[lasts[-1]]) - int(value[lasts[0]])
        least = int(multiplied(np.array([resolution], np.int64), np.array([factor], np.int64))[0])
        is_taken = gained > least and kind is not CounterKind.REVERSE
        return int(ends[lasts[1]]) - length if is_taken else None
