"""Tables of ecological flow: ``eflow_targets``, ``exemptions`` and ``levels``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

from hydro.instants import DAY_MS
from hydro.periods import Basis
from hydro.quantity import Quantity
from hydro.register.cells import (
    Context,
    MonthDay,
    begin_instant,
    choice,
    code,
    fraction,
    free_text,
    identifier,
    label,
    moment,
    month_day,
    number,
    quantity,
    whole,
)
from hydro.register.seasons import season_intervals, seasons_meet
from hydro.register.stations import OF_STATIONS
from hydro.register.table import Contradiction, Reference, Row, derived, optional, required

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = [
    "AlertClass",
    "AlertLevel",
    "Exemption",
    "ExemptionKind",
    "ExemptionState",
    "InflowRule",
    "LevelBound",
    "TargetInterval",
    "TargetKind",
    "TargetRow",
    "default_target_id",
    "target_intervals",
]

_OF_TARGETS: Final = Reference("eflow_targets", "target_id", "target")
_NOT_BELOW_ZERO: Final = frozenset({Quantity.DISCHARGE, Quantity.VOLUME})
# The Gregorian calendar has at most 8 years without a leap day: every month-day occurs within 9 years.
_EVERY_DAY_MS: Final = 9 * 366 * DAY_MS


class TargetKind(StrEnum):
    """Which duty a target is; one section often has several at once, each judged by itself."""

    BASE = "base"
    SENSITIVE = "sensitive"
    MIN_RELEASE = "min_release"
    DISPATCH = "dispatch"


class InflowRule(StrEnum):
    """How measured inflow changes a target."""

    MIN_INFLOW = "min_inflow"


class ExemptionKind(StrEnum):
    """Why a period doesn't count."""

    LOW_INFLOW = "low_inflow"
    FLOOD = "flood"
    DROUGHT_SUPPLY = "drought_supply"
    REPAIR = "repair"
    DEVICE = "device"
    AUTHORITY_OUTAGE = "authority_outage"
    ICE = "ice"
    OTHER = "other"


class ExemptionState(StrEnum):
    """How far an exemption has come; only an approved one counts."""

    APPROVED = "approved"
    FILED = "filed"
    REFUSED = "refused"


class AlertClass(StrEnum):
    """Classes of alerts as docs/alert-classes.md lists them."""

    EFLOW_SHORTFALL = "eflow_shortfall"
    EFLOW_WARNING = "eflow_warning"
    FLOW_STOPPED = "flow_stopped"
    DATA_LOSS = "data_loss"
    DEVICE_FAULT = "device_fault"
    METER_TAMPER = "meter_tamper"
    OVER_RATE = "over_rate"
    OVER_PLAN = "over_plan"
    UNMETERED_INTAKE = "unmetered_intake"
    UNREGISTERED_SOURCE = "unregistered_source"
    PERMIT_EXPIRED = "permit_expired"
    SIGNAL = "signal"


class AlertLevel(StrEnum):
    """Colours, least first."""

    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


def default_target_id(station: str, quantity: Quantity, basis: Basis, kind: TargetKind) -> str:
    """Name of a target to which the register gives none.

    >>> default_target_id("52010300A1", Quantity.DISCHARGE, Basis.DAY, TargetKind.BASE)
    '52010300A1:discharge:day:base'
    """
    return f"{station}:{quantity.text}:{basis}:{kind}"


