"""Bodies of HEX/BCD frames: bytes to items and back.

::

    serial  time    F1F1 address class   F0F0 time   id def data   id def data …   F0F0 time   id def data …
    2       6 BCD   2    5       1       2    5      1+ 1   n

Which of these a function has: ``_PARSERS`` below. What can't be read never spoils what came before it: an element that
is cut off by the end of the body becomes the ``rest`` of the message.

Source: SL 651-2014 6.6 and annexes B, C, D, in the approval drafts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.errors import DecodeError
from ingest.codecs.sl651.control import CLASSED, UNIFORM, Control, Direction, Function
from ingest.codecs.sl651.elements import OBSERVED, SLOT_GROUPS, STAGE_SLOTS, STATION, STEP, TO_THE_END
from ingest.codecs.sl651.faults import FrameFault
from ingest.codecs.sl651.frame import (
    Counters,
    Element,
    Gates,
    Item,
    Message,
    Opaque,
    Period,
    Quota,
    StationMark,
    Switches,
    TextElement,
    TimeMark,
    Version,
    Wanted,
)
from ingest.codecs.sl651.number import width_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HEADER", "read_body", "write_body", "write_item"]

HEADER: Final = 8  # serial number and send time
_ADDRESS: Final = 5
_TIME: Final = 5
_USER: Final = 0xFF  # first byte of a user-defined identifier of two bytes
_STEP_DEFINITION: Final = 0x18
_RELAYS: Final = "0E"  # basic parameter whose definition byte is a plain count of bytes
_COUNTERS: Final = 64


def read_body(direction: Direction, function: int, end: Control, body: bytes) -> Message:
    """Items of a body, all of it.

    Raises:
        DecodeError: Too short for serial number and time.
    """
    if len(body) < HEADER:
        raise DecodeError(FrameFault.SHORT_BODY, f"{len(body)} bytes, serial number and time take {HEADER}")
    items: list[Item] = []
    up = direction is Direction.UP
    stopped = _uplink(function, body, items) if up else _downlink(function, end, body, items)
    return Message(
        serial=int.from_bytes(body[:2], "big"),
        sent=body[2:HEADER].hex().upper(),
        items=tuple(items),
        rest=body[stopped:],
    )


def _uplink(function: int, body: bytes, items: list[Item]) -> int:
    if function in CLASSED or function in {Function.MANUAL, Function.QUERY_MANUAL}:
        return _elements(body, HEADER, items, classed=function in CLASSED, uniform=function in UNIFORM)
    if function in _PARAMETERS:
        start = _station(body, HEADER, items)
        return _parameters(body, start, items, basic=function in _BASIC)
    if function in {Function.STATUS, Function.IC_CARD}:
        return _elements(body, HEADER, items, classed=False, uniform=False)
    if Function.PUMP_MOTOR < function <= Function.CLOCK:
        return _tail(function, body, _station(body, HEADER, items), items)
    return _opaque(body, HEADER, items)


def _downlink(function: int, end: Control, body: bytes, items: list[Item]) -> int:
    match function:
        case _ if end is not Control.ENQ:
            return _opaque(body, HEADER, items)
        case Function.PERIOD:
            return _period(body, items)
        case Function.QUERY_ELEMENTS | Function.READ_BASIC | Function.READ_RUNNING:
            return _wanted(body, HEADER, items)
        case Function.IC_CARD:
            return _elements(body, HEADER, items, classed=False, uniform=False)
        case _ if function in _SET:
            return _parameters(body, HEADER, items, basic=function in _BASIC)
        case _:
            return _tail(function, body, HEADER, items)


_BASIC: Final = frozenset({Function.SET_BASIC, Function.READ_BASIC})
_PARAMETERS: Final = _BASIC | {Function.SET_RUNNING, Function.READ_RUNNING, Function.PASSWORD}
_SET: Final = _PARAMETERS | {Function.INITIALISE_STORAGE, Function.FACTORY_RESET}


def _station(body: bytes, start: int, items: list[Item]) -> int:
    """Append the mark of the station if one stands at ``start``; where it ends."""
    end = start + 2 + _ADDRESS
    if body[start : start + 2] != bytes((STATION, STATION)) or end > len(body):
        return start
    items.append(StationMark(body[start + 2 : end].hex().upper()))
    return end


def _elements(body: bytes, start: int, items: list[Item], *, classed: bool, uniform: bool) -> int:
    """Append marks and elements from ``start``; where reading stopped."""
    at, size = start, len(body)
    stepped = False  # a time step governs the next element
    while at + 1 < size:
        first, second = body[at], body[at + 1]
        if first == second == STATION:
            end = at + 2 + _ADDRESS
            # A class is one letter; a station that leaves it out goes on with F0F0.
            has_class = classed and end < size and body[end : end + 2] != bytes((OBSERVED, OBSERVED))
            if end > size:
                break
            items.append(StationMark(body[at + 2 : end].hex().upper(), chr(body[end]) if has_class else None))
            at = end + has_class
            continue
        if first == second == OBSERVED:
            end = at + 2 + _TIME
            if end > size:
                break
            items.append(TimeMark(body[at + 2 : end].hex().upper()))
            at = end
            continue
        header, width = _extent(body, at)
        of_a_step = uniform and stepped
        if of_a_step:
            width = _uniform_extent(body, at + header, width, slots=first in SLOT_GROUPS)
        if at + header + width > size:
            break
        tag = body[at : at + header - 1].hex().upper()
        items.append(Element(tag, body[at + header - 1], body[at + header : at + header + width]))
        stepped = first == STEP and second == _STEP_DEFINITION
        at += header + width
        if of_a_step and first not in SLOT_GROUPS and body[at : at + 2] not in _MARKS:
            break  # nothing but a mark may follow: what stands here is a value that is cut off
    return at


def _extent(body: bytes, at: int) -> tuple[int, int]:
    """Bytes of identifier with definition, and of data, of the element at ``at``."""
    first, second = body[at], body[at + 1]
    if TO_THE_END.get(first) == second:
        return 2, len(body) - at - 2
    if first in SLOT_GROUPS:
        return 2, SLOT_GROUPS[first][0]
    if first == _USER:
        return 3, width_of(body[at + 2]) if at + 2 < len(body) else 0
    return 2, width_of(second)


def _uniform_extent(body: bytes, start: int, width: int, *, slots: bool) -> int:
    """Bytes of all the values behind one identifier.

    Packed digits go on to the next mark or to the end: no value begins with F0F0 or F1F1. Slots of one byte may hold
    these, so they go on to the end if that makes whole hours and no other group stands behind the first.
    """
    remaining = len(body) - start
    if not width or remaining < width:
        return width
    if slots:
        behind = body[start + width : start + width + 2]
        other = len(behind) > 1 and behind[0] in STAGE_SLOTS and behind[1] in _SLOT_DEFINITIONS
        return width if remaining % width or other else remaining
    end = start
    while len(body) - end >= width and body[end : end + 2] not in _MARKS:
        end += width
    return end - start


_SLOT_DEFINITIONS: Final = frozenset({0xC0, 0x5C})  # what the standard and one province's rules write behind F5
_MARKS: Final = frozenset({bytes((OBSERVED, OBSERVED)), bytes((STATION, STATION))})


def _parameters(body: bytes, start: int, items: list[Item], *, basic: bool) -> int:
    at, size = start, len(body)
    while at + 1 < size:
        header = 3 if body[at] == _USER else 2
        if at + header > size:
            break
        tag = body[at : at + header - 1].hex().upper()
        definition = body[at + header - 1]
        width = definition if basic and tag == _RELAYS else width_of(definition)
        if at + header + width > size:
            break
        items.append(Element(tag, definition, body[at + header : at + header + width]))
        at += header + width
    return at


def _wanted(body: bytes, start: int, items: list[Item]) -> int:
    at, size = start, len(body)
    while at + 1 < size:
        header = 3 if body[at] == _USER else 2
        if at + header > size:
            break
        items.append(Wanted(body[at : at + header - 1].hex().upper(), body[at + header - 1]))
        at += header
    return at


def _period(body: bytes, items: list[Item]) -> int:
    at = HEADER + 8
    if len(body) < at:
        return _opaque(body, HEADER, items)
    items.append(Period(body[HEADER : HEADER + 4].hex().upper(), body[HEADER + 4 : at].hex().upper()))
    if body[at : at + 2] == bytes((STEP, _STEP_DEFINITION)) and len(body) >= at + 5:
        items.append(Element("04", _STEP_DEFINITION, body[at + 2 : at + 5]))
        at += 5
    return _wanted(body, at, items)


def _opaque(body: bytes, start: int, items: list[Item]) -> int:
    if start < len(body):
        items.append(Opaque(body[start:]))
    return len(body)


def _tail(function: int, body: bytes, start: int, items: list[Item]) -> int:
    """Append what a function has that is neither element nor parameter; as it stands where it isn't that."""
    tail = body[start:]
    parser = _PARSERS.get(function)
    item = parser(tail) if parser and tail else None
    if item is None:
        return _opaque(body, start, items)
    items.append(item)
    return len(body)


