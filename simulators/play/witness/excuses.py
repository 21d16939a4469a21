"""Periods that don't count: exempted ones, and those of the ice and the dry season."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.instants import local_date, parse_instant
from hydro.periods import Basis, period_containing
from simulators.play.witness.dates import Days, Validity, days_of_year, validity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.play.witness.duty import Duty

__all__ = ["Excuse", "Excuses", "Seasons"]

_BARE_DATE: Final = len("2026-03-01")
_DAY: Final = timedelta(days=1)


class Excuse(NamedTuple):
    """Why a slot or a period neither fires nor resolves.

    Attributes:
        exempt: Somebody was granted it; it is due all the same.
        applicable: Otherwise there is nothing to judge.
    """

    exempt: bool
    applicable: bool


_NONE: Final = Excuse(exempt=False, applicable=True)


@dataclass(frozen=True, slots=True)
class _Exemption:
    dates: tuple[date, date] | None
    times: Validity | None

    def covers(self, start: int, end: int, first: date, last: date) -> bool:
        if self.dates is not None:
            return self.dates[0] <= first and last <= self.dates[1]
        return self.times is not None and self.times.start <= start and end <= self.times.end


class Seasons:
    """Ice and dry seasons of a station, in which there is nothing to judge.

    Args:
        stations: Its rows in ``stations``.
        zone_minutes: Of its dates.
    """

    def __init__(self, stations: Sequence[Mapping[str, str]], zone_minutes: int) -> None:
        self._zone = zone_minutes
        self._seasons: list[tuple[Validity, Days]] = [
            (validity(row, zone_minutes), days_of_year(row[f"{season}_from"], row[f"{season}_to"]))
            for row in stations
            for season in ("ice", "dry")
            if row.get(f"{season}_from", "") and row.get(f"{season}_to", "")
        ]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._seasons)

    def hold(self, end: int, first: date, last: date) -> bool:
        """Whether all days from the first to the last, of a slot or a period that ends at ``end``, lie in one."""
        return any(valid.holds(end) and _all_in(days, first, last) for valid, days in self._seasons)

    def hold_slot(self, start: int, end: int) -> bool:
        """The same of a slot (start, end], which is named by the day it begins in."""
        day = local_date(start, self._zone)
        return self.hold(end, day, day)


class Excuses:
    """What excuses one target.

    Args:
        duty: The target.
        exemptions: Rows of its station in ``exemptions``.
        stations: Rows of its station in ``stations``.
    """

    def __init__(
        self, duty: Duty, exemptions: Sequence[Mapping[str, str]], stations: Sequence[Mapping[str, str]]
    ) -> None:
        self._duty = duty
        zone = duty.zone_minutes
        self._exemptions = [
            _exemption(row, zone)
            for row in exemptions
            if row.get("target", "") in ("", duty.target_id) and row.get("state", "") in ("", "approved")
        ]
        self._seasons = Seasons(stations, zone)

    def __bool__(self) -> bool:
        """Whether there is anything that could excuse it."""
        return bool(self._exemptions or self._seasons)

    def of(self, start: int, end: int) -> Excuse:
        """What excuses a slot or a period (start, end] of the target."""
        if not self:
            return _NONE
        first, last = self._named_by(start, end)
        exempt = any(row.covers(start, end, first, last) for row in self._exemptions)
        return Excuse(exempt, not self._seasons.hold(end, first, last))

    def _named_by(self, start: int, end: int) -> tuple[date, date]:
        """First and last day that name it; a slot or an hour is named by the day it begins in."""
        duty = self._duty
        if duty.basis in (Basis.INSTANT, Basis.HOUR):
            day = local_date(start, duty.zone_minutes)
            return day, day
        period = period_containing(end, duty.basis, duty.day_start_hour, duty.zone_minutes)
        return period.first_day, period.last_day


def _all_in(days: Days, first: date, last: date) -> bool:
    day = first
    while day <= last:
        if not days.hold(day):
            return False
        day += _DAY
    return True


def _exemption(row: Mapping[str, str], zone_minutes: int) -> _Exemption:
    first, last = row["from"], row["to"]
    if len(first) == len(last) == _BARE_DATE:
        return _Exemption((date.fromisoformat(first), date.fromisoformat(last)), None)
    return _Exemption(None, Validity(parse_instant(first, zone_minutes), parse_instant(last, zone_minutes)))
