"""Where frames begin and end in what a socket, a gateway or a file gives.

A place is looked at only where a whole header is plausible: start bytes, a direction of 0 or 8, a start of text, a
length of 1 to 4095. Such places are found with one pass of a regular expression of fixed length; at each of them the
check sum is computed once, over at most 4,119 bytes, and only if an end character stands where the length says. A
header takes at least 14 bytes, so the work is bounded by a constant times the bytes received, whatever they are.

After a wrong check sum reading goes on one byte behind the start: the start may have been a stray one, and a good frame
may begin inside what it claimed.

Invariant: what is called complete has a length that fits, an end character and the right check sum; so no strict prefix
and no single flipped bit of a frame is ever a frame.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ingest.codecs.crc import modbus
from ingest.codecs.sl651.control import ENDS, Control
from ingest.codecs.sl651.faults import FrameFault
from ingest.codecs.span import Complete, Junk, NeedMore, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "ASCII_HEADER",
    "HEX_HEADER",
    "LONGEST_BODY",
    "LONGEST_FRAME",
    "body_length",
    "is_header",
    "read_all",
    "read_frame",
]

HEX_HEADER: Final = 14  # start, addresses, password, function, length, start of text
ASCII_HEADER: Final = 24
LONGEST_BODY: Final = 0xFFF
LONGEST_FRAME: Final = ASCII_HEADER + LONGEST_BODY + 5
"""The most that is ever asked for."""

_START: Final = re.compile(
    rb"~~.{9}[\x00-\x0f\x80-\x8f].[\x02\x16]|\x01[0-9A-Fa-f]{18}[08][0-9A-Fa-f]{3}[\x02\x16]", re.DOTALL
)
_DIRECTION: Final = 11  # where a HEX header has direction and length
_HEX_DIGITS: Final = frozenset(b"0123456789ABCDEFabcdef")


def is_header(buffer: bytes | bytearray, start: int) -> bool:
    """Whether a whole and plausible header stands at ``start``."""
    return bool(_START.match(buffer, start))


def body_length(buffer: bytes | bytearray, start: int) -> int:
    """Length of the body, from a whole and plausible header."""
    if buffer[start] == Control.SOH:
        return int(bytes(buffer[start + 20 : start + 23]), 16)
    return (buffer[start + _DIRECTION] & 0x0F) << 8 | buffer[start + _DIRECTION + 1]


def read_frame(buffer: bytes | bytearray, start: int) -> Reading:
    """Tell what begins at ``start``.

    Args:
        buffer: What has been received so far.
        start: The only place looked at; where nothing begins there, the next place that may be one is searched.
    """
    if not is_header(buffer, start):
        return _partial(buffer, start)
    is_ascii = buffer[start] == Control.SOH
    length = body_length(buffer, start)
    if not length:
        return _junk(buffer, start, FrameFault.BAD_LENGTH)
    end_at = start + length + (ASCII_HEADER if is_ascii else HEX_HEADER)
    end = end_at + (5 if is_ascii else 3)
    # An end character that has come and is none spares the wait.
    if len(buffer) > end_at and buffer[end_at] not in ENDS:
        return _junk(buffer, start, FrameFault.BAD_END)
    if len(buffer) < end:
        return NeedMore(end - start)
    computed = modbus(bytes(buffer[start : end_at + 1]))
    expected = b"%04X" % computed if is_ascii else computed.to_bytes(2, "big")
    if buffer[end_at + 1 : end] != expected:
        return _junk(buffer, start, FrameFault.BAD_CRC)
    return Complete(end)


def _junk(buffer: bytes | bytearray, start: int, reason: FrameFault) -> Junk:
    return Junk(_next_start(buffer, start + 1), reason)


def _partial(buffer: bytes | bytearray, start: int) -> Reading:
    """Tell what begins at ``start``, where no whole header stands."""
    if start >= len(buffer):
        return NeedMore(1)
    if _may_begin(buffer, start):
        return NeedMore(ASCII_HEADER if buffer[start] == Control.SOH else HEX_HEADER)
    began = buffer[start] == Control.SOH or buffer[start : start + 2] == b"~~"
    return _junk(buffer, start, FrameFault.BAD_HEADER if began else FrameFault.NOT_A_START)


def _may_begin(buffer: bytes | bytearray, start: int) -> bool:
    """Whether the bytes from ``start`` to the end are a strict prefix of a plausible header."""
    head = bytes(buffer[start : start + ASCII_HEADER])
    if head[0] == Control.SOH:
        digits, direction = head[1:], head[19:20]
        return len(head) < ASCII_HEADER and _HEX_DIGITS.issuperset(digits) and direction in (b"", b"0", b"8")
    if len(head) >= HEX_HEADER or not b"~~".startswith(head[:2]):
        return False
    return len(head) <= _DIRECTION or head[_DIRECTION] >> 4 in (0, 8)


def _next_start(buffer: bytes | bytearray, start: int) -> int:
    """The next place at which a frame may begin, or the end of the buffer."""
    found = _START.search(buffer, start)
    if found:
        return found.start()
    size = len(buffer)
    for place in range(max(start, size - ASCII_HEADER + 1), size):
        if _may_begin(buffer, place):
            return place
    return size


def read_all(data: bytes) -> Iterator[tuple[int, int, FrameFault | None]]:
    """Frames, and what is none, of a whole that nothing will follow: start, end, and why it is none.

    Together the spans cover ``data``. What asks for more at the end is ``incomplete``.
    """
    at, size = 0, len(data)
    while at < size:
        found = read_frame(data, at)
        if isinstance(found, Complete):
            yield at, found.end, None
            at = found.end
            continue
        end = found.end if isinstance(found, Junk) else _next_start(data, at + 1)
        yield at, end, FrameFault(found.reason) if isinstance(found, Junk) else FrameFault.INCOMPLETE
        at = end
