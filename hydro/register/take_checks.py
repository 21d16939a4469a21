"""What must hold between the tables of taking water."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from hydro.fixed import format_micro
from hydro.quantity import Quantity
from hydro.register.intakes import DerivationMethod, Metering, Scope
from hydro.register.mistake import shown
from hydro.register.schema import (
    DERIVATIONS,
    INTAKES,
    PERMIT_CHANGES,
    PERMIT_INTAKES,
    PERMIT_WINDOWS,
    PERMITS,
    PLANS,
    POINTS,
    RESTRICTIONS,
    STATIONS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hydro.register.intakes import Derivation, Intake, Restriction
    from hydro.register.permits import Permit, PermitChange, PermitIntake, PermitWindow, Plan
    from hydro.register.reader import ReadTable
    from hydro.register.stations import PointLimits, Station

__all__ = ["check_taking"]

# 3.6 must be met closely: a generous meter honestly has a range three or four times as wide.
_UNIT_SLIPS: Final = (
    (Fraction(36, 10), Fraction(1, 100)),
    (Fraction(60), Fraction(1, 10)),
    (Fraction(1000), Fraction(1, 10)),
    (Fraction(3600), Fraction(1, 10)),
)


def check_taking(tables: Mapping[str, ReadTable[Any]]) -> None:
    """Plans within their year, one reach for an intake, shares that add up, restrictions that bind something."""
    intakes: ReadTable[Intake] = tables[INTAKES.name]
    _check_plans(tables[PLANS.name], tables[PERMITS.name])
    _check_structures(intakes)
    _check_shares(tables[PERMIT_INTAKES.name])
    _check_windows(tables[PERMIT_WINDOWS.name])
    _check_trades(tables[PERMIT_CHANGES.name])
    _check_restrictions(tables[RESTRICTIONS.name], tables[PERMITS.name], intakes, tables[STATIONS.name])
    _check_sizes(intakes, tables[POINTS.name])
    _check_electricity(tables[DERIVATIONS.name], intakes, tables[POINTS.name], tables[STATIONS.name])


def _check_plans(plans: ReadTable[Plan], permits: ReadTable[Permit]) -> None:
    """Months of a year may not exceed the year's plan; a plan should not exceed its permit."""
    years: dict[tuple[str, int], list[int]] = defaultdict(list)
    months: dict[tuple[str, int], list[int]] = defaultdict(list)
    for index, row in enumerate(plans.rows):
        (months if row.span.month else years)[row.permit, row.span.year].append(index)
    for key, members in months.items():
        whole = [plans.rows[index] for index in years.get(key, ())]
        latest: dict[int, Plan] = {}
        for index in members:
            row = plans.rows[index]
            if row.span.month not in latest or latest[row.span.month].start_ms < row.start_ms:
                latest[row.span.month] = row
        total = sum(row.volume for row in latest.values())
        if whole and total > max(row.volume for row in whole):
            permit, year = key
            owed = format_micro(max(row.volume for row in whole))
            plans.mistake(
                f"the months of {year} make {format_micro(total)} m3, the plan of the year is {owed} m3",
                plans.lines[members[-1]],
                "volume_m3",
                permit,
            )
    annual: dict[str, int] = {}
    for permit_row in permits.rows:
        annual[permit_row.permit] = max(permit_row.annual, annual.get(permit_row.permit, 0))
    for members in years.values():
        for index in members:
            row = plans.rows[index]
            if row.volume > annual.get(row.permit, row.volume):
                most = format_micro(annual[row.permit])
                reason = f"{format_micro(row.volume)} m3 is more than the {most} m3 of its permit"
                plans.warning(reason, plans.lines[index], "volume_m3")


def _check_structures(intakes: ReadTable[Intake]) -> None:
    """Metering points of one intake take from one reach, and belong to one user, at any time."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(intakes.rows):
        groups[row.intake].append(index)
    for name, members in groups.items():
        for first, second in combinations(members, 2):
            one, other = intakes.rows[first], intakes.rows[second]
            if one.station == other.station or not one.overlaps(other, 0):
                continue
            if one.reach and other.reach and one.reach != other.reach:
                intakes.mistake(
                    f"intake {shown(name)} is on reach {shown(one.reach)} in row {intakes.lines[first]}",
                    intakes.lines[second],
                    "reach",
                    other.reach,
                )
                break


def _check_shares(shares: ReadTable[PermitIntake]) -> None:
    """Shares of an intake make at most the whole."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(shares.rows):
        groups[row.intake].append(index)
    for name, members in groups.items():
        for index in members:
            at = shares.rows[index].start_ms
            beside: dict[str, PermitIntake] = {}
            for other in members:
                row = shares.rows[other]
                known = beside.get(row.permit)
                if row.start_ms <= at < row.end_ms and (known is None or known.start_ms < row.start_ms):
                    beside[row.permit] = row
            total = sum((row.share for row in beside.values() if row.share is not None), Fraction())
            unsaid = sorted(row.permit for row in beside.values() if row.share is None)
            if len(unsaid) > 1 and shares.rows[index].permit == unsaid[-1]:
                reason = (
                    f"is empty for {' and '.join(unsaid)} of intake {shown(name)}: what others leave is split evenly"
                )
                shares.warning(reason, shares.lines[index], "share")
            if total > 1:
                shares.mistake(
                    f"shares of intake {shown(name)} add up to {float(total):g}", shares.lines[index], "share"
                )
                break


