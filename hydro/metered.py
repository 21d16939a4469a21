"""What the readings of a metering point make of the water that passed it, what was refused, and what is doubtful.

The register says what a volume rests on, at event time: approved electricity where the intake is metered so, else the
first of total, volume and flow of which ``points`` has a row; nothing else stands in for it.

Source: docs/decisions/0092-taking.md, "Counters and volumes"; docs/volumes.md.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.counters import FLOOD, CounterRules, DatedRules, StepKind, multiplied, steps_of
from hydro.fixed import MICRO
from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from hydro.register.cells import EARLIEST_MS, LATEST_MS
from hydro.register.intakes import DerivationMethod, Metering
from hydro.register.stations import CounterKind
from hydro.slot_values import slot_values
from hydro.volumes import Increments, Rests, counted, hours_heard, hours_spoiled, poured, times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hydro.counters import Steps
    from hydro.register import Register
    from hydro.register.intakes import Derivation

__all__ = [
    "Doubt",
    "Meter",
    "Metered",
    "Readings",
    "Refusal",
    "Series",
    "Source",
    "counter_rules",
    "metered",
    "multipliers",
    "sources_of",
]

Series = tuple[str, Quantity]

_WATER: Final = (
    (Quantity.VOLUME_TOTAL, Rests.COUNTER),
    (Quantity.VOLUME, Rests.VOLUME),
    (Quantity.DISCHARGE, Rests.FLOW),
)
_POSSIBLE: Final = 2
"""So many times its design can't pass, nor so many times its rated power be drawn."""


class Doubt(StrEnum):
    """What a volume takes for granted, or lacks."""

    NO_SOURCE = "no_source"
    """The register knows of nothing that measures it."""
    MULTIPLIER_MISSING = "multiplier_missing"
    """Of a meter of energy: its readings are taken as they are."""
    RESOLUTION_MISSING = "resolution_missing"
    """Of a total: one of its unit is assumed."""
    BOUND_MISSING = "bound_missing"
    """Of a total: neither the design nor its range says what is impossible."""
    STEPS_REFUSED = "steps_refused"
    """A total went back, or jumped: what passed meanwhile is unknown."""


class Source(NamedTuple):
    """What the volume of a metering point rests on for a time.

    Attributes:
        start: Epoch milliseconds, not itself covered.
        end: Itself covered.
        rests: On what.
        series: The series; of electricity the totals of energy, which are added.
        coefficient: m3 in a kWh, millionths; 0 where it doesn't rest on electricity.
    """

    start: int
    end: int
    rests: Rests
    series: tuple[Series, ...]
    coefficient: int


class Readings(NamedTuple):
    """Valid readings of one series; ascending, each time once; values as they came, millionths."""

    event_time: NDArray[np.int64]
    value: NDArray[np.int64]


_NOTHING: Final = Readings(np.empty(0, np.int64), np.empty(0, np.int64))
_POURED: Final = (Quantity.VOLUME, Quantity.DISCHARGE)


class Refusal(NamedTuple):
    """A step of a total that was refused: where, from when to when, and why."""

    station: str
    quantity: Quantity
    start: int
    end: int
    kind: StepKind


class Metered(NamedTuple):
    """What a metering point has measured.

    Attributes:
        increments: Of water.
        known_hours: Ends of the hours of which the volume is known, ascending.
        refused: Steps of its totals of which nothing is known.
        doubts: What is taken for granted.
    """

    increments: Increments
    known_hours: NDArray[np.int64]
    refused: tuple[Refusal, ...]
    doubts: frozenset[Doubt]


def sources_of(register: Register, station: str) -> tuple[Source, ...]:
    """What the volume of a metering point rests on, in time order; times without a source are left out."""
    taking = register.taking
    derivations = [row for row in _derivations(register, station) if row.method is DerivationMethod.ELECTRIC]
    points = [row for quantity, _ in _WATER for row in register.points.get((station, quantity), ())]
    cuts = {EARLIEST_MS, LATEST_MS}
    for row in (*taking.intakes.get(station, ()), *derivations, *points):
        cuts.update((row.start_ms, row.end_ms))
    found: list[Source] = []
    for start, end in pairwise(sorted(cuts)):
        source = _source(register, station, derivations, start, end)
        if source is None:
            continue
        if found and found[-1].end == start and found[-1][2:] == source[2:]:
            source = source._replace(start=found.pop().start)
        found.append(source)
    return tuple(found)


