"""What is measured where, with which device: bounds, resolution and accuracy for the register, noise for readings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["POINTS", "RATINGS", "Point"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One quantity of one device.

    Attributes:
        quantity: As in the contract.
        digits: Decimals that the device shows, in its own unit.
        low: Least value it can mean, canonical unit; None = no bound.
        high: Greatest value; None = no bound.
        noise: Standard deviation of one reading as a share of it.
        accuracy_pct: Expanded uncertainty of the data sheet, percent of reading.
        zero_below: What it can't tell from zero, canonical unit.
        rated_kw: Of the pump.
        unit: Unit on the wire; empty = the canonical one.
        per_unit: How many of ``unit`` make one canonical unit.
        counter_max: Where a forward total rolls over.
    """

    quantity: str
    digits: int
    low: float | None = 0
    high: float | None = None
    noise: float = 0.0
    accuracy_pct: float | None = None
    zero_below: float | None = None
    rated_kw: float | None = None
    unit: str = ""
    per_unit: float = 1.0
    counter_max: float | None = None

    def shown(self, value: float) -> float:
        """What the device shows of a canonical value, in its own unit."""
        return round(value * self.per_unit, self.digits or None)  # without decimals it's a whole number on the wire


def _flow(high: float, *, noise: float = 0.006, digits: int = 2, accuracy_pct: float = 8.0) -> Point:
    return Point(
        quantity="discharge", digits=digits, high=high, noise=noise, accuracy_pct=accuracy_pct, zero_below=0.02
    )


def _stage(high: float, digits: int = 2) -> Point:
    return Point(quantity="stage", digits=digits, low=-0.5, high=high)


_VOLTAGE: Final = Point(quantity="voltage", digits=1, low=9, high=16)
_TOTAL: Final = Point(quantity="volume_total", digits=0, counter_max=99_999_999)


def _meter(high: float) -> tuple[Point, ...]:
    """An electromagnetic meter: litres per second and a total in cubic metres."""
    meter = Point(
        quantity="discharge", digits=1, high=high, noise=0.004, accuracy_pct=2.0, zero_below=0.001, unit="L/s",
        per_unit=1000.0,
    )  # fmt: skip
    return (meter, _TOTAL)


def _hourly_meter(high: float) -> tuple[Point, ...]:
    """An older one: whole cubic metres per hour."""
    meter = Point(
        quantity="discharge", digits=0, high=high, noise=0.006, accuracy_pct=3.0, zero_below=0.001, unit="m3/h",
        per_unit=3600.0,
    )  # fmt: skip
    return (meter, _TOTAL)


def _pump(rated_kw: float) -> tuple[Point, ...]:
    return (
        Point(quantity="pump", digits=0, high=1),
        Point(quantity="power", digits=1, high=rated_kw * 1.3, noise=0.008, rated_kw=rated_kw),
        Point(quantity="energy_total", digits=1, counter_max=9_999_999.9),
    )


POINTS: Final[dict[str, tuple[Point, ...]]] = {
    "shimenkan": (_flow(420), _stage(7.5)),
    "reservoir": (
        Point(quantity="water_level", digits=2, low=1030, high=1052),
        _flow(60, noise=0.004, accuracy_pct=5.0),
        Point(quantity="gate_opening", digits=2, high=3),
        Point(quantity="rain", digits=1, high=120),
    ),
    "county_works": (*_meter(0.4), *_pump(160)),
    "creek_head": (_flow(90, digits=3), _stage(4.0, 3), _VOLTAGE),
    "dam": (_flow(60, digits=3, accuracy_pct=5.0), Point(quantity="gate_opening", digits=2, high=1.5)),
    "machaotan": (_flow(320, digits=3), _stage(6.0, 3)),
    "tailrace": (_flow(4, noise=0.004, accuracy_pct=5.0), Point(quantity="power", digits=0, high=2600)),
    "brewery": (*_meter(0.1), *_pump(30)),
    "creek_mouth": (_flow(110, digits=3), _stage(4.5, 3)),
    "spring": (
        Point(quantity="groundwater_depth", digits=2, high=60),
        Point(quantity="water_temperature", digits=1, low=-2, high=40),
        Point(quantity="conductivity", digits=0, high=3000),
    ),
    "lianghekou": (_flow(560), _stage(8.0)),
    "zhongba": (*_hourly_meter(0.9), _stage(1.6)),
    "xiazhai": (_flow(600), _stage(8.0)),
    "factory": (*_hourly_meter(0.6), *_pump(260)),
    "qiaotou": (_flow(620), _stage(8.5)),
    "run_of_river": (_flow(620, noise=0.004, accuracy_pct=5.0), Point(quantity="power", digits=0, high=900)),
    "caves_head": (_flow(150, digits=3), _stage(5.0, 3), _VOLTAGE),
    "caves_works": (*_meter(0.3), *_pump(110)),
    "lift": (*_meter(0.4), *_pump(280)),
    "caves_mouth": (_flow(180, digits=3), _stage(5.5, 3)),
    "town_works": (*_meter(0.25), *_pump(75)),
    "well": (
        Point(quantity="groundwater_depth", digits=2, high=80),
        Point(quantity="water_temperature", digits=1, low=-2, high=40),
    ),
    "border": (_flow(780), _stage(9.0), _VOLTAGE),
    "mouth": (_flow(800), _stage(9.0)),
}
"""By key of the place, in the order in which the device reports them."""

RATINGS: Final[dict[str, tuple[float, float, float]]] = {
    "shimenkan": (14.0, 0.32, 1.8),
    "creek_head": (7.5, 0.11, 1.7),
    "machaotan": (9.0, 0.18, 1.75),
    "creek_mouth": (8.0, 0.15, 1.7),
    "lianghekou": (16.0, 0.41, 1.8),
    "zhongba": (1.9, 0.0, 1.6),
    "xiazhai": (17.0, 0.38, 1.8),
    "qiaotou": (18.0, 0.44, 1.8),
    "caves_head": (9.5, 0.20, 1.7),
    "caves_mouth": (10.0, 0.22, 1.7),
    "border": (22.0, 0.52, 1.85),
    "mouth": (24.0, 0.47, 1.85),
}
"""Discharge = a · (stage − zero) ** exponent, as (a, zero, exponent)."""
