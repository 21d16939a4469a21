"""All metering points as judges of tampering know them: their meters, and who was there."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from alerting.takes.places import stations_of
from alerting.takes.tamper.meter import Meter
from alerting.takes.tamper.visits import Visits, announced_by_place
from hydro.instants import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alerting.takes.slots import Place
    from hydro.quantity import Quantity
    from hydro.register import Register

__all__ = ["Meters"]


class Meters:
    """See the module.

    Args:
        register: Master data.
        stations: Codes of all metering points; frames number them in this order.

    Attributes:
        stations: The same.
        shift: Zone in milliseconds.
    """

    def __init__(self, register: Register, stations: Sequence[str]) -> None:
        self.stations = stations
        self.shift: int = register.zone_minutes * MINUTE_MS
        self._register = register
        self._meters = {station: Meter(station, register) for station in stations}
        self._announced = announced_by_place(register)
        self._visits: dict[str, Visits] = {}

    def asked(self, quantities: Sequence[Quantity], concerns: Callable[[Meter], bool]) -> list[Place]:
        """Places of a judge.

        Args:
            quantities: What it reads of each, in the order of the rows of its tables.
            concerns: Whether it has anything to ask of a meter.
        """
        return [place for place in stations_of(self._register, quantities) if concerns(self._meters[place.code])]

    def of(self, station: str) -> Meter:
        """The meter of a metering point."""
        return self._meters[station]

    def visits(self, station: str) -> Visits:
        """Who was at a meter; looked up where there is something to judge, which is seldom."""
        found = self._visits.get(station)
        if found is None:
            found = self._visits[station] = Visits(station, self._register, self._announced)
        return found

    def digest(self, station: str) -> bytes:
        """What the verdicts on a meter rest on."""
        visits = self.visits(station)
        facts = (self._meters[station].rows, visits.works, visits.changes, visits.records)
        return sha256(repr(facts).encode()).digest()[:8]