def _version(tail: bytes) -> Item | None:
    return Version(tail[1:]) if tail[0] == len(tail) - 1 else None


def _switches(tail: bytes) -> Item | None:
    return Switches(tail[1:]) if tail[0] == len(tail) - 1 else None


def _gates(tail: bytes) -> Item | None:
    count = tail[0]
    openings = 1 + (count + 7) // 8
    if len(tail) != openings + 2 * count:
        return None
    digits = tail[openings:].hex().upper()
    return Gates(tail[1:openings], tuple(digits[at : at + 4] for at in range(0, len(digits), 4)))


def _quota(tail: bytes) -> Item | None:
    return Quota(tail == b"\xff") if tail in {b"\xff", b"\x00"} else None


def _counters(tail: bytes) -> Item | None:
    if len(tail) != _COUNTERS:
        return None
    return Counters(tuple(int.from_bytes(tail[at : at + 2], "big") for at in range(0, _COUNTERS, 2)))


_PARSERS: Final[dict[int, Callable[[bytes], Item | None]]] = {
    Function.SOFTWARE_VERSION: _version,
    Function.PUMP_CONTROL: _switches,
    Function.VALVE_CONTROL: _switches,
    Function.GATE_CONTROL: _gates,
    Function.QUOTA_CONTROL: _quota,
    Function.EVENT_COUNTERS: _counters,
}


