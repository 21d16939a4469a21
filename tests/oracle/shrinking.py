"""From a case in which something shows to a small one in which it still shows.

Greedy and seedless: rows of the register, then lines of the record, are left out as long as what is looked for stays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .arrival import milliseconds
from .case import Case
from .clock import format_time
from .tables import ZONE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .case import Record
    from .tables import Tables

__all__ = ["shrink", "tell"]

# Cells without which a row of the table cannot be read.
NEEDED = {
    "stations": ("station", "name", "kind", "river", "interval_min"),
    "points": ("station", "quantity"),
    "eflow_targets": ("station", "quantity", "from_day", "to_day", "value", "basis"),
    "exemptions": ("station", "from", "to", "reason", "document"),
    "levels": ("class", "basis", "level", "valid_from"),
    "plants": ("plant", "name", "division", "river", "type", "installed_mw", "owner"),
    "maintenance": ("id", "scope", "code", "from", "to", "kind"),
    "meter_changes": ("station", "quantity", "at", "old_final", "new_initial"),
    "derivations": ("station", "quantity", "valid_from", "method", "inputs", "coefficient"),
    "intakes": ("station",),
    "permits": ("permit", "holder", "source", "annual_m3", "valid_from"),
    "permit_intakes": ("permit", "intake"),
    "permit_windows": ("permit", "from_day", "to_day"),
    "permit_changes": ("permit", "from", "delta_m3", "reason"),
    "plans": ("permit", "month", "volume_m3"),
    "restrictions": ("id", "scope", "code", "action", "from", "limit_m3s"),
    "thresholds": ("valid_from", "annual_m3_min", "mu_min"),
}


class Budget:
    """How often may still be judged; without it a case of thousands of lines would take hours."""

    def __init__(self, case: Case, shows: Callable[[Case], bool], tries: int) -> None:
        self.best = case
        self._shows = shows
        self._left = tries

    def take(self, candidate: Case) -> bool:
        """Whether it still shows in the candidate, which then is the best."""
        if self._left <= 0:
            return False
        self._left -= 1
        if not self._shows(candidate):
            return False
        self.best = candidate
        return True


def shrink(case: Case, shows: Callable[[Case], bool], tries: int = 2_000) -> Case:
    """Make a case small.

    Args:
        case: In which it shows.
        shows: Whether it shows in a case; False for a case that cannot be judged.
        tries: How often may be judged.
    """
    budget = Budget(case, shows, tries)
    size = -1
    while size != _size(budget.best):
        size = _size(budget.best)
        _leave_out_stations(budget)
        _leave_out_rows(budget)
        _leave_out_records(budget)
        _empty_cells(budget)
    return budget.best


def _size(case: Case) -> int:
    cells = sum(1 for rows in case.tables.rows.values() for row in rows for cell in row.values() if cell)
    return cells + len(case.records)


def _with_rows(tables: Tables, name: str, rows: list[dict[str, str]]) -> Tables:
    return replace(tables, rows=tables.rows | {name: rows})


def _leave_out_stations(budget: Budget) -> None:
    """Leave out all that is said of one station, in the register and in the record."""
    for code in {row["station"]: None for row in budget.best.tables.rows["stations"]}:
        tables = budget.best.tables
        for name, rows in tables.rows.items():
            tables = _with_rows(tables, name, [row for row in rows if row.get("station") != code])
        budget.take(Case(tables, [record for record in budget.best.records if code not in str(record["payload"])]))


def _leave_out_rows(budget: Budget) -> None:
    for name in budget.best.tables.rows:
        place = 0
        while place < len(budget.best.tables.rows[name]):
            rows = budget.best.tables.rows[name]
            tables = _with_rows(budget.best.tables, name, rows[:place] + rows[place + 1 :])
            if not budget.take(Case(tables, budget.best.records)):
                place += 1


def _leave_out_records(budget: Budget) -> None:
    """Leave out runs of lines: half of them, a quarter, down to one."""
    length = max(1, len(budget.best.records) // 2)
    while True:
        place = 0
        while place < len(budget.best.records):
            records = budget.best.records
            if not budget.take(Case(budget.best.tables, records[:place] + records[place + length :])):
                place += length
        if length == 1:
            return
        length //= 2


def _empty_cells(budget: Budget) -> None:
    for name in budget.best.tables.rows:
        for place in range(len(budget.best.tables.rows[name])):
            for column in budget.best.tables.rows[name][place]:
                rows = budget.best.tables.rows[name]
                if column in NEEDED[name] or not rows[place][column]:
                    continue
                row = rows[place] | {column: ""}
                tables = _with_rows(budget.best.tables, name, [*rows[:place], row, *rows[place + 1 :]])
                budget.take(Case(tables, budget.best.records))


def tell(case: Case) -> list[str]:
    """Lines by which a person reads a case: the settings, the rows that are not empty, the record."""
    lines = [f"time: {case.tables.settings}"]
    for name, rows in case.tables.rows.items():
        lines += [f"{name}: " + " ".join(f"{column}={cell}" for column, cell in row.items() if cell) for row in rows]
    return [*lines, *_told(case.records)]


def _told(records: Sequence[Record]) -> list[str]:
    """Received in local time, then the words as they came."""
    return [
        f"{format_time(milliseconds(record['received_at']) + ZONE, ZONE)}  {record['topic']}  {record['payload']!r}"
        for record in records
    ]
