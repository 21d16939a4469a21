"""How far beyond its bounds a value is, for either side of them.

What lies above its bounds is judged as its negative is below theirs: so there is one rule, that of instant targets.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from alerting.eflow.bands import Recovery
from alerting.level import Level, meets
from hydro.fixed import MICRO
from hydro.rules import Direction, ReferenceKind

if TYPE_CHECKING:
    from hydro.rules import Signal

__all__ = ["SignalScale", "recovery_of", "scale_of", "sign_of"]


def sign_of(signal: Signal) -> int:
    """By what values and bounds are multiplied before they are judged."""
    return 1 if signal.direction is Direction.BELOW else -1


class SignalScale(NamedTuple):
    """Bounds of the levels worse than the mildest, worst first.

    Attributes:
        mildest: Level of all that is beyond the mildest bound, and of what is not while the alert is open.
        bounds: Shares of the mildest bound; or millionths beyond it.
        by_share: Which of the two.
    """

    mildest: Level
    bounds: tuple[tuple[Level, Fraction], ...]
    by_share: bool

    @property
    def by_deficit(self) -> bool:
        """The worst is what lies farthest beyond its bound."""
        return True

    def level(self, value: int, target: int) -> Level:
        """The worst level beyond whose bound a value is.

        >>> scale = SignalScale(Level.BLUE, ((Level.RED, Fraction(1, 2)),), by_share=True)
        >>> [scale.level(value, 2_000_000).text for value in (2_100_000, 1_000_000, 999_998)]
        ['blue', 'blue', 'red']
        """
        for level, bound in self.bounds:
            is_met = meets(value, target, bound) if self.by_share else meets(value, target - int(bound))
            if not is_met:
                return level
        return self.mildest


def scale_of(signal: Signal) -> SignalScale:
    """Its levels."""
    (mildest, first), *worse = signal.levels
    by_share = signal.reference.kind is not ReferenceKind.UNIT
    bounds = tuple(
        (Level(level), bound / first if by_share else sign_of(signal) * (first - bound) * MICRO)
        for level, bound in reversed(worse)
    )
    return SignalScale(Level(mildest), bounds, by_share)


def recovery_of(signal: Signal) -> Recovery:
    """What counts towards the end of its alerts."""
    first = signal.levels[0][1]
    if signal.reference.kind is ReferenceKind.UNIT:
        return Recovery(Fraction(1), int(sign_of(signal) * (signal.resolves_at - first) * MICRO), 1)
    return Recovery(signal.resolves_at / first, 0, 1)
