"""What the centre sends: confirmations, queries and commands, cut out of the bytes of a connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from simulators.rtu.bcd import digits
from simulators.rtu.beijing import instant
from simulators.rtu.slt427.frame import checksum

__all__ = ["Downlink", "DownlinkReader", "StoredQuery", "clock", "label_time", "report_intervals", "stored_query"]

_START: Final = 0x68
_END: Final = 0x16
_UP: Final = 0x80
_SPLIT: Final = 0x40
_AROUND: Final = 5  # two starts and the length before the content, checksum and end behind it
_LEAST: Final = 7  # control byte, address, function
_LONGEST: Final = 1024
_CLOCK: Final = 6
_LABEL: Final = 7
_MONTH: Final = 0x1F


@dataclass(frozen=True, slots=True)
class Downlink:
    """A frame of the centre whose checksum is right.

    Attributes:
        address: Ten hex digits as on the wire.
        kind: Type in the control byte: what is asked for; 0 in confirmations.
        count: Frame count.
        function: AFN.
        data: All between function and checksum: data, password, time label.
    """

    address: str
    kind: int
    count: int
    function: int
    data: bytes


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
        while (place := buffer.find(_START, place)) >= 0:
            head = buffer[place : place + 3]
            if len(head) == 3 and (head[2] != _START or head[1] < _LEAST):  # noqa: PLR2004  # start, length, start
                place += 1
                continue
            if len(head) < 3 or place + head[1] + _AROUND > len(buffer):  # noqa: PLR2004
                break  # more bytes are needed
            downlink = _read(bytes(buffer[place + 3 : place + head[1] + _AROUND]))
            place += head[1] + _AROUND if downlink else 1
            if downlink:
                found.append(downlink)
        del buffer[: len(buffer) if place < 0 else max(place, len(buffer) - _LONGEST)]
        return found


def _read(text: bytes) -> Downlink | None:
    """The content behind the second start byte; None where it is damaged or no frame to a station."""
    content, check, end = text[:-2], text[-2], text[-1]
    control = content[0]
    if end != _END or check != checksum(content) or control & (_UP | _SPLIT):
        return None
    return Downlink(content[1:6].hex().upper(), control & 0x0F, control >> 4 & 3, content[6], content[7:])


def clock(data: bytes) -> int:
    """Epoch milliseconds of the six bytes of function 11H.

    Raises:
        ValueError: Not BCD, or no time of the calendar.
    """
    second, minute, hour, day, month, year = data[:_CLOCK]
    return instant(bytes((year, month & _MONTH, day, hour, minute, second)))


def label_time(data: bytes) -> int | None:
    """Time of the seven-byte label with which SL/T 427-2021 ends a confirmation; None where there is none."""
    if len(data) < _LABEL:
        return None
    second, minute, hour, day, month, year = data[-_LABEL:-1]
    try:
        return instant(bytes((year, month, day, hour, minute, second)))
    except ValueError:
        return None


class StoredQuery(NamedTuple):
    """What function B1H asks: stored values of one kind from an hour to an hour.

    Attributes:
        code: (type - 1) x 16 + instrument, as the one known device counts.
        start: Epoch milliseconds.
        end: Likewise.
    """

    code: int
    start: int
    end: int

    @property
    def kind(self) -> int:
        """Type of data."""
        return (self.code >> 4) + 1


def stored_query(data: bytes) -> StoredQuery:
    """Arguments of function B1H.

    Raises:
        ValueError: They are not of that form.

    >>> query = stored_query(bytes.fromhex("101412052615120526"))
    >>> query.kind, query.end - query.start
    (2, 3600000)
    """
    if len(data) < 9:  # noqa: PLR2004  # a code and two times of four bytes
        raise ValueError(f"{data.hex()} is no query of stored values")
    return StoredQuery(data[0], _hour(data[1:5]), _hour(data[5:9]))


def _hour(data: bytes) -> int:
    hour, day, month, year = data
    return instant(bytes((year, month, day, hour)))


def report_intervals(data: bytes, places: int) -> dict[int, int]:
    """Arguments of function A1H: bit of a kind that is reported -> its interval in minutes.

    Raises:
        ValueError: Too short, or not BCD.
    """
    if len(data) < 2 + 2 * places:
        raise ValueError(f"{len(data)} bytes for {places} intervals")
    mask = int.from_bytes(data[:2], "little")
    intervals = [digits(data[place : place + 2][::-1]) for place in range(2, 2 + 2 * places, 2)]
    return {bit: minutes for bit, minutes in enumerate(intervals) if mask >> bit & 1}
