"""Numbers of SL/T 427: packed digits, the least significant byte first; the sign stands in the highest nibble."""

from __future__ import annotations

from typing import Final

from hydro.fixed import MICRO, divide_half_even
from simulators.rtu.bcd import packed

__all__ = ["MISSING", "count_of", "low_first", "signed", "unsigned"]

MISSING: Final = 0xAA
"""What the bytes of a missing measurement are filled with."""

_MICRO_DECIMALS: Final = 6
_POWERS: Final = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
_MINUS: Final = 0xF0


def count_of(value: int, decimals: int) -> int:
    """A value of millionths in units of its last decimal, rounded half to even."""
    if decimals > _MICRO_DECIMALS:
        return value * _POWERS[decimals - _MICRO_DECIMALS]
    return divide_half_even(value, MICRO // _POWERS[decimals])


def low_first(number: int, size: int) -> bytes:
    """Packed digits, the last two in the first byte.

    >>> low_first(123456, 4).hex()
    '56341200'
    """
    return packed(number, size)[::-1]


def unsigned(value: int | None, size: int, decimals: int) -> bytes:
    """A value that is never negative: all digits count.

    Args:
        value: Millionths; None where the sensor gave nothing.
        size: Bytes of the field.
        decimals: Of its last digit.

    Raises:
        ValueError: Negative or too many digits.

    >>> unsigned(106_182_000_000, 5, 0).hex()
    '8261100000'
    """
    return bytes((MISSING,)) * size if value is None else low_first(count_of(value, decimals), size)


def signed(value: int | None, size: int, decimals: int, *, top: int | None = None) -> bytes:
    """A value whose highest nibble is its sign, 0 or F; or something else.

    Args:
        value: Millionths; None where the sensor gave nothing.
        size: Bytes of the field.
        decimals: Of its last digit.
        top: What stands in the highest nibble in place of the sign.

    Raises:
        ValueError: Too many digits: with that nibble there is one less.

    >>> signed(-1_234_000, 4, 3).hex(), signed(5_900_000, 5, 3, top=0x3).hex()
    ('341200f0', '0059000030')
    """
    if value is None:
        return bytes((MISSING,)) * size
    count = count_of(value, decimals)
    nibble = top << 4 if top is not None else _MINUS if count < 0 else 0
    data = bytearray(low_first(abs(count), size))
    if data[-1] & 0xF0:
        raise ValueError(f"{count} does not fit beside a sign into {size} bytes")
    data[-1] |= nibble
    return bytes(data)
