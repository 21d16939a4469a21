"""How far a value is from its target: met or not, the band it lies in, whether it has recovered. Micro-units.

Every bound is tested as value ≥ bound × target − 1e-6 on exact integers; "below" = not met; lower bands are open,
so ratio 0.8 is yellow, 0.5 orange. […] by ratio: yellow ≥ 0.8, orange 0.5–0.8, red < 0.5; for stage and water
level by deficit: yellow < 0.10 m, orange 0.10–0.30, red > 0.30. […] hour, day: 2 consecutive assessable periods
≥ 1.05; ten_day, month: 1 period ≥ 1.00; instant: 60 min of slots ≥ 1.05; levels: target + 0.02 m.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .period import Target
    from .register import Register, Row

__all__ = ["LEVELS", "band", "band_at", "bounds_at", "meets", "reaches_recovery"]

LEVELS = ("blue", "yellow", "orange", "red")
RATIOS = {"yellow": Fraction(1), "orange": Fraction(8, 10), "red": Fraction(5, 10)}
DEFICITS = {"yellow": Fraction(0), "orange": Fraction(10, 100), "red": Fraction(30, 100)}
RISE_OF_LEVELS = 20_000  # 0.02 m


def bounds_at(register: Register, basis: str, authority: str, moment: int, column: str) -> dict[str, Fraction]:
    """Bound of each level: the product's, each replaced by the authority's own row, else by the row for all.

    Args:
        register: With the table ``levels``.
        basis: Of the target.
        authority: Of the station.
        moment: The row valid then counts; of several the one that began last.
        column: ``ratio_below`` or ``deficit_m``; a row without it replaces nothing.
    """
    bounds = dict(RATIOS if column == "ratio_below" else DEFICITS)
    for owner in ("", authority):
        latest: dict[str, Row] = {}
        for row in register.tables["levels"]:
            if (row["authority"], row["class"], row["basis"]) != (owner, "eflow_shortfall", basis):
                continue
            if not row.get(column, "") or not register.is_valid(row, moment):
                continue
            if row["level"] not in latest or row["valid_from"] >= latest[row["level"]]["valid_from"]:
                latest[row["level"]] = row
                bounds[row["level"]] = Fraction(row[column])
    return bounds


def meets(value: int, target: int) -> bool:
    """Whether a value reaches its target within a millionth."""
    return value >= target - 1


def band(value: int, target: int, bounds: dict[str, Fraction], *, is_level: bool = False) -> str:
    """Worst level whose bound is not met; yellow where the target is met or no bound is missed.

    A ratio is met when value >= bound * target - 1, a deficit when value >= target - bound - 1.
    """
    worst = "yellow"
    if meets(value, target):
        return worst
    missed = [
        level
        for level, bound in bounds.items()
        if value < (target - bound * 1_000_000 if is_level else bound * target) - 1
    ]
    return max(missed, key=LEVELS.index) if missed else worst


def band_at(register: Register, target: Target, value: int, bound: int, moment: int) -> str:
    """Band of a value under the levels that the station's authority has at an instant."""
    station = register.row_at("stations", moment, station=target.station)
    authority = station.get("authority", "") if station else ""
    column = "deficit_m" if target.is_level else "ratio_below"
    bounds = bounds_at(register, target.basis, authority, moment, column)
    return band(value, bound, bounds, is_level=target.is_level)


def reaches_recovery(target: Target, value: int, bound: int) -> bool:
    """Whether a value counts towards the end of an alert.

    Levels: target + 0.02 m. Else 1.05 times the target, for ten-days and months the target itself.
    """
    if target.is_level:
        return value >= bound + RISE_OF_LEVELS - 1
    if target.basis in ("ten_day", "month"):
        return meets(value, bound)
    return value * 100 >= bound * 105 - 100
