"""Who may take how much where, as one thing that can be asked by event time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from hydro.register.dated import dated_by, ended_by_the_next, grouped
from hydro.register.schema import (
    DERIVATIONS,
    INTAKES,
    KEY_USERS,
    METER_CHANGES,
    PERMIT_CHANGES,
    PERMIT_INTAKES,
    PERMIT_WINDOWS,
    PERMITS,
    PLANS,
    RESTRICTIONS,
    THRESHOLDS,
    USERS,
    WELLS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from hydro.quantity import Quantity
    from hydro.register.dated import DatedRows
    from hydro.register.intakes import Derivation, Intake, MeterChange, Restriction, Threshold, Well
    from hydro.register.permits import (
        KeyUser,
        Permit,
        PermitChange,
        PermitIntake,
        PermitWindow,
        Plan,
        PlanSpan,
        WaterUser,
    )
    from hydro.register.reader import ReadTable

__all__ = ["PermitShare", "Taking"]


class PermitShare(NamedTuple):
    """A permit at an intake.

    Attributes:
        permit: Its code.
        share: Of the intake's water that counts for it; None = not said.
        max_rate: Largest rate at this intake, 1e-6 m3/s; None = none set.
    """

    permit: str
    share: Fraction | None
    max_rate: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Taking:
    """The tables of taking water.

    Attributes:
        users: By code.
        key_users: In the order of the file.
        permits: By code.
        permit_intakes: By permit.
        permit_windows: By permit.
        permit_changes: By permit.
        plans: By permit and span.
        intakes: By metering point.
        structures: Metering points of each intake, in the order of the file.
        permits_at: Rows of ``permit_intakes`` by intake.
        wells: By station.
        meter_changes: By series, earliest first.
        derivations: By series.
        restrictions: In the order of the file.
        thresholds: In the order of the file.
    """

    users: Mapping[str, DatedRows[WaterUser]]
    key_users: tuple[KeyUser, ...]
    permits: Mapping[str, DatedRows[Permit]]
    permit_intakes: Mapping[str, tuple[PermitIntake, ...]]
    permit_windows: Mapping[str, tuple[PermitWindow, ...]]
    permit_changes: Mapping[str, tuple[PermitChange, ...]]
    plans: Mapping[tuple[str, PlanSpan], DatedRows[Plan]]
    intakes: Mapping[str, DatedRows[Intake]]
    structures: Mapping[str, tuple[str, ...]]
    permits_at: Mapping[str, tuple[PermitIntake, ...]]
    wells: Mapping[str, DatedRows[Well]]
    meter_changes: Mapping[tuple[str, Quantity], tuple[MeterChange, ...]]
    derivations: Mapping[tuple[str, Quantity], DatedRows[Derivation]]
    restrictions: tuple[Restriction, ...]
    thresholds: tuple[Threshold, ...]

    def intake_at(self, station: str, event_time: int) -> Intake | None:
        """The metering point's row at an instant in epoch milliseconds; None if it is none then."""
        rows = self.intakes.get(station)
        return None if rows is None else rows.at(event_time)

    def metering_points(self, intake: str, event_time: int) -> list[Intake]:
        """Metering points of a structure at an instant, in the order of the file."""
        found = (self.intakes[station].at(event_time) for station in self.structures.get(intake, ()))
        return [row for row in found if row is not None and row.intake == intake]

    def permits_of(self, intake: str, event_time: int) -> list[PermitShare]:
        """Permits at a structure at an instant: of ``permit_intakes``, and the shorthand of its metering points."""
        found = {
            row.permit: PermitShare(row.permit, row.share, row.max_rate)
            for row in self.permits_at.get(intake, ())
            if row.start_ms < event_time <= row.end_ms
        }
        for point in self.metering_points(intake, event_time):
            if point.permit:
                found.setdefault(point.permit, PermitShare(point.permit, None, None))
        return list(found.values())

    def changes_of(self, station: str, quantity: Quantity) -> Sequence[MeterChange]:
        """Changes of the meter of a series, earliest first."""
        return self.meter_changes.get((station, quantity), ())

    @staticmethod
    def of(tables: Mapping[str, ReadTable[Any]]) -> Taking:
        """The tables as they were read, free of mistakes."""
        intakes: Sequence[Intake] = tables[INTAKES.name].rows
        shares = ended_by_the_next(tables[PERMIT_INTAKES.name].rows, PERMIT_INTAKES.key)
        changes: Sequence[MeterChange] = sorted(tables[METER_CHANGES.name].rows, key=lambda row: row.at)
        points = grouped(intakes, lambda row: row.intake)
        return Taking(
            users=dated_by(tables[USERS.name].rows, lambda row: row.user),
            key_users=tuple(tables[KEY_USERS.name].rows),
            permits=dated_by(tables[PERMITS.name].rows, lambda row: row.permit),
            permit_intakes=grouped(shares, lambda row: row.permit),
            permit_windows=grouped(tables[PERMIT_WINDOWS.name].rows, lambda row: row.permit),
            permit_changes=grouped(tables[PERMIT_CHANGES.name].rows, lambda row: row.permit),
            plans=dated_by(tables[PLANS.name].rows, lambda row: (row.permit, row.span)),
            intakes=dated_by(intakes, lambda row: row.station),
            structures={intake: tuple(dict.fromkeys(row.station for row in rows)) for intake, rows in points.items()},
            permits_at=grouped(shares, lambda row: row.intake),
            wells=dated_by(tables[WELLS.name].rows, lambda row: row.station),
            meter_changes=grouped(changes, lambda row: (row.station, row.quantity)),
            derivations=dated_by(
                ended_by_the_next(tables[DERIVATIONS.name].rows, DERIVATIONS.key),
                lambda row: (row.station, row.quantity),
            ),
            restrictions=tuple(tables[RESTRICTIONS.name].rows),
            thresholds=ended_by_the_next(tables[THRESHOLDS.name].rows, THRESHOLDS.key),
        )
