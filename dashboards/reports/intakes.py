"""What the register says of intakes at an instant: whose they are, what they may take, whether they must be metered.

A permit says how much may be taken at all of its intakes together, not at each. So that no volume counts twice, each of
a permit's intakes in service has an equal part of it ([D], the product's default).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from alerting.permits.allotment import is_retired
from hydro.permitted import is_due, permitted_at
from hydro.register.intakes import Metering

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dashboards.reports.place import Place
    from hydro.register import Register, Station
    from hydro.register.intakes import Intake
    from hydro.register.permits import Permit

__all__ = ["IntakeFacts", "intake_at", "intakes_at", "is_sealed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeFacts:
    """An intake at an instant.

    Attributes:
        code: Of the structure.
        station: Row of its first metering point.
        points: Metering points, in the order of the file.
        permits: Those that count, by code.
        linked: Codes of all permits that the register names there, in force or not.
        permitted: Its part of what they allow in a year, 1e-6 m3.
        is_due: It has to be metered online.
        is_metered: It has a metering point with a method.
        is_sealed: Nothing is to be taken there any more.
    """

    code: str
    station: Station
    points: tuple[Intake, ...]
    permits: dict[str, Permit]
    linked: tuple[str, ...]
    permitted: int
    is_due: bool
    is_metered: bool
    is_sealed: bool

    @property
    def user(self) -> str:
        """Code of who takes water there; empty = not said."""
        return next((point.user for point in self.points if point.user), "")

    @property
    def source(self) -> str | None:
        """Of which water; None without a permit."""
        return next((row.source.value for row in self.permits.values()), None)

    @property
    def use(self) -> str | None:
        """What for; None = not said."""
        return next((point.use.value for point in self.points if point.use is not None), None)

    @property
    def exempt_ground(self) -> str:
        """Why no permit is needed; empty = one is."""
        return next((point.exempt_ground for point in self.points if point.exempt_ground), "")

    def industry(self, register: Register, at: int) -> str:
        """By GB/T 4754, as a permit or else the user has it; empty = not said."""
        rows = register.taking.users.get(self.user)
        user = None if rows is None else rows.at(at)
        named = [row.industry for row in self.permits.values()] + ([] if user is None else [user.industry])
        return next(filter(None, named), "")

    def is_of(self, place: Place) -> bool:
        """Whether a metering point of it is meant."""
        codes = {point.station for point in self.points}
        return place._replace(station=None).holds(self.station) and place.station in (None, *codes)


def is_sealed(register: Register, points: Iterable[Intake], at: int) -> bool:
    """Whether all of these metering points are retired at an instant."""
    return all(is_retired(register, point.station, at) for point in points)


def intakes_at(register: Register, at: int) -> list[IntakeFacts]:
    """All intakes that the register has at an instant, by code."""
    taking = register.taking
    rows = {code: taking.metering_points(code, at) for code in sorted(taking.structures)}
    found = [_facts(register, code, points, at) for code, points in rows.items() if points]
    parts = _parts({facts.code: facts.permits for facts in found if not facts.is_sealed})
    return [replace(facts, permitted=parts.get(facts.code, 0)) for facts in found]


def intake_at(register: Register, code: str, at: int) -> IntakeFacts | None:
    """One intake at an instant, without its part of its permits; None where the register has none of that code then."""
    points = register.taking.metering_points(code, at)
    return _facts(register, code, points, at) if points else None


def _facts(register: Register, code: str, points: Sequence[Intake], at: int) -> IntakeFacts:
    sealed = is_sealed(register, points, at)
    return IntakeFacts(
        code=code,
        station=register.station_at(points[0].station, at) or register.stations[points[0].station].rows[-1],
        points=tuple(points),
        permits=permitted_at(register.taking, code, at),
        linked=tuple(share.permit for share in register.taking.permits_of(code, at)),
        permitted=0,
        is_due=not sealed and is_due(register, code, at),
        is_metered=any(point.method is not Metering.NONE for point in points),
        is_sealed=sealed,
    )


def _parts(permits: dict[str, dict[str, Permit]]) -> dict[str, int]:
    """Each intake's part of its permits' volumes; what can't be divided goes to the first ones, so that sums add up."""
    members: dict[str, list[str]] = {}
    for code, found in permits.items():
        for permit in found:
            members.setdefault(permit, []).append(code)
    parts = dict.fromkeys(permits, 0)
    for permit, codes in members.items():
        each, rest = divmod(permits[codes[0]][permit].annual, len(codes))
        for place, code in enumerate(codes):
            parts[code] += each + (place < rest)
    return parts
