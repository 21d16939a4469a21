"""What was taken under a permit in a time: volumes of its intakes' metering points, by the shares that held then.

The time is cut where a share, or the list of metering points, changes; what passed over a cut while readings were
missing belongs to neither side. What nobody measured is missing, never filled.

Source: docs/decisions/0092-taking.md, "over_plan"; :mod:`hydro.volumes`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alerting.permits.allotment import is_retired
from hydro.instants import HOUR_MS
from hydro.metered import sources_of
from hydro.permitted import shares_at
from hydro.volumes import Rests, period_volumes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from fractions import Fraction

    from hydro.metered import Metered
    from hydro.register import Register

__all__ = ["NOTHING", "Taken", "taken_at", "taken_under"]


class Taken(NamedTuple):
    """Water that was taken.

    Attributes:
        volume: 1e-6 m3; of what is known.
        known: Hours, over all metering points, of which the volume is known.
        due: Hours, over all metering points, of which it should be.
        rests: On what; nothing at all where nothing of it was measured, which is not zero.
    """

    volume: int
    known: int
    due: int
    rests: frozenset[Rests]

    def __add__(self, other: object) -> Taken:
        """Both together."""
        if not isinstance(other, Taken):
            return NotImplemented
        return Taken(
            self.volume + other.volume, self.known + other.known, self.due + other.due, self.rests | other.rests
        )


NOTHING = Taken(0, 0, 0, frozenset())


def taken_under(
    register: Register, permit: str, intakes: Iterable[str], metered: Mapping[str, Metered], start: int, end: int
) -> Taken:
    """What was taken under a permit in (start, end], epoch milliseconds of full hours.

    Args:
        register: Master data.
        permit: Whose.
        intakes: At which it is, or was, used.
        metered: By metering point; those that are absent have measured nothing.
        start: Not included.
        end: Included.
    """
    found = NOTHING
    for intake in intakes:
        for first, last in pairwise(_cuts(register, intake, start, end)):
            share = shares_at(register.taking, intake, last).get(permit)
            if share is not None:
                found += _of_share(_taken(register, intake, metered, first, last), share)
    return found


def taken_at(register: Register, intake: str, metered: Mapping[str, Metered], start: int, end: int) -> Taken:
    """What was taken at an intake in (start, end], epoch milliseconds of full hours, under whatever permit."""
    found = NOTHING
    for first, last in pairwise(_cuts(register, intake, start, end)):
        found += _taken(register, intake, metered, first, last)
    return found


def _cuts(register: Register, intake: str, start: int, end: int) -> list[int]:
    """Bounds of the times in which nothing that the register says of an intake changes."""
    taking = register.taking
    bounds = {start, end}
    rows = [
        *taking.permits_at.get(intake, ()),
        *(row for point in taking.structures.get(intake, ()) for row in taking.intakes[point]),
        *(row for point in taking.structures.get(intake, ()) for row in register.stations[point]),
    ]
    for row in rows:
        bounds.update(bound for bound in (row.start_ms, row.end_ms) if start < bound < end)
    return sorted(bounds)


def _taken(register: Register, intake: str, metered: Mapping[str, Metered], start: int, end: int) -> Taken:
    rows = register.taking.metering_points(intake, end)
    points = [row for row in rows if not is_retired(register, row.station, end)]
    found = Taken(0, 0, (end - start) // HOUR_MS * len(points), frozenset())
    for point in points:
        measured = metered.get(point.station)
        if measured is not None:
            bounds = np.array([start], np.int64), np.array([end], np.int64)
            part = period_volumes(measured.increments, measured.known_hours, *bounds)
            came = len(measured.increments.between(start, end)) or part.known[0]
            sources = sources_of(register, point.station) if came else ()
            rests = frozenset(source.rests for source in sources if source.start < end and source.end > start)
            found += Taken(int(part.volume[0]), int(part.known[0]), 0, rests)
    return found


def _of_share(taken: Taken, share: Fraction) -> Taken:
    return taken._replace(volume=round(taken.volume * share))
