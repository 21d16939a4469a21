"""Frames of a message as readings.

Two ways through one door. Nearly all that arrives is a self-report of one instrument with a good value: the short way
reads it from fixed places, without building a frame. Everything else, and everything odd, takes the way through
:func:`decode_frame`. Both give the same readings (a property test).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from hydro.fixed import MICRO
from hydro.instants import DAY_MS, MINUTE_MS
from ingest.codecs.readings import MessageFault, ReadingFault
from ingest.codecs.slt427.faults import FrameFault
from ingest.codecs.slt427.frame import Unread, decode_frame, join
from ingest.codecs.slt427.framing import header_text, read_frame
from ingest.codecs.slt427.functions import FUNCTIONS
from ingest.codecs.slt427.header import DataType, Direction, Profile
from ingest.codecs.slt427.label import AHEAD_MS, LABEL_SIZES, label_instants
from ingest.codecs.slt427.mapping import (
    NO_DEVICES,
    QUANTITY_OF,
    STANDARD,
    Devices,
    measured,
    micro,
    state_quantities,
    state_rows,
)
from ingest.codecs.slt427.numbers import Bcd, Sign, State
from ingest.codecs.slt427.reports import layout
from ingest.codecs.slt427.split import Countdown, is_part
from ingest.codecs.span import Complete, NeedMore
from ingest.reasons import DeadLetterReason, RejectReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from ingest.codecs.readings import Readings
    from ingest.codecs.slt427.frame import Frame
    from ingest.codecs.slt427.mapping import Device

__all__ = ["decode_slt427"]

_SHOWN: Final = 16  # bytes of a broken frame that its dead letter repeats
_HEAD: Final = 10  # bytes before the data field of an unsplit frame with a function of one byte
_TAIL: Final = 2
_WORDS: Final = 4
_SELF_REPORT: Final = 0xC0
_UNSPLIT_UP: Final = 0x80
_NO_LIMIT: Final = 1 << 62
_SHORT_LABEL: Final = LABEL_SIZES[Profile.SZY206]


def decode_slt427(
    message: int,
    payload: bytes,
    zone_minutes: int,
    received_at_ms: int,
    station_of: Callable[[str], str],
    out: Readings,
    devices: Devices = NO_DEVICES,
) -> None:
    """Append the readings of one payload to ``out``; never raises for what a sender may send.

    Args:
        message: Index of the message in the batch.
        payload: One or more frames as received; what stands between them is skipped and counted. Parts of a split
            message are put together if all of them are here in order, and counted otherwise.
        zone_minutes: Zone of the wire; 480, since the standards mean Beijing time.
        received_at_ms: When the payload reached us, epoch milliseconds: month and year of short time labels, and the
            time of what has none.
        station_of: Station of an address of ten hexadecimal digits.
        out: Columns to append to.
        devices: Of which some mean what the register's channels say, or are known to follow one edition. The latter is
            needed only where one length has two readings, which the short way never takes.
    """
    at = 0
    frames = 0
    fault: tuple[str, int] | None = None
    faults: list[tuple[str, int]] = []
    strays = 0
    split: Countdown | None = None  # nearly never needed
    while at < len(payload):
        found = read_frame(payload, at)
        if isinstance(found, Complete):
            frames += 1
            data = payload if found.end - at == len(payload) else payload[at : found.end]
            device = STANDARD if devices is NO_DEVICES else devices.constant(data[4:9].hex().upper())
            is_plain = device is not None and device.is_plain
            if not is_plain or not _append_short(message, data, zone_minutes, received_at_ms, station_of, out):
                frame = decode_frame(data)
                edition = devices.at(frame.address.key, received_at_ms).edition
                if is_part(frame):
                    split = split or Countdown()
                    parts = split.take(frame)
                    whole = None if parts is None else join(parts, edition)
                else:
                    whole = frame if edition in (None, frame.profile) else decode_frame(data, edition)
                if whole is not None:
                    _append(message, whole, zone_minutes, received_at_ms, station_of, out, devices)
            at, fault = found.end, None
            continue
        reason = FrameFault.INCOMPLETE if isinstance(found, NeedMore) else found.reason
        if reason in _NO_FRAME:
            strays += 1
        elif fault is None:  # one fault a stretch: what follows a broken start is mostly its own data
            fault = (reason, at)
            faults.append(fault)
        at = at + 1 if isinstance(found, NeedMore) else found.end
    if not frames:
        reason, place = faults[0] if faults else (FrameFault.NOT_A_START if payload else FrameFault.EMPTY, 0)
        detail = f"{reason} at byte {place}: {header_text(payload[place : place + _SHOWN])}"
        out.undecodable.append(MessageFault(message, DeadLetterReason.BAD_FRAME, detail))
        return
    out.unknown_keys += strays + (split.alone if split else 0)
    for why, place in faults:
        detail = f"{why} at byte {place}: {header_text(payload[place : place + _SHOWN])}"
        out.faults.append(ReadingFault(message, RejectReason.BAD_ELEMENT, 1, detail))


_NO_FRAME: Final = frozenset({FrameFault.NOT_A_START, FrameFault.BAD_START})


def _append(
    message: int,
    frame: Frame,
    zone_minutes: int,
    received_at_ms: int,
    station_of: Callable[[str], str],
    out: Readings,
    devices: Devices = NO_DEVICES,
) -> None:
    """Append the readings of one frame."""
    content = frame.content
    if frame.control.direction is Direction.DOWN:
        out.unknown_keys += 1
        return
    station = station_of(frame.address.key)
    if isinstance(content, Unread):
        if frame.function in FUNCTIONS:
            detail = f"{station}: function {frame.function:02X}, {len(content.data)} bytes fit no layout"
            out.faults.append(ReadingFault(message, RejectReason.BAD_ELEMENT, 1, detail))
        else:
            out.unknown_keys += 1
        return
    event_time = received_at_ms if frame.label is None else frame.label.instant(received_at_ms, zone_minutes)
    if frame.label is not None and event_time is not None:
        out.clocks.append((message, station, event_time))
    device = devices.at(frame.address.key, received_at_ms if event_time is None else event_time)
    rows = _measured_rows(message, frame, station, device, out)
    if content.alarm is not None and content.status is not None:
        states = state_rows(device, content.alarm, content.status)
        rows += ((elsewhere, int(quantity), value, False) for elsewhere, quantity, value in states)
    if not rows:
        return
    if event_time is None:
        detail = f"{station}: time label {frame.label.raw.hex().upper() if frame.label else ''}"
        out.faults.append(ReadingFault(message, RejectReason.BAD_TIME, len(rows), detail))
        return
    for elsewhere, code, value, missing in rows:
        out.message.append(message)
        out.station.append(station if elsewhere is None else elsewhere)
        out.quantity.append(code)
        out.event_time.append(event_time)
        out.value.append(value)
        out.missing.append(missing)


_Row: TypeAlias = tuple[str | None, int, int, bool]
"""Station (None: the sender's), quantity, value and whether it is missing."""


def _measured_rows(message: int, frame: Frame, station: str, device: Device, out: Readings) -> list[_Row]:
    """Rows of the numbers that are mapped; the others are counted."""
    rows: list[_Row] = []
    for element, channel, number in measured(frame):
        rule = device.rule(element, channel)
        if rule is None:
            out.unknown_keys += 1
        elif number.state is State.BAD:
            raw = (number.raw or b"").hex().upper()
            detail = f"{station} {rule.quantity.text}: {element} {raw} is not a decimal number"
            out.faults.append(ReadingFault(message, RejectReason.BAD_ELEMENT, 1, detail))
        else:
            missing = number.state is State.MISSING
            rows.append((rule.station, int(rule.quantity), 0 if missing else rule.of(micro(number)), missing))
    return rows


class _Field(NamedTuple):
    first: int  # index of the highest byte
    last: int  # index before the lowest byte
    highest: str  # half bytes with which the highest byte may begin
    scale: int


class _Short(NamedTuple):
    fields: tuple[_Field, ...]
    quantities: tuple[int, ...]
    words_at: int
    label_size: int


_POSITIVE: Final = "0"
_HIGHEST: Final = {Sign.NONE: "0123456789", Sign.PADDING: "01234567"}
"""Half bytes with which the highest byte of a plain number may begin; zero for those that have a sign there."""
_SHORT_TYPES: Final = (
    DataType.RAIN,
    DataType.STAGE,
    DataType.FLOW,
    DataType.VELOCITY,
    DataType.GATE,
    DataType.POWER,
    DataType.WATER_PRESSURE,
    DataType.ALARM,
)


def _short_ways() -> dict[tuple[int, int], _Short]:
    """Places of one record's values by (data type, frame length), where no other layout has that length.

    Records of the chosen types are 3, 4 or 10 bytes, and so are those that repeat: with labels of 5 and 7 bytes, or
    none, no two counts of records give the same length.
    """
    ways: dict[tuple[int, int], _Short] = {}
    for profile, label_size in LABEL_SIZES.items():
        for data_type in _SHORT_TYPES:
            parts = layout(data_type, profile)
            quantities = tuple(int(QUANTITY_OF[part.name]) for part in parts)
            fields = []
            at = _HEAD
            for part in parts:
                # of the flow of SL/T 427-2021, too, a zero means positive and m3/s
                highest = _HIGHEST.get(part.sign, _POSITIVE) if isinstance(part, Bcd) else _POSITIVE
                decimals = part.decode(bytes(part.size)).decimals
                fields.append(_Field(at + part.size - 1, at - 1, highest, MICRO // 10**decimals))
                at += part.size
            size = at + _WORDS + label_size + _TAIL
            ways[data_type, size] = _Short(tuple(fields), quantities, at, label_size)
    return ways


_SHORT_WAYS: Final = _short_ways()


def _append_short(
    message: int,
    data: bytes,
    zone_minutes: int,
    received_at_ms: int,
    station_of: Callable[[str], str],
    out: Readings,
) -> bool:
    """Append the readings of a plain self-report; False leaves the frame to the other way."""
    control = data[3]
    way = _SHORT_WAYS.get((control & 0x0F, len(data)))
    if way is None or data[9] != _SELF_REPORT or control & 0xC0 != _UNSPLIT_UP:
        return False
    fields, quantities, words_at, label_size = way
    values = []
    for first, last, highest, scale in fields:
        text = data[first:last:-1].hex()
        if text[0] not in highest or not text.isdecimal():
            return False
        values.append(int(text) * scale)
    label_at = words_at + _WORDS
    today = (received_at_ms + zone_minutes * MINUTE_MS) // DAY_MS
    instants = label_instants(data[label_at : label_at + label_size], today, zone_minutes)
    latest = received_at_ms + AHEAD_MS if label_size == _SHORT_LABEL else _NO_LIMIT
    for event_time in instants:
        if event_time <= latest:
            break
    else:
        return False
    state_codes, state_values = _states(data[words_at:label_at])
    values += state_values
    count = len(values)
    out.message += (message,) * count
    station = station_of(data[4:9].hex().upper())
    out.clocks.append((message, station, event_time))
    out.station += (station,) * count
    out.quantity += quantities
    out.quantity += state_codes
    out.event_time += (event_time,) * count
    out.value += values
    out.missing += (False,) * count
    return True


@lru_cache(maxsize=4_096)
def _states(words: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Quantity codes and values of alarm and status word."""
    states = state_quantities(int.from_bytes(words[:2], "little"), int.from_bytes(words[2:], "little"))
    return tuple(int(quantity) for quantity, _ in states), tuple(value for _, value in states)
