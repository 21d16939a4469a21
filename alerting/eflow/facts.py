"""What the register says of many targets, as columns: enough to see which slots and periods need no second look.

A period is judged in columns only where this is surely all that bears on it: it lies wholly in one row of the target
and in the present row of its station. The rest is asked of the :class:`TargetPlan`, which is made when it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alerting.eflow.bands import BandTable, Recovery, is_level, recovery_of
from alerting.eflow.describe import ALERT_CLASS
from alerting.eflow.instant import Hold
from alerting.eflow.target import DIGEST_BYTES, TargetPlan
from hydro.instants import DAY_MS, HOUR_MS, day_start
from hydro.register import EARLIEST_MS, LATEST_MS, target_intervals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from alerting.slots.intake import SlotIntake
    from hydro.periods import Basis
    from hydro.register import Exemption, Register, TargetRow

__all__ = ["FactsRow", "TargetFacts", "Targets"]

_NEVER: Final = -(2**62)
_EVER: Final = 2**62
_MOST_PLANS: Final = 512
_AROUND_MS: Final = 400 * DAY_MS


class Targets:
    """Plans and bands of targets, made when they are asked for; the latest ones asked for are kept.

    Args:
        register: Master data.
    """

    def __init__(self, register: Register) -> None:
        self.register = register
        self._exemptions: dict[str, list[Exemption]] = {}
        for row in register.exemptions:
            if row.counts:
                self._exemptions.setdefault(row.station, []).append(row)
        self._plans: dict[str, TargetPlan] = {}
        self._bands: dict[tuple[str, Basis, bool], BandTable] = {}

    def plan(self, target_id: str) -> TargetPlan:
        """All that is asked of a target."""
        found = self._plans.get(target_id)
        if found is None:
            if len(self._plans) >= _MOST_PLANS:
                del self._plans[next(iter(self._plans))]
            station = self.register.targets[target_id][0].station
            found = TargetPlan(target_id, self.register, self._exemptions.get(station, ()), self.register.levels)
            self._plans[target_id] = found
        return found

    def inflow_stations(self, target_id: str) -> list[str]:
        """Stations whose inflow any of its rows asks for."""
        rows = self.register.targets[target_id]
        return sorted({row.inflow_station for row in rows if row.inflow_rule is not None})

    def bands(self, target_id: str) -> BandTable:
        """Its levels."""
        first = self.register.targets[target_id][0]
        authority = self.register.stations[first.station].rows[-1].authority
        key = (authority, first.basis, is_level(first.quantity))
        found = self._bands.get(key)
        if found is None:
            found = self._bands[key] = BandTable(
                self.register.levels, ALERT_CLASS, authority, first.basis, by_deficit=is_level(first.quantity)
            )
        return found

    def special(self, target_id: str) -> tuple[int, int]:
        """Time outside which nothing excuses the target: (start, end], widened so that whole periods fit."""
        first = self.register.targets[target_id][0]
        if any(row.ice_from is not None or row.dry_from is not None for row in self.register.stations[first.station]):
            return _NEVER, _EVER
        start, end = _EVER, _NEVER
        for row in self._exemptions.get(first.station, ()):
            if row.target in ("", target_id):
                start = min(start, self._instant(row.first))
                end = max(end, self._instant(row.last) + DAY_MS)
        return (start - DAY_MS, end + DAY_MS) if start < end else (_EVER, _NEVER)

    def _instant(self, moment: date | int) -> int:
        return moment if isinstance(moment, int) else day_start(moment, self.register.zone_minutes)


class FactsRow(NamedTuple):
    """A row of the columns.

    Attributes:
        series: Number among the watched series.
        target_id: The target, or None for an inflow that others are held against.
        start_hour: Hour at which its days begin.
        inflow: Stations and series of the inflow that it may be held against.
    """

    series: int
    target_id: str | None
    start_hour: int
    inflow: tuple[tuple[str, int], ...] = ()


class TargetFacts:
    """Columns over targets of one kind of basis, sorted by series.

    Attributes:
        ids: The targets; of a row without one (inflow that others are held against) None.
        series: Number among the watched series.
        offset: See :class:`alerting.eflow.period_clock.PeriodClock`.
        since: Start of the time in which one row holds; not included.
        until: Its end.
        value: What that row asks, millionths.
        least: Numerator of its ``min_valid_pct``.
        least_of: Denominator of the same.
        special_from: Within special_from < time <= special_until something may excuse.
        special_until: See there.
        first: Row of the first target of each series, and behind the last series the number of rows.
        dependents: Rows of targets that are held against the inflow of a row.
        hold: What "60 min" of an instant target is.
    """

    def __init__(self, rows: Sequence[FactsRow], targets: Targets, intake: SlotIntake) -> None:
        """Make the columns.

        Args:
            rows: Sorted by series.
            targets: For what is looked up.
            intake: Has the series.
        """
        size = len(rows)
        self._targets = targets
        self._intake = intake
        minutes = targets.register.rules.eflow_shortfall.hold_min
        self.hold = Hold(minutes, minutes)
        self.ids = [row.target_id for row in rows]
        self.series = np.array([row.series for row in rows], np.int64)
        self.offset = np.array([intake.shift - row.start_hour * HOUR_MS for row in rows], np.int64)
        self.is_passive = np.array([target_id is None for target_id in self.ids], bool)
        self.since = np.full(size, _EVER, np.int64)
        self.until = np.full(size, _NEVER, np.int64)
        self.value = np.zeros(size, np.int64)
        self.least = np.zeros(size, np.int64)
        self.least_of = np.ones(size, np.int64)
        self.special_from = np.full(size, _EVER, np.int64)
        self.special_until = np.full(size, _NEVER, np.int64)
        for number, target_id in enumerate(self.ids):
            if target_id is None:
                continue
            self.special_from[number], self.special_until[number] = targets.special(target_id)
            found = targets.register.targets[target_id]
            if len(found) == 1 and _is_always(found[0]) and found[0].inflow_rule is None:
                self._set(number, _NEVER, _EVER, found[0])
        self.first = np.searchsorted(self.series, np.arange(len(intake.watched) + 1)).astype(np.int64)
        self.most = int(np.diff(self.first).max()) if size else 0

        self._digest = np.zeros((size, DIGEST_BYTES), np.uint8)
        self._inflow: dict[tuple[int, str], int] = {}
        self.dependents: dict[int, list[int]] = {}
        passive = {(row.series, row.start_hour): number for number, row in enumerate(rows) if row.target_id is None}
        for number, row in enumerate(rows):
            for station, series in row.inflow:
                source = self._inflow[number, station] = passive[series, row.start_hour]
                self.dependents.setdefault(source, []).append(number)

    def __len__(self) -> int:
        """How many."""
        return len(self.ids)

    def has_inflow(self, number: int) -> bool:
        """Whether a target may be less because of an inflow."""
        return bool(self._inflow) and bool(self._targets.inflow_stations(self.target_id(number)))

    def inflow_series(self, number: int) -> list[int]:
        """Series of the inflow that a target may be held against."""
        if not self._inflow:
            return []
        stations = self._targets.inflow_stations(self.target_id(number))
        return [int(self.series[self._inflow[number, station]]) for station in stations]

    def inflow_row(self, number: int, asked: TargetRow) -> int | None:
        """Row of the inflow that a target is held against; None where its row in force has no such rule."""
        return None if asked.inflow_rule is None else self._inflow.get((number, asked.inflow_station))

    def _set(self, number: int, since: int, until: int, row: TargetRow) -> None:
        self.since[number], self.until[number], self.value[number] = since, until, row.value
        self.least[number] = row.min_valid_pct.numerator
        self.least_of[number] = row.min_valid_pct.denominator

    def refresh(self, number: int, at: int) -> None:
        """Have the columns show the row in force at an instant."""
        target_id = self.ids[number]
        if target_id is None or self.since[number] < at <= self.until[number]:
            return
        rows = self._targets.register.targets[target_id]
        zone = self._targets.register.zone_minutes
        for since, until, row in target_intervals(rows, at - _AROUND_MS, at + _AROUND_MS, zone_minutes=zone):
            if since < at <= until and row.inflow_rule is None:
                self._set(number, since, until, row)

    def rows(self, series: int) -> range:
        """Rows of one series."""
        return range(int(self.first[series]), int(self.first[series + 1]))

    def layers(self, series: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.int64]]]:
        """For each entry of a column of series all rows of that series: places in the column, rows."""
        begins = self.first[series]
        width = self.first[series + 1] - begins
        for layer in range(self.most):
            chosen = np.flatnonzero(width > layer)
            if not len(chosen):
                return
            yield chosen, begins[chosen] + layer

    def target_id(self, number: int) -> str:
        """Which target a row is of; not to be asked of a row without one."""
        target_id = self.ids[number]
        if target_id is None:
            message = f"row {number} of {len(self)} has no target"
            raise LookupError(message)
        return target_id

    def plan(self, number: int) -> TargetPlan:
        """All that is asked of one of them."""
        return self._targets.plan(self.target_id(number))

    def digest(self, number: int) -> bytes:
        """See :attr:`TargetPlan.digest`; made once, as it takes long."""
        if not self._digest[number].any():
            self._digest[number] = np.frombuffer(self.plan(number).digest, np.uint8)
        return bytes(self._digest[number])

    def bands(self, number: int) -> BandTable:
        """Its levels."""
        return self._targets.bands(self.target_id(number))

    def recovery(self, number: int) -> Recovery:
        """What ends its alerts."""
        register = self._targets.register
        first = register.targets[self.target_id(number)][0]
        return recovery_of(first.quantity, first.basis, register.rules.eflow_shortfall)


def _is_always(row: TargetRow) -> bool:
    return (row.start_ms, row.end_ms) == (EARLIEST_MS, LATEST_MS) and (row.from_day, row.to_day) == ((1, 1), (12, 31))
