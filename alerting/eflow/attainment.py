"""Attainment: how many of the periods that were due met their target.

Source: docs/alert-classes.md, "Attainment"; CONTRACT section 7, ``eflow-attainment``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from alerting.eflow.due import due
from hydro.instants import MINUTE_MS, format_instant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alerting.eflow.engine import EflowEngine, Judge
    from alerting.eflow.tally import Counts
    from alerting.eflow.target import TargetPlan

__all__ = ["Attainment", "attainment_lines", "percent"]


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


def attainment_lines(engine: EflowEngine, start: int | None, end: int | None) -> list[Attainment]:
    """Attainment of every judged target, sorted by target.

    Where the range holds all readings, what was counted as they came; else the samples are counted again.

    Args:
        engine: After the last batch.
        start: Bound given by the caller; None = first accepted event - one interval of the station.
        end: Likewise; None = last accepted event + one interval.
    """
    first, last = engine.first_event, engine.last_event
    if (start is None and first is None) or (end is None and last is None):
        return []
    lines = []
    for judge in engine.judges:
        since = _bounds(engine, judge, start, first, -1)
        until = _bounds(engine, judge, end, last, 1)
        holds_all = (start is None or first is None or start < first) and (end is None or last is None or last <= end)
        counted = judge.counts(since, until) if holds_all else [None] * len(judge.facts)
        for row, counts in enumerate(counted):
            if judge.facts.ids[row] is None:
                continue
            begin, finish = int(since[row]), int(until[row])
            found = judge.recount(row, begin, finish) if counts is None else counts
            lines.append(_line(engine, judge, row, found, begin, finish))
    return sorted(lines, key=lambda line: line.plan.target_id)


def _bounds(engine: EflowEngine, judge: Judge, given: int | None, event: int | None, side: int) -> NDArray[np.int64]:
    """A bound of the judged range of each row."""
    if given is not None or event is None:
        return np.full(len(judge.facts), given, np.int64)
    clocks = (engine.intake.clock_of(series) for series in judge.facts.series.tolist())
    return np.array([event + side * clock.interval_min(event) * MINUTE_MS for clock in clocks], np.int64)


def _line(engine: EflowEngine, judge: Judge, row: int, counts: Counts, start: int, end: int) -> Attainment:
    plan = judge.facts.plan(row)
    owed = due(plan, engine.intake.clock_of(int(judge.facts.series[row])), start, end)
    return Attainment(
        plan=plan,
        start=start,
        end=end,
        due=owed.periods,
        valid=counts.valid,
        attained=counts.attained,
        exempt=owed.exempt,
        attained_outside=counts.attained_outside,
        valid_outside=counts.valid_outside,
        expected_slots=owed.slots,
        valid_slots=counts.valid_slots,
        timely_slots=counts.timely_slots,
        pass_rate=owed.pass_rate,
    )
