"""A frame as plain values, with the keys of ``expected`` in the shared test vectors.

Numbers are decimal text with the decimals of the wire, times ISO 8601 without offset, missing values None.
"""

from __future__ import annotations

from typing import Any, Final

from hydro.errors import DecodeError
from ingest.codecs.sl651.codec import PACKET_NUMBERS, decode_frame, write_message
from ingest.codecs.sl651.content import Blob, Entry, Group, Numbers, Step, Word, content, faults, groups
from ingest.codecs.sl651.control import CLASSED, Control, Direction, Function
from ingest.codecs.sl651.elements import MANUAL, SLOT_GROUPS
from ingest.codecs.sl651.faults import ElementFault
from ingest.codecs.sl651.frame import (
    Counters,
    Element,
    Frame,
    Item,
    Message,
    Opaque,
    Period,
    Slice,
    StationMark,
    Version,
    Wanted,
)
from ingest.codecs.sl651.hex_body import write_item
from ingest.codecs.sl651.number import Value, decimals_of, read_bcd, written
from ingest.codecs.sl651.parameters import is_running
from ingest.codecs.sl651.wiretime import iso

__all__ = ["explain", "explain_bytes"]


def explain_bytes(data: bytes) -> dict[str, Any]:
    """The one frame that ``data`` is, or ``{"error": reason}``."""
    try:
        return explain(decode_frame(data))
    except DecodeError as error:
        return {"error": str(error.reason)}


def explain(frame: Frame) -> dict[str, Any]:
    """A frame as plain values; what is wrong in it stands under ``faults``, which is absent where nothing is."""
    body = frame.body
    text = body.data if isinstance(body, Slice) else write_message(frame.coding, body)
    found: dict[str, Any] = {
        "direction": frame.direction.value,
        "center": frame.centre,
        "station": frame.station,
        "password": frame.password,
        "func": f"{frame.function:02X}",
        "length": len(text) + (PACKET_NUMBERS[frame.coding] if frame.packet else 0),
        "start": (Control.SYN if frame.packet else Control.STX).name,
        "end": frame.end.name,
    }
    if frame.packet:
        found |= {"packets_total": frame.packet.total, "packet_no": frame.packet.number}
    if isinstance(body, Slice):
        return found | {"body_bytes": len(body.data)}
    found |= {"serial": body.serial, "send_time": iso(body.sent)}
    found |= _up(frame.function, body) if frame.direction is Direction.UP else _down(frame.function, body)
    if body.rest:
        found["rest"] = body.rest.hex().upper()
    wrong = [{"place": place, "reason": reason.value, "detail": detail} for place, reason, detail in faults(frame)]
    return found | {"faults": wrong} if wrong else found


def _up(function: int, message: Message) -> dict[str, Any]:
    if function in CLASSED or function in {Function.MANUAL, Function.QUERY_MANUAL}:
        return {"groups": [_group(group) for group in groups(message)]} | _arguments(message, Opaque)
    address = next((item.address for item in message.items if isinstance(item, StationMark)), None)
    found: dict[str, Any] = {"station_in_body": address} if address else {}
    match function:
        case Function.SET_BASIC | Function.READ_BASIC | Function.SET_RUNNING | Function.READ_RUNNING:
            return found | _parameters(function, message)
        case Function.PASSWORD:
            passwords = [item.data.hex().upper() for item in message.items if isinstance(item, Element)]
            return found | ({"new_password": passwords[-1]} if passwords else {})
        case Function.STATUS | Function.IC_CARD:
            words = [found for item in message.items if isinstance(item, Element) for found in (content(item),)]
            bits = next((found.bits for found in words if isinstance(found, Word)), None)
            return found | ({"status": f"{bits:08X}", "bits_set": _set_bits(bits)} if bits is not None else {})
        case _:
            return found | _special(message)


def _special(message: Message) -> dict[str, Any]:
    for item in message.items:
        if isinstance(item, Version):
            return {"version": item.text.decode("latin-1")}
        if isinstance(item, Counters):
            return {"event_counts": list(item.counts)}
    return _arguments(message, Item)


