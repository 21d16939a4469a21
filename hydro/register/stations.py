"""Tables of places and of what is measured there: ``stations`` and ``points``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003  # the annotations are read at run time
from decimal import Decimal  # noqa: TC003  # the annotations are read at run time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final

from hydro.fixed import MICRO
from hydro.quantity import Quantity  # noqa: TC001  # the annotations are read at run time
from hydro.register.cells import (
    MonthDay,
    choice,
    code,
    day,
    decimal,
    free_text,
    gateway,
    identifier,
    interval,
    label,
    month_day,
    number,
    quantity,
    switch,
    whole,
)
from hydro.register.table import Contradiction, Reference, Row, derived, optional, required

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "OF_STATIONS",
    "Confirmation",
    "CounterKind",
    "Edition",
    "PointLimits",
    "SectionRole",
    "Station",
    "StationKind",
    "StationStatus",
]

OF_STATIONS: Final = Reference("stations", "code", "station")
_LONGEST_REPORT_MIN: Final = 366 * 1440
_LONGEST_LATENESS_MIN: Final = 366 * 1440
_LONGEST_RIVER_KM: Final = 10_000
_LARGEST_MULTIPLIER: Final = 1_000_000 * MICRO


class StationKind(StrEnum):
    """What stands there."""

    SECTION = "section"
    INTAKE = "intake"
    PLANT = "plant"
    RESERVOIR = "reservoir"
    WELL = "well"


class SectionRole(StrEnum):
    """Which duty a section of a plant has; the two sections of a diversion plant are never summed."""

    DAM = "dam"
    TAILRACE = "tailrace"
    RIVER = "river"
    BORDER = "border"


class StationStatus(StrEnum):
    """Where a station stands in the rectification of small hydropower."""

    ACTIVE = "active"
    RECTIFY = "rectify"
    EXITING = "exiting"
    RETIRED = "retired"


class Confirmation(StrEnum):
    """With which control character a report over SL 651 is confirmed: stay online, or go to sleep."""

    ESC = "ESC"
    EOT = "EOT"


class Edition(StrEnum):
    """Which edition of SL/T 427 a device follows; they differ in time label and data types."""

    SZY206 = "szy206"
    SLT427_2021 = "2021"


class CounterKind(StrEnum):
    """What a total counts; a net total may fall honestly."""

    FORWARD = "forward"
    REVERSE = "reverse"
    NET = "net"


@dataclass(frozen=True, slots=True, kw_only=True)
class Station(Row):
    """A place that reports.

    Attributes:
        gateway: The one that may speak for it; empty = any.
        interval_min: Length of a slot.
        report_min: How often it reports; its interval where the table says nothing.
        lateness_min: How late it may be; the setting where the table says nothing.
        cease_stage_m: Stage at which the flow has stopped, millionths of a metre.
        backwater: Discharge from stage alone is doubtful here.
        tidal: Negative flow is data here.
        ice_from: First day of the ice season, which may run over the new year; with ``ice_to``, both or none.
        dry_from: First day of the dry season; with ``dry_to``, both or none.
        slt427_edition: None = told from the length of its frames.
        confirm: How its reports are confirmed; None = as the setting ``ingest.confirm``.
        name_en: Name for readers of English; empty = ``name``.
        chainage_km: Distance from the mouth of its river along the stream, for drawings; None = unknown.
    """

    code: Annotated[str, required("station", code)]
    name: Annotated[str, required("name", label, empty="")]
    kind: Annotated[StationKind, required("kind", choice(StationKind))]
    basin: Annotated[str, required("basin", label, empty="")]
    river: Annotated[str, required("river", label, empty="")]
    division: Annotated[str, required("division", label, empty="")]
    gateway: Annotated[str, required("gateway", gateway, empty="")]
    interval_min: Annotated[int, required("interval_min", interval)]
    lon: Annotated[Decimal | None, optional("lon", decimal(-180, 180))]
    lat: Annotated[Decimal | None, optional("lat", decimal(-90, 90))]
    report_min: Annotated[
        int, optional("report_min", whole(1, _LONGEST_REPORT_MIN), empty=derived(lambda row, _: row["interval_min"]))
    ]
    lateness_min: Annotated[
        int,
        optional(
            "lateness_min", whole(0, _LONGEST_LATENESS_MIN), empty=derived(lambda _, context: context.lateness_min)
        ),
    ]
    authority: Annotated[str, optional("authority", label, empty="")]
    plant: Annotated[str, optional("plant", identifier, empty="")]
    section_role: Annotated[SectionRole | None, optional("section_role", choice(SectionRole))]
    status: Annotated[StationStatus, optional("status", choice(StationStatus), empty=StationStatus.ACTIVE)]
    datum: Annotated[str, optional("datum", label, empty="")]
    cease_stage_m: Annotated[int | None, optional("cease_stage_m", number())]
    backwater: Annotated[bool, optional("backwater", switch, empty=False)]
    tidal: Annotated[bool, optional("tidal", switch, empty=False)]
    ice_from: Annotated[MonthDay | None, optional("ice_from", month_day)]
    ice_to: Annotated[MonthDay | None, optional("ice_to", month_day)]
    dry_from: Annotated[MonthDay | None, optional("dry_from", month_day)]
    dry_to: Annotated[MonthDay | None, optional("dry_to", month_day)]
    national_code: Annotated[str, optional("national_code", label, empty="")]
    sl651_address: Annotated[str, optional("sl651_address", label, empty="")]
    slt427_address: Annotated[str, optional("slt427_address", label, empty="")]
    slt427_edition: Annotated[Edition | None, optional("slt427_edition", choice(Edition))]
    confirm: Annotated[Confirmation | None, optional("confirm", choice(Confirmation))]
    name_en: Annotated[str, optional("name_en", label, empty="")]
    chainage_km: Annotated[Decimal | None, optional("chainage_km", decimal(0, _LONGEST_RIVER_KM))]

    def contradictions(self) -> Iterator[Contradiction]:
        """Seasons of which one end is missing."""
        yield from Row.contradictions(self)  # super() without arguments does not survive slots=True
        for season, first, last in (("ice", self.ice_from, self.ice_to), ("dry", self.dry_from, self.dry_to)):
            if (first is None) != (last is None):
                missing, given = ("from", "to") if first is None else ("to", "from")
                yield f"{season}_{missing}", f"is empty while {season}_{given} is given"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointLimits(Row):
    """What is known of one quantity at one station; numbers in millionths of the canonical unit.

    Attributes:
        minimum: Least value the sensor can mean, included; None = unknown.
        maximum: Greatest value, included; None = unknown.
        max_step: Largest honest change from one value to the next.
        flat_hours: How long the same value may stand.
        accuracy_pct: Expanded uncertainty (k = 2) in percent of reading.
        counter_max: Value at which a total rolls over.
        resolution: Least difference the device can show.
        multiplier: Factor of a current or voltage transformer, or of a pulse.
        zero_below: What is not distinguishable from zero.
        rated_kw: Rated power, millionths of a kilowatt.
    """

    station: Annotated[str, required("station", code, refers=OF_STATIONS)]
    quantity: Annotated[Quantity, required("quantity", quantity())]
    minimum: Annotated[int | None, optional("min", number())]
    maximum: Annotated[int | None, optional("max", number())]
    max_step: Annotated[int | None, optional("max_step", number(at_least=0))]
    flat_hours: Annotated[Decimal | None, optional("flat_hours", decimal(0, 87_600))]
    accuracy_pct: Annotated[Decimal | None, optional("accuracy_pct", decimal(0, 1_000))]
    counter_kind: Annotated[CounterKind | None, optional("counter_kind", choice(CounterKind))]
    counter_max: Annotated[int | None, optional("counter_max", number(above=0))]
    resolution: Annotated[int | None, optional("resolution", number(above=0))]
    multiplier: Annotated[int | None, optional("multiplier", number(above=0))]
    zero_below: Annotated[int, optional("zero_below", number(at_least=0), empty=0)]
    rated_kw: Annotated[int | None, optional("rated_kw", number(above=0))]
    serial: Annotated[str, optional("serial", label, empty="")]
    verified_on: Annotated[date | None, optional("verified_on", day)]
    verify_until: Annotated[date | None, optional("verify_until", day)]
    certificate: Annotated[str, optional("certificate", free_text, empty="")]

    def contradictions(self) -> Iterator[Contradiction]:
        """Bounds and dates in the wrong order."""
        yield from Row.contradictions(self)  # super() without arguments does not survive slots=True
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            yield "max", "min is greater than max"
        if self.verified_on and self.verify_until and self.verified_on > self.verify_until:
            yield "verify_until", "verified_on is later than verify_until"
        if self.multiplier is not None and self.multiplier > _LARGEST_MULTIPLIER:
            yield "multiplier", f"is more than {_LARGEST_MULTIPLIER // MICRO:,}"
