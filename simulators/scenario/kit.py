"""What a station is fitted with before anybody changes it: sensors by part, and what each shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hydro.quantity import Quantity
from simulators.devices import Sensor
from simulators.devices.catalogue import CABINET, flow_meter, gauge, power_meter, rain_gauge, reservoir_gauge
from simulators.scenario.signal import Signal, Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.basin import Curve
    from simulators.takers import Taker

__all__ = ["Kit", "of_plant", "of_reservoir", "of_section", "of_taker", "of_well", "with_rain"]

_KW_PER_M4_S: Final = 9.81
_FREEBOARD_M: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """Sensors of a station.

    Attributes:
        parts: By name of the part, in the order in which they report.
        usual: Parts that it has if nobody says otherwise.
        sources: What each quantity shows.
    """

    parts: Mapping[str, Sequence[Sensor]]
    usual: tuple[str, ...]
    sources: Mapping[Quantity, Source] = field(default_factory=dict)


def of_section(code: str, mean_m3s: float, highest_m3s: float, rating: Curve | None, *, by_rating: bool) -> Kit:
    """A rated section.

    Args:
        code: Of the station, and the name of its gauge.
        mean_m3s: At which its rating is best known.
        highest_m3s: Most that it shows.
        rating: Stage over discharge; None: it shows no stage.
        by_rating: What it calls discharge comes from the stage by its rating, wrong wherever backwater stands.
    """
    discharge = Source(signal=Signal.GAUGE_DISCHARGE, element=code)
    if rating is None:
        sensors = gauge(mean_m3s, highest_m3s, 1.0)[:1]
        return Kit(
            parts={"gauge": sensors, "cabinet": CABINET},
            usual=("gauge", "cabinet"),
            sources={Quantity.DISCHARGE: discharge, Quantity.FLOW_STATE: _state(code)},
        )
    highest_m = round(rating.points[-1][1] + 2.0, 2)
    if by_rating:
        discharge = Source(signal=Signal.GAUGE_STAGE, element=code, curve=rating.reversed())
    return Kit(
        parts={"gauge": gauge(mean_m3s, highest_m3s, highest_m), "cabinet": CABINET},
        usual=("gauge", "cabinet"),
        sources={
            Quantity.DISCHARGE: discharge,
            Quantity.STAGE: Source(signal=Signal.GAUGE_STAGE, element=code),
            Quantity.FLOW_STATE: _state(code),
        },
    )


def of_taker(taker: Taker) -> Kit:
    """A metered intake: meter, pump and power where it has pumps."""
    design, house = taker.design_m3s, taker.house
    sources = {Quantity.DISCHARGE: Source(signal=Signal.TAKER_SEEN, element=taker.name)}
    parts: dict[str, Sequence[Sensor]] = {
        "flow_meter": flow_meter(design, reverse=house is not None and house.drain_m3 > 0.0)
    }
    if house is not None:
        parts["power_meter"] = power_meter(round(house.rated_kw, 1))
        sources[Quantity.PUMP] = Source(signal=Signal.TAKER_PUMP, element=taker.name)
        sources[Quantity.POWER] = Source(signal=Signal.TAKER_POWER, element=taker.name)
    parts["cabinet"] = CABINET
    return Kit(parts=parts, usual=tuple(parts), sources=sources)


def of_reservoir(code: str, dam: str, levels: Curve, highest_m3s: float) -> Kit:
    """A reservoir: its level, and what leaves it down the river."""
    lowest, full = levels.points[0][1], levels.points[-1][1]
    return Kit(
        parts={
            "reservoir_gauge": reservoir_gauge(lowest, full + _FREEBOARD_M),
            "gauge": gauge(max(highest_m3s / 40.0, 1e-3), highest_m3s, 1.0)[:1],
            "cabinet": CABINET,
        },
        usual=("reservoir_gauge", "cabinet"),
        sources={
            Quantity.WATER_LEVEL: Source(signal=Signal.DAM_LEVEL, element=dam),
            Quantity.DISCHARGE: Source(signal=Signal.GAUGE_DISCHARGE, element=code),
        },
    )


def of_plant(code: str, dam: str, most_m3s: float, highest_m3s: float, kw_per_m3s: float | None) -> Kit:
    """A section of a hydropower plant.

    Args:
        code: Of the station, and the name of its gauge.
        dam: Of the plant.
        most_m3s: Through its turbines.
        highest_m3s: Most that the section shows.
        kw_per_m3s: Power of a cubic metre a second through the turbines; None: the section shows no power.
    """
    # Concrete: no flood moves this bed.
    discharge = gauge(max(most_m3s * 0.5, 1e-3), max(highest_m3s, 1e-3), 1.0, flood_m3s=max(highest_m3s, 1e-3))[:1]
    parts: dict[str, Sequence[Sensor]] = {"gauge": discharge}
    sources = {Quantity.DISCHARGE: Source(signal=Signal.GAUGE_DISCHARGE, element=code)}
    if kw_per_m3s is not None:
        top = max(1.5 * kw_per_m3s * most_m3s, 1.0)
        parts["power"] = (Sensor(quantity=Quantity.POWER, resolution=1.0, noise_share=0.005, low=0.0, high=top),)
        sources[Quantity.POWER] = Source(signal=Signal.DAM_GENERATION, element=dam, factor=kw_per_m3s)
    parts["cabinet"] = CABINET
    return Kit(parts=parts, usual=tuple(parts), sources=sources)


def of_well(depth_m: float) -> Kit:
    """A well: depth to the water, its temperature and conductivity, with a faint swing of the day."""
    return Kit(
        parts={
            "well": (
                Sensor(quantity=Quantity.GROUNDWATER_DEPTH, resolution=0.01, noise=0.004, low=0.0, high=2.5 * depth_m),
                Sensor(quantity=Quantity.WATER_TEMPERATURE, resolution=0.1, low=-2.0, high=40.0),
                Sensor(quantity=Quantity.CONDUCTIVITY, resolution=1.0, low=0.0, high=3000.0),
            ),
            "cabinet": CABINET,
        },
        usual=("well", "cabinet"),
        sources={
            Quantity.GROUNDWATER_DEPTH: Source(signal=Signal.SUN, factor=0.03, offset=depth_m),
            Quantity.WATER_TEMPERATURE: Source(signal=Signal.SUN, factor=0.6, offset=15.2),
            Quantity.CONDUCTIVITY: Source(signal=Signal.SUN, factor=6.0, offset=412.0),
        },
    )


def with_rain(kit: Kit, catchment: str) -> Kit:
    """The same where a rain gauge may stand too, over a catchment."""
    return Kit(
        parts={**kit.parts, "rain_gauge": rain_gauge()},
        usual=kit.usual,
        sources={**kit.sources, Quantity.RAIN: Source(signal=Signal.RAIN, element=catchment)},
    )


def kw_per_m3s(head_m: float, efficiency: float) -> float:
    """Power of turbines, kW for each m3/s: ρ g H η."""
    return _KW_PER_M4_S * head_m * efficiency


def _state(code: str) -> Source:
    return Source(signal=Signal.GAUGE_STATE, element=code)
