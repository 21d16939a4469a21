"""Reason `door_step`: a door is opened, and within a day the meter sees otherwise, or its total steps.

Source: docs/alert-classes.md, meter_tamper; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from alerting.takes.judge import Finding, Judged, Unit
from alerting.takes.tamper.reason import ALERT_CLASS, Reason
from alerting.takes.tamper.step_after_door import (
    LONGEST_MS,
    QUANTITIES,
    Opening,
    before_of,
    onset_of_shift,
    onset_of_step,
    rows_of,
)
from alerting.takes.tamper.watch import CALM, Seen, Watch, finding, follow
from hydro.instants import DAY_MS, HOUR_MS
from hydro.quantity import Quantity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from alerting.takes.slots import Frame, Place, SlotTable
    from alerting.takes.tamper.meters import Meters
    from alerting.takes.tamper.step_after_door import Rows
    from alerting.takes.tamper.visits import Visits

__all__ = ["DoorState", "DoorStep"]


class DoorState(msgspec.Struct, frozen=True, array_like=True):
    """State of one meter.

    Attributes:
        watch: Of its spell.
        opening: The latest, while it counts and has raised nothing.
    """

    watch: Watch = CALM
    opening: Opening | None = None


class DoorStep:
    """Asks what became of a meter after its door was opened.

    Args:
        meters: Of all metering points.
    """

    name: Final = "door_step"
    alert_class: Final = ALERT_CLASS
    unit: Final = Unit.SLOT
    look_back_ms: Final = LONGEST_MS + 2 * HOUR_MS
    pace_ms: Final = 0
    start: Final = DoorState()

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self.places = meters.asked(QUANTITIES, lambda meter: bool(meter.rows))

    def marks(self, frame: Frame) -> NDArray[np.bool_]:
        """The door is open, and was not, or it is unknown whether it was."""
        door = frame.of(Quantity.DOOR)
        marked: NDArray[np.bool_] = door.has & (door.value > 0) & (~door.had | (door.before <= 0))
        return marked

    def run(self, place: Place, state: DoorState, table: SlotTable) -> Judged:
        """See :class:`alerting.takes.judge.Judge`."""
        visits = self._meters.visits(place.code)
        rows = rows_of(table, self._meters.of(place.code).columns(table.end), visits)
        watch, opening = state.watch, state.opening
        over: list[Finding] = []
        for row in range(table.first, len(table)):
            start, end = int(table.start[row]), int(table.end[row])
            opening = _counting(opening, start, end, visits)
            if rows.is_known[row]:
                onset = None if opening is None else _onset(rows, row, opening, visits)
                before, (watch, resolved_at) = watch, follow(watch, Seen(start, end, onset), visits)
                if resolved_at is not None:
                    over.append(finding(Reason.DOOR_STEP, before, resolved_at))
                if resolved_at is not None or onset is not None:
                    opening = None
            if rows.opens[row]:
                opening = before_of(rows, row, visits)
        return Judged(DoorState(watch, opening), tuple(over))

    def firing(self, place: Place, state: DoorState) -> Finding | None:  # noqa: ARG002  # judges are all asked alike
        """The spell that is open."""
        return finding(Reason.DOOR_STEP, state.watch) if state.watch.is_open else None

    def is_resting(self, state: DoorState) -> bool:
        """While no spell is open, and no opening counts."""
        return not state.watch.is_open and state.opening is None

    def digest(self, place: Place) -> bytes:
        """What the verdicts on a meter rest on."""
        return self._meters.digest(place.code)


def _counting(opening: Opening | None, start: int, end: int, visits: Visits) -> Opening | None:
    """An opening that still counts for a slot: for a day, and until somebody has been there."""
    if opening is None or end > opening.end + DAY_MS:
        return None
    return None if any(opening.end < cut <= start for cut in visits.cuts(Quantity.VOLUME_TOTAL)) else opening


def _onset(rows: Rows, row: int, opening: Opening, visits: Visits) -> int | None:
    """Start of the evidence that a row completes."""
    found = onset_of_shift(rows, row, opening)
    return onset_of_step(rows, row, visits) if found is None else found
