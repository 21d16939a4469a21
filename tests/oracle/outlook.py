"""``eflow_warning`` inside a period: it is going to fail (``running``), or cannot be met any more (``unreachable``).

`running`: ≥ 25 % of a day, ten_day or month elapsed, ≥ 50 % of slots so far valid, running mean < target;
`unreachable`: mean needed for the rest > the largest hourly mean of the last 7 days
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from .alert import Evidence
from .bands import meets
from .clock import DAY, HOUR
from .look import Look
from .observed import mean, slot_end
from .period import bound_so_far, period_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .observed import Observed
    from .period import Period, Target

__all__ = ["look_inside", "needed_mean"]


def look_inside(observed: Observed, target: Target, periods: Sequence[Period]) -> list[Look]:
    """Look at the end of each valid slot of days, ten-days and months; none for slots and hours."""
    if target.basis not in ("day", "ten_day", "month"):
        return []
    slots = observed.slots(target.station, target.quantity)
    hourly = _hourly_means(slots, target.interval)
    return [look for period in periods for look in _look_into(observed, target, period, hourly)]


def _look_into(observed: Observed, target: Target, period: Period, hourly: Mapping[int, int]) -> list[Look]:
    slots = observed.slots(target.station, target.quantity)
    ends = range(slot_end(period.start + 1, target.interval), period.end + 1, target.interval)
    values: list[int] = []
    found = []
    for elapsed, end in enumerate(ends, 1):
        if end not in slots:
            continue
        values.append(slots[end])
        evidence = Evidence(
            start=period.start,
            end=end,
            expected=elapsed,
            valid=len(values),
            value=period_value(values, len(ends), target.quantity),
            target=bound_so_far(observed, target, period, end),
            band="blue",
            is_level=target.is_level,
        )
        is_early = (end - period.start) * 4 < period.end - period.start
        truths = {"running": False if is_early else _is_running(evidence), "unreachable": None}
        if elapsed < len(ends):
            per_slot = Fraction(evidence.target, len(ends) if target.quantity == "volume" else 1)
            needed = needed_mean(per_slot, values, len(ends) - elapsed)
            truths["unreachable"] = _is_unreachable(needed, hourly, end, max(HOUR, target.interval))
        for reason, truth in truths.items():
            found.append(
                Look(
                    reason=reason,
                    at=end,
                    since=end - target.interval,
                    truth=truth,
                    recovers=truth is False,
                    may_raise=elapsed < len(ends),
                    evidence=evidence,
                    period_end=period.end,
                )
            )
    return found


def _is_running(evidence: Evidence) -> bool | None:
    """Whether the mean so far is below the target; unknown below 50 % of valid slots so far."""
    if evidence.valid * 2 < evidence.expected:
        return None
    return not meets(evidence.value, evidence.target)


def needed_mean(per_slot: Fraction, values: Sequence[int], rest: int) -> Fraction:
    """Mean that the ``rest`` of the slots needs, all of them valid, for the mean of all valid slots to reach a target.

    Two slots of 1 and two to come, one lost, against 2: the four that count must hold 8.

    >>> needed_mean(Fraction(2), [1, 1], 2)
    Fraction(3, 1)
    """
    return (per_slot * (len(values) + rest) - sum(values)) / rest


def _is_unreachable(needed: Fraction, hourly: Mapping[int, int], end: int, step: int) -> bool | None:
    """Whether no hour that ended in the last 7 days had what is needed; unknown where no hour is known."""
    recent = [hourly[hour] for hour in range(slot_end(end - 7 * DAY + 1, step), end + 1, step) if hour in hourly]
    return max(recent) < needed - 1 if recent else None


def _hourly_means(slots: Mapping[int, int], interval: int) -> dict[int, int]:
    """Mean of each hour with 50 % of its slots valid, by its end; slots longer than an hour stand for themselves."""
    if interval > HOUR:
        return dict(slots)
    hours: dict[int, list[int]] = {}
    for end, value in slots.items():
        hours.setdefault(slot_end(end, HOUR), []).append(value)
    return {end: mean(values) for end, values in hours.items() if len(values) * 2 * interval >= HOUR}
