"""The class ``eflow_warning``: when it is raised and when it ends; what its reasons are stands in outlook and sinking.

target, not while a shortfall is open | […] | first slot of the running true condition (`band`: first period) /
slot that completes it | blue | false for 2 h (`band`: ≥ 1.25 for 2 periods), or period end, or a shortfall raised
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .alert import Alert
from .clock import HOUR
from .observed import hold
from .outlook import look_inside
from .sinking import look_at_bands

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .look import Look
    from .observed import Observed
    from .period import Period, Target
    from .shortfall import Shortfall

__all__ = ["judge_warnings"]

SLOTWISE = ("running", "unreachable")
REASONS = (*SLOTWISE, "band")


@dataclass
class Run:
    """Since when a reason has been true, and how many looks in a row count towards its end."""

    true_since: int | None = None
    recovered: int = 0
    last_end: int | None = None


def judge_warnings(
    observed: Observed, target: Target, periods: Sequence[Period], shortfalls: Sequence[Shortfall], watermark: int
) -> list[Alert]:
    """Every warning of a target, in order; one at a time.

    An open one keeps the reason that raised it, and ends by that reason alone.
    """
    counted = [period for period in periods if not period.exempt]
    judged = [period for period in counted if period.end <= watermark or period.valid == period.expected]
    looks = look_inside(observed, target, counted)
    looks += look_at_bands(observed, target, [period for period in judged if period.assessable])
    raised = {each.raised_at for each in shortfalls}
    ends = {period.end for period in judged}
    runs = {reason: Run() for reason in REASONS}
    alerts: list[Alert] = []
    firing: Alert | None = None
    firing_until: int | None = None
    seen: dict[int, list[Look]] = {}
    for look in sorted(looks, key=lambda each: REASONS.index(each.reason)):
        seen.setdefault(look.at, []).append(look)
    for moment in sorted({*seen, *ends, *raised}):
        here = seen.get(moment, [])
        for look in here:
            _extend(runs[look.reason], look, target.interval)
        if firing is not None:
            recovered = runs[firing.reason].recovered >= _needed(firing.reason, target.interval)
            if recovered or moment in raised or (moment in ends and moment == firing_until):
                firing.resolved_at = moment
                firing = None
            else:
                _show(firing, here)
        if moment in ends:
            runs |= {reason: Run() for reason in SLOTWISE}
        candidates = [look for look in here if look.truth and look.may_raise]
        if firing is None and candidates and not _is_short(shortfalls, moment):
            firing = _raise(target, candidates[0], runs[candidates[0].reason])
            firing_until = candidates[0].period_end
            alerts.append(firing)
    return alerts


def _is_short(shortfalls: Sequence[Shortfall], moment: int) -> bool:
    """Whether a shortfall of the target is open."""
    return any(
        each.raised_at <= moment and (each.resolved_at is None or moment < each.resolved_at) for each in shortfalls
    )


def _raise(target: Target, look: Look, run: Run) -> Alert:
    return Alert(
        kind="station",
        code=target.station,
        name="eflow_warning",
        reason=look.reason,
        onset=look.since if run.true_since is None else run.true_since,
        raised_at=look.at,
        target_id=target.id,
        quantity=target.quantity,
        basis=target.basis,
        levels=[("blue", look.at)],
        shown=look.evidence,
        worst=look.evidence,
    )


def _show(alert: Alert, looks: Sequence[Look]) -> None:
    """Take what was seen last while its reason was true, and the worst of it."""
    for look in looks:
        if look.reason == alert.reason and look.truth:
            alert.shown = look.evidence
            if alert.worst is None or look.evidence.is_worse(alert.worst):
                alert.worst = look.evidence


def _needed(reason: str, interval: int) -> int:
    """How many looks in a row end a warning: two periods, or the valid slots of 2 h."""
    return 2 if reason == "band" else hold(120, interval)


def _extend(run: Run, look: Look, interval: int) -> None:
    """Add a look to a run; unknown is as if it were not there, a gap of more than 60 min between slots restarts."""
    if look.truth is None:
        return
    if look.reason in SLOTWISE:
        if run.last_end is not None and look.at - interval - run.last_end > HOUR:
            run.true_since, run.recovered = None, 0
        run.last_end = look.at
    run.recovered = run.recovered + 1 if look.recovers else 0
    if not look.truth:
        run.true_since = None
    elif run.true_since is None:
        run.true_since = look.since
