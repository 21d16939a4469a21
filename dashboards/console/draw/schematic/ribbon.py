"""A river as a ribbon: a gently winding middle line and a width that grows downstream.

The winding is drawn from the river's name, so the same river always looks the same.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple
from zlib import crc32

from dashboards.console.draw.svg import number

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Knot", "Winding", "ribbon_path"]

_WAVE_PX: Final = 150.0
_SECOND_WAVE: Final = 2.3
_SECOND_SHARE: Final = 0.35


class Knot(NamedTuple):
    """A point of the middle line, with half the river's width there."""

    x: float
    y: float
    half: float


class Winding(NamedTuple):
    """How far a river leaves its straight line.

    Attributes:
        phase: Where in its swing it begins, in radians.
        swing: Greatest distance in pixels.
    """

    phase: float
    swing: float

    @classmethod
    def of(cls, river: str, swing: float) -> Winding:
        """The winding of a river by its name."""
        return cls(crc32(river.encode("utf-8", "replace")) % 628 / 100, swing)

    def at(self, along: float) -> float:
        """Distance from the straight line, ``along`` pixels after its start."""
        turn = along / _WAVE_PX * 2 * math.pi
        second = _SECOND_SHARE * math.sin(turn * _SECOND_WAVE + 2 * self.phase)
        return self.swing * (math.sin(turn + self.phase) + second) / (1 + _SECOND_SHARE)


def ribbon_path(knots: Sequence[Knot]) -> str:
    """Path data of a ribbon through the knots, smooth on both banks.

    Banks are the middle line moved by half the width across its direction, and Catmull-Rom curves through those points.
    """
    one_bank, other_bank = [], []
    for place, knot in enumerate(knots):
        before, after = knots[max(0, place - 1)], knots[min(len(knots) - 1, place + 1)]
        dx, dy = after.x - before.x, after.y - before.y
        length = math.hypot(dx, dy) or 1.0
        across = (-dy / length * knot.half, dx / length * knot.half)
        one_bank.append((knot.x + across[0], knot.y + across[1]))
        other_bank.append((knot.x - across[0], knot.y - across[1]))
    other_bank.reverse()
    return f"M{_point(one_bank[0])}{_curve(one_bank)}L{_point(other_bank[0])}{_curve(other_bank)}Z"


def _curve(points: Sequence[tuple[float, float]]) -> str:
    parts = []
    last = len(points) - 1
    for place in range(last):
        before, start = points[max(0, place - 1)], points[place]
        end, after = points[place + 1], points[min(last, place + 2)]
        first = (start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6)
        second = (end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6)
        parts.append(f"C{_point(first)} {_point(second)} {_point(end)}")
    return "".join(parts)


def _point(point: tuple[float, float]) -> str:
    return f"{number(point[0])},{number(point[1])}"
