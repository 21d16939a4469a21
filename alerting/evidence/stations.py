"""Whose messages an alert rests on: the stations behind its subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alerting.record import AlertRecord
    from hydro.register import Register

__all__ = ["gateways_of", "stations_of"]


def stations_of(record: AlertRecord, register: Register) -> frozenset[str]:
    """Codes of the stations; none where the register doesn't know the subject.

    The inflow that a target is limited by belongs to it; to a gateway belong its members, else all its stations; to an
    intake and a permit their metering points.
    """
    match record.subject_kind:
        case "station":
            rows = register.targets.get(record.target_id or "", ())
            found: Iterable[str] = (record.subject, *(row.inflow_station for row in rows if row.inflow_station))
        case "gateway":
            found = record.members or _behind(record.subject, register)
        case "intake":
            found = _of_intake(record.subject, register)
        case "permit":
            found = _of_permit(record.subject, register)
        case _:
            found = ()
    return frozenset(found) & register.stations.keys()


def gateways_of(stations: Iterable[str], register: Register) -> frozenset[str] | None:
    """Gateways that may speak for these stations, at any time; None = any gateway may."""
    rows = [row for station in stations for row in register.stations[station].rows]
    return frozenset(row.gateway for row in rows) if all(row.gateway for row in rows) else None


def _behind(gateway: str, register: Register) -> list[str]:
    return [code for code, rows in register.stations.items() if any(row.gateway == gateway for row in rows.rows)]


def _of_permit(permit: str, register: Register) -> list[str]:
    """Of the table of both, and of the shorthand of an intake with one permit."""
    intakes = {row.intake for row in register.taking.permit_intakes.get(permit, ())}
    intakes |= {row.intake for rows in register.taking.intakes.values() for row in rows if row.permit == permit}
    return [station for intake in intakes for station in _of_intake(intake, register)]


def _of_intake(intake: str, register: Register) -> tuple[str, ...]:
    return (intake, *register.taking.structures.get(intake, ()))
