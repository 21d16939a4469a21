"""What sections owe: rows of ``eflow_targets`` by date, made into one value for a slot or a period."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from hydro.fixed import divide_half_even, parse_decimal
from hydro.instants import MINUTE_MS, local_date
from hydro.periods import Basis
from hydro.quantity import QUANTITIES, Quantity
from simulators.play.witness.dates import ALWAYS, Days, Validity, days_of_year, validity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Duty", "DutyRow", "Owed", "Stretch", "duties_of"]


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One row of a target.

    Attributes:
        value: Millionths of the canonical unit.
        days: Of the year.
        valid: When the row is valid.
        min_valid_pct: Percent of slots with a value at which a period can be judged.
        inflow_station: Where inflow is measured that may be less than the value; empty: it makes no difference.
    """

    value: int
    days: Days
    valid: Validity
    min_valid_pct: Fraction
    inflow_station: str


class Stretch(NamedTuple):
    """A time over which one row holds, or none: (start, end] in epoch milliseconds."""

    start: int
    end: int
    row: DutyRow | None


class Owed(NamedTuple):
    """What is owed over a period: millionths, and the row in force at its end."""

    value: int
    row: DutyRow


@dataclass(frozen=True, slots=True, eq=False)
class Duty:
    """One target.

    Attributes:
        target_id: As the register names it.
        station: Whose.
        quantity: Of what.
        basis: Over which time it is meant.
        day_start_hour: Hour at which days, ten-days and months begin.
        rows: All of it.
        zone_minutes: Of its dates.
    """

    target_id: str
    station: str
    quantity: Quantity
    basis: Basis
    day_start_hour: int
    rows: tuple[DutyRow, ...]
    zone_minutes: int
    _cuts: dict[int, list[int]] = field(default_factory=dict, repr=False)

    def stretch(self, at: int) -> Stretch:
        """The time around an instant in which nothing changes."""
        year = local_date(at - 1, self.zone_minutes).year
        cuts = self._cuts.get(year)
        if cuts is None:
            cuts = self._cuts[year] = self._cuts_around(year)
        place = bisect_left(cuts, at)
        day = local_date(at - 1, self.zone_minutes)
        row = next((row for row in self.rows if row.valid.holds(at) and row.days.hold(day)), None)
        return Stretch(cuts[place - 1], cuts[place], row)

    def owed(self, start: int, end: int) -> Owed | None:
        """What is owed over (start, end]: weighted by minutes where rows change; None unless rows cover all of it.

        An instant slot owes what the row at its end says.
        """
        until, weighted = end, 0
        last: DutyRow | None = None
        while until > start:
            since, _, row = self.stretch(until)
            if row is None:
                return None
            last = last or row
            if self.basis is Basis.INSTANT:
                return Owed(row.value, row)
            weighted += row.value * ((until - max(since, start)) // MINUTE_MS)
            until = since
        return None if last is None else Owed(divide_half_even(weighted, (end - start) // MINUTE_MS), last)

    def _cuts_around(self, year: int) -> list[int]:
        found = {ALWAYS.start, ALWAYS.end}
        for row in self.rows:
            found.update(row.valid)
            for near in range(year - 1, year + 2):
                found.update(row.days.bounds(near, self.zone_minutes))
        return sorted(found)


def duties_of(rows: Iterable[Mapping[str, str]], zone_minutes: int) -> tuple[Duty, ...]:
    """Targets of a table ``eflow_targets``, in the order of their first rows.

    Args:
        rows: Of the table, free of mistakes.
        zone_minutes: Of its dates.
    """
    members: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in rows:
        members[_target_id(row)].append(row)
    return tuple(
        Duty(
            target_id=target_id,
            station=own[0]["station"],
            quantity=QUANTITIES[own[0]["quantity"]],
            basis=Basis(own[0]["basis"]),
            day_start_hour=int(own[0].get("day_start_hour", "") or "0"),
            rows=tuple(_row(row, zone_minutes) for row in own),
            zone_minutes=zone_minutes,
        )
        for target_id, own in members.items()
    )


def _row(row: Mapping[str, str], zone_minutes: int) -> DutyRow:
    return DutyRow(
        value=parse_decimal(row["value"]),
        days=days_of_year(row.get("from_day", "") or "01-01", row.get("to_day", "") or "12-31"),
        valid=validity(row, zone_minutes),
        min_valid_pct=Fraction(row.get("min_valid_pct", "") or "50"),
        inflow_station=row.get("inflow_station", "") if row.get("inflow_rule", "") == "min_inflow" else "",
    )


def _target_id(row: Mapping[str, str]) -> str:
    default = f"{row['station']}:{row['quantity']}:{row['basis']}:{row.get('kind', '') or 'base'}"
    return row.get("target", "") or default
