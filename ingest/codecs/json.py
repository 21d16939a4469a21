"""The JSON payload of CONTRACT section 3.

Two ways through one door. Well-formed payloads go through a typed decoder built once (the fast way). Whatever it
refuses goes through the tolerant way, which looks at each element and each value by itself, so that a bad one does not
spoil the others; it alone finds faults, counts unknown keys, takes ``true`` for 1 and says what NaN is.
Both give the same readings for what both accept (a property test).
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Final

import msgspec

from hydro.fixed import LARGEST, MICRO, quantise
from hydro.instants import parse_instant
from hydro.quantity import BINARY, QUANTITIES, Quantity, conversion
from ingest.codecs.readings import MessageFault, ReadingFault, Readings
from ingest.reasons import DeadLetterReason, RejectReason

__all__ = ["decode_json"]

_KEYS: Final = frozenset({"station", "time", "seq", "values", "units", "quantity", "unit", "times"})
_DETAIL_LENGTH: Final = 120
_LONGEST_NAME: Final = 40
_LATEST_MS: Final = 9_200_000_000_000
"""Event times lie between 1678 and 2261: what fits into the nanoseconds of every store."""
_SEQ_BOUND: Final = 2**63


class _Element(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    station: str
    time: str | int | None = None
    seq: int | None = None
    values: dict[str, float | None] | list[float | None] | None = None
    units: dict[str, str] | None = None
    quantity: str | None = None
    unit: str | None = None
    times: list[str | int] | None = None


_fast: Final = msgspec.json.Decoder(_Element | list[_Element])


@lru_cache(maxsize=8_192)
def _instant(text: str, zone_minutes: int) -> int:
    # Reports cluster on the minute: the same text comes thousands of times.
    return parse_instant(text, zone_minutes)


def _factor(name: str, unit: str | None) -> tuple[int, int, int] | RejectReason:
    # A cache of what strangers may send is bounded by bytes, not only by entries.
    if len(name) > _LONGEST_NAME:
        return RejectReason.UNKNOWN_QUANTITY
    if unit is not None and len(unit) > _LONGEST_NAME:
        return RejectReason.UNKNOWN_UNIT
    return _known_factor(name, unit)


@lru_cache(maxsize=4_096)
def _known_factor(name: str, unit: str | None) -> tuple[int, int, int] | RejectReason:
    quantity = QUANTITIES.get(name)
    if quantity is None:
        return RejectReason.UNKNOWN_QUANTITY
    found = conversion(quantity, unit)
    if found is None:
        return RejectReason.UNKNOWN_UNIT
    return int(quantity), found.numerator, found.denominator


def decode_json(message: int, payload: bytes, zone_minutes: int, out: Readings) -> None:
    """Append the readings of one payload to ``out``; never raises for what a sender may send.

    Args:
        message: Index of the message in the batch.
        payload: The bytes as received.
        zone_minutes: Zone of times without offset.
        out: Columns to append to.
    """
    mark = len(out.message)
    try:
        decoded = _fast.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        _tolerant(message, payload, zone_minutes, out)
        return
    elements = decoded if isinstance(decoded, list) else (decoded,)
    for element in elements:
        if not _append_fast(message, element, zone_minutes, out):
            _withdraw(out, mark)
            _tolerant(message, payload, zone_minutes, out)
            return
    for element in elements:
        if element.seq is not None and -_SEQ_BOUND <= element.seq < _SEQ_BOUND:
            out.sequence.append((element.station, element.seq))


def _append_fast(message: int, element: _Element, zone_minutes: int, out: Readings) -> bool:
    """Append a faultless element; False leaves it to the tolerant way."""
    values = element.values
    time = element.time
    if element.times is not None:
        return _append_history(message, element, zone_minutes, out)
    if time is None or type(values) is not dict or element.quantity is not None or not element.station:
        return False
    event_time = _time(time, zone_minutes)
    if event_time is None:
        return False
    units = element.units
    for name, number in values.items():
        factor = _factor(name, units.get(name) if units else None)
        if type(factor) is not tuple:
            return False
        if number is None:
            count = 0
        else:
            scaled = number * factor[1] / factor[2]
            if not -LARGEST <= scaled <= LARGEST:
                return False
            count = round(scaled)
        out.message.append(message)
        out.station.append(element.station)
        out.quantity.append(factor[0])
        out.event_time.append(event_time)
        out.value.append(count)
        out.missing.append(number is None)
    return True


def _append_history(message: int, element: _Element, zone_minutes: int, out: Readings) -> bool:
    times, values = element.times, element.values
    factor = _factor(element.quantity, element.unit) if element.quantity is not None else None
    if times is None or type(values) is not list or len(times) != len(values) or type(factor) is not tuple:
        return False
    instants = [_time(time, zone_minutes) for time in times]
    counts = [0 if number is None else quantise(number, factor[1], factor[2]) for number in values]
    if None in instants or None in counts or not element.station:
        return False
    size = len(times)
    out.message.extend([message] * size)
    out.station.extend([element.station] * size)
    out.quantity.extend([factor[0]] * size)
    out.event_time.extend(instants)  # type: ignore[arg-type]  # None was excluded above
    out.value.extend(counts)  # type: ignore[arg-type]  # likewise
    out.missing.extend([number is None for number in values])
    return True


def _withdraw(out: Readings, mark: int) -> None:
    for column in (out.message, out.station, out.quantity, out.event_time, out.value, out.missing):
        del column[mark:]


def _tolerant(message: int, payload: bytes, zone_minutes: int, out: Readings) -> None:
    try:
        decoded = json.loads(payload.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # ValueError: bad JSON, bad UTF-8, a number of thousands of digits
        out.undecodable.append(MessageFault(message, DeadLetterReason.BAD_JSON, str(error)[:_DETAIL_LENGTH]))
        return
    elements = decoded if isinstance(decoded, list) else [decoded]
    first_fault = len(out.faults)
    readable = [_element(message, element, zone_minutes, out) for element in elements]
    if readable and not any(readable):
        fault = out.faults[first_fault]
        out.undecodable.append(MessageFault(message, DeadLetterReason.BAD_ELEMENT, f"{fault.reason}: {fault.detail}"))


def _element(message: int, element: object, zone_minutes: int, out: Readings) -> bool:
    """Append one element; False if it is unreadable, which counts each of its values as rejected."""
    if not isinstance(element, dict):
        return _unreadable(message, RejectReason.BAD_ELEMENT, element, element, out)
    if not element:
        return True
    out.unknown_keys += sum(key not in _KEYS for key in element)
    station, values = element.get("station"), element.get("values")
    if not isinstance(station, str) or not station or not _is_text(station):
        return _unreadable(message, RejectReason.BAD_ELEMENT, values, f"station {station!r}", out)
    seq = element.get("seq")
    if "times" in element or "quantity" in element:
        readable = _history(message, station, element, zone_minutes, out)
    else:
        readable = _instantaneous(message, station, element, zone_minutes, out)
    if readable and isinstance(seq, int) and not isinstance(seq, bool) and -_SEQ_BOUND <= seq < _SEQ_BOUND:
        out.sequence.append((station, seq))
    return readable


def _unreadable(message: int, reason: RejectReason, values: object, shown: object, out: Readings) -> bool:
    count = len(values) if isinstance(values, dict | list) else 1
    out.faults.append(ReadingFault(message, reason, count, _shown(shown)))
    return False


def _instantaneous(message: int, station: str, element: dict[str, Any], zone_minutes: int, out: Readings) -> bool:
    values, units = element.get("values", {}), element.get("units")
    if not isinstance(values, dict) or not (units is None or isinstance(units, dict)):
        shown = f"values {values!r}" if not isinstance(values, dict) else f"units {units!r}"
        return _unreadable(message, RejectReason.BAD_ELEMENT, values, shown, out)
    event_time = _time(element.get("time"), zone_minutes)
    if event_time is None:
        return not values or _unreadable(
            message, RejectReason.BAD_TIME, values, f"{station}: time {element.get('time')!r}", out
        )
    for name, number in values.items():
        unit = units.get(name) if units else None
        _value(message, station, event_time, name, unit, number, out)
    return True


def _history(message: int, station: str, element: dict[str, Any], zone_minutes: int, out: Readings) -> bool:
    times, values, name = element.get("times"), element.get("values"), element.get("quantity")
    if not isinstance(times, list) or not isinstance(values, list) or not isinstance(name, str):
        return _unreadable(message, RejectReason.BAD_ELEMENT, values, f"{station}: times, values, quantity", out)
    if len(times) != len(values):
        shown = f"{station}: {len(times)} times, {len(values)} values"
        count: list[object] = values if len(values) >= len(times) else times
        return _unreadable(message, RejectReason.UNEQUAL_LENGTHS, count, shown, out)
    for time, number in zip(times, values, strict=True):
        event_time = _time(time, zone_minutes)
        if event_time is None:
            out.faults.append(ReadingFault(message, RejectReason.BAD_TIME, 1, _shown(f"{station}: time {time!r}")))
        else:
            _value(message, station, event_time, name, element.get("unit"), number, out)
    return True


def _value(message: int, station: str, event_time: int, name: str, unit: object, number: object, out: Readings) -> None:
    """Append one value, or the reason why it can't be read."""
    if unit is not None and not isinstance(unit, str):
        factor: tuple[int, int, int] | RejectReason = RejectReason.UNKNOWN_UNIT
    else:
        factor = _factor(name, unit)
    if isinstance(factor, RejectReason):
        shown = unit if factor is RejectReason.UNKNOWN_UNIT else name
        out.faults.append(ReadingFault(message, factor, 1, _shown(f"{station} {name}: {shown!r}")))
        return
    count = _count(number, factor)
    if count is None:
        out.faults.append(ReadingFault(message, RejectReason.NOT_A_NUMBER, 1, _shown(f"{station} {name}: {number!r}")))
        return
    out.message.append(message)
    out.station.append(station)
    out.quantity.append(factor[0])
    out.event_time.append(event_time)
    out.value.append(count)
    out.missing.append(number is None)


def _count(number: object, factor: tuple[int, int, int]) -> int | None:
    if number is None:
        return 0
    if isinstance(number, bool):
        return int(number) * MICRO if Quantity(factor[0]) in BINARY else None
    if not isinstance(number, int | float):
        return None
    try:
        return quantise(float(number), factor[1], factor[2])
    except OverflowError:
        return None


def _time(time: object, zone_minutes: int) -> int | None:
    if isinstance(time, int) and not isinstance(time, bool):
        event_time = time
    elif isinstance(time, str) and len(time) <= _LONGEST_NAME:
        try:
            event_time = _instant(time, zone_minutes)
        except (ValueError, OverflowError):
            return None
    else:
        return None
    return event_time if -_LATEST_MS <= event_time <= _LATEST_MS else None


def _is_text(text: str) -> bool:
    """Whether it can be written as UTF-8; JSON can spell half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(thing: object) -> str:
    text = thing if isinstance(thing, str) else repr(thing)
    text = text.encode("utf-8", "backslashreplace").decode()  # JSON can spell half a surrogate pair
    return text if len(text) <= _DETAIL_LENGTH else f"{text[: _DETAIL_LENGTH - 1]}…"
