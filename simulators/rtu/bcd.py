"""Packed BCD: two decimal digits a byte, as both protocols carry numbers, times and most addresses."""

from __future__ import annotations

__all__ = ["digits", "packed"]


def packed(number: int, size: int) -> bytes:
    """``number`` right-aligned in ``size`` bytes, the most significant digits first.

    Raises:
        ValueError: It is negative or has more than two digits a byte.

    >>> packed(1234, 3).hex()
    '001234'
    """
    text = f"{number:0{2 * size}d}"
    if number < 0 or len(text) > 2 * size:
        raise ValueError(f"{number} does not fit into {2 * size} decimal digits")
    return bytes.fromhex(text)


def digits(data: bytes) -> int:
    """Number of packed digits, the most significant first.

    Raises:
        ValueError: A nibble is no decimal digit.

    >>> digits(bytes.fromhex("001234"))
    1234
    """
    text = data.hex()
    if not text.isdecimal():
        raise ValueError(f"{text} is not BCD")
    return int(text)
