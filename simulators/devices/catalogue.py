"""Usual devices: sensors with the noise, bounds and resolutions that such instruments have. All numbers [D] ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.quantity import Quantity
from simulators.devices.rating import Rating
from simulators.devices.sensor import Counter, CounterKind, Sensor

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CABINET", "flow_meter", "gauge", "power_meter", "rain_gauge", "reservoir_gauge"]

CABINET: Final[Sequence[Sensor]] = (
    Sensor(quantity=Quantity.VOLTAGE, resolution=0.1, noise=0.03),
    Sensor(quantity=Quantity.SIGNAL, resolution=1.0),
    Sensor(quantity=Quantity.DOOR, resolution=1.0),
)
"""What a solar-powered cabinet says of itself."""


def gauge(
    mean_m3s: float, highest_m3s: float, highest_m: float, *, flood_m3s: float | None = None
) -> tuple[Sensor, ...]:
    """A radar over a rated section: discharge by rating, to 0.001 m3/s (above 100: 0.01), and stage to the centimetre.

    Args:
        mean_m3s: At which the rating is best known.
        highest_m3s: Most that it shows.
        highest_m: Highest stage.
        flood_m3s: From which the bed moves; None: half of the most that it shows.
    """
    rating = Rating(mean_m3s=mean_m3s, flood_m3s=0.5 * highest_m3s if flood_m3s is None else flood_m3s)
    fine = 0.001 if highest_m3s <= 100.0 else 0.01  # a gauge shows five figures  # noqa: PLR2004
    return (
        Sensor(
            quantity=Quantity.DISCHARGE, resolution=fine, noise_share=0.004, low=0.0, high=highest_m3s, rating=rating
        ),
        Sensor(quantity=Quantity.STAGE, resolution=0.01, noise=0.003, low=-0.5, high=highest_m),
    )


def flow_meter(
    design_m3s: float,
    *,
    first_m3: float = 0.0,
    resolution_m3: float = 1.0,
    counter: CounterKind = CounterKind.FORWARD,
    reverse: bool = False,
) -> tuple[Sensor, ...]:
    """An electromagnetic meter: litres per second, a total of eight digits, and its fault bit.

    Args:
        design_m3s: Greatest flow; it shows a quarter more, and cuts off below 0.2 % of it.
        first_m3: What its total stands at.
        resolution_m3: Of its total; 1 or 10 are common.
        counter: What it counts.
        reverse: Whether it shows reverse flow.
    """
    return (
        Sensor(
            quantity=Quantity.DISCHARGE,
            unit="L/s",
            resolution=0.1,
            noise_share=0.004,
            cutoff=0.002 * design_m3s,
            low=-1.25 * design_m3s if reverse else 0.0,
            high=1.25 * design_m3s,
        ),
        Sensor(
            quantity=Quantity.VOLUME_TOTAL,
            resolution=resolution_m3,
            counter=Counter(kind=counter, first=first_m3, highest=99_999_999.0 * resolution_m3),
        ),
        Sensor(quantity=Quantity.METER_FAULT, resolution=1.0),
    )


def power_meter(rated_kw: float, *, ratio: float = 1.0, first_kwh: float = 0.0) -> tuple[Sensor, ...]:
    """A pump's run signal and an electricity meter.

    Args:
        rated_kw: Of all pumps; it shows up to 1.5 times of it.
        ratio: Of its current transformers: it shows a ratio-th of what there is.
        first_kwh: What its total stands at.
    """
    return (
        Sensor(quantity=Quantity.PUMP, resolution=1.0),
        Sensor(
            quantity=Quantity.POWER, resolution=0.01, noise_share=0.005, low=0.0, high=1.5 * rated_kw, multiplier=ratio
        ),
        Sensor(
            quantity=Quantity.ENERGY_TOTAL,
            resolution=0.01,
            multiplier=ratio,
            counter=Counter(first=first_kwh, highest=999_999.99),
        ),
    )


def rain_gauge() -> tuple[Sensor, ...]:
    """A tipping bucket of half a millimetre."""
    return (Sensor(quantity=Quantity.RAIN, resolution=0.5, low=0.0),)


def reservoir_gauge(lowest_m: float, highest_m: float) -> tuple[Sensor, ...]:
    """A pressure gauge in a reservoir: water level to the centimetre, with waves."""
    return (Sensor(quantity=Quantity.WATER_LEVEL, resolution=0.01, noise=0.012, low=lowest_m, high=highest_m),)