def _check_windows(windows: ReadTable[PermitWindow]) -> None:
    """Windows of a permit don't overlap: which rate holds would be a guess."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(windows.rows):
        groups[row.permit].append(index)
    for name, members in groups.items():
        for first, second in combinations(members, 2):
            one, other = windows.rows[first], windows.rows[second]
            same = (one.from_day, one.to_day) == (other.from_day, other.to_day)  # told by its key
            if not same and one.overlaps(other, 0) and one.meets(other) and _hours_meet(one, other):
                windows.mistake(
                    f"permit {shown(name)} has another window on some of these days in row {windows.lines[first]}",
                    windows.lines[second],
                    "from_day",
                )
                break


def _hours_meet(one: PermitWindow, other: PermitWindow) -> bool:
    mine, theirs = _minutes(one), _minutes(other)
    return any(a < d and c < b for a, b in mine for c, d in theirs)


def _minutes(window: PermitWindow) -> Sequence[tuple[int, int]]:
    if not window.hours:
        return [(0, 1440)]
    found: list[tuple[int, int]] = []
    for start, end in window.hours:
        found += [(start, end)] if start < end else [(start, 1440), (0, end)]
    return found


def _check_trades(changes: ReadTable[PermitChange]) -> None:
    """What one permit gives, another gets, on the same day."""
    moved = {(row.permit, row.counterpart, row.at, row.delta) for row in changes.rows if row.counterpart}
    for line, row in zip(changes.lines, changes.rows, strict=True):
        if row.counterpart and (row.counterpart, row.permit, row.at, -row.delta) not in moved:
            back = format_micro(-row.delta)
            reason = f"permit {shown(row.counterpart)} has no row that moves {back} m3 from the same day"
            changes.warning(reason, line, "counterpart")


def _check_restrictions(
    restrictions: ReadTable[Restriction],
    permits: ReadTable[Permit],
    intakes: ReadTable[Intake],
    stations: ReadTable[Station],
) -> None:
    known: dict[Scope, set[str]] = {
        Scope.PERMIT: {row.permit for row in permits.rows},
        Scope.INTAKE: {row.intake for row in intakes.rows},
        Scope.REACH: {row.reach for row in intakes.rows},
        Scope.RIVER: {row.river for row in stations.rows},
        Scope.DIVISION: {row.division for row in stations.rows},
    }
    for line, row in zip(restrictions.lines, restrictions.rows, strict=True):
        if row.code in known[row.scope]:
            continue
        if row.scope in (Scope.PERMIT, Scope.INTAKE):
            restrictions.mistake(f"unknown {row.scope} {shown(row.code)}", line, "code", row.code)
        elif not (row.scope is Scope.DIVISION and any(name.startswith(row.code) for name in known[row.scope] if name)):
            reason = f"no station or intake is on {row.scope} {shown(row.code)}: it binds nothing"
            restrictions.warning(reason, line, "code")


def _check_sizes(intakes: ReadTable[Intake], points: ReadTable[PointLimits]) -> None:
    """A design rate and a meter's range that differ by a factor between units are a slip of one of them."""
    largest = {row.station: row.maximum for row in points.rows if row.quantity is Quantity.DISCHARGE and row.maximum}
    for line, row in zip(intakes.lines, intakes.rows, strict=True):
        most = largest.get(row.station)
        if not most or row.design_max is None:
            continue
        ratio = Fraction(max(most, row.design_max), min(most, row.design_max))
        for factor, within in _UNIT_SLIPS:
            if abs(ratio - factor) <= factor * within:
                sizes = f"{format_micro(row.design_max)} m3/s and the meter's range of {format_micro(most)} m3/s"
                reason = f"{sizes} differ by about {float(factor):g}: is one of them in another unit?"
                intakes.warning(reason, line, "design_max_m3s")


def _check_electricity(
    derivations: ReadTable[Derivation],
    intakes: ReadTable[Intake],
    points: ReadTable[PointLimits],
    stations: ReadTable[Station],
) -> None:
    """Volume from electricity: by an approved coefficient, from a meter of energy with its multiplier."""
    known = {row.code for row in stations.rows}
    multipliers = {row.station: row.multiplier for row in points.rows if row.quantity is Quantity.ENERGY_TOTAL}
    approved = set()
    for line, row in zip(derivations.lines, derivations.rows, strict=True):
        if row.method is not DerivationMethod.ELECTRIC:
            continue
        approved.add(row.station)
        for station, quantity in row.inputs or ((row.station, Quantity.ENERGY_TOTAL),):
            name = f"{station}:{quantity.text}"
            if station not in known:
                derivations.mistake(f"{shown(name)}: unknown station", line, "inputs", station)
            elif quantity is not Quantity.ENERGY_TOTAL:
                derivations.mistake(f"{shown(name)}: electric needs an energy_total", line, "inputs", name)
            elif multipliers.get(station) is None:
                reason = f"{shown(name)} has no multiplier in points: its readings are taken as they are"
                derivations.warning(reason, line, "inputs")
    for line, intake in zip(intakes.lines, intakes.rows, strict=True):
        if intake.method is Metering.ELECTRIC and intake.station not in approved:
            reason = "is electric, and derivations have no approved coefficient: its volume rests on what else there is"
            intakes.warning(reason, line, "method")
