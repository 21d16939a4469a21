"""Numbers of SL 651: decimal digits, packed for HEX frames and in plain text for ASCII frames.

Values come as millionths of the element's unit and are rounded half to even to the decimals that the field has.

Source: SL 651-2014, appendix C: a negative number has FF before its digits and is one byte longer; a missing
one is all FF.
"""

from __future__ import annotations

from typing import Final

from hydro.fixed import MICRO, divide_half_even
from simulators.rtu.bcd import packed

__all__ = ["MISSING", "digits_of", "number_bytes", "number_text", "signed_definition"]

MISSING: Final = 0xFF
"""What a missing value is filled with; AA is seen, too."""

_MICRO_DECIMALS: Final = 6
_POWERS: Final = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
_ONE_BYTE_MORE: Final = 1 << 3


def digits_of(value: int, decimals: int) -> int:
    """A value in units of its last decimal.

    >>> digits_of(1_234_500, 3), digits_of(1_234_500, 7), digits_of(-500, 3)
    (1234, 12345000, 0)
    """
    if decimals > _MICRO_DECIMALS:
        return value * _POWERS[decimals - _MICRO_DECIMALS]
    return divide_half_even(value, MICRO // _POWERS[decimals])


def signed_definition(definition: int, *, negative: bool) -> int:
    """The definition byte of a field that holds a negative number: a byte more for the sign."""
    return definition + _ONE_BYTE_MORE if negative else definition


def number_bytes(value: int | None, definition: int, *, missing: int = MISSING) -> bytes:
    """The bytes of a field with this definition byte.

    Args:
        value: Millionths, None where the sensor gave nothing.
        definition: Counts the sign byte where the value is negative.
        missing: The byte that fills a missing value.

    Raises:
        ValueError: The value has more digits than the field.

    >>> number_bytes(-1_720_000, 0x2A).hex(), number_bytes(10_490_000, 0x23).hex(), number_bytes(None, 0x12).hex()
    ('ff00000172', '00010490', 'ffff')
    """
    size, decimals = definition >> 3, definition & 7
    if value is None:
        return bytes((missing,)) * size
    count = digits_of(value, decimals)
    return b"\xff" + packed(-count, size - 1) if count < 0 else packed(count, size)


def number_text(value: int | None, decimals: int) -> str:
    """The same in an ASCII frame: a point, a minus sign, no leading zeros; ``M`` is missing.

    >>> number_text(6_380_000, 3), number_text(-50_000, 1), number_text(None, 3), number_text(2_000_000, 0)
    ('6.380', '0.0', 'M', '2')
    """
    if value is None:
        return "M"
    count = digits_of(value, decimals)
    sign = "-" if count < 0 else ""
    whole, rest = divmod(abs(count), 10**decimals)
    return f"{sign}{whole}.{rest:0{decimals}d}" if decimals else f"{sign}{whole}"
