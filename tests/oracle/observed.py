"""What was observed, as slots: the value of each valid slot of each series, and which slots hold nothing but FAIL.

Slots of the station's `interval_min` counted from 00:00 of the zone, (start, end], stamped with their end; […] A slot
is valid with ≥ 1 value flagged 1, 2 or 3, counts from its first valid value and is re-judged on each further one;
slot value = mean of its valid values (`volume`: their sum); […] rounded half even to 1e-6 on exact integers

Holds count valid slots only: unknown slots freeze them; a gap > 60 min, from the end of one valid slot to the start of
the next, restarts them, and no mean reaches back over a restart; "60 min" = the last 60 / interval valid slots (at
least one).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from .clock import MINUTE
from .decode import VALID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .decode import Accepted, Reading
    from .register import Register

__all__ = ["Observed", "Slots", "hold", "mean", "slot_end", "slot_values"]


@dataclass(frozen=True)
class Slots:
    """Slots of one metering point: values by end, in micro-units, times the multiplier.

    ``moments`` are the event times of the last valid readings, those that stand for a counter.
    """

    interval: int
    values: Mapping[str, Mapping[int, int]]
    moments: Mapping[str, Mapping[int, int]]

    def get(self, quantity: str, end: int) -> int | None:
        """Value of a slot; None where it isn't known."""
        return self.values.get(quantity, {}).get(end)


@dataclass
class Observed:
    """Accepted readings beside the register that says how long their slots are."""

    register: Register
    accepted: Accepted
    known: dict[tuple[str, str], dict[int, int]] = field(default_factory=dict)
    made: dict[tuple[str, int], Slots] = field(default_factory=dict)

    def readings(self, station: str, quantity: str) -> Mapping[int, Reading]:
        """Readings of a series by event time."""
        return self.accepted.series.get((station, quantity), {})

    def slots(self, station: str, quantity: str) -> Mapping[int, int]:
        """Value of each valid slot by its end; nothing for a station that nobody registered."""
        key = (station, quantity)
        if key not in self.known:
            interval = self.register.interval(station)
            self.known[key] = (
                slot_values(self.readings(station, quantity), interval, quantity) if interval is not None else {}
            )
        return self.known[key]

    def failed_slots(self, station: str, quantity: str) -> set[int]:
        """Ends of the slots that hold a FAIL and no valid value."""
        interval = self.register.interval(station)
        if interval is None:
            return set()
        failed = {
            slot_end(event, interval) for event, each in self.readings(station, quantity).items() if each.flag == 4
        }
        return failed - set(self.slots(station, quantity))

    def quantities(self, station: str) -> list[str]:
        """Quantities of which the station sent anything, in alphabetical order."""
        return sorted(quantity for code, quantity in self.accepted.series if code == station)


def mean(values: Iterable[int]) -> int:
    """Mean of integers, rounded half even.

    >>> mean([1, 2]), mean([2, 3])
    (2, 2)
    """
    numbers = list(values)
    return round(Fraction(sum(numbers), len(numbers)))


def slot_end(event: int, interval: int) -> int:
    """End of the slot (end - interval, end] that holds an instant."""
    return -(-event // interval) * interval


def slot_values(readings: Mapping[int, Reading], interval: int, quantity: str) -> dict[int, int]:
    """Mean of the valid values of each valid slot, for volume their sum, by the end of the slot."""
    found: dict[int, list[int]] = {}
    for event, reading in readings.items():
        if reading.flag in VALID and reading.value is not None:
            found.setdefault(slot_end(event, interval), []).append(reading.value)
    if quantity == "volume":
        return {end: sum(found[end]) for end in sorted(found)}
    return {end: mean(found[end]) for end in sorted(found)}


def hold(minutes: int, interval: int) -> int:
    """How many valid slots make a hold of so many minutes, at least one.

    >>> hold(60, 20 * MINUTE), hold(60, 240 * MINUTE)
    (3, 1)
    """
    return max(1, minutes * MINUTE // interval)
