"""Chance from a seed: the same numbers on every machine and in every version of Python."""

from __future__ import annotations

import math
from hashlib import sha256
from typing import Final

__all__ = ["Chance"]

_MASK: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
_MIX_1: Final = 0xBF58476D1CE4E5B9
_MIX_2: Final = 0x94D049BB133111EB
_DIGITS: Final = 53


class Chance:
    """A stream of numbers.

    Args:
        subject: What they are for; each has a stream of its own, so that one more number here changes none there.
        seed: Of all streams.

    Source: SplitMix64, Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014, figure 17.
    """

    def __init__(self, subject: str, seed: int) -> None:
        self._state = int.from_bytes(sha256(f"{subject} {seed}".encode()).digest()[:8], "big")

    def below(self, limit: int) -> int:
        """A whole number from 0, less than ``limit``; even enough for limits that are small beside 2**64.

        >>> [Chance("dice", 1).below(6) for _ in range(3)] == [Chance("dice", 1).below(6)] * 3
        True
        """
        return self._next() % limit

    def normal(self) -> float:
        """A number of the normal distribution with mean 0 and standard deviation 1."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self._share()))
        return radius * math.cos(2.0 * math.pi * self._share())

    def _share(self) -> float:
        """From 0, less than 1."""
        return (self._next() >> (64 - _DIGITS)) / (1 << _DIGITS)

    def _next(self) -> int:
        self._state = (self._state + _STEP) & _MASK
        mixed = ((self._state ^ (self._state >> 30)) * _MIX_1) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * _MIX_2) & _MASK
        return mixed ^ (mixed >> 31)
