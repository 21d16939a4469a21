"""SL 651 payloads to columns: the door that the pipeline uses.

Two ways through it. A plain HEX report of one station, of which every element is a number, slots, a status word or
unknown, is read straight from its bytes into columns, with one cached plan for each identifier and definition byte.
Whatever it meets that is not plain (negative or bad numbers, a second station, time steps, ASCII, packets, bad times)
leaves the report to ``typed``. Both give the same readings for what both read (a property test).

Source: docs/protocols/sl651.md for what becomes of the elements.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from hydro.errors import DecodeError
from hydro.fixed import MICRO
from hydro.instants import HOUR_MS, MINUTE_MS
from ingest.codecs.crc import modbus
from ingest.codecs.readings import MessageFault, ReadingFault, Readings
from ingest.codecs.sl651.codec import describe, parse
from ingest.codecs.sl651.control import REPORTS, Control, Function
from ingest.codecs.sl651.elements import OBSERVED, STATION
from ingest.codecs.sl651.faults import FrameFault
from ingest.codecs.sl651.framing import ASCII_HEADER, HEX_HEADER, read_all
from ingest.codecs.sl651.mapping import NO_PROFILES, Profiles
from ingest.codecs.sl651.packets import SetKey, join, set_key
from ingest.codecs.sl651.plan import Kind, plan_of
from ingest.codecs.sl651.sheet import SLOT_MS, Relative, Sheet, first_slot
from ingest.codecs.sl651.typed import StationOf, to_readings
from ingest.codecs.sl651.wiretime import instant
from ingest.reasons import DeadLetterReason, RejectReason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ingest.codecs.sl651.frame import Frame

__all__ = ["decode_sl651"]

_PLAIN: Final = frozenset(
    map(int, (Function.SCHEDULED, Function.ADD_ON, Function.HOURLY, Function.CURRENT, Function.QUERY_ELEMENTS))
)
_NUMBERED: Final = frozenset(map(int, REPORTS))
_STX: Final = int(Control.STX)
_LAST: Final = (int(Control.ETX), int(Control.ETB))
_SUM: Final = 2
_CLASS: Final = 29  # where the class of the station stands, or elements do
_MARK: Final = bytes((STATION, STATION))
_OBSERVED: Final = bytes((OBSERVED, OBSERVED))
_USER: Final = 0xFF
_NOTHING_BEGAN: Final = frozenset({FrameFault.NOT_A_START, FrameFault.BAD_HEADER})
_DETAIL_LENGTH: Final = 120

_SLOT_COUNT: Final = 12
_SLOTS_MS: Final = _SLOT_COUNT * SLOT_MS
_NO_RAIN: Final = bytes(_SLOT_COUNT)
_ZEROS: Final = [0] * _SLOT_COUNT
_PRESENT: Final = [False] * _SLOT_COUNT
_RAIN: Final = [count * MICRO // 10 for count in range(0xFF)] + [0]
_RAIN_MISSING: Final = [False] * 0xFF + [True]
_STAGES: Final = Struct(">12H").unpack_from

# Module constants: an attribute of an enum costs more than the rest of a branch.
_NUMBER: Final = int(Kind.NUMBER)
_TIME: Final = int(Kind.TIME)
_SKIP: Final = int(Kind.SKIP)
_RAIN_KIND: Final = int(Kind.RAIN)
_STAGES_KIND: Final = int(Kind.STAGES)
_WORD: Final = int(Kind.WORD)


def decode_sl651(
    message: int,
    payload: bytes,
    zone_minutes: int,
    received_at_ms: int,  # noqa: ARG001  # one signature for both field protocols; SL/T 427 dates its labels by it
    station_of: StationOf | Mapping[str, str],
    out: Readings,
    profiles: Profiles = NO_PROFILES,
) -> None:
    """Append the readings of one payload to ``out``; never raises for what a sender may send.

    Args:
        message: Index of the message in the batch.
        payload: One or more frames. Packets of one set are put together if all of them are here.
        zone_minutes: Zone of the wire, 480.
        received_at_ms: When it came.
        station_of: Code of the station with an address of ten hex digits; where there is none the address serves.
        out: Columns to append to.
        profiles: Of devices that need one of their own.
    """
    code_of = station_of if callable(station_of) else station_of.get
    if _is_one_plain(payload) and _read_plain(message, payload, zone_minutes, code_of, out, profiles):
        return
    frames = 0
    sets: dict[SetKey, list[Frame]] = {}
    broken: list[str] = []
    for piece, frame in _frames(payload, broken):
        frames += 1
        if frame.packet and frame.packet.total > 1:
            sets.setdefault(set_key(frame), []).append(frame)
        elif piece[0] == Control.SOH or not _read_plain(message, piece, zone_minutes, code_of, out, profiles):
            to_readings(message, frame, zone_minutes, code_of, out, profiles)
    for packets in sets.values():
        whole = _whole(packets)
        if whole is None:
            out.unknown_keys += len(packets)
        else:
            to_readings(message, whole, zone_minutes, code_of, out, profiles)
    detail = broken[0][:_DETAIL_LENGTH] if broken else f"{FrameFault.NOT_A_START}: {describe(payload)}"
    if not frames:
        out.undecodable.append(MessageFault(message, DeadLetterReason.BAD_FRAME, detail))
    elif broken:
        out.faults.append(ReadingFault(message, RejectReason.BAD_ELEMENT, len(broken), detail))


def _whole(packets: list[Frame]) -> Frame | None:
    try:
        return join(packets)
    except DecodeError:
        return None


def _frames(payload: bytes, broken: list[str]) -> Iterator[tuple[bytes, Frame]]:
    """Frames with their bytes; what began like one and is none goes to ``broken``, what looks like nothing nowhere."""
    for start, end, fault in read_all(payload):
        if fault in _NOTHING_BEGAN:
            continue
        if fault is not None:
            broken.append(f"{fault}: {describe(payload[start : start + ASCII_HEADER])}")
            continue
        piece = payload[start:end]
        try:
            yield piece, parse(piece)
        except DecodeError as error:
            broken.append(str(error))


def _is_one_plain(payload: bytes) -> bool:
    """Whether the payload is one HEX frame from a station, with the right check sum."""
    size = len(payload)
    return (
        size > _CLASS
        and payload[0] == payload[1] == 0x7E  # noqa: PLR2004  # the start bytes
        and payload[13] == _STX
        and payload[11] << 8 | payload[12] == size - HEX_HEADER - 1 - _SUM  # so the direction is up
        and payload[-3] in _LAST
        and modbus(payload[:-2]) == payload[-2] << 8 | payload[-1]
    )


def _read_plain(  # noqa: C901, PLR0911, PLR0912, PLR0915  # one loop; a call an element would cost as much as reading it
    message: int,
    frame: bytes,
    zone_minutes: int,
    station_of: StationOf,
    out: Readings,
    profiles: Profiles,
) -> bool:
    """Append the readings of a good HEX frame; False leaves it, untouched, to the typed way."""
    function, end = frame[10], len(frame) - 1 - _SUM
    if (
        function not in _PLAIN
        or frame[11] > 0x0F  # noqa: PLR2004  # down
        or frame[13] != _STX
        or end <= _CLASS
        or frame[22:24] != _MARK
        or frame[24:29] != frame[3:8]
    ):
        return False
    text = frame.hex()
    sent = instant(text[32:44], zone_minutes)
    if sent is None:
        return False
    address = text[48:58].upper()
    profile = profiles.constant(address)
    if profile is None:
        return False
    plans = profile.plans
    station = station_of(address) or address
    sheet = Sheet(station, profile)
    quantities, times, values, missing = sheet.quantity, sheet.time, sheet.value, sheet.missing
    time: int | None = None
    ignored = 0
    at = _CLASS if frame[29:31] == _OBSERVED else _CLASS + 1
    while at < end:
        header = 3 if frame[at] == _USER else 2
        key = frame[at : at + header]
        kind, width, factor, quantity, sentinels, rule = plans.get(key) or plan_of(profile, key)
        at += header
        behind = at + width
        if behind > end:
            return False
        if kind == _SKIP:
            ignored += 1
        elif kind == _TIME:
            time = instant(text[2 * at : 2 * behind], zone_minutes)
            if time is None:
                return False
        elif time is None:
            return False
        elif kind == _NUMBER:
            digits = text[2 * at : 2 * behind]
            try:
                value: int | None = int(digits) * factor
            except ValueError:
                if digits.strip("f") and digits.strip("a"):
                    return False
                value = None
            if sentinels is not None and value in sentinels:
                value = sentinels[value]
            if rule is None:
                quantities.append(quantity)
                times.append(time)
                values.append(value or 0)
                missing.append(value is None)
            elif rule.whole_hours and (time + zone_minutes * MINUTE_MS) % HOUR_MS:
                ignored += 1
            elif rule.rank or rule.station is not None:
                sheet.seconds.append((rule.rank, rule.station, quantity, time, value))
            else:
                sheet.add(quantity, time, value)
        elif kind == _RAIN_KIND:
            first = first_slot(time, sent, zone_minutes)
            if first is None:
                ignored += 1
            else:
                slots = frame[at:behind]
                quantities += [quantity] * _SLOT_COUNT
                times += range(first, first + _SLOTS_MS, SLOT_MS)
                values += _ZEROS if slots == _NO_RAIN else map(_RAIN.__getitem__, slots)
                missing += _PRESENT if slots == _NO_RAIN else map(_RAIN_MISSING.__getitem__, slots)
        elif kind == _STAGES_KIND:
            first = first_slot(time, sent, zone_minutes)
            if first is None:
                ignored += 1
            else:
                sheet.relative.append(Relative(f"{key[0]:02X}", first, _STAGES(frame, at)))
        elif kind == _WORD:
            word = int.from_bytes(frame[at:behind], "big")
            for found, mask, inverted, elsewhere in profile.status:
                sheet.put(elsewhere, found, time, MICRO if bool(word & mask) != inverted else 0)
        else:
            return False
        at = behind
    sheet.ignored += ignored
    serial = frame[14] << 8 | frame[15]
    if serial and function in _NUMBERED:
        out.sequence.append((station, serial))
    out.clocks.append((message, station, sent))
    sheet.settle(message, out)
    return True
