"""Shortfall over periods (hour to month): one assessable period after the other.

::

    ratio      1.1   0.9   0.7   1.02  1.1   1.1
    period    --|-----|-----|-----|-----|-----|--
    alert            raised          (1 of 2) resolved
    level            yellow orange orange yellow

Exempt, not applicable and unassessable periods never get here.
Source: docs/alert-classes.md, "Common" and row ``eflow_shortfall``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from alerting.eflow.episode import Evidence, Judged, Open, Resolved
from alerting.level import meets

if TYPE_CHECKING:
    from alerting.eflow.bands import Recovery, Scale

__all__ = ["PeriodicFiring", "PeriodicState", "step_period"]


class PeriodicFiring(msgspec.Struct, frozen=True, array_like=True, tag="period", gc=False):
    """An open alert.

    Attributes:
        alert: See :class:`Open`.
        last: The latest assessable period.
        good: How many of the latest periods in a row reached the resolving bound.
    """

    alert: Open
    last: Judged
    good: int


PeriodicState = PeriodicFiring | None
"""None while nothing is open."""


def step_period(
    state: PeriodicState, period: Evidence, scale: Scale, recovery: Recovery
) -> tuple[PeriodicState, Resolved | None]:
    """Judge one assessable period.

    Args:
        state: After the periods before.
        period: Value and target of this one.
        scale: Levels in force at its end.
        recovery: What ends the alert.

    Returns:
        The state after it, and the alert that it resolved, if any.
    """
    if state is None:
        if meets(period.value, period.target):
            return None, None
        level = period.band(scale)
        return PeriodicFiring(Open.raised(period.start, period, level), Judged(level, period), 0), None
    good = state.good + 1 if recovery.is_reached(period.value, period.target) else 0
    if good == recovery.periods:
        return None, Resolved(state.alert, period.end)
    judged = Judged(period.band(scale), period)
    alert = state.alert.judged((state.last, judged), period, by_deficit=scale.by_deficit)
    return PeriodicFiring(alert, judged, good), None
