"""What a sensor shows when nothing disturbs it: which of the true courses of river, takers and sky."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulators.basin import Curve

__all__ = ["Signal", "Source"]


class Signal(StrEnum):
    """A true course. The element of its source is named after the dash."""

    GAUGE_DISCHARGE = "gauge_discharge"
    """`Flows.gauge_discharge` in m3/s - gauge."""
    GAUGE_STAGE = "gauge_stage"
    """`Flows.gauge_stage` in m; nothing to measure (NaN) where the gauge has no rating - gauge."""
    GAUGE_STATE = "gauge_state"
    """0 where the gauge's discharge is above 0, else 2 (stopped) - gauge."""
    DAM_LEVEL = "dam_level"
    """`Flows.level_m`, m above the vertical datum - dam."""
    DAM_GENERATION = "dam_generation"
    """`Flows.turbined`, m3/s - dam."""
    DAM_RELEASE = "dam_release"
    """`Flows.released`, m3/s - dam."""
    DAM_SPILL = "dam_spill"
    """`Flows.spilled`, m3/s - dam."""
    TAKER_SEEN = "taker_seen"
    """`Taking.seen_m3s`: what a perfect meter there shows, m3/s - taker."""
    TAKER_THROUGH = "taker_through"
    """`Taking.through_m3s`: what passes the metering point, m3/s - taker."""
    TAKER_PUMP = "taker_pump"
    """`Taking.pump`, 0 or 1 - taker."""
    TAKER_POWER = "taker_power"
    """`Taking.power_kw` - taker."""
    RAIN = "rain"
    """`Flows.rain_mm`, mm of the step - catchment."""
    SUN = "sun"
    """A cosine of the local day: 1 at 13:00, −1 at 01:00, mean of the step to 1e-6 - no element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Truth of one quantity at one station: ``offset + factor · curve(signal)``, canonical unit.

    Attributes:
        signal: Which course.
        element: Whose: name of a gauge, a dam, a taker or a catchment.
        curve: What is made of it first; None: nothing. A stage in a canal, the opening of a gate.
        factor: Times this; kW from m3/s through turbines, m of opening from m3/s released.
        offset: And this added; −datum makes a stage of a water level.
    """

    signal: Signal
    element: str = ""
    curve: Curve | None = None
    factor: float = 1.0
    offset: float = 0.0
