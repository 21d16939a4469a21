"""Levels of an alert, and the bands of a ratio that give them."""

from __future__ import annotations

from enum import IntEnum
from fractions import Fraction
from typing import Final

__all__ = ["DEFAULT_BANDS", "Bands", "Level", "band", "meets"]

ONE: Final = Fraction(1)


class Level(IntEnum):
    """Blue < yellow < orange < red; 0 is kept for "resolved" in the store."""

    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def text(self) -> str:
        """Name in records and the register."""
        return self.name.lower()


Bands = tuple[tuple[Level, Fraction], ...]
"""(level, bound): a value not meeting bound x target has at least that level. Worst first."""

DEFAULT_BANDS: Final[Bands] = (
    (Level.RED, Fraction(1, 2)),
    (Level.ORANGE, Fraction(4, 5)),
    (Level.YELLOW, ONE),
)


def meets(value: int, target: int, bound: Fraction = ONE) -> bool:
    """Whether value >= bound x target - 1e-6, on exact integers.

    Args:
        value: Millionths.
        target: Millionths.
        bound: Share of the target.

    >>> meets(999_999, 1_000_000), meets(999_998, 1_000_000)
    (True, False)
    """
    return value * bound.denominator >= bound.numerator * target - bound.denominator


def band(value: int, target: int, bands: Bands = DEFAULT_BANDS) -> Level:
    """The worst level whose bound isn't met; YELLOW where all are, since that is what a met period counts as.

    >>> band(800_000, 1_000_000).text, band(799_998, 1_000_000).text, band(500_000, 1_000_000).text
    ('yellow', 'orange', 'orange')
    """
    for level, bound in bands:
        if not meets(value, target, bound):
            return level
    return Level.YELLOW
