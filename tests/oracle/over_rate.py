"""The class ``over_rate``: more than may be taken, by the rate, or at all.

intake | 60-min mean > 1.05 × limit: `permit_max`, `design_max`; with limit 0 (`zero_below`): `ban`, `season`, `hours` |
start / end of the first such hour | yellow; orange > 1.2; red > 1.5 or ban | 2 h within limit
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from .alert import Alert, Evidence
from .clock import HOUR, MINUTE
from .estimating import of_excess
from .observed import mean
from .register import micro
from .restriction import binding, spans_of
from .take import (
    covers_day,
    design_max,
    in_hours,
    intakes_of,
    number_of,
    permits_at,
    points_at,
    slots_for,
    windows_at,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .observed import Observed, Slots
    from .register import Register, Row

__all__ = ["Taken", "judge_over_rate", "taken_of"]

BANDS = ("yellow", "orange", "red")


@dataclass(frozen=True)
class Taken:
    """Flow of an intake in one slot, and what it may be; ``zero`` is what cannot be told from nothing."""

    start: int
    end: int
    flow: int
    limit: int
    reason: str
    zero: int

    @property
    def is_within(self) -> bool:
        """Whether it is within the limit itself, without the five percent."""
        return self.flow <= (self.limit or self.zero)


def taken_of(observed: Observed, intake: str) -> list[Taken]:
    """Slots in which the flow is known and bounded, in order."""
    register = observed.register
    stations = intakes_of(register)[intake]
    interval = max(register.interval(code) or MINUTE for code in stations)
    slots = {code: slots_for(observed, code, interval) for code in stations}
    restrictions = [(row, spans_of(observed, row)) for row in register.tables["restrictions"]]
    found = []
    for end in sorted({end for each in slots.values() for end in each.values.get("discharge", {})}):
        points = [
            row
            for row in points_at(register, intake, end)
            if register.row_at("points", end, station=row["station"], quantity="discharge") is not None
        ]
        flow = _flow(slots, points, end)
        if flow is None:
            continue
        limit = _limit(register, intake, binding(register, restrictions, intake, end), (end - interval, end), points)
        if limit is not None:
            zero = sum(number_of(register, row["station"], "discharge", "zero_below", end) or 0 for row in points)
            found.append(Taken(end - interval, end, flow, limit[0], limit[1], zero))
    return found


def _flow(slots: dict[str, Slots], points: Sequence[Row], end: int) -> int | None:
    flows = [slots[row["station"]].get("discharge", end) for row in points]
    known = [flow for flow in flows if flow is not None]
    return sum(known) if known and len(known) == len(flows) else None


def _limit(
    register: Register, intake: str, restrictions: Sequence[Row], slot: tuple[int, int], points: Sequence[Row]
) -> tuple[int, str] | None:
    """What may be taken in a slot, and why not more; None where nothing says."""
    if any(row["action"] == "stop" or micro(row["limit_m3s"]) == 0 for row in restrictions):
        return 0, "ban"
    permits = permits_at(register, intake, slot[1])
    windows = {permit: windows_at(register, permit, slot[1]) for permit in permits}
    open_windows = {
        permit: [row for row in rows if covers_day(row, slot[1]) and in_hours(row, *slot)]
        for permit, rows in windows.items()
    }
    if permits and all(windows[permit] and not open_windows[permit] for permit in permits):
        in_season = any(covers_day(row, slot[1]) for rows in windows.values() for row in rows)
        return 0, "hours" if in_season else "season"
    rates = [_rate([share, permit, *open_windows[name]]) for name, (share, permit) in permits.items()]
    bounds = [(sum(rate for rate in rates if rate is not None), "permit_max")] if rates and None not in rates else []
    bounds += [(micro(row["limit_m3s"]), "permit_max") for row in restrictions]
    design = design_max(points)
    if design is not None:
        bounds.append((design, "design_max"))
    return min(bounds, key=lambda bound: bound[0]) if bounds else None


def _rate(rows: Sequence[Row]) -> int | None:
    """Least of the rates that rows give."""
    given = [micro(row["max_rate_m3s"]) for row in rows if row.get("max_rate_m3s", "")]
    return min(given) if given else None


@dataclass(frozen=True)
class Mean:
    """A mean of 60 min, as evidence with its band; ``over`` says whether it is more than may be."""

    evidence: Evidence
    over: bool
    reason: str


def judge_over_rate(observed: Observed, intake: str) -> list[Alert]:
    """Every time in which more was taken than may be."""
    alerts: list[Alert] = []
    firing: Alert | None = None
    row: list[Taken] = []
    recent: list[Mean | None] = []
    good = 0
    last: int | None = None
    slots = taken_of(observed, intake)
    for here in slots:
        interval = here.end - here.start
        needed = max(1, HOUR // interval)
        is_gap = last is not None and here.start - last > HOUR
        if is_gap or (row and (row[-1].limit == 0) != (here.limit == 0)):
            row = []
        good = 0 if is_gap else good
        last = here.end
        row = [*row, here][-needed:]
        found = _mean(row) if len(row) == needed else None
        if firing is None and found is not None and found.over:
            firing = Alert("intake", intake, "over_rate", found.reason, found.evidence.start, here.end)
            alerts.append(firing)
            recent, good = [], 0
        if firing is None:
            continue
        recent = [*recent, found][-needed:]
        good = good + 1 if here.is_within else 0
        if good >= max(1, -(-120 * MINUTE // interval)):
            firing.resolved_at = here.end
            firing, row = None, []
            continue
        _show(firing, [each.evidence for each in recent if each is not None], here.end)
        if found is not None:
            _worsen(firing, found.evidence)
    for alert in alerts:
        alert.estimate = of_excess(alert, slots)
    return alerts


def _mean(row: Sequence[Taken]) -> Mean:
    """The mean of these slots against the mean of their limits."""
    value, target = mean(each.flow for each in row), mean(each.limit for each in row)
    last = row[-1]
    over = 100 * value > 105 * target if target else value > last.zero
    interval = last.end - last.start
    band = "yellow"
    if target and over:
        share = Fraction(value, target)
        band = "red" if share > Fraction(3, 2) else "orange" if share > Fraction(6, 5) else "yellow"
    elif over and last.reason == "ban":
        band = "red"
    evidence = Evidence(row[0].start, last.end, (last.end - row[0].start) // interval, len(row), value, target, band)
    return Mean(evidence, over, last.reason)


def _show(alert: Alert, means: Sequence[Evidence], at: int) -> None:
    """Level and value by the means of the last 60 min; without any they stay."""
    if not means:
        return
    level = max((each.band for each in means), key=BANDS.index)
    if not alert.levels or alert.levels[-1][0] != level:
        alert.levels.append((level, at))
    alert.shown = next(each for each in reversed(means) if each.band == level)


def _worsen(alert: Alert, evidence: Evidence) -> None:
    """``worst``: the greatest ratio, first of equals."""
    if evidence.ratio is None:
        return
    before = None if alert.worst is None else alert.worst.ratio
    if before is None or evidence.ratio > before:
        alert.worst = replace(evidence)
