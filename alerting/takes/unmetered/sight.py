"""What the points of an intake say of it, slot by slot: whether it runs, whether anything flows.

Pumps and meters of one structure are seldom paired in a register, so they are judged together: it *runs* where any
point says so, it is *quiet* only where every point that says anything is quiet.

Source: docs/decisions/0092-taking.md, unmetered_intake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alerting.takes.places import points_at, zero_below
from hydro.fixed import MICRO, divide_half_even
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from alerting.takes.slots import Place, SlotTable
    from hydro.register import PointLimits, Register

__all__ = ["AGAINST", "AGREES", "SEEN", "UNKNOWN", "Sights", "rated", "sights_of"]

SEEN: Final = (Quantity.DISCHARGE, Quantity.VOLUME_TOTAL, Quantity.PUMP, Quantity.POWER, Quantity.ENERGY_TOTAL)
"""Of each point, in this order."""

AGAINST: Final = 1
AGREES: Final = 0
UNKNOWN: Final = -1
HALF: Final = MICRO // 2


class Sights(NamedTuple):
    """Slots of an intake; those of one point by the place of the point, then by slot.

    Attributes:
        verdict: int8[n], whether pump and meter speak against each other, as far as one slot goes by itself.
        is_above: bool[n], some flow is above zero.
        knows_flow: bool[n].
        total: int64[points, n].
        has_total: bool[points, n].
        step: int64[points, n], least difference that a total can show.
        energy: int64[points, n].
        has_energy: bool[points, n].
    """

    verdict: NDArray[np.int8]
    is_above: NDArray[np.bool_]
    knows_flow: NDArray[np.bool_]
    total: NDArray[np.int64]
    has_total: NDArray[np.bool_]
    step: NDArray[np.int64]
    energy: NDArray[np.int64]
    has_energy: NDArray[np.bool_]

    @property
    def is_metered(self) -> NDArray[np.bool_]:
        """Whether a flow or a total is known."""
        found: NDArray[np.bool_] = self.knows_flow | self.has_total.any(axis=0)
        return found

    def moves(self, row: int, before: dict[int, int]) -> bool:
        """Whether a total of a slot is more than a step from where it was."""
        return any(
            abs(int(self.total[point, row]) - total) > int(self.step[point, row])
            for point, total in before.items()
            if self.has_total[point, row]
        )

    def totals(self, row: int) -> dict[int, int]:
        """Totals that a slot knows, by point."""
        return {point: int(self.total[point, row]) for point in np.flatnonzero(self.has_total[:, row]).tolist()}


def sights_of(register: Register, place: Place, table: SlotTable) -> Sights:
    """What a table of :data:`SEEN` says."""
    points, rows = len(place.points), len(table)
    value = table.value.reshape(points, len(SEEN), rows)
    has = table.has.reshape(points, len(SEEN), rows) & _in_use(register, place, table.end)[:, None, :]
    runs, says, above, flows = (np.zeros(rows, bool) for _ in range(4))
    step = np.zeros((points, rows), np.int64)
    for number, point in enumerate(place.points):
        flow, _, pump, power, _ = value[number]
        has_flow, has_total, has_pump, has_power, _ = has[number]
        if has_flow.any():
            flows |= has_flow
            above |= has_flow & (flow > _by_slot(register, (point, Quantity.DISCHARGE), table.end, zero_below))
        if has_pump.any():
            says |= has_pump
            runs |= has_pump & (pump >= HALF)
        if has_power.any():
            full = _by_slot(register, (point, Quantity.POWER), table.end, rated)
            says |= has_power & (full > 0)
            runs |= has_power & (full > 0) & (power > full // 5)  # 5 x power > rated
        if has_total.any():
            step[number] = _by_slot(register, (point, Quantity.VOLUME_TOTAL), table.end, _resolution)
    has_total = has[:, SEEN.index(Quantity.VOLUME_TOTAL)]
    is_against = runs & ~above & (flows | has_total.any(axis=0))
    agrees = above | (says & ~runs)
    verdict = np.where(is_against, np.int8(AGAINST), np.where(agrees, np.int8(AGREES), np.int8(UNKNOWN)))
    energy = SEEN.index(Quantity.ENERGY_TOTAL)
    return Sights(
        verdict,
        above,
        flows,
        value[:, SEEN.index(Quantity.VOLUME_TOTAL)],
        has_total,
        step,
        value[:, energy],
        has[:, energy],
    )


def _in_use(register: Register, place: Place, ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each point belongs to the intake, and isn't retired, in each slot."""
    found = np.zeros((len(place.points), len(ends)), bool)
    dated = [register.taking.intakes[point].always is None for point in place.points]
    dated += [register.stations[point].always is None for point in place.points]
    if any(dated):
        for row, end in enumerate(ends.tolist()):
            used = {each.station for each in points_at(register, place.code, end)}
            found[:, row] = [point in used for point in place.points]
    elif len(ends):
        used = {each.station for each in points_at(register, place.code, int(ends[0]))}
        found[:] = np.array([point in used for point in place.points], bool)[:, None]
    return found


def _by_slot(
    register: Register,
    series: tuple[str, Quantity],
    ends: NDArray[np.int64],
    number: Callable[[PointLimits | None], int],
) -> NDArray[np.int64]:
    """A number of the row of a point that is valid at the end of each slot."""
    rows = register.points.get(series)
    if rows is None or rows.always is not None:
        return np.full(len(ends), number(None if rows is None else rows.always), np.int64)
    return np.array([number(rows.at(end)) for end in ends.tolist()], np.int64)


def rated(row: PointLimits | None) -> int:
    """Rated power, true kW; 0 where it is unknown."""
    return 0 if row is None or row.rated_kw is None else row.rated_kw


def _resolution(row: PointLimits | None) -> int:
    """Of a total, with the factor of the point; empty = 1 m3."""
    shown = MICRO if row is None or row.resolution is None else row.resolution
    return shown if row is None or row.multiplier is None else divide_half_even(shown * row.multiplier, MICRO)
