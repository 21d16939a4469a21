"""What was due of a target over a time, whatever came: periods, exempt ones, slots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from alerting.eflow.period_clock import PeriodClock
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hydro.periods import Basis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from alerting.eflow.target import TargetPlan
    from alerting.slots.clock import StationClock
    from hydro.register import TargetRow

__all__ = ["Due", "due"]

_LONGEST_MS: Final = 32 * DAY_MS
"""No period is longer, so every one that may be exempt lies wholly between that much before and after."""


class Due(NamedTuple):
    """What was due over a judged range.

    Attributes:
        periods: Wholly inside the range, covered by rows and applicable; for an instant target slots.
        exempt: Of these, covered by an exemption.
        slots: Expected in these.
        pass_rate: Of the row in force at the end of the last of them.
    """

    periods: int
    exempt: int
    slots: int
    pass_rate: Fraction


class _Span(NamedTuple):
    start: int
    end: int


def due(plan: TargetPlan, clock: StationClock, start: int, end: int) -> Due:
    """What was due over (start, end].

    A target that is the same at all times is counted without a walk through its periods, but for those that may be
    exempt.
    """
    if not (plan.is_always_applicable and clock.is_always):
        return _walked(plan, clock, _spans(plan, clock, start, end))
    first, last, count = _whole(plan, clock, start, end)
    exempt = 0
    if plan.exemptions and count:
        since, until = plan.exempt_range
        begin, finish = max(first, since - _LONGEST_MS), min(last, until + _LONGEST_MS)
        around = _spans(plan, clock, begin, finish) if begin < finish else iter(())
        exempt = sum(plan.excuse(span.start, span.end).exempt for span in around)
    return Due(count, exempt, clock.expected(first, last) if count else 0, plan.rows[0].pass_rate)


def _walked(plan: TargetPlan, clock: StationClock, spans: Iterator[_Span]) -> Due:
    periods = exempt = slots = 0
    pass_rate = plan.rows[-1].pass_rate
    for span in spans:
        row = _asked(plan, span)
        if row is None:
            continue
        excuse = plan.excuse(span.start, span.end)
        if not excuse.applicable:
            continue
        periods += 1
        exempt += excuse.exempt
        slots += clock.expected(span.start, span.end)
        pass_rate = row.pass_rate
    return Due(periods, exempt, slots, pass_rate)


def _asked(plan: TargetPlan, span: _Span) -> TargetRow | None:
    if plan.basis is Basis.INSTANT:
        return plan.at(span.end)
    demand = plan.demand(span.start, span.end)
    return None if demand is None else demand.row


def _whole(plan: TargetPlan, clock: StationClock, start: int, end: int) -> tuple[int, int, int]:
    """Start of the first and end of the last whole period of a range, and how many there are."""
    if plan.basis is Basis.INSTANT:
        length = clock.interval_min(end) * MINUTE_MS
        first = -(-(start + clock.shift) // length)
        last = (end + clock.shift) // length
        return first * length - clock.shift, last * length - clock.shift, max(last - first, 0)
    periods = PeriodClock(plan.basis)
    offset = clock.shift - (0 if plan.basis is Basis.HOUR else plan.day_start_hour * HOUR_MS)
    first = periods.number(start + 1, offset)
    first += periods.start(first, offset) < start
    last = periods.number(end, offset) + 1
    last -= periods.start(last, offset) > end
    return periods.start(first, offset), periods.start(last, offset), max(last - first, 0)


def _spans(plan: TargetPlan, clock: StationClock, start: int, end: int) -> Iterator[_Span]:
    """Slots or periods wholly inside the range."""
    if plan.basis is Basis.INSTANT:
        at = start + 1
        while True:
            length = clock.interval_min(at) * MINUTE_MS
            stop = clock.slot_end(at, length)
            if stop > end:
                return
            if stop - length >= start:
                yield _Span(stop - length, stop)
            at = stop + 1
    period = plan.period(start + 1)
    while period.end <= end:
        if period.start >= start:
            yield _Span(period.start, period.end)
        period = plan.period(period.end + 1)
