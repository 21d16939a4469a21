"""Control byte and address."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

__all__ = ["BROADCAST", "Address", "Control", "DataType", "Direction", "Profile"]

BROADCAST: Final = 65_535


class Profile(StrEnum):
    """Which of the two sisters a frame follows; see docs/protocols/slt427.md for what differs."""

    SZY206 = "szy206"
    SLT427_2021 = "slt427_2021"


class Direction(StrEnum):
    """Who speaks."""

    UP = "up"
    DOWN = "down"


class DataType(IntEnum):
    """Low four bits of the control byte.

    ``CONFIRM`` is a command in a downlink; ``STATISTICS`` asks for several kinds at once in a downlink.
    """

    CONFIRM = 0
    RAIN = 1
    STAGE = 2
    FLOW = 3
    VELOCITY = 4
    GATE = 5
    POWER = 6
    WEATHER = 7
    WIND_OR_ENERGY = 8
    WATER_TEMPERATURE = 9
    QUALITY = 10
    SOIL = 11
    EVAPORATION = 12
    ALARM = 13
    STATISTICS = 14
    WATER_PRESSURE = 15


@dataclass(frozen=True, slots=True)
class Control:
    """Control byte.

    Attributes:
        direction: D7.
        data_type: D3..D0.
        tries_left: FCB, D5..D4: 3 at first, one less with each resend.
        parts_left: Count-down of a split message, 1 = last part; None where D6 says that it isn't split.
    """

    direction: Direction
    data_type: DataType
    tries_left: int = 3
    parts_left: int | None = None

    def encode(self) -> bytes:
        """One byte, or two when split."""
        first = (self.direction is Direction.UP) << 7 | self.tries_left << 4 | self.data_type
        if self.parts_left is None:
            return bytes((first,))
        return bytes((first | 0x40, self.parts_left))

    @classmethod
    def decode(cls, data: bytes) -> Control:
        """From the first bytes of user data; two are needed when split."""
        first = data[0]
        return cls(
            direction=Direction.UP if first & 0x80 else Direction.DOWN,
            data_type=DataType(first & 0x0F),
            tries_left=first >> 4 & 3,
            parts_left=data[1] if first & 0x40 else None,
        )


@dataclass(frozen=True, slots=True)
class Address:
    """Five bytes that name a station. The upper-case hexadecimal text is the key; decimal forms are for display.

    >>> Address.of("530381", 13).key
    '5303810D00'
    >>> Address.parse("5303810D00").station
    13
    """

    raw: bytes

    @property
    def key(self) -> str:
        """Ten hexadecimal digits, as in the register's ``slt427_address``."""
        return self.raw.hex().upper()

    @property
    def hydrological(self) -> bool:
        """Eight-digit code of SL 502 behind a zero byte, rather than division and number."""
        return self.raw[0] == 0

    @property
    def division(self) -> str:
        """Administrative division of GB/T 2260, six digits; letters where a device puts some."""
        return self.raw[:3].hex().upper()

    @property
    def station(self) -> int:
        """Number, low byte first as most devices send it."""
        return int.from_bytes(self.raw[3:], "little")

    @property
    def station_high_first(self) -> int:
        """Number as one known device sends it."""
        return int.from_bytes(self.raw[3:], "big")

    @classmethod
    def parse(cls, key: str) -> Address:
        """From ten hexadecimal digits.

        Raises:
            ValueError: Not that.
        """
        raw = bytes.fromhex(key)
        if len(raw) != 5:  # bytes of an address  # noqa: PLR2004  # named in the class's docstring
            raise ValueError(f"{key!r} is not an address of ten hexadecimal digits")
        return cls(raw)

    @classmethod
    def of(cls, division: str, station: int) -> Address:
        """From a division code and a number.

        Raises:
            ValueError: Not six digits, or not a number of a station or relay, or the broadcast.
        """
        if len(division) != 6 or not division.isdecimal() or not 1 <= station <= BROADCAST:  # noqa: PLR2004  # digits of GB/T 2260
            raise ValueError(f"{division!r}, {station}: six digits and 1..65535 expected")
        return cls(bytes.fromhex(division) + station.to_bytes(2, "little"))
