"""Reason ``energy_no_volume``: power is drawn for a day, and nothing flows as far as the meters say.

::

    slots known of energy and meter   |<------------- 24 h, all quiet ------------->|
    energy total                      E0                                            E1
    raised where                      E1 - E0 > 20 % of the rated power x the time

Only the slots of the window matter, so at rest there is nothing to remember but where counting began. Power drawn above
20 % in one slot wakes the judge; it stays awake while slots to come could still complete a window with these in it.

Source: docs/alert-classes.md, unmetered_intake; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from alerting.takes.judge import Finding, Judged, Unit
from alerting.takes.places import intakes_of
from alerting.takes.unmetered.agreement import Agreement
from alerting.takes.unmetered.estimate import Tally, would_show
from alerting.takes.unmetered.facts import Glance, digest_of
from alerting.takes.unmetered.opened import Opened
from alerting.takes.unmetered.reason import Reason
from alerting.takes.unmetered.sight import SEEN, UNKNOWN, rated, sights_of
from hydro.instants import DAY_MS, HOUR_MS
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alerting.takes.slots import Frame, Place, SlotTable
    from alerting.takes.unmetered.sight import Sights
    from hydro.register import Register

__all__ = ["EnergyNoVolume", "EnergyState"]

_NEVER: Final = -(2**62)
_EVER: Final = 2**62
_LEAST: Final = 3
_PARTS: Final = 5
"""20 % of the rated power is one of so many parts."""


class EnergyState(msgspec.Struct, frozen=True, array_like=True):
    """Where it stands.

    Attributes:
        since: Counting began after this slot.
        is_near: Slots to come may complete a window.
        firing: None while nothing fires.
    """

    since: int = _NEVER
    is_near: bool = False
    firing: Opened | None = None


class _Known(NamedTuple):
    """Slots of a table that know energy and meter: their rows, and which of them begins anew."""

    rows: NDArray[np.intp]
    begins: NDArray[np.bool_]


class EnergyNoVolume:
    """See the module.

    Args:
        register: Master data.
        points: Codes of all metering points.
    """

    name: Final = "energy_no_volume"
    alert_class: Final = "unmetered_intake"
    unit: Final = Unit.SLOT
    look_back_ms: Final = 3 * DAY_MS
    pace_ms: Final = 0
    start: Final = EnergyState()

    def __init__(self, register: Register, points: Sequence[str]) -> None:
        self._register = register
        self.places = intakes_of(register, SEEN)
        self._glance = Glance(register, points, self.places)
        self._least_rated = np.array([_least_rated(register, point) for point in points], np.int64)

    def marks(self, frame: Frame) -> NDArray[np.bool_]:
        """More than 20 % of the rated power since the slot before, and a day without flow that it may end.

        In the first day without flow no window is whole; the slot that ends this day is looked at, whatever it draws.
        """
        energy, least = frame.of(Quantity.ENERGY_TOTAL), self._least_rated[frame.point]
        rows = np.flatnonzero(energy.has & energy.had & (least < _EVER))
        # Far beyond any verdict's precision, and rounded towards a look.
        gain = (energy.value[rows] - energy.before[rows] + 2).astype(np.float64)
        drawn = gain * _PARTS * HOUR_MS >= least[rows].astype(np.float64) * (frame.end - energy.since)[rows]
        marked = np.zeros(len(frame), bool)
        quiet = self._glance.is_quiet_since(frame)[rows]
        ends_day = (frame.flowed > _NEVER)[rows] & ((frame.previous - frame.flowed)[rows] < DAY_MS)
        marked[rows] = (quiet >= DAY_MS) & (drawn | ends_day)
        return marked & ~self._glance.flows(frame)

    def run(self, place: Place, state: EnergyState, table: SlotTable) -> Judged:
        """Judge slots in turn."""
        sights = sights_of(self._register, place, table)
        known = self._known(place, sights, table, state.since)
        over: list[Finding] = []
        row, firing, since = table.first, state.firing, state.since
        while row < len(table):
            if firing is not None:
                firing, ended = self._after(place, firing, sights, table, row)
                if ended is not None:
                    over.append(ended)
                    since = int(table.end[row])
                    known = self._known(place, sights, table, since)
                row += 1
                continue
            window = self._next_window(place, sights, table, known, row)
            if window is None:
                break
            row = int(window[-1])
            firing = Opened.begun(
                int(table.start[window[0]]),
                self._tally(place, sights, table, window),
                Agreement.begun(sights, table, row),
            )
            row += 1
        is_near = firing is None and self._is_near(place, sights, table, known)
        return Judged(EnergyState(since, is_near, firing), tuple(over))

    def _known(self, place: Place, sights: Sights, table: SlotTable, since: int) -> _Known:
        rows = np.flatnonzero(sights.has_energy.any(axis=0) & sights.is_metered & (table.end > since))
        begins = np.ones(len(rows), bool)
        begins[1:] = table.start[rows[1:]] - table.end[rows[:-1]] > HOUR_MS
        width = len(table.at) // len(sights.energy)
        for point, station in enumerate(place.points):
            has, energy = sights.has_energy[point, rows], sights.energy[point, rows]
            both = has[1:] & has[:-1]
            begins[1:] |= both & (energy[1:] < energy[:-1])
            at = table.at[point * width + width - 1, rows]
            for change in self._register.taking.changes_of(station, Quantity.ENERGY_TOTAL):
                begins[1:] |= both & (at[:-1] <= change.at) & (change.at < at[1:])
        return _Known(rows, begins)

    def _needed(self, place: Place) -> int:
        return max(_LEAST, -(-DAY_MS // place.slot_ms))

    def _next_window(
        self, place: Place, sights: Sights, table: SlotTable, known: _Known, first: int
    ) -> NDArray[np.intp] | None:
        """Rows of the first window that is evidence and ends at a row or later."""
        rows, needed = known.rows, self._needed(place)
        # Both of what begins anew and of what flows, a window may hold none but the first's beginning.
        begun = np.maximum.accumulate(np.where(known.begins, np.arange(len(rows)), 0))
        flowed = np.maximum.accumulate(np.where(sights.is_above[rows], np.arange(len(rows)), -1))
        last = np.arange(len(rows))
        is_whole = (last - needed + 1 >= begun) & (last - needed + 1 > flowed) & (rows >= first)
        for at in np.flatnonzero(is_whole).tolist():
            window = rows[at - needed + 1 : at + 1]
            if self._draws(place, sights, table, window) and self._is_still(place, sights, table, window):
                return window
        return None

    def _draws(self, place: Place, sights: Sights, table: SlotTable, window: NDArray[np.intp]) -> bool:
        """Whether more than 20 % of the rated power was drawn."""
        first, last = int(window[0]), int(window[-1])
        gained = full = 0
        for point in np.flatnonzero(sights.has_energy[:, first] & sights.has_energy[:, last]).tolist():
            power = self._rated(place.points[point], int(table.end[last]))
            if power is not None:
                gained += int(sights.energy[point, last]) - int(sights.energy[point, first])
                full += power
        return full > 0 and gained * _PARTS * HOUR_MS > full * int(table.end[last] - table.end[first])

    def _is_still(self, place: Place, sights: Sights, table: SlotTable, window: NDArray[np.intp]) -> bool:
        """Whether no total moved, and enough is known of flow and total."""
        has = sights.has_total[:, window]
        last = int(window[-1])
        points = np.flatnonzero(has.any(axis=1)).tolist()
        for point in points:
            totals = sights.total[point, window][has[point]]
            if int(totals.max()) - int(totals.min()) > int(sights.step[point, last]):
                return False
        flows, counted = int(np.count_nonzero(sights.knows_flow[window])), int(np.count_nonzero(has.any(axis=0)))
        if 0 < flows < _LEAST or 0 < counted < _LEAST:
            return False
        steps = {place.points[point]: int(sights.step[point, last]) for point in points}
        return flows > 0 or would_show(self._register, place, int(table.end[last]), len(window) * place.slot_ms, steps)

    def _rated(self, station: str, at: int) -> int | None:
        """Power of a point: of its power, else of its energy."""
        for quantity in (Quantity.POWER, Quantity.ENERGY_TOTAL):
            row = self._register.limits_at(station, quantity, at)
            if row is not None and row.rated_kw is not None:
                return row.rated_kw
        return None

    def _tally(self, place: Place, sights: Sights, table: SlotTable, window: NDArray[np.intp]) -> Tally:
        tally = Tally.begun(sights, table, int(window[0]))
        for row in range(int(window[0]), int(window[-1]) + 1):
            tally = tally.after(sights, table, row, 0, place, self._register)
        return tally

    def _is_near(self, place: Place, sights: Sights, table: SlotTable, known: _Known) -> bool:
        """Whether a window that ends later may be evidence by what has come.

        What is to come wakes the judge if it draws more than 20 %; so it can only if some of the latest slots, up to
        the last, draw more than that together.
        """
        rows = known.rows[-self._needed(place) :]
        if not len(rows):
            return False
        ends = [0, *np.flatnonzero(known.begins[-len(rows) :]), *(np.flatnonzero(sights.is_above[rows]) + 1)]
        rows = rows[int(max(ends)) :]
        for point, station in enumerate(place.points):
            mine = rows[sights.has_energy[point, rows]]
            least = self._lowest_rated(station)
            if len(mine) > 1 and least is not None:
                gain = np.diff(sights.energy[point, mine].astype(np.float64)) * _PARTS * HOUR_MS
                spare = gain - np.diff(table.end[mine]) * float(least)
                slack = 1e-9 * float(np.abs(gain).sum() + 1)
                if float(np.cumsum(spare[::-1]).max()) > -slack and float(gain.max()) > 0:
                    return True
        return False

    def _lowest_rated(self, station: str) -> int | None:
        least = _least_rated(self._register, station)
        return None if least == _EVER else least

    def _after(
        self, place: Place, firing: Opened, sights: Sights, table: SlotTable, row: int
    ) -> tuple[Opened | None, Finding | None]:
        """After one more slot while it fires; and the finding that it ended."""
        says = sights.verdict[row] != UNKNOWN
        is_known = bool(says or (sights.has_energy[:, row].any() and sights.is_metered[row]))
        tally = firing.tally.after(sights, table, row, 0, place, self._register)
        agreement = firing.agreement.after(sights, table, row) if says else firing.agreement
        firing = firing.after(tally, agreement, self._register, is_known=is_known)
        if says and agreement.is_reached(place.slot_ms):
            return None, firing.finding(Reason.ENERGY_NO_VOLUME, self._register, place, int(table.end[row]))
        return firing, None

    def firing(self, place: Place, state: EnergyState) -> Finding | None:
        """The finding that goes on."""
        if state.firing is None:
            return None
        return state.firing.finding(Reason.ENERGY_NO_VOLUME, self._register, place)

    def is_resting(self, state: EnergyState) -> bool:
        """Whether nothing fires, and no window to come can be evidence by what has come."""
        return state.firing is None and not state.is_near

    def digest(self, place: Place) -> bytes:
        """Of the rows of its points."""
        return digest_of(self._register, place)


def _least_rated(register: Register, station: str) -> int:
    powers = [
        rated(row)
        for quantity in (Quantity.POWER, Quantity.ENERGY_TOTAL)
        for row in register.points.get((station, quantity), ())
    ]
    return min((power for power in powers if power), default=_EVER)
