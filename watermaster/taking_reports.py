"""Reports about taking water, from the register and the store: who is metered, what was taken, what doesn't agree.

As in :mod:`watermaster.reports`: everything here blocks, and rows come in pages, so that a province over a year takes
little memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from alerting.permits.allotment import structures_by_permit
from dashboards.reports.against_field import address_row, field_row, permit_row
from dashboards.reports.division import covers
from dashboards.reports.intakes import IntakeFacts, intakes_at
from dashboards.reports.metering import metering_row
from dashboards.reports.period import PeriodKind
from dashboards.reports.taken import taken_under
from dashboards.reports.water_use import use_row
from hydro.flags import Flag
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, day_start
from hydro.metered import Metered, Readings, metered, sources_of
from hydro.permitted import counts_at, latest_row, planned_volume, year_of, year_plan
from hydro.quantity import Quantity
from hydro.register.permits import PermitState, PlanSpan
from hydro.volumes import LONGEST_MS
from watermaster.store_reading import require_single_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from dashboards.reports.document import Row
    from dashboards.reports.metering import Presence
    from dashboards.reports.period import ReportPeriod
    from dashboards.reports.place import Place
    from dashboards.reports.quality import Span
    from hydro.register import Register
    from hydro.register.permits import Permit
    from watermaster.store_reading import StoredValues

__all__ = ["TAKING", "TakingReport", "full_hour", "measured", "newest"]

TAKING: Final = ("online-metering", "water-use", "register-against-field")

_WATER: Final = (Quantity.VOLUME_TOTAL, Quantity.VOLUME, Quantity.DISCHARGE)
_LOOK_BACK: Final = (DAY_MS, 8 * DAY_MS, 40 * DAY_MS)
"""Who sends is found in the last of these; only who has not sent for long is looked for in all of the period."""
_VALUES_OF_DAY: Final = 300


@dataclass(frozen=True)
class TakingReport:
    """One of :data:`TAKING`, of a time and place.

    Attributes:
        name: Which.
        register: Master data as they are now; what they say of the end of the period counts.
        period: As it was asked for.
        span: What is counted of it.
        place: Of which stations.
        addresses: Alerts of addresses that nobody expects, open in the period.
    """

    name: str
    register: Register
    period: ReportPeriod
    span: Span
    place: Place
    addresses: Sequence[Mapping[str, Any]] = ()

    @cached_property
    def _facts(self) -> dict[str, IntakeFacts]:
        return {facts.code: facts for facts in intakes_at(self.register, self.span.end)}

    @cached_property
    def _intakes_of(self) -> dict[str, tuple[str, ...]]:
        return structures_by_permit(self.register)

    @cached_property
    def _addresses(self) -> dict[str, Mapping[str, Any]]:
        return {alert["id"]: alert for alert in self.addresses}

    def keys(self) -> list[str]:
        """Of its rows, sorted."""
        match self.name:
            case "online-metering":
                return [code for code, facts in self._facts.items() if facts.is_of(self.place) and not facts.is_sealed]
            case "water-use":
                return [permit for permit in sorted(self.register.taking.permits) if self._is_wanted(permit)]
            case _:
                intakes = [f"1 {code}" for code, facts in self._facts.items() if facts.is_of(self.place)]
                permits = [f"2 {permit}" for permit in sorted(self.register.taking.permits) if self._is_idle(permit)]
                return intakes + permits + sorted(f"3 {name}" for name in self._addresses)

    def values(self, key: str) -> int:
        """About how many values are read for a row."""
        if self.name != "water-use":
            return _VALUES_OF_DAY
        points = [point for intake in self._intakes_of.get(key, ()) for point in self._points(intake)]
        long = self.span.end - min(self.span.start, self._january)
        return sum(long // (self.register.stations[point].rows[-1].interval_min * MINUTE_MS) for point in points)

    def _points(self, intake: str) -> tuple[str, ...]:
        return self.register.taking.structures.get(intake, ())

    @property
    def _january(self) -> int:
        zone = self.span.zone
        year = year_of(self.span.end, zone)
        return day_start(self.period.last.replace(year=year, month=1, day=1), zone)

    def rows(self, keys: Iterable[str], store: StoredValues) -> list[Row]:
        """Those of some keys.

        Raises:
            ConfigError: The store has summed up values of the period.
            StoreError: The store doesn't answer.
        """
        if self.name == "water-use":
            require_single_values(store, min(self.span.start, self._january), self.span.zone)
            return [self._use(permit, store) for permit in keys]
        require_single_values(store, self.span.start, self.span.zone)
        kept = store.series_since(self.span.start)
        if self.name == "online-metering":
            return [
                metering_row(self._facts[code], self._came(code, store, kept), self.register, self.span.end)
                for code in keys
            ]
        return [self._against_field(key, store, kept) for key in keys]

    def _against_field(self, key: str, store: StoredValues, kept: set[tuple[str, str]]) -> Row:
        kind, _, code = key.partition(" ")
        if kind == "1":
            return field_row(self._facts[code], self._came(code, store, kept), self.register, self.span.end)
        if kind == "2":
            row = counts_at(self.register.taking, code, self.span.end)
            if row is not None:
                return permit_row(row)
        return address_row(self._addresses[code])

    def _came(self, code: str, store: StoredValues, kept: set[tuple[str, str]]) -> Presence:
        start, end = self.span.start, self.span.end
        points = [point.station for point in self._facts[code].points]
        return {point: newest(self.register, point, store, kept, start, end) for point in points}

    def _is_wanted(self, permit: str) -> bool:
        """Whether a permit allowed something at some time of the period, and is of the place."""
        rows = self.register.taking.permits[permit]
        span = self.span
        if not any(
            row.start_ms < span.end and (row.end_ms > span.start or row.state is PermitState.RENEWAL) for row in rows
        ):
            return False
        row = latest_row(self.register.taking, permit, span.end) or rows.rows[-1]
        return self._is_there(row)

    def _is_there(self, permit: Permit) -> bool:
        place = self.place
        if permit.division and place.division is not None:
            if not covers(place.division, permit.division):
                return False
            place = place._replace(division=None)
        if place.division is None and not place.is_of_stations:
            return True
        facts = (self._facts.get(intake) for intake in self._intakes_of.get(permit.permit, ()))
        return any(one is not None and one.is_of(place) for one in facts)

    def _is_idle(self, permit: str) -> bool:
        """Whether a permit counts and no intake in service has it; only where nothing but the division is asked for."""
        row = counts_at(self.register.taking, permit, self.span.end)
        if row is None or self.place.is_of_stations:
            return False
        if self.place.division is not None and not covers(self.place.division, row.division):
            return False
        facts = (self._facts.get(intake) for intake in self._intakes_of.get(permit, ()))
        return not any(one is not None and not one.is_sealed and permit in one.permits for one in facts)

    def _use(self, permit: str, store: StoredValues) -> Row:
        taking, zone = self.register.taking, self.span.zone
        intakes = self._intakes_of.get(permit, ())
        start, end = self.span.start, full_hour(self.span.end, zone)
        january = self._january
        points = {point for intake in intakes for point in self._points(intake)}
        found = {point: measured(self.register, point, store, min(start, january), end) for point in sorted(points)}
        row = latest_row(taking, permit, end) or taking.permits[permit].rows[-1]
        return use_row(
            row,
            self.register,
            taken=taken_under(self.register, permit, intakes, found, start, end),
            since_january=taken_under(self.register, permit, intakes, found, january, end),
            period_plan=self._period_plan(permit, end),
            plan=year_plan(taking, permit, end, zone),
            doubts=sorted({doubt.value for one in found.values() for doubt in one.doubts}),
            intakes=len(intakes),
        )

    def _period_plan(self, permit: str, at: int) -> int | None:
        """The plan of exactly the period; None for those that have none."""
        taking, days = self.register.taking, self.period
        if days.kind is PeriodKind.YEAR:
            return year_plan(taking, permit, at, self.span.zone)
        if days.kind not in (PeriodKind.MONTH, PeriodKind.QUARTER):
            return None
        months = [
            planned_volume(taking, permit, PlanSpan(days.first.year, month), at)
            for month in range(days.first.month, days.last.month + 1)
        ]
        return None if None in months else sum(volume or 0 for volume in months)


def full_hour(at: int, zone_minutes: int) -> int:
    """The last full hour of a zone up to an instant."""
    shift = zone_minutes * MINUTE_MS
    return (at + shift) // HOUR_MS * HOUR_MS - shift


def newest(
    register: Register, station: str, store: StoredValues, kept: set[tuple[str, str]], start: int, end: int
) -> int | None:
    """When the last valid value of water, or of what stands for it, was measured at a point; None in none of a time.

    Args:
        register: What a point's volume rests on.
        station: The metering point.
        store: Has the values.
        kept: Series with a value after ``start``.
        start: Epoch milliseconds, not included.
        end: Included.
    """
    series = {(station, quantity) for quantity in _WATER}
    series |= {one for source in sources_of(register, station) for one in source.series}
    chosen = sorted((code, quantity) for code, quantity in series if (code, quantity.text) in kept)
    last = end
    for back in (*_LOOK_BACK, end - start):
        first = max(end - back, start)
        found = [_last_valid(store, code, quantity, first, last) for code, quantity in chosen]
        times = [at for at in found if at is not None]
        if times:
            return max(times)
        if first == start:
            return None
        last = first
    return None


def _last_valid(store: StoredValues, station: str, quantity: Quantity, start: int, end: int) -> int | None:
    samples = store.samples(station, quantity, start, end)
    valid = np.flatnonzero(samples.flag <= Flag.SUSPECT)
    return int(samples.time[valid[-1]]) if len(valid) else None


def measured(register: Register, station: str, store: StoredValues, start: int, end: int) -> Metered:
    """What a metering point has measured in (start, end], and just before."""
    readings = {}
    for source in sources_of(register, station):
        for series in source.series:
            if series not in readings:
                samples = store.samples(*series, start - LONGEST_MS - 1, end)
                valid = samples.flag <= Flag.SUSPECT
                readings[series] = Readings(samples.time[valid], samples.value[valid])
    return metered(register, station, readings)
