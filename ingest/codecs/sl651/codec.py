"""Frames: bytes to values and back.

::

    HEX    7E7E  centre address  password function  dir+length  02|16   [total+number]  body  end  CRC
           2     1      5        2        1         2           1       3               n     1    2
    ASCII  01    2      10       4        2         4           1       6               n     1    4 characters

Downlinks have the address before the centre. Direction is the high nibble of the length (0 up, 8 down), which counts
what stands between the start of the text and the end character. CRC-16/MODBUS over everything before it, high byte
first. In ASCII frames it must be upper case: one flipped bit makes a small letter of a capital, and no flipped bit may
pass.

Invariant: what is accepted is written back byte for byte; ASCII frames if their words are divided by one space each and
their digits are upper case.

Source: SL 651-2014 6.2 to 6.5, in the approval drafts.
"""

from __future__ import annotations

import re
from typing import Final

from hydro.errors import DecodeError
from ingest.codecs.crc import modbus
from ingest.codecs.sl651 import ascii_body, hex_body
from ingest.codecs.sl651.control import Coding, Control, Direction
from ingest.codecs.sl651.faults import FrameFault
from ingest.codecs.sl651.frame import Body, Frame, Message, Packet, Slice
from ingest.codecs.sl651.framing import ASCII_HEADER, HEX_HEADER, LONGEST_BODY, body_length, is_header, read_frame
from ingest.codecs.span import Complete, NeedMore

__all__ = ["PACKET_NUMBERS", "decode_frame", "encode_frame", "read_message", "write_message"]

PACKET_NUMBERS: Final = {Coding.HEX: 3, Coding.ASCII: 6}
"""Bytes of total and number of packets, which the length of the frame counts."""


def decode_frame(data: bytes) -> Frame:
    """The one frame that ``data`` is.

    Raises:
        DecodeError: With a :class:`FrameFault` as reason.
    """
    if not data:
        raise DecodeError(FrameFault.EMPTY, "no bytes")
    found = read_frame(data, 0)
    if isinstance(found, NeedMore):
        raise DecodeError(FrameFault.INCOMPLETE, f"{len(data)} bytes, at least {found.length} needed")
    if not isinstance(found, Complete):
        raise DecodeError(found.reason, describe(data))
    if found.end != len(data):
        raise DecodeError(FrameFault.TRAILING_BYTES, f"{len(data) - found.end} bytes behind the frame")
    return parse(data)


def describe(data: bytes) -> str:
    """What the header of a broken frame says, for people and dead letters."""
    if not is_header(data, 0):
        return f"begins with {data[:4].hex(' ').upper()}"
    coding = _coding(data)
    direction, centre, station, password, function = _addresses(data, coding)
    length = body_length(data, 0)
    return f"{direction} station {station} centre {centre} password {password} function {function:02X} length {length}"


def _coding(data: bytes) -> Coding:
    return Coding.ASCII if data[0] == Control.SOH else Coding.HEX


def _header_size(coding: Coding) -> int:
    return HEX_HEADER if coding is Coding.HEX else ASCII_HEADER


def _addresses(data: bytes, coding: Coding) -> tuple[Direction, int, str, str, int]:
    """Direction, centre, station, password, function."""
    head = data[2:13].hex().upper() if coding is Coding.HEX else data[1:23].decode("latin-1").upper()
    if head[18] == "0":
        return Direction.UP, int(head[:2], 16), head[2:12], head[12:16], int(head[16:18], 16)
    return Direction.DOWN, int(head[10:12], 16), head[:10], head[12:16], int(head[16:18], 16)


def parse(data: bytes) -> Frame:
    """Values of bytes that :func:`read_frame` called complete.

    Raises:
        DecodeError: Packet numbers or a body that can't be.
    """
    coding = _coding(data)
    direction, centre, station, password, function = _addresses(data, coding)
    size = _header_size(coding)
    end_at = size + body_length(data, 0)
    end = Control(data[end_at])
    packet = None
    if data[size - 1] == Control.SYN:
        packet = _packet(data[size:end_at], coding)
        size += PACKET_NUMBERS[coding]
    text = data[size:end_at]
    body: Body
    if packet and packet.number > 1 and direction is Direction.UP:
        body = Slice(text)
    else:
        body = read_message(coding, direction, function, end, text)
    return Frame(coding, direction, centre, station, password, function, packet, end, body)


_PACKET: Final = re.compile("[0-9A-Fa-f]{6}")


def _packet(text: bytes, coding: Coding) -> Packet:
    digits = text[:3].hex() if coding is Coding.HEX else text[:6].decode("latin-1")
    if not _PACKET.fullmatch(digits):
        raise DecodeError(FrameFault.BAD_PACKET, f"packet numbers {digits!r}")
    total, number = int(digits[:3], 16), int(digits[3:], 16)
    if not 1 <= number <= total:
        raise DecodeError(FrameFault.BAD_PACKET, f"packet {number} of {total}")
    return Packet(total, number)


def read_message(coding: Coding, direction: Direction, function: int, end: Control, body: bytes) -> Message:
    """Items of a whole body.

    Raises:
        DecodeError: It doesn't begin with a serial number and a time.
    """
    reader = hex_body.read_body if coding is Coding.HEX else ascii_body.read_body
    return reader(direction, function, end, body)


def write_message(coding: Coding, message: Message) -> bytes:
    """Bytes of a whole body.

    Raises:
        ValueError: Something in it can't be written in this coding.
    """
    return hex_body.write_body(message) if coding is Coding.HEX else ascii_body.write_body(message)


_HEAD: Final = re.compile("[0-9A-F]{22}")


def encode_frame(frame: Frame) -> bytes:
    """Bytes of a frame.

    Raises:
        ValueError: Something doesn't fit: a body beyond 4095 bytes, digits that are none, a number out of range.
    """
    body = frame.body.data if isinstance(frame.body, Slice) else write_message(frame.coding, frame.body)
    if frame.packet:
        numbers = f"{frame.packet.total:03X}{frame.packet.number:03X}"
        if not _PACKET.fullmatch(numbers) or not 1 <= frame.packet.number <= frame.packet.total:
            raise ValueError(f"packet {frame.packet.number} of {frame.packet.total}")
        body = (bytes.fromhex(numbers) if frame.coding is Coding.HEX else numbers.encode()) + body
    if not 0 < len(body) <= LONGEST_BODY:
        raise ValueError(f"{len(body)} bytes of body, 1 to {LONGEST_BODY} fit in a frame")
    centre = f"{frame.centre:02X}"
    up = frame.direction is Direction.UP
    addresses = centre + frame.station if up else frame.station + centre
    head = f"{addresses}{frame.password}{frame.function:02X}{'0' if up else '8'}{len(body):03X}"
    if not _HEAD.fullmatch(head):
        raise ValueError(
            f"centre {frame.centre}, station {frame.station!r}, password {frame.password!r}, "
            f"function {frame.function}: not hex digits of the right number"
        )
    start = bytes((Control.SYN if frame.packet else Control.STX,))
    if frame.coding is Coding.HEX:
        data = b"~~" + bytes.fromhex(head) + start + body + bytes((frame.end,))
        return data + modbus(data).to_bytes(2, "big")
    data = bytes((Control.SOH,)) + head.encode("ascii") + start + body + bytes((frame.end,))
    return data + b"%04X" % modbus(data)
