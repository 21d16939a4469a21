"""What the centre sends: confirmations, queries and commands, cut out of the bytes of a connection.

The station trusts nothing that fails its checksum or is meant for another station; it stays silent, as a station does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from simulators.rtu.bcd import digits
from simulators.rtu.beijing import instant
from simulators.rtu.sl651.frame import Coding, Control, checksum

__all__ = ["Downlink", "DownlinkReader", "PeriodQuery", "asked_parameters", "asked_tags", "period_query"]

_HEX_START: Final = b"\x7e\x7e"
_HEX_HEADER: Final = 14
_ASCII_HEADER: Final = 24  # SOH, 22 characters, start of text
_DOWN: Final = 8
_OPENING: Final = 8
_OPENING_TEXT: Final = 16
_PACKET: Final = 3
_PACKET_TEXT: Final = 6
_STARTS: Final = (Control.STX, Control.SYN)
_LONGEST: Final = 8192  # a frame with the longest body, twice over: more than that in the buffer is noise


@dataclass(frozen=True, slots=True)
class Downlink:
    """A frame of the centre whose checksum is right.

    Attributes:
        station: Ten hex digits of the station that it is for.
        function: Function code.
        end: ENQ asks or commands; ACK, EOT, ESC confirm; NAK wants a packet again.
        serial: Of the frame that is confirmed, 0 where the centre begins.
        sent_at: Epoch milliseconds by the centre's clock; None where its digits are no time.
        arguments: The body behind serial and time.
        packet: Number of packets and number of the packet meant, in mode M3.
    """

    station: str
    centre: int
    password: str
    function: int
    end: int
    serial: int
    sent_at: int | None
    arguments: bytes
    packet: tuple[int, int] | None
    coding: Coding


class DownlinkReader:
    """Collects bytes of one connection and yields the frames in them."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Downlink]:
        """Frames that are complete with these bytes; what is none of ours is passed over."""
        buffer = self._buffer
        buffer += data
        found: list[Downlink] = []
        place = 0
        while place < len(buffer):
            if not (buffer[place] == Control.SOH or buffer.startswith(_HEX_START, place)):
                if buffer[place] == _HEX_START[0] and place == len(buffer) - 1:
                    break  # perhaps half a start
                place += 1
                continue
            size = _size(buffer, place)
            if size is None or (size and place + size > len(buffer)):
                break  # more bytes are needed
            downlink = _read(bytes(buffer[place : place + size])) if size else None
            if downlink is None:
                place += 1
                continue
            found.append(downlink)
            place += size
        del buffer[: max(place, len(buffer) - _LONGEST)]
        return found


def _size(buffer: bytearray, place: int) -> int | None:
    """Bytes of the frame that seems to begin here, 0 if none does, None while the header is incomplete."""
    is_hex = buffer[place] != Control.SOH
    header = _HEX_HEADER if is_hex else _ASCII_HEADER
    if len(buffer) - place < header:
        return None
    try:
        field = buffer[place + 11 : place + 13] if is_hex else bytes.fromhex(buffer[place + 19 : place + 23].decode())
    except ValueError:
        return 0
    length = int.from_bytes(field, "big")
    if length >> 12 != _DOWN or not length & 0xFFF or buffer[place + header - 1] not in _STARTS:
        return 0
    return header + (length & 0xFFF) + (3 if is_hex else 5)


def _read(text: bytes) -> Downlink | None:
    """The frame, None where a field or the checksum is wrong."""
    is_hex = text[0] != Control.SOH
    try:
        if is_hex:
            header, check = text[2:13].hex().upper(), int.from_bytes(text[-2:], "big")
            ending = 2
        else:
            header, check = text[1:23].decode("ascii").upper(), int(text[-4:], 16)
            ending = 4
        if checksum(text[:-ending]) != check:
            return None
        size = _HEX_HEADER if is_hex else _ASCII_HEADER
        body, end = text[size : -ending - 1], text[-ending - 1]
        packet = None
        if text[size - 1] == Control.SYN:
            width = _PACKET if is_hex else _PACKET_TEXT
            number = int(body[:width].hex() if is_hex else body[:width], 16)
            packet, body = (number >> 12, number & 0xFFF), body[width:]
        opening = body[:_OPENING] if is_hex else bytes.fromhex(body[:_OPENING_TEXT].decode("ascii"))
        return Downlink(
            station=header[:10],
            centre=int(header[10:12], 16),
            password=header[12:16],
            function=int(header[16:18], 16),
            end=end,
            serial=int.from_bytes(opening[:2], "big"),
            sent_at=_instant(opening[2:]),
            arguments=body[_OPENING if is_hex else _OPENING_TEXT :],
            packet=packet,
            coding=Coding.HEX if is_hex else Coding.ASCII,
        )
    except ValueError:
        return None


def _instant(data: bytes) -> int | None:
    try:
        return instant(data)
    except ValueError:
        return None


class PeriodQuery(NamedTuple):
    """What function 38H asks: the values of one element from an hour to an hour, both included, at equal steps."""

    start: int
    end: int
    step_min: int
    tag: int


def period_query(arguments: bytes) -> PeriodQuery:
    """Arguments of function 38H in a HEX frame.

    Raises:
        ValueError: They are not of that form.

    >>> query = period_query(bytes.fromhex("24010916240109170418000005F460"))
    >>> query.end - query.start, query.step_min, f"{query.tag:X}"
    (3600000, 5, 'F4')
    """
    if arguments[8:10] != b"\x04\x18":
        raise ValueError(f"no time step in {arguments.hex()}")
    days, hours, minutes = (digits(arguments[place : place + 1]) for place in (10, 11, 12))
    tags = asked_tags(arguments[13:])
    if len(tags) != 1:
        raise ValueError(f"one element is asked for at a time, not {len(tags)}")
    return PeriodQuery(instant(arguments[:4]), instant(arguments[4:8]), (days * 24 + hours) * 60 + minutes, tags[0])


def asked_tags(arguments: bytes) -> list[int]:
    """Identifiers of elements, each with a definition byte, as 38H and 3AH carry them.

    Raises:
        ValueError: The last one is cut off.
    """
    tags: list[int] = []
    place = 0
    while place < len(arguments):
        width = 2 if arguments[place] == 0xFF else 1  # a user-defined identifier  # noqa: PLR2004
        if place + width >= len(arguments):
            raise ValueError(f"an identifier without definition byte in {arguments.hex()}")
        tags.append(int.from_bytes(arguments[place : place + width], "big"))
        place += width + 1
    return tags


def asked_parameters(arguments: bytes, *, with_data: bool) -> list[tuple[int, int, bytes]]:
    """Parameters of functions 40H to 43H: identifier, definition byte, data (empty in a query).

    Raises:
        ValueError: The last one is cut off.
    """
    found: list[tuple[int, int, bytes]] = []
    place = 0
    while place < len(arguments):
        width = 2 if arguments[place] == 0xFF else 1  # noqa: PLR2004  # a user-defined identifier
        head = arguments[place : place + width + 1]
        place += width + 1
        size = head[-1] >> 3 if with_data else 0
        if len(head) <= width or place + size > len(arguments):
            raise ValueError(f"a parameter is cut off in {arguments.hex()}")
        found.append((int.from_bytes(head[:width], "big"), head[-1], arguments[place : place + size]))
        place += size
    return found
