"""Which element of a frame becomes which of our quantities; the table of docs/protocols/slt427.md in code.

Only what is sure is mapped. Not mapped, but counted: what we have no quantity for (soil, evaporation, weather, most of
water quality); hourly and daily rain, which would fall on the same key as the five-minute rain of the same instant;
the rain of a query's answer, which a known device sends as a running total; instruments after the first. The register's
channels say of a device where its other instruments are, and what a vendor means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from hydro.fixed import MICRO, divide_half_even
from hydro.quantity import Quantity
from ingest.codecs.over_time import OverTime
from ingest.codecs.slt427.frame import Unread
from ingest.codecs.slt427.functions import REPORT_ORDERS
from ingest.codecs.slt427.header import DataType, Profile
from ingest.codecs.slt427.numbers import CUBIC_METRES_AN_HOUR, Number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ingest.codecs.slt427.frame import Frame

__all__ = [
    "ALARM",
    "FIRST_CHANNEL",
    "NO_DEVICES",
    "OTHER_ELEMENTS",
    "QUANTITY_OF",
    "STANDARD",
    "STATUS",
    "BitRule",
    "Device",
    "Devices",
    "Measured",
    "Rule",
    "measured",
    "micro",
    "state_quantities",
    "state_rows",
]

FIRST_CHANNEL: Final = 1

QUANTITY_OF: Final[dict[str, Quantity]] = {
    "rain_mm": Quantity.RAIN,
    "rain_period": Quantity.RAIN,
    "stage_m": Quantity.STAGE,
    "flow": Quantity.DISCHARGE,
    "volume_m3": Quantity.VOLUME_TOTAL,
    "velocity_m_s": Quantity.VELOCITY,
    "gate_m": Quantity.GATE_OPENING,
    "power_kW": Quantity.POWER,
    "energy_kWh": Quantity.ENERGY_TOTAL,
    "water_temp_C": Quantity.WATER_TEMPERATURE,
    "water_pressure_kPa": Quantity.PRESSURE,
    "ph": Quantity.PH,
    "dissolved_oxygen_mg_L": Quantity.DISSOLVED_OXYGEN,
    "conductivity_uS_cm": Quantity.CONDUCTIVITY,
    "turbidity_NTU": Quantity.TURBIDITY,
    "voltage_V": Quantity.VOLTAGE,
}
"""Quantity of an element's first instrument."""

STATUS: Final = "status"
ALARM: Final = "alarm"
"""Names of the two words in the register's channels, whose number is that of a bit."""

OTHER_ELEMENTS: Final = ("rain_total_mm", "rain_hour", "rain_day", "evaporation_mm", "pressure_hPa", "redox_mV")
"""Elements that a device's channels may give a quantity, since only its owner knows whether they mean one of ours."""

_ANSWER: Final = 0xB0
_VOLTAGE: Final = 0x84
_MEASURING: Final = frozenset(REPORT_ORDERS) | {_VOLTAGE}
_FLOW_METER_FAULT: Final = 1 << 5
_STAGE_METER_FAULT: Final = 1 << 7
_PUMP_STOPPED: Final = 1 << 4
_DOOR_CLOSED: Final = 1 << 5


class Rule(NamedTuple):
    """What an instrument of a device becomes.

    Attributes:
        quantity: Which quantity.
        station: Whose; None = of the station that has the device's address.
        numerator: With ``denominator``: canonical units in a unit of the wire.
        denominator: See ``numerator``.
        offset: Millionths to add.
        switch: It is 0 or 1: 1 where the value isn't zero.
        inverted: Of a switch: 1 where the value is zero.
    """

    quantity: Quantity
    station: str | None = None
    numerator: int = 1
    denominator: int = 1
    offset: int = 0
    switch: bool = False
    inverted: bool = False

    def of(self, value: int) -> int:
        """Millionths of the canonical unit for millionths of the wire's.

        >>> Rule(Quantity.VOLUME_TOTAL, denominator=10).of(1_000_000), Rule(Quantity.PUMP, switch=True).of(5_000_000)
        (100000, 1000000)
        """
        scaled = (
            value if self.numerator == self.denominator else divide_half_even(value * self.numerator, self.denominator)
        )
        scaled += self.offset
        if self.switch:
            return MICRO if (scaled != 0) != self.inverted else 0
        return scaled


