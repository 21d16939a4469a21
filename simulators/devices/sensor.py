"""A sensor: what it adds to the truth, and how finely it shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.fixed import MICRO
from hydro.quantity import Quantity, conversion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulators.devices.rating import Rating

__all__ = ["COUNTED_FROM", "MADE_INSIDE", "SUMMED", "Counter", "CounterKind", "Scale", "Sensor"]

COUNTED_FROM: Final = {Quantity.VOLUME_TOTAL: Quantity.DISCHARGE, Quantity.ENERGY_TOTAL: Quantity.POWER}
"""Totals are counted by the device from what another sensor of it measures."""

MADE_INSIDE: Final = frozenset({Quantity.VOLTAGE, Quantity.SIGNAL, Quantity.DOOR, Quantity.METER_FAULT})
"""States of the device itself."""

SUMMED: Final = frozenset({Quantity.RAIN, Quantity.VOLUME})
"""What is stated for the time since the last sample."""

_MOST_DIGITS: Final = 6
_SECONDS_OF: Final = {Quantity.VOLUME_TOTAL: 1, Quantity.ENERGY_TOTAL: 3600}
"""Seconds in the unit of the total: kWh are kW times hours."""


class CounterKind(StrEnum):
    """What a total counts."""

    FORWARD = "forward"
    REVERSE = "reverse"
    NET = "net"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A total.

    Attributes:
        kind: What it counts; only a net one falls.
        first: What it stands at, in the unit it shows.
        highest: The greatest number it can show, after which it begins at 0; None: it never gets there.
    """

    kind: CounterKind = CounterKind.FORWARD
    first: float = 0.0
    highest: float | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """What one count of a sensor is: ``number = count · multiple / 10**digits`` in the unit shown.

    Attributes:
        digits: Decimals, 0 to 6.
        multiple: Whole number, 1 for a resolution of 0.001, 5 for 0.005, 10 for 10.
        per_canonical: Counts in one canonical unit.
    """

    digits: int
    multiple: int
    per_canonical: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One quantity of a device. What is not said otherwise is in the canonical unit.

    Attributes:
        quantity: As in the contract.
        resolution: Least step that it shows, in ``unit``, a whole number of 1e-6.
        unit: In which it shows; empty = canonical.
        noise: Standard deviation of a reading.
        noise_share: The same as a share of the reading, on top.
        cutoff: What is nearer to zero is shown as zero.
        low: It shows nothing below; None: no bound. A flow meter that doesn't know reverse flow has 0.
        high: It shows nothing above; None: no bound.
        multiplier: Factor of its current transformers: what it shows times this is what there is.
        rating: Errors of a discharge that is derived from stage; None: it isn't.
        counter: Of a total.
        shown: Whether the device reports it; what isn't reported may still be counted.
    """

    quantity: Quantity
    resolution: float = 1e-6
    unit: str = ""
    noise: float = 0.0
    noise_share: float = 0.0
    cutoff: float = 0.0
    low: float | None = None
    high: float | None = None
    multiplier: float = 1.0
    rating: Rating | None = None
    counter: Counter | None = None
    shown: bool = True

    @property
    def scale(self) -> Scale:
        """What one count of it is.

        >>> Sensor(quantity=Quantity.DISCHARGE, resolution=0.5, unit="L/s").scale
        Scale(digits=1, multiple=5, per_canonical=2000.0)
        """
        found = conversion(self.quantity, self.unit or None)
        micro = round(self.resolution * MICRO)
        if found is None or micro < 1:
            raise ValueError(f"{self.quantity.text} in {self.unit!r} with a resolution of {self.resolution:g}")
        digits, multiple = _MOST_DIGITS, micro
        while digits and multiple % 10 == 0:
            digits, multiple = digits - 1, multiple // 10
        per_canonical = MICRO * found.denominator / found.numerator * (MICRO / micro) / self.multiplier
        return Scale(digits, multiple, per_canonical)

    @property
    def per_count(self) -> int:
        """Of a total: 1e-6 m3 or 1e-6 kW·s in one count.

        >>> Sensor(quantity=Quantity.VOLUME_TOTAL, resolution=10.0, counter=Counter()).per_count
        10000000
        """
        return round(_SECONDS_OF[self.quantity] * MICRO / self.scale.per_canonical)

    def mistakes(self) -> Iterator[str]:
        """What is wrong with it."""
        name = self.quantity.text
        if conversion(self.quantity, self.unit or None) is None:
            yield f"{name} can't be shown in {self.unit!r}"
        micro = self.resolution * MICRO
        if not (np.isfinite(micro) and micro > 0.5 and abs(micro - round(micro)) < 1e-6 * micro):  # noqa: PLR2004
            yield f"resolution of {name} is {self.resolution:g}; it must be a whole number of 1e-6"
        spreads = (("noise", self.noise), ("noise_share", self.noise_share), ("cutoff", self.cutoff))
        yield from (
            f"{what} of {name} is {value:g}, negative or not finite"
            for what, value in spreads
            if not 0.0 <= value < np.inf
        )
        if not 0.0 < self.multiplier < np.inf:
            yield f"multiplier of {name} is {self.multiplier:g}; it must be above 0"
        if self.low is not None and self.high is not None and not self.low < self.high:
            yield f"{name} goes from {self.low:g} to {self.high:g}"
        if (self.counter is not None) != (self.quantity in COUNTED_FROM):
            yield f"{name} {'is no total' if self.counter else 'needs a counter'}"
        if self.counter is not None and self.counter.first < 0.0:
            yield f"{name} stands at {self.counter.first:g}, below 0"
        if self.rating is not None:
            if self.quantity is not Quantity.DISCHARGE:
                yield f"{name} has no rating; discharge has"
            yield from self.rating.mistakes()
