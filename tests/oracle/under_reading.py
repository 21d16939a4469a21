"""The reason ``under_reading`` of ``meter_tamper``: m³/kWh < 0.8 × own ratio over 72 running hours."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from .clock import HOUR
from .take import Finding, changes_between, slots_for
from .tamper import first_visit, visits_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .observed import Observed, Slots
    from .tamper import Look, Point

__all__ = ["judge_under_reading"]


@dataclass(frozen=True)
class Unit:
    """An hour, or a longer slot: micro m3 and micro kWh. ``epoch`` changes where what was learned is worth nothing."""

    start: int
    end: int
    volume: Fraction
    energy: Fraction
    runs: bool
    epoch: tuple[int, int]


def judge_under_reading(observed: Observed, point: Point) -> list[Finding]:
    """Every spell; while one is open, the own ratio stays that of its raising."""
    length = max(HOUR, point.interval)
    visits = visits_of(point.register, point.station)
    found: list[Finding] = []
    learned: tuple[Fraction, Fraction] | None = None
    running: list[Unit] = []
    is_bad = False
    clean = 0
    last: int | None = None
    for here in _units(observed, point, length):
        firing = found[-1] if found and found[-1].resolved_at is None else None
        if firing is not None:
            firing.resolved_at = first_visit(visits, firing.raised_at, here.end)
            if firing.resolved_at is not None:
                running, learned, is_bad, firing = [], None, False, None
        if last is not None and here.start - last > HOUR:
            clean = 0
        last = here.end
        verdict: bool | None = None
        if here.runs:
            running = [*(running if not running or running[-1].epoch == here.epoch else []), here]
            verdict = _verdict(running, length, learned)
            is_bad = is_bad if verdict is None else verdict
        if firing is not None:
            clean = 0 if is_bad else clean + 1
            if clean >= 7 * 24 * HOUR // length:
                firing.resolved_at = here.end
                running, learned, clean, is_bad = [], None, 0, False
        elif verdict:
            size = 72 * HOUR // length
            learned = _sums(running[-size - 168 * HOUR // length : -size])
            found.append(Finding("under_reading", running[-size].start, here.end))
            clean = 0
    return found


def _verdict(running: Sequence[Unit], length: int, learned: tuple[Fraction, Fraction] | None) -> bool | None:
    """Whether the last 72 h of running are below 0.8 of the own ratio; None where nobody looks, or they are too few."""
    size, before = 72 * HOUR // length, 168 * HOUR // length
    if len(running) % max(1, 6 * HOUR // length):
        return None
    if len(running) < size or (learned is None and len(running) < size + before):
        return None
    own = learned if learned is not None else _sums(running[-size - before : -size])
    volume, energy = _sums(running[-size:])
    return 5 * volume * own[1] < 4 * own[0] * energy


def _sums(units: Sequence[Unit]) -> tuple[Fraction, Fraction]:
    return sum((each.volume for each in units), Fraction()), sum((each.energy for each in units), Fraction())


def _units(observed: Observed, point: Point, length: int) -> list[Unit]:
    """Units of which both volume and energy are known, in order."""
    register = point.register
    slots = slots_for(observed, point.station, point.interval)
    by_end = {look.end: look for look in point.looks}
    found = []
    for end in sorted({-(-look.end // length) * length for look in point.looks}):
        rated = point.number("power", "rated_kw", end)
        rated = point.number("energy_total", "rated_kw", end) if rated is None else rated
        volume = _gained(point, slots, by_end, ("volume_total", "discharge"), (end - length, end))
        energy = _gained(point, slots, by_end, ("energy_total", "power"), (end - length, end))
        if rated is None or volume is None or energy is None:
            continue
        era = max(look.era for each, look in by_end.items() if end - length < each <= end)
        changes = sum(
            len(changes_between(register, point.station, quantity, -(1 << 62), end))
            for quantity in ("volume_total", "energy_total")
        )
        runs = energy * 5 * HOUR > Fraction(rated) * length
        found.append(Unit(end - length, end, volume, energy, runs, (era, changes)))
    return found


def _gained(
    point: Point, slots: Slots, by_end: Mapping[int, Look], quantities: tuple[str, str], unit: tuple[int, int]
) -> Fraction | None:
    """Micro m3 or kWh of a unit: by its total where the register has one, else by flow or power."""
    total, rate = quantities
    start, end = unit
    seconds = Fraction(end - start, 1000)
    if point.register.row_at("points", end, station=point.station, quantity=total) is None:
        inside = [value for each, value in slots.values.get(rate, {}).items() if start < each <= end and each in by_end]
        if 2 * len(inside) * point.interval < end - start:
            return None
        hours = seconds if total == "volume_total" else seconds / 3600
        return Fraction(sum(inside), len(inside)) * hours
    first, second = (slots.get(total, each) if each in by_end else None for each in unit)
    if first is None or second is None:
        return None
    moments = slots.moments[total]
    gain = second - first
    if gain < 0 or changes_between(point.register, point.station, total, moments[start], moments[end]):
        return None
    most = _most(point, by_end[end], total, seconds)
    return None if most is not None and gain > most else Fraction(gain)


def _most(point: Point, here: Look, total: str, seconds: Fraction) -> Fraction | None:
    """What a unit can gain at most; None where nothing says."""
    step = point.number(total, "resolution", here.end) or 0
    if total == "volume_total":
        return None if here.design is None else 2 * here.design * seconds + 2 * step
    rated = point.number("power", "rated_kw", here.end)
    rated = point.number("energy_total", "rated_kw", here.end) if rated is None else rated
    return None if rated is None else 2 * rated * seconds / 3600 + 2 * step