def _named_by_its_parts(row: Mapping[str, Any], _context: Context) -> str:
    return default_target_id(row["station"], row["quantity"], row["basis"], row["kind"])


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow(Row):
    """What a section owes on some days of the year; a target is all rows with its id.

    Attributes:
        from_day: First day of the year, included.
        to_day: Last day, included; earlier in the year than ``from_day`` = over the new year.
        value: Millionths of the canonical unit.
        day_start_hour: Hour at which days, ten-days and months begin.
        inflow_rule: None = the full value is owed.
        inflow_station: Where that inflow is measured; empty without a rule.
        min_valid_pct: Percent of valid slots at which a period can be judged.
        pass_rate: Share of attained periods at which the target passes, 0 to 1.
        max_ramp_pct_h: Largest honest change, percent per hour.
    """

    station: Annotated[str, required("station", code, refers=OF_STATIONS)]
    quantity: Annotated[
        Quantity,
        required("quantity", quantity(Quantity.DISCHARGE, Quantity.STAGE, Quantity.WATER_LEVEL, Quantity.VOLUME)),
    ]
    from_day: Annotated[MonthDay, required("from_day", month_day, empty=(1, 1))]
    to_day: Annotated[MonthDay, required("to_day", month_day, empty=(12, 31))]
    value: Annotated[int, required("value", number())]
    basis: Annotated[Basis, required("basis", choice(Basis))]
    kind: Annotated[TargetKind, optional("kind", choice(TargetKind), empty=TargetKind.BASE)]
    target_id: Annotated[str, optional("target", identifier, empty=derived(_named_by_its_parts))]
    day_start_hour: Annotated[int, optional("day_start_hour", whole(0, 23), empty=0)]
    inflow_rule: Annotated[InflowRule | None, optional("inflow_rule", choice(InflowRule))]
    inflow_station: Annotated[str, optional("inflow_station", code, empty="", refers=OF_STATIONS)]
    min_valid_pct: Annotated[Fraction, optional("min_valid_pct", fraction(0, 100), empty=Fraction(50))]
    pass_rate: Annotated[Fraction, optional("pass_rate", fraction(0, 1), empty=Fraction(9, 10))]
    max_ramp_pct_h: Annotated[Fraction | None, optional("max_ramp_pct_h", fraction(0, None))]
    method: Annotated[str, optional("method", free_text, empty="")]
    document: Annotated[str, optional("document", free_text, empty="")]

    def contradictions(self) -> Iterator[Contradiction]:
        """A value that can't be owed, a rule without its station."""
        yield from Row.contradictions(self)  # super() without arguments does not survive slots=True
        if self.quantity in _NOT_BELOW_ZERO and self.value < 0:
            yield "value", f"a target of {self.quantity.text} is not below 0"
        if self.inflow_rule is not None and not self.inflow_station:
            yield "inflow_station", f"is empty while inflow_rule is {self.inflow_rule}"

    def overlaps(self, other: Row, zone_minutes: int) -> bool:
        """Whether both rows are owed at some instant: in their validity and on their days of the year."""
        start, end = max(self.start_ms, other.start_ms), min(self.end_ms, other.end_ms)
        if start >= end or not isinstance(other, TargetRow):
            return start < end
        if not seasons_meet(self.from_day, self.to_day, other.from_day, other.to_day):
            return False
        if end - start >= _EVERY_DAY_MS:
            return True
        mine = season_intervals(self.from_day, self.to_day, start, end, zone_minutes=zone_minutes)
        theirs = season_intervals(other.from_day, other.to_day, start, end, zone_minutes=zone_minutes)
        return any(a < d and c < b for a, b in mine for c, d in theirs)


class TargetInterval(NamedTuple):
    """A time over which one row of a target holds.

    Attributes:
        start: Epoch milliseconds, not included.
        end: Epoch milliseconds, included.
        row: What is owed.
    """

    start: int
    end: int
    row: TargetRow


