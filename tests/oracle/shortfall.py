"""The class ``eflow_shortfall``: when it is raised, how its level moves, when it resolves.

hour…month: assessable period with value < effective target; instant: slots below for 60 min | start of the first
failed period / its end; instant: start of the first low slot / end of the slot that completes 60 min; its value and
ratio = mean of the last 60 min of valid slots | […] (bands.py) | hour, day: 2 consecutive assessable periods ≥ 1.05;
ten_day, month: 1 period ≥ 1.00; instant: 60 min of slots ≥ 1.05; levels: target + 0.02 m. At 1.00–1.05 a period is
attained but an open alert stays. `resolved_at` = end of the period or slot that completed it

Level of a firing alert = the worse of the bands of the last 2 assessable periods (it rises at once and falls after
two); a period that met its target counts as yellow while the alert is open. For instant: the worst band of the 60-min
means that ended since `raised_at`, over the last 60 min.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .alert import Evidence
from .bands import LEVELS, band_at, reaches_recovery
from .clock import HOUR
from .observed import hold, mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .period import Period, Target
    from .register import Register

__all__ = ["Shortfall", "judge_instant", "judge_periods", "judge_shortfall"]


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
        """Keep the worst, the first of equals."""
        if evidence.is_worse(self.worst):
            self.worst = evidence


def judge_shortfall(register: Register, target: Target, periods: Sequence[Period], watermark: int) -> list[Shortfall]:
    """Every shortfall of a target, in order."""
    if target.basis == "instant":
        return judge_instant(register, target, periods)
    return judge_periods(register, target, periods, watermark)


def judge_periods(register: Register, target: Target, periods: Sequence[Period], watermark: int) -> list[Shortfall]:
    """Hours to months: raised by one failed period; resolved by two in a row at 1.05, ten-days and months by one."""
    needed = 1 if target.basis in ("ten_day", "month") else 2
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
            band=band_at(register, target, period.value, period.target, period.end),
            is_level=target.is_level,
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
        good = good + 1 if reaches_recovery(target, here.value, here.target) else 0
        if good == needed:
            firing.resolved_at = here.end
            firing = None
            continue
        firing.show([last, here] if last else [here], here.end)
        last = here
    return alerts


def judge_instant(register: Register, target: Target, slots: Sequence[Period]) -> list[Shortfall]:
    """Slots: raised by 60 min of low slots, resolved by 60 min at 1.05; level from the 60-min means."""
    count = hold(60, target.interval)
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
            if all(reaches_recovery(target, each.value or 0, each.target) for each in used[-count:]):
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
        band=band_at(register, target, value, bound, end),
        is_level=target.is_level,
    )