def _derivations(register: Register, station: str) -> Iterator[Derivation]:
    for quantity, _ in _WATER:
        yield from register.taking.derivations.get((station, quantity), ())


def _source(register: Register, station: str, derivations: Sequence[Derivation], start: int, end: int) -> Source | None:
    intake = register.taking.intake_at(station, end)
    if intake is not None and intake.method is Metering.ELECTRIC:
        for row in derivations:
            if row.start_ms < end <= row.end_ms and row.coefficient is not None:
                inputs = row.inputs or ((station, Quantity.ENERGY_TOTAL),)
                return Source(start, end, Rests.ELECTRICITY, inputs, row.coefficient)
    for quantity, rests in _WATER:
        if register.limits_at(station, quantity, end) is not None:
            return Source(start, end, rests, ((station, quantity),), 0)
    return None


def counter_rules(register: Register, station: str, quantity: Quantity) -> DatedRules:
    """What the register knows of a total, over time.

    Args:
        register: Master data.
        station: Metering point, known to the register.
        quantity: ``VOLUME_TOTAL`` or ``ENERGY_TOTAL``.
    """
    cuts = {EARLIEST_MS, LATEST_MS}
    for rows in (
        register.points.get((station, quantity), ()),
        register.points.get((station, Quantity.POWER), ()),
        register.taking.intakes.get(station, ()),
    ):
        for row in rows:
            cuts.update((row.start_ms, row.end_ms))
    found: list[tuple[int, int, CounterRules]] = []
    for start, end in pairwise(sorted(cuts)):
        rules = _rules_at(register, station, quantity, end)
        since = found.pop()[0] if found and found[-1][2] == rules else start
        found.append((since, end, rules))
    return DatedRules(found)


def _rules_at(register: Register, station: str, quantity: Quantity, at: int) -> CounterRules:
    limits = register.limits_at(station, quantity, at)
    most, most_in_ms = _most(register, station, quantity, at)
    if limits is None:
        return CounterRules(most=most, most_in_ms=most_in_ms)
    return CounterRules(
        limits.counter_kind or CounterKind.FORWARD,
        limits.counter_max,
        limits.resolution or MICRO,
        limits.multiplier or MICRO,
        most,
        most_in_ms,
    )


def _most(register: Register, station: str, quantity: Quantity, at: int) -> tuple[int | None, int]:
    """What can pass, and in which time: of water by the design, of energy by the rated power."""
    if quantity is Quantity.ENERGY_TOTAL:
        limits = (register.limits_at(station, each, at) for each in (Quantity.POWER, Quantity.ENERGY_TOTAL))
        rated = next((row.rated_kw for row in limits if row is not None and row.rated_kw is not None), None)
        return (None if rated is None else _POSSIBLE * rated), HOUR_MS
    intake = register.taking.intake_at(station, at)
    design = None if intake is None else intake.design_max
    return (None if design is None else _POSSIBLE * design), 1_000


