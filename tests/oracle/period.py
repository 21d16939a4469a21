"""Periods and effective targets: all that is known of a period before it is judged.

period value = mean of valid slot values (`volume`: mean × expected slots); […] expected = slots of the period;
assessable at ≥ `min_valid_pct` (50 %) valid slots. Hour H = (H−1:00, H:00]; day D with `day_start_hour` h = (D h:00,
D+1 h:00], named D; ten_day = days 1–10, 11–20, 21–end of month; month; the latter two from `day_start_hour` of their
first day; zone fixed +08:00.

A period over a switch uses Σ value × minutes / minutes, rounded to 1e-6, other columns from the row valid at its end;
a period not wholly covered by rows is neither judged nor due; an instant slot is held against the row valid at its
end, a 60-min mean against the mean target of its slots.

"Release all inflow" (effective target = min(target, inflow)) applies only where `inflow_rule` says so and the inflow
is measured upstream of the diversion over the same window with ≥ 50 % valid, else the full target
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from .clock import DAY, HOUR, date_of, midnight
from .exemption import days_that_name, is_applicable, is_exempt
from .observed import mean, slot_end
from .register import covered_range, in_season, micro, target_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .observed import Observed
    from .register import Register, Row

__all__ = ["LEVEL_QUANTITIES", "Period", "Target", "bound_so_far", "cut", "list_periods", "look_at", "period_value"]

LEVEL_QUANTITIES = ("stage", "water_level")


@dataclass(frozen=True)
class Target:
    """One target with its dated rows; what cannot change between its rows is taken from the first."""

    id: str
    station: str
    quantity: str
    basis: str
    interval: int
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, rows: list[Row], interval: int) -> Target:
        """Target of the register's rows."""
        first = rows[0]
        return cls(target_id(first), first["station"], first["quantity"], first["basis"], interval, tuple(rows))

    @property
    def is_level(self) -> bool:
        """Whether metres of deficit decide, never a ratio."""
        return self.quantity in LEVEL_QUANTITIES

    @property
    def start_hour(self) -> int:
        """When its days begin, ms after midnight."""
        return int(self.rows[0].get("day_start_hour", "") or "0") * HOUR

    def row_at(self, register: Register, moment: int) -> Row | None:
        """Find the row that is valid at an instant."""
        for row in self.rows:
            if register.is_valid(row, moment) and in_season(row["from_day"], row["to_day"], date_of(moment)):
                return row
        return None


@dataclass(frozen=True)
class Period:
    """A slot, hour, day, ten-day or month of a target, (start, end].

    ``value`` is None without any valid slot; ``target`` is ``full_target``, or the inflow where a rule says so.
    """

    start: int
    end: int
    expected: int
    valid: int
    value: int | None
    full_target: int
    target: int
    assessable: bool
    exempt: bool
    row: Row

    @property
    def met(self) -> bool:
        """Whether it is assessable and its value reaches the target, within a millionth."""
        return self.assessable and self.value is not None and self.value >= self.target - 1


def cut(basis: str, interval: int, start_hour: int, first: int, last: int) -> Iterator[tuple[int, int]]:
    """(start, end] of the periods of a basis that begin before ``last``, from the one that holds ``first`` on."""
    if basis in ("ten_day", "month"):
        day = date_of(first - start_hour).replace(day=1)
        while midnight(day) + start_hour < last:
            following = _next_first(basis, day)
            if midnight(following) + start_hour >= first:
                yield midnight(day) + start_hour, midnight(following) + start_hour
            day = following
        return
    length = {"instant": interval, "hour": HOUR, "day": DAY}[basis]
    offset = start_hour if basis == "day" else 0
    start = (first - offset) // length * length + offset - length
    while start < last:
        yield start, start + length
        start += length


