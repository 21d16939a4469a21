"""What a permit allows at an instant: its plan, its share of each metering point, and the days on which it may take.

All of it is the register's word; between two of its cuts nothing of it changes within a year.

Source: docs/decisions/0092-taking.md, "over_plan".
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, timedelta
from math import lcm
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.instants import DAY_MS, MINUTE_MS, local_date
from hydro.permitted import shares_at, year_of, year_plan
from hydro.register.cells import EARLIEST_MS, LATEST_MS
from hydro.register.stations import StationStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from hydro.register import Register
    from hydro.register.permits import PermitWindow, Plan
    from hydro.register.table import Row

__all__ = ["Allotment", "is_retired", "plans_by_permit", "structures_by_permit"]

_EPOCH: Final = date(1970, 1, 1)


class _Stretch(NamedTuple):
    """What holds between two cuts, in one year."""

    plan: int | None
    weights: Mapping[str, int]


def structures_by_permit(register: Register) -> dict[str, tuple[str, ...]]:
    """Intakes at which each permit is used at any time, in the order of the files."""
    taking = register.taking
    found: dict[str, dict[str, None]] = {permit: {} for permit in taking.permits}
    for permit, rows in taking.permit_intakes.items():
        found[permit].update(dict.fromkeys(row.intake for row in rows))
    for points in taking.intakes.values():
        for row in points:
            if row.permit:
                found[row.permit][row.intake] = None
    return {permit: tuple(structures) for permit, structures in found.items()}


def plans_by_permit(register: Register) -> dict[str, list[Plan]]:
    """Plans of each permit, of all years and months."""
    found: dict[str, list[Plan]] = {}
    for (permit, _), rows in register.taking.plans.items():
        found.setdefault(permit, []).extend(rows)
    return found


def is_retired(register: Register, station: str, at: int) -> bool:
    """Whether a metering point is out of use at an instant, or is none."""
    row, place = register.taking.intake_at(station, at), register.station_at(station, at)
    return row is None or StationStatus.RETIRED in (row.status, None if place is None else place.status)


class Allotment:
    """See the module.

    Args:
        register: Master data.
        permit: Its code.
        structures: Intakes at which it is used at any time.
        plans: Its plans.

    Attributes:
        permit: Its code.
        points: Metering points of these intakes.
        scale: Shares are whole numbers of this part.
    """

    def __init__(self, register: Register, permit: str, structures: Iterable[str], plans: Iterable[Plan] = ()) -> None:
        self._register = register
        self._zone = register.zone_minutes
        self.permit = permit
        self._structures = tuple(structures)
        taking = register.taking
        self.points = tuple(
            dict.fromkeys(point for each in self._structures for point in taking.structures.get(each, ()))
        )
        cuts = {EARLIEST_MS, LATEST_MS, *(change.at for change in taking.permit_changes.get(permit, ()))}
        for row in (*plans, *self._rows()):
            cuts.update((row.start_ms, row.end_ms))
        self._cuts = sorted(cuts)
        shares = [shares_at(taking, each, cut) for cut in self._cuts[1:] for each in self._structures]
        self.scale = lcm(*(each[permit].denominator for each in shares if permit in each))
        self._stretches: dict[tuple[int, int], _Stretch] = {}
        self._windows = taking.permit_windows.get(permit, ())
        self._open_days: dict[tuple[int, tuple[PermitWindow, ...]], list[int]] = {}

    def _rows(self) -> Iterator[Row]:
        """Whatever says something of it, dated."""
        taking = self._register.taking
        yield from taking.permits.get(self.permit, ())
        for structure in self._structures:
            yield from taking.permits_at.get(structure, ())
        for point in self.points:
            yield from taking.intakes[point]
            yield from self._register.stations[point]

    def is_cut_inside(self, start: int, end: int) -> bool:
        """Whether something changes inside (start, end): not at its start, where the change holds for all of it."""
        return bisect_left(self._cuts, end) > bisect_left(self._cuts, start + 1)

    def _stretch(self, at: int) -> _Stretch:
        key = bisect_left(self._cuts, at), year_of(at, self._zone)
        found = self._stretches.get(key)
        if found is None:
            plan = year_plan(self._register.taking, self.permit, at, self._zone)
            found = self._stretches[key] = _Stretch(plan, dict(self._weights(at)))
        return found

    def _weights(self, at: int) -> Iterator[tuple[str, int]]:
        taking = self._register.taking
        for structure in self._structures:
            share = shares_at(taking, structure, at).get(self.permit)
            if share:
                for row in taking.metering_points(structure, at):
                    if not is_retired(self._register, row.station, at):
                        yield row.station, int(share * self.scale)

    def plan(self, at: int) -> int | None:
        """Volume of the year of an instant as it stands then, 1e-6 m3; None before there is a permit."""
        return self._stretch(at).plan

    def weights(self, at: int) -> Mapping[str, int]:
        """Share of each metering point, in parts of :attr:`scale`."""
        return self._stretch(at).weights

    def days_left(self, midnight: int) -> int:
        """Days from a 00:00 to the end of the year that it ends in on which it may take at some hour."""
        year = year_of(midnight, self._zone)
        day = local_date(midnight, self._zone)
        if day.year != year:
            return 0
        windows = tuple(row for row in self._windows if row.start_ms < midnight <= row.end_ms)
        if not windows:
            return (date(year + 1, 1, 1) - day).days
        left = self._open_days.get((year, windows))
        if left is None:
            left = self._open_days[year, windows] = _open_days(year, windows)
        return left[(day - date(year, 1, 1)).days]

    def year_start(self, at: int) -> int:
        """1 January 00:00 of the year of an instant."""
        return (date(year_of(at, self._zone), 1, 1) - _EPOCH).days * DAY_MS - self._zone * MINUTE_MS


def _open_days(year: int, windows: Iterable[PermitWindow]) -> list[int]:
    """For each day of a year how many days from it to the end of the year lie in a window."""
    first, days = date(year, 1, 1), (date(year + 1, 1, 1) - date(year, 1, 1)).days
    left, found = 0, []
    for number in reversed(range(days)):
        day = first + timedelta(days=number)
        left += any(_covers(window, (day.month, day.day)) for window in windows)
        found.append(left)
    return found[::-1]


def _covers(window: PermitWindow, day: tuple[int, int]) -> bool:
    last = (2, 29) if window.to_day == (2, 28) else window.to_day
    if window.from_day <= window.to_day:
        return window.from_day <= day <= last
    return day >= window.from_day or day <= last
