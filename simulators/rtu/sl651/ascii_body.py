"""Bodies of ASCII frames: fixed digits for serial number and send time, then identifiers and data with spaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from simulators.rtu.beijing import day_hour_minute, to_minute, to_second
from simulators.rtu.sl651.content import (
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
    Word,
    definition_of,
)
from simulators.rtu.sl651.hex_body import item_bytes
from simulators.rtu.sl651.number import number_text
from simulators.rtu.sl651.table import ascii_code

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["item_text", "opening", "report_body"]

_FIRST_STAGE_SLOTS: Final = 0xF5
_PER_HOUR: Final = 60
_HEX_HEAD: Final = 2  # identifier and definition byte


def opening(serial: int, sent_at: int) -> bytes:
    """Serial number and send time, with which every body begins; nothing stands between or after them."""
    return f"{serial:04X}{to_second(sent_at).hex()}".encode()


def report_body(
    serial: int, sent_at: int, station: str, station_class: str, groups: Sequence[Group], *, addressed: bool = True
) -> bytes:
    """Body of a report; arguments as for its HEX form."""
    parts = [opening(serial, sent_at)]
    if addressed:
        parts.append(f"ST {station.upper()} {station_class} ".encode())
    speaking = station
    for group in groups:
        if group.station is not None and group.station != speaking:
            speaking = group.station
            parts.append(f"ST {speaking.upper()} {group.station_class or station_class} ".encode())
        if addressed:
            parts.append(f"TT {to_minute(group.observed_at).hex()} ".encode())
        parts.extend(map(item_text, group.items))
    return b"".join(parts)


def item_text(item: Item) -> bytes:  # noqa: C901, PLR0911  # an arm for each kind of item
    """One element as ``IDENT SP data SP``.

    Groups of one hour and status words are the hex digits of their binary form; text and pictures keep their coding.

    >>> item_text(Number(0x39, 6_380_000)), item_text(Step(5)), item_text(Word(0x400))
    (b'Z 6.380 ', b'DRN05 ', b'ZT 00000400 ')
    """
    match item:
        case Number():
            decimals = definition_of(item.tag, item.definition) & 7
            return f"{ascii_code(item.tag)} {number_text(item.value, decimals)} ".encode()
        case Duration():
            hours, minutes = divmod(item.minutes, _PER_HOUR)
            return f"DT {hours}.{minutes:02d} ".encode()
        case Word():
            return f"ZT {item.bits:08X} ".encode()
        case RainSlots():
            return f"DRP {_hex_data(item)} ".encode()
        case StageSlots():
            return f"DRZ{item.tag - _FIRST_STAGE_SLOTS + 1} {_hex_data(item)} ".encode()
        case Step():
            return f"{_step_code(item.minutes)} ".encode()
        case Uniform():
            return _rows(item)
        case Manual():
            return b"RGZS " + item.text.encode("gb18030")
        case Picture():
            return b"PIC " + item.data
        case Bulk():
            return b"DATA " + item.data
        case _:
            assert_never(item)


def _hex_data(item: RainSlots | StageSlots) -> str:
    return item_bytes(item)[_HEX_HEAD:].hex().upper()


def _step_code(minutes: int) -> str:
    days, hours, rest = day_hour_minute(minutes)
    if days:
        return f"DRD{days:02d}"
    return f"DRN{rest:02d}" if rest else f"DRH{hours:02d}"


def _rows(item: Uniform) -> bytes:
    """The identifiers, then the values row by row: all elements of the first time, all of the second, and so on."""
    codes = [ascii_code(column.tag) for column in item.columns]
    decimals = [definition_of(column.tag, column.definition) & 7 for column in item.columns]
    rows = zip(*(column.values for column in item.columns), strict=True)
    values = [number_text(value, places) for row in rows for value, places in zip(row, decimals, strict=True)]
    return " ".join([_step_code(item.step_min), *codes, *values, ""]).encode()