class BitRule(NamedTuple):
    """What bits of a word become: 1 where any is set, or where none is if ``inverted``."""

    quantity: Quantity
    mask: int
    inverted: bool = False
    station: str | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """How to read a device.

    Attributes:
        rules: By element and instrument; None = left out.
        status: For the status word.
        alarm: For the alarm word.
        edition: Which of the two sisters it follows; None = told from its bytes.
    """

    rules: Mapping[tuple[str, int], Rule | None] = field(default_factory=dict)
    status: tuple[BitRule, ...] = (
        BitRule(Quantity.PUMP, _PUMP_STOPPED, inverted=True),
        BitRule(Quantity.DOOR, _DOOR_CLOSED, inverted=True),
    )
    alarm: tuple[BitRule, ...] = (BitRule(Quantity.METER_FAULT, _FLOW_METER_FAULT | _STAGE_METER_FAULT),)

    edition: Profile | None = None

    @property
    def is_plain(self) -> bool:
        """Whether everything it says means what the standard says."""
        return not self.rules and self.status == STANDARD.status and self.alarm == STANDARD.alarm

    def rule(self, element: str, channel: int) -> Rule | None:
        """What an instrument becomes; None where it is left out, or unknown."""
        if (element, channel) in self.rules:
            return self.rules[element, channel]
        quantity = QUANTITY_OF.get(element) if channel == FIRST_CHANNEL else None
        return None if quantity is None else Rule(quantity)


STANDARD: Final = Device()
"""A device that means what the standard says."""

Devices: TypeAlias = OverTime[Device]
"""Devices over time."""

NO_DEVICES: Final[Devices] = OverTime(STANDARD)
"""The standard for all."""


class Measured(NamedTuple):
    """A number of a frame, with what names it.

    Attributes:
        element: Key of ``QUANTITY_OF`` or another name.
        channel: Instrument, from 1.
        number: As sent.
    """

    element: str
    channel: int
    number: Number


def measured(frame: Frame) -> Iterator[Measured]:
    """The numbers of a report, of an answer with current values, of a voltage report; nothing for other functions."""
    if frame.function not in _MEASURING or isinstance(frame.content, Unread):
        return
    # In a comprehensive answer the records are of different kinds, one instrument each.
    mixed = frame.function == _ANSWER and frame.control.data_type is DataType.STATISTICS
    for at, record in enumerate(frame.content.records, FIRST_CHANNEL):
        for name, number in record.elements():
            element = "rain_total_mm" if name == "rain_mm" and frame.function == _ANSWER else name
            yield Measured(element, FIRST_CHANNEL if mixed else at, number)


def micro(number: Number) -> int:
    """Millionths of the canonical unit, exactly; half even where an hourly flow doesn't come out.

    >>> micro(Number(-1234, 3, "m")), micro(Number(5_900, 3, "m3/h"))
    (-1234000, 1639)
    """
    count = number.digits * MICRO // 10**number.decimals
    return divide_half_even(count, 3_600) if number.unit == CUBIC_METRES_AN_HOUR else count


def state_quantities(alarm: int, status: int) -> tuple[tuple[Quantity, int], ...]:
    """States that alarm and status word tell, in millionths of one.

    Door and pump stand in the status word, 1 where closed and stopped; ours are 1 where open and running.

    >>> [(quantity.text, value) for quantity, value in state_quantities(0x2020, 0x0050)]
    [('pump', 0), ('door', 1000000), ('meter_fault', 1000000)]
    """
    return tuple((quantity, value) for _, quantity, value in state_rows(STANDARD, alarm, status))


def state_rows(device: Device, alarm: int, status: int) -> list[tuple[str | None, Quantity, int]]:
    """Station (None: the sender's), state and millionths of one that the words of a device tell."""
    return [
        (rule.station, rule.quantity, MICRO if bool(word & rule.mask) != rule.inverted else 0)
        for word, rules in ((status, device.status), (alarm, device.alarm))
        for rule in rules
    ]
