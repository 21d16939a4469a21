"""Chance of takers and devices by address: (seed, purpose, subject, step or day) says what was drawn, nothing else.

Normal numbers come from a table, not from a logarithm, so that every processor draws the same.
"""

from __future__ import annotations

import math
from enum import IntEnum
from functools import lru_cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

from simulators.basin.chance import philox

if TYPE_CHECKING:
    from simulators.basin.chance import Words
    from simulators.basin.step import Floats, Integers

__all__ = ["NORMALS", "Purpose", "exponential", "normals", "uniforms"]

NORMALS: Final = 8
"""Normal numbers in a block."""

_MASK: Final = 0xFFFF_FFFF
_LOW: Final = np.uint64(_MASK)
_LOW_HALF: Final = np.uint64(0xFFFF)
_HALF: Final = np.uint64(32)
_QUARTER: Final = np.uint64(16)
_BOXES: Final = 65_536


class Purpose(IntEnum):
    """What a number is drawn for; two purposes never share numbers, neither with those of `simulators.basin.chance`."""

    TAKERS_DAY = 101
    SENSOR_NOISE = 111
    RATING = 112
    FAULT = 113
    MAKE = 115
    """What a device got at the factory and at its installation."""
    ARRIVAL = 116
    OUTAGE = 117


def normals(seed: int, purpose: Purpose, subjects: Words, moments: Integers, block: int = 0) -> Floats:
    """Standard normal numbers to 16 bits (at most 4.3 from 0), eight for each moment and subject.

    Args:
        seed: Of the simulation, not negative, below 2**64.
        purpose: What for.
        subjects: Keys, see `simulators.basin.chance.subject_keys`.
        moments: Numbers of steps or days, below 2**32.
        block: Which eight, below 2**16.

    Returns:
        An array of shape (8, moments, subjects).
    """
    halves = []
    for word in _words(seed, purpose, subjects, moments, block):
        halves += [word & _LOW_HALF, word >> _QUARTER]
    found: Floats = _quantiles()[np.stack(halves).astype(np.intp)]
    return found


def uniforms(seed: int, purpose: Purpose, subjects: Words, moments: Integers, block: int = 0) -> Floats:
    """Numbers in (0, 1), four for each moment and subject: shape (4, moments, subjects). Arguments as of `normals`."""
    words = np.stack(_words(seed, purpose, subjects, moments, block))
    found: Floats = (words.astype(np.float64) + 0.5) / 2.0**32
    return found


def exponential(uniform: float) -> float:
    """An exponential number of mean 1 from a uniform one, to three decimals.

    >>> exponential(0.5)
    0.693
    """
    return round(-math.log(uniform), 3)


def _words(seed: int, purpose: Purpose, subjects: Words, moments: Integers, block: int) -> tuple[Words, ...]:
    # The first rounds work on rows and columns and spread over the whole table by themselves.
    counter = (
        (subjects & _LOW)[None, :],
        (subjects >> _HALF)[None, :],
        (moments.astype(np.uint64) & _LOW)[:, None],
        np.full((1, 1), (purpose << 16) | block, np.uint64),
    )
    shape = (len(moments), len(subjects))
    return tuple(np.broadcast_to(word, shape) for word in philox(counter, (seed & _MASK, seed >> 32)))


@lru_cache(maxsize=1)
def _quantiles() -> Floats:
    normal = NormalDist()
    upper = [round(normal.inv_cdf((box + 0.5) / _BOXES), 9) for box in range(_BOXES // 2, _BOXES)]
    return np.array([-value for value in reversed(upper)] + upper)
