"""Routing: every way of water (reach, canal, conduit of a sink, return) is a row of cells, all stepped at once.

A cell gives away in a step a share of what it held at the beginning of the step::

    outflow = share · stored        share = step / residence  (≤ 1)
    stored += inflow − outflow

Written with flows, this is ``O' = C1·I + C2·O`` with ``C1 = step / k``, ``C2 = 1 − C1``: Muskingum's scheme exactly at
``C0 = 0``, that is ``x = step / 2k``, where it is positive for every k ≥ step. Its impulse response is geometric with
mean k and variance k² − k·step. A way with Muskingum's K and x should have the mean K and the variance K²(1 − 2x); n
equal cells have the mean K and the variance K²/n − K·step, hence::

    n = K / (K(1 − 2x) + step), rounded, at least 1, at most K / step

Since no outflow depends on the inflow of its own step, the order of the reaches doesn't matter, a river of a thousand
reaches in a row costs as much as a thousand rivers, nothing can become negative, and water is only moved, never made.

Travel time that depends on flow: discharge goes with storage to the power 1.5 (Chézy in a wide channel: velocity ~
depth^½). A wave moves 1.5 times as fast as the water, so at the reference flow, where a wave shall need k in a cell,
the residence is 1.5 k, and elsewhere 1.5 k · (stored / stored_ref)^−½; a wave's travel time goes with discharge^−⅓. A
square root is rounded the same on every processor, a power isn't. The share is bounded at ⅔: there a wave moves a whole
cell in a step. Such ways get at most K / (2 steps) cells, so that up to eight times the reference flow waves can get
faster.

Source: Cunge 1969, On the subject of a flood propagation computation method; Dooge 1973, Linear theory of hydrologic
systems (moments).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from simulators.basin.step import STEP_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from simulators.basin.step import Floats

__all__ = ["Cells", "Way", "cell_count"]

_MOST_VARYING: Final = 2.0 / 3.0
_WAVE: Final = 1.5
"""Speed of a wave over that of the water."""
_ROOM: Final = 2.0
"""Steps a cell of a varying way has at least, where the travel time allows it."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way of water.

    Attributes:
        travel_s: Mean travel time of a wave, seconds.
        weight: Muskingum's x.
        reference_m3s: Flow at which ``travel_s`` holds; None: at any.
    """

    travel_s: float
    weight: float
    reference_m3s: float | None = None


def cell_count(way: Way) -> int:
    """Number of equal cells that have the way's travel time and, as near as possible, its spread.

    >>> cell_count(Way(3600.0, 0.0)), cell_count(Way(3600.0, 0.3)), cell_count(Way(3600.0, 0.5))
    (1, 2, 12)
    """
    shortest = STEP_S if way.reference_m3s is None else STEP_S * _ROOM
    wanted = round(way.travel_s / (way.travel_s * (1.0 - 2.0 * way.weight) + STEP_S))
    return max(1, min(wanted, int(way.travel_s // shortest)))


class Cells:
    """The cells of all ways, side by side in one array: those of a way next to each other, from its head down.

    Attributes:
        first: Index of each way's first cell.
        last: Index of its last.
        counts: Its number of cells.
        way: Way of each cell.
    """

    def __init__(self, ways: Sequence[Way]) -> None:
        self.counts: NDArray[np.intp] = np.array([cell_count(way) for way in ways], np.intp)
        self.last: NDArray[np.intp] = np.cumsum(self.counts) - 1
        self.first: NDArray[np.intp] = self.last - self.counts + 1
        self.way: NDArray[np.intp] = np.repeat(np.arange(len(ways)), self.counts)
        fixed = np.array([way.reference_m3s is None for way in ways], np.bool_)
        reference = np.array([way.reference_m3s or 0.0 for way in ways], np.float64)
        residence = np.array([way.travel_s for way in ways], np.float64) / self.counts * np.where(fixed, 1.0, _WAVE)
        self._residence = residence
        self._fixed = fixed
        self._held = residence * reference  # m3 at the reference flow
        share = STEP_S / residence
        root = np.sqrt(np.where(fixed, 1.0, self._held))
        self._share = np.where(fixed, share, 0.0)[self.way]
        self._varying = np.where(fixed, 0.0, share / root)[self.way]
        self._most = np.where(fixed, 1.0, _MOST_VARYING)[self.way]
        self._varies = not fixed.all()
        self._goes_on = (self.way[1:] == self.way[:-1]).astype(np.float64)

    def outflows(self, stored: Floats) -> Floats:
        """What each cell gives away in a step, m3.

        Args:
            stored: What it holds at the beginning of the step, m3.
        """
        if not self._varies:
            return stored * self._share
        share = np.sqrt(stored)
        share *= self._varying
        share += self._share
        np.minimum(share, self._most, out=share)
        share *= stored
        return share

    def move(self, stored: Floats, outflows: Floats, inflows: Floats) -> None:
        """Take ``outflows`` from the cells, give them to the next ones, and ``inflows`` to the first ones; in place.

        Args:
            stored: m3 of each cell.
            outflows: m3 of each cell, from `outflows`.
            inflows: m3 of each way.
        """
        stored -= outflows
        stored[1:] += outflows[:-1] * self._goes_on
        stored[self.first] += inflows

    def steady(self, flows: Floats) -> Floats:
        """What each cell holds while the flow through each way is steady, m3, rounded to 1e-6.

        Args:
            flows: m3/s through each way.
        """
        plain = flows * self._residence
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(self._fixed | (flows <= 0.0), 0.0, plain / self._held)
        root = np.cbrt(ratio)
        varying = np.maximum(self._held * root * root, flows * (STEP_S / _MOST_VARYING))
        held = np.where(self._fixed, plain, varying)[self.way]
        return np.asarray(np.round(held, 6), np.float64)
