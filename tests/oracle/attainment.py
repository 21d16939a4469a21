"""Attainment of a target over its due periods, and how complete and how timely its data were.

`due` = periods wholly inside [first accepted event time of the stream − one interval, last + one interval], bounds
included; `--from/--to` replace both; […] All counts are over due periods (not-applicable ones are not due): `valid` =
assessable, exempt or not; `attained` = met, exempt or not; `exempt` = covered, assessable or not. `attainment` =
min(1, attained / (due − exempt)) (published form), `attainment_strict` = attained outside exempt periods /
(due − exempt), `attainment_valid` = attained outside exempt periods / valid outside exempt periods; null when the
denominator is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from .decode import VALID
from .observed import slot_end

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .decode import Reading
    from .period import Period, Target
    from .register import Register

__all__ = ["Counts", "Rates", "attain", "percent", "rates"]


@dataclass(frozen=True)
class Counts:
    """Due periods: all, assessable, met, exempt; ``*_exempt`` are the part of a count that lies in exempt periods."""

    due: int
    valid: int
    attained: int
    exempt: int
    valid_exempt: int = 0
    attained_exempt: int = 0


@dataclass(frozen=True)
class Rates:
    """The three exact rates; None where the denominator is zero."""

    attainment: Fraction | None
    strict: Fraction | None
    valid: Fraction | None


def rates(counts: Counts) -> Rates:
    """Compute the rates (docs/alert-classes.md, Attainment)."""
    owed = counts.due - counts.exempt
    seen = counts.valid - counts.valid_exempt
    kept = counts.attained - counts.attained_exempt
    return Rates(
        attainment=min(Fraction(1), Fraction(counts.attained, owed)) if owed else None,
        strict=Fraction(kept, owed) if owed else None,
        valid=Fraction(kept, seen) if seen else None,
    )


def percent(rate: Fraction | None) -> float | None:
    """Percent with two decimals, half up.

    >>> percent(Fraction(308, 319)), percent(Fraction(1, 32)), percent(None)
    (96.55, 3.13, None)
    """
    if rate is None:
        return None
    return int(rate * 10_000 + Fraction(1, 2)) / 100


def attain(
    register: Register,
    target: Target,
    periods: Sequence[Period],
    readings: Mapping[int, Reading],
    bounds: tuple[int, int],
) -> dict[str, object]:
    """Counts and rates of a target over the periods wholly inside the judged range, without name and range."""
    due = [period for period in periods if bounds[0] <= period.start and period.end <= bounds[1]]
    row = due[-1].row if due else target.rows[-1]
    counts = Counts(
        due=len(due),
        valid=sum(period.assessable for period in due),
        attained=sum(period.met for period in due),
        exempt=sum(period.exempt for period in due),
        valid_exempt=sum(period.assessable and period.exempt for period in due),
        attained_exempt=sum(period.met and period.exempt for period in due),
    )
    result = rates(counts)
    expected = sum(period.expected for period in due)
    received = sum(period.valid for period in due)
    punctual = _punctual_slots(register, target, readings)
    on_time = sum(end in punctual for period in due for end in _ends(period, target))
    pass_rate = Fraction(row.get("pass_rate", "") or "0.9")
    return {
        "due": counts.due,
        "valid": counts.valid,
        "attained": counts.attained,
        "exempt": counts.exempt,
        "attainment": percent(result.attainment),
        "attainment_strict": percent(result.strict),
        "attainment_valid": percent(result.valid),
        "completeness": percent(Fraction(received, expected) if expected else None),
        "timeliness": percent(Fraction(on_time, expected) if expected else None),
        "pass": None if result.attainment is None else result.attainment >= pass_rate,
    }


def _ends(period: Period, target: Target) -> range:
    return range(slot_end(period.start + 1, target.interval), period.end + 1, target.interval)


def _punctual_slots(register: Register, target: Target, readings: Mapping[int, Reading]) -> set[int]:
    """Find the ends of the slots in which a valid value's key first arrived by event time + report_min + lateness."""
    found = set()
    for event, reading in readings.items():
        station = register.row_at("stations", event, station=target.station)
        if station is None or reading.flag not in VALID:
            continue
        if reading.first_received <= event + register.report(station) + register.station_lateness(station):
            found.add(slot_end(event, target.interval))
    return found
