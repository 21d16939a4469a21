"""How much may be taken at an intake in a slot, and what says so.

::

    restriction "stop"         0, ban
    no window of any permit    0, season or hours
    else                       the least of: what the permits allow together, what restrictions leave, the structure

Source: docs/decisions/0092-taking.md, over_rate and "Restrictions".
"""

from __future__ import annotations

from bisect import bisect_left
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from alerting.restrictions.scope import restrictions_of
from alerting.takes.over_rate.reason import Reason
from alerting.takes.places import points_at, zero_below
from hydro.instants import DAY_MS, MINUTE_MS, day_start, local_date
from hydro.quantity import Quantity
from hydro.register import season_intervals
from hydro.register.intakes import Action
from hydro.register.permits import PermitState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alerting.takes.over_rate.gauge import Bindings
    from alerting.takes.slots import Place
    from hydro.register import Register
    from hydro.register.dated import DatedRows
    from hydro.register.intakes import Intake, Restriction
    from hydro.register.permits import PermitWindow
    from hydro.register.table import Row
    from hydro.register.taking import PermitShare

__all__ = ["Limit", "Limits"]

_NEVER: Final = -(2**62)
_EVER: Final = 2**62
_YEAR_MS: Final = 366 * DAY_MS
_IN_FORCE: Final = (PermitState.VALID, PermitState.RENEWAL)


class Limit(NamedTuple):
    """What may be taken.

    Attributes:
        points: Those that measure the flow, in the order of the register.
        rate: 1e-6 m3/s; None where nothing says.
        reason: What says so.
        zero: What cannot be told from nothing, of all points together.
    """

    points: tuple[str, ...]
    rate: int | None
    reason: Reason
    zero: int


