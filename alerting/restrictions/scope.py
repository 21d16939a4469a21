"""Whom a restriction binds: intakes by themselves, by permit, reach, river or division.

Source: docs/decisions/0092-taking.md, "Restrictions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from hydro.register.intakes import Scope
from hydro.register.stations import StationStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydro.register import Register, Station
    from hydro.register.intakes import Intake, Restriction

__all__ = ["division_stem", "intakes_bound", "restrictions_of"]

_PAIR: Final = 2


def division_stem(code: str) -> str:
    """Beginning of the codes of all divisions inside one: its trailing pairs of zeros left out.

    >>> division_stem("520100"), division_stem("520000"), division_stem("520103"), division_stem("520110")
    ('5201', '52', '520103', '520110')
    """
    while len(code) > _PAIR and len(code) % _PAIR == 0 and code.endswith("00"):
        code = code[:-_PAIR]
    return code


def restrictions_of(register: Register, intake: str, at: int) -> list[Restriction]:
    """Restrictions that bind an intake as far as its place, permits and use go, in the order of the file.

    Whether their dates or their gauge make them bind at that time is told by :mod:`alerting.restrictions.trigger`.

    Args:
        register: Master data.
        intake: The structure.
        at: Event time; rows valid then count.
    """
    points = [row for row in register.taking.metering_points(intake, at) if row.status is not StationStatus.RETIRED]
    return [
        row
        for row in register.taking.restrictions
        if row.start_ms < at <= row.end_ms and _binds(register, row, intake, points, at)
    ]


def intakes_bound(register: Register, restriction: Restriction, at: int) -> dict[str, tuple[str, ...]]:
    """Intakes that a restriction binds, as far as place, permits and use go, each with its permits at that time."""
    found = {}
    for intake in register.taking.structures:
        points = [row for row in register.taking.metering_points(intake, at) if row.status is not StationStatus.RETIRED]
        if _binds(register, restriction, intake, points, at):
            found[intake] = tuple(share.permit for share in register.taking.permits_of(intake, at))
    return found


def _binds(register: Register, restriction: Restriction, intake: str, points: list[Intake], at: int) -> bool:
    if not points or all(row.use in restriction.except_use for row in points):
        return False
    match restriction.scope:
        case Scope.INTAKE:
            return restriction.code == intake
        case Scope.PERMIT:
            return any(share.permit == restriction.code for share in register.taking.permits_of(intake, at))
        case Scope.REACH:
            return any(row.reach == restriction.code for row in points)
        case Scope.RIVER:
            return any(station.river == restriction.code for station in _stations(register, points, at))
        case Scope.DIVISION:
            stem = division_stem(restriction.code)
            return any(station.division.startswith(stem) for station in _stations(register, points, at))
        case _:
            assert_never(restriction.scope)


def _stations(register: Register, points: list[Intake], at: int) -> Iterator[Station]:
    found = (register.station_at(row.station, at) for row in points)
    return (station for station in found if station is not None)
