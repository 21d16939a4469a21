"""How much was taken unmetered, as far as anybody can say; apart from it what the law reckons by capacity.

Source: docs/decisions/0092-taking.md, "estimate" and "statutory_m3"; DOMAIN "Intake metering" (no meter: charge by
daily maximum capacity x days taken; two volumes, never mixed; the approved, dated coefficient gives the volume).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.record import Estimate
from alerting.takes.places import points_at
from hydro.fixed import MICRO, divide_half_even
from hydro.instants import DAY_MS, MINUTE_MS
from hydro.quantity import Quantity
from hydro.register.intakes import DerivationMethod

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alerting.takes.slots import Place, SlotTable
    from alerting.takes.unmetered.sight import Sights
    from hydro.register import Register
    from hydro.register.intakes import Derivation, Intake

__all__ = ["Tally", "design_rate", "estimated", "would_show"]

_DAY_S: Final = 86_400
_RATED_TIMES: Final = 2
"""More than so many times its rated power no pump draws: an energy total that gains more has jumped."""


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """What a finding has come to.

    Attributes:
        upto: Event time.
        running_ms: Time in which it ran against its meter.
        energy: What each point gained since the onset, 1e-6 kWh, by place of the point; those unknown are missing.
        latest: Energy total of each point where it was last known, and its event time.
    """

    upto: int
    running_ms: int
    energy: dict[int, int]
    latest: dict[int, tuple[int, int]]

    @classmethod
    def begun(cls, sights: Sights, table: SlotTable, row: int) -> Tally:
        """Before a row: with the energy totals of the 24 hours before it."""
        latest: dict[int, tuple[int, int]] = {}
        first = int(np.searchsorted(table.end, table.start[row] - DAY_MS, side="right"))
        for point in range(len(sights.energy)):
            known = np.flatnonzero(sights.has_energy[point, first:row])
            if len(known):
                latest[point] = _energies(sights, table, first + int(known[-1]))[point]
        return cls(int(table.start[row]), 0, {}, latest)

    def after(self, sights: Sights, table: SlotTable, row: int, running_ms: int, place: Place, of: Register) -> Tally:
        """After one more row."""
        now, gained = _energies(sights, table, row), dict(self.energy)
        for point, (energy, at) in now.items():
            if point in self.latest:
                before, since = self.latest[point]
                gain = _gain(of, place.points[point], (since, before), (at, energy))
                gained[point] = gained.get(point, 0) + gain
        return Tally(int(table.end[row]), self.running_ms + running_ms, gained, self.latest | now)


def _energies(sights: Sights, table: SlotTable, row: int) -> dict[int, tuple[int, int]]:
    """Energy totals that a row knows, with their event times, by place of the point."""
    width = len(table.at) // len(sights.energy)
    return {
        point: (int(sights.energy[point, row]), int(table.at[point * width + width - 1, row]))
        for point in np.flatnonzero(sights.has_energy[:, row]).tolist()
    }


def _gain(register: Register, station: str, before: tuple[int, int], after: tuple[int, int]) -> int:
    """What an energy total gained; 0 where it fell, jumped or was changed: nothing is guessed."""
    (since, first), (at, last) = before, after
    changed = any(since <= each.at < at for each in register.taking.changes_of(station, Quantity.ENERGY_TOTAL))
    gain = last - first
    full = _rated(register, station, at)
    is_jump = full is not None and gain * 3_600_000 > _RATED_TIMES * full * (at - since) + 2 * MICRO * 3_600_000
    return 0 if changed or gain < 0 or is_jump else gain


def _rated(register: Register, station: str, at: int) -> int | None:
    for quantity in (Quantity.POWER, Quantity.ENERGY_TOTAL):
        row = register.limits_at(station, quantity, at)
        if row is not None and row.rated_kw is not None:
            return row.rated_kw
    return None


def estimated(register: Register, place: Place, span: tuple[int, int], raised_at: int, tally: Tally) -> Estimate | None:
    """The estimate of a finding; None where neither a volume nor a capacity is known.

    Args:
        register: Rows as of the raising count.
        place: The intake.
        span: (onset, until], epoch milliseconds.
        raised_at: Epoch milliseconds.
        tally: Of the span.
    """
    points = points_at(register, place.code, raised_at)
    statutory = _statutory(points, span, register.zone_minutes)
    onset, until = span
    approved = [
        (found, tally.energy[number])
        for number, point in enumerate(place.points)
        if number in tally.energy
        for found in [_coefficient(register, point, raised_at)]
        if found is not None
    ]
    if approved:
        return _electric(approved, until - onset, statutory)
    design = design_rate(points)
    if design is None:
        return None if statutory is None else Estimate(0, None, None, None, statutory, "none")
    volume = divide_half_even(design * tally.running_ms, 1000)
    return Estimate(_rate(volume, until - onset), None, design, volume, statutory, "design_max")


def _coefficient(register: Register, station: str, at: int) -> Derivation | None:
    """The approved coefficient of the electricity of a point."""
    for (code, _), rows in register.taking.derivations.items():
        if code == station:
            row = rows.at(at)
            if row is not None and row.method is DerivationMethod.ELECTRIC:
                return row if all(name == station for name, _ in row.inputs) else None
    return None


def _electric(approved: Sequence[tuple[Derivation, int]], span_ms: int, statutory: int | None) -> Estimate:
    volumes = [Fraction((row.coefficient or 0) * energy, MICRO) for row, energy in approved]
    volume = round(sum(volumes, Fraction()))
    rate = _rate(volume, span_ms)
    if any(row.uncertainty_pct is None for row, _ in approved):
        return Estimate(rate, None, None, volume, statutory, "electric")
    spread = sum(
        (each * Fraction(row.uncertainty_pct or 0) / 100 for each, (row, _) in zip(volumes, approved, strict=True)),
        Fraction(),
    )
    low, high = (max(0, _rate(round(volume + sign * spread), span_ms)) for sign in (-1, 1))
    return Estimate(rate, low, high, volume, statutory, "electric")


def _rate(volume: int, span_ms: int) -> int:
    return divide_half_even(volume * 1000, span_ms)


def design_rate(points: Sequence[Intake]) -> int | None:
    """Rate of all points together; None where one has none."""
    rates = [point.design_max for point in points]
    return None if not rates or None in rates else sum(rate or 0 for rate in rates)


def would_show(register: Register, place: Place, end: int, time_ms: int, steps: Mapping[str, int]) -> bool:
    """Whether a total would have shown a small flow: 5 % of the design rate makes 10 steps of the coarsest.

    Args:
        register: Master data.
        place: The intake.
        end: Of the completing slot; the rows valid then count.
        time_ms: In which the total stood still.
        steps: Of the totals that are known, by point.
    """
    points = points_at(register, place.code, end)
    design = design_rate(points)
    known = [steps[point.station] for point in points if point.station in steps]
    return bool(known) and design is not None and design * time_ms >= 20 * 1000 * 10 * max(known)


def _statutory(points: Sequence[Intake], span: tuple[int, int], zone_minutes: int) -> int | None:
    """Capacity of a day x days that a time touches; None where a point's is unknown."""
    capacities = []
    for point in points:
        if point.daily_max is not None:
            capacities.append(point.daily_max)
        elif point.design_max is not None:
            capacities.append(point.design_max * _DAY_S)
        else:
            return None
    shift = zone_minutes * MINUTE_MS
    onset, until = span
    days = (until - 1 + shift) // DAY_MS - (onset + shift) // DAY_MS + 1
    return sum(capacities) * days if capacities else None
