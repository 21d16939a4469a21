"""The baseline: single readings against fixed thresholds, as a plant's own alarm list has them.

A pump that runs while the meter shows nothing; a flow above the permitted rate, or any where none is allowed; a total
that falls, or stands while the flow is above 5 % of design; an open door; less than 0.8 of the nominal flow for the
power. What is less than 24 h apart is one alert, as people would count it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.instants import DAY_MS, parse_instant
from hydro.quantity import Quantity
from simulators.devices.samples import MISSING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulators.basin.step import Integers, Marks
    from simulators.devices.reports import Rows
    from simulators.scenario import Scenario

__all__ = ["Fixed", "Raised"]

_MICRO: Final = 1_000_000
_LEAST_SHARE: Final = 0.8
_RUNNING_SHARE: Final = 0.2


class Raised(NamedTuple):
    """An alert: its class, the intake, and when the reading was taken."""

    alert_class: str
    intake: str
    at: int


class Fixed:
    """Looks at readings as they come.

    Args:
        scenario: Its register says what is allowed.

    Attributes:
        raised: So far, in no order.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.raised: list[Raised] = []
        self._codes = [device.station for device in scenario.devices]
        takers = {taker.name: taker for taker in scenario.takers}
        mine = [takers[code] for code in self._codes]
        permits = [taker.permit for taker in mine]
        self._limit = np.array([np.inf if one is None else one.max_m3s for one in permits]) * _MICRO
        self._barred = np.array([one is None or one.state == "suspended" for one in permits])
        self._design = np.array([taker.design_m3s for taker in mine]) * _MICRO
        self._rated = np.array([0.0 if taker.house is None else taker.house.rated_kw for taker in mine]) * _MICRO
        self._closed = [(taker.bans, None if taker.permit is None else taker.permit.season) for taker in mine]
        self._total = np.full(len(mine), MISSING, np.int64)
        self._last: dict[tuple[str, int], int] = {}
        self._year_start = parse_instant(f"{_year(scenario)}-01-01T00:00:00", scenario.zone_minutes)

    def look(self, rows: Rows, values: Integers, place_of: Mapping[Quantity, Integers]) -> None:
        """Take some readings in.

        Args:
            rows: One a sample, in order of arrival.
            values: Millionths: rows × sensors.
            place_of: Column of each quantity, by device.
        """
        device = rows.device

        def column(quantity: Quantity) -> Integers:
            places = place_of.get(quantity)
            if places is None:
                return np.full(len(rows), MISSING, np.int64)
            place = places[device]
            return np.where(place < 0, MISSING, values[np.arange(len(rows)), place])

        flow, pump, power = (column(each) for each in (Quantity.DISCHARGE, Quantity.PUMP, Quantity.POWER))
        knows = flow != MISSING
        runs = (pump != MISSING) & (pump > 0)
        self._note("unmetered_intake", rows, knows & runs & (flow <= 0))
        self._note("over_rate", rows, knows & ((flow > self._limit[device]) | ((flow > 0) & self._is_closed(rows))))
        self._note("permit_expired", rows, knows & (flow > 0) & self._barred[device])
        works = knows & (power != MISSING) & (power > _RUNNING_SHARE * self._rated[device]) & (self._rated[device] > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            nominal = self._design[device] / self._rated[device] * power
        self._note("meter_tamper", rows, works & (flow < _LEAST_SHARE * nominal))
        door = column(Quantity.DOOR)
        self._note("meter_tamper", rows, (door != MISSING) & (door > 0))
        self._note("meter_tamper", rows, self._counts_wrongly(device, column(Quantity.VOLUME_TOTAL), flow, knows))

    def _is_closed(self, rows: Rows) -> Marks:
        found: Marks = np.zeros(len(rows), np.bool_)
        days = (rows.event_time - 1 - self._year_start) // DAY_MS
        for number in np.unique(rows.device).tolist():
            bans, season = self._closed[number]
            mine = rows.device == number
            for start, end in bans:
                found |= mine & (start < rows.event_time) & (rows.event_time <= end)
            if season is not None:
                inside = np.array([season.holds(*_month_day(int(day))) for day in days[mine]], np.bool_)
                found[mine] |= ~inside
        return found

    def _counts_wrongly(self, device: Integers, total: Integers, flow: Integers, knows: Marks) -> Marks:
        found: Marks = np.zeros(len(device), np.bool_)
        order = np.argsort(device, kind="stable")
        known = order[total[order] != MISSING]
        mine, here = device[known], total[known]
        before = np.concatenate([[MISSING], here[:-1]]) if len(here) else here
        is_first = np.concatenate([[True], mine[1:] != mine[:-1]]) if len(mine) else np.zeros(0, np.bool_)
        before = np.where(is_first, self._total[mine], before)
        stands = (here == before) & knows[known] & (flow[known] > 0.05 * self._design[mine])  # as we do
        found[known] = (before != MISSING) & ((here < before) | stands)
        self._total[mine] = here  # of several the last counts
        return found

    def _note(self, alert_class: str, rows: Rows, marks: Marks) -> None:
        for row in np.flatnonzero(marks).tolist():
            number, at = int(rows.device[row]), int(rows.event_time[row])
            last = self._last.get((alert_class, number))
            if last is None or at - last > DAY_MS:
                self.raised.append(Raised(alert_class, self._codes[number], at))
            self._last[alert_class, number] = max(at, last or at)


def _year(scenario: Scenario) -> int:
    return 1970 + int((scenario.start + scenario.zone_minutes * 60_000) / (365.2425 * DAY_MS))


_MONTH_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _month_day(day: int) -> tuple[int, int]:
    """Month and day of a day of an ordinary year, from 0."""
    day %= sum(_MONTH_DAYS)
    for month, length in enumerate(_MONTH_DAYS, start=1):
        if day < length:
            return month, day + 1
        day -= length
    return 12, 31
