"""Bodies of ASCII frames: text to items and back.

::

    0003590101120000ST 5010123456 H TT 2609090800 Z 6.38 VT 12.50
    │   │           │
    │   send time   groups: IDENT SP data SP, the last space included
    serial

Text is Latin-1 on the inside, so that manual reports and pictures in other codings pass unchanged. Words are divided by
one space each; where a station sends more, they are read all the same and written back with one.

Source: SL 651-2014 6.6.3, in the approval drafts; one generated frame (V168) is all that is public.
"""

from __future__ import annotations

import re
from typing import Final

from hydro.errors import DecodeError
from ingest.codecs.sl651.control import CLASSED, Control, Direction, Function
from ingest.codecs.sl651.faults import FrameFault
from ingest.codecs.sl651.frame import Item, Message, Opaque, StationMark, TextElement, TimeMark

__all__ = ["HEADER", "STEP_CODE", "read_body", "write_body"]

HEADER: Final = 16
_HEAD: Final = re.compile(r"[0-9A-F]{4}[0-9]{12}")
_NUMBER: Final = re.compile(r"[-+]?\.?\d.*|M")
_IDENTIFIER: Final = re.compile(r"[A-Za-z]\w*", re.ASCII)
_TO_THE_END: Final = frozenset({"RGZS", "PIC", "DATA"})
_ONE_WORD: Final = re.compile(r"DRP|DRZ[1-8]|ZT")  # hex digits, which may look like an identifier
STEP_CODE: Final = re.compile(r"DR([DHN])(\d\d)")
"""Time step: days, hours or minutes, and how many."""


def read_body(direction: Direction, function: int, end: Control, body: bytes) -> Message:
    """Items of a body, all of it.

    Args:
        direction: Of the frame.
        function: Of the frame. Only functions with elements have groups that are defined for ASCII.
        end: Of the frame.
        body: The text.

    Raises:
        DecodeError: It doesn't begin with a serial number and a time.
    """
    text = body.decode("latin-1")
    if len(text) < HEADER:
        raise DecodeError(FrameFault.SHORT_BODY, f"{len(text)} characters, serial number and time take {HEADER}")
    if not _HEAD.fullmatch(text[:HEADER]):
        raise DecodeError(FrameFault.BAD_BODY, f"{text[:HEADER]!r} is no serial number with a time")
    items: list[Item] = []
    rest = ""
    grouped = function in CLASSED or function in {Function.MANUAL, Function.QUERY_MANUAL}
    if direction is Direction.UP and grouped and end is not Control.ENQ:
        rest = _groups(text, items)
    elif len(text) > HEADER:
        items.append(Opaque(body[HEADER:]))
    return Message(serial=int(text[:4], 16), sent=text[4:HEADER], items=tuple(items), rest=rest.encode("latin-1"))


def _groups(text: str, items: list[Item]) -> str:
    """Append the groups; what can't be read."""
    words = _words(text)
    at = 0
    while at < len(words):
        start, behind, name = words[at]
        if name in _TO_THE_END:
            items.append(TextElement(name, (text[behind:],)))
            return ""
        if not _IDENTIFIER.fullmatch(name):
            return text[start:]
        count = _data_words(words, at + 1, name)
        items.append(_item(name, tuple(word for _, _, word in words[at + 1 : at + 1 + count])))
        at += 1 + count
    # A word without a space behind it may be cut off, and a number without its last digits is another number.
    return text[max(text.rfind(" ") + 1, HEADER) :]


_Word = tuple[int, int, str]


def _words(text: str) -> list[_Word]:
    """Where each word begins, where the space behind it ends, and the word."""
    found, at = [], HEADER
    while (space := text.find(" ", at)) >= 0:
        if space > at:
            found.append((at, space + 1, text[at:space]))
        at = space + 1
    return found


def _data_words(words: list[_Word], at: int, name: str) -> int:
    """How many words from ``at`` belong to an identifier."""
    left = len(words) - at
    if name == "ST":
        # The class is a letter that no number follows; otherwise that letter is an element of its own.
        number_follows = left > 2 and bool(_NUMBER.fullmatch(words[at + 2][2]))  # noqa: PLR2004  # address, letter, number
        return min(left, 2 if left > 1 and len(words[at + 1][2]) == 1 and not number_follows else 1)
    if name == "TT" or _ONE_WORD.fullmatch(name):
        return min(left, 1)
    count = 0
    while count < left and _NUMBER.fullmatch(words[at + count][2]):
        count += 1
    return count


def _item(name: str, data: tuple[str, ...]) -> Item:
    match name, data:
        case "ST", (address,):
            return StationMark(address)
        case "ST", (address, letter):
            return StationMark(address, letter)
        case "TT", (time,):
            return TimeMark(time)
        case _:
            return TextElement(name, data)


def write_body(message: Message) -> bytes:
    """Bytes of a body.

    Raises:
        ValueError: A number out of range, an item of HEX frames, text outside Latin-1.
    """
    if not 0 <= message.serial <= 0xFFFF:  # noqa: PLR2004  # four hex digits
        raise ValueError(f"serial number {message.serial}")
    head = f"{message.serial:04X}{message.sent}"
    return head.encode("latin-1") + b"".join(map(_written, message.items)) + message.rest


def _written(item: Item) -> bytes:
    words: tuple[str, ...]
    match item:
        case StationMark(address=address, station_class=letter):
            words = ("ST", address, letter) if letter else ("ST", address)
        case TimeMark(time=time):
            words = ("TT", time)
        case TextElement(code=code, data=data):
            if code in _TO_THE_END:
                return f"{code} {''.join(data)}".encode("latin-1")
            words = (code, *data)
        case Opaque(data=raw):
            return raw
        case _:
            raise ValueError(f"{type(item).__name__}: an item of HEX frames in an ASCII frame")
    return "".join(f"{word} " for word in words).encode("latin-1")
