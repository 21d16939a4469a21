"""Frames of SL 651: one body between header and checksum, in HEX or in ASCII, whole or in packets.

Source: SL 651-2014, frame formats of the two codings; CRC-16/MODBUS from the first start byte to the end character, the
high byte first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Final

from crcmod.predefined import mkPredefinedCrcFun

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LONGEST_BODY", "Coding", "Control", "Direction", "Link", "checksum", "frame", "packets"]

LONGEST_BODY: Final = 4095
"""Bytes between start of text and end character; twelve bits say how many."""

checksum: Final[Callable[[bytes], int]] = mkPredefinedCrcFun("modbus")


class Control(IntEnum):
    """Control characters: start of text, and the ends of texts."""

    SOH = 0x01
    STX = 0x02
    ETX = 0x03
    EOT = 0x04
    ENQ = 0x05
    ACK = 0x06
    NAK = 0x15
    SYN = 0x16
    ETB = 0x17
    ESC = 0x1B


class Coding(Enum):
    """How header and body are written. One system never mixes them."""

    HEX = "hex"
    ASCII = "ascii"


class Direction(IntEnum):
    """High nibble of the length field."""

    UP = 0
    DOWN = 8


@dataclass(frozen=True, slots=True)
class Link:
    """Who speaks with whom.

    Attributes:
        station: Ten upper-case hex digits: ``00`` and eight digits of a hydrological station, or six digits of an
            administrative division and a binary number of two bytes.
        centre: 0 to 255.
        password: Four hex digits.
        coding: HEX or ASCII.
    """

    station: str
    centre: int = 1
    password: str = "1234"  # noqa: S105  # the default of the standard's examples
    coding: Coding = Coding.HEX


def frame(
    link: Link,
    function: int,
    body: bytes,
    *,
    end: Control = Control.ETX,
    direction: Direction = Direction.UP,
    packet: tuple[int, int] | None = None,
) -> bytes:
    """A complete frame.

    Args:
        link: Addresses, password and coding.
        function: Function code.
        body: As the coding wants it.
        end: Its end character.
        direction: Puts the address of the receiver first.
        packet: Number of packets and number of this one from 1, in mode M3.

    Raises:
        ValueError: The body is empty or too long.

    >>> keep_alive = frame(Link("0012345678"), 0x2F, bytes.fromhex("0003591011155111"))
    >>> keep_alive.hex().upper()
    '7E7E01001234567812342F0008020003591011155111036BCA'
    """
    is_hex = link.coding is Coding.HEX
    start = Control.STX
    if packet is not None:
        start = Control.SYN
        count = f"{packet[0]:03X}{packet[1]:03X}"
        body = (bytes.fromhex(count) if is_hex else count.encode()) + body
    if not 1 <= len(body) <= LONGEST_BODY:
        raise ValueError(f"a body of {len(body)} bytes for station {link.station}; 1 to {LONGEST_BODY} are possible")
    centre, station = f"{link.centre:02X}", link.station
    addresses = centre + station if direction is Direction.UP else station + centre
    header = f"{addresses}{link.password}{function:02X}{direction << 12 | len(body):04X}"
    if is_hex:
        text = b"".join((b"\x7e\x7e", bytes.fromhex(header), bytes((start,)), body, bytes((end,))))
        return text + checksum(text).to_bytes(2, "big")
    text = b"".join((bytes((Control.SOH,)), header.upper().encode(), bytes((start,)), body, bytes((end,))))
    return text + f"{checksum(text):04X}".encode()


def packets(link: Link, function: int, body: bytes, *, first: int, following: int) -> list[bytes]:
    """A long body in packets of mode M3; only the first one carries the body's opening.

    Args:
        link: Addresses, password and coding.
        function: Function code.
        body: Of the whole report.
        first: Bytes of it in the first packet.
        following: Bytes of it in each further packet.

    Raises:
        ValueError: A packet would be too long, or there would be more of them than twelve bits can count.
    """
    pieces = [body[:first]]
    pieces += [body[place : place + following] for place in range(first, len(body), following)]
    total = len(pieces)
    if total > LONGEST_BODY:
        raise ValueError(
            f"{len(body)} bytes in packets of {following} are {total} packets; {LONGEST_BODY} are possible"
        )
    return [
        frame(link, function, piece, end=Control.ETB if number < total else Control.ETX, packet=(total, number))
        for number, piece in enumerate(pieces, 1)
    ]
