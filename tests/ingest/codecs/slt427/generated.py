"""Frames made of values, for property tests."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from ingest.codecs.slt427.frame import Frame
from ingest.codecs.slt427.framing import wrap
from ingest.codecs.slt427.header import Address, Control, DataType, Direction, Profile
from ingest.codecs.slt427.label import LABEL_SIZES, TimeLabel
from ingest.codecs.slt427.numbers import Bcd, FlowBcd, Number, Sign, State, Wind, WindBcd
from ingest.codecs.slt427.parts import RainSpan, RainSpanPart, Record
from ingest.codecs.slt427.reports import Content, layout

__all__ = ["REPEATING", "odd_reports", "reports"]

BEIJING: Final = 480
REPEATING: Final = frozenset(
    {
        DataType.STAGE,
        DataType.FLOW,
        DataType.VELOCITY,
        DataType.GATE,
        DataType.POWER,
        DataType.WATER_TEMPERATURE,
        DataType.SOIL,
        DataType.EVAPORATION,
        DataType.WATER_PRESSURE,
    }
)
"""Data types of which both profiles allow several instruments."""

_TYPES: Final = sorted(set(DataType) - {DataType.CONFIRM, DataType.QUALITY, DataType.ALARM})
_FIRST: Final = 1_577_836_800_000  # 2020-01-01
_LAST: Final = 3_155_760_000_000  # 2070-01-01


def _number(part: Bcd) -> st.SearchStrategy[Number]:
    room = 2 * part.size - (part.sign is not Sign.NONE)
    most = 10**room - 1
    least = -most if part.sign in (Sign.HALF_BYTE, Sign.TOP_BIT) else 0
    good = st.integers(least, most).map(lambda digits: Number(digits, part.decimals, part.unit))
    return good | st.just(Number(0, part.decimals, part.unit, State.MISSING))


def _flow() -> st.SearchStrategy[Number]:
    numbers = st.tuples(st.integers(-999_999_999, 999_999_999), st.sampled_from(["m3/s", "m3/h"]))
    return numbers.map(lambda number: Number(number[0], 3, number[1]))


def _value(part: object) -> st.SearchStrategy[Any]:
    match part:
        case Bcd():
            return _number(part)
        case FlowBcd():
            return _flow()
        case WindBcd():
            return st.tuples(st.integers(0, 99_999), st.integers(0, 8)).map(
                lambda wind: Wind(Number(wind[0], 2, "m/s"), wind[1])
            )
        case RainSpanPart():
            return st.builds(RainSpan, st.integers(0, 3), st.integers(0, 63))
        case _:
            raise AssertionError(part)


@st.composite
def reports(draw: st.DrawFn) -> Frame:
    """A self-report as the standard has it: good or missing values, clean words, a label of its profile."""
    profile = draw(st.sampled_from(Profile))
    data_type = draw(st.sampled_from(_TYPES))
    parts = layout(data_type, profile)
    count = draw(st.integers(1, 6)) if data_type in REPEATING else 1
    records = tuple(Record(parts, tuple(draw(_value(part)) for part in parts)) for _ in range(count))
    label = TimeLabel.of(draw(st.integers(_FIRST, _LAST)), BEIJING, profile, draw(st.integers(0, 255)))
    content = Content(records, draw(st.integers(0, 0x1FF)), draw(st.integers(0, 0x7F)))
    address = Address(draw(st.binary(min_size=5, max_size=5)))
    control = Control(Direction.UP, data_type, draw(st.integers(0, 3)))
    return Frame(control, address, 0xC0, content, None, label, profile)


@st.composite
def odd_reports(draw: st.DrawFn) -> bytes:
    """A self-report with anything in its fields, of lengths near those that layouts have."""
    control = draw(st.sampled_from([0x80, 0xB0, 0x30, 0xF0])) | draw(st.integers(0, 15))
    function = draw(st.sampled_from([0xC0, 0xC0, 0xC0, 0x81, 0x82, 0xB0, 0x84]))
    digits = st.integers(0, 99).map(lambda number: number // 10 << 4 | number % 10)
    size = draw(st.integers(0, 24))
    data = bytes(draw(st.lists(digits | st.sampled_from([0xAA, 0xFF, 0xF0, 0x30]), min_size=size, max_size=size)))
    words = draw(st.integers(0, 0xFFFF)).to_bytes(2, "little") + draw(st.integers(0, 0xFF)).to_bytes(2, "little")
    profile = draw(st.sampled_from([*Profile, None]))
    label = b""
    if profile is not None:
        label = draw(
            st.integers(_FIRST, _LAST).map(lambda at: TimeLabel.of(at, BEIJING, profile).raw)
            | st.binary(min_size=LABEL_SIZES[profile], max_size=LABEL_SIZES[profile])
        )
    return wrap(bytes((control,)) + b"\x52\x01\x03\x07\x00" + bytes((function,)) + data + words + label)
