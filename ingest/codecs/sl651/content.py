"""What the items of a message mean: groups of elements with their station, class and time, and their numbers.

Every element belongs to the latest observation time before it. A second station begins anew: no time is carried over
to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ingest.codecs.sl651.ascii_body import STEP_CODE
from ingest.codecs.sl651.control import CLASSED, Function
from ingest.codecs.sl651.elements import (
    BULK,
    BY_CODE,
    ELEMENTS,
    MANUAL,
    PICTURE,
    RAIN_SLOTS,
    SLOT_GROUPS,
    STATUS,
    STEP,
    TO_THE_END,
    ElementRow,
)
from ingest.codecs.sl651.faults import ElementFault
from ingest.codecs.sl651.frame import Element, Frame, Item, Message, StationMark, TextElement, TimeMark
from ingest.codecs.sl651.number import Value, decimals_of, read_bcd, read_text, width_of
from ingest.codecs.sl651.parameters import is_running
from ingest.codecs.sl651.wiretime import instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "SLOTS",
    "Blob",
    "Entry",
    "Fault",
    "Group",
    "Numbers",
    "Step",
    "Word",
    "faults",
    "groups",
    "numbers",
    "sent_at",
    "word",
]

SLOTS: Final = 12
_NO_RAIN: Final = 0xFF
_NO_STAGE: Final = 0xFFFF


class Numbers(NamedTuple):
    """Values of one element.

    Attributes:
        values: Counts of the last decimal, None where missing, or why one can't be read.
        decimals: Digits behind the decimal point.
    """

    values: tuple[Value, ...]
    decimals: int


class Step(NamedTuple):
    """A time step."""

    days: int
    hours: int
    minutes: int

    @property
    def in_minutes(self) -> int:
        """Its length; 0 announces a group of one hour."""
        return (self.days * 24 + self.hours) * 60 + self.minutes


class Word(NamedTuple):
    """A status word: 32 bits, bit 0 the least significant."""

    bits: int


class Blob(NamedTuple):
    """Text, a picture or velocities, as sent."""

    data: bytes


Content = Numbers | Step | Word | Blob | ElementFault


class Entry(NamedTuple):
    """One element of a group.

    Attributes:
        tag: Identifier as hex digits; the letters of an ASCII frame where the table doesn't know them.
        row: From the table, if it is there.
        content: What it says.
        step: The time step that governs it, if any.
    """

    tag: str
    row: ElementRow | None
    content: Content
    step: Step | None = None


class Group(NamedTuple):
    """Elements of one station at one time.

    Attributes:
        station: Ten hex digits; None where the body names none.
        station_class: One letter, or None.
        time: YYMMDDHHmm as sent; None where none was given.
        entries: In the order of the wire.
    """

    station: str | None
    station_class: str | None
    time: str | None
    entries: list[Entry]


class Fault(NamedTuple):
    """Something wrong in a frame whose check sum is right.

    Attributes:
        place: Identifier, ``send time``, ``observation time`` or ``end of body``.
        reason: Of the closed list.
        detail: What stands there.
    """

    place: str
    reason: ElementFault
    detail: str


def groups(message: Message) -> Iterator[Group]:
    """Elements with what governs them; groups without elements are left out."""
    group = Group(None, None, None, [])
    for found in _governed(message.items):
        if isinstance(found, Entry):
            group.entries.append(found)
            continue
        if group.entries:
            yield group
        if isinstance(found, StationMark):
            group = Group(found.address, found.station_class, None, [])
        else:
            group = group._replace(time=found.time, entries=[])
    if group.entries:
        yield group


def _governed(items: Sequence[Item]) -> Iterator[StationMark | TimeMark | Entry]:
    """Marks and elements; a time step governs the element behind it, in ASCII frames all that are listed behind it."""
    step: Step | None = None
    listed: list[str] = []
    for item in items:
        if isinstance(item, StationMark | TimeMark):
            yield item
        elif isinstance(item, Element):
            found = content(item)
            yield Entry(item.tag, ELEMENTS.get(item.tag), found, step)
            step = found if isinstance(found, Step) else None
        elif isinstance(item, TextElement):
            announced = _text_step(item.code)
            if announced:
                step = announced
                yield Entry("04", ELEMENTS["04"], step)
            elif step and not item.data:
                listed.append(item.code)
            else:
                # Row by row: all elements of the first time, then all of the second.
                columns = [*listed, item.code]
                for number, code in enumerate(columns):
                    yield _text_entry(code, item.data[number :: len(columns)], step)
                step, listed = None, []
    for code in listed:
        yield _text_entry(code, (), step)


def content(element: Element) -> Content:
    """What an element says."""
    tag, data = element.tag, element.data
    identifier = int(tag, 16)
    if identifier == STEP and element.definition == 0x18:  # noqa: PLR2004  # three bytes without decimals
        return Step(*(int(f"{byte:02x}") for byte in data)) if data.hex().isdecimal() else ElementFault.BAD_BCD
    if identifier == STATUS and len(data) == 4:  # noqa: PLR2004  # 32 bits
        return Word(int.from_bytes(data, "big"))
    if TO_THE_END.get(identifier) == element.definition:
        return Blob(data)
    return numbers(element)


def numbers(element: Element) -> Numbers:
    """Values of an element that is a number, or slots."""
    identifier, data = int(element.tag, 16), element.data
    if identifier == RAIN_SLOTS:
        return Numbers(tuple(None if byte == _NO_RAIN else byte for byte in data), 1)
    if identifier in SLOT_GROUPS:
        pairs = (int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
        return Numbers(tuple(None if pair == _NO_STAGE else pair for pair in pairs), 2)
    width = width_of(element.definition) or 1
    values = tuple(read_bcd(data[at : at + width]) for at in range(0, len(data), width)) or (ElementFault.NO_DATA,)
    return Numbers(values, decimals_of(element.definition))


def _text_step(code: str) -> Step | None:
    found = STEP_CODE.fullmatch(code)
    if not found:
        return None
    count = int(found[2])
    return Step(*(count if letter == found[1] else 0 for letter in "DHN"))


def _text_entry(code: str, data: Sequence[str], step: Step | None) -> Entry:
    row = BY_CODE.get(code)
    return Entry(row.tag if row else code, row, _text_content(code, data), step)


def _text_content(code: str, data: Sequence[str]) -> Content:
    row = BY_CODE.get(code)
    identifier = int(row.tag, 16) if row else 0
    if identifier in {MANUAL, PICTURE, BULK}:
        return Blob("".join(data).encode("latin-1"))
    if identifier == STATUS or identifier in SLOT_GROUPS:
        try:
            raw = bytes.fromhex("".join(data))
        except ValueError:
            return ElementFault.BAD_NUMBER
        if identifier == STATUS:
            return word(raw)
        if len(raw) != SLOT_GROUPS[identifier][0]:
            return ElementFault.BAD_NUMBER
        return numbers(Element(f"{identifier:02X}", SLOT_GROUPS[identifier][1], raw))
    read = [read_text(text) for text in data]
    decimals = max((number for _, number in read), default=0)
    values = tuple(value * 10 ** (decimals - own) if type(value) is int else value for value, own in read)
    return Numbers(values or (ElementFault.NO_DATA,), decimals)


def sent_at(frame: Frame, zone_minutes: int) -> int | None:
    """When a frame was sent by its sender's clock, epoch milliseconds; None in a later packet or where it shows none.

    Less the time of arrival this is how far the station's clock is off, give or take the way.
    """
    return instant(frame.body.sent, zone_minutes) if isinstance(frame.body, Message) else None


def word(data: bytes) -> Word | ElementFault:
    """A status word of four bytes."""
    return Word(int.from_bytes(data, "big")) if len(data) == 4 else ElementFault.BAD_NUMBER  # noqa: PLR2004  # 32 bits


def faults(frame: Frame) -> Iterator[Fault]:
    """All that is wrong in a frame whose check sum is right."""
    message = frame.body
    if not isinstance(message, Message):
        return
    if instant(message.sent, 0) is None:
        yield Fault("send time", ElementFault.BAD_TIME, message.sent)
    for item in message.items:
        if isinstance(item, TimeMark) and instant(item.time, 0) is None:
            yield Fault("observation time", ElementFault.BAD_TIME, item.time)
    if is_running(frame.function):
        yield from _parameter_faults(message)
    elif frame.function in _ELEMENTS:
        for group in groups(message):
            for entry in group.entries:
                yield from _entry_faults(entry)
    if message.rest and not (frame.packet and frame.packet.total > 1):  # a set of packets is cut on purpose
        yield Fault("end of body", ElementFault.CUT_OFF, message.rest[:20].hex().upper())


_ELEMENTS: Final = CLASSED | {Function.MANUAL, Function.QUERY_MANUAL, Function.STATUS, Function.IC_CARD}


def _entry_faults(entry: Entry) -> Iterator[Fault]:
    if isinstance(entry.content, ElementFault):
        yield Fault(entry.tag, entry.content, "")
    elif isinstance(entry.content, Numbers):
        for number, value in enumerate(entry.content.values, 1):
            if isinstance(value, ElementFault):
                yield Fault(entry.tag, value, f"value {number}")


def _parameter_faults(message: Message) -> Iterator[Fault]:
    for item in message.items:
        if isinstance(item, Element) and item.data:
            value = read_bcd(item.data)
            if isinstance(value, ElementFault):
                yield Fault(item.tag, value, item.data.hex().upper())
