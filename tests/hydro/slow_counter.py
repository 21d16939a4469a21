"""A total told one reading after the other, in fractions: what the columns must give, written from the text alone."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Change", "Meter", "Told", "tell"]

MICRO = 1_000_000


class Meter(NamedTuple):
    """What is known of it, in units."""

    kind: str = "forward"
    highest: int | None = None
    resolution: Fraction = Fraction(1)
    multiplier: Fraction = Fraction(1)
    per_second: Fraction | None = None


class Change(NamedTuple):
    """A change of the meter; numbers in millionths as shown."""

    at: int
    old_final: int
    new_initial: int


class Told(NamedTuple):
    """A step: its amount in millionths, None where refused, and its kind."""

    amount: int | None
    kind: str


def _rounded(number: Fraction) -> int:
    return round(number)  # of a fraction it is half even


def _shown(number: int, meter: Meter) -> int:
    return _rounded(number * meter.multiplier)


def _part(before: int, after: int, seconds: Fraction, meter: Meter) -> Told:
    slack = 2 * _shown(int(meter.resolution * MICRO), meter)
    amount, kind = after - before, "FORWARD"
    if amount < 0 and meter.kind == "forward" and meter.highest is not None:
        turned = amount + _shown(meter.highest * MICRO, meter) + _shown(int(meter.resolution * MICRO), meter)
        if 0 <= turned <= _shown(meter.highest * MICRO, meter) // 10:
            amount, kind = turned, "ROLLED_OVER"
    if amount < 0 and meter.kind != "net":
        return Told(None, "BACKWARD")
    if meter.per_second is not None:
        most = Fraction(meter.per_second * MICRO) * seconds + slack
    elif meter.highest is not None:
        most = Fraction(max(_shown(meter.highest * MICRO, meter) // 10, slack))
    else:
        most = 10_000 * MICRO * seconds + slack
    if abs(amount) > most:
        return Told(None, "IMPOSSIBLE")
    return Told(0 if meter.kind == "reverse" else amount, kind)


def tell(readings: Sequence[tuple[int, int]], meter: Meter, changes: Sequence[Change] = ()) -> list[Told]:
    """Steps between readings (epoch milliseconds, number shown in millionths)."""
    found = []
    for (start, first), (end, last) in pairwise(readings):
        seconds = Fraction(end - start, 1000)
        mine = [change for change in changes if start <= change.at < end]
        befores = [first, *(change.new_initial for change in mine)]
        afters = [*(change.old_final for change in mine), last]
        parts = [
            _part(_shown(before, meter), _shown(after, meter), seconds, meter)
            for before, after in zip(befores, afters, strict=True)
        ]
        refused = [part for part in parts if part.amount is None]
        if refused:
            found.append(refused[0])
        elif mine:
            found.append(Told(sum(part.amount or 0 for part in parts), "REPLACED"))
        else:
            found.append(parts[0])
    return found
