"""What the register permits: permits that count, shares of an intake's water, a year's plan, and when metering is due.

All of it is the register's word at an instant; nothing is measured here.

Source: docs/decisions/0092-taking.md ("over_plan", "no_meter"); docs/register-tables.md; 水资管〔2021〕188号 for the
thresholds that hold where the register has none.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.fixed import MICRO
from hydro.instants import local_date
from hydro.register.permits import PermitState, PlanSpan, WaterSource

if TYPE_CHECKING:
    from hydro.register import Register
    from hydro.register.intakes import Threshold, Use
    from hydro.register.permits import Permit
    from hydro.register.taking import Taking

__all__ = [
    "Bound",
    "bound_at",
    "counts_at",
    "is_due",
    "latest_row",
    "permitted_at",
    "shares_at",
    "year_of",
    "year_plan",
]

_MONTHS: Final = range(1, 13)
_ANNUAL: Final = {WaterSource.SURFACE: 500_000 * MICRO, WaterSource.GROUND: 50_000 * MICRO}
_MU: Final = Decimal(50_000)


class Bound(NamedTuple):
    """From which size on online metering is due.

    Attributes:
        annual: Permitted volume of a year, 1e-6 m3; None = at no volume.
        mu: Watered area; None = at none.
    """

    annual: int | None
    mu: Decimal | None


def year_of(at: int, zone_minutes: int) -> int:
    """The year to which an instant belongs: 1 January 00:00 is the end of the year before."""
    return local_date(at - 1, zone_minutes).year


def latest_row(taking: Taking, permit: str, at: int) -> Permit | None:
    """A permit's row valid at an instant, else the last one that has ended; None before the first."""
    rows = taking.permits.get(permit)
    if rows is None:
        return None
    return rows.at(at) or next((row for row in reversed(rows.rows) if row.end_ms < at), None)


def counts_at(taking: Taking, permit: str, at: int) -> Permit | None:
    """A permit's row, if it allows anything at an instant: valid, or ended while its renewal is undecided."""
    row = latest_row(taking, permit, at)
    if row is None or row.state is PermitState.REVOKED:
        return None
    return row if at <= row.end_ms or row.state is PermitState.RENEWAL else None


def shares_at(taking: Taking, intake: str, at: int) -> dict[str, Fraction]:
    """Which share of an intake's water counts for each of its permits at an instant.

    Permits without a share have equal parts of what the others leave.
    """
    found = taking.permits_of(intake, at)
    given = sum((row.share for row in found if row.share is not None), Fraction(0))
    without = sum(row.share is None for row in found)
    rest = max(1 - given, Fraction(0)) / max(without, 1)
    return {row.permit: rest if row.share is None else row.share for row in found}


def year_plan(taking: Taking, permit: str, at: int, zone_minutes: int) -> int | None:
    """The volume that a permit may take in the year of an instant, as it stands then.

    The plan of the year, else of its twelve months, else the permit's own; never more than the permit's own; with what
    was traded or adjusted up to then.

    Returns:
        1e-6 m3, 0 or less where all was given away; None where there is no permit yet.
    """
    row = latest_row(taking, permit, at)
    if row is None:
        return None
    year = year_of(at, zone_minutes)
    planned = planned_volume(taking, permit, PlanSpan(year, 0), at)
    if planned is None:
        months = [planned_volume(taking, permit, PlanSpan(year, month), at) for month in _MONTHS]
        planned = sum(each or 0 for each in months) if None not in months else row.annual
    changes = (
        change.delta
        for change in taking.permit_changes.get(permit, ())
        if change.at < at and year_of(change.at + 1, zone_minutes) == year
    )
    return min(planned, row.annual) + sum(changes)


def planned_volume(taking: Taking, permit: str, span: PlanSpan, at: int) -> int | None:
    """What ``plans`` says of one year or month, as it stands at an instant, 1e-6 m3; None where it says nothing."""
    rows = taking.plans.get((permit, span))
    row = None if rows is None else rows.at(at)
    return None if row is None else row.volume


def bound_at(taking: Taking, division: str, source: WaterSource | None, use: Use | None, at: int) -> Bound:
    """From which size on an intake has to be metered online at an instant.

    The most telling row of ``thresholds`` counts: the division that begins the intake's, longest first; then one that
    names the source, then one that names the use.
    """
    rows = [
        row
        for row in taking.thresholds
        if row.start_ms < at <= row.end_ms
        and division.startswith(_significant(row.division))
        and row.source in (None, source)
        and row.use in (None, use)
    ]
    if rows:
        best = max(rows, key=_telling)
        return Bound(best.annual_min, best.mu_min)
    return Bound(None if source is None else _ANNUAL.get(source), _MU)


def _telling(row: Threshold) -> tuple[int, bool, bool]:
    return len(_significant(row.division)), row.source is not None, row.use is not None


def _significant(division: str) -> str:
    """A division's code without the pairs of zeros that mean "all below".

    >>> _significant("520100"), _significant("520000"), _significant("520103"), _significant("")
    ('5201', '52', '520103', '')
    """
    while len(division) > len("52") and division.endswith("00"):
        division = division[:-2]
    return division


def permitted_at(taking: Taking, intake: str, at: int) -> dict[str, Permit]:
    """Rows of the permits of an intake that allow anything at an instant."""
    found = {share.permit: counts_at(taking, share.permit, at) for share in taking.permits_of(intake, at)}
    return {permit: row for permit, row in found.items() if row is not None}


def is_due(register: Register, intake: str, at: int) -> bool:
    """Whether an intake has to be metered online at an instant: its permits, or what it waters, are large enough."""
    taking = register.taking
    points = taking.metering_points(intake, at)
    if not points:
        return False
    station = register.station_at(points[0].station, at)
    division = "" if station is None else station.division
    use = next((point.use for point in points if point.use is not None), None)
    volumes: dict[WaterSource, int] = {}
    for row in permitted_at(taking, intake, at).values():
        volumes[row.source] = volumes.get(row.source, 0) + row.annual
    area = sum((point.irrigation_mu for point in points if point.irrigation_mu is not None), Decimal(0))
    for source, volume in volumes.items():
        bound = bound_at(taking, division, source, use, at)
        if bound.annual is not None and volume >= bound.annual:
            return True
    sources: list[WaterSource | None] = [*volumes] or [None]
    bounds = (bound_at(taking, division, source, use, at).mu for source in sources)
    return any(mu is not None and area >= mu for mu in bounds)
