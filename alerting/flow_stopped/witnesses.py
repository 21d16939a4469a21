"""What the quantities of a station say of its water: that it stands still, that it flows, or nothing.

Discharge and stage say the one or the other by their value, a state of flow by its code. They are asked only of
stations with a target, outside ice and dry seasons: of that ``flow_stopped`` is, and so are the device faults of
quantities that contradict one another.

Source: docs/alert-classes.md, flow_stopped ("where both quantities exist both must agree, else device_fault").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.fixed import MICRO
from hydro.flags import Flag
from hydro.instants import DAY_MS, day_start, local_date
from hydro.quantity import Quantity
from hydro.register import season_intervals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hydro.columns import Observations
    from hydro.register import Register, Station

__all__ = ["Testimony", "Witnesses"]

_WITNESSES: Final = (Quantity.DISCHARGE, Quantity.STAGE, Quantity.FLOW_STATE)
_NEVER: Final = -(2**62)


class Testimony(NamedTuple):
    """What a slot says.

    Attributes:
        stopped: Quantities that say that the water stands still, the most telling first.
        flowing: Those that say that it flows.
        recovers: All of them say so, and plainly.
        is_zero: All that say stopped say exactly zero.
    """

    stopped: tuple[Quantity, ...]
    flowing: tuple[Quantity, ...]
    recovers: bool
    is_zero: bool

    @property
    def disagrees(self) -> bool:
        """Whether one says the one and another the other."""
        return bool(self.stopped) and bool(self.flowing)


class Witnesses:
    """Of all stations with a target.

    Args:
        watched: Series that are watched.
        register: Master data.

    Attributes:
        series: By station code, its series numbers by quantity; stations without a witness are left out.
        concerns: By series, whether it is a witness.
    """

    def __init__(self, watched: Sequence[tuple[str, Quantity]], register: Register) -> None:
        self._register = register
        self._plainly = register.rules.flow_stopped.flows_factor
        self._targets: dict[str, list[tuple[int, int]]] = {}
        for rows in register.targets.values():
            self._targets.setdefault(rows[0].station, []).extend((row.start_ms, row.end_ms) for row in rows)
        self.series: dict[str, dict[Quantity, int]] = {}
        self._highest = np.full(len(watched), _NEVER, np.int64)
        for number, (station, quantity) in enumerate(watched):
            if quantity in _WITNESSES and station in self._targets:
                self.series.setdefault(station, {})[quantity] = number
                self._highest[number] = self._stopped_at(station, quantity)
        self.concerns: NDArray[np.bool_] = self._highest > _NEVER

    @staticmethod
    def needed(register: Register) -> set[tuple[str, Quantity]]:
        """Series that must be watched for them."""
        found = set()
        for rows in register.targets.values():
            station = rows[0].station
            found |= {(station, Quantity.DISCHARGE), (station, Quantity.FLOW_STATE)}
            if any(row.cease_stage_m is not None for row in register.stations[station]):
                found.add((station, Quantity.STAGE))
        return found

    def _stopped_at(self, station: str, quantity: Quantity) -> int:
        """The highest value that ever says stopped; of a state of flow all but 0 may."""
        if quantity is Quantity.DISCHARGE:
            return max([0, *(row.zero_below for row in self._register.points.get((station, quantity), ()))])
        if quantity is Quantity.STAGE:
            rows = self._register.stations[station]
            return max([_NEVER, *(row.cease_stage_m for row in rows if row.cease_stage_m is not None)])
        return -_NEVER

    def marks(self, series: NDArray[np.int64], rows: Observations) -> NDArray[np.bool_]:
        """Readings that may say stopped."""
        marked: NDArray[np.bool_] = (rows.value <= self._highest[series]) & (rows.flag <= Flag.SUSPECT)
        marked &= (self._highest[series] < -_NEVER) | (rows.value >= MICRO)
        return marked

    def testimony(self, station: str, start: int, end: int, values: dict[Quantity, int]) -> Testimony | None:
        """What a slot says; None where nothing is said, or nothing asked.

        Args:
            station: Code.
            start: Of the slot, epoch milliseconds.
            end: Of the slot.
            values: Slot values, millionths.
        """
        row = self._register.station_at(station, end)
        if row is None or not any(first < end <= last for first, last in self._targets[station]):
            return None
        if self._is_out_of_season(row, start):
            return None
        stopped, recovers = self._said(row, end, values)
        if not stopped:
            return None
        still = tuple(quantity for quantity, is_stopped in stopped.items() if is_stopped)
        flowing = tuple(quantity for quantity, is_stopped in stopped.items() if not is_stopped)
        return Testimony(still, flowing, recovers, is_zero=all(values[quantity] == 0 for quantity in still))

    def _said(self, row: Station, end: int, values: dict[Quantity, int]) -> tuple[dict[Quantity, bool], bool]:
        """Whether each quantity that says anything says stopped, and whether all say plainly that it flows.

        A state of flow 0 is what devices send without a sensor for it: it speaks only where nothing else does.
        """
        found: dict[Quantity, bool] = {}
        recovers = True
        discharge, stage = values.get(Quantity.DISCHARGE), values.get(Quantity.STAGE)
        if discharge is not None:
            limits = self._register.limits_at(row.code, Quantity.DISCHARGE, end)
            zero_below = 0 if limits is None else limits.zero_below
            found[Quantity.DISCHARGE] = discharge <= zero_below
            recovers = discharge > self._plainly * zero_below
        if stage is not None and row.cease_stage_m is not None:
            found[Quantity.STAGE] = stage <= row.cease_stage_m
            recovers = recovers and stage > row.cease_stage_m
        state = values.get(Quantity.FLOW_STATE)
        if state is not None and (state >= MICRO or not found):
            found[Quantity.FLOW_STATE] = state >= MICRO
            recovers = recovers and state < MICRO
        return found, recovers

    def _is_out_of_season(self, row: Station, start: int) -> bool:
        """Whether the day in which a slot begins lies in the ice or the dry season."""
        zone = self._register.zone_minutes
        begin = day_start(local_date(start, zone), zone)
        span = begin, begin + DAY_MS
        return any(
            first is not None and season_intervals(first, last, *span, zone_minutes=zone) == [span]
            for first, last in ((row.ice_from, row.ice_to), (row.dry_from, row.dry_to))
        )
