"""Shortfall over periods (hour, day): one assessable period after the other.

::

    ratio      1.1   0.9   0.7   1.02  1.1   1.1
    period    --|-----|-----|-----|-----|-----|--
    alert            raised          (1 of 2) resolved
    level            yellow orange orange yellow

Exempt, not applicable and unassessable periods never get here.
Source: docs/alert-classes.md, "Common" and row ``eflow_shortfall``.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import msgspec

from alerting.eflow.episode import Evidence, Judged, Open, Resolved
from alerting.level import Bands, meets

__all__ = ["RESOLVE_BOUND", "PeriodicFiring", "PeriodicState", "step_period"]

RESOLVE_BOUND: Final = Fraction(105, 100)
_RESOLVE_PERIODS: Final = 2


class PeriodicFiring(msgspec.Struct, frozen=True, array_like=True, gc=False):
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


def step_period(state: PeriodicState, period: Evidence, bands: Bands) -> tuple[PeriodicState, Resolved | None]:
    """Judge one assessable period.

    Args:
        state: After the periods before.
        period: Value and target of this one.
        bands: In force at its end.

    Returns:
        The state after it, and the alert that it resolved, if any.
    """
    if state is None:
        if meets(period.value, period.target):
            return None, None
        level = period.band(bands)
        return PeriodicFiring(Open.raised(period.start, period, level), Judged(level, period), 0), None
    good = state.good + 1 if meets(period.value, period.target, RESOLVE_BOUND) else 0
    if good == _RESOLVE_PERIODS:
        return None, Resolved(state.alert, period.end)
    judged = Judged(period.band(bands), period)
    return PeriodicFiring(state.alert.judged((state.last, judged), period), judged, good), None
