"""Which permits and intakes are judged together: those that share an intake, or a meter."""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from alerting.permits.allotment import Allotment, plans_by_permit, structures_by_permit
from alerting.permits.group import Group, IntakeSubject, PermitSubject
from alerting.permits.point_days import PointDays
from alerting.permits.standing import IntakeStanding, PermitStanding
from alerting.permits.takes_seen import EVIDENCE, TakesSeen
from hydro.instants import MINUTE_MS
from hydro.metered import sources_of
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alerting.slots.intake import SlotIntake
    from hydro.metered import Series
    from hydro.register import Register

__all__ = ["Places", "digests_of", "groups_of", "places_of"]


class Places(NamedTuple):
    """Codes of what is judged together; all in order.

    Attributes:
        name: Of the group.
        permits: Codes.
        intakes: Codes of structures.
        series: All series that bear on it.
        sources: Those of them on which a volume rests.
    """

    name: str
    permits: tuple[str, ...]
    intakes: tuple[str, ...]
    series: tuple[Series, ...]
    sources: tuple[Series, ...]


class _Joined:
    """Names that belong together."""

    def __init__(self) -> None:
        self._of: dict[str, str] = {}

    def of(self, name: str) -> str:
        while (above := self._of.setdefault(name, name)) != name:
            self._of[name] = self._of[above]
            name = above
        return name

    def join(self, one: str, other: str) -> None:
        first, second = sorted((self.of(one), self.of(other)))
        self._of[second] = first

    def all(self) -> dict[str, list[str]]:
        found = defaultdict(list)
        for name in self._of:
            found[self.of(name)].append(name)
        return found


def places_of(register: Register) -> list[Places]:
    """All groups of a register; a permit without an intake, and an intake without a permit, are one by themselves."""
    taking = register.taking
    joined = _Joined()
    for permit, structures in structures_by_permit(register).items():
        joined.of(f"permit {permit}")
        for structure in structures:
            joined.join(f"permit {permit}", f"intake {structure}")
    series: dict[str, list[Series]] = {}
    sources: dict[str, list[Series]] = {}
    for structure, points in taking.structures.items():
        joined.of(f"intake {structure}")
        sources[structure] = [each for point in points for one in sources_of(register, point) for each in one.series]
        evidence = [(point, quantity) for point in points for quantity in EVIDENCE]
        series[structure] = [*sources[structure], *evidence]
        for station, quantity in sources[structure]:
            joined.join(f"intake {structure}", f"series {station} {quantity}")
    found = []
    for name, members in sorted(joined.all().items()):
        permits = sorted(code for kind, _, code in (each.partition(" ") for each in members) if kind == "permit")
        intakes = sorted(code for kind, _, code in (each.partition(" ") for each in members) if kind == "intake")
        mine = {each for structure in intakes for each in series[structure]}
        rests = {each for structure in intakes for each in sources[structure]}
        found.append(Places(name, tuple(permits), tuple(intakes), tuple(sorted(mine)), tuple(sorted(rests))))
    return found


def groups_of(
    register: Register, places: Sequence[Places], intake: SlotIntake, number: Mapping[Series, int]
) -> Iterator[Group]:
    """Ready to be judged.

    Args:
        register: Master data.
        places: Of :func:`places_of`.
        intake: Where the samples are.
        number: Of the series in it.
    """
    taking = register.taking
    plans, structures = plans_by_permit(register), structures_by_permit(register)
    shift = register.zone_minutes * MINUTE_MS
    for place in places:
        stations = [point for structure in place.intakes for point in taking.structures[structure]]
        points = {station: PointDays(register, station, intake, number) for station in stations}
        takes = {each: TakesSeen(register, taking.structures[each], intake, number) for each in place.intakes}
        permits = [
            PermitSubject(
                permit,
                Allotment(register, permit, structures[permit], plans.get(permit, ())),
                PermitStanding(register, permit, structures[permit]),
                [takes[each] for each in structures[permit]],
            )
            for permit in place.permits
        ]
        intakes = [
            IntakeSubject(each, standing, takes[each], taking.structures[each])
            for each in place.intakes
            if (standing := IntakeStanding(register, each)).is_ever_missing
        ]
        yield Group(place.name, register, points, permits, intakes, shift)


def digests_of(register: Register, places: Sequence[Places]) -> Iterator[bytes]:
    """Of all that the register says of each group: where it differs, the group is judged anew."""
    taking = register.taking
    plans = plans_by_permit(register)
    for place in places:
        stations = sorted({station for station, _ in place.series})
        points = [point for structure in place.intakes for point in taking.structures[structure]]
        rows: list[object] = [taking.permits[permit].rows for permit in place.permits]
        rows += [taking.permit_changes.get(permit) for permit in place.permits]
        rows += [taking.permit_windows.get(permit) for permit in place.permits]
        rows += [plans.get(permit) for permit in place.permits]
        rows += [taking.permits_at.get(structure) for structure in place.intakes]
        rows += [taking.intakes[point].rows for point in points]
        rows += [register.stations[station].rows for station in stations]
        for station in stations:
            for series in ((station, quantity) for quantity in Quantity):
                if series in register.points:
                    rows.append(register.points[series].rows)
                if series in taking.derivations:
                    rows.append(taking.derivations[series].rows)
                rows.append(taking.meter_changes.get(series))
        yield sha256(repr(rows).encode()).digest()
