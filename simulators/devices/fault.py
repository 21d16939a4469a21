"""Faults: what fails, when, and how badly; those of a scenario, and those that happen by chance."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import DAY_MS, MINUTE_MS
from hydro.quantity import Quantity
from simulators.dice import Purpose, exponential, uniforms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.basin.chance import Words
    from simulators.devices.device import Device

__all__ = ["BY_CHANCE", "Chance", "Fault", "FaultKind", "faults_of_day"]

_YEAR_DAYS: Final = 365.0
_LONGEST: Final = 6.0  # times the mean


class FaultKind(StrEnum):
    """What fails. ``size`` is stated for each."""

    DRIFT = "drift"
    """The reading runs away: by ``size`` as a share of the reading at the end of the interval (stage: metres)."""
    STEP = "step"
    """Ice, debris, a moved sensor: ``size`` is added, canonical unit."""
    NOISE = "noise"
    """Electrical noise: standard deviation ``size``, canonical unit."""
    FACTOR = "factor"
    """A wrong setting: readings are multiplied by ``size``: a CT ratio, a unit (3.6, 1000)."""
    SPIKE = "spike"
    """One sample is ``size`` times what it was."""
    FLAT_LINE = "flat_line"
    """The display stands still; a total goes on inside."""
    MISSING = "missing"
    """No value; a zero where the firmware sends zero for missing."""
    FAULT_BIT = "fault_bit"
    """The meter says that it has a fault."""
    LOW_BATTERY = "low_battery"
    """The voltage sags by ``size`` volts over the interval."""
    REPLACEMENT = "replacement"
    """A meter is replaced at ``start``: its total goes on from ``size``, in the unit it shows."""
    JUMP = "jump"
    """A total jumps by ``size`` at ``start``, in the unit it shows."""
    DOOR = "door"
    """The cabinet is open."""
    SILENT = "silent"
    """The station is dead: it measures nothing and sends nothing."""
    CLOCK_STEP = "clock_step"
    """Its clock is ``size`` minutes ahead."""
    CLOCK_DRIFT = "clock_drift"
    """Its clock gains ``size`` seconds a day, until it is set at the end."""
    WRONG_ZONE = "wrong_zone"
    """Its clock is ``size`` hours ahead: set to another zone's."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, in (start, end].

    Attributes:
        kind: What fails.
        station: Where.
        start: Epoch milliseconds.
        end: Epoch milliseconds; of a replacement and a jump it doesn't matter.
        quantity: Of which sensor; None where the whole station is meant.
        size: See the kind.
        cause: For truth files: ``ice``, ``maintenance``, …
    """

    kind: FaultKind
    station: str
    start: int
    end: int
    quantity: Quantity | None = None
    size: float = 0.0
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Chance:
    """How often something fails by chance.

    Attributes:
        per_year: Mean number of a station that can have it.
        mean_min: Mean length; up to six times as long.
        least: Smallest size.
        most: Greatest size.
        quantities: Sensors that can have it, of which one is drawn; empty: the station.
        causes: Of which one is drawn, the first most often.
    """

    per_year: float
    mean_min: float
    least: float = 0.0
    most: float = 0.0
    quantities: frozenset[Quantity] = field(default_factory=frozenset)
    causes: tuple[str, ...] = ("",)


_LEVELS: Final = frozenset({Quantity.STAGE, Quantity.WATER_LEVEL})
_FLOWS: Final = frozenset({Quantity.DISCHARGE, Quantity.VELOCITY})
_ANALOGUE: Final = _LEVELS | _FLOWS | {Quantity.POWER, Quantity.GROUNDWATER_DEPTH, Quantity.PRESSURE}

BY_CHANCE: Final[Mapping[FaultKind, Chance]] = {
    FaultKind.DRIFT: Chance(0.25, 20 * 1440, -0.12, 0.12, _FLOWS, ("fouling",)),
    FaultKind.STEP: Chance(0.6, 600, 0.05, 0.4, _LEVELS, ("debris", "ice", "moved")),
    FaultKind.NOISE: Chance(0.5, 240, 0.02, 0.1, _LEVELS, ("interference",)),
    FaultKind.FLAT_LINE: Chance(0.5, 720, 0.0, 0.0, _ANALOGUE, ("stuck",)),
    FaultKind.MISSING: Chance(2.0, 45, 0.0, 0.0, _ANALOGUE, ("sensor",)),
    FaultKind.FAULT_BIT: Chance(0.4, 180, 0.0, 0.0, frozenset({Quantity.METER_FAULT}), ("meter",)),
    FaultKind.LOW_BATTERY: Chance(0.3, 3 * 1440, 1.0, 2.2, frozenset({Quantity.VOLTAGE}), ("battery",)),
    FaultKind.DOOR: Chance(4.0, 25, 0.0, 0.0, frozenset({Quantity.DOOR}), ("maintenance", "unknown")),
    FaultKind.SILENT: Chance(1.0, 300, 0.0, 0.0, frozenset(), ("device",)),
    FaultKind.CLOCK_STEP: Chance(0.1, 2 * 1440, -25.0, 25.0, frozenset(), ("clock",)),
    FaultKind.SPIKE: Chance(6.0, 5, 3.0, 12.0, _LEVELS | _FLOWS, ("echo",)),
}
"""What happens to a field that nobody wrote a scenario for; all [D] ours."""

_FIRST_CAUSE: Final = 0.9
"""Most doors are opened by maintenance."""


def faults_of_day(
    seed: int, day: int, zone_minutes: int, devices: Sequence[Device], keys: Words, chances: Mapping[FaultKind, Chance]
) -> list[Fault]:
    """Faults that begin on a local day by chance.

    Args:
        seed: Of all chance.
        day: Days since 1970-01-01.
        zone_minutes: Of the day.
        devices: That may fail.
        keys: Of their stations.
        chances: How often what fails.
    """
    found: list[Fault] = []
    midnight = day * DAY_MS - zone_minutes * MINUTE_MS
    for number, kind in enumerate(FaultKind):
        chance = chances.get(kind)
        if chance is None:
            continue
        daily = chance.per_year / _YEAR_DAYS
        drawn = uniforms(seed, Purpose.FAULT, keys, np.array([day]), block=number)[:, 0]
        for index in np.flatnonzero(drawn[0] < daily).tolist():
            device = devices[index]
            rest = float(drawn[0, index]) / daily  # uniform again
            able = sorted(chance.quantities & {sensor.quantity for sensor in device.sensors if sensor.shown})
            if chance.quantities and not able:
                continue
            start = midnight + int(drawn[1, index] * 86400.0) * 1000
            length = chance.mean_min * min(exponential(float(drawn[2, index])), _LONGEST)
            of_size = float(drawn[3, index])
            cause = chance.causes[0] if rest < _FIRST_CAUSE or len(chance.causes) == 1 else chance.causes[
                1 + int((rest - _FIRST_CAUSE) / (1.0 - _FIRST_CAUSE) * (len(chance.causes) - 1))
            ]  # fmt: skip
            found.append(
                Fault(
                    kind=kind,
                    station=device.station,
                    start=start,
                    end=start + max(int(length), 5) * MINUTE_MS,
                    quantity=able[int(rest * len(able))] if able else None,
                    size=round(chance.least + of_size * (chance.most - chance.least), 4),
                    cause=cause,
                )
            )
    return found
