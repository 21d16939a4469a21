"""What the register says about who is missed after which time, as columns over its stations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import MINUTE_MS
from hydro.register import StationStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hydro.register import Register, Station
    from hydro.rules import LossNumbers
    from hydro.series import SeriesIndex

__all__ = ["EVER", "NEVER", "Places", "fresh_ms", "patience_ms"]

NEVER: Final = -(2**62)
EVER: Final = 2**62


def patience_ms(row: Station, numbers: LossNumbers) -> int:
    """How long nothing valid may come before a station is silent.

    Source: docs/alert-classes.md, data_loss: max(3 × report_min, 60 min) + lateness.
    """
    return (max(numbers.reports * row.report_min, numbers.least_min) + row.lateness_min) * MINUTE_MS


def fresh_ms(row: Station) -> int:
    """How old a valid value may be when it is received, to end a silence: report_min + 2 × interval."""
    return (row.report_min + 2 * row.interval_min) * MINUTE_MS


class Places:
    """Stations, and the circles of them that are judged together: those of one gateway, or one alone.

    Stations that change their gateway over time join the gateways' circles.

    Args:
        register: Master data.
        index: Numbers of the stations.

    Attributes:
        stations: Codes by number.
        numbers: Of the class.
        patience: int64, milliseconds, by the latest row; ``EVER`` where that is retired.
        since: int64, start of the latest row; not included.
        until: int64, its end.
        circle: int64, number of the circle of each station.
        names: Of the circles, for state files.
        number_of: Circles by name.
        members: Station numbers of each circle.
        gateways: Names of the gateways of each circle, sorted.
        circle_of_gateway: By name.
    """

    def __init__(self, register: Register, index: SeriesIndex) -> None:
        self.stations = index.stations
        self.numbers = numbers = register.rules.data_loss
        self._rows = [register.stations[code] for code in index.stations]
        size = len(index.stations)
        latest = [rows.rows[-1] for rows in self._rows]
        self.patience = np.array([EVER if _is_retired(row) else patience_ms(row, numbers) for row in latest], np.int64)
        self.since = np.array([row.start_ms for row in latest], np.int64)
        self.until = np.array([row.end_ms for row in latest], np.int64)
        self.circle = np.zeros(size, np.int64)
        self.names: list[str] = []
        self.number_of: dict[str, int] = {}
        self.members: list[list[int]] = []
        self.gateways: list[list[str]] = []
        self.circle_of_gateway: dict[str, int] = {}
        self._missed_of: dict[str, int] = {}
        heads = _joined({row.gateway for row in rows if row.gateway} for rows in self._rows)
        for number, rows in enumerate(self._rows):
            gateway = next((row.gateway for row in rows if row.gateway), None)
            name = f"station {self.stations[number]}" if gateway is None else f"gateway {heads[gateway]}"
            circle = self.number_of.setdefault(name, len(self.names))
            if circle == len(self.names):
                self.names.append(name)
                self.members.append([])
                self.gateways.append([])
            self.members[circle].append(number)
            self.circle[number] = circle
        for gateway, head in sorted(heads.items()):
            circle = self.circle_of_gateway[gateway] = self.number_of[f"gateway {head}"]
            self.gateways[circle].append(gateway)

    def row(self, station: int, at: int) -> Station | None:
        """The row of a station that is missed at an instant; None where nobody misses it."""
        row = self._rows[station].at(at)
        return None if row is None or _is_retired(row) else row

    def any_row(self, station: int, at: int) -> Station:
        """The row at an instant, else the latest."""
        return self._rows[station].at(at) or self._rows[station].rows[-1]

    def gateways_of(self, station: int) -> set[str]:
        """Gateways that a station has, or had, or will have."""
        return {row.gateway for row in self._rows[station] if row.gateway}

    def due(self, station: int, since: int, after: int = NEVER) -> int:
        """The first instant at which a station can be missed; ``EVER`` if never.

        Args:
            station: Its number.
            since: When something valid came last.
            after: An instant that is too early.
        """
        found = EVER
        for row in self._rows[station]:
            at = max(since + patience_ms(row, self.numbers), row.start_ms + 1, after + 1)
            if at <= row.end_ms and not _is_retired(row):
                found = min(found, at)
        return found

    def missed_until(self, station: int, at: int) -> int:
        """The last instant up to which a station that is missed at an instant is missed without a break."""
        row = self.row(station, at)
        if row is None:
            return at
        while row.end_ms < EVER:
            following = self.row(station, row.end_ms + 1)
            if following is None:
                return row.end_ms
            row = following
        return EVER

    def bounds(self, circle: int) -> tuple[int, ...]:
        """Instants, sorted, up to which some row of a station of a circle holds, or after which it does."""
        rows = [row for number in self.members[circle] for row in self._rows[number]]
        found = {bound for row in rows for bound in (row.start_ms, row.end_ms)}
        return tuple(sorted(bound for bound in found if NEVER < bound < EVER))

    def missed_of(self, gateway: str, at: int) -> int:
        """How many stations of a gateway are missed at an instant, if they are silent."""
        known = self._missed_of.get(gateway)
        if known is not None:
            return known
        circle = self.circle_of_gateway[gateway]
        rows = [self.row(number, at) for number in self.members[circle]]
        count = sum(row is not None and row.gateway == gateway for row in rows)
        if self.is_plain(circle):
            self._missed_of[gateway] = count
        return count

    def is_plain(self, circle: int) -> bool:
        """Whether nothing about the stations of a circle ever changes."""
        return all(self._rows[number].always is not None for number in self.members[circle])


def _is_retired(row: Station) -> bool:
    return row.status is StationStatus.RETIRED


def _joined(groups: Iterable[set[str]]) -> dict[str, str]:
    """The least name of the circle of each gateway: gateways of one group are in one circle."""
    head: dict[str, str] = {}

    def find(name: str) -> str:
        while head[name] != name:
            head[name] = name = head[head[name]]
        return name

    for group in groups:
        names = sorted(group)
        for name in names:
            head.setdefault(name, name)
            first, second = sorted((find(names[0]), find(name)))
            head[second] = first
    return {name: find(name) for name in head}
