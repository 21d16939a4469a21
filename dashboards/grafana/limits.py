"""Thresholds of panels: what the register says at the instant at which the dashboards are built.

A target that changes with the season changes its colour when the dashboards are built again (docs/grafana.md).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from alerting.eflow.bands import BandTable
from alerting.level import Level
from dashboards.grafana.model import Step, Steps
from hydro.fixed import to_number
from hydro.instants import DAY_MS, MINUTE_MS
from hydro.periods import Basis
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerting.eflow.bands import Scale
    from dashboards.grafana.places import Places
    from hydro.register import Register

__all__ = [
    "LEVEL_COLORS",
    "NOTHING_WRONG",
    "Limits",
    "level_steps",
    "none_is_good",
]

LEVEL_COLORS: Final = {Level.BLUE: "blue", Level.YELLOW: "yellow", Level.ORANGE: "orange", Level.RED: "red"}
NOTHING_WRONG: Final = "green"

_RATE_STEPS: Final = ((105, Level.YELLOW), (120, Level.ORANGE), (150, Level.RED))
"""Percent of a limit of `over_rate`, docs/alert-classes.md."""

_LEAST_SILENCE_MIN: Final = 60
_REPORTS_MISSED: Final = 3
_PERCENT: Final = 100


def level_steps() -> Steps:
    """Colours of levels by their numbers, 0 = resolved."""
    return (Step(None, NOTHING_WRONG), *(Step(int(level), color) for level, color in LEVEL_COLORS.items()))


def none_is_good(color: str) -> Steps:
    """Nothing is good; one and more have a colour."""
    return (Step(None, NOTHING_WRONG), Step(1, color))


class Limits:
    """Thresholds of the stations of a register.

    Args:
        register: Master data.
        places: Its stations.
        at: Instant, epoch milliseconds.
    """

    def __init__(self, register: Register, places: Places, at: int) -> None:
        self._register = register
        self._places = places
        self._at = at

    def ratio(self) -> Steps:
        """Shares of a target at which levels begin, by the rows of ``levels`` for all authorities and days."""
        scale = BandTable(self._register.levels, "eflow_shortfall", "", Basis.DAY).at(self._at)
        return _below(scale, 1.0)

    def targets(self, quantity: Quantity) -> dict[str, Steps]:
        """By station, the colours of a flow held against the largest of its targets of now."""
        owed: dict[str, tuple[int, Basis]] = {}
        for target_id, rows in self._register.targets.items():
            for interval in self._register.target_intervals(target_id, self._at - 1, self._at):
                row = interval.row
                known = owed.get(row.station, (0, row.basis))
                if rows[0].quantity is quantity and row.station in self._places.stations and row.value > known[0]:
                    owed[row.station] = (row.value, row.basis)
        found = {}
        for code, (value, basis) in owed.items():
            authority = self._places.stations[code].authority
            scale = BandTable(self._register.levels, "eflow_shortfall", authority, basis).at(self._at)
            found[code] = _below(scale, to_number(value))
        return found

    def standstill(self) -> Steps:
        """Flows that are none at any station with a target: the largest of their ``zero_below`` ends them."""
        owing = {row.station for rows in self._register.targets.values() for row in rows}
        known = [self._register.limits_at(code, Quantity.DISCHARGE, self._at) for code in owing]
        most = max((row.zero_below for row in known if row is not None), default=0)
        return (Step(None, LEVEL_COLORS[Level.RED]), Step(to_number(most), NOTHING_WRONG))

    def cease(self) -> dict[str, Steps]:
        """By station, the stage at which its flow has stopped."""
        return {
            code: (Step(None, LEVEL_COLORS[Level.RED]), Step(to_number(station.cease_stage_m), NOTHING_WRONG))
            for code, station in self._places.stations.items()
            if station.cease_stage_m is not None
        }

    def rates(self) -> dict[str, Steps]:
        """By metering point, the colours of a rate held against the least of what is allowed and what is possible."""
        found = {}
        for code, intake in self._places.intakes.items():
            limits = [limit for limit in (self._permitted(code), intake.design_max) if limit is not None]
            if limits:
                found[code] = _above(to_number(min(limits)), _RATE_STEPS)
        return found

    def _permitted(self, code: str) -> int | None:
        """What all permits of an intake allow together, 1e-6 m3/s; None where one of them doesn't say."""
        taking, at = self._register.taking, self._at
        rates = []
        for share in taking.permits_of(self._places.intakes[code].intake, at):
            rows = taking.permits.get(share.permit)
            permit = None if rows is None else rows.at(at)
            rates.append(share.max_rate if share.max_rate is not None else None if permit is None else permit.max_rate)
        known = [rate for rate in rates if rate is not None]
        return sum(known) if known and len(known) == len(rates) else None

    def volumes(self) -> dict[str, Steps]:
        """By metering point, the colours of a day's volume held against what the structure can take in a day."""
        return {
            code: _above(to_number(intake.daily_max), ((90, Level.BLUE), (100, Level.RED)))
            for code, intake in self._places.intakes.items()
            if intake.daily_max is not None
        }

    def completeness(self) -> Steps:
        """Percent: green at the pass rate of all targets, yellow at that of some."""
        rates = sorted({float(row.pass_rate) * _PERCENT for rows in self._register.targets.values() for row in rows})
        least, most = (rates[0], rates[-1]) if rates else (90.0, 90.0)
        steps = [Step(None, LEVEL_COLORS[Level.RED])]
        if least < most:
            steps.append(Step(least, LEVEL_COLORS[Level.YELLOW]))
        return (*steps, Step(most, NOTHING_WRONG))

    def silence_s(self) -> Steps:
        """Seconds: from the least silence on that raises `data_loss` of a station, and the most."""
        waits = [
            max(_REPORTS_MISSED * station.report_min, _LEAST_SILENCE_MIN) + station.lateness_min
            for station in self._places.stations.values()
        ] or [_LEAST_SILENCE_MIN]
        least, most = min(waits) * 60, max(waits) * 60
        steps = (Step(None, NOTHING_WRONG), Step(least, LEVEL_COLORS[Level.YELLOW]))
        return (*steps, Step(most, LEVEL_COLORS[Level.RED])) if most > least else steps

    def lowest(self, quantity: Quantity) -> Steps:
        """A device's values below the least bound that most of its points have are red."""
        bounds = Counter(
            row.minimum
            for (station, known), rows in self._register.points.items()
            if known is quantity and station in self._places.stations and (row := rows.at(self._at)) is not None
        )
        bounds.pop(None, None)
        if not bounds:
            return (Step(None, NOTHING_WRONG),)
        usual = max(bounds, key=lambda bound: (bounds[bound], bound))
        return (Step(None, LEVEL_COLORS[Level.RED]), Step(to_number(usual or 0), NOTHING_WRONG))

    def usual_report_min(self) -> tuple[int, int]:
        """How often most stations report, and how many report no less often."""
        often = Counter(station.report_min for station in self._places.stations.values())
        usual = max(often, key=lambda minutes: (often[minutes], minutes), default=_LEAST_SILENCE_MIN)
        return usual, sum(number for minutes, number in often.items() if minutes <= usual)

    def readings_a_day(self) -> int:
        """How many readings are due in a day: one for each point and slot of stations that are not retired."""
        due = 0
        for (station, _), rows in self._register.points.items():
            row = self._places.stations.get(station)
            if row is not None and rows.at(self._at) is not None:
                due += DAY_MS // (row.interval_min * MINUTE_MS)
        return due


def _below(scale: Scale, target: float) -> Steps:
    """Steps of what is to be at least a target."""
    bounds = sorted((float(share) * target, LEVEL_COLORS[level]) for level, share in scale.bounds)
    starts = (None, *(_rounded(bound) for bound, _ in bounds))
    colors = (*(color for _, color in bounds), NOTHING_WRONG)
    return tuple(Step(start, color) for start, color in zip(starts, colors, strict=True))


def _above(limit: float, shares: Iterable[tuple[int, Level]]) -> Steps:
    """Steps of what is to be at most a limit; shares in percent."""
    over = (Step(_rounded(limit * share / _PERCENT), LEVEL_COLORS[level]) for share, level in shares)
    return (Step(None, NOTHING_WRONG), *over)


def _rounded(number: float) -> float:
    """Six decimals, as values have."""
    return round(number, 6)
