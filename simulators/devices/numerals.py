"""Whole counts as decimal texts, many at once: the shortest, exact, never with an exponent."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from simulators.devices.samples import MISSING

if TYPE_CHECKING:
    from simulators.basin.step import Integers

__all__ = ["decimals"]

_TABLE_DIGITS: Final = 4


def decimals(counts: Integers, multiple: int, digits: int) -> list[str]:
    """Text of ``count · multiple / 10**digits`` for each count; ``null`` where it is missing.

    >>> decimals(np.array([3210, -50, 2000, 0, MISSING]), 1, 3)
    ['3.21', '-0.05', '2', '0', 'null']
    """
    missing = counts == MISSING
    any_missing = bool(missing.any())
    numbers = np.where(missing, 0, counts) * multiple if any_missing else counts * multiple
    negative = bool((numbers < 0).any())
    if digits == 0:
        texts = list(map(str, numbers.tolist()))
    else:
        whole, part = np.divmod(np.abs(numbers) if negative else numbers, 10**digits)
        if digits <= _TABLE_DIGITS:
            parts = _parts(digits)
            texts = [f"{one}{parts[other]}" for one, other in zip(whole.tolist(), part.tolist(), strict=True)]
        else:
            high, low = np.divmod(part, 10 ** (digits - 3))
            heads, tails, ends = _heads(), _parts_after(digits - 3), _parts(3)
            texts = [
                f"{one}{heads[two]}{tails[three]}" if three else f"{one}{ends[two]}"
                for one, two, three in zip(whole.tolist(), high.tolist(), low.tolist(), strict=True)
            ]
        if negative:
            for index in np.flatnonzero(numbers < 0).tolist():
                texts[index] = f"-{texts[index]}"
    if any_missing:
        for index in np.flatnonzero(missing).tolist():
            texts[index] = "null"
    return texts


@lru_cache(maxsize=8)
def _parts(digits: int) -> list[str]:
    """Point and decimals of each number below ``10**digits``; nothing for 0."""
    return [f".{number:0{digits}d}".rstrip("0").rstrip(".") for number in range(10**digits)]


@lru_cache(maxsize=1)
def _heads() -> list[str]:
    """Point and all three of the first decimals."""
    return [f".{number:03d}" for number in range(1000)]


@lru_cache(maxsize=8)
def _parts_after(digits: int) -> list[str]:
    """The decimals after them, without zeros at the end."""
    return [f"{number:0{digits}d}".rstrip("0") for number in range(10**digits)]