def multipliers(
    register: Register, station: str, quantity: Quantity, event_time: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Factor of the readings of a series at instants, millionths; 1 where the register names none."""
    found = np.full(len(event_time), MICRO, np.int64)
    for row in register.points.get((station, quantity), ()):
        if row.multiplier is not None:
            found[(event_time > row.start_ms) & (event_time <= row.end_ms)] = row.multiplier
    return found


def metered(register: Register, station: str, readings: Mapping[Series, Readings]) -> Metered:
    """What a metering point has measured; see :class:`Meter` for whoever asks more than once."""
    return Meter(register, station).read(readings)


class Meter:
    """A metering point, ready to be read.

    Args:
        register: Master data.
        station: Its code, known to the register.

    Attributes:
        sources: What its volume rests on, in time order.
        series: All series of these, each once.
    """

    def __init__(self, register: Register, station: str) -> None:
        self._register = register
        self._shift = register.zone_minutes * MINUTE_MS
        self.sources = sources_of(register, station)
        self.series: tuple[Series, ...] = tuple(dict.fromkeys(each for one in self.sources for each in one.series))
        self._rules = {each: counter_rules(register, *each) for each in self.series if each[1] not in _POURED}
        self._assumed = frozenset(self._assumptions())

    def read(self, readings: Mapping[Series, Readings]) -> Metered:
        """What it has measured.

        Args:
            readings: Of each of its series that has any; others do no harm. A total needs the latest reading before
                a period, and the first one after it, too: whether an hour is known hangs on both.
        """
        steps = {each: self._steps(each, readings) for each in self._rules}
        increments, hours = [], [np.empty(0, np.int64)]
        for source in self.sources:
            found = [self._of(source, each, readings, steps) for each in source.series]
            increments += [each for each, _ in found]
            known = found[0][1]
            for _, others in found[1:]:
                known = np.intersect1d(known, others, assume_unique=True)
            hours.append(known)
        refused = tuple(_refusals(steps))
        doubts = self._assumed | {Doubt.STEPS_REFUSED} if refused else self._assumed
        return Metered(Increments.joined(increments), np.unique(np.concatenate(hours)), refused, doubts)

    def _steps(self, series: Series, readings: Mapping[Series, Readings]) -> Steps:
        event_time, value = readings.get(series, _NOTHING)
        return steps_of(event_time, value, self._rules[series], self._register.taking.changes_of(*series))

    def _of(
        self, source: Source, series: Series, readings: Mapping[Series, Readings], steps: Mapping[Series, Steps]
    ) -> tuple[Increments, NDArray[np.int64]]:
        """What a source gives in its time, and the hours known from it."""
        event_time, value = readings.get(series, _NOTHING)
        first, last = np.searchsorted(event_time, (source.start, source.end), side="right")
        own = Readings(event_time[first:last], value[first:last])
        if series[1] in _POURED:
            return self._poured(series, own)
        mine = steps[series].between(source.start, source.end)
        increments = counted(mine)
        if source.rests is Rests.ELECTRICITY:
            factor = np.full(len(increments), source.coefficient, np.int64)
            increments = Increments(increments.start, increments.end, times(increments.amount, factor))
        heard = hours_heard(own.event_time, self._shift)
        return increments, np.setdiff1d(heard, hours_spoiled(steps[series], self._shift), assume_unique=True)

    def _poured(self, series: Series, own: Readings) -> tuple[Increments, NDArray[np.int64]]:
        """Slots of flow or volume; a reading beyond what any intake takes counts as none."""
        event_time = own.event_time
        value = multiplied(own.value, multipliers(self._register, *series, event_time))
        is_volume = series[1] is Quantity.VOLUME
        found, heard = [], [np.empty(0, np.int64)]
        for row in self._register.stations[series[0]]:
            first, last = np.searchsorted(event_time, (row.start_ms, row.end_ms), side="right")
            length = row.interval_min * MINUTE_MS
            fits = np.flatnonzero(np.abs(value[first:last]) <= FLOOD * (length // 1000 if is_volume else 1)) + first
            slots = slot_values(event_time[fits], value[fits], length, self._shift, is_sum=is_volume)
            found.append(poured(*slots, None if is_volume else length))
            heard.append(hours_heard(event_time[fits], self._shift))
        return Increments.joined(found), np.unique(np.concatenate(heard))

    def _assumptions(self) -> Iterator[Doubt]:
        if not self.sources:
            yield Doubt.NO_SOURCE
        for series, rules in self._rules.items():
            if any(each.most is None and each.highest is None for each in rules.rules[1:]):
                yield Doubt.BOUND_MISSING
            rows = self._register.points.get(series, ())
            if not rows or any(row.resolution is None for row in rows):
                yield Doubt.RESOLUTION_MISSING
            if series[1] is Quantity.ENERGY_TOTAL and (not rows or any(row.multiplier is None for row in rows)):
                yield Doubt.MULTIPLIER_MISSING


def _refusals(steps: Mapping[Series, Steps]) -> Iterator[Refusal]:
    for series, its in steps.items():
        for each in np.flatnonzero(~its.known).tolist():
            yield Refusal(*series, int(its.start[each]), int(its.end[each]), StepKind(its.kind[each]))
