"""The axis of values: its range, its scale, its ticks.

Invariants:
    * A scale rises strictly: a larger value is never drawn lower.
    * The range holds every valid value and every target, and 0 for what flows, since zero is data.

A flood is a hundred times the ecological flow. On a linear axis the target would lie on the baseline and the bands
below it be invisible, so a range that is far above the target is folded: y = asinh(v / knee), linear up to about the
target, logarithmic above, defined at zero and below. Such an axis says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.fixed import MICRO

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Tick", "ValueAxis", "nice_step", "value_axis"]

FOLD_ABOVE: Final = 12
"""How many times the target the range may reach before the axis is folded."""

_HEADROOM: Final = 0.06
_LEAST_SPAN: Final = 1e-3
_NEAREST_TICKS_PX: Final = 24
_USUAL_TICKS_PX: Final = 46
_ZERO_WITHIN: Final = 0.6


class Tick(NamedTuple):
    """A value with its place and its label."""

    value: float
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """Values in canonical units to pixels; y grows downwards.

    Attributes:
        low: Value at the bottom.
        high: Value at the top.
        top: Pixel of ``high``.
        bottom: Pixel of ``low``.
        knee: Above it the scale turns logarithmic; None = linear.
    """

    low: float
    high: float
    top: float
    bottom: float
    knee: float | None = None

    def y(self, value: float) -> float:
        """Pixel of a value, which may lie outside."""
        low, high = self._fold(self.low), self._fold(self.high)
        return self.bottom - (self._fold(value) - low) / (high - low) * (self.bottom - self.top)

    def inside(self, value: float) -> float:
        """Pixel of a value, cut off at the ends of the axis."""
        return min(self.bottom, max(self.top, self.y(value)))

    def ys(self, values: NDArray[np.int64]) -> NDArray[np.float64]:
        """Pixels of many values in millionths."""
        numbers = values / MICRO
        if self.knee is not None:
            numbers = np.arcsinh(numbers / self.knee)
        low, high = self._fold(self.low), self._fold(self.high)
        return self.bottom - (numbers - low) / (high - low) * (self.bottom - self.top)

    def ticks(self) -> list[Tick]:
        """Round values from bottom to top, far enough apart for their labels."""
        return self._linear_ticks() if self.knee is None else self._folded_ticks()

    def _fold(self, value: float) -> float:
        return value if self.knee is None else math.asinh(value / self.knee)

    def _linear_ticks(self) -> list[Tick]:
        count = max(2, round((self.bottom - self.top) / _USUAL_TICKS_PX))
        step = nice_step((self.high - self.low) / count)
        decimals = _decimals(step)
        first, last = math.ceil(Fraction(self.low) / step), math.floor(Fraction(self.high) / step)
        values = [float(step * number) for number in range(first, last + 1)]
        return [Tick(value, self.y(value), f"{value:.{decimals}f}") for value in values]

    def _folded_ticks(self) -> list[Tick]:
        kept: list[Tick] = []
        for value, label in self._folded_candidates():
            at = self.y(value)
            inside = self.low <= value <= self.high
            if inside and all(abs(at - other.at) >= _NEAREST_TICKS_PX for other in kept):
                kept.append(Tick(value, at, label))
        return sorted(kept)

    def _folded_candidates(self) -> list[tuple[float, str]]:
        """0, then powers of ten, then their fives, then their twos, of both signs: the order in which they are kept."""
        largest = max(abs(self.low), abs(self.high))
        powers = range(math.floor(math.log10(self.knee or 1)) - 1, math.ceil(math.log10(largest)) + 1)
        found = [(0.0, "0")]
        for mantissa in (1, 5, 2):
            for power in powers:
                size = Fraction(10) ** power * mantissa
                text = f"{float(size):.{max(0, -power)}f}"
                found += [(float(size), text), (-float(size), f"-{text}")]
        return found


def value_axis(
    values: tuple[float, float] | None, targets: tuple[float, ...], *, flowing: bool, top: float, bottom: float
) -> ValueAxis:
    """The axis for a series and its targets.

    Args:
        values: Least and greatest valid value; None = there is none.
        targets: Values that must be visible: targets and lower bounds of levels.
        flowing: A rate or an amount, whose zero means something; not a level above some datum.
        top: Pixel of the upper end.
        bottom: Pixel of the lower end.

    >>> axis = value_axis((1.2, 3.4), (2.0,), flowing=True, top=0, bottom=100)
    >>> axis.low, round(axis.high, 3), axis.knee
    (0.0, 3.604, None)
    >>> value_axis((0.5, 800.0), (2.0,), flowing=True, top=0, bottom=100).knee
    2.0
    """
    needed = [*(values or ()), *targets] or [0.0, 1.0]
    low, high = min(needed), max(needed)
    if flowing or (low >= 0 and low < high * (1 - _ZERO_WITHIN)):
        low, high = min(low, 0.0), max(high, 0.0)
    span = max(high - low, abs(high) * _LEAST_SPAN, _LEAST_SPAN)
    if low == high:
        high = low + span
    high += span * _HEADROOM if high > 0 or not flowing else 0.0
    if low < 0 or not flowing:
        low -= span * _HEADROOM if low != 0 else 0.0
    asked = max(targets, default=0.0)
    folded = flowing and asked > 0 and high > FOLD_ABOVE * asked
    return ValueAxis(low, high, top, bottom, asked if folded else None)


def nice_step(least: float) -> Fraction:
    """The smallest of 1, 2, 5 times a power of ten that isn't below ``least``, exact.

    >>> [str(nice_step(least)) for least in (0.03, 0.7, 1.0, 3.0, 60.0)]
    ['1/20', '1', '1', '5', '100']
    """
    power = math.floor(math.log10(least))
    for exponent in (power, power + 1):
        for mantissa in (1, 2, 5):
            step = Fraction(10) ** exponent * mantissa
            if step >= least:
                return step
    return Fraction(10) ** (power + 2)


def _decimals(step: Fraction) -> int:
    """Digits behind the point that multiples of a nice step need."""
    digits = 0
    while (step * 10**digits).denominator != 1:
        digits += 1
    return digits
