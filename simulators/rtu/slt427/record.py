"""What a self-report carries: the value records of each type. Numbers are millionths of the unit named.

Source: SL/T 427-2021 and SZY206-2016, data of AFN C0H by the type in the control byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple, assert_never

from simulators.rtu.slt427.number import count_of, low_first, signed, unsigned
from simulators.rtu.slt427.profile import Profile

__all__ = [
    "Flow",
    "FlowUnit",
    "Meteorology",
    "NoValues",
    "Quality",
    "Record",
    "SoilAtDepth",
    "StatisticalRain",
    "Type",
    "Values",
    "Wind",
    "record_bytes",
    "type_of",
]


class Type(IntEnum):
    """Low nibble of the control byte of a report."""

    CONFIRM = 0
    RAIN = 1
    STAGE = 2
    FLOW = 3
    VELOCITY = 4
    GATE = 5
    POWER = 6
    WEATHER = 7
    WIND_OR_ENERGY = 8
    WATER_TEMPERATURE = 9
    QUALITY = 10
    SOIL = 11
    EVAPORATION = 12
    STATE = 13
    STATISTICAL_RAIN = 14
    WATER_PRESSURE = 15


class _Field(NamedTuple):
    size: int
    decimals: int
    signed: bool


# Types whose records are numbers of one kind; in mm, m, m/s, m, kW, hPa, kWh, degC, %, mm, kPa.
_FIELDS: Final = {
    Type.RAIN: _Field(3, 1, signed=False),
    Type.STAGE: _Field(4, 3, signed=True),
    Type.VELOCITY: _Field(3, 3, signed=True),
    Type.GATE: _Field(3, 2, signed=False),
    Type.POWER: _Field(3, 0, signed=False),
    Type.WEATHER: _Field(3, 0, signed=False),
    Type.WIND_OR_ENERGY: _Field(4, 2, signed=False),
    Type.WATER_TEMPERATURE: _Field(2, 1, signed=False),
    Type.SOIL: _Field(2, 1, signed=False),
    Type.EVAPORATION: _Field(3, 1, signed=False),
    Type.WATER_PRESSURE: _Field(4, 2, signed=False),
}


class FlowUnit(IntEnum):
    """Two bits beside the sign of a flow in SL/T 427-2021; SZY206 has no room for them and means m3/s."""

    M3_PER_S = 0
    M3_PER_H = 3


@dataclass(frozen=True, slots=True)
class Values:
    """Sensors of one kind, in their order."""

    kind: Type
    values: Sequence[int | None]


class Flow(NamedTuple):
    """A meter: flow in ``unit`` and total in m3."""

    flow: int | None
    volume: int | None
    unit: FlowUnit = FlowUnit.M3_PER_S


@dataclass(frozen=True, slots=True)
class Wind:
    """Type 8 of SZY206: speed in m/s, direction 0 to 8."""

    speed: int | None
    direction: int


@dataclass(frozen=True, slots=True)
class Meteorology:
    """Type 7 of SL/T 427-2021: pressure in hPa, wind in m/s, temperature in degC."""

    pressure: int | None
    wind: Wind
    temperature: int | None


@dataclass(frozen=True, slots=True)
class Quality:
    """Type 10: bit of the parameter -> (value, decimals, bytes); which bit means what is the profile's."""

    values: Mapping[int, tuple[int | None, int, int]]


@dataclass(frozen=True, slots=True)
class SoilAtDepth:
    """Type 11 of SL/T 427-2021: moisture in percent and depth in cm, per sensor."""

    layers: Sequence[tuple[int | None, int]]


@dataclass(frozen=True, slots=True)
class StatisticalRain:
    """Type 14: rain in mm of ``count`` periods of 5 minutes, hours or days, or the test's total.

    Attributes:
        kind: 0 periods of 5 minutes, 1 hours, 2 days, 3 test.
        count: 0 to 63.
        rain: Millionths of a mm.
    """

    kind: int
    count: int
    rain: int | None


@dataclass(frozen=True, slots=True)
class NoValues:
    """Type 13: the two words alone."""


Record = Values | Sequence[Flow] | Wind | Meteorology | Quality | SoilAtDepth | StatisticalRain | NoValues

_MINUS: Final = 0b1100
_FLOW_DECIMALS: Final = 3
_BITMAP_BYTES: Final = 5


def type_of(record: Record) -> Type:  # noqa: PLR0911  # an arm for each record
    """The type under which a record is reported."""
    match record:
        case Values():
            return record.kind
        case Wind():
            return Type.WIND_OR_ENERGY
        case Meteorology():
            return Type.WEATHER
        case Quality():
            return Type.QUALITY
        case SoilAtDepth():
            return Type.SOIL
        case StatisticalRain():
            return Type.STATISTICAL_RAIN
        case NoValues():
            return Type.STATE
        case Sequence():
            return Type.FLOW
        case _:
            assert_never(record)


def record_bytes(record: Record, profile: Profile) -> bytes:  # noqa: PLR0911  # an arm for each record
    """The value records, without the two words.

    Raises:
        ValueError: A value does not fit.
    """
    match record:
        case Values():
            field = _FIELDS[record.kind]
            write = signed if field.signed else unsigned
            return b"".join(write(value, field.size, field.decimals) for value in record.values)
        case Wind():
            return signed(record.speed, 3, 2, top=record.direction)
        case Meteorology():
            wind = record_bytes(record.wind, profile)
            return unsigned(record.pressure, 3, 0) + wind + signed(record.temperature, 2, 1)
        case Quality():
            bitmap = sum(1 << bit for bit in record.values).to_bytes(_BITMAP_BYTES, "little")
            fields = (unsigned(value, size, places) for _, (value, places, size) in sorted(record.values.items()))
            return bitmap + b"".join(fields)
        case SoilAtDepth():
            return b"".join(unsigned(moisture, 2, 1) + low_first(depth, 2) for moisture, depth in record.layers)
        case StatisticalRain():
            return bytes((record.kind << 6 | record.count,)) + unsigned(record.rain, 3, 1)
        case NoValues():
            return b""
        case Sequence():
            return b"".join(_meter(meter, profile) for meter in record)
        case _:
            assert_never(record)


def _meter(meter: Flow, profile: Profile) -> bytes:
    top = None
    if profile is Profile.SLT427_2021:  # two bits for the sign, two for the unit
        top = meter.unit | (_MINUS if meter.flow is not None and count_of(meter.flow, _FLOW_DECIMALS) < 0 else 0)
    elif meter.unit is not FlowUnit.M3_PER_S:
        raise ValueError(f"a flow of SZY206 has no room for the unit {meter.unit.name}")
    return signed(meter.flow, 5, _FLOW_DECIMALS, top=top) + unsigned(meter.volume, 5, 0)
