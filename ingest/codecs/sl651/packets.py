"""Bodies in several packets (mode M3): cut, missing, put together.

Every packet but the last ends in ETB. The first begins with serial number and send time; the drafts disagree on whether
the others do, the public frames have none: both are read, none is written. ASCII packet numbers are hex digits by the
drafts and decimal in one implementation: hex is tried first, decimal where the set is complete only so.

Source: SL 651-2014 6.5 and 7.2.3, in the approval drafts; frames V024 to V036, V162.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from hydro.errors import DecodeError
from ingest.codecs.sl651.codec import PACKET_NUMBERS, read_message, write_message
from ingest.codecs.sl651.control import Coding, Control, Direction
from ingest.codecs.sl651.faults import FrameFault
from ingest.codecs.sl651.frame import Frame, Message, Packet, Slice
from ingest.codecs.sl651.framing import LONGEST_BODY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Lacking", "SetKey", "join", "missing", "set_key", "split"]

_HEADER: Final = {Coding.HEX: 8, Coding.ASCII: 16}
_MOST_PACKETS: Final = 0xFFF


class SetKey(NamedTuple):
    """What packets of one set have in common; the serial number stands in the first one only."""

    station: str
    centre: int
    function: int
    total: int


def set_key(frame: Frame) -> SetKey:
    """Key of the set to which a packet belongs.

    Raises:
        ValueError: A single packet.
    """
    if frame.packet is None:
        raise ValueError("a single packet belongs to no set")
    return SetKey(frame.station, frame.centre, frame.function, frame.packet.total)


def missing(frames: Iterable[Frame]) -> list[int]:
    """Numbers of the packets that a set still lacks, ascending; empty if it is complete either way of counting."""
    known = list(frames)
    plain = _lacking(known, decimal=False)
    return plain if plain and _lacking(known, decimal=True) else []


class Lacking:
    """What :func:`missing` tells of packets that come one by one, at a cost that doesn't grow with them.

    Args:
        total: As the packets say.
        coding: Of the packets.

    >>> lacking = Lacking(3, Coding.HEX)
    >>> lacking.add(1), lacking.first, lacking.add(3), lacking.first, lacking.add(2), lacking.first
    (None, 2, None, 2, None, 0)
    """

    def __init__(self, total: int, coding: Coding) -> None:
        self._total = total
        self._decimal_total = _read(total, decimal=True) if coding is Coding.ASCII else None
        self._numbers: set[int] = set()
        self._decimal_count = 0
        self._next = 1

    def add(self, number: int) -> None:
        """Note that a packet came."""
        if number in self._numbers:
            return
        self._numbers.add(number)
        decimal = _read(number, decimal=True)
        if decimal is not None and self._decimal_total is not None:
            self._decimal_count += decimal <= self._decimal_total
        while self._next in self._numbers:
            self._next += 1

    @property
    def first(self) -> int:
        """The first number that the set lacks; 0 if it is complete either way of counting."""
        return 0 if self._next > self._total or self._decimal_count == self._decimal_total else self._next


def join(frames: Iterable[Frame]) -> Frame:
    """The whole frame of which these are the packets, in any order; ``packet`` is None in it.

    Raises:
        DecodeError: A packet is missing, or the first has no serial number.
    """
    known = list(frames)
    lacking = _lacking(known, decimal=False)
    decimal = bool(lacking) and not _lacking(known, decimal=True)
    if not known or (lacking and not decimal):
        raise DecodeError(FrameFault.INCOMPLETE, f"packets {lacking} are missing")
    ordered = [frame for _, frame in sorted(_numbered(known, decimal=decimal).items())]
    first, last = ordered[0], ordered[-1]
    if not isinstance(first.body, Message):
        raise DecodeError(FrameFault.BAD_PACKET, "the first packet has no serial number")
    start = write_message(first.coding, first.body)
    header = start[: _HEADER[first.coding]]
    slices = [frame.body.data for frame in ordered[1:] if isinstance(frame.body, Slice)]
    body = b"".join((start, *(piece.removeprefix(header) for piece in slices)))
    message = read_message(first.coding, first.direction, first.function, last.end, body)
    return msgspec.structs.replace(first, packet=None, end=last.end, body=message)


def _lacking(frames: Sequence[Frame], *, decimal: bool) -> list[int]:
    if decimal and any(frame.coding is Coding.HEX for frame in frames):
        return [1]  # in HEX frames they are binary numbers
    numbered = _numbered(frames, decimal=decimal)
    totals = [_read(frame.packet.total, decimal=decimal) for frame in frames if frame.packet]
    total = totals[0] if totals else None
    if total is None:
        return [1]
    return [number for number in range(1, total + 1) if number not in numbered]


def _numbered(frames: Sequence[Frame], *, decimal: bool) -> dict[int, Frame]:
    found: dict[int, Frame] = {}
    for frame in frames:
        number = _read(frame.packet.number, decimal=decimal) if frame.packet else None
        if number is not None:
            found[number] = frame
    return found


def _read(number: int, *, decimal: bool) -> int | None:
    """A packet number; None where its three digits aren't decimal."""
    if not decimal:
        return number
    digits = f"{number:X}"
    return int(digits) if digits.isdecimal() else None


def split(frame: Frame, size: int) -> list[Frame]:
    """Packets of a frame whose body is cut into pieces of at most ``size`` bytes.

    Args:
        frame: A single packet from a station, of any length.
        size: At least the header of the body, at most what a frame holds.

    Raises:
        ValueError: A size or a frame that can't be cut so.
    """
    if frame.packet or not isinstance(frame.body, Message) or frame.direction is Direction.DOWN:
        raise ValueError("only a single packet from a station can be cut")
    if not _HEADER[frame.coding] <= size <= LONGEST_BODY - PACKET_NUMBERS[frame.coding]:
        raise ValueError(f"packets of {size} bytes")
    body = write_message(frame.coding, frame.body)
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    total = len(pieces)
    if total > _MOST_PACKETS:
        raise ValueError(f"{total} packets, three hex digits count them")
    packets = []
    for number, piece in enumerate(pieces, 1):
        end = frame.end if number == total else Control.ETB
        text = Slice(piece) if number > 1 else read_message(frame.coding, frame.direction, frame.function, end, piece)
        packets.append(msgspec.structs.replace(frame, packet=Packet(total, number), end=end, body=text))
    return packets
