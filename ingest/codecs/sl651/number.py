"""Numbers on the wire: packed decimal digits behind a definition byte, and decimal text.

A definition byte is (bytes of data << 3) | decimals; the byte of the sign is counted. It is obeyed always, the table of
elements never: stations send stages of three bytes and discharges with six decimals. A number is kept as a count of its
last decimal, so nothing is ever rounded here.

Positive: digits, right-aligned. Negative: a byte FF, then the digits, so one byte more than the positive form; firmware
that overwrites the first byte instead is read by the same rule. Missing: all bytes FF (the standard) or AA (several
vendors).

Source: SL 651-2014 6.6.2.4 and annex C, in the approval drafts; frames V040, V066, V095, V104.
"""

from __future__ import annotations

import re
from typing import Final

from hydro.fixed import MICRO, divide_half_even
from ingest.codecs.sl651.faults import ElementFault

__all__ = ["Value", "decimals_of", "defined", "read_bcd", "read_text", "to_micro", "width_of", "write_bcd", "written"]

Value = int | None | ElementFault
"""A count of the last decimal, nothing (missing), or why it can't be read."""

_LONGEST: Final = 31
_MOST_DECIMALS: Final = 7
_TEXT: Final = re.compile(r"([+-]?)(\d+)(?:\.(\d+))?")


def width_of(definition: int) -> int:
    """Bytes of data that a definition byte announces.

    >>> width_of(0x2B), decimals_of(0x2B)
    (5, 3)
    """
    return definition >> 3


def decimals_of(definition: int) -> int:
    """Digits behind the decimal point that a definition byte announces."""
    return definition & 7


def defined(width: int, decimals: int) -> int:
    """Definition byte.

    Raises:
        ValueError: More than 31 bytes or 7 decimals.
    """
    if not 0 <= width <= _LONGEST or not 0 <= decimals <= _MOST_DECIMALS:
        raise ValueError(f"{width} bytes with {decimals} decimals have no definition byte")
    return width << 3 | decimals


def read_bcd(data: bytes) -> Value:
    """Count of the last decimal.

    >>> [read_bcd(bytes.fromhex(digits)) for digits in ("00010490", "FF00000172", "FFFF", "AAAA")]
    [10490, -172, None, None]
    >>> read_bcd(bytes.fromhex("1A"))
    <ElementFault.BAD_BCD: 'bad_bcd'>
    """
    digits = data.hex()
    if digits.isdecimal():
        return int(digits)
    if not digits:
        return ElementFault.NO_DATA
    size = len(data)
    if data.count(0xFF) == size or data.count(0xAA) == size:
        return None
    if data[0] == 0xFF and digits[2:].isdecimal():  # noqa: PLR2004  # the sign byte
        return -int(digits[2:])
    return ElementFault.BAD_BCD


def write_bcd(count: int | None, width: int) -> bytes:
    """Packed digits of a count of the last decimal; None fills with FF.

    Raises:
        ValueError: The digits, with the byte of a sign, don't fit.
    """
    if count is None:
        return b"\xff" * width
    size = width if count >= 0 else width - 1
    digits = str(abs(count))
    if len(digits) > 2 * size:
        raise ValueError(f"{count} does not fit in {width} bytes")
    return (b"" if count >= 0 else b"\xff") + bytes.fromhex(digits.zfill(2 * size))


def read_text(text: str) -> tuple[Value, int]:
    """Count of the last decimal and number of decimals, from the text of an ASCII frame; ``M`` is missing.

    >>> read_text("6.38"), read_text("-0.5"), read_text("M")
    ((638, 2), (-5, 1), (None, 0))
    """
    if text == "M":
        return None, 0
    found = _TEXT.fullmatch(text)
    if not found or not text.isascii():
        return ElementFault.BAD_NUMBER, 0
    decimals = found[3] or ""
    count = int(found[2] + decimals)
    return -count if found[1] == "-" else count, len(decimals)


def written(count: int, decimals: int) -> str:
    """Decimal text of a count, with all its decimals.

    >>> written(10490, 3), written(-21, 2), written(7, 0)
    ('10.490', '-0.21', '7')
    """
    sign = "-" if count < 0 else ""
    digits = str(abs(count)).zfill(decimals + 1)
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else sign + digits


def to_micro(count: int, decimals: int, numerator: int = MICRO, denominator: int = 1) -> int:
    """Millionths of the canonical unit, half even; exact for every unit of the standard up to six decimals.

    Args:
        count: Of the last decimal.
        decimals: Digits behind the point.
        numerator: Millionths of the canonical unit in ``denominator`` of the unit on the wire.
        denominator: See ``numerator``.

    >>> to_micro(12_000, 3), to_micro(785_520, 6)
    (12000000, 785520)
    """
    return divide_half_even(count * numerator, denominator * 10**decimals)
