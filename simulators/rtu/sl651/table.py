"""Elements of SL 651-2014 with the width that the standard gives them.

A value of N(D, d) has D digits, d of them after the decimal point; packed, D digits take half as many bytes. The
definition byte that stands before a value on the wire says both: bytes x 8 + decimals.

Source: SL 651-2014, appendix C, table C.1.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["DURATION", "ELEMENTS", "STAGE_SLOTS", "WORD", "Element", "ascii_code", "definition_byte"]

DURATION: Final = 0x05
"""Written HH.mm: the minutes are no decimal fraction of the hour."""

WORD: Final = 0x45
"""Status and alarm word, four bytes binary."""

STAGE_SLOTS: Final = range(0xF5, 0xFD)
"""Groups of twelve stages of one hour, DRZ1 to DRZ8."""


class Element(NamedTuple):
    """A row of table C.1.

    Attributes:
        code: Identifier in ASCII frames.
        digits: All digits of a value.
        decimals: Those after the point.
        unit: Of the value on the wire; ``1e4t`` is ten thousand tonnes.
    """

    code: str
    digits: int
    decimals: int
    unit: str

    @property
    def definition(self) -> int:
        """The definition byte of a value that is not negative."""
        return definition_byte((self.digits + 1) // 2, self.decimals)


def definition_byte(size: int, decimals: int) -> int:
    """Number of bytes and of decimals in one byte.

    Raises:
        ValueError: More than 31 bytes or 7 decimals.

    >>> f"{definition_byte(4, 3):02X}"
    '23'
    """
    if not 0 <= size < 1 << 5 or not 0 <= decimals < 1 << 3:
        raise ValueError(f"no definition byte says {size} bytes and {decimals} decimals")
    return size << 3 | decimals


_ROWS: Final = (
    (0x01, "AC", 8, 2, "m2"),
    (0x02, "AI", 3, 1, "degC"),
    (0x03, "C", 3, 1, "degC"),
    (0x05, "DT", 4, 2, "h.min"),
    (0x06, "ED", 5, 1, "mm"),
    (0x07, "EJ", 5, 1, "mm"),
    (0x08, "FL", 5, 0, "hPa"),
    (0x09, "GH", 5, 2, "m"),
    (0x0A, "GN", 3, 0, "-"),
    (0x0B, "GS", 1, 0, "-"),
    (0x0C, "GT", 3, 0, "count"),
    (0x0D, "GTP", 3, 1, "degC"),
    (0x0E, "H", 6, 2, "m"),
    (0x0F, "HW", 5, 2, "m"),
    (0x10, "M10", 4, 1, "%"),
    (0x11, "M20", 4, 1, "%"),
    (0x12, "M30", 4, 1, "%"),
    (0x13, "M40", 4, 1, "%"),
    (0x14, "M50", 4, 1, "%"),
    (0x15, "M60", 4, 1, "%"),
    (0x16, "M80", 4, 1, "%"),
    (0x17, "M100", 4, 1, "%"),
    (0x18, "MST", 4, 1, "%"),
    (0x19, "NS", 2, 0, "count"),
    (0x1A, "P1", 5, 1, "mm"),
    (0x1B, "P2", 5, 1, "mm"),
    (0x1C, "P3", 5, 1, "mm"),
    (0x1D, "P6", 5, 1, "mm"),
    (0x1E, "P12", 5, 1, "mm"),
    (0x1F, "PD", 5, 1, "mm"),
    (0x20, "PJ", 5, 1, "mm"),
    (0x21, "PN01", 5, 1, "mm"),
    (0x22, "PN05", 5, 1, "mm"),
    (0x23, "PN10", 5, 1, "mm"),
    (0x24, "PN30", 5, 1, "mm"),
    (0x25, "PR", 5, 1, "mm"),
    (0x26, "PT", 6, 1, "mm"),
    (0x27, "Q", 9, 3, "m3/s"),
    (0x28, "Q1", 9, 3, "m3/s"),
    (0x29, "Q2", 9, 3, "m3/s"),
    (0x2A, "Q3", 9, 3, "m3/s"),
    (0x2B, "Q4", 9, 3, "m3/s"),
    (0x2C, "Q5", 9, 3, "m3/s"),
    (0x2D, "Q6", 9, 3, "m3/s"),
    (0x2E, "Q7", 9, 3, "m3/s"),
    (0x2F, "Q8", 9, 3, "m3/s"),
    (0x30, "QA", 9, 3, "m3/s"),
    (0x31, "QZ", 9, 3, "m3/s"),
    (0x32, "SW", 11, 3, "1e4t"),
    (0x33, "UC", 2, 0, "sector"),
    (0x34, "UE", 2, 0, "Beaufort"),
    (0x35, "US", 4, 1, "m/s"),
    (0x36, "VA", 5, 3, "m/s"),
    (0x37, "VJ", 5, 3, "m/s"),
    (0x38, "VT", 4, 2, "V"),
    (0x39, "Z", 7, 3, "m"),
    (0x3A, "ZB", 7, 3, "m"),
    (0x3B, "ZU", 7, 3, "m"),
    (0x3C, "Z1", 7, 3, "m"),
    (0x3D, "Z2", 7, 3, "m"),
    (0x3E, "Z3", 7, 3, "m"),
    (0x3F, "Z4", 7, 3, "m"),
    (0x40, "Z5", 7, 3, "m"),
    (0x41, "Z6", 7, 3, "m"),
    (0x42, "Z7", 7, 3, "m"),
    (0x43, "Z8", 7, 3, "m"),
    (0x44, "SQ", 9, 3, "kg/m3"),
    (0x46, "pH", 4, 2, "-"),
    (0x47, "DO", 4, 1, "mg/L"),
    (0x48, "COND", 5, 0, "uS/cm"),
    (0x49, "TURB", 3, 0, "NTU"),
    (0x4A, "CODMN", 4, 1, "mg/L"),
    (0x4B, "REDOX", 5, 1, "mV"),
    (0x4C, "NH4N", 6, 2, "mg/L"),
    (0x4D, "TP", 5, 3, "mg/L"),
    (0x4E, "TN", 5, 2, "mg/L"),
    (0x4F, "TOC", 4, 2, "mg/L"),
    (0x50, "CU", 7, 4, "mg/L"),
    (0x51, "ZN", 6, 4, "mg/L"),
    (0x52, "SE", 7, 5, "mg/L"),
    (0x53, "AS", 7, 5, "mg/L"),
    (0x54, "THG", 7, 5, "mg/L"),
    (0x55, "CD", 7, 5, "mg/L"),
    (0x56, "PB", 7, 5, "mg/L"),
    (0x57, "CHLA", 4, 2, "mg/L"),
    (0x58, "WP1", 5, 2, "kPa"),
    (0x59, "WP2", 5, 2, "kPa"),
    (0x5A, "WP3", 5, 2, "kPa"),
    (0x5B, "WP4", 5, 2, "kPa"),
    (0x5C, "WP5", 5, 2, "kPa"),
    (0x5D, "WP6", 5, 2, "kPa"),
    (0x5E, "WP7", 5, 2, "kPa"),
    (0x5F, "WP8", 5, 2, "kPa"),
    (0x60, "SYL1", 11, 3, "m3"),
    (0x61, "SYL2", 11, 3, "m3"),
    (0x62, "SYL3", 11, 3, "m3"),
    (0x63, "SYL4", 11, 3, "m3"),
    (0x64, "SYL5", 11, 3, "m3"),
    (0x65, "SYL6", 11, 3, "m3"),
    (0x66, "SYL7", 11, 3, "m3"),
    (0x67, "SYL8", 11, 3, "m3"),
    (0x68, "SBL1", 10, 2, "m3/h"),
    (0x69, "SBL2", 10, 2, "m3/h"),
    (0x6A, "SBL3", 10, 2, "m3/h"),
    (0x6B, "SBL4", 10, 2, "m3/h"),
    (0x6C, "SBL5", 10, 2, "m3/h"),
    (0x6D, "SBL6", 10, 2, "m3/h"),
    (0x6E, "SBL7", 10, 2, "m3/h"),
    (0x6F, "SBL8", 10, 2, "m3/h"),
    (0x70, "VTA", 4, 1, "V"),
    (0x71, "VTB", 4, 1, "V"),
    (0x72, "VTC", 4, 1, "V"),
    (0x73, "VIA", 4, 1, "A"),
    (0x74, "VIB", 4, 1, "A"),
    (0x75, "VIC", 4, 1, "A"),
)

ELEMENTS: Final = {tag: Element(code, digits, decimals, unit) for tag, code, digits, decimals, unit in _ROWS}
"""Table C.1 by identifier; ``ZT``, the word, and the F groups are not numbers and stand elsewhere."""


def ascii_code(tag: int) -> str:
    """Identifier of an element in an ASCII frame; a user-defined one is written as its hex digits.

    Raises:
        ValueError: These digits are a decimal number, which nobody could tell from the data before it.

    >>> ascii_code(0x39), ascii_code(0xFF33), ascii_code(0xC9)
    ('Z', 'FF33', 'C9')
    """
    element = ELEMENTS.get(tag)
    code = element.code if element else f"{tag:02X}"
    if code.isdecimal():
        raise ValueError(f"element {code}H has no identifier in ASCII frames")
    return code