def _next_first(basis: str, day: date) -> date:
    """First day of the period after the one that begins with this day.

    >>> _next_first("ten_day", date(2026, 2, 11)), _next_first("ten_day", date(2026, 2, 21))
    (datetime.date(2026, 2, 21), datetime.date(2026, 3, 1))
    """
    if basis == "ten_day" and day.day < 21:
        return day + timedelta(days=10)
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def list_periods(observed: Observed, target: Target, first: int, last: int) -> list[Period]:
    """Periods of the target from the one that holds ``first`` to the one that holds ``last``, in order.

    Left out are those not wholly covered by rows of the target, and those to which it does not apply (ice, dry season).
    """
    found = []
    for start, end in cut(target.basis, target.interval, target.start_hour, first, last):
        period = look_at(observed, target, start, end)
        if period is not None:
            found.append(period)
    return found


def look_at(observed: Observed, target: Target, start: int, end: int) -> Period | None:
    """Everything known of a period; None where it is not covered or not applicable."""
    register = observed.register
    row = target.row_at(register, end)
    full = _full_target(register, target, start, end)
    days = days_that_name(target.basis, start, end, target.start_hour)
    if row is None or full is None or not is_applicable(register, target.station, days, end):
        return None
    slots = observed.slots(target.station, target.quantity)
    ends = range(slot_end(start + 1, target.interval), end + 1, target.interval)
    values = [slots[moment] for moment in ends if moment in slots]
    inflow = _inflow(observed, target, row, start, end)
    least = Fraction(row.get("min_valid_pct", "") or "50") if target.basis != "instant" else Fraction(0)
    return Period(
        start=start,
        end=end,
        expected=len(ends),
        valid=len(values),
        value=period_value(values, len(ends), target.quantity) if values else None,
        full_target=full,
        target=full if inflow is None else min(full, inflow),
        assessable=len(values) > 0 and len(values) * 100 >= least * len(ends),
        exempt=is_exempt(register, target.station, target.id, days, (start, end)),
        row=row,
    )


def period_value(values: list[int], expected: int, quantity: str) -> int:
    """Mean of the valid slot values; for volume times the expected slots. Rounded once, half even."""
    if quantity == "volume":
        return round(Fraction(sum(values) * expected, len(values)))
    return mean(values)


def _pieces(register: Register, target: Target, start: int, end: int) -> list[tuple[int, int]]:
    """Cut the period at every midnight and at every bound of a row, so that nothing changes inside a piece."""
    cuts = {start, end}
    cuts.update(range((start // DAY + 1) * DAY, end, DAY))
    for row in target.rows:
        cuts.update(covered_range(row.get("valid_from", ""), row.get("valid_to", ""), register.zone))
    inside = sorted(cut for cut in cuts if start <= cut <= end)
    return list(pairwise(inside))


def _full_target(register: Register, target: Target, start: int, end: int) -> int | None:
    """Target in micro-units: sum of value times minutes over minutes; a slot has the one valid at its end."""
    last = target.row_at(register, end)
    if target.basis == "instant" or last is None:
        return None if last is None else micro(last["value"])
    total = 0
    for left, right in _pieces(register, target, start, end):
        row = target.row_at(register, right)
        if row is None:
            return None
        total += micro(row["value"]) * (right - left)
    return round(Fraction(total, end - start))


def bound_so_far(observed: Observed, target: Target, period: Period, until: int) -> int:
    """Target of the whole period, or the inflow over its part so far where that is less and the rule says so."""
    inflow = _inflow(observed, target, period.row, period.start, until)
    return period.full_target if inflow is None else min(period.full_target, inflow)


def _inflow(observed: Observed, target: Target, row: Row, start: int, end: int) -> int | None:
    """Inflow over a window; None without the rule, without a station, or with under 50 % of its slots valid."""
    if row.get("inflow_rule", "") != "min_inflow":
        return None
    source = row.get("inflow_station", "")
    interval = observed.register.interval(source)
    if interval is None:
        return None
    ends = range(slot_end(start + 1, interval), end + 1, interval)
    slots = observed.slots(source, target.quantity)
    values = [slots[moment] for moment in ends if moment in slots]
    if not values or len(values) * 2 < len(ends):
        return None
    return period_value(values, len(ends), target.quantity)
