"""A frame as plain keys and values: what ``watermaster decode`` prints, for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.errors import DecodeError
from ingest.codecs.slt427.faults import ElementFault
from ingest.codecs.slt427.frame import Unread, decode_frame, user_bytes
from ingest.codecs.slt427.framing import USER_DEFINED
from ingest.codecs.slt427.functions import FUNCTIONS, REPORT_ORDERS
from ingest.codecs.slt427.header import DataType, Direction, Profile
from ingest.codecs.slt427.numbers import State
from ingest.codecs.slt427.words import ALARM_BITS, bits_of, status_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.codecs.slt427.frame import Frame
    from ingest.codecs.slt427.label import TimeLabel
    from ingest.codecs.slt427.parts import Record
    from ingest.codecs.slt427.reports import Content

__all__ = ["describe", "explain", "explain_bytes", "faults", "type_word"]

_TYPE_WORDS: Final = {
    DataType.CONFIRM: "confirm",
    DataType.RAIN: "rain",
    DataType.STAGE: "stage",
    DataType.FLOW: "flow",
    DataType.VELOCITY: "velocity",
    DataType.GATE: "gate",
    DataType.POWER: "power",
    DataType.WEATHER: "air_pressure",
    DataType.WIND_OR_ENERGY: "wind",
    DataType.WATER_TEMPERATURE: "water_temperature",
    DataType.QUALITY: "quality",
    DataType.SOIL: "soil",
    DataType.EVAPORATION: "evaporation",
    DataType.ALARM: "alarm",
    DataType.STATISTICS: "statistical_rain",
    DataType.WATER_PRESSURE: "water_pressure",
}
_TYPE_WORDS_2021: Final = {DataType.WEATHER: "meteorology", DataType.WIND_OR_ENERGY: "energy"}
_TYPE_WORDS_DOWN: Final = {DataType.CONFIRM: "command", DataType.STATISTICS: "comprehensive"}

_KIND_WORDS: Final = (
    "rain",
    "stage",
    "flow",
    "velocity",
    "gate",
    "power",
    "pressure",
    "wind",
    "temperature",
    "quality",
    "soil",
    "evaporation",
    "alarm",
    "water_pressure",
)
"""Kind of each bit and interval of functions 53H and A1H, lowest first."""


def type_word(data_type: DataType, direction: Direction, profile: Profile) -> str:
    """Name of a data type in a direction under a profile.

    >>> type_word(DataType.WEATHER, Direction.UP, Profile.SLT427_2021)
    'meteorology'
    """
    if direction is Direction.DOWN and data_type in _TYPE_WORDS_DOWN:
        return _TYPE_WORDS_DOWN[data_type]
    if profile is Profile.SLT427_2021 and data_type in _TYPE_WORDS_2021:
        return _TYPE_WORDS_2021[data_type]
    return _TYPE_WORDS[data_type]


def explain(frame: Frame) -> dict[str, object]:
    """All fields of a frame, with the keys of ``expected`` in the protocol's test vectors.

    Keys that don't apply are absent; what is wrong in it stands under ``faults``, which is absent where nothing is.
    """
    control = frame.control
    found: dict[str, object] = {
        "L": len(user_bytes(frame)),
        "control": control.encode()[:1].hex().upper(),
        "direction": control.direction.value,
        "div": control.parts_left is not None,
    }
    if control.parts_left is not None:
        found["parts_left"] = control.parts_left
    found |= {
        "fcb": control.tries_left,
        "type_code": int(control.data_type),
        "type": type_word(control.data_type, control.direction, frame.profile),
        "address_hex": frame.address.key,
    }
    if frame.address.hydrological:
        found["address_mode2"] = {"station": frame.address.key[2:]}
    else:
        found["address_mode1"] = {
            "admin": frame.address.division,
            "station_le": frame.address.station,
            "station_be": frame.address.station_high_first,
        }
    found["afn"] = f"{frame.function:0{4 if frame.function > USER_DEFINED else 2}X}"
    if isinstance(frame.content, Unread):
        found["data"] = frame.content.data.hex().upper()
    else:
        found |= _content(frame.function, frame.content, report=_is_report(frame))
    if frame.password is not None:
        found["password"] = frame.password[::-1].hex().upper()  # key 1 and key 2, as people write them
    if frame.label is not None:
        found["tp"] = _label(frame.label)
    elif _is_report(frame):
        found["tp"] = None
    wrong = [{"place": place, "reason": reason.value, "detail": detail} for place, reason, detail in faults(frame)]
    return found | {"faults": wrong} if wrong else found


def _is_report(frame: Frame) -> bool:
    return frame.control.direction is Direction.UP and frame.function in REPORT_ORDERS


def _content(function: int, content: Content, *, report: bool) -> dict[str, object]:
    found: dict[str, object] = {}
    if content.alarm is not None:
        found["alarm_word"] = f"{content.alarm:04X}"
        found["alarm_bits"] = bits_of(content.alarm)
    if content.status is not None:
        found["status_word"] = f"{content.status:04X}"
        found["status_bits"] = bits_of(content.status)
    rows = [record.explain() for record in content.records]
    if report:
        return found | {"values": rows}
    match function:
        case 0x53 | 0xA1 if rows:
            found |= rows[0] | {"interval_min": {_kind(at): _minutes(row) for at, row in enumerate(rows[1:])}}
        case 0x5D:
            found["counters"] = [row["counter"] for row in rows]
        case 0x63 | 0xB1 if rows:
            found |= rows[0] | {"values": rows[1:]}
        case 0x65 | 0xA2:
            found |= _channels(content.records)
        case _ if len(rows) == 1:
            found |= rows[0]
        case _ if rows:
            found["values"] = rows
        case _:
            pass
    return found


def _kind(at: int) -> str:
    return _KIND_WORDS[at] if at < len(_KIND_WORDS) else f"kind_{at}"


def _minutes(row: dict[str, object]) -> int | None:
    text = row["interval"]
    return int(text) if isinstance(text, str) else None


def _channels(records: tuple[Record, ...]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, record in zip(("main", "backup"), records, strict=False):
        row = record.explain()
        if "type" in row:
            found |= {f"{name}_type": row["type"], f"{name}_address": row["address"]}
        else:
            found[name] = None
    return found


def _label(label: TimeLabel) -> dict[str, object]:
    fields = label.fields
    if fields is None or not label.readable:
        return {"time": None, "raw": label.raw.hex().upper(), "delay_min": label.delay_min}
    second, minute, hour, day, *rest = fields
    in_day = f"{hour:02d}:{minute:02d}:{second:02d}"
    if rest:
        return {"time": f"20{rest[1]:02d}-{rest[0]:02d}-{day:02d}T{in_day}", "delay_min": label.delay_min}
    return {"day": f"{day:02d}", "time": in_day, "delay_min": label.delay_min}


def faults(frame: Frame) -> Iterator[tuple[str, ElementFault, str]]:
    """Place, reason and detail of what is wrong in a frame whose check sum is right."""
    if isinstance(frame.content, Unread):
        size = len(frame.content.data)
        if frame.function not in FUNCTIONS:
            yield "afn", ElementFault.UNKNOWN_FUNCTION, f"{size} bytes of data"
        elif frame.control.parts_left is not None:
            yield "data", ElementFault.PART, f"{size} bytes; join the parts first"
        else:
            yield "data", ElementFault.BAD_LAYOUT, f"{size} bytes fit no layout of function {frame.function:02X}"
    else:
        for at, record in enumerate(frame.content.records, 1):
            for name, number in record.elements():
                if number.state is State.BAD:
                    yield f"{name} {at}", ElementFault.BAD_BCD, (number.raw or b"").hex().upper()
    if frame.label is not None and not frame.label.readable:
        yield "tp", ElementFault.BAD_TIME, frame.label.raw.hex().upper()


def explain_bytes(data: bytes) -> dict[str, object]:
    """The one frame that ``data`` is, or ``{"error": reason}``."""
    try:
        return explain(decode_frame(data))
    except DecodeError as error:
        return {"error": str(error.reason)}


def describe(frame: Frame) -> list[str]:
    """What function, profile, alarms and status mean, in English and Chinese."""
    known = FUNCTIONS.get(frame.function)
    lines = [f"{known.english} {known.chinese}"] if known else []
    lines.append(f"read as {frame.profile.value}")
    content = frame.content
    if not isinstance(content, Unread):
        if content.alarm is not None:
            lines += (f"alarm: {' '.join(ALARM_BITS.get(bit, ('spare', '备用')))}" for bit in bits_of(content.alarm))
        if content.status is not None:
            lines += (f"status: {' '.join(words)}" for words in status_text(content.status))
    return lines
