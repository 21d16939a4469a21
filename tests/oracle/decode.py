"""From recorded lines to what was accepted: JSON, units, flags, duplicates and corrections (CONTRACT section 3)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from .clock import MINUTE, parse_time
from .register import micro

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .register import Register, Row

__all__ = ["VALID", "Accepted", "Arrival", "Reading", "Stranger", "Stream", "accept", "read_stream"]

DAILY = Fraction(1, 86_400)
FLOW = {
    "m3/s": Fraction(1),
    "L/s": Fraction(1, 1000),
    "m3/min": Fraction(1, 60),
    "m3/h": Fraction(1, 3600),
    "m3/d": DAILY,
    "1e4m3/d": 10_000 * DAILY,
    "Ml/d": 1000 * DAILY,
}
LENGTH = {"m": Fraction(1), "cm": Fraction(1, 100), "mm": Fraction(1, 1000)}
VOLUME = {"m3": Fraction(1), "L": Fraction(1, 1000), "1e4m3": Fraction(10_000)}
NONE: dict[str, Fraction] = {}
UNITS: dict[str, dict[str, Fraction]] = {
    "discharge": FLOW,
    "stage": LENGTH,
    "water_level": LENGTH,
    "velocity": {"m/s": Fraction(1), "cm/s": Fraction(1, 100)},
    "volume_total": VOLUME,
    "volume": VOLUME,
    "pump": NONE,
    "power": {"kW": Fraction(1), "W": Fraction(1, 1000)},
    "energy_total": {"kWh": Fraction(1), "Wh": Fraction(1, 1000)},
    "pressure": {"kPa": Fraction(1), "Pa": Fraction(1, 1000), "MPa": Fraction(1000)},
    "gate_opening": LENGTH,
    "rain": {"mm": Fraction(1), "cm": Fraction(10)},
    "groundwater_depth": LENGTH,
    "water_temperature": {"degC": Fraction(1)},
    "ph": NONE,
    "dissolved_oxygen": {"mg/L": Fraction(1)},
    "turbidity": {"NTU": Fraction(1)},
    "conductivity": {"uS/cm": Fraction(1), "mS/m": Fraction(10)},
    "voltage": {"V": Fraction(1), "mV": Fraction(1, 1000)},
    "signal": {"dBm": Fraction(1)},
    "door": NONE,
    "meter_fault": NONE,
    "flow_state": NONE,
}
SWITCHES = ("pump", "door", "meter_fault")
VALID = (1, 2, 3)
FUTURE = 10 * MINUTE
PREFIX = "watermaster/v1/"
CHANNELS = (["up", "json"], ["up", "sl651"], ["up", "slt427"], ["status"])
GATEWAY = re.compile(r"[A-Za-z0-9.-][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Arrival:
    """One value as it came: of a line, at a time, with its flag; flag 0 = rejected, its time is impossible."""

    line: int
    received: int
    station: str
    quantity: str
    event: int
    value: int | None
    flag: int


@dataclass(frozen=True)
class Stranger:
    """A message of a station that may not send: nobody knows it, or not from this gateway."""

    received: int
    gateway: str
    address: str
    reason: str
    flows: bool


@dataclass
class Stream:
    """What a record says, in the order of its lines, when each gateway was first heard, when it began and ended."""

    arrivals: list[Arrival] = field(default_factory=list)
    strangers: list[Stranger] = field(default_factory=list)
    heard: dict[str, int] = field(default_factory=dict)
    first_received: int | None = None
    last_received: int | None = None


@dataclass
class Reading:
    """What is known under one key: the value that counts now (None = missing) and when the key was first received."""

    value: int | None
    first_received: int
    flag: int


@dataclass
class Accepted:
    """Every accepted key of the stream, and the first and last accepted event time."""

    series: dict[tuple[str, str], dict[int, Reading]] = field(default_factory=dict)
    first: int | None = None
    last: int | None = None


def read_stream(
    records: Sequence[Mapping[str, object]], register: Register, start: int | None, end: int | None
) -> Stream:
    """Read the lines ordered by (received_at, place in the record); keep what lies in ``start < event time <= end``."""
    lines = []
    for position, record in enumerate(records):
        received = parse_time(record["received_at"], register.zone)
        if received is None:
            message = f"record {position}: no received_at"
            raise ValueError(message)
        lines.append((received, position, str(record["topic"]), record["payload"]))
    lines.sort(key=lambda line: (line[0], line[1]))

    stream = Stream()
    for number, (received, _, topic, payload) in enumerate(lines):
        stream.first_received = received if stream.first_received is None else stream.first_received
        stream.last_received = received
        gateway, is_json = _gateway(topic)
        if gateway is None:
            continue
        stream.heard.setdefault(gateway, received)
        refused: dict[str, Stranger] = {}
        for element in _elements(payload) if is_json else []:
            for code, quantity, event, value in _readings(element, register.zone):
                if (start is not None and event <= start) or (end is not None and event > end):
                    continue
                if not _may_send(register, gateway, code, event):
                    if _is_sane(register, event, received):
                        known = register.row_at("stations", event, station=code) is not None
                        flows = quantity in ("discharge", "volume") and value is not None and value > 0
                        before = refused.get(code)
                        refused[code] = Stranger(
                            received=received,
                            gateway=gateway,
                            address=code,
                            reason=before.reason if before else "wrong_gateway" if known else "unknown_station",
                            flows=flows or (before is not None and before.flows),
                        )
                    continue
                point = register.row_at("points", event, station=code, quantity=quantity)
                flag = _flag(point, value) if _is_sane(register, event, received) else 0
                stream.arrivals.append(Arrival(number, received, code, quantity, event, value, flag))
        stream.strangers += refused.values()
    return stream


def accept(stream: Stream, set_aside: Collection[tuple[int, str]] = ()) -> Accepted:
    """Apply the key rules: the first value stays on repetition, a later other value wins, null never replaces.

    Args:
        stream: Values in the order in which they came.
        set_aside: (line, station) whose values are stored, but not judged.
    """
    accepted = Accepted()
    for each in stream.arrivals:
        if each.flag == 0:
            continue
        accepted.first = each.event if accepted.first is None else min(accepted.first, each.event)
        accepted.last = each.event if accepted.last is None else max(accepted.last, each.event)
        if (each.line, each.station) in set_aside:
            continue
        known = accepted.series.setdefault((each.station, each.quantity), {})
        if each.event not in known:
            known[each.event] = Reading(each.value, each.received, each.flag)
        elif each.value is not None:
            known[each.event].value = each.value
            known[each.event].flag = each.flag
    return accepted


def _is_sane(register: Register, event: int, received: int) -> bool:
    """Not older than time.max_age_days (0 = no limit) and not over 10 min after it was received."""
    too_old = register.max_age > 0 and event < received - register.max_age
    return not too_old and event <= received + FUTURE


def _may_send(register: Register, gateway: str, code: str, event: int) -> bool:
    """Whether the station is known at event time and belongs to the gateway; an empty gateway = any."""
    station = register.row_at("stations", event, station=code)
    return station is not None and station.get("gateway", "") in ("", gateway)


def _gateway(topic: str) -> tuple[str | None, bool]:
    """Gateway that a topic speaks for, if any, and whether its payload is JSON readings."""
    if not topic.startswith(PREFIX):
        return None, False
    name, *rest = topic.removeprefix(PREFIX).split("/")
    if not GATEWAY.fullmatch(name) or rest not in CHANNELS:
        return None, False
    return name, rest == ["up", "json"]


def _elements(payload: object) -> list[Mapping[str, object]]:
    """Elements of a payload that are objects; broken JSON has none."""
    if isinstance(payload, bytes):
        try:
            payload = json.loads(payload.decode("utf-8"))
        except (ValueError, RecursionError):
            return []
    found = payload if isinstance(payload, list) else [payload]
    return [element for element in found if isinstance(element, dict)]


def _readings(element: Mapping[str, object], zone: int) -> list[tuple[str, str, int, int | None]]:
    """(station, quantity, event time, value in micro-units or None) of each readable value of an element."""
    code = element.get("station")
    if not isinstance(code, str):
        return []
    found: list[tuple[str, str, int, int | None]] = []
    for quantity, time, value, unit in _rows(element):
        event = parse_time(time, zone)
        if event is None or not isinstance(quantity, str) or quantity not in UNITS:
            continue
        if unit is not None and (not isinstance(unit, str) or unit not in UNITS[quantity]):
            continue
        factor = Fraction(1) if unit is None else UNITS[quantity][str(unit)]
        if value is None:
            found.append((code, quantity, event, None))
            continue
        number = _quantise(quantity, value, factor)
        if number is not None:
            found.append((code, quantity, event, number))
    return found


def _rows(element: Mapping[str, object]) -> list[tuple[object, object, object, object]]:
    """(quantity, time, value, unit) of either shape of an element; none where its lists do not fit."""
    values = element.get("values")
    if isinstance(values, dict):
        units = element.get("units", {})
        if not isinstance(units, dict):
            return []
        return [(quantity, element.get("time"), value, units.get(quantity)) for quantity, value in values.items()]
    times = element.get("times")
    if isinstance(values, list) and isinstance(times, list) and len(times) == len(values):
        quantity, unit = element.get("quantity"), element.get("unit")
        return [(quantity, time, value, unit) for time, value in zip(times, values, strict=True)]
    return []


def _quantise(quantity: str, value: object, factor: Fraction) -> int | None:
    """Micro-units of the canonical unit, half even; None for what is not a number here."""
    if isinstance(value, bool):
        return int(value) * 1_000_000 if quantity in SWITCHES else None
    if not isinstance(value, int | float):
        return None
    exact = _exact(value)
    if exact is None or abs(exact * factor * 1_000_000) >= 2**63:
        return None
    return round(exact * factor * 1_000_000)


def _exact(value: float) -> Fraction | None:
    """Give the decimal number that was written, not the nearest binary one; None for infinity and NaN."""
    number = Decimal(repr(value))
    return Fraction(number) if number.is_finite() else None


def _flag(point: Row | None, value: int | None) -> int:
    """QARTOD flag: 9 missing, 4 outside a bound, 1 within both, 2 where a bound is missing."""
    if value is None:
        return 9
    low = point.get("min", "") if point else ""
    high = point.get("max", "") if point else ""
    if (low and value < micro(low)) or (high and value > micro(high)):
        return 4
    return 1 if low and high else 2
