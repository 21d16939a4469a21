"""Which element carries which sensor, and the items that a sample makes."""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.quantity import Quantity
from simulators.rtu.sample import STATES, Channel
from simulators.rtu.sl651.content import SLOTS, Item, Number, RainSlots, StageSlots, Values, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from simulators.rtu.sample import Sample

__all__ = ["Carrier", "StatusBit", "carriers", "sample_items", "slot_items", "status_word", "values_of"]


class StatusBit(IntFlag):
    """Bits of the status word, element 45H; a door closed and a pump stopped are ones."""

    POWER_LOST = 1 << 0
    BATTERY_LOW = 1 << 1
    FLOW_METER_FAULT = 1 << 5
    STAGE_METER_FAULT = 1 << 6
    DOOR_CLOSED = 1 << 7
    PUMP_STOPPED = 1 << 10


class Carrier(NamedTuple):
    """An element and, where it is not that of the table, its definition byte."""

    tag: int
    definition: int | None = None


_USUAL: Final = {
    Quantity.DISCHARGE: Carrier(0x27),
    Quantity.STAGE: Carrier(0x39),
    Quantity.WATER_LEVEL: Carrier(0x3B),
    Quantity.VELOCITY: Carrier(0x37),
    Quantity.VOLUME_TOTAL: Carrier(0x76, 0x28),  # a vendor's: the standard has no total; ten digits of m3
    Quantity.PRESSURE: Carrier(0x58),
    Quantity.GATE_OPENING: Carrier(0x09),
    Quantity.RAIN: Carrier(0x22),  # of 5 minutes
    Quantity.GROUNDWATER_DEPTH: Carrier(0x0E),
    Quantity.WATER_TEMPERATURE: Carrier(0x03),
    Quantity.PH: Carrier(0x46),
    Quantity.DISSOLVED_OXYGEN: Carrier(0x47),
    Quantity.TURBIDITY: Carrier(0x49),
    Quantity.CONDUCTIVITY: Carrier(0x48),
    Quantity.VOLTAGE: Carrier(0x38),
}
# Elements of the first of eight intakes or outlets; those of the others follow it.
_OF_INTAKES: Final = {
    Quantity.DISCHARGE: 0x28,
    Quantity.STAGE: 0x3C,
    Quantity.WATER_LEVEL: 0x3C,
    Quantity.PRESSURE: 0x58,
}


def carriers(channels: Iterable[Channel], *, intakes: bool = False) -> dict[Channel, Carrier]:
    """The usual element of each sensor; those of states are bits of the status word and need none.

    Args:
        channels: Sensors; those of one quantity are numbered from 1 and need ``intakes`` above that.
        intakes: Whether the elements of intakes and outlets are used: Q1 in place of Q.

    Raises:
        ValueError: No element carries one of the sensors, or two sensors want the same element.

    >>> carriers([Channel(Quantity.DISCHARGE)])[Channel(Quantity.DISCHARGE)].tag
    39
    """
    found: dict[Channel, Carrier] = {}
    for channel in channels:
        if channel.quantity in STATES:
            continue
        first = _OF_INTAKES.get(channel.quantity) if intakes else None
        carrier = Carrier(first + channel.number - 1) if first else _USUAL.get(channel.quantity)
        if carrier is None or (first is None and channel.number > 1) or carrier in found.values():
            raise ValueError(f"no element is free for {channel.quantity.text} number {channel.number}")
        found[channel] = carrier
    return found


def sample_items(sample: Sample, plan: Mapping[Channel, Carrier]) -> list[Item]:
    """Every value of a sample; the supply voltage last, as the standard wants it."""
    items: list[Item] = [
        Number(plan[channel].tag, value, plan[channel].definition)
        for channel, value in sample.values.items()
        if channel in plan and channel.quantity is not Quantity.VOLTAGE
    ]
    word = status_word(sample)
    if word is not None:
        items.append(Word(word))
    voltage = Channel(Quantity.VOLTAGE)
    if voltage in plan and voltage in sample.values:
        items.append(Number(plan[voltage].tag, sample.values[voltage], plan[voltage].definition))
    return items


def status_word(sample: Sample) -> int | None:
    """The status word of a sample; None where no state is known, since a bit can't say that.

    Of states that the station does not observe it says: no fault, door closed, pump stopped.
    """
    states = {channel.quantity: value for channel, value in sample.values.items() if channel.quantity in STATES}
    if all(value is None for value in states.values()):
        return None
    word = StatusBit.FLOW_METER_FAULT if states.get(Quantity.METER_FAULT) else StatusBit(0)
    if not states.get(Quantity.DOOR):
        word |= StatusBit.DOOR_CLOSED
    if not states.get(Quantity.PUMP):
        word |= StatusBit.PUMP_STOPPED
    return int(word)


def values_of(samples: Sequence[Sample], channel: Channel, carrier: Carrier) -> Values:
    """One sensor of samples at equal steps."""
    return Values(carrier.tag, [sample.values.get(channel) for sample in samples], carrier.definition)


def slot_items(samples: Mapping[int, Sample], first: int, step_ms: int, base: int, tag: int) -> Item | None:
    """The group F4 or F5 of an hour; None where the station has no such sensor.

    Args:
        samples: By time.
        first: Time of the first of twelve slots.
        step_ms: From slot to slot.
        base: Stage base, millionths of a metre: the group holds what is above it.
        tag: F4H or F5H.
    """
    quantities = (Quantity.RAIN,) if tag == 0xF4 else (Quantity.STAGE, Quantity.WATER_LEVEL)  # noqa: PLR2004  # DRP
    present = [samples.get(first + slot * step_ms) for slot in range(SLOTS)]
    channel = next(
        (
            one
            for sample in present
            if sample
            for one in sample.values
            if one.quantity in quantities and one.number == 1
        ),
        None,
    )
    if channel is None:
        return None
    values = [sample.values.get(channel) if sample else None for sample in present]
    if tag == 0xF4:  # noqa: PLR2004  # DRP
        return RainSlots(values)
    return StageSlots([None if value is None else value - base for value in values], tag)
