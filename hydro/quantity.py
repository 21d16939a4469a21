"""What can be observed, in which canonical unit, and from which units it is accepted.

Adding a quantity: a member of :class:`Quantity` with a code never used before (codes stand in state files), and its row
in ``_ROWS``. Adding a unit: a row in ``_UNITS``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from hydro.fixed import MICRO

__all__ = ["BINARY", "QUANTITIES", "Conversion", "Quantity", "canonical_unit", "conversion"]


class Quantity(IntEnum):
    """A kind of observation. Codes are part of state files: never change or reuse one; below 32."""

    DISCHARGE = 0
    STAGE = 1
    WATER_LEVEL = 2
    VELOCITY = 3
    VOLUME_TOTAL = 4
    VOLUME = 5
    PUMP = 6
    POWER = 7
    ENERGY_TOTAL = 8
    PRESSURE = 9
    GATE_OPENING = 10
    RAIN = 11
    GROUNDWATER_DEPTH = 12
    WATER_TEMPERATURE = 13
    PH = 14
    DISSOLVED_OXYGEN = 15
    TURBIDITY = 16
    CONDUCTIVITY = 17
    VOLTAGE = 18
    SIGNAL = 19
    DOOR = 20
    METER_FAULT = 21
    FLOW_STATE = 22

    @property
    def text(self) -> str:
        """Name on the wire, in the store and in the register."""
        return self.name.lower()


QUANTITIES: Final[dict[str, Quantity]] = {quantity.text: quantity for quantity in Quantity}

BINARY: Final = frozenset({Quantity.PUMP, Quantity.DOOR, Quantity.METER_FAULT})
"""Quantities of which JSON's true and false are accepted as 1 and 0."""


class Conversion(NamedTuple):
    """Millionths of the canonical unit = number * numerator / denominator."""

    numerator: int
    denominator: int


# (canonical unit, kind of unit); units convert inside one kind only.
_ROWS: Final[dict[Quantity, tuple[str, str]]] = {
    Quantity.DISCHARGE: ("m3/s", "flow"),
    Quantity.STAGE: ("m", "length"),
    Quantity.WATER_LEVEL: ("m", "length"),
    Quantity.VELOCITY: ("m/s", "speed"),
    Quantity.VOLUME_TOTAL: ("m3", "volume"),
    Quantity.VOLUME: ("m3", "volume"),
    Quantity.PUMP: ("", "none"),
    Quantity.POWER: ("kW", "power"),
    Quantity.ENERGY_TOTAL: ("kWh", "energy"),
    Quantity.PRESSURE: ("kPa", "pressure"),
    Quantity.GATE_OPENING: ("m", "length"),
    Quantity.RAIN: ("mm", "rain"),
    Quantity.GROUNDWATER_DEPTH: ("m", "length"),
    Quantity.WATER_TEMPERATURE: ("degC", "temperature"),
    Quantity.PH: ("", "none"),
    Quantity.DISSOLVED_OXYGEN: ("mg/L", "concentration"),
    Quantity.TURBIDITY: ("NTU", "turbidity"),
    Quantity.CONDUCTIVITY: ("uS/cm", "conductivity"),
    Quantity.VOLTAGE: ("V", "voltage"),
    Quantity.SIGNAL: ("dBm", "signal"),
    Quantity.DOOR: ("", "none"),
    Quantity.METER_FAULT: ("", "none"),
    Quantity.FLOW_STATE: ("", "none"),
}

# Kind of unit -> unit -> size in the canonical unit as a fraction.
_UNITS: Final[dict[str, dict[str, tuple[int, int]]]] = {
    "flow": {
        "m3/s": (1, 1),
        "L/s": (1, 1_000),
        "m3/min": (1, 60),
        "m3/h": (1, 3_600),
        "m3/d": (1, 86_400),
        "1e4m3/d": (10_000, 86_400),
        "Ml/d": (1_000, 86_400),
    },
    "length": {"m": (1, 1), "cm": (1, 100), "mm": (1, 1_000)},
    "rain": {"mm": (1, 1), "cm": (10, 1)},
    "volume": {"m3": (1, 1), "L": (1, 1_000), "1e4m3": (10_000, 1)},
    "speed": {"m/s": (1, 1), "cm/s": (1, 100)},
    "power": {"kW": (1, 1), "W": (1, 1_000)},
    "energy": {"kWh": (1, 1), "Wh": (1, 1_000)},
    "pressure": {"kPa": (1, 1), "Pa": (1, 1_000), "MPa": (1_000, 1)},
    "temperature": {"degC": (1, 1)},
    "concentration": {"mg/L": (1, 1)},
    "turbidity": {"NTU": (1, 1)},
    "conductivity": {"uS/cm": (1, 1), "mS/m": (10, 1)},
    "voltage": {"V": (1, 1), "mV": (1, 1_000)},
    "signal": {"dBm": (1, 1)},
    "none": {"": (1, 1)},
}


def _reduced(numerator: int, denominator: int) -> Conversion:
    # 1e6 / 86400 as 1e6 and 86400: two float operations, each correctly rounded, and exact for the decimal units.
    if (numerator * MICRO) % denominator == 0:
        return Conversion(numerator * MICRO // denominator, 1)
    return Conversion(numerator * MICRO, denominator)


_CONVERSIONS: Final[dict[tuple[Quantity, str], Conversion]] = {
    (quantity, unit): _reduced(*size) for quantity, (_, kind) in _ROWS.items() for unit, size in _UNITS[kind].items()
}


def canonical_unit(quantity: Quantity) -> str:
    """Unit in which values of ``quantity`` are stored; empty for states and pH."""
    return _ROWS[quantity][0]


def conversion(quantity: Quantity, unit: str | None) -> Conversion | None:
    """Factor from ``unit`` (None = the canonical one); None where the unit isn't one of this quantity's kind.

    >>> conversion(Quantity.DISCHARGE, "L/s"), conversion(Quantity.STAGE, "L/s")
    (Conversion(numerator=1000, denominator=1), None)
    """
    return _CONVERSIONS.get((quantity, _ROWS[quantity][0] if unit is None else unit))