def write_body(message: Message) -> bytes:
    """Bytes of a body.

    Raises:
        ValueError: A number out of range, digits that are none, an item of ASCII frames.
    """
    head = message.serial.to_bytes(2, "big") + _packed(message.sent, HEADER - 2)
    return b"".join((head, *map(write_item, message.items), message.rest))


def _packed(digits: str, size: int) -> bytes:
    data = bytes.fromhex(digits)
    if len(data) != size or len(digits) != 2 * size:
        raise ValueError(f"{digits!r} is not {2 * size} hex digits")
    return data


def write_item(item: Item) -> bytes:  # noqa: C901, PLR0911  # one line an item
    """Bytes of an item."""
    match item:
        case Element(tag=tag, definition=definition, data=data):
            return bytes.fromhex(tag) + bytes((definition,)) + data
        case TimeMark(time=time):
            return bytes((OBSERVED, OBSERVED)) + _packed(time, _TIME)
        case StationMark(address=address, station_class=letter):
            return bytes((STATION, STATION)) + _packed(address, _ADDRESS) + (letter or "").encode("latin-1")
        case Wanted(tag=tag, definition=definition):
            return bytes.fromhex(tag) + bytes((definition,))
        case Period(start=start, end=end):
            return _packed(start, 4) + _packed(end, 4)
        case Version(text=text):
            return bytes((len(text),)) + text
        case Switches(bits=bits):
            return bytes((len(bits),)) + bits
        case Gates(bits=bits, openings=openings):
            return bytes((len(openings),)) + bits + b"".join(_packed(opening, 2) for opening in openings)
        case Quota(in_force=in_force):
            return b"\xff" if in_force else b"\x00"
        case Counters(counts=counts):
            return b"".join(count.to_bytes(2, "big") for count in counts)
        case Opaque(data=data):
            return data
        case TextElement(code=code):
            raise ValueError(f"{code}: an element of ASCII frames in a HEX frame")
