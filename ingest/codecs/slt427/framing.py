"""The frame: 68 L 68, L bytes of user data, check sum, 16.

========  =====  ==========================================================
field     bytes  content
========  =====  ==========================================================
start     1      68
L         1      bytes from C to the end of the time label, 7..255
start     1      68
C         1, 2   control, with a count-down byte behind it when split
A         5      address
AFN       1, 2   function; two bytes when the first is FF
D         n      data
PW        0, 2   password
Tp        0,5,7  time label
CS        1      CRC-8 over C..Tp
end       1      16
========  =====  ==========================================================

Invariant: what is accepted has a length that fits, both start bytes, the end byte and the right CRC; so no prefix and
no single flipped bit of a frame is ever a frame.

Source: SL/T 427-2021 6.3.3, as excerpted in ``ThingsPanel/go-sl427``; frames of SZY206 devices.
"""

from __future__ import annotations

from typing import Final

import crcmod

from hydro.errors import DecodeError
from ingest.codecs.slt427.faults import FrameFault
from ingest.codecs.span import Complete, Junk, NeedMore, Reading

__all__ = [
    "LONGEST_FRAME",
    "SHORTEST_FRAME",
    "USER_DEFINED",
    "crc8",
    "header_size",
    "header_text",
    "read_frame",
    "user_data",
    "wrap",
]

START: Final = 0x68
END: Final = 0x16
USER_DEFINED: Final = 0xFF
"""First byte of a function of two bytes."""
_START_AGAIN: Final = 2  # where the second start byte stands
_OVERHEAD: Final = 5
_SHORTEST_DATA: Final = 7  # control, address, function
_ALWAYS_ENOUGH: Final = 9  # with a count-down and a function of two bytes
_LONGEST_DATA: Final = 255

SHORTEST_FRAME: Final = _SHORTEST_DATA + _OVERHEAD
LONGEST_FRAME: Final = _LONGEST_DATA + _OVERHEAD

crc8: Final = crcmod.mkCrcFun(0x1E5, initCrc=0, rev=False, xorOut=0)
"""CRC-8 with x8+x7+x6+x5+x2+1, most significant bit first, initial value 0.

>>> hex(crc8(bytes([0, 1, 2])))
'0xa6'
"""


def read_frame(buffer: bytes | bytearray, start: int) -> Reading:
    """Tell what begins at ``start``.

    Args:
        buffer: What has been received so far.
        start: The only place looked at, except for the next start byte when nothing begins here.
    """
    available = len(buffer) - start
    if available <= 0:
        return NeedMore(1)
    if buffer[start] != START:
        return Junk(_next_start(buffer, start), FrameFault.NOT_A_START)
    if available == 1:
        return NeedMore(SHORTEST_FRAME)
    length = buffer[start + 1]
    size = length + _OVERHEAD
    if length < _SHORTEST_DATA:
        fault: FrameFault | None = FrameFault.BAD_LENGTH
    elif available > _START_AGAIN and buffer[start + _START_AGAIN] != START:
        fault = FrameFault.BAD_START
    elif available < size:
        return NeedMore(size)
    else:
        fault = _fault(buffer, start, start + size)
    return Complete(start + size) if fault is None else Junk(_next_start(buffer, start), fault)


def _fault(buffer: bytes | bytearray, start: int, end: int) -> FrameFault | None:
    """Why bytes of the right length between start bytes are no frame; None where they are one."""
    if buffer[end - 1] != END:
        return FrameFault.BAD_END
    if crc8(buffer[start + 3 : end - 2]) != buffer[end - 2]:
        return FrameFault.BAD_CRC
    data = end - start - _OVERHEAD
    return FrameFault.BAD_LENGTH if data < _ALWAYS_ENOUGH and data < header_size(buffer, start + 3) else None


def header_size(buffer: bytes | bytearray, start: int) -> int:
    """Bytes of control, address and function, from user data that begin at ``start`` and have at least seven bytes."""
    split = buffer[start] >> 6 & 1
    return _SHORTEST_DATA + split + (buffer[start + _SHORTEST_DATA - 1 + split] == USER_DEFINED)


def _next_start(buffer: bytes | bytearray, start: int) -> int:
    found = buffer.find(START, start + 1)
    return len(buffer) if found < 0 else found


def user_data(data: bytes) -> bytes:
    """Bytes C..Tp of exactly one frame.

    Raises:
        DecodeError: With a :class:`FrameFault` as reason.
    """
    if not data:
        raise DecodeError(FrameFault.EMPTY, "no bytes")
    found = read_frame(data, 0)
    if isinstance(found, NeedMore):
        raise DecodeError(FrameFault.INCOMPLETE, f"{len(data)} bytes, at least {found.length} needed")
    if isinstance(found, Junk):
        raise DecodeError(found.reason, _described(data, found.reason))
    if found.end != len(data):
        raise DecodeError(FrameFault.TRAILING_BYTES, f"{len(data) - found.end} bytes behind the frame")
    return data[3:-2]


def _described(data: bytes, reason: str) -> str:
    match reason:
        case FrameFault.BAD_CRC:
            end = data[1] + _OVERHEAD
            return f"check sum {data[end - 2]:02X}, computed {crc8(data[3 : end - 2]):02X}"
        case FrameFault.BAD_END:
            return f"byte {data[1] + _OVERHEAD} is {data[data[1] + _OVERHEAD - 1]:02X}, not 16"
        case FrameFault.BAD_LENGTH:
            return f"L is {data[1]}, too short for control, address and function"
        case _:
            return f"begins with {data[:3].hex(' ').upper()}"


def header_text(data: bytes) -> str:
    """What the beginning of a broken frame says, for dead letters; its bytes where they are no header.

    >>> header_text(bytes.fromhex("680F68B03201010700C0"))
    'up station 3201010700 function C0 length 15'
    """
    body = 3
    if len(data) < body + _SHORTEST_DATA or data[0] != START or data[_START_AGAIN] != START:
        return data.hex().upper()
    split = data[body] >> 6 & 1
    address = data[body + 1 + split : body + 6 + split].hex().upper()
    function = data[body + 6 + split : header_size(data.ljust(_ALWAYS_ENOUGH + body, b"\0"), body) + body].hex().upper()
    return f"{'up' if data[body] & 0x80 else 'down'} station {address} function {function} length {data[1]}"


def wrap(data: bytes) -> bytes:
    """A frame around user data C..Tp.

    Raises:
        ValueError: Too short or too long for the length byte.
    """
    if not _SHORTEST_DATA <= len(data) <= _LONGEST_DATA:
        raise ValueError(f"{len(data)} bytes of user data, {_SHORTEST_DATA} to {_LONGEST_DATA} fit in a frame")
    return bytes((START, len(data), START, *data, crc8(data), END))
