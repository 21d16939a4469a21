"""Fixed-point values: int64 counts of a millionth of the canonical unit.

Sums of floats depend on the order of the summands, and so would verdicts. Values are therefore quantised once, on
entry, and everything behind that is exact integer arithmetic.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

__all__ = ["LARGEST", "MICRO", "divide_half_even", "format_micro", "parse_decimal", "quantise", "to_number"]

MICRO = 1_000_000
"""Counts per canonical unit."""

LARGEST = 9_000_000_000_000_000_000
"""Largest absolute count that is accepted; below the int64 bound, so that a sign change can't overflow."""


def quantise(number: float, numerator: int = MICRO, denominator: int = 1) -> int | None:
    """Count of millionths for ``number``, half even; None where it isn't finite or doesn't fit.

    Args:
        number: A value in some unit.
        numerator: Millionths of the canonical unit in ``denominator`` of that unit.
        denominator: See ``numerator``; 3600 for m3/h, whose numerator is 1e6.

    >>> quantise(3.21), quantise(0.0000005), quantise(0.0000015), quantise(float("inf"))
    (3210000, 0, 2, None)
    >>> quantise(3.21, 1000)  # L/s
    3210
    """
    scaled = number * numerator / denominator
    if not -LARGEST <= scaled <= LARGEST:  # also false for NaN
        return None
    return round(scaled)


def parse_decimal(text: str) -> int:
    """Count of millionths for a decimal text, half even, exact.

    Raises:
        ValueError: Not a finite decimal number, or too large.

    >>> parse_decimal("0.8"), parse_decimal("1.0000005"), parse_decimal("-2")
    (800000, 1000000, -2000000)
    """
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        message = f"{text!r} is not a number"
        raise ValueError(message) from None
    if not number.is_finite() or abs(number) * MICRO > LARGEST:
        message = f"{text!r} is not a number that can be stored"
        raise ValueError(message)
    return int((number * MICRO).to_integral_value(rounding=ROUND_HALF_EVEN))


def divide_half_even(dividend: int, divisor: int) -> int:
    """Quotient of integers, rounded half to even, exact at any size.

    >>> [divide_half_even(n, 2) for n in (1, 3, 5, -1, -3)]
    [0, 2, 2, 0, -2]
    """
    quotient, remainder = divmod(dividend, divisor)
    twice = 2 * remainder
    size = abs(divisor)
    if abs(twice) > size or (abs(twice) == size and quotient & 1):
        quotient += 1
    return quotient


def to_number(count: int) -> float:
    """The float nearest to ``count`` millionths; its shortest text has at most six decimals below 2**53 counts."""
    return count / MICRO


def format_micro(count: int) -> str:
    """Shortest decimal text of ``count`` millionths, exact at any size.

    >>> format_micro(3_210_000), format_micro(-5), format_micro(2_000_000)
    ('3.21', '-0.000005', '2')
    """
    sign = "-" if count < 0 else ""
    whole, rest = divmod(abs(count), MICRO)
    if not rest:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{rest:06d}".rstrip("0")
