"""Reason ``pump_no_flow``: the pump runs, and nothing flows as far as the meters say.

::

    pump      _ # # # # # # # # # _ _ _ _ ...
    flow      _ _ _ ' ' ' ' ' ' '                 _ at most zero_below, ' above
    against     1 2 0                             a pump that primes is no finding
    pump      _ # # # # # # # # # # # # #
    flow      _ _ _ _ _ _ _ _ _ _ ' ' ' ' ...
    against     1 2 3 4 5 6 raised (30 min)
    agrees                          1 2 3 ...     resolved after 120 min

Source: docs/alert-classes.md, unmetered_intake; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.takes.judge import Finding, Judged, Unit
from alerting.takes.places import intakes_of
from alerting.takes.unmetered.agreement import LOOK_BACK_MS, Agreement
from alerting.takes.unmetered.estimate import Tally, would_show
from alerting.takes.unmetered.facts import Glance, digest_of
from alerting.takes.unmetered.opened import Opened
from alerting.takes.unmetered.reason import Reason
from alerting.takes.unmetered.sight import AGAINST, AGREES, SEEN, UNKNOWN, sights_of
from hydro.instants import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alerting.takes.slots import Frame, Place, SlotTable
    from alerting.takes.unmetered.sight import Sights
    from hydro.register import Register

__all__ = ["PumpNoFlow", "PumpState"]

_NEEDED_MS: Final = 30 * MINUTE_MS
_LEAST: Final = 3
"""Slots of the run, and of each quantity that is known in it."""


class _Run(msgspec.Struct, frozen=True, array_like=True):
    """Slots in a row in which the pump runs against its meters.

    Attributes:
        onset: Start of the first.
        count: How many.
        flows: Those that know a flow.
        totals: Those that know a total.
        extremes: Least and greatest total of each point.
        tally: What they came to.
    """

    onset: int
    count: int
    flows: int
    totals: int
    extremes: dict[int, tuple[int, int]]
    tally: Tally


class PumpState(msgspec.Struct, frozen=True, array_like=True):
    """Where it stands: at rest, in a run, or firing.

    Attributes:
        last: End of the latest slot that says anything; at rest counting began after it, or later.
        run: None at rest.
        firing: None while nothing fires.
    """

    last: int = 0
    run: _Run | None = None
    firing: Opened | None = None


class PumpNoFlow:
    """See the module.

    Args:
        register: Master data.
        points: Codes of all metering points.
    """

    name: Final = "pump_no_flow"
    alert_class: Final = "unmetered_intake"
    unit: Final = Unit.SLOT
    look_back_ms: Final = LOOK_BACK_MS
    pace_ms: Final = 0
    start: Final = PumpState()

    def __init__(self, register: Register, points: Sequence[str]) -> None:
        self._register = register
        self.places = intakes_of(register, SEEN)
        self._glance = Glance(register, points, self.places)

    def marks(self, frame: Frame) -> NDArray[np.bool_]:
        """A pump may run, no flow is surely above zero, and it isn't surely the first such slot: one is no run."""
        marked: NDArray[np.bool_] = self._glance.runs(frame) & ~self._glance.flows(frame)
        return marked & ~self._glance.agreed_before(frame)

    def run(self, place: Place, state: PumpState, table: SlotTable) -> Judged:
        """Judge slots in turn; at rest on to the next in which the pump runs against its meters.

        What wakes may be the second slot of a run: at rest counting begins after the latest slot in which they agreed.
        """
        sights = sights_of(self._register, place, table)
        against = np.flatnonzero(sights.verdict == AGAINST)
        over: list[Finding] = []
        row = table.first
        if self.is_resting(state):
            agreed = np.flatnonzero(sights.verdict[:row] == AGREES)
            begun = int(np.searchsorted(table.end, state.last, side="right"))
            row = min(row, max(begun, int(agreed[-1]) + 1 if len(agreed) else 0))
        while row < len(table):
            if state.firing is not None:
                state, ended = self._firing(place, state.firing, sights, table, row)
                over += [] if ended is None else [ended]
            else:
                if state.run is None:
                    later = against[np.searchsorted(against, row) :]
                    if not len(later):
                        break
                    row = int(later[0])
                state = self._quiet(place, state, sights, table, row)
            row += 1
        return Judged(state, tuple(over))

    def _quiet(self, place: Place, state: PumpState, sights: Sights, table: SlotTable, row: int) -> PumpState:
        """After one more slot while nothing is raised."""
        verdict, end = int(sights.verdict[row]), int(table.end[row])
        run = state.run
        if verdict == UNKNOWN:
            if run is None:
                return state
            tally = run.tally.after(sights, table, row, 0, place, self._register)
            return PumpState(state.last, msgspec.structs.replace(run, tally=tally))
        if run is not None and int(table.start[row]) - state.last > HOUR_MS:
            run = None
        run = _joined(run, sights, table, row, place, self._register) if verdict == AGAINST else None
        if run is None:
            return PumpState(end)
        if not self._completes(place, run, sights, row, end):
            return PumpState(end, run)
        return PumpState(end, None, Opened.begun(run.onset, run.tally, Agreement.begun(sights, table, row)))

    def _completes(self, place: Place, run: _Run, sights: Sights, row: int, end: int) -> bool:
        """Whether a run is long enough, and knows enough of flow and total."""
        if run.count < max(_LEAST, -(-_NEEDED_MS // place.slot_ms)):
            return False
        if 0 < run.flows < _LEAST or 0 < run.totals < _LEAST:
            return False
        steps = {place.points[point]: int(sights.step[point, row]) for point in run.extremes}
        return run.flows > 0 or would_show(self._register, place, end, run.count * place.slot_ms, steps)

    def _firing(
        self, place: Place, firing: Opened, sights: Sights, table: SlotTable, row: int
    ) -> tuple[PumpState, Finding | None]:
        """After one more slot while it fires; and the finding that it ended."""
        is_known, end = sights.verdict[row] != UNKNOWN, int(table.end[row])
        running = place.slot_ms if sights.verdict[row] == AGAINST else 0
        tally = firing.tally.after(sights, table, row, running, place, self._register)
        agreement = firing.agreement.after(sights, table, row) if is_known else firing.agreement
        firing = firing.after(tally, agreement, self._register, is_known=bool(is_known))
        if is_known and agreement.is_reached(place.slot_ms):
            return PumpState(end), firing.finding(Reason.PUMP_NO_FLOW, self._register, place, end)
        return PumpState(end, None, firing), None

    def firing(self, place: Place, state: PumpState) -> Finding | None:
        """The finding that goes on."""
        if state.firing is None:
            return None
        return state.firing.finding(Reason.PUMP_NO_FLOW, self._register, place)

    def is_resting(self, state: PumpState) -> bool:
        """Whether no run has begun and nothing fires."""
        return state.run is None and state.firing is None

    def digest(self, place: Place) -> bytes:
        """Of the rows of its points."""
        return digest_of(self._register, place)


def _joined(
    run: _Run | None, sights: Sights, table: SlotTable, row: int, place: Place, register: Register
) -> _Run | None:
    """A run with one more slot; None where a total is no longer still."""
    extremes = {} if run is None else dict(run.extremes)
    for point, total in sights.totals(row).items():
        least, most = extremes.get(point, (total, total))
        extremes[point] = min(least, total), max(most, total)
        if extremes[point][1] - extremes[point][0] > int(sights.step[point, row]):
            return None
    tally = Tally.begun(sights, table, row) if run is None else run.tally
    flows, totals = int(sights.knows_flow[row]), int(bool(sights.has_total[:, row].any()))
    return _Run(
        onset=int(table.start[row]) if run is None else run.onset,
        count=1 if run is None else run.count + 1,
        flows=flows if run is None else run.flows + flows,
        totals=totals if run is None else run.totals + totals,
        extremes=extremes,
        tally=tally.after(sights, table, row, place.slot_ms, place, register),
    )
