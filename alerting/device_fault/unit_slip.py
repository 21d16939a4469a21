"""Reason `unit_slip`: a flow that is more than can pass by just the factor between two units.

    m3/h as L/s 3.6    m3/min as m3/s 60    L/s as m3/s 1000    m3/h as m3/s 3600

A flow that exceeds the design by a factor not near one of these is another matter (class over_rate). Near is within a
quarter: an intake that runs at half of its design shows nothing by this until it runs at three quarters. What the gross
range test fails counts as well: a bound at the design is just what a wrong unit exceeds.

Source: docs/alert-classes.md, device_fault; the quarter and the hour are product defaults.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from alerting.device_fault.each_slot import EachSlot
from alerting.device_fault.reason import Reason
from alerting.device_fault.slots import mean
from alerting.spell.course import Demand, Look
from hydro.fixed import MICRO
from hydro.flags import Flag
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alerting.device_fault.slots import Slot
    from hydro.columns import Observations
    from hydro.register import Register
    from hydro.rules import FaultNumbers

__all__ = ["UnitSlip", "is_near_a_slip"]

_SLIPS: Final = (Fraction(18, 5), Fraction(60), Fraction(1_000), Fraction(3_600))
_NEAR: Final = Fraction(1, 4)
_HOLD_MIN: Final = 60
_LEAST: Final = 2
_HOUR_MIN: Final = 60
_LARGEST: Final = 2**62


def is_near_a_slip(value: int, design: int) -> bool:
    """Whether a value is a design rate times one of the factors, by a quarter more or less.

    >>> [is_near_a_slip(tenths, 10) for tenths in (26, 27, 36, 45, 46, 600, 10_000, 30_000)]
    [False, True, True, True, False, True, True, True]
    """
    return any(abs(value - slip * design) <= _NEAR * slip * design for slip in _SLIPS)


class UnitSlip(EachSlot):
    """See the module.

    Args:
        watched: Series, sorted.
        register: Master data.
        numbers: Of the class.
    """

    lasting: Final = None

    def __init__(self, watched: Sequence[tuple[str, Quantity]], register: Register, numbers: FaultNumbers) -> None:
        self.demand = Demand(Reason.UNIT_SLIP, minutes=_HOLD_MIN, least=_LEAST, clean=numbers.clean_h * _HOUR_MIN)
        self._watched = watched
        self._register = register
        self.concerns: NDArray[np.bool_] = np.zeros(len(watched), bool)
        self._least = np.full(len(watched), _LARGEST, np.int64)
        for number, (station, quantity) in enumerate(watched):
            if quantity is Quantity.DISCHARGE:
                least = self._least_of(station)
                if least is not None:
                    self.concerns[number], self._least[number] = True, least

    def _least_of(self, station: str) -> int | None:
        """Below it nothing that is shown is near a slip, whichever rows hold."""
        designs = [row.design_max for row in self._register.taking.intakes.get(station, ()) if row.design_max]
        if not designs:
            return None
        factors = [row.multiplier or MICRO for row in self._register.points.get((station, Quantity.DISCHARGE), ())]
        return int((1 - _NEAR) * _SLIPS[0] * min(designs) * MICRO / max([MICRO, *factors])) - 1

    def marks(self, series: NDArray[np.int64], rows: Observations) -> NDArray[np.bool_]:
        """Far more than can pass."""
        far: NDArray[np.bool_] = (rows.value >= self._least[series]) & (rows.flag != Flag.MISSING)
        return far

    def look(self, series: int, slot: Slot) -> Look | None:
        """Its mean, of failing values too, against the design at its end."""
        station, quantity = self._watched[series]
        value = mean(slot.told)
        intake = self._register.taking.intake_at(station, slot.end)
        if value is None or intake is None or intake.design_max is None:
            return None
        row = self._register.limits_at(station, quantity, slot.end)
        factor = MICRO if row is None or row.multiplier is None else row.multiplier
        return Look(slot.start, slot.end, is_near_a_slip(value * factor, intake.design_max * MICRO))
