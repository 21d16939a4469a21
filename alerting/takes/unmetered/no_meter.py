"""Reason ``no_meter``: an intake is large enough that its taking has to be metered, and nobody measures it.

It is a fact of the register, judged at each 00:00 that the stream has reached: what is true then is what is true in the
day that begins.

Source: docs/alert-classes.md, unmetered_intake; docs/decisions/0092-taking.md; DOMAIN "Intake metering" (when online
metering is due).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerting.level import Level
from alerting.record import Change
from alerting.takes.judge import Finding
from alerting.takes.places import points_at
from alerting.takes.unmetered.reason import Reason
from hydro.instants import DAY_MS, MINUTE_MS
from hydro.permitted import is_due
from hydro.register.intakes import Metering

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hydro.register import Register
    from hydro.register.table import Row

__all__ = ["NoMeter"]


class NoMeter:
    """See the module.

    Args:
        register: Master data.

    Attributes:
        intakes: Those that are without a meter at some time, sorted; no other is asked.
    """

    def __init__(self, register: Register) -> None:
        self._register = register
        self._shift = register.zone_minutes * MINUTE_MS
        taking = register.taking
        self.intakes = tuple(
            code
            for code, points in sorted(taking.structures.items())
            if any(row.method is Metering.NONE for point in points for row in taking.intakes[point])
        )
        self._known: dict[tuple[str, int], bool] = {}

    def midnight(self, at: int) -> int:
        """The last 00:00 at or before an instant."""
        return (at + self._shift) // DAY_MS * DAY_MS - self._shift

    def findings(self, intake: str, first: int, last: int) -> tuple[Finding, ...]:
        """What is found of an intake at each 00:00 from an instant to another, both included."""
        found: list[Finding] = []
        begun: int | None = None
        for at in self._cuts(intake, first, last):
            is_so = self._lacks_meter(intake, at)
            if is_so and begun is None:
                begun = at
            elif begun is not None and not is_so:
                found.append(_finding(begun, at))
                begun = None
        return (*found, _finding(begun, None)) if begun is not None else tuple(found)

    def _cuts(self, intake: str, first: int, last: int) -> Iterator[int]:
        """The first 00:00, and those at which a row begins or has ended."""
        begin = self.midnight(first + DAY_MS - 1)
        edges = (self.midnight(edge + DAY_MS - 1) for edge in self._edges(intake) if first < edge <= last)
        yield from (at for at in sorted({begin, *edges}) if begin <= at <= last)

    def _edges(self, intake: str) -> Iterator[int]:
        register, taking = self._register, self._register.taking
        tables: list[Iterable[Row]] = [taking.permits_at.get(intake, ()), taking.thresholds]
        permits = {row.permit for row in taking.permits_at.get(intake, ())}
        for point in taking.structures[intake]:
            tables += [taking.intakes[point], register.stations[point]]
            permits |= {row.permit for row in taking.intakes[point] if row.permit}
        tables += [taking.permits.get(permit, ()) for permit in permits]
        return (edge for table in tables for row in table for edge in (row.start_ms, row.end_ms))

    def _lacks_meter(self, intake: str, midnight: int) -> bool:
        known = self._known.get((intake, midnight))
        if known is None:
            points = points_at(self._register, intake, midnight + 1)
            known = bool(points) and all(point.method is Metering.NONE for point in points)
            known = self._known[intake, midnight] = known and is_due(self._register, intake, midnight + 1)
        return known


def _finding(onset: int, resolved_at: int | None) -> Finding:
    return Finding(
        reason=Reason.NO_METER.value,
        onset=onset,
        raised_at=onset,
        resolved_at=resolved_at,
        levels=(Change(Level.YELLOW, onset, None, None),),
    )
