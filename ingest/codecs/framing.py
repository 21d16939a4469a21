"""Frames out of a stream: what a socket gives is cut into frames and the rest, whichever of the two protocols it is.

Each protocol's ``read_frame`` looks at one place. The splitter asks at the earliest place where one of them may begin:

- a whole frame with the right check sum is handed on, and reading goes on behind it;
- where nothing begins, or what began is broken, reading goes on at the next place, one byte behind the start at the
  earliest, so that a frame inside the debris is found;
- where a frame may begin but isn't whole yet, everything waits. The caller says when it has waited long enough.

So one port serves both protocols, several frames in a segment, one frame in many, junk between them, stray start bytes,
registration and keep-alive bytes of modems. It never looks twice at a place that is settled, and never holds more than
one frame's worth of bytes.

Source: resynchronisation as SL 651-2014 receivers do it, see docs/protocols/slt427.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from ingest.codecs.sl651.framing import LONGEST_FRAME as LONGEST_SL651
from ingest.codecs.sl651.framing import read_frame as read_sl651
from ingest.codecs.slt427.framing import LONGEST_FRAME as LONGEST_SLT427
from ingest.codecs.slt427.framing import read_frame as read_slt427
from ingest.codecs.span import Junk, NeedMore

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.codecs.span import Reading

__all__ = ["LONGEST_FRAME", "Event", "Received", "SkipKind", "Skipped", "Splitter", "Wire"]

LONGEST_FRAME: Final = max(LONGEST_SL651, LONGEST_SLT427)
"""More bytes than this are never held."""


class Wire(StrEnum):
    """A protocol that can be told from its first bytes; the name is that of its topic."""

    SL651 = "sl651"
    SLT427 = "slt427"


_READERS: Final[dict[Wire, Callable[[bytes | bytearray, int], Reading]]] = {
    Wire.SLT427: read_slt427,
    Wire.SL651: read_sl651,
}

# Reasons of both protocols that anything but a frame gives, too.
_NOTHING_BEGAN: Final = frozenset({"not_a_start", "bad_start", "bad_header"})


class SkipKind(StrEnum):
    """What skipped bytes look like."""

    KEEP_ALIVE = "keep_alive"  # one byte, once or repeated: a modem says that it is there
    REGISTRATION = "registration"  # printable text: a modem says who it is
    BROKEN = "broken"  # began like a frame
    NOISE = "noise"


class Received(NamedTuple):
    """A whole frame whose check sum is right.

    Attributes:
        wire: Its protocol.
        data: From the first start byte to the last byte.
    """

    wire: Wire
    data: bytes


class Skipped(NamedTuple):
    """Bytes that are no frame, as many of them as stand together.

    Attributes:
        data: The bytes.
        kind: What they look like.
        reason: Why the first that began like a frame is none, a word of its protocol's list; None unless broken.
        wire: Its protocol; None unless broken.
    """

    data: bytes
    kind: SkipKind
    reason: str | None = None
    wire: Wire | None = None


Event = Received | Skipped


class Splitter:
    """One connection's bytes as frames.

    Attributes:
        steps: How often a protocol was asked; grows linearly with the bytes fed, whatever they are.
    """

    def __init__(self) -> None:
        self.steps = 0
        self._buffer = bytearray()
        self._places = dict.fromkeys(_READERS, 0)
        self._needed = 0
        self._broken: tuple[Wire, str] | None = None

    @property
    def pending(self) -> int:
        """Bytes held because a frame may have begun; fewer than ``LONGEST_FRAME``."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Event]:
        """Take bytes as they arrive; what they complete, in order."""
        self._buffer += data
        if len(self._buffer) < self._needed:
            return []
        return self._split()

    def timed_out(self) -> list[Event]:
        """Stop waiting for the frame that began first; what that settles, in order.

        A false start may hold back whole frames behind it: they come now.
        """
        if not self._buffer:
            return []
        self._give_up()
        return self._split()

    def closed(self) -> list[Event]:
        """Nothing will follow: settle all that is held."""
        events: list[Event] = []
        while self._buffer:
            events += self.timed_out()
        return events

    def _give_up(self) -> None:
        wire = self._first()
        self._note(wire, "incomplete")
        self._places[wire] += 1

    def _first(self) -> Wire:
        return min(self._places, key=self._places.__getitem__)

    def _note(self, wire: Wire, reason: str) -> None:
        if self._broken is None and reason not in _NOTHING_BEGAN:
            self._broken = wire, reason

    def _split(self) -> list[Event]:
        buffer, places = self._buffer, self._places
        events: list[Event] = []
        settled = 0  # everything before is in events
        self._needed = 0
        while True:
            wire = self._first()
            place = places[wire]
            if place >= len(buffer):
                place = len(buffer)
                break
            self.steps += 1
            found = _READERS[wire](buffer, place)
            if isinstance(found, NeedMore):
                self._needed = place + found.length
                break
            if isinstance(found, Junk):
                self._note(wire, found.reason)
                places[wire] = found.end
                continue
            self._skip(events, settled, place)
            events.append(Received(wire, bytes(buffer[place : found.end])))
            settled = found.end
            for other, start in places.items():
                places[other] = max(start, settled)
        self._skip(events, settled, place)
        del buffer[:place]
        for other, start in places.items():
            places[other] = start - place
        self._needed = max(0, self._needed - place)
        return events

    def _skip(self, events: list[Event], start: int, end: int) -> None:
        if start == end:
            return
        data = bytes(self._buffer[start:end])
        if self._broken is None:
            events.append(Skipped(data, _kind(data)))
        else:
            wire, reason = self._broken
            events.append(Skipped(data, SkipKind.BROKEN, reason, wire))
        self._broken = None


def _kind(data: bytes) -> SkipKind:
    if len(set(data)) == 1 and not 0x20 <= data[0] < 0x7F:  # printable  # noqa: PLR2004  # ASCII
        return SkipKind.KEEP_ALIVE
    if all(0x20 <= byte < 0x7F or byte in b"\r\n\t" for byte in data):  # noqa: PLR2004  # ASCII
        return SkipKind.REGISTRATION
    return SkipKind.NOISE
