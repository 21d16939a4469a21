"""What the register says of a permit at a 00:00: that it ends, has ended or is suspended; and of an intake without one.

What is true at a 00:00 is what is true in the day that begins with it.

Source: docs/alert-classes.md, permit_expired; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from bisect import bisect_left
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from alerting.permits.allotment import is_retired
from hydro.instants import DAY_MS
from hydro.register.cells import EARLIEST_MS, LATEST_MS
from hydro.register.permits import PermitState

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hydro.register import Register
    from hydro.register.permits import Permit
    from hydro.register.table import Row

__all__ = ["ExpiryReason", "IntakeStanding", "PermitStanding", "Standing"]

_NOTICE_MS: Final = 90 * DAY_MS
_UNBOUND: Final = (PermitState.RENEWAL, PermitState.REVOKED)
"""States in which an end is no news: it is being renewed, or has long ended."""


class ExpiryReason(StrEnum):
    """Of the class permit_expired."""

    EXPIRING = "expiring"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    MISSING = "missing"


class Standing(NamedTuple):
    """What is so of a permit, or of an intake.

    Attributes:
        reason: None where nothing is wrong.
        onset: Since when, epoch milliseconds; of ``missing`` the take says it.
        until: Not later than here something else may be so.
    """

    reason: ExpiryReason | None
    onset: int
    until: int


class _Cuts:
    """Instants at which anything may change, and what was found between two of them."""

    def __init__(self, rows: Iterator[Row], others: Sequence[int] = ()) -> None:
        cuts = {EARLIEST_MS, LATEST_MS, *others}
        for row in rows:
            cuts.update((row.start_ms, row.end_ms))
        self._cuts = sorted(cuts)
        self.found: dict[int, Standing] = {}

    def place(self, inside: int) -> int:
        return min(bisect_left(self._cuts, inside), len(self._cuts) - 1)

    def end(self, place: int) -> int:
        return self._cuts[place]


def _points_rows(register: Register, structures: Sequence[str]) -> Iterator[Row]:
    taking = register.taking
    for structure in structures:
        yield from taking.permits_at.get(structure, ())
        for point in taking.structures.get(structure, ()):
            yield from taking.intakes[point]
            yield from register.stations[point]


def _is_sealed(register: Register, structure: str, at: int) -> bool:
    return all(is_retired(register, point, at) for point in register.taking.structures.get(structure, ()))


class PermitStanding:
    """A permit.

    Args:
        register: Master data.
        permit: Its code.
        structures: Intakes at which it is used at any time.
    """

    def __init__(self, register: Register, permit: str, structures: Sequence[str]) -> None:
        self._register = register
        self._permit = permit
        self._structures = structures
        self._rows: tuple[Permit, ...] = register.taking.permits[permit].rows
        notices = [row.end_ms - _NOTICE_MS for row in self._rows]
        self._cuts = _Cuts(iter([*self._rows, *_points_rows(register, structures)]), notices)

    def at(self, midnight: int) -> Standing:
        """What is so in the day that begins at a 00:00."""
        inside = midnight + 1
        place = self._cuts.place(inside)
        found = self._cuts.found.get(place)
        if found is None:
            found = self._cuts.found[place] = self._standing(inside)._replace(until=self._cuts.end(place))
        return found

    def _standing(self, inside: int) -> Standing:
        nothing = Standing(None, 0, 0)
        if self._is_sealed(inside):
            return nothing
        row = self._register.taking.permits[self._permit].at(inside)
        if row is None:
            ended = [each for each in self._rows if each.end_ms < inside]
            if not ended or ended[-1].state in _UNBOUND:
                return nothing
            return Standing(ExpiryReason.EXPIRED, ended[-1].end_ms, 0)
        if row.state is PermitState.SUSPENDED:
            return Standing(ExpiryReason.SUSPENDED, row.start_ms, 0)
        end = row.end_ms
        for each in self._rows:
            end = each.end_ms if each.start_ms == end else end
        if row.state in _UNBOUND or inside - 1 < end - _NOTICE_MS:
            return nothing
        return Standing(ExpiryReason.EXPIRING, max(end - _NOTICE_MS, self._rows[0].start_ms), 0)

    def _is_sealed(self, inside: int) -> bool:
        """Every intake that it has is sealed; or it has none any more."""
        used = [each for each in self._structures if self._is_used_at(each, inside)]
        if used:
            return all(_is_sealed(self._register, each, inside) for each in used)
        return any(row.start_ms < inside for row in _points_rows(self._register, self._structures))

    def _is_used_at(self, structure: str, inside: int) -> bool:
        return any(share.permit == self._permit for share in self._register.taking.permits_of(structure, inside))


class IntakeStanding:
    """An intake: whether it needs a permit that it doesn't have.

    Args:
        register: Master data.
        structure: Its code.
    """

    def __init__(self, register: Register, structure: str) -> None:
        self._register = register
        self._structure = structure
        taking = register.taking
        shares = {row.permit for row in taking.permits_at.get(structure, ())}
        shares |= {row.permit for point in taking.structures[structure] for row in taking.intakes[point] if row.permit}
        permits = [row for permit in shares for row in taking.permits.get(permit, ())]
        self._cuts = _Cuts(iter([*permits, *_points_rows(register, [structure])]))

    @property
    def is_ever_missing(self) -> bool:
        """Whether there is a time at which it may not take."""
        ends = (self._cuts.end(place) for place in range(1, self._cuts.place(LATEST_MS) + 1))
        return any(self.at(end - 1).reason is not None for end in ends)

    def at(self, midnight: int) -> Standing:
        """What is so in the day that begins at a 00:00."""
        inside = midnight + 1
        place = self._cuts.place(inside)
        found = self._cuts.found.get(place)
        if found is None:
            reason = ExpiryReason.MISSING if self._is_missing(inside) else None
            found = self._cuts.found[place] = Standing(reason, 0, self._cuts.end(place))
        return found

    def _is_missing(self, inside: int) -> bool:
        taking = self._register.taking
        points = taking.metering_points(self._structure, inside)
        if _is_sealed(self._register, self._structure, inside) or any(point.exempt_ground for point in points):
            return False
        for share in taking.permits_of(self._structure, inside):
            begun = [row for row in taking.permits.get(share.permit, ()) if row.start_ms < inside]
            if begun and begun[-1].state is not PermitState.REVOKED:
                return False
        return True
