"""Metering points, the intakes that they belong to, and which of them are saved together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alerting.takes.slots import Place
from hydro.fixed import MICRO, divide_half_even
from hydro.instants import MINUTE_MS
from hydro.register import StationStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hydro.quantity import Quantity
    from hydro.register import PointLimits, Register
    from hydro.register.intakes import Intake

__all__ = [
    "INTAKE",
    "METERING_POINT",
    "all_points",
    "groups_of",
    "intakes_of",
    "interval_ms",
    "points_at",
    "stations_of",
]

INTAKE: Final = "intake"
METERING_POINT: Final = "station"


def all_points(register: Register) -> tuple[str, ...]:
    """Codes of all metering points that ever were, sorted."""
    return tuple(sorted(register.taking.intakes))


def intakes_of(register: Register, quantities: Sequence[Quantity]) -> tuple[Place, ...]:
    """All intakes by code, with some quantities of each of their points."""
    return tuple(
        Place(
            INTAKE,
            code,
            points,
            tuple((point, quantity) for point in points for quantity in quantities),
            max(interval_ms(register, point) for point in points),
        )
        for code, points in sorted(register.taking.structures.items())
    )


def stations_of(register: Register, quantities: Sequence[Quantity]) -> tuple[Place, ...]:
    """All metering points by code, each by itself, with some of its quantities."""
    return tuple(
        Place(
            METERING_POINT,
            point,
            (point,),
            tuple((point, quantity) for quantity in quantities),
            interval_ms(register, point),
        )
        for point in all_points(register)
    )


def interval_ms(register: Register, point: str) -> int:
    """Length of the slots of a metering point, as its first row has it."""
    return register.stations[point].rows[0].interval_min * MINUTE_MS


def points_at(register: Register, intake: str, event_time: int) -> list[Intake]:
    """Metering points of an intake that are in use at an instant, in the order of the register."""
    found = []
    for row in register.taking.metering_points(intake, event_time):
        station = register.station_at(row.station, event_time)
        if station is not None and StationStatus.RETIRED not in (row.status, station.status):
            found.append(row)
    return found


def groups_of(places: Iterable[Place], points: Sequence[str]) -> list[int]:
    """Group of each point: points that any place has in common are in one."""
    number_of = {point: number for number, point in enumerate(points)}
    leader = list(range(len(points)))

    def find(number: int) -> int:
        while leader[number] != number:
            leader[number] = leader[leader[number]]
            number = leader[number]
        return number

    for place in places:
        first = find(number_of[place.points[0]])
        for point in place.points[1:]:
            leader[find(number_of[point])] = first
    leaders = [find(number) for number in range(len(points))]
    order = {each: group for group, each in enumerate(dict.fromkeys(leaders))}
    return [order[each] for each in leaders]


def zero_below(row: PointLimits | None) -> int:
    """What cannot be told from nothing, with the factor of the point."""
    if row is None:
        return 0
    return row.zero_below if row.multiplier is None else divide_half_even(row.zero_below * row.multiplier, MICRO)
