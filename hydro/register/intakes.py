"""Tables of taking water: ``intakes``, ``wells``, ``meter_changes``, ``derivations``, ``restrictions``, ``thresholds``.

Source: docs/register-tables.md. Who may take how much is in :mod:`hydro.register.permits`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003  # the annotations are read at run time
from decimal import Decimal  # noqa: TC003  # the annotations are read at run time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

from hydro.quantity import Quantity
from hydro.register.cells import (
    CellError,
    Context,
    begin_instant,
    choice,
    code,
    decimal,
    end_instant,
    free_text,
    identifier,
    label,
    moment,
    number,
    quantity,
    switch,
    whole,
)
from hydro.register.mistake import shown
from hydro.register.permits import OF_PERMITS, OF_USERS, WaterSource
from hydro.register.stations import OF_STATIONS, StationStatus
from hydro.register.table import Contradiction, Reference, Row, derived, optional, required

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "NO_REACH",
    "OF_INTAKES",
    "Action",
    "Derivation",
    "DerivationMethod",
    "Intake",
    "MeterChange",
    "Metering",
    "Restriction",
    "Scope",
    "Threshold",
    "Use",
    "Well",
    "WellZone",
]

OF_INTAKES: Final = Reference("intakes", "intake", "intake")
NO_REACH: Final = "none"
"""Reach of wells, canals and takes from other basins: they enter no balance."""

_COUNTERS: Final = (Quantity.VOLUME_TOTAL, Quantity.ENERGY_TOTAL)
_LARGEST_MU: Final = 10**8
_WIDEST_PIPE_MM: Final = 100_000
_DEEPEST_M: Final = 10_000
_LONGEST_RIVER_KM: Final = 10_000
_LONGEST_HOLD_MIN: Final = 366 * 1440
_MOST_INPUTS: Final = 64


class Use(StrEnum):
    """What water is taken for."""

    INDUSTRY = "industry"
    DOMESTIC = "domestic"
    SERVICE = "service"
    IRRIGATION = "irrigation"
    ECOLOGY = "ecology"
    TRANSFER = "transfer"
    HYDROPOWER = "hydropower"


class Metering(StrEnum):
    """How a take is measured."""

    PIPE = "pipe"
    CHANNEL = "channel"
    ELECTRIC = "electric"
    NONE = "none"


class WellZone(StrEnum):
    """What is allowed where a well stands."""

    BANNED = "banned"
    RESTRICTED = "restricted"
    NORMAL = "normal"


class DerivationMethod(StrEnum):
    """How a series follows from others."""

    RATING = "rating"
    SUM = "sum"
    GATE = "gate"
    POWER = "power"
    ELECTRIC = "electric"
    STORAGE_BALANCE = "storage_balance"
    INDEX_VELOCITY = "index_velocity"


class Scope(StrEnum):
    """What a restriction binds."""

    PERMIT = "permit"
    INTAKE = "intake"
    REACH = "reach"
    RIVER = "river"
    DIVISION = "division"


class Action(StrEnum):
    """What a restriction asks for."""

    STOP = "stop"
    LIMIT = "limit"


def _structure(row: Mapping[str, object], _context: Context) -> object:
    return row["station"]


def _series_list(text: str, _context: Context) -> tuple[tuple[str, Quantity], ...]:
    """``52010300A1:discharge 52010300A2:discharge``: stations and quantities, apart by white space or ``;``."""
    words = text.replace(";", " ").split()
    if len(words) > _MOST_INPUTS:
        raise CellError(f"{len(words)} inputs, at most {_MOST_INPUTS} are possible")
    found = []
    for word in words:
        station, colon, name = word.rpartition(":")
        if not colon or not station:
            raise CellError(f"{shown(word)} is not station:quantity")
        found.append((code(station, _context), quantity()(name, _context)))
    return tuple(found)


def _uses(text: str, context: Context) -> tuple[Use, ...]:
    return tuple(choice(Use)(word, context) for word in text.replace(";", " ").split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake(Row):
    """A metering point of an intake; several may share one structure.

    Attributes:
        station: The metering point, a station of its own; of an intake without a meter the station it would have.
        permit: Shorthand for the one permit it has; ``permit_intakes`` says it for many.
        reach: The reach it takes from; ``NO_REACH`` for wells, canals and other basins, empty = unknown.
        design_max: Largest rate the structure can take, 1e-6 m3/s.
        intake: The structure.
        irrigation_mu: Area it waters, mu.
        daily_max: Capacity of a day for the statutory charge, 1e-6 m3.
        exempt_ground: Why no permit is needed; empty = one is.
    """

    station: Annotated[str, required("station", code, refers=OF_STATIONS)]
    permit: Annotated[str, required("permit", identifier, empty="", refers=OF_PERMITS)]
    reach: Annotated[str, required("reach", identifier, empty="")]
    design_max: Annotated[int | None, required("design_max_m3s", number(above=0), empty=None)]
    intake: Annotated[str, optional("intake", identifier, empty=derived(_structure))]
    has_pump: Annotated[bool, optional("has_pump", switch, empty=False)]
    user: Annotated[str, optional("user", identifier, empty="", refers=OF_USERS)]
    use: Annotated[Use | None, optional("use", choice(Use))]
    irrigation_mu: Annotated[Decimal | None, optional("irrigation_mu", decimal(0, _LARGEST_MU))]
    daily_max: Annotated[int | None, optional("daily_max_m3", number(above=0))]
    pipe_mm: Annotated[Decimal | None, optional("pipe_mm", decimal(0, _WIDEST_PIPE_MM))]
    chainage_km: Annotated[Decimal | None, optional("chainage_km", decimal(0, _LONGEST_RIVER_KM))]
    method: Annotated[Metering, optional("method", choice(Metering), empty=Metering.PIPE)]
    exempt_ground: Annotated[str, optional("exempt_ground", free_text, empty="")]
    status: Annotated[StationStatus, optional("status", choice(StationStatus), empty=StationStatus.ACTIVE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Well(Row):
    """A well.

    Attributes:
        depth_m: Of the well.
        level_station: Where its groundwater depth is measured; empty = nowhere.
    """

    station: Annotated[str, required("station", code, refers=OF_STATIONS)]
    aquifer: Annotated[str, required("aquifer", label, empty="")]
    depth_m: Annotated[Decimal | None, required("depth_m", decimal(0, _DEEPEST_M), empty=None)]
    zone: Annotated[WellZone, optional("zone", choice(WellZone), empty=WellZone.NORMAL)]
    level_station: Annotated[str, optional("level_station", code, empty="", refers=OF_STATIONS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterChange(Row):
    """A meter was replaced, or its counter set: an event, never negative use.

    Attributes:
        at: When, epoch milliseconds: readings at or before it are of the old meter.
        old_final: Last total of the old meter, millionths of the canonical unit.
        new_initial: First total of the new one.
    """

    station: Annotated[str, required("station", code, refers=OF_STATIONS)]
    quantity: Annotated[Quantity, required("quantity", quantity(*_COUNTERS))]
    at: Annotated[int, required("at", begin_instant)]
    old_final: Annotated[int, required("old_final", number())]
    new_initial: Annotated[int, required("new_initial", number())]
    reason: Annotated[str, optional("reason", free_text, empty="")]
    document: Annotated[str, optional("document", free_text, empty="")]
    by: Annotated[str, optional("by", free_text, empty="")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation(Row):
    """A series that is computed from others.

    Attributes:
        inputs: Stations and quantities, in the order the method wants.
        coefficient: Of the method, millionths: for ``electric`` m3 in a kWh.
        uncertainty_pct: Expanded (k = 2), percent of the result.
        tested_at: When the coefficient was determined, a date or epoch milliseconds.
    """

    station: Annotated[str, required("station", code, refers=OF_STATIONS)]
    quantity: Annotated[Quantity, required("quantity", quantity())]
    start_ms: Annotated[int, required("valid_from", begin_instant)]
    method: Annotated[DerivationMethod, required("method", choice(DerivationMethod))]
    inputs: Annotated[tuple[tuple[str, Quantity], ...], required("inputs", _series_list, empty=())]
    coefficient: Annotated[int | None, optional("coefficient", number(above=0))]
    uncertainty_pct: Annotated[Decimal | None, optional("uncertainty_pct", decimal(0, 1_000))]
    tested_at: Annotated[date | int | None, optional("tested_at", moment)]
    document: Annotated[str, optional("document", free_text, empty="")]

    def contradictions(self) -> Iterator[Contradiction]:
        """A volume from electricity without its approved coefficient."""
        yield from Row.contradictions(self)  # super() without arguments does not survive slots=True
        if self.method is DerivationMethod.ELECTRIC and self.coefficient is None:
            yield "coefficient", "is empty while method is electric: m3 in a kWh, as approved"
        if (self.station, self.quantity) in self.inputs:
            yield "inputs", "name the series itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction(Row):
    """Less water may be taken, for a time or while a gauge is low.

    Attributes:
        id: Its name.
        code: Of the permit, intake, reach, river or division that it binds.
        first: From when, epoch milliseconds, not itself covered.
        last: Until when, itself covered; ``LATEST_MS`` = until it is lifted.
        limit: What may still be taken, 1e-6 m3/s; None for ``stop``.
        trigger_below: Of the trigger's quantity, in its millionths: it binds after a hold below.
        resume_above: It ends after a hold above; None = the trigger.
        hold_min: Minutes of the hold.
        except_use: Uses that it does not bind.
    """

    id: Annotated[str, required("id", identifier)]
    scope: Annotated[Scope, required("scope", choice(Scope))]
    code: Annotated[str, required("code", label)]
    action: Annotated[Action, required("action", choice(Action))]
    first: Annotated[int, required("from", begin_instant)]
    last: Annotated[int | None, optional("to", end_instant)]
    limit: Annotated[int | None, optional("limit_m3s", number(at_least=0))]
    trigger_station: Annotated[str, optional("trigger_station", code, empty="", refers=OF_STATIONS)]
    trigger_quantity: Annotated[
        Quantity | None,
        optional("trigger_quantity", quantity(Quantity.DISCHARGE, Quantity.STAGE, Quantity.WATER_LEVEL)),
    ]
    trigger_below: Annotated[int | None, optional("trigger_below", number())]
    resume_above: Annotated[int | None, optional("resume_above", number())]
    hold_min: Annotated[int, optional("hold_min", whole(0, _LONGEST_HOLD_MIN), empty=60)]
    except_use: Annotated[tuple[Use, ...], optional("except_use", _uses, empty=())]
    document: Annotated[str, optional("document", free_text, empty="")]

    def contradictions(self) -> Iterator[Contradiction]:
        """A limit without a number, a trigger without its parts, a gauge that releases before it binds."""
        yield from Row.contradictions(self)  # super() without arguments does not survive slots=True
        if (self.action is Action.LIMIT) != (self.limit is not None):
            state, action = ("empty", "limit") if self.limit is None else ("given", "stop")
            yield "limit_m3s", f"is {state} while action is {action}"
        if self.last is not None and self.first >= self.last:
            yield "to", "from is not earlier than to"
        parts = {
            "trigger_station": bool(self.trigger_station),
            "trigger_quantity": self.trigger_quantity is not None,
            "trigger_below": self.trigger_below is not None,
        }
        if any(parts.values()):
            for header, given in parts.items():
                if not given:
                    yield header, "is empty while other parts of the trigger are given"
        elif self.resume_above is not None:
            yield "resume_above", "is given while there is no trigger"
        if self.trigger_below is not None and self.resume_above is not None and self.resume_above < self.trigger_below:
            yield "resume_above", "is below trigger_below"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(Row):
    """From which size on an intake has to be metered online.

    Attributes:
        division: Where; empty = everywhere.
        source: Of which water; None = of any.
        use: For which use; None = for any.
        annual_min: Permitted volume of a year, 1e-6 m3, from which on it is due.
        mu_min: Area of an irrigation district from which on it is due.
    """

    division: Annotated[str, required("division", label, empty="")]
    source: Annotated[WaterSource | None, required("source", choice(WaterSource), empty=None)]
    use: Annotated[Use | None, required("use", choice(Use), empty=None)]
    start_ms: Annotated[int, required("valid_from", begin_instant)]
    annual_min: Annotated[int | None, optional("annual_m3_min", number(at_least=0))]
    mu_min: Annotated[Decimal | None, optional("mu_min", decimal(0, _LARGEST_MU))]
    document: Annotated[str, optional("document", free_text, empty="")]

    def contradictions(self) -> Iterator[Contradiction]:
        """A row that bounds nothing."""
        yield from Row.contradictions(self)  # super() without arguments does not survive slots=True
        if self.annual_min is None and self.mu_min is None:
            yield "annual_m3_min", "neither annual_m3_min nor mu_min is given"
