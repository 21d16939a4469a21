"""Inflow over a slot of another station, for instant targets that are held against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.fixed import divide_half_even

if TYPE_CHECKING:
    from alerting.slots.intake import SlotIntake

__all__ = ["InflowOfSlots"]

_HALF: Final = 2


class InflowOfSlots:
    """Inflow over slots of others; the samples of a day are unpacked once, so it lives as long as one judgement."""

    def __init__(self, intake: SlotIntake) -> None:
        self._intake = intake
        self._days: dict[tuple[int, int], dict[int, int]] = {}

    def over(self, series: int, start: int, end: int) -> int | None:
        """Value over (start, end]; None with less than half of its slots valid."""
        clock = self._intake.clock_of(series)
        expected = clock.expected(start, end)
        values = [
            value
            for day in range(clock.day(start + 1), clock.day(end) + 1)
            for at, value in self._day(series, day).items()
            if start < at <= end
        ]
        if not values or len(values) * _HALF < expected:
            return None
        if self._intake.is_volume[series]:
            return divide_half_even(sum(values) * expected, len(values))
        return divide_half_even(sum(values), len(values))

    def _day(self, series: int, day: int) -> dict[int, int]:
        found = self._days.get((series, day))
        if found is None:
            clock = self._intake.clock_of(series)
            slots = self._intake.slots_between(series, clock.day_end(day - 1), clock.day_end(day))
            found = {slot.end: slot.value for slot in slots if slot.value is not None}
            self._days[series, day] = found
        return found
