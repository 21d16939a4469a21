"""Packed decimal numbers, low byte first, as measurements are sent: read exactly, written back byte for byte.

A number keeps its own bytes only where its value would not give them back: not decimal, a negative zero, a half byte
that means nothing. So ``encode(decode(raw)) == raw`` for every ``raw``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

__all__ = [
    "CUBIC_METRES_AN_HOUR",
    "CUBIC_METRES_A_SECOND",
    "Bcd",
    "FlowBcd",
    "Number",
    "Sign",
    "State",
    "Wind",
    "WindBcd",
]

MISSING_BYTE: Final = b"\xaa"
CUBIC_METRES_A_SECOND: Final = "m3/s"
CUBIC_METRES_AN_HOUR: Final = "m3/h"

_LOWEST_PADDING: Final = 8
_WIND_DIRECTIONS: Final = 8


class State(StrEnum):
    """What a number is."""

    GOOD = "good"
    MISSING = "missing"  # every byte AA: the device has no value
    BAD = "bad"  # not a decimal number, or a sign or unit that doesn't exist


class Sign(StrEnum):
    """Where a number has its sign."""

    NONE = "none"
    HALF_BYTE = "half_byte"  # highest half byte: 0 positive, F negative
    TOP_BIT = "top_bit"  # highest bit: 1 negative
    PADDING = "padding"  # none, and a highest half byte of 8..F is not part of the number


class Number(NamedTuple):
    """A number as sent.

    Attributes:
        digits: In units of 10**-decimals; 0 unless good.
        decimals: Digits behind the point.
        unit: As in the standard.
        state: Good, missing or bad.
        raw: Its bytes where ``digits`` doesn't give them back.
    """

    digits: int
    decimals: int
    unit: str
    state: State = State.GOOD
    raw: bytes | None = None

    @property
    def text(self) -> str | None:
        """With all its decimals; None unless good.

        >>> Number(-1234, 3, "m").text, Number(125, 0, "kW").text
        ('-1.234', '125')
        """
        if self.state is not State.GOOD:
            return None
        if not self.decimals:
            return str(self.digits)
        text = f"{abs(self.digits):0{self.decimals + 1}d}"
        sign = "-" if self.digits < 0 else ""
        return f"{sign}{text[: -self.decimals]}.{text[-self.decimals :]}"


def _digits(count: int, size: int, name: str) -> bytearray:
    """Packed decimal of a count that is not negative, low byte first."""
    text = f"{count:0{2 * size}d}"
    if len(text) > 2 * size:
        raise ValueError(f"{name}: {count} has more than {2 * size} digits")
    return bytearray(bytes.fromhex(text)[::-1])


@dataclass(frozen=True, slots=True)
class Bcd:
    """A packed decimal number of fixed size.

    Attributes:
        name: In explanations, with its unit.
        size: Bytes.
        decimals: Digits behind the point.
        unit: As in the standard.
        sign: Where its sign is.
    """

    name: str
    size: int
    decimals: int
    unit: str
    sign: Sign = Sign.NONE

    def decode(self, raw: bytes) -> Number:
        """The number in ``size`` bytes."""
        if raw == MISSING_BYTE * self.size:
            return Number(0, self.decimals, self.unit, State.MISSING)
        count = self._count(raw)
        if count is None:
            return Number(0, self.decimals, self.unit, State.BAD, raw)
        number = Number(count, self.decimals, self.unit)
        return number if self._canonical(count) == raw else number._replace(raw=raw)

    def _count(self, raw: bytes) -> int | None:
        text = raw[::-1].hex()
        negative = False
        if self.sign is Sign.HALF_BYTE:
            negative = text[0] == "f"
            if not negative and text[0] != "0":
                return None
            text = text[1:]
        elif self.sign is Sign.TOP_BIT:
            negative = raw[-1] >= 0x80  # the highest bit  # noqa: PLR2004  # said in the comment
            text = f"{raw[-1] & 0x7F:02x}{text[2:]}"
        elif self.sign is Sign.PADDING and int(text[0], 16) >= _LOWEST_PADDING:
            text = text[1:]
        if not text.isdecimal():
            return None
        return -int(text) if negative else int(text)

    def _canonical(self, count: int) -> bytes | None:
        try:
            return self.encode(Number(count, self.decimals, self.unit))
        except ValueError:
            return None

    def encode(self, number: Number) -> bytes:
        """The bytes of a number.

        Raises:
            ValueError: It doesn't fit.
        """
        if number.raw is not None:
            return number.raw
        if number.state is State.MISSING:
            return MISSING_BYTE * self.size
        if number.digits < 0 and self.sign not in (Sign.HALF_BYTE, Sign.TOP_BIT):
            raise ValueError(f"{self.name} can't be negative: {number.digits}")
        data = _digits(abs(number.digits), self.size, self.name)
        if self.sign is Sign.HALF_BYTE:
            self._leave(data, 0xF0, number.digits)
            data[-1] |= 0xF0 if number.digits < 0 else 0
        elif self.sign is Sign.TOP_BIT:
            self._leave(data, 0x80, number.digits)
            data[-1] |= 0x80 if number.digits < 0 else 0
        elif self.sign is Sign.PADDING:
            self._leave(data, 0x80, number.digits)
        return bytes(data)

    def _leave(self, data: bytearray, bits: int, count: int) -> None:
        if data[-1] & bits:
            raise ValueError(f"{self.name}: {count} leaves no room for the sign")

    def explain(self, number: Number) -> dict[str, object]:
        """Name and text."""
        return {self.name: number.text}


@dataclass(frozen=True, slots=True)
class FlowBcd:
    """Flow of SL/T 427-2021: sign in D7..D6 and unit in D5..D4 of the last byte.

    Source: SL/T 427-2021 table 35: sign 00 positive, 11 negative; unit 00 m3/s, 11 m3/h.
    """

    name: str = "flow"
    size: int = 5
    decimals: int = 3

    def decode(self, raw: bytes) -> Number:
        """The number in five bytes, with the unit it was sent in."""
        if raw == MISSING_BYTE * self.size:
            return Number(0, self.decimals, CUBIC_METRES_A_SECOND, State.MISSING)
        text = raw[::-1].hex()
        meaning = _FLOW_MEANING.get(text[0])
        if meaning is None or not text[1:].isdecimal():
            return Number(0, self.decimals, CUBIC_METRES_A_SECOND, State.BAD, raw)
        factor, unit = meaning
        count = factor * int(text[1:])
        return Number(count, self.decimals, unit, raw=raw if not count and factor < 0 else None)

    def encode(self, number: Number) -> bytes:
        """The bytes of a number.

        Raises:
            ValueError: It doesn't fit, or the unit isn't one of the two.
        """
        if number.raw is not None:
            return number.raw
        if number.state is State.MISSING:
            return MISSING_BYTE * self.size
        half = _FLOW_HALF_BYTE.get((number.digits < 0, number.unit))
        if half is None:
            raise ValueError(f"{self.name}: unit {number.unit!r}, m3/s or m3/h expected")
        data = _digits(abs(number.digits), self.size, self.name)
        if data[-1] & 0xF0:
            raise ValueError(f"{self.name}: {number.digits} leaves no room for the sign")
        data[-1] |= half
        return bytes(data)

    def explain(self, number: Number) -> dict[str, object]:
        """Name, text and unit."""
        return {self.name: number.text, "flow_unit": number.unit if number.state is State.GOOD else None}


_FLOW_MEANING: Final = {
    "0": (1, CUBIC_METRES_A_SECOND),
    "3": (1, CUBIC_METRES_AN_HOUR),
    "c": (-1, CUBIC_METRES_A_SECOND),
    "f": (-1, CUBIC_METRES_AN_HOUR),
}
_FLOW_HALF_BYTE: Final = {
    (False, CUBIC_METRES_A_SECOND): 0x00,
    (False, CUBIC_METRES_AN_HOUR): 0x30,
    (True, CUBIC_METRES_A_SECOND): 0xC0,
    (True, CUBIC_METRES_AN_HOUR): 0xF0,
}


class Wind(NamedTuple):
    """Speed and direction in one field.

    Attributes:
        speed: In m/s.
        direction: 0 calm, 1..8 from north clockwise; None unless it is one of these.
    """

    speed: Number
    direction: int | None


@dataclass(frozen=True, slots=True)
class WindBcd:
    """Wind: five digits of speed, two behind the point; direction 0..8 in the highest half byte."""

    name: str = "wind_m_s"
    size: int = 3

    def decode(self, raw: bytes) -> Wind:
        """Speed and direction in three bytes."""
        if raw == MISSING_BYTE * self.size:
            return Wind(Number(0, 2, "m/s", State.MISSING), None)
        text = raw[::-1].hex()
        direction = int(text[0], 16)
        if not text[1:].isdecimal() or direction > _WIND_DIRECTIONS:
            return Wind(Number(0, 2, "m/s", State.BAD, raw), None)
        return Wind(Number(int(text[1:]), 2, "m/s"), direction)

    def encode(self, wind: Wind) -> bytes:
        """The bytes of a wind.

        Raises:
            ValueError: It doesn't fit.
        """
        if wind.speed.raw is not None:
            return wind.speed.raw
        if wind.speed.state is State.MISSING:
            return MISSING_BYTE * self.size
        data = _digits(wind.speed.digits, self.size, self.name)
        if data[-1] & 0xF0 or wind.direction is None or not 0 <= wind.direction <= _WIND_DIRECTIONS:
            raise ValueError(f"{self.name}: {wind.speed.digits}, direction {wind.direction}")
        data[-1] |= wind.direction << 4
        return bytes(data)

    def explain(self, wind: Wind) -> dict[str, object]:
        """Speed as text, direction as code."""
        return {self.name: wind.speed.text, "wind_dir_code": wind.direction}
