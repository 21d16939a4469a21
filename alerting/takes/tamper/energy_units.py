"""Water and electricity of one meter by unit: an hour of the clock, or a slot where that is longer. Pure.

Of totals a unit has the difference of the slots that end with it and with the unit before; where a meter has no total
in the register, mean flow or power × time. What can't have passed in the time is unknown, never a small number.

Source: docs/alert-classes.md, meter_tamper; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.fixed import divide_half_even
from hydro.instants import HOUR_MS
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerting.takes.slots import SlotTable
    from alerting.takes.tamper.meter import Meter, MeterFacts
    from alerting.takes.tamper.visits import Visits

__all__ = ["QUANTITIES", "Unit", "units_of"]

QUANTITIES: Final = (Quantity.VOLUME_TOTAL, Quantity.DISCHARGE, Quantity.ENERGY_TOTAL, Quantity.POWER)
"""Rows of the tables."""

_TOTAL, _FLOW, _ENERGY, _POWER = range(len(QUANTITIES))
_MS: Final = 1_000
_RATED_PARTS: Final = 5
"""20 % of the rated power is one of so many parts."""
_TWICE: Final = 2
_LARGEST: Final = 2**48
"""No meter counts so much in a unit, 280 million m3 or kWh, and sums of less fit into the state."""


class Unit(NamedTuple):
    """An hour, or a longer slot, of which water and electricity are known.

    Attributes:
        start: Epoch milliseconds.
        end: Of the unit.
        water: 1e-6 m3.
        energy: 1e-6 kWh.
        runs: The pumps draw more than 20 % of their rated power.
    """

    start: int
    end: int
    water: int
    energy: int
    runs: bool


def units_of(table: SlotTable, slot_ms: int, meter: Meter, visits: Visits) -> Iterator[Unit]:
    """Known units of the new rows of a table, in time order.

    Args:
        table: Hours of one meter, with the rows of :data:`QUANTITIES`; one unit before the first is looked back at.
        slot_ms: Length of its slots.
        meter: What the register says of it.
        visits: Work and changed meters.
    """
    length = max(HOUR_MS, slot_ms)
    is_free = ~visits.hidden(table.end - length, table.end)
    ends_free = ~visits.hidden(table.end - slot_ms, table.end)
    for row in np.flatnonzero(is_free[table.first :]) + table.first:
        end = int(table.end[row])
        facts = meter.at(end)
        if facts.rated_energy <= 0:
            continue
        has_before = bool(row and table.end[row - 1] == end - length and ends_free[row - 1])
        water = _passed(table, int(row), _water(facts), visits, length, has_before=has_before)
        if water is None:
            continue
        energy = _passed(table, int(row), _energy(facts), visits, length, has_before=has_before)
        if energy is not None:
            yield Unit(end - length, end, water, energy, _RATED_PARTS * energy * HOUR_MS > facts.rated_energy * length)


class _Counted(NamedTuple):
    """How something is counted.

    Attributes:
        total: Row of the table that has its total, None where it is made of its rate.
        rate: Row that has the rate.
        quantity: Of the total.
        most: Greatest rate, millionths; not above 0 where it is unknown.
        resolution: Of the total.
        per_ms: What a rate of one makes in so many milliseconds is one.
    """

    total: int | None
    rate: int
    quantity: Quantity
    most: int
    resolution: int
    per_ms: int


def _water(facts: MeterFacts) -> _Counted:
    total = _TOTAL if facts.counts_water else None
    return _Counted(total, _FLOW, Quantity.VOLUME_TOTAL, facts.design, facts.resolution, _MS)


def _energy(facts: MeterFacts) -> _Counted:
    total = _ENERGY if facts.counts_energy else None
    return _Counted(total, _POWER, Quantity.ENERGY_TOTAL, facts.rated_energy, facts.energy_resolution, HOUR_MS)


def _passed(
    table: SlotTable, row: int, counted: _Counted, visits: Visits, length: int, *, has_before: bool
) -> int | None:
    """What passed in a unit, None where that is not known."""
    if counted.total is None:
        if not table.has[counted.rate, row]:
            return None
        amount = divide_half_even(int(table.value[counted.rate, row]) * length, counted.per_ms)
    else:
        if not has_before or not table.has[counted.total, row] or not table.has[counted.total, row - 1]:
            return None
        at = table.at[counted.total]
        if visits.changed_between(counted.quantity, int(at[row - 1]), int(at[row])):
            return None
        amount = int(table.value[counted.total, row]) - int(table.value[counted.total, row - 1])
    is_too_much = counted.most > 0 and amount * counted.per_ms > _TWICE * (
        counted.most * length + counted.resolution * counted.per_ms
    )
    return None if amount < 0 or is_too_much or amount >= _LARGEST else amount
