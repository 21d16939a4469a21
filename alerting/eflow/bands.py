"""How far a value is from its target: which level that is, and when it has recovered.

Flows and volumes are held against shares of the target, levels of water against metres below it.
"""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from alerting.level import DEFAULT_BANDS, Level, band, meets
from hydro.fixed import MICRO
from hydro.periods import Basis
from hydro.quantity import Quantity
from hydro.rules import ShortfallNumbers

if TYPE_CHECKING:
    from alerting.level import Bands
    from hydro.register import LevelBound

__all__ = ["DEFAULT_SCALE", "BandTable", "Recovery", "Scale", "is_level", "recovery_of"]

_DEFAULT_DEFICITS: Final[Bands] = (
    (Level.RED, Fraction(300_000)),
    (Level.ORANGE, Fraction(100_000)),
    (Level.YELLOW, Fraction(0)),
)
_NUMBERS: Final = ShortfallNumbers()
_MILLIMETRE: Final = MICRO // 1_000
_PERCENT: Final = 100


def is_level(quantity: Quantity) -> bool:
    """Whether metres of deficit decide, never a ratio."""
    return quantity in (Quantity.STAGE, Quantity.WATER_LEVEL)


class Scale(NamedTuple):
    """Bounds of the levels, worst first.

    Attributes:
        bounds: Shares of the target; or millionths of a metre below it.
        by_deficit: Which of the two.
    """

    bounds: Bands
    by_deficit: bool = False

    def level(self, value: int, target: int) -> Level:
        """The worst level whose bound isn't met; yellow where the target is met or no bound is missed.

        >>> deficits = Scale(_DEFAULT_DEFICITS, by_deficit=True)
        >>> [deficits.level(5_000_000 - below, 5_000_000).text for below in (0, 2, 100_001, 100_002, 300_002)]
        ['yellow', 'yellow', 'yellow', 'orange', 'red']
        """
        if meets(value, target):
            return Level.YELLOW
        if not self.by_deficit:
            return band(value, target, self.bounds)
        return next((level for level, deficit in self.bounds if value < target - deficit - 1), Level.YELLOW)


DEFAULT_SCALE: Final = Scale(DEFAULT_BANDS)


class Recovery(NamedTuple):
    """What ends an alert over periods; an instant alert ends by 60 minutes of such slots.

    Attributes:
        bound: Share of the target that is reached again.
        rise: Millionths above that.
        periods: How many in a row.
    """

    bound: Fraction
    rise: int
    periods: int

    def is_reached(self, value: int, target: int) -> bool:
        """Whether value >= bound x target + rise - 1e-6, on exact integers."""
        return meets(value - self.rise, target, self.bound)


def recovery_of(quantity: Quantity, basis: Basis, numbers: ShortfallNumbers = _NUMBERS) -> Recovery:
    """What ends the alerts of a target.

    Source: docs/alert-classes.md, row ``eflow_shortfall``.
    """
    is_long = basis in (Basis.TEN_DAY, Basis.MONTH)
    periods = 1 if is_long else numbers.resolve_periods
    if is_level(quantity):
        return Recovery(Fraction(1), numbers.resolve_rise_mm * _MILLIMETRE, periods)
    return Recovery(Fraction(numbers.resolve_long_pct if is_long else numbers.resolve_pct, _PERCENT), 0, periods)


class BandTable:
    """Bands of one alert class for the stations of one authority on one basis.

    Args:
        rows: All rows of ``levels``.
        alert_class: As in ``levels.class``.
        authority: Of the station; rows for it go before rows for all.
        basis: Of the target.
        by_deficit: Whether the rows' ``deficit_m`` counts, not their ``ratio_below``.
    """

    def __init__(
        self, rows: tuple[LevelBound, ...], alert_class: str, authority: str, basis: Basis, *, by_deficit: bool = False
    ) -> None:
        self._default = Scale(_DEFAULT_DEFICITS, by_deficit=True) if by_deficit else DEFAULT_SCALE
        mine = [
            row
            for row in rows
            if row.alert_class == alert_class
            and row.basis is basis
            and row.authority in ("", authority)
            and self._bound(row) is not None
        ]
        # A later row of the list wins: the authority's own over everybody's, then the newer.
        self._rows = sorted(mine, key=lambda row: (row.authority != "", row.start_ms))
        self._changes = sorted({row.start_ms for row in mine} | {row.end_ms for row in mine})
        self._known: dict[int, Scale] = {}

    def _bound(self, row: LevelBound) -> Fraction | None:
        if not self._default.by_deficit:
            return row.ratio_below
        return None if row.deficit is None else Fraction(row.deficit)

    def at(self, event_time: int) -> Scale:
        """Bands in force at an instant; a row replaces its own level's bound only."""
        if not self._rows:
            return self._default
        stretch = bisect_left(self._changes, event_time)
        found = self._known.get(stretch)
        if found is None:
            bounds = dict(self._default.bounds)
            for row in self._rows:
                bound = self._bound(row)
                if row.start_ms < event_time <= row.end_ms and bound is not None:
                    bounds[Level[row.level.upper()]] = bound
            found = self._known[stretch] = Scale(
                tuple(sorted(bounds.items(), reverse=True)), by_deficit=self._default.by_deficit
            )
        return found
