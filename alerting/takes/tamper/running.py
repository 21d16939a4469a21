"""Whether the pumps of one meter run, as its own pump and power say.

Source: docs/decisions/0092-taking.md, unmetered_intake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.fixed import MICRO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alerting.takes.slots import SlotTable

__all__ = ["Pumps", "pumps_of"]

_HALF: Final = MICRO // 2
_RATED_PARTS: Final = 5
"""20 % of the rated power is one of so many parts."""


class Pumps(NamedTuple):
    """Slots in which they run, or stand; in others nobody says anything."""

    run: NDArray[np.bool_]
    idle: NDArray[np.bool_]


def pumps_of(table: SlotTable, pump: int, power: int, rated: NDArray[np.int64]) -> Pumps:
    """What is said in each slot: they run if one of the two says so, and stand if only the other is said.

    Args:
        table: Of the meter.
        pump: Row of the table that has the pump.
        power: Row that has the power.
        rated: Power, 1e-6 kW; not above 0 where it is unknown, and then power says nothing.
    """
    says_power = table.has[power] & (rated > 0)
    run = table.has[pump] & (table.value[pump] >= _HALF)
    # Rounded up, so that nothing is multiplied: 5 × power > rated.
    run |= says_power & (table.value[power] > rated // _RATED_PARTS)
    return Pumps(run, (table.has[pump] | says_power) & ~run)
