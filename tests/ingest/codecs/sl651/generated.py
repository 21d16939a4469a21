"""Frames as hypothesis makes them: what a station may send, and what none should."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from ingest.codecs.sl651.compose import slots, time_step
from ingest.codecs.sl651.control import CLASSED, ENDS, UNIFORM, Coding, Control, Direction, Function
from ingest.codecs.sl651.elements import ELEMENTS
from ingest.codecs.sl651.frame import Element, Frame, Item, Message, Opaque, StationMark, TextElement, TimeMark
from ingest.codecs.sl651.number import defined, width_of
from tests.ingest.codecs.sl651.vectors import GOOD, summed

__all__ = ["HEX_DIGITS", "ascii_frames", "bodies", "hex_frames", "mutated", "reports"]

HEX_DIGITS: Final = "0123456789ABCDEF"
_NUMBERS: Final = [tag for tag, row in ELEMENTS.items() if row.digits and tag != "04" and int(tag, 16) < 0xF0]
_UNKNOWN: Final = ["76", "79", "7A", "90", "C1", "00", "EF", "FF09", "FF92", "FFFF", "FE"]

_minutes = st.datetimes().map(lambda moment: moment.strftime("%y%m%d%H%M"))
_addresses = st.sampled_from(["0011223344", "40590235C2", "00418D2337", "1090330853"])


def _data(width: int) -> st.SearchStrategy[bytes]:
    """Data of an element: mostly digits, now and then a sign, a fill or rubbish."""
    if not width:
        return st.just(b"")
    digits = st.text("0123456789", min_size=2 * width, max_size=2 * width).map(bytes.fromhex)
    fills = st.sampled_from([b"\xff" * width, b"\xaa" * width, b"\x00" * width])
    negative = digits.map(lambda data: b"\xff" + data[1:])
    return st.one_of(digits, digits, digits, fills, negative, st.binary(min_size=width, max_size=width))


@st.composite
def _elements(draw: st.DrawFn) -> Element:
    tag = draw(st.sampled_from(_NUMBERS) | st.sampled_from(_UNKNOWN))
    row = ELEMENTS.get(tag)
    usual = st.just(row.definition) if row else st.nothing()
    other = st.builds(defined, st.integers(0, 8), st.integers(0, 7))
    definition = draw(usual | other)
    return Element(tag, definition, draw(_data(width_of(definition))))


_rain = st.lists(st.none() | st.integers(0, 254), min_size=12, max_size=12).map(lambda counts: slots("F4", counts))
_stages = st.builds(
    slots,
    st.sampled_from(["F5", "F5", "F6", "FC"]),
    st.lists(st.none() | st.integers(0, 65_534), min_size=12, max_size=12),
)
_words = st.binary(min_size=4, max_size=4).map(lambda data: Element("45", 0x20, data))


@st.composite
def _time_marks(draw: st.DrawFn, sent: str) -> TimeMark:
    """A time; often one that belongs to an hourly report."""
    hour = sent[:8]
    near = st.sampled_from([hour + minute for minute in ("00", "05", "30", "55")])
    return TimeMark(draw(near | _minutes | st.text(HEX_DIGITS, min_size=10, max_size=10)))


@st.composite
def _items(draw: st.DrawFn, function: int, address: str, sent: str) -> tuple[Item, ...]:
    items: list[Item] = [StationMark(address, draw(st.sampled_from("PHKZDTMGQIO")))]
    for _ in range(draw(st.integers(1, 3))):
        items.append(draw(_time_marks(sent)))
        if function in UNIFORM:
            tag = draw(st.sampled_from(["39", "27", "22", "76"]))
            definition = ELEMENTS[tag].definition if tag in ELEMENTS else 0x19
            values = draw(st.lists(st.integers(0, 99_999), min_size=1, max_size=20))
            data = b"".join(bytes.fromhex(f"{value:0{2 * width_of(definition)}d}") for value in values)
            items += (time_step(draw(st.sampled_from([5, 60, 1440]))), Element(tag, definition, data))
            break
        items += draw(st.lists(_elements() | _elements() | _rain | _stages | _words, max_size=5))
    if draw(st.booleans()) and function not in UNIFORM and draw(st.booleans()):
        items.append(Element("F2", 0xF2, draw(st.binary(max_size=20))))
    return tuple(items)


@st.composite
def reports(draw: st.DrawFn) -> Frame:
    """A report as a station may send it, with values good and bad."""
    function = draw(st.sampled_from(sorted(CLASSED)) | st.sampled_from([Function.SCHEDULED, Function.HOURLY]))
    address = draw(_addresses)
    sent = draw(st.datetimes().map(lambda moment: moment.strftime("%y%m%d%H%M%S")))
    inside = draw(st.just(address) | st.just(address) | _addresses)
    body = Message(draw(st.integers(0, 0xFFFF)), sent, draw(_items(function, inside, sent)))
    end = draw(st.sampled_from([Control.ETX, Control.ETB]))
    return Frame(Coding.HEX, Direction.UP, 1, address, "1234", function, None, end, body)


bodies = st.binary(min_size=8, max_size=120)
"""What stands between the start of the text and the end character, of no meaning."""


@st.composite
def hex_frames(draw: st.DrawFn) -> bytes:
    """A frame with a right check sum and a body of no meaning."""
    body = draw(bodies)
    head = draw(st.binary(min_size=8, max_size=8)) + bytes((draw(st.integers(0, 0xFF)),))
    function = draw(st.sampled_from(sorted(Function)) | st.integers(0, 0xFF))
    direction = draw(st.sampled_from([0x00, 0x80]))
    start = draw(st.sampled_from([Control.STX, Control.STX, Control.SYN]))
    end = draw(st.sampled_from(sorted(ENDS)))
    head = head[:8] + bytes((function,))
    return summed(b"~~" + head + bytes((direction, len(body), start)) + body + bytes((end,)))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real frame of which some bytes of the body are others, with the check sum of that."""
    vector = draw(st.sampled_from([vector for vector in GOOD if len(vector.data) < 200]))
    data = bytearray(vector.data[:-2])
    for _ in range(draw(st.integers(0, 3))):
        data[draw(st.integers(14, len(data) - 2))] = draw(st.integers(0, 0xFF))
    return summed(bytes(data))


_words_of_text = st.sampled_from(["6.38", "-0.5", "M", "12", "0.000"])
_text_elements = st.builds(
    TextElement,
    st.sampled_from(["Z", "VT", "Q", "PJ", "M10", "XX"]),
    st.lists(_words_of_text, min_size=1, max_size=1).map(tuple),
)


@st.composite
def ascii_frames(draw: st.DrawFn) -> Frame:
    """A report in ASCII."""
    items: list[Item] = [StationMark("5010123456", "H"), TimeMark(draw(_minutes))]
    items += draw(st.lists(_text_elements, max_size=5))
    if draw(st.booleans()):
        items.append(TextElement("RGZS", (draw(st.text(st.characters(max_codepoint=0xFF), max_size=30)),)))
    sent = draw(st.datetimes().map(lambda moment: moment.strftime("%y%m%d%H%M%S")))
    function = draw(st.sampled_from([Function.SCHEDULED, Function.HOURLY, Function.SOFTWARE_VERSION]))
    if function is Function.SOFTWARE_VERSION:
        items = [Opaque(b"V1.2")]
    body = Message(draw(st.integers(0, 0xFFFF)), sent, tuple(items))
    return Frame(Coding.ASCII, Direction.UP, 1, "5010123456", "1234", function, None, Control.ETX, body)