def _down(function: int, message: Message) -> dict[str, Any]:
    wanted = [f"{item.tag}{item.definition:02X}" for item in message.items if isinstance(item, Wanted)]
    match function:
        case Function.PERIOD:
            return _period(message, wanted)
        case Function.QUERY_ELEMENTS if wanted:
            return {"elements_requested": wanted}
        case Function.READ_BASIC | Function.READ_RUNNING if wanted:
            return {"params_requested": wanted}
        case Function.SET_BASIC | Function.SET_RUNNING:
            return _parameters(function, message)
        case _:
            return _arguments(message, Item)


def _period(message: Message, wanted: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in message.items:
        match item:
            case Period(start=start, end=end):
                found |= {"from": f"20{start}", "to": f"20{end}"}
            case Element(tag=tag, definition=definition, data=data):
                found["step_raw"] = f"{tag}{definition:02X}{data.hex().upper()}"
            case _:
                pass
    return found | ({"element_raw": wanted[0]} if wanted else {}) | _arguments(message, Opaque)


def _arguments(message: Message, kind: Any) -> dict[str, Any]:  # noqa: ANN401  # a class or a union of them
    """The bytes of the items of a kind, marks left out."""
    items = tuple(item for item in message.items if isinstance(item, kind) and not isinstance(item, StationMark))
    raw = b"".join(item.data if isinstance(item, Opaque) else write_item(item) for item in items)
    return {"args_raw": raw.hex().upper()} if raw else {}


def _parameters(function: int, message: Message) -> dict[str, Any]:
    rows = []
    for item in message.items:
        if isinstance(item, Element):
            row: dict[str, Any] = {
                "param": item.tag, "def": f"{item.definition:02X}", "raw": item.data.hex().upper(),
            }  # fmt: skip
            if is_running(function) and item.data:
                row |= _value(read_bcd(item.data), decimals_of(item.definition))
            rows.append(row)
    return {"params": rows} if rows else {}


def _group(group: Group) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if group.station is not None:
        found["station"] = group.station
    if group.station_class is not None:
        found["class"] = group.station_class
    if group.time is not None:
        found["obs_time"] = iso(group.time)
    return found | {"elements": [_element(entry) for entry in group.entries]}


def _element(entry: Entry) -> dict[str, Any]:  # noqa: PLR0911  # one a kind of content
    tag: dict[str, Any] = {"tag": entry.tag}
    code = {"code": entry.row.code} if entry.row else {}
    match entry.content:
        case Numbers(values=values, decimals=decimals):
            if entry.tag in _SLOTS:
                return tag | code | _values(values, decimals)
            named = code | ({"unit": entry.row.unit} if entry.row else {})
            if entry.step is None and len(values) == 1:
                return tag | _value(values[0], decimals) | named
            return tag | _values(values, decimals) | named
        case Step(days=days, hours=hours, minutes=minutes):
            return tag | code | {"step": {"days": days, "hours": hours, "minutes": minutes}}
        case Word(bits=bits):
            return tag | code | {"value": f"{bits:08X}", "bits_set": _set_bits(bits)}
        case Blob(data=data) if entry.tag == _TEXT:
            return tag | code | {"value": data.decode("gb18030", "replace")}
        case Blob(data=data):
            return tag | code | {"bytes": len(data)}
        case ElementFault() as fault:
            return tag | {"value": None} | code | {"fault": fault.value}


_SLOTS: Final = frozenset(f"{identifier:02X}" for identifier in SLOT_GROUPS)
_TEXT: Final = f"{MANUAL:02X}"


def _value(value: Value, decimals: int) -> dict[str, Any]:
    if isinstance(value, ElementFault):
        return {"value": None, "fault": value.value}
    return {"value": None if value is None else written(value, decimals)}


def _values(values: tuple[Value, ...], decimals: int) -> dict[str, Any]:
    """All values; the places of those that can't be read, counted from 1, under ``faults``."""
    shown = [written(value, decimals) if type(value) is int else None for value in values]
    wrong = [number for number, value in enumerate(values, 1) if isinstance(value, ElementFault)]
    return {"values": shown} | ({"faults": wrong} if wrong else {})


def _set_bits(bits: int) -> list[int]:
    return [bit for bit in range(32) if bits >> bit & 1]
