"""Which type of data carries which sensor, and the records and words that a sample makes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from hydro.quantity import Quantity
from simulators.rtu.sample import STATES, Channel
from simulators.rtu.slt427.profile import Profile
from simulators.rtu.slt427.record import Flow, NoValues, Quality, Record, Type, Values
from simulators.rtu.slt427.report import Alarm, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.rtu.sample import Sample

__all__ = ["records", "state_words"]

_TYPES: Final = {
    Quantity.DISCHARGE: Type.FLOW,
    Quantity.VOLUME_TOTAL: Type.FLOW,
    Quantity.STAGE: Type.STAGE,
    Quantity.WATER_LEVEL: Type.STAGE,
    Quantity.VELOCITY: Type.VELOCITY,
    Quantity.GATE_OPENING: Type.GATE,
    Quantity.POWER: Type.POWER,
    Quantity.ENERGY_TOTAL: Type.WIND_OR_ENERGY,
    Quantity.WATER_TEMPERATURE: Type.WATER_TEMPERATURE,
    Quantity.RAIN: Type.RAIN,
    Quantity.PRESSURE: Type.WATER_PRESSURE,
    Quantity.PH: Type.QUALITY,
    Quantity.DISSOLVED_OXYGEN: Type.QUALITY,
    Quantity.TURBIDITY: Type.QUALITY,
    Quantity.CONDUCTIVITY: Type.QUALITY,
}
# Bit of a parameter of water quality and its decimals; the editions count the parameters in different orders.
_QUALITY: Final = {
    Profile.SZY206: {
        Quantity.PH: (1, 2),
        Quantity.DISSOLVED_OXYGEN: (2, 2),
        Quantity.CONDUCTIVITY: (4, 0),
        Quantity.TURBIDITY: (6, 0),
    },
    Profile.SLT427_2021: {
        Quantity.PH: (1, 2),
        Quantity.DISSOLVED_OXYGEN: (2, 2),
        Quantity.CONDUCTIVITY: (3, 0),
        Quantity.TURBIDITY: (4, 0),
    },
}
_QUALITY_BYTES: Final = 4
_ELSEWHERE: Final = STATES | {Quantity.VOLTAGE}  # in the words, and in a report of its own


def records(sample: Sample, profile: Profile) -> list[Record]:
    """The records of a sample, one for each type of data; without any, the two words alone.

    Raises:
        ValueError: The protocol carries no such quantity.
    """
    by_type: dict[Type, list[Channel]] = {}
    for channel in sorted(sample.values, key=lambda channel: (channel.number, channel.quantity)):
        if channel.quantity in _ELSEWHERE:
            continue
        kind = _TYPES.get(channel.quantity)
        if kind is None:
            raise ValueError(f"SL/T 427 carries no {channel.quantity.text}")
        by_type.setdefault(kind, []).append(channel)
    if not by_type:
        return [NoValues()]
    return [_record(kind, channels, sample, profile) for kind, channels in sorted(by_type.items())]


def _record(kind: Type, channels: Sequence[Channel], sample: Sample, profile: Profile) -> Record:
    values = sample.values
    if kind is Type.FLOW:
        return [
            Flow(values.get(Channel(Quantity.DISCHARGE, number)), values.get(Channel(Quantity.VOLUME_TOTAL, number)))
            for number, _ in groupby(channels, key=lambda channel: channel.number)
        ]
    if kind is Type.QUALITY:
        places = _QUALITY[profile]
        return Quality(
            {
                places[channel.quantity][0]: (values[channel], places[channel.quantity][1], _QUALITY_BYTES)
                for channel in channels
            }
        )
    if kind is Type.WIND_OR_ENERGY and profile is Profile.SZY206:
        raise ValueError("SZY206 carries no energy; SL/T 427-2021 does")
    return Values(kind, [values[channel] for channel in channels])


def state_words(sample: Sample) -> tuple[int, int]:
    """Alarm and status word of a sample; states that are not observed are door closed, pump stopped, no fault."""
    states = {channel.quantity: value for channel, value in sample.values.items()}
    alarm, status = Alarm(0), Status.CONFIRMED
    if states.get(Quantity.METER_FAULT):
        alarm |= Alarm.FLOW_METER_FAULT
    if states.get(Quantity.DOOR):
        alarm |= Alarm.DOOR
    else:
        status |= Status.DOOR_CLOSED
    if not states.get(Quantity.PUMP):
        status |= Status.PUMP_STOPPED
    return int(alarm), int(status)
