"""Addresses of field devices: ten upper-case hex digits, and the other ways in which people write them.

Five bytes. Those of hydrological stations begin with 00 and hold the eight digits of the station's code (SL 502),
usually written without the zeros. Otherwise: the six digits of the division, and a number of two bytes that people
write as six decimal digits. Addresses with hex letters occur with either.

Source: SL 651-2014 6.3, in the approval drafts; SL/T 427-2021 7.2.4.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["normal_address"]

_HEX: Final = re.compile(r"[0-9A-F]{10}")
_CODE: Final = re.compile(r"[0-9A-F]{8}")
_LONG: Final = re.compile(r"([0-9]{6})([0-9]{6})")
_LARGEST: Final = 0xFFFF


def normal_address(text: str) -> str:
    """The ten hex digits of an address as a person wrote it: 8, 10 or 12 digits.

    Raises:
        ValueError: None of these.

    >>> normal_address("11223344"), normal_address("405902013762"), normal_address("00418d2337")
    ('0011223344', '40590235C2', '00418D2337')
    """
    plain = text.strip().upper()
    if _HEX.fullmatch(plain):
        return plain
    if _CODE.fullmatch(plain):
        return "00" + plain
    long = _LONG.fullmatch(plain)
    if long and int(long[2]) <= _LARGEST:
        return f"{long[1]}{int(long[2]):04X}"
    raise ValueError(f"{text!r} is not a station address of 8, 10 or 12 digits")
