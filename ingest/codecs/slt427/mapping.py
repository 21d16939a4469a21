"""Which element of a frame becomes which of our quantities; the table of docs/protocols/slt427.md in code.

Only what is sure is mapped. Not mapped, but counted: what we have no quantity for (soil, evaporation, weather, most of
water quality); hourly and daily rain, which would fall on the same key as the five-minute rain of the same instant;
the rain of a query's answer, which a known device sends as a running total; instruments after the first, which need
``channels.csv`` to say where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.fixed import MICRO, divide_half_even
from hydro.quantity import Quantity
from ingest.codecs.slt427.frame import Unread
from ingest.codecs.slt427.functions import REPORT_ORDERS
from ingest.codecs.slt427.header import DataType
from ingest.codecs.slt427.numbers import CUBIC_METRES_AN_HOUR, Number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.codecs.slt427.frame import Frame

__all__ = ["FIRST_CHANNEL", "QUANTITY_OF", "Measured", "measured", "micro", "state_quantities"]

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

_ANSWER: Final = 0xB0
_VOLTAGE: Final = 0x84
_MEASURING: Final = frozenset(REPORT_ORDERS) | {_VOLTAGE}
_FLOW_METER_FAULT: Final = 1 << 5
_STAGE_METER_FAULT: Final = 1 << 7
_PUMP_STOPPED: Final = 1 << 4
_DOOR_CLOSED: Final = 1 << 5


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
    return (
        (Quantity.PUMP, 0 if status & _PUMP_STOPPED else MICRO),
        (Quantity.DOOR, 0 if status & _DOOR_CLOSED else MICRO),
        (Quantity.METER_FAULT, MICRO if alarm & (_FLOW_METER_FAULT | _STAGE_METER_FAULT) else 0),
    )
