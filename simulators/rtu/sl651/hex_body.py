"""Bodies of HEX frames: serial number and send time, then identifiers, definition bytes and data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from simulators.rtu.bcd import packed
from simulators.rtu.beijing import day_hour_minute, to_minute, to_second
from simulators.rtu.sl651.content import (
    SLOTS,
    Bulk,
    Duration,
    Group,
    Item,
    Manual,
    Number,
    Picture,
    RainSlots,
    StageSlots,
    Step,
    Uniform,
    Values,
    Word,
    definition_of,
)
from simulators.rtu.sl651.number import digits_of, number_bytes, signed_definition
from simulators.rtu.sl651.table import DURATION, ELEMENTS, STAGE_SLOTS, WORD

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["address_part", "item_bytes", "opening", "report_body"]

_RAIN_GREATEST: Final = 254  # FF is invalid
_STAGE_GREATEST: Final = 65_534
_PER_HOUR: Final = 60


def opening(serial: int, sent_at: int) -> bytes:
    """Serial number and send time, with which every body begins.

    Args:
        serial: 0 to 65535; 0 only where the centre begins.
        sent_at: Epoch milliseconds of the sender's clock.
    """
    return serial.to_bytes(2, "big") + to_second(sent_at)


def address_part(station: str) -> bytes:
    """The address group of a station of ten hex digits."""
    return b"\xf1\xf1" + bytes.fromhex(station)


def report_body(
    serial: int, sent_at: int, station: str, station_class: str, groups: Sequence[Group], *, addressed: bool = True
) -> bytes:
    """Body of a report.

    Args:
        serial: See `opening`.
        sent_at: See `opening`.
        station: Ten hex digits.
        station_class: Letter such as ``H``; empty for functions that carry none.
        groups: In this order.
        addressed: Whether there is an address group; manual data has none.
    """
    parts = [opening(serial, sent_at)]
    if addressed:
        parts.append(address_part(station) + station_class.encode("ascii"))
    speaking = station
    for group in groups:
        if group.station is not None and group.station != speaking:
            speaking = group.station
            parts.append(address_part(speaking) + (group.station_class or station_class).encode("ascii"))
        if addressed:
            parts.append(b"\xf0\xf0" + to_minute(group.observed_at))
        parts.extend(map(item_bytes, group.items))
    return b"".join(parts)


def item_bytes(item: Item) -> bytes:  # noqa: C901, PLR0911, PLR0912  # an arm for each kind of item
    """One element with its identifier and definition byte.

    Raises:
        ValueError: A value does not fit, or the item has no HEX form.
    """
    match item:
        case Number():
            definition = definition_of(item.tag, item.definition)
            negative = item.value is not None and digits_of(item.value, definition & 7) < 0
            definition = signed_definition(definition, negative=negative)
            return _head(item.tag, definition) + number_bytes(item.value, definition, missing=item.missing)
        case Duration():
            hours, minutes = divmod(item.minutes, _PER_HOUR)
            return _head(DURATION, ELEMENTS[DURATION].definition) + packed(hours, 1) + packed(minutes, 1)
        case Word():
            return _head(WORD, 0x20) + item.bits.to_bytes(4, "big")
        case RainSlots():
            return b"\xf4\x60" + _rain_slots(item.values)
        case StageSlots():
            if item.tag not in STAGE_SLOTS:
                raise ValueError(f"{item.tag:02X}H is no group of stages")
            return _head(item.tag, item.definition) + _stage_slots(item.values)
        case Step():
            return b"\x04\x18" + bytes.fromhex("{:02d}{:02d}{:02d}".format(*day_hour_minute(item.minutes)))
        case Uniform():
            if len(item.columns) != 1:
                raise ValueError(f"a HEX frame holds one element at equal steps, not {len(item.columns)}")
            return item_bytes(Step(item.step_min)) + _values(item.columns[0])
        case Manual():
            return b"\xf2\xf2" + item.text.encode("gb18030")
        case Picture():
            return b"\xf3\xf3" + item.data
        case Bulk():
            return b"\xfd\xf6" + item.data
        case _:
            assert_never(item)


def _head(tag: int, definition: int) -> bytes:
    return tag.to_bytes(1 if tag <= 0xFF else 2, "big") + bytes((definition,))  # noqa: PLR2004  # one byte


def _values(column: Values) -> bytes:
    # One definition byte stands for all: room for a sign as soon as one value needs it.
    definition = definition_of(column.tag, column.definition)
    negative = any(value is not None and digits_of(value, definition & 7) < 0 for value in column.values)
    definition = signed_definition(definition, negative=negative)
    return _head(column.tag, definition) + b"".join(
        number_bytes(value, definition, missing=column.missing) for value in column.values
    )


def _rain_slots(values: Sequence[int | None]) -> bytes:
    """Twelve bytes of 0.1 mm; what exceeds the greatest is carried into the next slot.

    Raises:
        ValueError: Not twelve, negative, or the last one overflows.
    """
    _require_twelve(values)
    data = bytearray()
    carried = 0
    for value in values:
        if value is None:
            data.append(0xFF)
            continue
        count = digits_of(value, 1) + carried
        if count < 0:
            raise ValueError(f"{value} millionths of a mm of rain are negative")
        data.append(min(count, _RAIN_GREATEST))
        carried = count - data[-1]
    if carried:
        raise ValueError(f"{carried / 10} mm of rain are left over after the last slot")
    return bytes(data)


def _stage_slots(values: Sequence[int | None]) -> bytes:
    _require_twelve(values)
    counts = [0xFFFF if value is None else digits_of(value, 2) for value in values]
    if any(not 0 <= count <= _STAGE_GREATEST for count, value in zip(counts, values, strict=True) if value is not None):
        raise ValueError(f"relative stages lie within 0 and {_STAGE_GREATEST / 100} m: {list(values)} millionths")
    return b"".join(count.to_bytes(2, "big") for count in counts)


def _require_twelve(values: Sequence[int | None]) -> None:
    if len(values) != SLOTS:
        raise ValueError(f"a group of one hour has {SLOTS} values, not {len(values)}")
