"""Reason `under_reading`: as the meter sees it, a kilowatt hour lifts less than 4/5 of the water that it used to.

A ratio that was learned raises suspicion and nothing else; volume comes from approved coefficients alone.

Source: docs/alert-classes.md, meter_tamper; docs/decisions/0092-taking.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.record import Estimate
from alerting.takes.judge import Finding, Judged
from alerting.takes.judge import Unit as TableUnit
from alerting.takes.tamper.energy_units import QUANTITIES, units_of
from alerting.takes.tamper.own_ratio import Amounts, Gathering, Stretches, is_below
from alerting.takes.tamper.reason import ALERT_CLASS, Reason
from alerting.takes.tamper.watch import CALM, Seen, Watch, finding, follow
from hydro.fixed import divide_half_even
from hydro.instants import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alerting.takes.slots import Frame, Place, SlotTable
    from alerting.takes.tamper.energy_units import Unit
    from alerting.takes.tamper.meters import Meters
    from alerting.takes.tamper.visits import Visits

__all__ = ["ReadingState", "UnderReading"]

_METHOD: Final = "own_ratio"
_MS: Final = 1_000


class Suspicion(msgspec.Struct, frozen=True, array_like=True):
    """What is remembered while a spell is open.

    Attributes:
        own: By which it was raised; nothing is learned from it.
        seen: Of the running units since its onset.
        told_at: Up to when the estimate is told: when it was raised, then each midnight that is reached.
        told: What was seen by then.
    """

    own: Amounts
    seen: Amounts
    told_at: int
    told: Amounts


class ReadingState(msgspec.Struct, frozen=True, array_like=True):
    """State of one meter.

    Attributes:
        stretches: Running units.
        last: End of the latest known unit.
        is_below: The latest verdict.
        watch: Of its spell.
        suspicion: While one is open.
    """

    stretches: Stretches = Stretches()
    last: int = -(2**62)
    is_below: bool = False
    watch: Watch = CALM
    suspicion: Suspicion | None = None


class UnderReading:
    """Asks of all running hours what a kilowatt hour makes. It learns from each of them, and never rests.

    Args:
        meters: Of all metering points.

    Attributes:
        look_back_ms: One unit.
    """

    name: Final = "under_reading"
    alert_class: Final = ALERT_CLASS
    unit: Final = TableUnit.HOUR
    pace_ms: Final = DAY_MS
    start: Final = ReadingState()

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self.places = meters.asked(QUANTITIES, lambda meter: any(facts.rated_energy > 0 for facts in meter.facts))
        self.look_back_ms = max([HOUR_MS, *(place.slot_ms for place in self.places)])
        numbers = {station: number for number, station in enumerate(meters.stations)}
        self._is_asked = np.zeros(len(numbers), bool)
        self._is_asked[[numbers[place.code] for place in self.places]] = True

    def marks(self, frame: Frame) -> NDArray[np.bool_]:
        """Everything of a meter whose electricity is known, so that it is woken."""
        is_metered = np.zeros(len(frame), bool)
        for quantity in QUANTITIES[2:]:
            is_metered |= frame.of(quantity).has
        marked: NDArray[np.bool_] = is_metered & self._is_asked[frame.point]
        return marked

    def run(self, place: Place, state: ReadingState, table: SlotTable) -> Judged:
        """See :class:`alerting.takes.judge.Judge`."""
        course = _Course(state, max(HOUR_MS, place.slot_ms), self._meters.visits(place.code), self._meters.shift)
        for unit in units_of(table, place.slot_ms, self._meters.of(place.code), course.visits):
            course.take(unit)
        return Judged(course.state, tuple(course.over))

    def firing(self, place: Place, state: ReadingState) -> Finding | None:  # noqa: ARG002  # judges are asked alike
        """The spell that is open."""
        if state.suspicion is None:
            return None
        estimate = _estimate(state.watch.onset, state.suspicion.told_at, state.suspicion.told, state.suspicion.own)
        return msgspec.structs.replace(finding(Reason.UNDER_READING, state.watch), estimate=estimate)

    def is_resting(self, state: ReadingState) -> bool:
        """Only as long as it has seen nothing."""
        return state == self.start

    def digest(self, place: Place) -> bytes:
        """What the verdicts on a meter rest on."""
        return self._meters.digest(place.code)


class _Course:
    """One meter while units are taken in.

    Args:
        state: Before them.
        length: Of a unit, milliseconds.
        visits: Work and changed meters.
        shift: Zone, milliseconds.
    """

    def __init__(self, state: ReadingState, length: int, visits: Visits, shift: int) -> None:
        self.visits = visits
        self.over: list[Finding] = []
        self._gathering = Gathering(state.stretches, length)
        self._last, self._is_below = state.last, state.is_below
        self._watch, self._suspicion = state.watch, state.suspicion
        self._shift = shift

    @property
    def state(self) -> ReadingState:
        """After the units."""
        return ReadingState(self._gathering.saved, self._last, self._is_below, self._watch, self._suspicion)

    def take(self, unit: Unit) -> None:
        """Take one unit in, later than all before."""
        if self._watch.raised_at is not None:
            record = self.visits.record_after(self._watch.raised_at, unit.end)
            if record is not None:
                self._end(self._watch, record)
        if self.visits.has_cut(self._last, unit.start):
            self._gathering.clear()
        self._tell(unit.end, is_over=False)
        past = self._gathering.add(unit) if unit.runs else None
        if unit.runs and self._suspicion is not None:
            seen = self._suspicion.seen.plus(unit.water, unit.energy)
            self._suspicion = msgspec.structs.replace(self._suspicion, seen=seen)
        self._last = unit.end
        own = self._suspicion.own if self._suspicion is not None else None if past is None else past.own
        if past is not None and own is not None:
            self._is_below = is_below(past.window, own)
        self._tell(unit.end, is_over=True)
        onset = None if not self._is_below else self._watch.onset if past is None else past.onset
        before = self._watch
        self._watch, resolved_at = follow(before, Seen(unit.start, unit.end, onset), self.visits)
        if resolved_at is not None:
            self._end(before, resolved_at)
        elif self._watch.is_open and self._suspicion is None and past is not None and own is not None:
            self._suspicion = Suspicion(own, past.window, unit.end, past.window)

    def _tell(self, end: int, *, is_over: bool) -> None:
        """Reach a midnight: the one before the end of a unit before that is counted, its own end after."""
        if self._suspicion is None:
            return
        midnight = (end + self._shift) // DAY_MS * DAY_MS - self._shift
        if midnight > self._suspicion.told_at and (midnight == end) == is_over:
            self._suspicion = msgspec.structs.replace(self._suspicion, told_at=midnight, told=self._suspicion.seen)

    def _end(self, watch: Watch, resolved_at: int) -> None:
        """A spell is over; counting begins with nothing."""
        ended = finding(Reason.UNDER_READING, watch, resolved_at)
        if self._suspicion is not None:
            estimate = _estimate(watch.onset, resolved_at, self._suspicion.seen, self._suspicion.own)
            ended = msgspec.structs.replace(ended, estimate=estimate)
        self.over.append(ended)
        self._watch, self._suspicion, self._is_below = CALM, None, False
        self._gathering.clear()


def _estimate(onset: int, until: int, seen: Amounts, own: Amounts) -> Estimate:
    """What its own ratio would have made of the electricity, less what the meter saw."""
    missing = max(0, divide_half_even(own.water * seen.energy - seen.water * own.energy, own.energy))
    rate = divide_half_even(missing * _MS, until - onset)
    return Estimate(rate, None, None, missing, None, _METHOD)
