"""Volumes of metering points: increments of totals, sums of volumes, integrals of flows, electricity by coefficient."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from .clock import HOUR, MINUTE
from .decode import VALID
from .register import covered_range, micro
from .take import changes_between, design_max, name_of, number_of, points_at, scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .observed import Observed
    from .register import Register, Row

__all__ = ["Portion", "Source", "known_hours", "portions_of", "source_at", "sources_of", "volume_between"]

MOST_IN_AN_HOUR = 36_000_000 * 1_000_000
COUNTED = ("volume_total", "volume", "discharge")


@dataclass(frozen=True)
class Source:
    """A series that a volume rests on, and what to multiply it with."""

    station: str
    quantity: str
    coefficient: Fraction = Fraction(1)


@dataclass(frozen=True)
class Portion:
    """Exact micro m3 (or kWh) in (start, end]; None: not known."""

    start: int
    end: int
    amount: Fraction | None


def source_at(register: Register, station: str, moment: int) -> list[Source]:
    """What the volume of a metering point rests on at an instant; several inputs add up; none: unknown."""
    row = register.row_at("intakes", moment, station=station) or {}
    if row.get("method", "") == "electric":
        for each in register.tables["derivations"]:
            start = covered_range(each["valid_from"], "", register.zone)[0]
            others = [
                covered_range(other["valid_from"], "", register.zone)[0]
                for other in register.tables["derivations"]
                if other["station"] == station and other["quantity"] == each["quantity"]
            ]
            is_last = start == max((other for other in others if other < moment), default=None)
            if (
                each["station"] == station
                and each["method"] == "electric"
                and is_last
                and _is_valid(register, each, moment)
            ):
                inputs = [word.rpartition(":") for word in each["inputs"].replace(";", " ").split()]
                return [Source(code, name, Fraction(each["coefficient"])) for code, _, name in inputs]
    for quantity in COUNTED:
        if register.row_at("points", moment, station=station, quantity=quantity) is not None:
            return [Source(station, quantity)]
    return []


def _is_valid(register: Register, row: Row, moment: int) -> bool:
    start, end = covered_range(row["valid_from"], row.get("valid_to", ""), register.zone)
    return start < moment <= end


def sources_of(register: Register, station: str) -> list[Source]:
    """Every series that the volume of a metering point can rest on."""
    inputs = [
        Source(code, name, Fraction(row["coefficient"]))
        for row in register.tables["derivations"]
        if row["station"] == station and row["method"] == "electric"
        for code, _, name in [word.rpartition(":") for word in row["inputs"].replace(";", " ").split()]
    ]
    return [*inputs, *(Source(station, quantity) for quantity in COUNTED)]


def portions_of(observed: Observed, source: Source) -> list[Portion]:
    """All that a series says, in order."""
    if source.quantity in ("volume_total", "energy_total"):
        return _increments(observed, source)
    register = observed.register
    interval = register.interval(source.station) or MINUTE
    found = []
    for end, value in sorted(observed.slots(source.station, source.quantity).items()):
        row = register.row_at("points", end, station=source.station, quantity=source.quantity)
        amount = Fraction(scale(row, value))
        if source.quantity == "discharge":
            amount = amount * interval / 1000
        found.append(Portion(end - interval, end, amount))
    return found


def _increments(observed: Observed, source: Source) -> list[Portion]:
    register = observed.register
    station, quantity = source.station, source.quantity
    readings = sorted(
        (event, each.value)
        for event, each in observed.readings(station, quantity).items()
        if each.flag in VALID and each.value is not None
    )
    found = []
    for (first, old), (second, new) in pairwise(readings):
        row = register.row_at("points", second, station=station, quantity=quantity) or {}
        gain = 0
        here = old
        for change in changes_between(register, station, quantity, first, second):
            gain += micro(change["old_final"]) - here
            here = micro(change["new_initial"])
        gain += new - here
        kind, text = row.get("counter_kind", ""), row.get("counter_max", "")
        resolution = micro(row["resolution"]) if row.get("resolution", "") else 1_000_000
        if gain < 0 and kind in ("", "forward") and text:
            rolled = gain + micro(text) + resolution
            gain = rolled if rolled * 10 <= micro(text) else gain
        found.append(
            Portion(first, second, _accepted(register, source, row, Fraction(scale(row, gain)), (first, second)))
        )
    return found


def _accepted(register: Register, source: Source, row: Row, gain: Fraction, span: tuple[int, int]) -> Fraction | None:
    """What counts of an increment; None where it is impossible."""
    kind = row.get("counter_kind", "")
    if kind == "reverse":
        return Fraction(0)
    seconds = Fraction(span[1] - span[0], 1000)
    step = number_of(register, source.station, source.quantity, "resolution", span[1]) or 0
    highest = number_of(register, source.station, source.quantity, "counter_max", span[1])
    rate = _greatest_rate(register, source, span[1])
    if rate is not None:
        most = 2 * rate * seconds + 2 * step
    elif highest is not None:
        most = Fraction(highest, 10)
    else:
        most = Fraction(MOST_IN_AN_HOUR) * seconds / 3600 + 2 * step
    low = -most if kind == "net" else Fraction(0)
    return gain if low <= gain <= most else None


def _greatest_rate(register: Register, source: Source, moment: int) -> Fraction | None:
    """Micro m3, or kWh, a second."""
    if source.quantity == "energy_total":
        rated = number_of(register, source.station, "power", "rated_kw", moment)
        rated = number_of(register, source.station, "energy_total", "rated_kw", moment) if rated is None else rated
        return None if rated is None else Fraction(rated, 3600)
    rows = [row for row in register.tables["intakes"] if row["station"] == source.station]
    rows = [row for row in rows if row in points_at(register, name_of(row), moment, sealed=True)]
    design = design_max(rows)
    return None if design is None else Fraction(design)


def volume_between(portions: Sequence[Portion], source: Source, start: int, end: int) -> Fraction:
    """What is known to have passed in (start, end]; a long increment over a bound belongs to neither side."""
    total = Fraction(0)
    for each in portions:
        is_long_across = each.start < start and each.end - each.start > HOUR
        if start < each.end <= end and each.amount is not None and not is_long_across:
            total += each.amount
    return total * source.coefficient


def known_hours(observed: Observed, source: Source, portions: Sequence[Portion]) -> set[int]:
    """Ends of the hours of which the volume is known."""
    found = {
        -(-event // HOUR) * HOUR
        for event, each in observed.readings(source.station, source.quantity).items()
        if each.flag in VALID and each.value is not None
    }
    if source.quantity not in ("volume_total", "energy_total"):
        return found
    for each in portions:
        if each.amount is None or each.end - each.start > HOUR:
            first = each.start // HOUR * HOUR + HOUR
            found -= set(range(first, -(-each.end // HOUR) * HOUR + 1, HOUR))
    return found
