"""Slots, periods, effective targets, exemptions, seasons: all that is known of a period before it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from .clock import DAY, HOUR, MINUTE, date_of
from .register import covered_range, in_season, is_date, micro, target_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .decode import Reading
    from .register import Register, Row

__all__ = ["Period", "Target", "list_periods", "mean", "slot_end", "slot_values"]

VALID = (1, 2, 3)


@dataclass(frozen=True)
class Target:
    """One target with its dated rows; what cannot change between its rows is taken from the first."""

    id: str
    station: str
    basis: str
    interval: int
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, rows: list[Row], station: Row) -> Target:
        """Target of the register's rows."""
        interval = int(station["interval_min"]) * MINUTE
        return cls(target_id(rows[0]), rows[0]["station"], rows[0]["basis"], interval, tuple(rows))


@dataclass(frozen=True)
class Period:
    """A slot, hour or day of a target, (start, end]. ``value`` is the mean of its valid slots, None without any."""

    start: int
    end: int
    expected: int
    valid: int
    value: int | None
    target: int
    assessable: bool
    exempt: bool
    row: Row

    @property
    def met(self) -> bool:
        """Whether it is assessable and its value reaches the target, within a millionth."""
        return self.assessable and self.value is not None and self.value >= self.target - 1


def mean(values: Iterable[int]) -> int:
    """Mean of integers, rounded half even.

    >>> mean([1, 2]), mean([2, 3])
    (2, 2)
    """
    numbers = list(values)
    return round(Fraction(sum(numbers), len(numbers)))


def slot_end(event: int, interval: int) -> int:
    """End of the slot (end - interval, end] that holds an instant."""
    return -(-event // interval) * interval


def slot_values(readings: Mapping[int, Reading], interval: int) -> dict[int, int]:
    """Mean of the valid values of each valid slot, by its end."""
    found: dict[int, list[int]] = {}
    for event, reading in readings.items():
        if reading.flag in VALID and reading.value is not None:
            found.setdefault(slot_end(event, interval), []).append(reading.value)
    return {end: mean(found[end]) for end in sorted(found)}


def list_periods(register: Register, target: Target, slots: Mapping[int, int], first: int, last: int) -> list[Period]:
    """Periods of the target from the one that holds ``first`` to the one that holds ``last``, in order.

    Left out are those not wholly covered by rows of the target, and those to which it does not apply (ice, dry season).
    """
    length = {"instant": target.interval, "hour": HOUR, "day": DAY}[target.basis]
    offset = int(target.rows[0].get("day_start_hour", "") or "0") * HOUR if target.basis == "day" else 0
    found = []
    start = (first - offset) // length * length + offset - length
    while start < last:
        end = start + length
        period = _look_at(register, target, slots, start, end)
        if period is not None:
            found.append(period)
        start = end
    return found


def _look_at(register: Register, target: Target, slots: Mapping[int, int], start: int, end: int) -> Period | None:
    row = _row_at(register, target, end)
    effective = _effective_target(register, target, start, end)
    if row is None or effective is None or not _applies(register, target, start, end):
        return None
    values = []
    expected = 0
    moment = slot_end(start + 1, target.interval)
    while moment <= end:
        expected += 1
        if moment in slots:
            values.append(slots[moment])
        moment += target.interval
    least = Fraction(row.get("min_valid_pct", "") or "50") if target.basis != "instant" else Fraction(0)
    return Period(
        start=start,
        end=end,
        expected=expected,
        valid=len(values),
        value=mean(values) if values else None,
        target=effective,
        assessable=len(values) > 0 and len(values) * 100 >= least * expected,
        exempt=_is_exempt(register, target, start, end),
        row=row,
    )


def _row_at(register: Register, target: Target, moment: int) -> Row | None:
    for row in target.rows:
        if register.is_valid(row, moment) and in_season(row["from_day"], row["to_day"], moment):
            return row
    return None


def _pieces(register: Register, target: Target, start: int, end: int) -> list[tuple[int, int]]:
    """Cut the period at every midnight and at every bound of a row, so that nothing changes inside a piece."""
    cuts = {start, end}
    cuts.update(range((start // DAY + 1) * DAY, end, DAY))
    for row in target.rows:
        cuts.update(covered_range(row.get("valid_from", ""), row.get("valid_to", ""), register.zone))
    inside = sorted(cut for cut in cuts if start <= cut <= end)
    return list(pairwise(inside))


def _effective_target(register: Register, target: Target, start: int, end: int) -> int | None:
    """Target in micro-units: sum of value times minutes over minutes; a slot has the one valid at its end."""
    if target.basis == "instant":
        row = _row_at(register, target, end)
        return micro(row["value"]) if row else None
    total = 0
    for left, right in _pieces(register, target, start, end):
        row = _row_at(register, target, right)
        if row is None:
            return None
        total += micro(row["value"]) * (right - left)
    return round(Fraction(total, end - start))


def _applies(register: Register, target: Target, start: int, end: int) -> bool:
    """Whether not the whole period lies in the ice or the dry season of the station."""
    for _, right in _pieces(register, target, start, end):
        station = register.row_at("stations", right, station=target.station)
        seasons = (("ice_from", "ice_to"), ("dry_from", "dry_to")) if station else ()
        if station is None or not any(
            station.get(first, "") and station.get(last, "") and in_season(station[first], station[last], right)
            for first, last in seasons
        ):
            return True
    return False


def _is_exempt(register: Register, target: Target, start: int, end: int) -> bool:
    for row in register.tables["exemptions"]:
        if row["station"] != target.station or row.get("target", "") not in ("", target.id):
            continue
        if row.get("state", "") not in ("", "approved"):
            continue
        if target.basis == "day" and is_date(row["from"]) and is_date(row["to"]):
            name = date_of(start) + timedelta(days=1 if start % DAY == 0 else 0)
            if date.fromisoformat(row["from"]) <= name <= date.fromisoformat(row["to"]):
                return True
        else:
            first, last = covered_range(row["from"], row["to"], register.zone)
            if first <= start and end <= last:
                return True
    return False
