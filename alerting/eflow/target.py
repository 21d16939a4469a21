"""What is asked of a station at an instant or over a period: the effective target, and what excuses it."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, timedelta
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from alerting.eflow.bands import is_level
from hydro.fixed import divide_half_even
from hydro.instants import MINUTE_MS, day_start, local_date
from hydro.periods import Basis, Period, period_containing
from hydro.register import (
    EARLIEST_MS,
    LATEST_MS,
    AlertClass,
    Exemption,
    LevelBound,
    Register,
    Station,
    TargetInterval,
    TargetRow,
    season_intervals,
    target_intervals,
)
from hydro.rules import changed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hydro.quantity import Quantity

__all__ = ["DIGEST_BYTES", "Demand", "Excuse", "TargetPlan"]

_NEVER: Final = -(2**62)
DIGEST_BYTES: Final = 16


class Demand(NamedTuple):
    """What counts for one slot or period: the target in millionths, and the row in force at its end."""

    target: int
    row: TargetRow


class Excuse(NamedTuple):
    """Why a slot or period neither fires nor resolves."""

    exempt: bool
    applicable: bool


_NONE: Final = Excuse(exempt=False, applicable=True)


class TargetPlan:
    """All dated rows of one target, with exemptions and seasons, ready for questions in event time.

    Args:
        target_id: The target.
        register: Master data.
        exemptions: Of its station.
        bands: Rows of ``levels`` that bear on it, for the digest.
    """

    def __init__(
        self,
        target_id: str,
        register: Register,
        exemptions: Sequence[Exemption] = (),
        bands: Sequence[LevelBound] = (),
    ) -> None:
        self.target_id = target_id
        self.rows: tuple[TargetRow, ...] = register.targets[target_id]
        first = self.rows[0]
        self.station: str = first.station
        self.quantity: Quantity = first.quantity
        self.basis: Basis = first.basis
        self.day_start_hour: int = first.day_start_hour
        self.zone: int = register.zone_minutes
        self.stations = register.stations[self.station]
        self.exemptions = [row for row in exemptions if row.counts and row.target in ("", target_id)]
        self.numbers = register.rules.eflow_shortfall
        self._seasonal = any(_has_season(row) for row in self.stations.rows)
        self._bands = bands
        self._inflow = [register.stations[row.inflow_station] for row in self.rows if row.inflow_rule is not None]
        self._years: dict[int, list[TargetInterval]] = {}
        self._hit = TargetInterval(_NEVER, _NEVER, first)

    @cached_property
    def digest(self) -> bytes:
        """Hash of every row of the register that its verdicts rest on."""
        return _digest(self, self._bands, [row for station in self._inflow for row in station])

    @property
    def is_always_applicable(self) -> bool:
        """Whether one row holds on every day of every year, and no season sets it aside."""
        row = self.rows[0]
        is_always = (row.start_ms, row.end_ms, row.from_day, row.to_day) == (EARLIEST_MS, LATEST_MS, (1, 1), (12, 31))
        return len(self.rows) == 1 and is_always and not self._seasonal

    @property
    def exempt_range(self) -> tuple[int, int]:
        """From the start of the first exemption to the end of the last."""
        bounds = [self._instants(row) for row in self.exemptions]
        return min(start for start, _ in bounds), max(end for _, end in bounds)

    def _instants(self, row: Exemption) -> tuple[int, int]:
        start = row.first if isinstance(row.first, int) else day_start(row.first, self.zone)
        end = row.last if isinstance(row.last, int) else day_start(row.last + timedelta(days=1), self.zone)
        return start, end

    def period(self, event_time: int) -> Period:
        """The target's period that holds an instant; for an instant target the hour, which only names its day."""
        basis = Basis.HOUR if self.basis is Basis.INSTANT else self.basis
        return period_containing(event_time, basis, self.day_start_hour, self.zone)

    def at(self, event_time: int) -> TargetRow | None:
        """The row in force at an instant, None where no row covers it."""
        start, end, row = self._hit
        if start < event_time <= end:
            return row
        segments = self._segments(local_date(event_time - 1, self.zone).year)
        place = bisect_left(segments, event_time, key=lambda segment: segment[1])
        if place == len(segments) or not segments[place][0] < event_time:
            return None
        self._hit = segments[place]
        return segments[place][2]

    def slot_demand(self, end: int) -> Demand | None:
        """What an instant slot is held against: the row in force at its end."""
        row = self.at(end)
        return None if row is None else Demand(row.value, row)

    def demand(self, start: int, end: int) -> Demand | None:
        """Effective target over (start, end]: weighted by minutes over a switch; None unless rows cover all of it."""
        row = self.at(end)
        if row is None:
            return None
        if self._hit[0] <= start:
            return Demand(row.value, row)
        covered = weighted = 0
        for year in range(local_date(start, self.zone).year, local_date(end - 1, self.zone).year + 1):
            for since, until, segment in self._segments(year):
                overlap = min(end, until) - max(start, since)
                if overlap > 0:
                    covered += overlap
                    weighted += overlap * segment.value
        if covered < end - start:
            return None
        minutes = (end - start) // MINUTE_MS
        return Demand(divide_half_even(weighted // MINUTE_MS, minutes), row)

    def excuse(self, start: int, end: int) -> Excuse:
        """Whether (start, end], a slot or a period of the target, is exempt or not applicable."""
        if not self.exemptions and not self._seasonal:
            return _NONE
        if self.basis in (Basis.INSTANT, Basis.HOUR):
            first = last = local_date(start, self.zone)  # a slot ending at 00:00 belongs to the day before
        else:
            period = self.period(end)
            first, last = period.first_day, period.last_day
        return Excuse(
            exempt=any(row.covers(start, end, first, last) for row in self.exemptions),
            applicable=not (self._seasonal and self._out_of_season(end, first, last)),
        )

    def _out_of_season(self, end: int, first: date, last: date) -> bool:
        station = self.stations.at(end)
        if station is None:
            return False
        since = day_start(first, self.zone)
        until = day_start(last + timedelta(days=1), self.zone)
        seasons = ((station.ice_from, station.ice_to), (station.dry_from, station.dry_to))
        return any(
            season_intervals(begin, finish, since, until, zone_minutes=self.zone) == [(since, until)]
            for begin, finish in seasons
        )

    def _segments(self, year: int) -> list[TargetInterval]:
        found = self._years.get(year)
        if found is None:
            since, until = day_start(date(year, 1, 1), self.zone), day_start(date(year + 1, 1, 1), self.zone)
            found = self._years[year] = target_intervals(self.rows, since, until, zone_minutes=self.zone)
        return found


def _has_season(station: Station) -> bool:
    return station.ice_from is not None or station.dry_from is not None


def _digest(plan: TargetPlan, bands: Sequence[LevelBound], inflow: Sequence[Station]) -> bytes:
    """Hash of what a verdict rests on; a name or a document is none of it, or editing one would rewrite old alerts."""
    judged_by = (
        plan.zone,
        [
            (
                row.start_ms,
                row.end_ms,
                row.from_day,
                row.to_day,
                row.value,
                row.quantity.text,
                row.basis.value,
                row.day_start_hour,
                row.min_valid_pct,
                row.inflow_station if row.inflow_rule is not None else "",
            )
            for row in plan.rows
        ],
        [(row.first, row.last) for row in plan.exemptions],
        [
            (
                row.start_ms,
                row.end_ms,
                row.interval_min,
                row.lateness_min,
                row.authority,
                row.ice_from,
                row.ice_to,
                row.dry_from,
                row.dry_to,
            )
            for row in plan.stations
        ],
        [(row.start_ms, row.end_ms, row.interval_min) for row in inflow],
        sorted(
            (
                row.authority,
                row.level.value,
                row.deficit if is_level(plan.quantity) else row.ratio_below,
                row.start_ms,
                row.end_ms,
            )
            for row in bands
            if (row.alert_class, row.basis) == (AlertClass.EFLOW_SHORTFALL, plan.basis)
            and (row.deficit if is_level(plan.quantity) else row.ratio_below) is not None
        ),
        *changed(plan.numbers),
    )
    return sha256(repr(judged_by).encode()).digest()[:DIGEST_BYTES]
