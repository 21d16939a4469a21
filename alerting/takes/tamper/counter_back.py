"""Reason `counter_back`: a forward total stands lower than before, though it neither began anew nor was changed.

Source: docs/alert-classes.md, meter_tamper; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alerting.takes.judge import Finding, Judged, Unit
from alerting.takes.tamper.reason import ALERT_CLASS, Reason
from alerting.takes.tamper.watch import CALM, NO_EVIDENCE, SeenSlots, Watch, finding, follow_all
from hydro.instants import DAY_MS, HOUR_MS
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alerting.takes.slots import Frame, Place, SlotTable
    from alerting.takes.tamper.meter import MeterFacts
    from alerting.takes.tamper.meters import Meters

__all__ = ["CounterBack"]

_LONGEST_MS: Final = 7 * DAY_MS
"""The slot before may be so much older; what a meter did that was away for longer is not known."""
_TURN: Final = 10
"""A fall is a roll-over if the total gained at most a tenth of its range by it."""


class CounterBack:
    """Asks of every slot of a forward total whether it is below the one before.

    Args:
        meters: Of all metering points.
    """

    name: Final = "counter_back"
    alert_class: Final = ALERT_CLASS
    unit: Final = Unit.SLOT
    look_back_ms: Final = _LONGEST_MS + HOUR_MS
    pace_ms: Final = 0
    start: Final = CALM

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self.places = meters.asked(
            (Quantity.VOLUME_TOTAL,), lambda meter: any(facts.is_forward for facts in meter.facts)
        )

    def marks(self, frame: Frame) -> NDArray[np.bool_]:
        """Lower than the slot before, or it is unknown which that was."""
        total = frame.of(Quantity.VOLUME_TOTAL)
        return total.has & (~total.had | (total.value < total.before))

    def run(self, place: Place, state: Watch, table: SlotTable) -> Judged:
        """See :class:`alerting.takes.judge.Judge`."""
        visits, meter = self._meters.visits(place.code), self._meters.of(place.code)
        columns = meter.columns(table.end)
        rows = np.flatnonzero(table.has[0] & columns.is_forward & ~visits.hidden(table.start, table.end))
        start, end = table.start[rows], table.end[rows]
        total, at = table.value[0][rows], table.at[0][rows]
        onset = np.full(len(rows), NO_EVIDENCE, np.int64)
        lower = total[1:] < total[:-1] - columns.of("resolution")[rows[1:]]
        lower &= start[1:] - end[:-1] <= _LONGEST_MS
        for row in (np.flatnonzero(lower) + 1).tolist():
            has_turned = _has_turned(int(total[row - 1]), int(total[row]), meter.at(int(end[row])))
            is_other = visits.changed_between(Quantity.VOLUME_TOTAL, int(at[row - 1]), int(at[row]))
            if not has_turned and not is_other and not visits.works_between(int(end[row - 1]), int(start[row])):
                onset[row] = start[row]
        over: list[Finding] = []
        row = int(np.searchsorted(rows, table.first))
        while row < len(rows):
            state, resolved_at, row = follow_all(state, SeenSlots(start, end, onset), row, visits)
            if resolved_at is not None:
                over.append(finding(Reason.COUNTER_BACK, state, resolved_at))
                state = CALM
        return Judged(state, tuple(over))

    def firing(self, place: Place, state: Watch) -> Finding | None:  # noqa: ARG002  # judges are all asked alike
        """The spell that is open."""
        return finding(Reason.COUNTER_BACK, state) if state.is_open else None

    def is_resting(self, state: Watch) -> bool:
        """While no spell is open."""
        return not state.is_open

    def digest(self, place: Place) -> bytes:
        """What the verdicts on a meter rest on."""
        return self._meters.digest(place.code)


def _has_turned(before: int, now: int, facts: MeterFacts) -> bool:
    """Whether it may have begun anew after its highest number."""
    return facts.highest > 0 and _TURN * (now + facts.highest + facts.resolution - before) <= facts.highest
