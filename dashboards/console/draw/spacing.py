"""Places on a line: as near as possible to where they belong, in order, and never closer than they may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["spread"]


def spread(wanted: Sequence[float], gaps: Sequence[float], low: float, high: float) -> list[float]:
    """The nearest places by least squares that keep order and distances.

    Subtracting the distances turns the problem into isotonic regression, solved by pooling adjacent violators.

    Args:
        wanted: Where each would be; in the order in which they are kept.
        gaps: Least distance of each from the one before; the first isn't read.
        low: Least place.
        high: Greatest place; not kept where the distances alone are longer than the room.

    >>> spread([10, 12, 50], [0, 10, 10], 0, 100)
    [6.0, 16.0, 50.0]
    >>> spread([90, 95, 99], [0, 10, 10], 0, 100)
    [80.0, 90.0, 100.0]
    """
    offsets = []
    total = 0.0
    for number, gap in enumerate(gaps):
        total += gap if number else 0.0
        offsets.append(total)
    pools: list[tuple[float, int]] = []  # sum and count of places that move together
    for place, offset in zip(wanted, offsets, strict=True):
        pool = (float(place - offset), 1)
        while pools and pools[-1][0] * pool[1] > pool[0] * pools[-1][1]:
            earlier = pools.pop()
            pool = (earlier[0] + pool[0], earlier[1] + pool[1])
        pools.append(pool)
    room = max(low, high - total)
    levelled = [min(room, max(low, amount / count)) for amount, count in pools for _ in range(count)]
    return [level + offset for level, offset in zip(levelled, offsets, strict=True)]
