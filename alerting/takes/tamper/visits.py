"""When people were at a meter, by the register: work, meanwhile nothing is judged; and records that settle a suspicion.

A case is people's and no input of a verdict. What a machine may know of a visit stands in dated tables: a changed meter
(``meter_changes``), and announced work on the station itself (``maintenance``, scope ``station``). Work on a gateway or
a plant hides what happens meanwhile, too, but nobody need have looked at the meter: it settles nothing.

Source: docs/alert-classes.md, meter_tamper ("outside maintenance", "site record"); docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from hydro.quantity import Quantity
from hydro.register import MaintenanceScope
from hydro.register.cells import EARLIEST_MS, LATEST_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hydro.register import Maintenance, Register

    Announced = Mapping[tuple[MaintenanceScope, str], Sequence[Maintenance]]

__all__ = ["Visits", "announced_by_place"]


class Visits:
    """Work at one metering point.

    Args:
        station: Its code, known to the register.
        register: Master data.
        announced: All announced work by place.

    Attributes:
        works: (from, to] of work, epoch milliseconds, in time order; they may overlap.
        changes: When its total of water, or of energy, was changed, by quantity, earliest first.
        records: When somebody had been at the meter, ascending.
    """

    def __init__(self, station: str, register: Register, announced: Announced) -> None:
        found = list(_spans(station, register, announced))
        self.works = sorted((first, last) for first, last, _ in found)
        self.changes = {
            quantity: [change.at for change in register.taking.changes_of(station, quantity)]
            for quantity in (Quantity.VOLUME_TOTAL, Quantity.ENERGY_TOTAL)
        }
        of_station = [last for _, last, row in found if row.scope is MaintenanceScope.STATION]
        self.records = sorted({*of_station, *(at for changes in self.changes.values() for at in changes)})

    def hidden(self, start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Slots of which a part lies in work."""
        hidden = np.zeros(len(end), bool)
        for first, last in self.works:
            hidden |= (start < last) & (end > first)
        return hidden

    def works_between(self, since: int, until: int) -> bool:
        """Whether somebody worked in a part of (since, until]."""
        return any(first < until and last > since for first, last in self.works)

    def cuts(self, quantity: Quantity) -> list[int]:
        """Ends of work, and changes of the meter of a total: a difference over one of them compares nothing."""
        return [*(last for _, last in self.works), *self.changes[quantity]]

    def has_cut(self, since: int, until: int) -> bool:
        """Whether work ended, or any total was changed, from one instant to another, both included."""
        return any(since <= cut <= until for changes in self.changes.values() for cut in changes) or any(
            since <= last <= until for _, last in self.works
        )

    def changed_between(self, quantity: Quantity, since: int, until: int) -> bool:
        """Whether it was changed between two readings: what was read at the change is of the old meter."""
        changes = self.changes[quantity]
        return bisect_left(changes, until) > bisect_left(changes, since)

    def record_after(self, after: int, until: int) -> int | None:
        """The first record in (after, until)."""
        place = bisect_right(self.records, after)
        return self.records[place] if place < len(self.records) and self.records[place] < until else None


def announced_by_place(register: Register) -> Announced:
    """All announced work of a register."""
    found: dict[tuple[MaintenanceScope, str], list[Maintenance]] = defaultdict(list)
    for row in register.maintenance:
        found[row.scope, row.code].append(row)
    return found


def _spans(station: str, register: Register, announced: Announced) -> Iterator[tuple[int, int, Maintenance]]:
    """When work holds for a station: on itself, or while it has the gateway or is of the plant."""
    for row in announced.get((MaintenanceScope.STATION, station), ()):
        yield from _span(row, EARLIEST_MS, LATEST_MS)
    for place in register.stations[station]:
        for scope, code in ((MaintenanceScope.GATEWAY, place.gateway), (MaintenanceScope.PLANT, place.plant)):
            for row in announced.get((scope, code), ()):
                yield from _span(row, place.start_ms, place.end_ms)


def _span(row: Maintenance, start: int, end: int) -> Iterator[tuple[int, int, Maintenance]]:
    first, last = max(row.first, row.start_ms, start), min(row.last, row.end_ms, end)
    if first < last:
        yield first, last, row
