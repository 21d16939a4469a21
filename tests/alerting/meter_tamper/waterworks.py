"""A small waterworks and what its meter shows: pumps from 06:00 to 22:00, as honest or not as a test wants.

Every five minutes: flow, total, pump, power, energy and door. Times are ``DD HH:MM`` of March 2026.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hydro.fixed import MICRO
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from tests.alerting.stream_of_messages import ZONE, at, register_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hydro.register import Register

__all__ = ["Readings", "Works", "during", "opened", "register_with", "shown"]

Readings = dict[Quantity, dict[int, int]]
"""Value of each slot by its end, in millionths."""

_INTAKES: Final = "station,permit,reach,design_max_m3s\nQ,,,0.1\n"
_POINTS: Final = (
    "station,quantity,counter_kind,counter_max,resolution,max_step,rated_kw\n"
    "Q,volume_total,forward,99999999,1,60,\n"
    "Q,energy_total,forward,999999.99,0.01,,\n"
    "Q,power,,,,,44\n"
)


def register_with(*, interval_min: int = 5, points: str = _POINTS, intakes: str = _INTAKES, **tables: str) -> Register:
    """The meter Q of an intake of 0.1 m3/s, with what else a test says."""
    station = f"Q,,intake,,,,g,{interval_min}"
    return register_of([station], points=points, intakes=intakes, **tables)


@dataclass(frozen=True)
class Works:
    """Pumps and meter; each function is asked at the end of a slot, epoch milliseconds.

    Attributes:
        first: Start of the first slot.
        last: End of the last one.
        step_min: Length of a slot.
        flow: What the pumps deliver, m3/s.
        head: Metres that they lift, in parts of the usual ones.
        seen: Part of the flow that the meter sees.
        counted: Part of what it sees that the total counts.
        door: Whether the door is open.
        jumps: What is added to the total at an instant, m3.
        begins_at: What the total stands at, m3.
        shows: Whether a quantity is reported.
    """

    first: str
    last: str
    step_min: int = 5
    flow: Callable[[int], float] = field(
        default=lambda end: 0.08 if 6 * HOUR_MS < _of_day(end) <= 22 * HOUR_MS else 0.0
    )
    head: Callable[[int], float] = field(default=lambda _: 1.0)
    seen: Callable[[int], float] = field(default=lambda _: 1.0)
    counted: Callable[[int], float] = field(default=lambda _: 1.0)
    door: Callable[[int], bool] = field(default=lambda _: False)
    jumps: dict[str, float] = field(default_factory=dict)
    begins_at: float = 1000.0
    shows: Callable[[Quantity, int], bool] = field(default=lambda _quantity, _end: True)

    def readings(self) -> Readings:
        """What is reported."""
        found: Readings = {quantity: {} for quantity in _SHOWN}
        total, energy = self.begins_at, 500.0
        jumps = {at(text): amount for text, amount in self.jumps.items()}
        for end in self._ends():
            flow = self.flow(end)
            power = 0.3 + 440.0 * flow * self.head(end)
            total += flow * self.seen(end) * self.counted(end) * self.step_min * 60 + jumps.get(end, 0.0)
            energy += power * self.step_min / 60
            values = {
                Quantity.DISCHARGE: flow * self.seen(end),
                Quantity.VOLUME_TOTAL: float(int(total)),
                Quantity.PUMP: float(flow > 0.0),
                Quantity.POWER: power,
                Quantity.ENERGY_TOTAL: int(energy * 100) / 100,
                Quantity.DOOR: float(self.door(end)),
            }
            for quantity, value in values.items():
                if self.shows(quantity, end):
                    found[quantity][end] = round(value * MICRO)
        return found

    def _ends(self) -> Iterator[int]:
        step = self.step_min * MINUTE_MS
        yield from range(at(self.first) + step, at(self.last) + 1, step)


_SHOWN: Final = (
    Quantity.DISCHARGE,
    Quantity.VOLUME_TOTAL,
    Quantity.PUMP,
    Quantity.POWER,
    Quantity.ENERGY_TOTAL,
    Quantity.DOOR,
)


def during(first: str, last: str, inside: float, outside: float = 1.0) -> Callable[[int], float]:
    """One number in a time, another outside."""
    since, until = at(first), at(last)
    return lambda end: inside if since < end <= until else outside


def opened(first: str, last: str) -> Callable[[int], bool]:
    """A door that is open in a time."""
    since, until = at(first), at(last)
    return lambda end: since < end <= until


def _of_day(end: int) -> int:
    """Milliseconds since 00:00 of the day that a slot belongs to."""
    return (end - 1 + ZONE * MINUTE_MS) % DAY_MS + 1


def shown(instant: int | None) -> str | None:
    """``DD HH:MM`` of an instant in March 2026."""
    if instant is None:
        return None
    day, minutes = divmod((instant - at("01 00:00")) // MINUTE_MS, 1440)
    return f"{day + 1:02} {minutes // 60:02}:{minutes % 60:02}"
