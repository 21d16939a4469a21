"""Curves as tables: stage over discharge, level over storage; straight lines between points, many stations at once.

Tables and not formulas, because powers differ between processors in their last digits and multiplication doesn't.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.step import Floats

__all__ = ["Curve", "Curves", "basin_curve", "power_curve"]


@dataclass(frozen=True, slots=True)
class Curve:
    """One table.

    Attributes:
        points: (x, y), x strictly rising, y not falling. Below the first x stands the first y; above the last the
            last line goes on.
    """

    points: tuple[tuple[float, float], ...]

    def mistake(self) -> str | None:
        """What is wrong with the table, if anything."""
        if len(self.points) < 2:  # a line needs two points  # noqa: PLR2004
            return f"has {len(self.points)} points, at least 2 are needed"
        if not np.isfinite(self.points).all():
            return "holds a number that is not finite"
        for (x, y), (next_x, next_y) in zip(self.points, self.points[1:], strict=False):
            if next_x <= x or next_y < y:
                return f"falls from ({x:g}, {y:g}) to ({next_x:g}, {next_y:g})"
        return None

    def reversed(self) -> Curve:
        """The table read the other way round: x for y. Where y stays the same, the first x stands.

        >>> Curve(((0.0, 0.2), (1.5, 0.2), (3.0, 1.2))).reversed().points
        ((0.2, 0.0), (1.2, 3.0))
        """
        first: dict[float, float] = {}
        for x, y in self.points:
            first.setdefault(y, x)
        return Curve(tuple(first.items()))


class Curves:
    """Tables of many stations, evaluated together."""

    def __init__(self, curves: Sequence[Curve]) -> None:
        width = max((len(curve.points) for curve in curves), default=2)
        self._base = np.array([curve.points[0][1] for curve in curves], np.float64)
        self._starts = np.zeros((width - 1, len(curves)))
        self._lengths = np.zeros((width - 1, len(curves)))
        self._slopes = np.zeros((width - 1, len(curves)))
        for column, curve in enumerate(curves):
            x, y = np.array(curve.points, np.float64).T
            lines = len(x) - 1
            self._starts[:lines, column] = x[:-1]
            self._lengths[:lines, column] = np.diff(x)
            self._lengths[lines - 1, column] = np.inf
            self._slopes[:lines, column] = np.diff(y) / np.diff(x)

    def __call__(self, x: Floats) -> Floats:
        """Values for ``x``; its last axis is the stations."""
        value = np.broadcast_to(self._base, x.shape).copy()
        for start, length, slope in zip(self._starts, self._lengths, self._slopes, strict=True):
            value += slope * np.minimum(np.maximum(x - start, 0.0), length)
        return value


def power_curve(
    coefficient: float, exponent: float, highest_m3s: float, zero_m: float = 0.0, points: int = 16
) -> Curve:
    """Stage over discharge for ``discharge = coefficient * (stage - zero)**exponent``.

    Points are denser at low flow. Stages are rounded to 1e-6 m, discharges to 1e-6 m3/s.

    Args:
        coefficient: m3/s at one metre above the stage of zero flow.
        exponent: 1.5 for a wide weir, 2 for a parabola, 2.5 for a notch.
        highest_m3s: Last point of the table.
        zero_m: Stage of zero flow.
        points: Of the table.
    """
    highest = (highest_m3s / coefficient) ** (1.0 / exponent)
    depths = [highest * number / (points - 1) for number in range(points)]
    return Curve(tuple((round(coefficient * depth**exponent, 6), round(zero_m + depth, 6)) for depth in depths))


def basin_curve(full_m3: float, full_m: float, bottom_m: float, points: int = 8) -> Curve:
    """Level over storage of a valley that widens evenly: storage grows with the square of the depth.

    Args:
        full_m3: Storage at the full level.
        full_m: Full level.
        bottom_m: Level at which nothing is stored.
        points: Of the table.
    """
    shares = [number / (points - 1) for number in range(points)]
    return Curve(
        tuple((round(full_m3 * share * share, 6), round(bottom_m + (full_m - bottom_m) * share, 6)) for share in shares)
    )
