"""What the classes of taking water have in common: metering points, intakes, their slots and their permits.

The readings of the text are in docs/decisions/0092-taking.md, which this follows and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from .clock import HOUR, MINUTE, date_of
from .decode import VALID
from .observed import Slots, slot_end, slot_values
from .register import covered_range, in_season, micro

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .observed import Observed
    from .register import Register, Row

__all__ = [
    "IN_FORCE",
    "Estimate",
    "Finding",
    "changes_between",
    "design_max",
    "in_hours",
    "intakes_of",
    "merge",
    "number_of",
    "permits_at",
    "points_at",
    "scale",
    "shares_at",
    "slots_for",
    "windows_at",
]

MICRO = 1_000_000
COUNTERS = ("volume_total", "energy_total")
SHOWN = ("min", "max", "max_step", "counter_max", "resolution", "zero_below")
IN_FORCE = ("", "valid", "renewal")


@dataclass(frozen=True)
class Estimate:
    """What was taken unseen: micro m3/s and micro m3."""

    rate: int
    low: int | None
    high: int | None
    volume: int | None
    statutory: int | None
    method: str


@dataclass
class Finding:
    """A spell of one reason; ``levels`` where the class has more than one."""

    reason: str
    onset: int
    raised_at: int
    resolved_at: int | None = None
    levels: list[tuple[str, int]] = field(default_factory=list)


def number_of(register: Register, station: str, quantity: str, column: str, moment: int) -> int | None:
    """A number of a ``points`` row in micro-units, times its multiplier where it is of what the device shows."""
    row = register.row_at("points", moment, station=station, quantity=quantity)
    text = (row or {}).get(column, "")
    if not text:
        if column == "resolution" and quantity in COUNTERS:
            return scale(row, MICRO)
        return 0 if column == "zero_below" else None
    return scale(row, micro(text)) if column in SHOWN else micro(text)


def scale(row: Row | None, value: int) -> int:
    """Times the multiplier of a row, half even."""
    text = (row or {}).get("multiplier", "")
    return round(Fraction(value) * Fraction(text)) if text else value


def slots_for(observed: Observed, station: str, interval: int) -> Slots:
    """Slots of all quantities of a metering point, of any length."""
    if (station, interval) in observed.made:
        return observed.made[station, interval]
    register = observed.register
    values: dict[str, dict[int, int]] = {}
    moments: dict[str, dict[int, int]] = {}
    for quantity in observed.quantities(station):
        readings = observed.readings(station, quantity)
        last: dict[int, int] = {}
        for event in sorted(readings):
            if readings[event].flag in VALID and readings[event].value is not None:
                last[slot_end(event, interval)] = event
        raw = slot_values(readings, interval, quantity)
        if quantity in COUNTERS:
            raw = {end: readings[event].value or 0 for end, event in last.items()}
        rows = {end: register.row_at("points", end, station=station, quantity=quantity) for end in raw}
        values[quantity] = {end: scale(rows[end], value) for end, value in raw.items()}
        moments[quantity] = last
    observed.made[station, interval] = Slots(interval, values, moments)
    return observed.made[station, interval]


def changes_between(register: Register, station: str, quantity: str, first: int, second: int) -> list[Row]:
    """Changes of a meter between two readings, earliest first: the first is of the old meter, the second of the new."""
    rows = []
    for row in register.tables["meter_changes"]:
        at = covered_range(row["at"], "", register.zone)[0]
        if row["station"] == station and row["quantity"] == quantity and first <= at < second:
            rows.append((at, row))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


# Intakes


def name_of(row: Row) -> str:
    """Structure of a metering point."""
    return row.get("intake", "") or row["station"]


def intakes_of(register: Register) -> dict[str, list[str]]:
    """Every metering point that an intake ever has, in the order of the file."""
    found: dict[str, list[str]] = {}
    for row in register.tables["intakes"]:
        stations = found.setdefault(name_of(row), [])
        if row["station"] not in stations:
            stations.append(row["station"])
    return found


def points_at(register: Register, intake: str, moment: int, *, sealed: bool = False) -> list[Row]:
    """Metering points of an intake at an instant, without those that are retired unless asked."""
    found = []
    for row in register.tables["intakes"]:
        if name_of(row) != intake or not register.is_valid(row, moment):
            continue
        station = register.row_at("stations", moment, station=row["station"]) or {}
        if sealed or "retired" not in (row.get("status", ""), station.get("status", "")):
            found.append(row)
    return found


def design_max(rows: Sequence[Row]) -> int | None:
    """Greatest rate of several points together; None where one has none, or there are none."""
    texts = [row.get("design_max_m3s", "") for row in rows]
    return sum(micro(text) for text in texts) if texts and all(texts) else None


# Permits


def _ended_by_the_next(register: Register, rows: Sequence[Row]) -> list[tuple[int, int, Row]]:
    """(start, end, row) of rows that may leave their end to the next of the same permit and intake."""
    spans = []
    for row in rows:
        start, end = covered_range(row.get("valid_from", ""), row.get("valid_to", ""), register.zone)
        later = [
            covered_range(other.get("valid_from", ""), "", register.zone)[0]
            for other in rows
            if (other["permit"], other["intake"]) == (row["permit"], row["intake"])
        ]
        if not row.get("valid_to", ""):
            end = min([end, *(each for each in later if each > start)])
        spans.append((start, end, row))
    return spans


def shares_at(register: Register, intake: str, moment: int) -> dict[str, Row]:
    """Permits of an intake at an instant, known or not, with what ``permit_intakes`` says of each."""
    table = [row for row in register.tables["permit_intakes"] if row["intake"] == intake]
    found = {row["permit"]: row for start, end, row in _ended_by_the_next(register, table) if start < moment <= end}
    for point in points_at(register, intake, moment, sealed=True):
        if point.get("permit", ""):
            found.setdefault(point["permit"], {})
    return found


def permits_at(register: Register, intake: str, moment: int) -> dict[str, tuple[Row, Row]]:
    """Permits of an intake in force at an instant: what ``permit_intakes`` says, and the permit."""
    found = {}
    for permit, share in shares_at(register, intake, moment).items():
        row = register.row_at("permits", moment, permit=permit)
        if row is not None and row.get("state", "") in IN_FORCE:
            found[permit] = (share, row)
    return found


def windows_at(register: Register, permit: str, moment: int) -> list[Row]:
    """Windows of a permit that count at an instant, whatever the season."""
    rows = [row for row in register.tables["permit_windows"] if row["permit"] == permit]
    return [row for row in rows if register.is_valid(row, moment)]


def covers_day(window: Row, end: int) -> bool:
    """Whether a slot's day lies in a window."""
    return in_season(window["from_day"], window["to_day"], date_of(end))


def in_hours(window: Row, start: int, end: int) -> bool:
    """Whether any part of a slot (start, end] lies in the hours of a window."""
    text = window.get("hours", "").replace(";", " ").split()
    if not text:
        return True
    day = (end - 1) // (24 * HOUR) * 24 * HOUR
    for part in text:
        first, last = (_minute(side) * MINUTE for side in part.split("-"))
        ranges = [(first, last)] if first < last else [(first, 24 * HOUR), (0, last)]
        if any(start < day + b and day + a < end for a, b in ranges):
            return True
    return False


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute or 0)


# Findings


def merge(findings: Sequence[Finding], order: Sequence[str]) -> list[list[Finding]]:
    """Spells that overlap, together: the first names the alert."""
    groups: list[list[Finding]] = []
    for finding in sorted(findings, key=lambda each: (each.raised_at, order.index(each.reason))):
        open_until = None if not groups else _end(groups[-1])
        if groups and (open_until is None or finding.raised_at < open_until):
            groups[-1].append(finding)
        else:
            groups.append([finding])
    return groups


def _end(group: Sequence[Finding]) -> int | None:
    ends = [each.resolved_at for each in group]
    return None if None in ends else max(end for end in ends if end is not None)