class Limits:
    """Limits of intakes by the register, and by what its restrictions say at the time.

    Args:
        register: Master data.
        bindings: When restrictions bind.
    """

    def __init__(self, register: Register, bindings: Bindings) -> None:
        self._register = register
        self._bindings = bindings
        self._edges: dict[str, list[int]] = {}
        self._facts: dict[str, tuple[bytes, list[Restriction]]] = {}

    def of_slot(self, place: Place, start: int, end: int) -> Limit:
        """The limit of one slot (start, end]."""
        register, taking = self._register, self._register.taking
        rows = [
            (row, limits)
            for row in points_at(register, place.code, end)
            for limits in [register.limits_at(row.station, Quantity.DISCHARGE, end)]
            if limits is not None
        ]
        points = tuple(row.station for row, _ in rows)
        zero = sum(zero_below(limits) for _, limits in rows)
        restrictions = [row for row in restrictions_of(register, place.code, end) if self._bindings.binds(row, end)]
        if any(row.action is Action.STOP or row.limit == 0 for row in restrictions):
            return Limit(points, 0, Reason.BAN, zero)
        shares = [share for share in taking.permits_of(place.code, end) if self._in_force(share.permit, end)]
        windows = {share.permit: self._windows(share.permit, end) for share in shares}
        allowing = {
            permit: [row for row in its if self._covers_day(row, end) and _covers_hours(row, start, end, register)]
            for permit, its in windows.items()
        }
        if shares and all(windows[share.permit] and not allowing[share.permit] for share in shares):
            is_season = any(self._covers_day(row, end) for its in windows.values() for row in its)
            return Limit(points, 0, Reason.HOURS if is_season else Reason.SEASON, zero)
        rates = [self._rate(share, allowing[share.permit], end) for share in shares]
        bounds = [row.limit for row in restrictions if row.limit is not None]
        if rates and None not in rates:
            bounds.append(sum(rate or 0 for rate in rates))
        permitted = min(bounds, default=None)
        design = _design([row for row, _ in rows])
        if permitted is not None and (design is None or permitted <= design):
            return Limit(points, permitted, Reason.PERMIT_MAX, zero)
        return Limit(points, design, Reason.DESIGN_MAX, zero)

    def _in_force(self, permit: str, at: int) -> bool:
        rows = self._register.taking.permits.get(permit)
        row = None if rows is None else rows.at(at)
        return row is not None and row.state in _IN_FORCE

    def _windows(self, permit: str, at: int) -> list[PermitWindow]:
        return [row for row in self._register.taking.permit_windows.get(permit, ()) if row.start_ms < at <= row.end_ms]

    def _rate(self, share: PermitShare, windows: Iterable[PermitWindow], at: int) -> int | None:
        """Least of the rates that a permit gives; None where it gives none."""
        rows = self._register.taking.permits[share.permit].at(at)
        rates = [share.max_rate, None if rows is None else rows.max_rate, *(row.max_rate for row in windows)]
        return min((rate for rate in rates if rate is not None), default=None)

    def _covers_day(self, window: PermitWindow, end: int) -> bool:
        """Whether the day in which a slot begins lies in a window."""
        zone = self._register.zone_minutes
        begin = day_start(local_date(end - 1, zone), zone)
        span = begin, begin + DAY_MS
        return season_intervals(window.from_day, window.to_day, *span, zone_minutes=zone) == [span]

    def steady(self, place: Place, end: int) -> tuple[int, int]:
        """A time (since, until] around an instant: slots that lie in it wholly have one limit."""
        edges = self._edges.get(place.code)
        if edges is None:
            edges = self._edges[place.code] = sorted({*self._fixed_edges(place)})
        at = bisect_left(edges, end)
        since = edges[at - 1] if at else _NEVER
        until = edges[at] if at < len(edges) else _EVER
        restricting = [edge for row in self._register.taking.restrictions for edge in self._bindings.edges(row)]
        for edge in (*restricting, *self._window_edges(place, end)):
            if edge < end:
                since = max(since, edge)
            else:
                until = min(until, edge)
        return since, until

    def facts(self, place: Place) -> tuple[bytes, list[tuple[int, ...]]]:
        """All rows that limit an intake, as a digest, and when its restrictions bind by their gauges."""
        known = self._facts.get(place.code)
        if known is None:
            restrictions = [row for row in self._register.taking.restrictions if self.may_bind(place, row)]
            rows = [*self._rows(place), *(repr(row) for row in restrictions)]
            gauged = [row for row in restrictions if row.trigger_quantity is not None]
            known = self._facts[place.code] = sha256(repr(rows).encode()).digest(), gauged
        digest, gauged = known
        return digest, [tuple(self._bindings.edges(row)) for row in gauged]

    def _rows(self, place: Place) -> list[object]:
        register, taking = self._register, self._register.taking
        found: list[object] = []
        for point in place.points:
            found += [
                (row.start_ms, row.end_ms, row.intake, row.permit, row.reach, row.design_max, row.use, row.status)
                for row in taking.intakes[point]
            ]
            found += [
                (row.start_ms, row.end_ms, row.interval_min, row.river, row.division, row.status)
                for row in register.stations[point]
            ]
            found += [
                (row.start_ms, row.end_ms, row.zero_below, row.multiplier)
                for row in register.points.get((point, Quantity.DISCHARGE), ())
            ]
        found += [(row.start_ms, row.end_ms, row.permit, row.max_rate) for row in taking.permits_at.get(place.code, ())]
        for permit in sorted(self.permits(place)):
            found += [(row.start_ms, row.end_ms, row.state, row.max_rate) for row in taking.permits.get(permit, ())]
            found += [
                (row.start_ms, row.end_ms, row.from_day, row.to_day, row.hours, row.max_rate)
                for row in taking.permit_windows.get(permit, ())
            ]
        return found

    def may_bind(self, place: Place, restriction: Restriction) -> bool:
        """Whether a restriction binds an intake at any time, as far as its rows go."""
        edges = sorted({*self._fixed_edges(place), _EVER})
        return any(restriction in restrictions_of(self._register, place.code, edge) for edge in edges)

    def permits(self, place: Place) -> set[str]:
        """All permits that an intake ever has."""
        taking = self._register.taking
        found = {row.permit for row in taking.permits_at.get(place.code, ())}
        return found | {row.permit for point in place.points for row in taking.intakes[point] if row.permit}

    def _fixed_edges(self, place: Place) -> Iterator[int]:
        """Where rows of the register begin and end."""
        register, taking = self._register, self._register.taking
        tables: list[Iterable[Row] | DatedRows[Intake]] = [taking.permits_at.get(place.code, ())]
        for point in place.points:
            tables += [taking.intakes[point], register.stations[point]]
            tables.append(register.points.get((point, Quantity.DISCHARGE), ()))
        for permit in self.permits(place):
            tables += [taking.permits.get(permit, ()), taking.permit_windows.get(permit, ())]
        for table in tables:
            for row in table:
                yield from (row.start_ms, row.end_ms)
        for restriction in taking.restrictions:
            yield from (restriction.start_ms, restriction.end_ms)

    def _window_edges(self, place: Place, end: int) -> Iterator[int]:
        """Where windows of the permits open and close, near an instant."""
        zone = self._register.zone_minutes
        for permit in self.permits(place):
            for row in self._register.taking.permit_windows.get(permit, ()):
                span = end - _YEAR_MS, end + _YEAR_MS
                for season in season_intervals(row.from_day, row.to_day, *span, zone_minutes=zone):
                    yield from season
                if row.hours:
                    day = day_start(local_date(end - 1, zone), zone)
                    yield from (day, day + DAY_MS)
                    yield from (day + minute * MINUTE_MS for hours in row.hours for minute in hours)


def _design(rows: Iterable[Intake]) -> int | None:
    """Rate of the structure; None where a point has none."""
    rates = [row.design_max for row in rows]
    return None if not rates or None in rates else sum(rate or 0 for rate in rates)


def _covers_hours(window: PermitWindow, start: int, end: int, register: Register) -> bool:
    """Whether any part of a slot (start, end] lies in the hours of a window."""
    if not window.hours:
        return True
    zone = register.zone_minutes
    day = day_start(local_date(end - 1, zone), zone)
    ranges: list[tuple[int, int]] = []
    for first, last in window.hours:
        ranges += [(first, last)] if first < last else [(first, 24 * 60), (0, last)]
    return any(start < day + last * MINUTE_MS and day + first * MINUTE_MS < end for first, last in ranges)
