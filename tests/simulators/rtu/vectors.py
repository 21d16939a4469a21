"""The frames of the digest and what they are expected to say, to be written again from that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from hydro.fixed import parse_decimal
from hydro.instants import parse_instant
from simulators.rtu.sl651 import answer, hex_body
from simulators.rtu.sl651.content import (
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
)
from simulators.rtu.sl651.frame import Control, Direction, Link, frame
from simulators.rtu.slt427 import answer as answer427
from simulators.rtu.slt427 import frame as frame427
from simulators.rtu.slt427 import record as record427
from simulators.rtu.slt427.profile import Profile
from simulators.rtu.slt427.report import Function, LinkState, link_frame, report_frame

__all__ = ["BODY_NOT_EXPECTED", "SL651", "SLT427", "sl651_frame", "slt427_frame"]

_CODECS: Final = Path(__file__).parents[2] / "ingest" / "codecs"


def _valid(protocol: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((_CODECS / protocol / "vectors.json").read_text())
    return [vector for vector in vectors if vector["crc_ok"]]


SL651: Final = _valid("sl651")
SLT427: Final = _valid("slt427")

BODY_NOT_EXPECTED: Final = frozenset(vector["id"] for vector in SL651 if "body_bytes" in vector["expected"])
"""Packets after the first: of their bytes only the number is expected, so they can't be written from that alone."""

# What the expected values leave open: the definition byte where it is not that of table C.1 (elements of vendors,
# fields longer than the standard's), and AA for missing.
_DEFINITIONS: Final[dict[str, dict[str, int]]] = {
    "V015": dict.fromkeys(("70", "71", "72", "73", "74", "75"), 0x19),
    "V040": {"76": 0x22, "77": 0x22, "78": 0x22},
    "V095": {"39": 0x1A},
    "V099": {"27": 0x23, "37": 0x23, "76": 0x20, "79": 0x20, "80": 0x23, "90": 0x21, "91": 0x21, "92": 0x21}
    | dict.fromkeys(("1F", "20", "26", "1A", "1C", "1D", "1E"), 0x21),
    "V104": {"28": 0x36, "29": 0x36, "27": 0x36, "3C": 0x1B, "3D": 0x1B, "C1": 0x55, "C2": 0x55, "49": 0x19}
    | {"4A": 0x19, "C9": 0x11, "7A": 0x08, "CA": 0x10, "45": 0x20},
    "V117": {"FF09": 0x08, "FF33": 0x11},
    "V142": {"F5": 0x5C, "39": 0x1A},
    "V147": {"F5": 0x5C},
} | dict.fromkeys(("V123", "V124", "V125", "V126"), dict.fromkeys(("FF92", "FF93", "FF94", "FF95"), 0x19))
_MISSING_IS_AA: Final = frozenset({"V066"})


def sl651_frame(vector: dict[str, Any]) -> bytes:
    """The frame that says what is expected of this vector."""
    expected = vector["expected"]
    link = Link(expected["station"], expected["center"], expected["password"])
    packet = (expected["packets_total"], expected["packet_no"]) if "packet_no" in expected else None
    return frame(
        link,
        int(expected["func"], 16),
        _body(vector),
        end=Control[expected["end"]],
        direction=Direction[expected["direction"].upper()],
        packet=packet,
    )


def _body(vector: dict[str, Any]) -> bytes:
    expected = vector["expected"]
    serial, sent_at = expected["serial"], parse_instant(expected["send_time"], 480)
    if "groups" in expected:
        groups = [_group(vector, group) for group in expected["groups"]]
        addressed = "station" in expected["groups"][0]
        station_class = expected["groups"][0].get("class", "")
        return hex_body.report_body(serial, sent_at, expected["station"], station_class, groups, addressed=addressed)
    if expected["direction"] == "up" and "station_in_body" in expected:
        return answer.answer_body(serial, sent_at, expected["station_in_body"], _content(expected))
    return hex_body.opening(serial, sent_at) + _content(expected)


def _content(expected: dict[str, Any]) -> bytes:  # noqa: PLR0911  # an arm for each function
    match expected:
        case {"params": parameters}:
            return b"".join(
                answer.parameter(int(one["param"], 16), bytes.fromhex(one["raw"]), int(one["def"], 16) & 7)
                for one in parameters
            )
        case {"version": text}:
            return answer.version(text)
        case {"new_password": password}:
            return answer.password(password)
        case {"event_counts": counts}:
            return answer.counters(counts)
        case {"args_raw": raw}:
            return bytes.fromhex(raw)
        case {"elements_requested": elements}:
            return bytes.fromhex("".join(elements))
        case {"from": start, "to": end, "step_raw": step, "element_raw": element}:
            return bytes.fromhex(start[2:] + end[2:] + step + element)
        case _:
            return b""