def target_intervals(rows: Iterable[TargetRow], start: int, end: int, *, zone_minutes: int) -> list[TargetInterval]:
    """When which row of one target holds within (start, end].

    Args:
        rows: All rows of a target; a checked register has no overlap between them.
        start: Epoch milliseconds, not included.
        end: Epoch milliseconds, included.
        zone_minutes: Zone of the days.

    Returns:
        Intervals sorted by start. Days that no row covers are gaps between them.
    """
    return sorted(
        (
            TargetInterval(begins, ends, row)
            for row in rows
            for begins, ends in season_intervals(
                row.from_day, row.to_day, max(start, row.start_ms), min(end, row.end_ms), zone_minutes=zone_minutes
            )
        ),
        key=lambda interval: interval.start,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption(Row):
    """Time that doesn't count for the targets of a station.

    Attributes:
        station: Whose targets.
        first: First date, included, or time in epoch milliseconds, not included.
        last: Last date or time, included; a date if ``first`` is one.
        target: The target meant; empty = all of the station.
        kind: None = not said.
        state: Empty cells are approved.
        filed_at: Date or time in epoch milliseconds.
        decided_at: Date or time in epoch milliseconds.
    """

    station: Annotated[str, required("station", code, refers=OF_STATIONS)]
    first: Annotated[date | int, required("from", moment)]
    last: Annotated[date | int, required("to", moment)]
    reason: Annotated[str, required("reason", free_text, empty="")]
    document: Annotated[str, required("document", free_text, empty="")]
    target: Annotated[str, optional("target", identifier, empty="", refers=_OF_TARGETS)]
    kind: Annotated[ExemptionKind | None, optional("kind", choice(ExemptionKind))]
    filed_at: Annotated[date | int | None, optional("filed_at", moment)]
    state: Annotated[ExemptionState, optional("state", choice(ExemptionState), empty=ExemptionState.APPROVED)]
    decided_by: Annotated[str, optional("decided_by", free_text, empty="")]
    decided_at: Annotated[date | int | None, optional("decided_at", moment)]

    @property
    def counts(self) -> bool:
        """Whether it has been approved."""
        return self.state is ExemptionState.APPROVED

    @property
    def dates(self) -> tuple[date, date] | None:
        """First and last date, both included; None where the row is in times."""
        if isinstance(self.first, date) and isinstance(self.last, date):
            return self.first, self.last
        return None

    @property
    def times(self) -> tuple[int, int] | None:
        """(start, end] in epoch milliseconds; None where the row is in dates."""
        if isinstance(self.first, int) and isinstance(self.last, int):
            return self.first, self.last
        return None

    def covers(self, start: int, end: int, first_day: date, last_day: date) -> bool:
        """Whether a period is exempt: all dates that name it are covered, or it lies wholly inside the times.

        Args:
            start: Start of the period, epoch milliseconds.
            end: End of the period, epoch milliseconds.
            first_day: First date that names the period.
            last_day: Last one, included.

        Source: docs/alert-classes.md, "Exemptions, seasons".
        """
        if self.dates is not None:
            return self.dates[0] <= first_day and last_day <= self.dates[1]
        return self.times is not None and self.times[0] <= start and end <= self.times[1]

    def contradictions(self) -> Iterator[Contradiction]:
        """Ends of different kinds or in the wrong order."""
        yield from Row.contradictions(self)  # super() without arguments does not survive slots=True
        if self.dates is None and self.times is None:
            yield "to", "from and to are not both dates or both times"
        elif self.dates is not None and self.dates[0] > self.dates[1]:
            yield "to", "from is later than to"
        elif self.times is not None and self.times[0] >= self.times[1]:
            yield "to", "from is not earlier than to"


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelBound(Row):
    """Where a level begins, as an authority has set it; replaces the product's bound of that level only.

    Attributes:
        authority: Whose stations; empty = all.
        ratio_below: The level holds below this ratio of value to target.
        deficit: The level holds from this deficit on, millionths of a metre.
        start_ms: From ``valid_from`` on, until the next row of the same key begins or ``valid_to`` ends it.
    """

    start_ms: Annotated[int, required("valid_from", begin_instant)]
    authority: Annotated[str, required("authority", label, empty="")]
    alert_class: Annotated[AlertClass, required("class", choice(AlertClass))]
    basis: Annotated[Basis, required("basis", choice(Basis))]
    level: Annotated[AlertLevel, required("level", choice(AlertLevel))]
    ratio_below: Annotated[Fraction | None, optional("ratio_below", fraction(0, None, low_open=True))]
    deficit: Annotated[int | None, optional("deficit_m", number(above=0))]

    def contradictions(self) -> Iterator[Contradiction]:
        """A row that bounds nothing."""
        yield from Row.contradictions(self)  # super() without arguments does not survive slots=True
        if self.ratio_below is None and self.deficit is None:
            yield "ratio_below", "neither ratio_below nor deficit_m is given"
