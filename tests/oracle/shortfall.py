"""The class ``eflow_shortfall``: when it is raised, how its level moves, when it resolves (docs/alert-classes.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from .clock import HOUR
from .period import mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .period import Period, Target
    from .register import Register

__all__ = ["LEVELS", "Evidence", "Shortfall", "band", "bounds_at", "judge_instant", "judge_periods"]

LEVELS = ("blue", "yellow", "orange", "red")
DEFAULT_BOUNDS = {"yellow": Fraction(1), "orange": Fraction(8, 10), "red": Fraction(5, 10)}


@dataclass(frozen=True)
class Evidence:
    """A period, or a 60-min mean: what a level is read from."""

    start: int
    end: int
    expected: int
    valid: int
    value: int
    target: int
    band: str

    @property
    def ratio(self) -> Fraction | None:
        """Exact ratio of value and target, None for a target of zero."""
        return Fraction(self.value, self.target) if self.target else None


@dataclass
class Shortfall:
    """One alert as it grows."""

    onset: int
    raised_at: int
    shown: Evidence
    worst: Evidence
    levels: list[tuple[str, int]] = field(default_factory=list)
    resolved_at: int | None = None

    def show(self, window: Sequence[Evidence], at: int) -> None:
        """Take the worst band of the window as level from ``at`` on, and the latest evidence of that band as value."""
        level = max((evidence.band for evidence in window), key=LEVELS.index)
        if not self.levels or self.levels[-1][0] != level:
            self.levels.append((level, at))
        self.shown = [evidence for evidence in window if evidence.band == level][-1]

    def remember(self, evidence: Evidence) -> None:
        """Keep the least ratio, the first of equals."""
        if evidence.ratio is not None and (self.worst.ratio is None or evidence.ratio < self.worst.ratio):
            self.worst = evidence


def bounds_at(register: Register, basis: str, authority: str, moment: int) -> dict[str, Fraction]:
    """Ratio bound of each level: the product's, each replaced by the authority's own row, else by the row for all."""
    bounds = dict(DEFAULT_BOUNDS)
    for owner in ("", authority):
        latest: dict[str, str] = {}
        for row in register.tables["levels"]:
            if (row["authority"], row["class"], row["basis"]) != (owner, "eflow_shortfall", basis):
                continue
            if not row.get("ratio_below", "") or not register.is_valid(row, moment):
                continue
            level = row["level"]
            if level not in latest or row["valid_from"] >= latest[level]:
                latest[level] = row["valid_from"]
                bounds[level] = Fraction(row["ratio_below"])
    return bounds


def band(value: int, target: int, bounds: dict[str, Fraction]) -> str:
    """Worst level whose bound is not met; yellow where the target is met or no bound is missed.

    Values in micro-units; a bound is met when value >= bound * target - 1.
    """
    worst = "yellow"
    if value >= target - 1:
        return worst
    missed = [level for level, bound in bounds.items() if value < bound * target - 1]
    return max(missed, key=LEVELS.index) if missed else worst


def _authority(register: Register, target: Target, moment: int) -> str:
    station = register.row_at("stations", moment, station=target.station)
    return station.get("authority", "") if station else ""


def _band_at(register: Register, target: Target, value: int, bound: int, moment: int) -> str:
    return band(value, bound, bounds_at(register, target.basis, _authority(register, target, moment), moment))


def judge_periods(register: Register, target: Target, periods: Sequence[Period], watermark: int) -> list[Shortfall]:
    """Hours or days: raised by one failed period, resolved by two in a row at 1.05."""
    alerts: list[Shortfall] = []
    firing: Shortfall | None = None
    last: Evidence | None = None
    good = 0
    for period in periods:
        judged = period.end <= watermark or period.valid == period.expected
        if not judged or not period.assessable or period.exempt or period.value is None:
            continue
        here = Evidence(
            start=period.start,
            end=period.end,
            expected=period.expected,
            valid=period.valid,
            value=period.value,
            target=period.target,
            band=_band_at(register, target, period.value, period.target, period.end),
        )
        if firing is None:
            if not period.met:
                firing = Shortfall(onset=here.start, raised_at=here.end, shown=here, worst=here)
                firing.show([here], here.end)
                alerts.append(firing)
                last = here
                good = 0
            continue
        firing.remember(here)
        good = good + 1 if reaches_recovery(here.value, here.target) else 0
        if good == 2:
            firing.resolved_at = here.end
            firing = None
            continue
        firing.show([last, here] if last else [here], here.end)
        last = here
    return alerts


def reaches_recovery(value: int, target: int) -> bool:
    """Whether value >= 1.05 * target - 1e-6, in micro-units."""
    return value * 100 >= target * 105 - 100


def judge_instant(register: Register, target: Target, slots: Sequence[Period]) -> list[Shortfall]:
    """Slots: raised by 60 min of low slots, resolved by 60 min at 1.05; level from the 60-min means."""
    count = max(1, HOUR // target.interval)
    alerts: list[Shortfall] = []
    firing: Shortfall | None = None
    used: list[Period] = []
    means: list[Evidence | None] = []
    since_restart = 0
    for slot in slots:
        if slot.value is None or slot.exempt:
            continue
        if used and slot.start - used[-1].end > HOUR:
            since_restart = 0
        used.append(slot)
        since_restart += 1
        means.append(_mean_of(register, target, used[-count:]) if since_restart >= count else None)
        here = means[-1]

        if firing is None:
            if here is not None and all(not each.met for each in used[-count:]):
                firing = Shortfall(onset=used[-count].start, raised_at=slot.end, shown=here, worst=here)
                firing.show([here], slot.end)
                alerts.append(firing)
            continue
        if here is not None:
            firing.remember(here)
            if all(reaches_recovery(each.value or 0, each.target) for each in used[-count:]):
                firing.resolved_at = slot.end
                firing = None
                continue
        window = [each for each in means[-count:] if each is not None and each.end >= firing.raised_at]
        if window:
            firing.show(window, slot.end)
    return alerts


def _mean_of(register: Register, target: Target, slots: Sequence[Period]) -> Evidence:
    value = mean(slot.value for slot in slots if slot.value is not None)
    bound = mean(slot.target for slot in slots)
    start, end = slots[0].start, slots[-1].end
    return Evidence(
        start=start,
        end=end,
        expected=(end - start) // target.interval,
        valid=len(slots),
        value=value,
        target=bound,
        band=_band_at(register, target, value, bound, end),
    )
