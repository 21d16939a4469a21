"""Attainment: how many of the periods that were due met their target.

Source: docs/alert-classes.md, "Attainment"; CONTRACT section 7, ``eflow-attainment``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from alerting.level import meets
from hydro.fixed import divide_half_even
from hydro.instants import MINUTE_MS, format_instant
from hydro.periods import Basis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerting.eflow.clock import StationClock
    from alerting.eflow.engine import EflowEngine
    from alerting.eflow.samples import SlotValue
    from alerting.eflow.target import TargetPlan

__all__ = ["Attainment", "attain", "attainment_lines", "percent"]


class _Span(NamedTuple):
    """A period, or for an instant target a slot."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Attainment:
    """Counts over the due periods of one target.

    Attributes:
        plan: The target.
        start: Start of the judged range, epoch milliseconds.
        end: Its end.
        due: Periods wholly inside the range, covered by rows and applicable.
        valid: Assessable ones, exempt or not.
        attained: Met ones, exempt or not.
        exempt: Covered by an exemption, assessable or not.
        attained_outside: Met and not exempt.
        valid_outside: Assessable and not exempt.
        expected_slots: Slots of due periods.
        valid_slots: Of these, slots with a valid value.
        timely_slots: Of these, slots of which a value arrived in time.
        pass_rate: Of the row in force at the end of the last due period.
    """

    plan: TargetPlan
    start: int
    end: int
    due: int
    valid: int
    attained: int
    exempt: int
    attained_outside: int
    valid_outside: int
    expected_slots: int
    valid_slots: int
    timely_slots: int
    pass_rate: Fraction

    @property
    def rate(self) -> Fraction | None:
        """The published form, in which exempt periods pay for failed ones."""
        owed = self.due - self.exempt
        return min(Fraction(1), Fraction(self.attained, owed)) if owed else None

    @property
    def strict(self) -> Fraction | None:
        """Attained outside exempt periods among those owed."""
        owed = self.due - self.exempt
        return Fraction(self.attained_outside, owed) if owed else None

    @property
    def of_valid(self) -> Fraction | None:
        """Attained outside exempt periods among the assessable ones."""
        return Fraction(self.attained_outside, self.valid_outside) if self.valid_outside else None

    def as_json(self) -> dict[str, Any]:
        """One line of the report, keys in the order of the contract."""
        rate = self.rate
        slots = self.expected_slots
        return {
            "station": self.plan.station,
            "quantity": self.plan.quantity.text,
            "target_id": self.plan.target_id,
            "basis": self.plan.basis.value,
            "from": format_instant(self.start, self.plan.zone),
            "to": format_instant(self.end, self.plan.zone),
            "due": self.due,
            "valid": self.valid,
            "attained": self.attained,
            "exempt": self.exempt,
            "attainment": percent(rate),
            "attainment_strict": percent(self.strict),
            "attainment_valid": percent(self.of_valid),
            "completeness": percent(Fraction(self.valid_slots, slots) if slots else None),
            "timeliness": percent(Fraction(self.timely_slots, slots) if slots else None),
            "pass": None if rate is None else rate >= self.pass_rate,
        }


def percent(rate: Fraction | None) -> float | None:
    """Percent with two decimals, half up.

    >>> percent(Fraction(308, 319)), percent(Fraction(1, 8000)), percent(None)
    (96.55, 0.01, None)
    """
    if rate is None:
        return None
    return (2 * rate.numerator * 10_000 + rate.denominator) // (2 * rate.denominator) / 100


def attain(plan: TargetPlan, clock: StationClock, slots: Iterator[SlotValue], start: int, end: int) -> Attainment:
    """Count over (start, end].

    Args:
        plan: The target.
        clock: Slots of its station.
        slots: Slots with samples that end after ``start``, in time order.
        start: Bound of the judged range, epoch milliseconds; periods may begin at it.
        end: Bound of the judged range; periods may end at it.
    """
    counts: Counter[str] = Counter()
    pass_rate = plan.rows[-1].pass_rate
    pending = next(slots, None)
    for span in _spans(plan, clock, start, end):
        inside: list[SlotValue] = []
        while pending is not None and pending.end <= span.end:
            if pending.end > span.start:
                inside.append(pending)
            pending = next(slots, None)
        demand = plan.slot_demand(span.end) if plan.basis is Basis.INSTANT else plan.demand(span.start, span.end)
        if demand is None:
            continue
        target, row = demand
        excuse = plan.excuse(span.start, span.end)
        if not excuse.applicable:
            continue
        expected = clock.expected(span.start, span.end)
        values = [slot.value for slot in inside if slot.value is not None]
        assessable = bool(values) and len(values) * 100 >= row.min_valid_pct * expected
        met = assessable and meets(divide_half_even(sum(values), len(values)), target)
        counts["due"] += 1
        counts["valid"] += assessable
        counts["attained"] += met
        counts["exempt"] += excuse.exempt
        counts["attained_outside"] += met and not excuse.exempt
        counts["valid_outside"] += assessable and not excuse.exempt
        counts["expected_slots"] += expected
        counts["valid_slots"] += len(values)
        counts["timely_slots"] += sum(slot.on_time for slot in inside)
        pass_rate = row.pass_rate
    return Attainment(
        plan=plan,
        start=start,
        end=end,
        due=counts["due"],
        valid=counts["valid"],
        attained=counts["attained"],
        exempt=counts["exempt"],
        attained_outside=counts["attained_outside"],
        valid_outside=counts["valid_outside"],
        expected_slots=counts["expected_slots"],
        valid_slots=counts["valid_slots"],
        timely_slots=counts["timely_slots"],
        pass_rate=pass_rate,
    )


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


def attainment_lines(engine: EflowEngine, start: int | None, end: int | None) -> list[Attainment]:
    """Attainment of every judged target, sorted by target.

    Args:
        engine: After the last batch.
        start: Bound given by the caller; None = first accepted event − one interval of the station.
        end: Likewise; None = last accepted event + one interval.
    """
    first, last = engine.first_event, engine.last_event
    lines = []
    for target_id in sorted(engine.tracks):
        plan = engine.tracks[target_id].plan
        clock = engine.clock(plan.station)
        since, until = start, end
        if since is None:
            if first is None:
                continue
            since = first - clock.interval_min(first) * MINUTE_MS
        if until is None:
            if last is None:
                continue
            until = last + clock.interval_min(last) * MINUTE_MS
        slots = engine.series_of(target_id).slots_after(since)
        lines.append(attain(plan, clock, slots, since, until))
    return lines
