"""Reason `total_frozen`: water flows and the total does not count it; or the total counts water that does not flow.

While no slot that by itself gains too little or too much can be in a window, the judge rests; see
:mod:`alerting.takes.tamper.flow_and_total`.

Source: docs/alert-classes.md, meter_tamper; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.takes.judge import Finding, Judged, Unit
from alerting.takes.tamper.flow_and_total import (
    DESIGN_PARTS,
    QUANTITIES,
    TENTH,
    WIDEST_MS,
    compared,
    is_stirred,
    onsets,
)
from alerting.takes.tamper.reason import ALERT_CLASS, Reason
from alerting.takes.tamper.watch import CALM, SeenSlots, Watch, finding, follow_all
from hydro.instants import HOUR_MS
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alerting.takes.slots import Frame, Place, SlotTable
    from alerting.takes.tamper.meter import Meter
    from alerting.takes.tamper.meters import Meters

__all__ = ["FrozenState", "TotalFrozen"]

_NEVER: Final = -(2**62)
_MS: Final = 1_000
_NONE: Final = 2**61
_MORE: Final = 1.0 + 1e-9
"""Columns are floats: they must not miss what whole numbers find."""


class FrozenState(msgspec.Struct, frozen=True, array_like=True):
    """State of one meter.

    Attributes:
        watch: Of its spell.
        since: End of the last spell: nothing before it counts.
        is_stirred: A slot that may be part of evidence can still be in a window.
    """

    watch: Watch = CALM
    since: int = _NEVER
    is_stirred: bool = False


class TotalFrozen:
    """Asks whether flow and total of a meter tell of the same water.

    Args:
        meters: Of all metering points.
    """

    name: Final = "total_frozen"
    alert_class: Final = ALERT_CLASS
    unit: Final = Unit.SLOT
    look_back_ms: Final = WIDEST_MS + 2 * HOUR_MS
    pace_ms: Final = 0
    start: Final = FrozenState()

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self.places = meters.asked(QUANTITIES, lambda meter: bool(_designs(meter)))
        # The least design that ever holds, by number of the point; of others nothing is above it.
        asked = {place.code for place in self.places}
        self._design = np.array(
            [min(_designs(meters.of(station))) if station in asked else _NONE for station in meters.stations],
            np.int64,
        )

    def marks(self, frame: Frame) -> NDArray[np.bool_]:
        """The total gains less than a tenth of what flowed since the slot before, or ten times more.

        Where it is not known what either was in the slot before, too.
        """
        flow, total = frame.of(Quantity.DISCHARGE), frame.of(Quantity.VOLUME_TOTAL)
        design = self._design[frame.point]
        rate = flow.value.astype(np.float64)
        gain = (total.value.astype(np.float64) - total.before) * _MS
        flowed = np.maximum(rate, 0.0) * (frame.end - total.since)
        is_frozen = (TENTH * gain < flowed * _MORE) & (rate * DESIGN_PARTS > design)
        is_running_on = (gain > 0) & (gain * _MORE > TENTH * flowed)
        is_odd = flow.has & (is_frozen | is_running_on | ~total.had)
        marked: NDArray[np.bool_] = (design < _NONE) & total.has & (is_odd | (~flow.has & flow.had))
        return marked

    def run(self, place: Place, state: FrozenState, table: SlotTable) -> Judged:
        """See :class:`alerting.takes.judge.Judge`."""
        visits, meter = self._meters.visits(place.code), self._meters.of(place.code)
        columns = meter.columns(table.end)
        watch, since, first = state.watch, state.since, table.first
        over: list[Finding] = []
        while True:
            known, rows = compared(table, since, columns, visits)
            slots = SeenSlots(known.start, known.end, onsets(known))
            watch, resolved_at, after = follow_all(watch, slots, int(np.searchsorted(rows, first)), visits)
            if resolved_at is None:
                return Judged(FrozenState(watch, since, is_stirred(known, meter)), tuple(over))
            over.append(finding(Reason.TOTAL_FROZEN, watch, resolved_at))
            # Behind a record the slot that told of it is the first of what is counted anew.
            first = int(rows[after - 1]) + int(resolved_at == known.end[after - 1])
            watch, since = CALM, resolved_at

    def firing(self, place: Place, state: FrozenState) -> Finding | None:  # noqa: ARG002  # judges are all asked alike
        """The spell that is open."""
        return finding(Reason.TOTAL_FROZEN, state.watch) if state.watch.is_open else None

    def is_resting(self, state: FrozenState) -> bool:
        """While no spell is open, and no odd slot can be in a window."""
        return not state.watch.is_open and not state.is_stirred

    def digest(self, place: Place) -> bytes:
        """What the verdicts on a meter rest on."""
        return self._meters.digest(place.code)


def _designs(meter: Meter) -> list[int]:
    return [facts.design for facts in meter.facts if facts.design > 0 and not facts.is_reverse]
