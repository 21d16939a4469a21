"""Chance by address: a random number is a function of seed, purpose, subject and day, not of what was drawn before.

Hence the weather of a station doesn't depend on chunk sizes, on other stations or on where a run begins. All of it is
integer arithmetic, so that every processor draws the same.

Source: Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3 (Philox4x32-10).
"""

from __future__ import annotations

import hashlib
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulators.basin.step import Floats

__all__ = ["Purpose", "Words", "philox", "subject_keys", "uniforms"]

Words = NDArray[np.uint64]
"""32-bit words, each in a 64-bit integer."""

_ROUNDS: Final = 10
_MULTIPLIERS: Final = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL: Final = (0x9E3779B9, 0xBB67AE85)
_MASK: Final = 0xFFFF_FFFF
_LOW: Final = np.uint64(_MASK)
_HALF: Final = np.uint64(32)


class Purpose(IntEnum):
    """What a number is drawn for; two purposes never share numbers."""

    WETNESS = 1
    SHOWER = 2
    FRONT = 3
    LOCAL = 4
    PULSE = 5
    SUNSHINE = 6
    TREE = 7


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[int, int]) -> tuple[Words, Words, Words, Words]:
    """Four random words for each counter.

    Args:
        counter: Four arrays of one shape, 32-bit words.
        key: Two 32-bit words.
    """
    first, second, third, fourth = counter
    for keys in _schedule(key):
        left, right = _MULTIPLIERS[0] * first, _MULTIPLIERS[1] * third
        first, second, third, fourth = (
            (right >> _HALF) ^ second ^ keys[0],
            right & _LOW,
            (left >> _HALF) ^ fourth ^ keys[1],
            left & _LOW,
        )
    return first, second, third, fourth


@lru_cache(maxsize=16)
def _schedule(key: tuple[int, int]) -> tuple[tuple[np.uint64, np.uint64], ...]:
    """Keys of the rounds."""
    first, second = key
    return tuple(
        (np.uint64((first + number * _WEYL[0]) & _MASK), np.uint64((second + number * _WEYL[1]) & _MASK))
        for number in range(_ROUNDS)
    )


def subject_keys(names: Iterable[str]) -> Words:
    """64-bit keys of names, the same on every machine."""
    digests = (hashlib.blake2b(name.encode(), digest_size=8).digest() for name in names)
    return np.fromiter((int.from_bytes(digest, "little") for digest in digests), np.uint64)


def uniforms(seed: int, purpose: Purpose, subjects: Words, day: int, draw: int = 0) -> Floats:
    """Numbers in (0, 1), four for each subject; none is 0 or 1.

    Args:
        seed: Of the simulation, not negative, below 2**64.
        purpose: What for.
        subjects: Keys, 64 bits each.
        day: Any whole number, mostly a local day.
        draw: Which four of the subject's day, below 2**16.

    Returns:
        An array of shape (4, subjects).

    >>> uniforms(1, Purpose.WETNESS, subject_keys(["a", "b"]), 20_000).shape
    (4, 2)
    """
    shape = subjects.shape
    counter = (
        subjects & _LOW,
        subjects >> _HALF,
        np.full(shape, day & _MASK, np.uint64),
        np.full(shape, (purpose << 16) | draw, np.uint64),
    )
    words = philox(counter, (seed & _MASK, seed >> 32))
    drawn: Floats = (np.stack(words).astype(np.float64) + 0.5) / 2.0**32
    return drawn
