"""What a report says, before it is written in HEX or in ASCII. Numbers are millionths of the element's unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from simulators.rtu.sl651.number import MISSING
from simulators.rtu.sl651.table import ELEMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "SLOTS",
    "Bulk",
    "Duration",
    "Group",
    "Item",
    "Manual",
    "Number",
    "Picture",
    "RainSlots",
    "StageSlots",
    "Step",
    "Uniform",
    "Values",
    "Word",
    "definition_of",
]

SLOTS: Final = 12
"""Intervals of 5 minutes in the groups of one hour."""


@dataclass(frozen=True, slots=True)
class Number:
    """One value of one element.

    Attributes:
        tag: Identifier; FFxx is a user-defined one of two bytes.
        value: None where the sensor gave nothing.
        definition: Of a value that is not negative; None = as the table has it.
        missing: The byte that fills a missing value.
    """

    tag: int
    value: int | None
    definition: int | None = None
    missing: int = MISSING


@dataclass(frozen=True, slots=True)
class Duration:
    """Element 05H: hours and minutes."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Word:
    """Element 45H: status and alarm, bit 0 the least significant."""

    bits: int


@dataclass(frozen=True, slots=True)
class RainSlots:
    """Group F4: rain of twelve intervals of 5 minutes, the first of which ends at the group's time; in mm."""

    values: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class StageSlots:
    """A group F5 to FC: twelve stages above the station's base at 5 minutes, the first at the group's time; in m."""

    values: Sequence[int | None]
    tag: int = 0xF5
    definition: int = 0xC0


@dataclass(frozen=True, slots=True)
class Step:
    """The time step before a group of one hour; 0 announces that it is one hour of 5 minutes."""

    minutes: int


@dataclass(frozen=True, slots=True)
class Values:
    """Values of one element at equal steps; see `Uniform`."""

    tag: int
    values: Sequence[int | None]
    definition: int | None = None
    missing: int = MISSING


@dataclass(frozen=True, slots=True)
class Uniform:
    """Values at equal steps, the first at the group's time. HEX frames hold one element, ASCII frames several."""

    step_min: int
    columns: Sequence[Values]


@dataclass(frozen=True, slots=True)
class Manual:
    """F2: text that a person keyed in, to the end of the body."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """F3: a picture, to the end of the body."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Bulk:
    """FD: bulk velocity data, to the end of the body."""

    data: bytes


Item = Number | Duration | Word | RainSlots | StageSlots | Step | Uniform | Manual | Picture | Bulk


@dataclass(frozen=True, slots=True)
class Group:
    """Elements that share an observation time.

    Attributes:
        observed_at: Epoch milliseconds, cut to the minute on the wire.
        items: What was observed.
        station: Ten hex digits, only where it is another station than that of the frame (relays).
        station_class: Letter of that station.
    """

    observed_at: int
    items: Sequence[Item]
    station: str | None = None
    station_class: str | None = None


def definition_of(tag: int, stated: int | None) -> int:
    """The definition byte of a value that is not negative: as stated, else as the table has it.

    Raises:
        ValueError: The table has no such element and nothing is stated.
    """
    if stated is not None:
        return stated
    element = ELEMENTS.get(tag)
    if element is None:
        raise ValueError(f"element {tag:02X}H is not in table C.1 and has no definition byte")
    return element.definition
