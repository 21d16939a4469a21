"""Reports from what is kept: the store's values through the rules' own code, the ledger's alerts.

The same for command line and REST. Everything here blocks; who serves others at the same time calls it in a thread.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from alerting.unregistered.source import ALERT_CLASS as UNREGISTERED
from dashboards.reports.alerts import alert_row, is_of
from dashboards.reports.attainment import attainment_row
from dashboards.reports.compose import require_name
from dashboards.reports.head import Head
from dashboards.reports.period import ReportPeriod, parse_period
from dashboards.reports.quality import Span, expected_series, quality_row
from hydro.errors import ConfigError
from hydro.instants import MINUTE_MS, format_instant
from hydro.periods import Basis
from hydro.quantity import QUANTITIES
from hydro.register import why_unjudged
from hydro.series import SeriesIndex
from watermaster.backtest_store import stored_batches
from watermaster.store_reading import require_single_values
from watermaster.stored_attainment import stored_attainment
from watermaster.taking_reports import TAKING, TakingReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from dashboards.reports.document import Row
    from dashboards.reports.place import Place
    from dashboards.reports.wanted import Wanted
    from hydro.register import Register, Station
    from watermaster.store_reading import StoreReading

__all__ = ["PAGE", "Reports"]

PAGE: Final = 1_000
"""Rows that are asked for at a time where nobody says how many."""

MOST_VALUES: Final = 4_000_000
"""Values that are read for some rows, about; fewer rows come at a time than were asked for where it would be more."""

_BY_DAY: Final = (Basis.DAY, Basis.TEN_DAY, Basis.MONTH)


class _Asked(NamedTuple):
    """A report, its time and place, understood."""

    name: str
    period: ReportPeriod
    place: Place
    span: Span
    is_over: bool


@dataclass(slots=True)
class _LastAlerts:
    """Rows of the ledger that were read last: who pages through them has them all of one moment, read once."""

    wanted: Wanted | None = None
    rows: dict[str, Row] = field(default_factory=dict)
    strangers: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Makes them.

    Attributes:
        register: Master data as they are now.
        version: Of the program.
        store_kind: What the store is called, for the head.
        clock: Epoch milliseconds.
        reading: Opens the store for as long as a report is made.
        alerts: All alerts but withdrawn ones, by onset, as the contract has them.
    """

    register: Register
    version: str
    store_kind: str
    clock: Callable[[], int]
    reading: Callable[[], AbstractContextManager[StoreReading]]
    alerts: Callable[[], Iterable[Mapping[str, Any]]]
    _last: _LastAlerts = field(default_factory=_LastAlerts)

    def head(self, wanted: Wanted) -> Head:
        """The head of a report.

        Raises:
            ConfigError: No such report, period or place; or the period has not begun.
        """
        asked = self._asked(wanted)
        zone = self.register.zone_minutes
        source = f"store 时序库 ({self.store_kind})"
        if asked.name == "alert-ledger":
            source = "ledger 告警台账"
        elif asked.name == "register-against-field":
            source = f"register 登记册, {source}, ledger 告警台账"
        return Head(
            name=asked.name,
            period=wanted.period,
            **asked.place._asdict(),
            start=format_instant(asked.span.start, zone),
            end=format_instant(asked.span.end, zone),
            made_at=format_instant(self.clock(), zone),
            is_over=asked.is_over,
            source=source,
            register=self.register.hash,
            version=self.version,
        )

    def rows(self, wanted: Wanted, *, after: str | None = None, limit: int = PAGE) -> tuple[list[Row], str | None]:
        """Some rows of a report.

        Args:
            wanted: Which.
            after: What the rows before gave as the second.
            limit: At most so many.

        Returns:
            Rows, and after what the next ones come; None at the end.

        Raises:
            ConfigError: As :meth:`head`; or the store has summed up values of the period.
            StoreError: The store doesn't answer.
        """
        asked = self._asked(wanted)
        match asked.name:
            case "eflow-attainment":
                owners = self._targets(asked)
                chosen, following = _page(list(owners), after, limit, lambda key: self._values(owners[key], asked))
                return (self._attainment(asked, chosen) if chosen else []), following
            case "data-quality":
                return self._quality(asked, after, limit)
            case name if name in TAKING:
                return self._taking(wanted, asked, after, limit)
            case _:
                by_key = self._alerts(wanted, asked, fresh=after is None)
                chosen, following = _page(list(by_key), after, limit, lambda _: 1)
                if following is None:
                    self._last.wanted, self._last.rows = None, {}
                return [by_key[key] for key in chosen], following

    def all_rows(self, wanted: Wanted) -> Iterator[Row]:
        """All rows of a report, counted as they are asked for; raises as :meth:`rows`."""
        after: str | None = None
        while True:
            rows, after = self.rows(wanted, after=after)
            yield from rows
            if after is None:
                return

    def _asked(self, wanted: Wanted) -> _Asked:
        require_name(wanted.name)
        days = parse_period(wanted.period)
        wanted.place.require(self.register)
        start, end = days.bounds(self.register.zone_minutes)
        now = self.clock()
        if now <= start:
            raise ConfigError(f"period {wanted.period} has not begun")
        span = Span(start, min(end, now), self.register.zone_minutes)
        return _Asked(wanted.name, days, wanted.place, span, is_over=end <= now)

    def _is_wanted(self, station: str, asked: _Asked) -> bool:
        return asked.place.holds(_at(self.register, station, asked.span.end))

    def _values(self, station: str, asked: _Asked) -> int:
        """About how many values one series of a station has in the period."""
        interval = min(row.interval_min for row in self.register.stations[station].rows)
        return (asked.span.end - asked.span.start) // (interval * MINUTE_MS)

    def _targets(self, asked: _Asked) -> dict[str, str]:
        """Stations of the targets that are judged, in the order of the targets."""
        return {
            target_id: rows[0].station
            for target_id, rows in sorted(self.register.targets.items())
            if why_unjudged(rows) is None and self._is_wanted(rows[0].station, asked)
        }

    def _alerts(self, wanted: Wanted, asked: _Asked, *, fresh: bool) -> dict[str, Row]:
        """Rows of ``alert-ledger`` by their place in the order of onset; the ledger is read for the first page only."""
        last = self._last
        if fresh or last.wanted != wanted:
            start, end = asked.span.start, asked.span.end
            found = [
                alert_row(alert, self.register)
                for alert in self.alerts()
                if is_of(alert, start, end, asked.place, self.register)
            ]
            rows = sorted(found, key=lambda row: (str(row["onset"]), str(row["id"])))
            last.wanted, last.rows = wanted, {f"{row['onset']} {row['id']}": row for row in rows}
        return last.rows

    def _taking(self, wanted: Wanted, asked: _Asked, after: str | None, limit: int) -> tuple[list[Row], str | None]:
        last = self._last
        if asked.name == "register-against-field" and (after is None or last.wanted != wanted):
            last.wanted, last.strangers = wanted, list(self._strangers(asked))
        strangers = last.strangers if last.wanted == wanted else []
        report = TakingReport(asked.name, self.register, asked.period, asked.span, asked.place, strangers)
        chosen, following = _page(report.keys(), after, limit, report.values)
        if not chosen:
            return [], following
        with self.reading() as store:
            return report.rows(chosen, store), following

    def _strangers(self, asked: _Asked) -> Iterator[Mapping[str, Any]]:
        """Alerts of addresses that nobody expects, open in the period."""
        for alert in self.alerts():
            if alert["class"] == UNREGISTERED and is_of(
                alert, asked.span.start, asked.span.end, asked.place, self.register
            ):
                yield alert

    def _attainment(self, asked: _Asked, targets: Sequence[str]) -> list[Row]:
        """Rows of some targets; those whose days begin at another hour are counted over other instants."""
        by_hour: dict[int, list[str]] = {}
        for target_id in targets:
            first = self.register.targets[target_id][0]
            by_hour.setdefault(first.day_start_hour if first.basis in _BY_DAY else 0, []).append(target_id)
        found: dict[str, Row] = {}
        now = self.clock()
        with self.reading() as store:
            for hour, members in by_hour.items():
                start, end = asked.period.bounds(asked.span.zone, hour)
                end = min(end, now)
                if start >= end:  # the first day has not begun at that hour
                    continue
                require_single_values(store, start, asked.span.zone)
                part = _only(self.register, members)
                index = SeriesIndex(part.stations)
                series = {(row.station, row.quantity.text) for rows in part.targets.values() for row in rows}
                series |= {
                    (row.inflow_station, row.quantity.text)
                    for rows in part.targets.values()
                    for row in rows
                    if row.inflow_station
                }
                batches = stored_batches(store.samples, series, part, index, start=start, end=end)
                for line in stored_attainment(batches, part, index, start, end):
                    found[line.plan.target_id] = attainment_row(line, self.register, arrival_known=False)
        return [found[target_id] for target_id in targets if target_id in found]

    def _quality(self, asked: _Asked, after: str | None, limit: int) -> tuple[list[Row], str | None]:
        expected = expected_series(self.register, asked.span)
        with self.reading() as store:
            require_single_values(store, asked.span.start, asked.span.zone)
            kept = {
                (station, QUANTITIES[quantity])
                for station, quantity in store.series_since(asked.span.start)
                if station in self.register.stations and quantity in QUANTITIES
            }
            series = {
                f"{station} {quantity.text}": (station, quantity)
                for station, quantity in kept | expected
                if self._is_wanted(station, asked)
            }
            chosen, following = _page(sorted(series), after, limit, lambda key: self._values(series[key][0], asked))
            rows = []
            for key in chosen:
                station, quantity = series[key]
                samples = store.samples(station, quantity, asked.span.start, asked.span.end)
                is_expected = series[key] in expected
                if is_expected or len(samples.time):
                    row = quality_row(station, quantity, samples, self.register, asked.span, expected=is_expected)
                    rows.append(row)
        return rows, following


def _page(
    keys: Sequence[str], after: str | None, limit: int, values: Callable[[str], int]
) -> tuple[list[str], str | None]:
    """Some of sorted keys, at least one if any is left, and the last of them if more follow."""
    first = 0 if after is None else bisect_right(keys, after)
    chosen: list[str] = []
    read = 0
    for key in keys[first : first + limit]:
        read += values(key)
        if chosen and read > MOST_VALUES:
            break
        chosen.append(key)
    return chosen, chosen[-1] if first + len(chosen) < len(keys) else None


def _at(register: Register, station: str, at: int) -> Station:
    return register.station_at(station, at) or register.stations[station].rows[-1]


def _only(register: Register, targets: Sequence[str]) -> Register:
    """The register with some targets and their stations alone, so that nothing else is judged."""
    chosen = {target_id: register.targets[target_id] for target_id in targets}
    codes = {row.station for rows in chosen.values() for row in rows}
    codes |= {row.inflow_station for rows in chosen.values() for row in rows} - {""}
    return replace(
        register,
        targets=chosen,
        stations={code: register.stations[code] for code in sorted(codes)},
        points={series: rows for series, rows in register.points.items() if series[0] in codes},
    )
