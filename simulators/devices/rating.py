"""Errors of a discharge that is derived from stage: they depend on stage, stay for hours to weeks, and shift in floods.

The relative error of a gauge is::

    ε = bias + slope·(1 − w) + fast + slow + shift·w,     w = √(mean flow / flow), 0.4 to 2.5

bias and slope are of the gauge, as long as it stands. fast (hours: wind, plants, the hysteresis of a rising limb) and
slow (weeks: silt, leaves on the weir) are Ornstein–Uhlenbeck processes. shift is drawn anew after every flood: half of
it is the old one, for the bed remembers. A shift of the bed counts most at low flow, where the same centimetre is a
greater share of the depth: hence w.

Source: docs/simulated-field.md compares the outcome with real records; sizes [D] ours, inside the 3 to 10 % of flow
that is usual for ratings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.quantity import Quantity
from simulators.basin.chance import subject_keys
from simulators.basin.step import STEP_MS, STEP_S, Floats, Integers, Marks
from simulators.dice import Purpose, normals
from simulators.truth import Truth, TruthKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Rating", "RatingState", "Ratings"]

_WEIGHTS: Final = (0.4, 2.5)
_MOST: Final = 0.6
_REMEMBERED: Final = 0.5
_FLOOD_ENDS: Final = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """Sizes of the errors, standard deviations as shares of the flow.

    Attributes:
        mean_m3s: Flow at which the rating is best known.
        flood_m3s: Flow from which the bed moves; None: never.
        bias: Lasting.
        slope: Lasting, with stage.
        fast: Of the fast error,
        fast_h: whose memory is so long, hours.
        slow: Of the slow error,
        slow_d: whose memory is so long, days.
        shift: Of a shift after a flood.
    """

    mean_m3s: float
    flood_m3s: float | None = None
    bias: float = 0.015
    slope: float = 0.02
    fast: float = 0.01
    fast_h: float = 3.0
    slow: float = 0.025
    slow_d: float = 30.0
    shift: float = 0.05

    def mistakes(self) -> Iterator[str]:
        """What is wrong with it."""
        for name in ("mean_m3s", "fast_h", "slow_d"):
            value = getattr(self, name)
            if not 0.0 < value < np.inf:
                yield f"{name} of the rating is {value:g}; it must be above 0"
        for name in ("bias", "slope", "fast", "slow", "shift"):
            value = getattr(self, name)
            if not 0.0 <= value < _MOST:
                yield f"{name} of the rating is {value:g}, not at least 0 and below {_MOST:g}"
        if self.flood_m3s is not None and not self.flood_m3s > 0.0:
            yield f"flood_m3s of the rating is {self.flood_m3s:g}; it must be above 0"


@dataclass(frozen=True, slots=True)
class RatingState:
    """Errors that move.

    Attributes:
        fast: Fast error.
        slow: Slow error.
        shift: Of the bed.
        since: When it shifted last, epoch milliseconds.
        flooded: Whether there is a flood.
    """

    fast: Floats
    slow: Floats
    shift: Floats
    since: Integers
    flooded: Marks


class Ratings:
    """Ratings of many gauges, in arrays.

    Args:
        ratings: In the order of the columns.
        stations: Of each.
        seed: Of all chance.
    """

    def __init__(self, ratings: Sequence[Rating], stations: Sequence[str], seed: int) -> None:
        keys = subject_keys(stations)
        self._stations = tuple(stations)
        self._keys = keys
        self._seed = seed
        self._mean = np.array([rating.mean_m3s for rating in ratings], np.float64)
        self._flood = np.array([rating.flood_m3s or np.inf for rating in ratings], np.float64)
        self._fast = np.array([rating.fast for rating in ratings], np.float64)
        self._slow = np.array([rating.slow for rating in ratings], np.float64)
        self._shift = np.array([rating.shift for rating in ratings], np.float64)
        self._fast_kept = _kept([rating.fast_h * 3600.0 for rating in ratings])
        self._slow_kept = _kept([rating.slow_d * 86400.0 for rating in ratings])
        self._fast_added = self._fast * np.sqrt(1.0 - self._fast_kept**2)
        self._slow_added = self._slow * np.sqrt(1.0 - self._slow_kept**2)
        made = normals(seed, Purpose.MAKE, keys, np.zeros(1, np.int64))[:, 0]
        self._bias = np.array([rating.bias for rating in ratings], np.float64) * made[0]
        self._slope = np.array([rating.slope for rating in ratings], np.float64) * made[1]
        self._made = made

    def start(self, at: int) -> RatingState:
        """As of gauges that stood there for long, with no flood since they were rated."""
        return RatingState(
            fast=self._fast * self._made[2],
            slow=self._slow * self._made[3],
            shift=np.zeros(len(self._keys)),
            since=np.full(len(self._keys), at, np.int64),
            flooded=np.zeros(len(self._keys), np.bool_),
        )

    def errors(self, state: RatingState, ends: Integers, flow: Floats) -> tuple[RatingState, Floats, list[Truth]]:
        """Relative errors of a chunk.

        Args:
            state: Before it.
            ends: Ends of the steps.
            flow: True, m3/s: steps × gauges.

        Returns:
            The state after it, the errors, and the shifts that came to an end.
        """
        drawn = normals(self._seed, Purpose.RATING, self._keys, ends // STEP_MS)
        wandering, shifts = np.empty(flow.shape), np.empty(flow.shape)
        fast, slow, shift, since, flooded = state.fast, state.slow, state.shift, state.since, state.flooded
        truths: list[Truth] = []
        for row, now in enumerate(flow):
            fast = fast * self._fast_kept + drawn[0, row] * self._fast_added
            slow = slow * self._slow_kept + drawn[1, row] * self._slow_added
            high = (now > self._flood) | (flooded & (now > _FLOOD_ENDS * self._flood))
            over = flooded & ~high
            if over.any():
                at = int(ends[row]) - STEP_MS
                truths += self._truths(shift, since, over, at)
                shift = np.where(over, _REMEMBERED * shift + self._shift * drawn[2, row], shift)
                since = np.where(over, at, since)
            flooded = high
            wandering[row], shifts[row] = fast + slow, shift
        weight = np.clip(np.sqrt(self._mean / np.maximum(flow, 1e-9)), *_WEIGHTS)
        errors = self._bias + self._slope * (1.0 - weight) + wandering + shifts * weight
        return RatingState(fast, slow, shift, since, flooded), np.clip(errors, -_MOST, _MOST), truths

    def finish(self, state: RatingState, at: int) -> list[Truth]:
        """Shifts that are still there at the end."""
        return self._truths(state.shift, state.since, np.ones(len(self._keys), np.bool_), at)

    def _truths(self, shift: Floats, since: Integers, ended: Marks, at: int) -> list[Truth]:
        return [
            Truth(
                TruthKind.SENSOR_FAULT,
                self._stations[gauge],
                int(since[gauge]),
                at,
                {
                    "fault": "rating_shift",
                    "quantity": Quantity.DISCHARGE.text,
                    "size": round(float(shift[gauge]), 6),
                    "cause": "flood",
                },
            )
            for gauge in np.flatnonzero(ended & (shift != 0.0)).tolist()
        ]


def _kept(memories_s: Sequence[float]) -> Floats:
    """Share of an error that is left after a step; rounded, for processors differ in the last digit of exp."""
    return np.array([round(math.exp(-STEP_S / memory), 12) for memory in memories_s], np.float64)
