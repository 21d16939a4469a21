"""The register and the settings, read with csv and nothing else. Rows stay dictionaries of text."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import yaml

from .clock import DAY, MINUTE, midnight, parse_time, parse_zone

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "BASES",
    "QUANTITIES",
    "Register",
    "Row",
    "covered_range",
    "in_season",
    "is_date",
    "micro",
    "read_register",
    "target_id",
]

Row = dict[str, str]
FOREVER = 1 << 62
TABLES = (
    *("stations", "points", "eflow_targets", "exemptions", "levels", "maintenance", "meter_changes", "derivations"),
    *(
        "intakes",
        "permits",
        "permit_intakes",
        "permit_windows",
        "permit_changes",
        "plans",
        "restrictions",
        "thresholds",
    ),
)
QUANTITIES = ("discharge", "stage", "water_level", "volume")
BASES = ("instant", "hour", "day", "ten_day", "month")


@dataclass(frozen=True)
class Register:
    """Everything that is configured: settings in milliseconds, tables as they stand in the files."""

    zone: int
    lateness: int
    max_age: int
    tables: dict[str, list[Row]]

    def codes(self) -> list[str]:
        """Every station of the register, in its order."""
        return list(dict.fromkeys(row["station"] for row in self.tables["stations"]))

    def row_at(self, table: str, moment: int, **key: str) -> Row | None:
        """Find the one row with these columns that is valid at an instant."""
        for row in self.tables[table]:
            if all(row.get(column, "") == value for column, value in key.items()) and self.is_valid(row, moment):
                return row
        return None

    def is_valid(self, row: Row, moment: int) -> bool:
        """Whether valid_from and valid_to cover the instant."""
        start, end = covered_range(row.get("valid_from", ""), row.get("valid_to", ""), self.zone)
        return start < moment <= end

    def station_lateness(self, station: Row) -> int:
        """Lateness allowed to a station, ms."""
        text = station.get("lateness_min", "")
        return minutes(text) if text else self.lateness

    def targets(self) -> list[list[Row]]:
        """Rows of each target, in the order of the register."""
        found: dict[str, list[Row]] = {}
        for row in self.tables["eflow_targets"]:
            if row["quantity"] in QUANTITIES and row["basis"] in BASES:
                found.setdefault(target_id(row), []).append(row)
        return list(found.values())

    def interval(self, code: str) -> int | None:
        """Length of a station's slots, ms; None for a station that nobody registered."""
        for row in self.tables["stations"]:
            if row["station"] == code:
                return int(row["interval_min"]) * MINUTE
        return None

    def report(self, station: Row) -> int:
        """How often a station reports, ms; its interval unless told."""
        return minutes(station.get("report_min", "") or station["interval_min"])


def target_id(row: Row) -> str:
    """Name a target: its own name, else station:quantity:basis:kind."""
    return row.get("target", "") or ":".join(
        (row["station"], row["quantity"], row["basis"], row.get("kind", "") or "base")
    )


@cache
def minutes(text: str) -> int:
    """Decimal text of minutes in milliseconds."""
    return int(Fraction(text) * MINUTE)


@cache
def micro(text: str) -> int:
    """Decimal text in micro-units, half even."""
    return round(Fraction(text) * 1_000_000)


@cache
def covered_range(first: str, last: str, zone: int) -> tuple[int, int]:
    """(start, end] of a pair of columns; a date D covers (D 00:00, D+1 00:00], an empty text is no bound."""
    start = -FOREVER
    end = FOREVER
    if first:
        start = midnight(date.fromisoformat(first)) if is_date(first) else _time(first, zone)
    if last:
        end = midnight(date.fromisoformat(last)) + DAY if is_date(last) else _time(last, zone)
    return start, end


def is_date(text: str) -> bool:
    """Whether a cell holds a date and no time of day."""
    return len(text) == len("2026-03-01")


def _time(text: str, zone: int) -> int:
    moment = parse_time(text, zone)
    if moment is None:
        message = f"no time: {text!r}"
        raise ValueError(message)
    return moment


def in_season(from_day: str, to_day: str, day: date) -> bool:
    """Whether a day lies in a range of month-days, both inclusive, also over the new year.

    ``to_day`` 02-28 includes 29 February.
    """
    here = (day.month, day.day)
    first = _month_day(from_day or "01-01")
    last = _month_day(to_day or "12-31")
    if last == (2, 28):
        last = (2, 29)
    if first <= last:
        return first <= here <= last
    return here >= first or here <= last


def _month_day(text: str) -> tuple[int, int]:
    month, day = text.split("-")
    return int(month), int(day)


def read_register(config: Path) -> Register:
    """Read a config directory: the ``time`` block of watermaster.yaml and the tables that the oracle knows."""
    time = _time_settings(config / "watermaster.yaml")
    return Register(
        zone=parse_zone(time.get("zone", "+08:00")),
        lateness=int(Fraction(time.get("allowed_lateness_min", "30")) * MINUTE),
        max_age=int(Fraction(time.get("max_age_days", "400")) * DAY),
        tables={name: _read_table(config / "registry" / f"{name}.csv") for name in TABLES},
    )


def _read_table(path: Path) -> list[Row]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{name: (cell or "").strip() for name, cell in row.items() if name} for row in csv.DictReader(file)]


def _time_settings(path: Path) -> dict[str, str]:
    """Read the ``time`` settings as text."""
    if not path.exists():
        return {}
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return {name: str(value) for name, value in (settings.get("time") or {}).items()}
