"""What a frame says, as frozen values.

A body is a sequence of items in the order of the wire: marks (whose station, which time) and what they govern. Items
keep their bytes as sent, numbers are read from them by ``content``; so whatever was accepted is written back byte for
byte, with definition bytes that no table has, fills of AA and elements that nobody knows.
"""

from __future__ import annotations

from msgspec import Struct

from ingest.codecs.sl651.control import Coding, Control, Direction

__all__ = [
    "Body",
    "Counters",
    "Element",
    "Frame",
    "Gates",
    "Item",
    "Message",
    "Opaque",
    "Packet",
    "Period",
    "Quota",
    "Slice",
    "StationMark",
    "Switches",
    "TextElement",
    "TimeMark",
    "Version",
    "Wanted",
]


class StationMark(Struct, frozen=True, gc=False):
    """Whose data follow.

    Attributes:
        address: Ten upper-case hex digits.
        station_class: One letter, ``H`` for a river; None where the function has none or the station left it out.
    """

    address: str
    station_class: str | None = None


class TimeMark(Struct, frozen=True, gc=False):
    """When what follows was observed: YYMMDDHHmm as sent, which may be no time at all."""

    time: str


class Element(Struct, frozen=True, gc=False):
    """An element or a parameter.

    Attributes:
        tag: Identifier as hex digits: two, or four beginning with FF.
        definition: The byte behind it.
        data: As sent; several values where a time step governs the element.
    """

    tag: str
    definition: int
    data: bytes = b""


class TextElement(Struct, frozen=True, gc=False):
    """An element of an ASCII frame.

    Attributes:
        code: Identifier; with its digits where it is a time step (``DRN05``).
        data: What stands behind it, word by word; the one word of ``RGZS``, ``PIC`` and ``DATA`` may hold spaces.
    """

    code: str
    data: tuple[str, ...] = ()


class Wanted(Struct, frozen=True, gc=False):
    """An element or parameter that the centre asks for."""

    tag: str
    definition: int


class Period(Struct, frozen=True, gc=False):
    """From when to when the centre asks: YYMMDDHH."""

    start: str
    end: str


class Version(Struct, frozen=True, gc=False):
    """Text of a software version."""

    text: bytes


class Counters(Struct, frozen=True, gc=False):
    """The 32 event counters of function 50H, in the order of :data:`ingest.codecs.sl651.parameters.COUNTERS`."""

    counts: tuple[int, ...]


class Switches(Struct, frozen=True, gc=False):
    """States of pumps (4CH) or valves (4DH): bits, 1 is on or open; the count byte before them is their length."""

    bits: bytes


class Gates(Struct, frozen=True, gc=False):
    """States of gates (4EH).

    Attributes:
        bits: One bit a gate, 1 is open, in as many bytes as that takes.
        openings: Centimetres, four digits a gate as sent.
    """

    bits: bytes
    openings: tuple[str, ...]


class Quota(Struct, frozen=True, gc=False):
    """Whether the quota is in force (4FH)."""

    in_force: bool


class Opaque(Struct, frozen=True, gc=False):
    """Bytes of which nothing is defined, or that are not what the function demands."""

    data: bytes


Item = (
    StationMark
    | TimeMark
    | Element
    | TextElement
    | Wanted
    | Period
    | Version
    | Counters
    | Switches
    | Gates
    | Quota
    | Opaque
)


class Message(Struct, frozen=True, gc=False):
    """A body that begins with its serial number.

    Attributes:
        serial: 0 to 65535; 0 where the centre begins.
        sent: YYMMDDHHmmSS as sent.
        items: What follows, in the order of the wire.
        rest: The end of the body where it can't be read: an element that is cut off.
    """

    serial: int
    sent: str
    items: tuple[Item, ...] = ()
    rest: bytes = b""


class Slice(Struct, frozen=True, gc=False):
    """A later piece of a body that was cut into packets."""

    data: bytes


Body = Message | Slice


class Packet(Struct, frozen=True, gc=False):
    """Place in a set of packets (mode M3), counted from 1."""

    total: int
    number: int


class Frame(Struct, frozen=True, gc=False):
    """One frame.

    Attributes:
        coding: How it is written.
        direction: Who speaks.
        centre: Centre address, 0 to 255.
        station: Ten upper-case hex digits.
        password: Four upper-case hex digits.
        function: See :class:`ingest.codecs.sl651.control.Function`; any byte.
        packet: None for a single packet.
        end: Last control character.
        body: What it says.
    """

    coding: Coding
    direction: Direction
    centre: int
    station: str
    password: str
    function: int
    packet: Packet | None
    end: Control
    body: Body
