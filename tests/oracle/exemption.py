"""Periods that are not counted: exempt by a row of the register, or in the ice or the dry season.

A row in dates covers the periods *named* by these dates (ten_day, month: only if all its days are); a row in times
covers periods wholly inside. Exempt, not-applicable (ice, dry season) and unassessable periods are skipped: they
neither fire, nor resolve, nor count; "consecutive" means consecutive assessable. Maintenance mutes notification,
never the verdict.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from .clock import DAY, midnight
from .register import covered_range, in_season, is_date

if TYPE_CHECKING:
    from .register import Register

__all__ = ["days_that_name", "is_applicable", "is_exempt"]


def days_that_name(basis: str, start: int, end: int, start_hour_ms: int) -> list[date]:
    """List the days by which a period goes: a slot or an hour by the one it begins in, the others by all of theirs."""
    first = _begun(start if basis in ("instant", "hour") else start - start_hour_ms)
    count = max(1, (end - start) // DAY) if basis not in ("instant", "hour") else 1
    return [first + timedelta(days=number) for number in range(count)]


def _begun(moment: int) -> date:
    """Find the date D with D 00:00 <= moment < D+1 00:00."""
    return date(1970, 1, 1) + timedelta(days=moment // DAY)


def is_applicable(register: Register, station: str, days: list[date], end: int) -> bool:
    """Whether not all days lie in one season of the station, ice or dry, as registered at the period's end."""
    row = register.row_at("stations", end, station=station)
    if row is None:
        return True
    for first, last in (("ice_from", "ice_to"), ("dry_from", "dry_to")):
        if row.get(first, "") and row.get(last, "") and all(in_season(row[first], row[last], day) for day in days):
            return False
    return True


def is_exempt(register: Register, station: str, target: str, days: list[date], span: tuple[int, int]) -> bool:
    """Whether one row covers the period: in dates all the days that name it, in times the whole of it."""
    for row in register.tables["exemptions"]:
        if row["station"] != station or row.get("target", "") not in ("", target):
            continue
        if row.get("state", "") not in ("", "approved"):
            continue
        first, last = covered_range(row["from"], row["to"], register.zone)
        if is_date(row["from"]) and is_date(row["to"]):
            if all(first <= midnight(day) and midnight(day) + DAY <= last for day in days):
                return True
        elif first <= span[0] and span[1] <= last:
            return True
    return False
