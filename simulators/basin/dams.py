"""Dams: what is released, generated and spilled in a step, for all dams at once. Volumes in m3 a step, flows in m3/s.

Order of service: abstractions (before, in the river), ecological release, turbines, crest. Who comes later gets what is
left, so nothing can become negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import HOUR_MS, MINUTE_MS
from simulators.basin.curve import Curve, Curves
from simulators.basin.elements import Outlet
from simulators.basin.step import STEP_MS, STEP_S, days_of, months_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.elements import Dam
    from simulators.basin.step import Floats, Integers

__all__ = ["Dams", "Due", "Operation", "Ponds"]

_NO_OUTLET: Final = Outlet(most_m3s=0.0)
_NO_LEVELS: Final = Curve(((0.0, np.nan), (1.0, np.nan)))
_RESTART: Final = 1.25
_SATURDAY: Final = 5
_THURSDAY: Final = 3
"""1970-01-01, day 0, was one; Monday is 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Ponds:
    """State of the dams.

    Attributes:
        stored: m3.
        inflow: Mean inflow that the rule follows, m3/s.
        turbined: Flow through the turbines in the last step, m3/s.
    """

    stored: Floats
    inflow: Floats
    turbined: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Due:
    """What the calendar and the operators want; a row a step, a column a dam.

    Attributes:
        release: Ecological release, m3/s, after cuts.
        habit: Share of the hour in the day's generation, mean 1.
        generation: Flow that operators set, m3/s; NaN: the rule decides.
    """

    release: Floats
    habit: Floats
    generation: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """What the dams did in a step, m3 each.

    Attributes:
        released: Ecological release.
        turbined: Through turbines or outlet gate.
        spilled: Over the crest.
    """

    released: Floats
    turbined: Floats
    spilled: Floats


class Dams:
    """Parameters of all dams."""

    def __init__(self, dams: Sequence[Dam]) -> None:
        outlets = [dam.outlet or _NO_OUTLET for dam in dams]

        def column(values: Sequence[float]) -> Floats:
            return np.array(values, np.float64)

        self.dead = column([dam.dead_m3 for dam in dams])
        self._full = column([dam.full_m3 for dam in dams])
        self._releases = np.array([_by_month(dam) for dam in dams], np.float64).reshape(len(dams), 12)
        self._spill_share = STEP_S / np.maximum(column([dam.spill_min * 60.0 for dam in dams]), STEP_S)
        self._most = column([outlet.most_m3s for outlet in outlets])
        self._least = column([outlet.least_m3s for outlet in outlets])
        self._hours = np.array([outlet.hours for outlet in outlets], np.float64).reshape(len(dams), 24)
        self._hours /= self._hours.sum(axis=1, keepdims=True) / 24.0
        self._weekend = column([outlet.weekend for outlet in outlets])
        self._blend = np.minimum(STEP_S / (column([outlet.follow_h for outlet in outlets]) * 3600.0), 1.0)
        self._keep = column([outlet.keep for outlet in outlets])
        self._gain = column([outlet.gain for outlet in outlets])
        self._ramp = column([np.inf if o.ramp_m3s_h is None else o.ramp_m3s_h * STEP_S / 3600.0 for o in outlets])
        self._stores = self._full > self.dead
        self._span = np.where(self._stores, self._full - self.dead, 1.0)
        self._levels = Curves([dam.levels or _NO_LEVELS for dam in dams])

    def due(self, ends: Integers, zone_minutes: int, release_share: Floats | None, generation: Floats | None) -> Due:
        """What is wanted in the steps that end at ``ends``.

        Args:
            ends: Ends of the steps, epoch milliseconds.
            zone_minutes: Local time.
            release_share: Share of the release due that is really given, a row a step; None: all.
            generation: m3/s that operators set, NaN where the rule decides; None: everywhere.
        """
        release = self._releases[:, months_of(ends, zone_minutes)].T
        local = ends - STEP_MS + zone_minutes * MINUTE_MS
        habit = self._hours[:, local // HOUR_MS % 24].T
        weekend = (days_of(ends, zone_minutes) + _THURSDAY) % 7 >= _SATURDAY
        habit = np.where(weekend[:, None], habit * self._weekend, habit)
        if release_share is not None:
            release = release * release_share
        if generation is None:
            generation = np.broadcast_to(np.nan, habit.shape)
        return Due(release, habit, generation)

    def operate(self, ponds: Ponds, inflow: Floats, taken: Floats, due: Due, step: int) -> tuple[Ponds, Operation]:
        """One step.

        Args:
            ponds: Their state before it.
            inflow: What came, m3.
            taken: What abstractions took from it and from the storage, m3.
            due: What is wanted.
            step: Its row.
        """
        held = np.maximum(ponds.stored + inflow - taken, 0.0)
        usable = np.maximum(held - self.dead, 0.0)
        released = np.minimum(due.release[step] * STEP_S, usable)
        usable -= released
        mean = ponds.inflow + ((inflow - taken) / STEP_S - ponds.inflow) * self._blend
        left = usable / STEP_S
        fill = (ponds.stored - self.dead) / self._span
        steer = np.maximum(1.0 + self._gain * (fill - self._keep), 0.0)
        ruled = due.habit[step] * np.maximum(mean - due.release[step], 0.0) * steer
        wanted = np.where(self._stores, ruled, left)
        given = due.generation[step]
        wanted = np.where(np.isnan(given), wanted, given)
        wanted = np.minimum(np.maximum(wanted, ponds.turbined - self._ramp), ponds.turbined + self._ramp)
        wanted = np.minimum(np.minimum(wanted, self._most), left)
        least = np.where(ponds.turbined > 0.0, self._least, self._least * _RESTART)
        turbined = np.minimum(np.where(wanted < least, 0.0, wanted) * STEP_S, usable)
        held -= released
        held -= turbined
        spilled = np.maximum(held - self._full, 0.0) * self._spill_share
        held -= spilled
        return Ponds(held, mean, turbined / STEP_S), Operation(released, turbined, spilled)

    def levels(self, stored: Floats) -> Floats:
        """Level of each reservoir, m; NaN where it has none. The last axis is the dams."""
        return self._levels(stored)

    def releases_at(self, at: int, zone_minutes: int) -> Floats:
        """Ecological release due in the step after ``at``, m3/s a dam."""
        return self._releases[:, months_of(np.array([at + STEP_MS], np.int64), zone_minutes)[0]]

    def steady_diversion(self, dam: int, inflow: float, release: float) -> float:
        """Flow through the turbines of one dam while inflow and release are steady, m3/s.

        Args:
            dam: Its column.
            inflow: m3/s.
            release: Ecological release, m3/s.
        """
        turbined = min(max(inflow - release, 0.0), float(self._most[dam]))
        return 0.0 if turbined < self._least[dam] else turbined

    def steady(self, inflow: Floats, release: Floats) -> Ponds:
        """State in a steady inflow, m3/s a dam: storage where the rule keeps it."""
        stored = np.round(self.dead + np.where(self._stores, self._span * self._keep, 0.0), 6)
        pairs = zip(inflow.tolist(), release.tolist(), strict=True)
        turbined = [self.steady_diversion(dam, flow, given) for dam, (flow, given) in enumerate(pairs)]
        return Ponds(stored, inflow.copy(), np.array(turbined, np.float64))


def _by_month(dam: Dam) -> tuple[float, ...]:
    """Ecological release of the twelve months."""
    releases = dam.release_m3s if isinstance(dam.release_m3s, tuple) else (dam.release_m3s,)
    return releases * 12 if len(releases) == 1 else releases
