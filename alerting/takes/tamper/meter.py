"""What the register says of one meter over time, as columns that are chosen from by event time."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.fixed import MICRO, divide_half_even
from hydro.quantity import Quantity
from hydro.register import CounterKind
from hydro.register.cells import EARLIEST_MS, LATEST_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hydro.register import PointLimits, Register

__all__ = ["UNKNOWN", "Meter", "MeterFacts"]

UNKNOWN: Final = -1
"""Of a number that the register doesn't say."""

_NO_KIND: Final = UNKNOWN
_KINDS: Final = list(CounterKind)
_DISPLAY_STEP: Final = MICRO
"""1 m3 or 1 kWh, where the register names no resolution. Source: docs/decisions/0092-taking.md."""


class MeterFacts(NamedTuple):
    """What holds at one time; numbers in millionths, those of what a display shows times its multiplier.

    Attributes:
        design: Greatest rate of the intake, 1e-6 m3/s.
        kind: Place of the total's kind in :class:`CounterKind`; ``UNKNOWN`` where the register doesn't say.
        highest: Number after which the total begins anew.
        resolution: Of the total.
        max_step: Greatest honest change of the total.
        rated: Rated power, 1e-6 kW, as the point of power says; without it power says nothing of pumps.
        rated_energy: The same, or that of the total of energy.
        energy_resolution: Of the total of energy.
        counts_water: 1 where the register has the point of a total of water.
        counts_energy: Likewise of energy.
    """

    design: int
    kind: int
    highest: int
    resolution: int
    max_step: int
    rated: int
    rated_energy: int
    energy_resolution: int
    counts_water: int
    counts_energy: int

    @property
    def is_forward(self) -> bool:
        """Whether the register says that the total counts forward."""
        return self.kind == _KINDS.index(CounterKind.FORWARD)

    @property
    def is_reverse(self) -> bool:
        """Whether it counts what runs back."""
        return self.kind == _KINDS.index(CounterKind.REVERSE)


class Meter:
    """Facts about one metering point.

    Args:
        station: Its code, known to the register.
        register: Master data.

    Attributes:
        rows: (start, end, facts), in time order without gaps; in (start, end].
    """

    def __init__(self, station: str, register: Register) -> None:
        points = (register.points.get((station, quantity), ()) for quantity in _BOUNDED)
        rows = chain(register.taking.intakes.get(station, ()), *points)
        bounds = {bound for row in rows for bound in (row.start_ms, row.end_ms)}
        cuts = {EARLIEST_MS, LATEST_MS, *(bound for bound in bounds if EARLIEST_MS < bound < LATEST_MS)}
        found = [(start, end, _facts_at(station, end, register)) for start, end in pairwise(sorted(cuts))]
        self.rows: list[tuple[int, int, MeterFacts]] = []
        for start, end, facts in found:
            begin = self.rows.pop()[0] if self.rows and self.rows[-1][2] == facts else start
            self.rows.append((begin, end, facts))
        self._starts = np.array([start for start, _, _ in self.rows], np.int64)
        self._columns = np.array([facts for _, _, facts in self.rows], np.int64).T

    def at(self, event_time: int) -> MeterFacts:
        """What holds at an instant."""
        if len(self.rows) == 1:
            return self.rows[0][2]
        place = int(np.searchsorted(self._starts, event_time, side="left"))
        return self.rows[max(place - 1, 0)][2]

    def columns(self, event_time: NDArray[np.int64]) -> MeterColumns:
        """What holds at each instant."""
        if len(self.rows) == 1:
            return MeterColumns(np.broadcast_to(self._columns, (len(self._columns), len(event_time))))
        place = np.maximum(np.searchsorted(self._starts, event_time, side="left") - 1, 0)
        return MeterColumns(self._columns[:, place])

    @property
    def facts(self) -> list[MeterFacts]:
        """All that ever hold."""
        return [facts for _, _, facts in self.rows]


class MeterColumns:
    """Facts by row; see :class:`MeterFacts`.

    Args:
        columns: int64, fields by rows.
    """

    def __init__(self, columns: NDArray[np.int64]) -> None:
        self._columns = columns

    def of(self, field: str) -> NDArray[np.int64]:
        """One of them."""
        column: NDArray[np.int64] = self._columns[MeterFacts._fields.index(field)]
        return column

    @property
    def is_forward(self) -> NDArray[np.bool_]:
        """Whether the register says that the total counts forward."""
        is_forward: NDArray[np.bool_] = self.of("kind") == _KINDS.index(CounterKind.FORWARD)
        return is_forward

    @property
    def is_reverse(self) -> NDArray[np.bool_]:
        """Whether it counts what runs back."""
        is_reverse: NDArray[np.bool_] = self.of("kind") == _KINDS.index(CounterKind.REVERSE)
        return is_reverse


_BOUNDED: Final = (Quantity.VOLUME_TOTAL, Quantity.ENERGY_TOTAL, Quantity.POWER)


def _facts_at(station: str, at: int, register: Register) -> MeterFacts:
    intake = register.taking.intake_at(station, at)
    total, energy, power = (register.limits_at(station, quantity, at) for quantity in _BOUNDED)
    rated = None if power is None else power.rated_kw
    rated_energy = None if energy is None else energy.rated_kw
    return MeterFacts(
        design=_or_unknown(None if intake is None else intake.design_max),
        kind=_NO_KIND if total is None or total.counter_kind is None else _KINDS.index(total.counter_kind),
        highest=_shown(total, None if total is None else total.counter_max),
        resolution=_shown(total, _resolution(total)),
        max_step=_shown(total, None if total is None else total.max_step),
        rated=_or_unknown(rated),
        rated_energy=_or_unknown(rated_energy if rated is None else rated),
        energy_resolution=_shown(energy, _resolution(energy)),
        counts_water=int(total is not None),
        counts_energy=int(energy is not None),
    )


def _resolution(row: PointLimits | None) -> int:
    return _DISPLAY_STEP if row is None or row.resolution is None else row.resolution


def _shown(row: PointLimits | None, number: int | None) -> int:
    """A number on a display as what it means."""
    if number is None or row is None or row.multiplier is None:
        return _or_unknown(number)
    return divide_half_even(number * row.multiplier, MICRO)


def _or_unknown(number: int | None) -> int:
    return UNKNOWN if number is None else number