def _group(vector: dict[str, Any], group: dict[str, Any]) -> Group:
    observed_at = parse_instant(group["obs_time"], 480) if "obs_time" in group else 0
    items: list[Item] = []
    step: int | None = None
    for element in group["elements"]:
        if element["tag"] == "04":
            step = element["step"]["days"] * 1440 + element["step"]["hours"] * 60 + element["step"]["minutes"]
        elif step is not None and element["tag"] not in {"F4", "F5"}:
            items.append(Uniform(step, [Values(int(element["tag"], 16), _micros(element["values"]))]))
        else:
            items.extend([Step(step)] if step is not None else [])
            items.append(_item(vector, element))
    return Group(observed_at, items)


def _item(vector: dict[str, Any], element: dict[str, Any]) -> Item:
    definition = _DEFINITIONS.get(vector["id"], {}).get(element["tag"])
    match element:
        case {"tag": "F2", "value": text}:
            return Manual(text)
        case {"tag": "F3", "bytes": size}:
            return Picture(bytes.fromhex(vector["hex"])[-3 - size : -3])  # of a picture only its size is expected
        case {"tag": "F4", "values": values}:
            return RainSlots(_micros(values))
        case {"tag": "F5", "values": values}:
            return StageSlots(_micros(values), definition=definition or 0xC0)
        case {"tag": "45", "value": word}:
            return Word(int(word, 16))
        case {"tag": tag, "value": value}:
            missing = 0xAA if vector["id"] in _MISSING_IS_AA else 0xFF
            return Number(int(tag, 16), _micros([value])[0], definition, missing)
        case _:
            raise AssertionError(element)


def _micros(values: list[str | None]) -> list[int | None]:
    return [None if value is None else parse_decimal(value) for value in values]


def slt427_frame(vector: dict[str, Any]) -> bytes:
    """The frame that says what is expected of this vector."""
    expected = vector["expected"]
    address = expected["address_hex"]
    match int(expected["afn"], 16):
        case Function.REPORT:
            return _report(expected)
        case Function.LINK:
            return link_frame(address, LinkState(int(expected["data"], 16)))
        case 0x51:  # a clock without weekday
            data = frame427.clock_bytes(parse_instant(expected["clock"], 480), weekday=0)
        case 0x53:  # two intervals alone
            data = answer427.kinds({0: 10, 1: 60}, 2)
            data = expected["kinds_mask"].to_bytes(2, "little") + data[2:]
        case 0x57:  # four bytes of alarm follow, as SL/T 427-2021 has it
            limits = [parse_decimal(expected[key]) for key in ("base", "lower", "upper")]
            data = answer427.stage_limits([answer427.StageLimits(*limits)]) + bytes(4)
        case 0x5D:
            data = answer427.counters(expected["counters"])
        case 0x65:
            main = answer427.Channel(expected["main_type"], bytes.fromhex(expected["main_address"]))
            data = answer427.channels(main, expected["backup"])
        case function:
            raise AssertionError(function)
    return frame427.frame(frame427.Control(record427.Type.CONFIRM), address, int(expected["afn"], 16), data)


def _report(expected: dict[str, Any]) -> bytes:
    label = expected["tp"]
    is_2021 = "T" in label["time"]
    text = label["time"] if is_2021 else f"2026-05-{label['day']}T{label['time']}"  # a month that has all days
    return report_frame(
        expected["address_hex"],
        _record(expected["type_code"], expected["values"]),
        parse_instant(text, 480),
        Profile.SLT427_2021 if is_2021 else Profile.SZY206,
        alarm=int(expected["alarm_word"], 16),
        status=int(expected["status_word"], 16),
        delay_min=label["delay_min"],
    )


def _record(kind: int, values: list[dict[str, Any]]) -> record427.Record:
    first = values[0]
    match first:
        case {"flow": _}:
            return [_meter(one) for one in values]
        case {"air_temp_C": _}:
            pressure, speed, temperature = _micros([first["pressure_hPa"], first["wind_m_s"], first["air_temp_C"]])
            return record427.Meteorology(pressure, record427.Wind(speed, first["wind_dir_code"]), temperature)
        case {"wind_m_s": speed}:
            return record427.Wind(parse_decimal(speed), first["wind_dir_code"])
        case {"rain_kind": "hour", "count": count, "rain_mm": rain}:
            return record427.StatisticalRain(1, count, parse_decimal(rain))
        case _:
            values_of_all = _micros([value for one in values for value in one.values()])
            return record427.Values(record427.Type(kind), values_of_all)


def _meter(value: dict[str, Any]) -> record427.Flow:
    flow, volume = _micros([value["flow"], value["volume_m3"]])
    unit = record427.FlowUnit.M3_PER_H if value.get("flow_unit") == "m3/h" else record427.FlowUnit.M3_PER_S
    return record427.Flow(flow, volume, unit)
