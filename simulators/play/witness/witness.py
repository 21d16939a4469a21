"""All targets of a register, whatever their basis and slots: state and a chunk of true values in, truths out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hydro.fixed import MICRO
from hydro.periods import Basis
from simulators.devices.sensor import SUMMED
from simulators.play.witness.columns import Columns, Judged
from simulators.play.witness.excuses import Excuses
from simulators.play.witness.instant import Instant, InstantState
from simulators.play.witness.periodic import Periodic, PeriodicState
from simulators.play.witness.sections import sections_of
from simulators.play.witness.slots import Slots, SlotState, slots_of
from simulators.play.witness.stopped import Stopped, StoppedState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hydro.quantity import Quantity
    from simulators.basin.step import Floats, Integers
    from simulators.devices.wiring import Indices
    from simulators.play.witness.sections import Sections, Series
    from simulators.truth import Truth

__all__ = ["Seen", "Witness", "WitnessState"]


class Seen(NamedTuple):
    """What a chunk showed.

    Attributes:
        truths: Shortfalls and stopped flows that have ended.
        judged: Every slot and period that was judged, in the order of the ends.
    """

    truths: list[Truth]
    judged: Judged


@dataclass(frozen=True, slots=True)
class _GroupState:
    slots: SlotState
    periodic: tuple[PeriodicState, ...]
    instant: tuple[InstantState, ...]
    stopped: StoppedState


WitnessState = tuple[_GroupState, ...]
"""Between two chunks."""


class Witness:
    """Looks at the sections of a register.

    Args:
        tables: The register, free of mistakes: rows of text by name of the table.
        known: Series of which the truth is there.
        zone_minutes: Of dates and periods.
        at: When it begins to look. The interval of a station and what is no flow there are those of then.

    Attributes:
        duties: All targets that it looks at; `Judged.duty` counts them.
        unseen: Targets of which nobody says what is true.
        inputs: Series whose truth is needed: stations by quantity, in the order in which they are needed.
    """

    def __init__(
        self,
        tables: Mapping[str, Sequence[Mapping[str, str]]],
        known: Collection[Series],
        *,
        zone_minutes: int,
        at: int,
    ) -> None:
        sections = sections_of(tables, known, zone_minutes=zone_minutes, at=at)
        self.duties, self.unseen = sections.duties, sections.unseen
        series = sections.series()
        inputs: dict[Quantity, list[str]] = defaultdict(list)
        for station, quantity in series:
            inputs[quantity].append(station)
        self.inputs: dict[Quantity, tuple[str, ...]] = {quantity: tuple(own) for quantity, own in inputs.items()}
        column = {
            (station, quantity): number
            for number, (quantity, station) in enumerate(
                (quantity, station) for quantity, own in self.inputs.items() for station in own
            )
        }
        exemptions, stations = _by_station(tables.get("exemptions", ())), _by_station(tables.get("stations", ()))
        excuses = [Excuses(duty, exemptions[duty.station], stations[duty.station]) for duty in self.duties]
        lengths = sorted(set(sections.minutes.values()))
        self._groups = [_Group(minutes, sections, column, excuses, zone_minutes) for minutes in lengths]

    def start(self) -> WitnessState:
        """It begins to look."""
        return tuple(group.start() for group in self._groups)

    def look(
        self, state: WitnessState, ends: Integers, signals: Mapping[Quantity, Floats]
    ) -> tuple[WitnessState, Seen]:
        """Look at a chunk.

        Args:
            state: Before it.
            ends: Ends of its steps.
            signals: Truth by quantity: steps × the stations of `inputs`, canonical units; NaN: nobody knows.
        """
        values = np.concatenate([signals[quantity] for quantity in self.inputs], axis=1) if self.inputs else None
        if values is None:
            return state, Seen([], Judged.join([]))
        known = ~np.isnan(values)
        counts = np.rint(np.where(known, values, 0.0) * MICRO).astype(np.int64)
        states, truths, judged = [], [], []
        for group, own in zip(self._groups, state, strict=True):
            moved, ended, found = group.look(own, Slots(ends, counts, known))
            states.append(moved)
            truths += ended
            judged += found
        return tuple(states), Seen(truths, Judged.join(judged).ordered())

    def finish(self, state: WitnessState, at: int) -> list[Truth]:
        """What is still so at the end."""
        return [truth for group, own in zip(self._groups, state, strict=True) for truth in group.finish(own, at)]


def _by_station(rows: Sequence[Mapping[str, str]]) -> Mapping[str, list[Mapping[str, str]]]:
    found: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in rows:
        found[row["station"]].append(row)
    return found


class _Group:
    """Stations with one length of slots."""

    def __init__(
        self,
        minutes: int,
        sections: Sections,
        column: Mapping[Series, int],
        excuses: Sequence[Excuses],
        zone_minutes: int,
    ) -> None:
        self._minutes, self._zone = minutes, zone_minutes
        mine = [number for number, duty in enumerate(sections.duties) if sections.minutes[duty.station] == minutes]
        places = [place for place in sections.places if place.seen and sections.minutes[place.station] == minutes]
        stations = {place.station for place in sections.places if sections.minutes[place.station] == minutes}
        inflows = {station for number in mine for station in sections.inflows[sections.duties[number].target_id]}
        own = [series for series in column if series[0] in stations | inflows]
        self._columns: Indices = np.array([column[series] for series in own], np.intp)
        self._summed = np.array([quantity in SUMMED for _, quantity in own], np.bool_)
        local = {series: number for number, series in enumerate(own)}
        together: dict[tuple[Basis, int], list[int]] = defaultdict(list)
        for number in mine:
            duty = sections.duties[number]
            together[duty.basis, duty.day_start_hour].append(number)
        self._periodic: list[Periodic] = []
        self._instant: list[Instant] = []
        for (basis, _), numbers in together.items():
            duties = [sections.duties[number] for number in numbers]
            columns = Columns(
                duties,
                [excuses[number] for number in numbers],
                [
                    {station: local[station, duty.quantity] for station in sections.inflows[duty.target_id]}
                    for duty in duties
                ],
            )
            named = np.array(numbers, np.int64)
            series = [local[duty.station, duty.quantity] for duty in duties]
            if basis is Basis.INSTANT:
                self._instant.append(Instant(columns, named, series, minutes))
            else:
                self._periodic.append(Periodic(columns, named, series, len(own), minutes))
        self._stopped = Stopped(places, local, minutes, zone_minutes)

    def start(self) -> _GroupState:
        return _GroupState(
            SlotState.empty(len(self._columns)),
            tuple(one.start() for one in self._periodic),
            tuple(one.start() for one in self._instant),
            self._stopped.start(),
        )

    def look(self, state: _GroupState, steps: Slots) -> tuple[_GroupState, list[Truth], list[Judged]]:
        mine = Slots(steps.ends, steps.value[:, self._columns], steps.known[:, self._columns])
        pending, slots = slots_of(state.slots, mine, self._minutes, self._zone, self._summed)
        if not len(slots.ends):
            return _GroupState(pending, state.periodic, state.instant, state.stopped), [], []
        truths: list[Truth] = []
        judged: list[Judged] = []
        periodic, instant = [], []
        for one, before in zip(self._periodic, state.periodic, strict=True):
            after, ended, found = one.go_on(before, slots)
            periodic.append(after)
            truths += ended
            judged += found
        for each, earlier in zip(self._instant, state.instant, strict=True):
            later, ended, found = each.go_on(earlier, slots)
            instant.append(later)
            truths += ended
            judged += found
        stopped, ended = self._stopped.go_on(state.stopped, slots)
        truths += ended
        return _GroupState(pending, tuple(periodic), tuple(instant), stopped), truths, judged

    def finish(self, state: _GroupState, at: int) -> list[Truth]:
        found = self._stopped.finish(state.stopped, at)
        for one, last in zip(self._periodic, state.periodic, strict=True):
            found += one.finish(last, at)
        for each, final in zip(self._instant, state.instant, strict=True):
            found += each.finish(final, at)
        return found
