"""From slots to looks: what can be seen of a period while it runs, and of periods that are over. Pure.

::

    hours of 7 days      . . . . . . h h h h|h h h       the largest of them is what the river can still give
    slots of a period                       |x x x . x . . . . . . . . .|
                              mean so far --'     '-- mean needed for the rest

Source: docs/alert-classes.md, eflow_warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from alerting.eflow.bands import is_level
from alerting.eflow.episode import Evidence
from alerting.eflow_warning.course import Look, Reason
from alerting.level import meets
from hydro.fixed import divide_half_even
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hydro.periods import Basis
from hydro.quantity import Quantity
from hydro.register.stations import StationKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from alerting.eflow.target import Demand, TargetPlan
    from alerting.slots.clock import StationClock
    from hydro.register import TargetRow
    from hydro.rules import WarningNumbers

__all__ = ["BandPeriod", "Glance", "InflowSoFar", "Outlook", "PeriodFrame", "Sums"]

_LONG: Final = (Basis.DAY, Basis.TEN_DAY, Basis.MONTH)
_BEFORE: Final = 6
_HALF: Final = 2
_PERCENT: Final = 100


class BandPeriod(msgspec.Struct, frozen=True, array_like=True):
    """A period that counts: its start, value, and whether it is met but below 1.2 of its target."""

    start: int
    value: int
    is_near: bool


class InflowSoFar(NamedTuple):
    """The inflow over a window: sum of the valid slots, how many there are, how many were expected."""

    total: int
    valid: int
    expected: int


class Sums(msgspec.Struct, array_like=True):
    """What is carried from slot to slot.

    Attributes:
        start: Of the period that the last slot lies in.
        total: Of the valid slots in it.
        valid: How many.
        hours: End, sum and number of slots of each hour of the last 7 days.
        periods: The latest that count.
    """

    start: int = -(2**62)
    total: int = 0
    valid: int = 0
    hours: list[tuple[int, int, int]] = msgspec.field(default_factory=list)
    periods: list[BandPeriod] = msgspec.field(default_factory=list)


class PeriodFrame(NamedTuple):
    """A period of the target that is wholly covered and neither exempt nor out of season."""

    start: int
    end: int
    expected: int
    demand: Demand


class Glance(NamedTuple):
    """What a slot says of both reasons, before anybody wants to know more.

    Attributes:
        frame: The period.
        end: Of the slot.
        length: Of the slot, milliseconds.
        value: Of the period so far, millionths.
        target: What it is held against.
        elapsed: Slots of the period so far.
        valid: Valid ones of them.
        running: The period so far is below its target; None where unknown, and so the next.
        unreachable: The rest can't make up for it.
    """

    frame: PeriodFrame
    end: int
    length: int
    value: int
    target: int
    elapsed: int
    valid: int
    running: bool | None
    unreachable: bool | None

    @property
    def is_calm(self) -> bool:
        """Whether neither is true: then nothing begins here."""
        return not self.running and not self.unreachable

    @property
    def looks(self) -> list[Look]:
        """At each of them."""
        frame = self.frame
        seen = Evidence(frame.start, self.end, self.value, self.target, self.elapsed, self.valid)
        return [
            Look(reason, self.end - self.length, truth, truth is False, self.elapsed < frame.expected, seen, frame.end)
            for reason, truth in ((Reason.RUNNING, self.running), (Reason.UNREACHABLE, self.unreachable))
        ]


class Outlook:
    """Looks at the slots and periods of one target.

    Args:
        plan: Of the target.
        clock: Slots of its station.
        sums: What was before; changed in place.
        inflow: Asked for the inflow of a window, by the row of the target in force; None where it asks for none.
        numbers: Of the class.
    """

    def __init__(
        self,
        plan: TargetPlan,
        clock: StationClock,
        sums: Sums,
        inflow: Callable[[TargetRow, int, int], InflowSoFar | None],
        numbers: WarningNumbers,
    ) -> None:
        self._plan = plan
        self._clock = clock
        self.sums = sums
        self._inflow = inflow
        self._numbers = numbers
        self._is_volume = plan.quantity is Quantity.VOLUME
        self._peak: tuple[tuple[int, int], int] | None = None

    def frame(self, start: int, end: int) -> PeriodFrame | None:
        """A period, None where nothing is asked of it."""
        demand = self._plan.demand(start, end)
        if demand is None:
            return None
        excuse = self._plan.excuse(start, end)
        if excuse.exempt or not excuse.applicable:
            return None
        return PeriodFrame(start, end, self._clock.expected(start, end), demand)

    def add(self, start: int, end: int, value: int) -> None:
        """Take a valid slot in: its period begins at ``start``."""
        sums = self.sums
        if sums.start != start:
            sums.start, sums.total, sums.valid = start, 0, 0
        sums.total += value
        sums.valid += 1
        length = self._clock.interval_min(end) * MINUTE_MS
        hour = self._clock.slot_end(end, HOUR_MS) if length <= HOUR_MS else end
        if sums.hours and sums.hours[-1][0] == hour:
            _, total, count = sums.hours[-1]
            sums.hours[-1] = (hour, total + value, count + 1)
        else:
            sums.hours.append((hour, value, 1))
            while sums.hours[0][0] <= end - 7 * DAY_MS:
                sums.hours.pop(0)

    def glance(self, frame: PeriodFrame, end: int) -> Glance | None:
        """See how both reasons stand at the end of the slot that was taken in last; None where they are not asked."""
        if self._plan.basis not in _LONG:
            return None
        sums, length = self.sums, self._clock.interval_min(end) * MINUTE_MS
        elapsed = self._clock.expected(frame.start, end)
        rest = frame.expected - elapsed
        target = self._target(frame, end)
        value = self._value(sums.total, sums.valid, frame.expected)
        running: bool | None = False
        if (end - frame.start) * _PERCENT >= (frame.end - frame.start) * self._numbers.elapsed_pct:
            is_known = sums.valid * _PERCENT >= elapsed * self._numbers.valid_pct
            running = not meets(value, target) if is_known else None
        unreachable = self._is_unreachable(target, frame.expected, rest, end, length) if rest else None
        return Glance(frame, end, length, value, target, elapsed, sums.valid, running, unreachable)

    def _is_unreachable(self, target: int, expected: int, rest: int, end: int, length: int) -> bool | None:
        """Whether no known hour had the mean that is needed, if all of the rest comes, and what is lost is lost."""
        peak = self._largest(end, length)
        if peak is None:
            return None
        sums, per = self.sums, expected if self._is_volume else 1
        needed = target * (sums.valid + rest) - per * sums.total
        return (peak + 1) * per * rest < needed

    def _largest(self, end: int, length: int) -> int | None:
        """The largest mean of an hour that ended in the last 7 days, of which half is valid."""
        hours = self.sums.hours
        known = hours if hours[-1][0] <= end else hours[:-1]
        mark = (known[-1][0] if known else -1, length)
        if self._peak is None or self._peak[0] != mark or known[0][0] <= end - 7 * DAY_MS:
            means = [
                divide_half_even(total, count)
                for hour, total, count in known
                if hour > end - 7 * DAY_MS and (length > HOUR_MS or count * _HALF * length >= HOUR_MS)
            ]
            if not means:
                return None
            self._peak = (mark, max(means))
        return self._peak[1]

    def over(self, frame: PeriodFrame, total: int, valid: int) -> list[Look]:
        """Look at a period that has been judged."""
        if self._plan.basis is Basis.INSTANT or is_level(self._plan.quantity):
            return []
        if not valid or valid * 100 < frame.demand.row.min_valid_pct * frame.expected:
            return []
        value, target = self._value(total, valid, frame.expected), self._target(frame, frame.end)
        is_near = meets(value, target) and not _reaches(value, target, self._numbers.band_pct)
        *before, last = [*self.sums.periods, BandPeriod(frame.start, value, is_near)]
        self.sums.periods = [*before, last][-_BEFORE - 1 :]
        station = self._plan.stations.at(frame.end)
        if station is not None and (station.kind is StationKind.PLANT or station.plant):
            return []
        pair = [*before[-1:], last]
        usual = before[-_BEFORE - 1 : -1]
        truth = None
        if len(usual) == _BEFORE:
            mean = divide_half_even(sum(one.value for one in usual), _BEFORE)
            truth = all(one.is_near and not meets(one.value, mean) for one in pair)
        seen = Evidence(frame.start, frame.end, value, target, frame.expected, valid)
        return [
            Look(
                Reason.BAND,
                pair[0].start,
                truth,
                _reaches(value, target, self._numbers.band_clear_pct),
                may_raise=True,
                evidence=seen,
                until=None,
            )
        ]

    def _value(self, total: int, valid: int, expected: int) -> int:
        return divide_half_even(total * expected if self._is_volume else total, valid)

    def _target(self, frame: PeriodFrame, until: int) -> int:
        """Of the whole period, or the inflow over its part so far where that is less and the row says so."""
        demand = frame.demand
        found = self._inflow(demand.row, frame.start, until)
        if found is None or not found.valid or found.valid * _HALF < found.expected:
            return demand.target
        return min(demand.target, self._value(found.total, found.valid, found.expected))


def _reaches(value: int, target: int, percent: int) -> bool:
    return value * 100 >= target * percent - 100
