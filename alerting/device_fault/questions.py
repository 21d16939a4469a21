"""All questions about all series and stations: which of them a batch bears on, and what was found of each."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from alerting.device_fault.claims import claims, look_at_claims
from alerting.device_fault.series_rules import series_rules, watched_series
from alerting.device_fault.slots import slots_after
from alerting.flow_stopped.standstill import look_at_standstill, standstill
from alerting.flow_stopped.witnesses import Witnesses
from alerting.spell.track import Track, TrackState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from alerting.device_fault.series_rules import SeriesRule
    from alerting.flow_stopped.witnesses import Testimony
    from alerting.slots.intake import SlotIntake
    from alerting.spell.course import Demand, Look
    from alerting.spell.spell import Spell
    from hydro.columns import Observations
    from hydro.quantity import Quantity
    from hydro.register import Register

__all__ = ["Questions", "SavedTrack", "watched"]

_NEVER: Final = -(2**62)
_OF_STATION: Final = -1


class _StationRule(NamedTuple):
    """A question about a station: how much evidence raises, and whether a slot is any."""

    demand: Demand
    look: Callable[[int, int, Testimony], Look | None]


def watched(register: Register) -> list[tuple[str, Quantity]]:
    """Series that any question is about, sorted."""
    return sorted({*watched_series(register), *Witnesses.needed(register)})


class SavedTrack(msgspec.Struct, array_like=True):
    """What is saved of one question about one place.

    Attributes:
        reason: Of the question.
        quantity: Code of the series; -1 = the question is about the station.
        looked_until: End of the latest slot that was looked at.
        state: None where nothing was found.
    """

    reason: str
    quantity: int
    looked_until: int
    state: TrackState | None


class _Question:
    """One question about many places.

    Attributes:
        active: bool, places where evidence adds up: all that comes bears on it.
        stuck: bool, places that are as bad as can be: more evidence doesn't.
        looked_until: int64, end of the latest slot that was looked at: what comes for before bears on it.
        tracks: By place.
    """

    def __init__(self, size: int) -> None:
        self.active = np.zeros(size, bool)
        self.stuck = np.zeros(size, bool)
        self.looked_until = np.full(size, _NEVER, np.int64)
        self.tracks: dict[int, Track] = {}

    def keep(self, place: int, track: Track) -> None:
        """Remember how a track stands."""
        self.tracks[place] = track
        self.active[place] = not track.now.is_resting
        self.stuck[place] = track.now.is_stuck
        self.looked_until[place] = max(int(self.looked_until[place]), track.now.last)

    def forget(self, place: int) -> None:
        """Nothing is to be remembered of a place."""
        del self.tracks[place]
        self.active[place] = self.stuck[place] = False


class Questions:
    """Questions about the stations of a register.

    Args:
        register: Master data.
        intake: Samples of the watched series.
        station_of: Number of the station of each of them.
    """

    def __init__(self, register: Register, intake: SlotIntake, station_of: NDArray[np.int64]) -> None:
        self._intake = intake
        self._station_of = station_of
        self._rules = series_rules(intake.watched, register)
        self._witnesses = Witnesses(intake.watched, register)
        size = len(intake.watched)
        self._by_series = [_Question(size) for _ in self._rules]
        stations = int(station_of.max()) + 1 if size else 0
        rules = register.rules
        self._standstill = standstill(rules.flow_stopped)
        self._station_rules = (
            _StationRule(claims(rules.device_fault), look_at_claims),
            _StationRule(self._standstill, look_at_standstill),
        )
        self._by_station = [_Question(stations) for _ in self._station_rules]
        self._first = np.searchsorted(station_of, np.arange(stations + 1))

    def take(self, series: NDArray[np.int64], rows: Observations) -> set[int]:
        """Judge what a batch bears on, once its samples are in.

        Args:
            series: Numbers among the watched series, of each reading.
            rows: The readings.

        Returns:
            Stations of which spells have changed.
        """
        changed: set[int] = set()
        for rule, question in zip(self._rules, self._by_series, strict=True):
            concerned = rule.concerns[series]
            marked = concerned & rule.marks(series, rows)
            before = rows.event_time <= question.looked_until[series]
            bearing = marked | (concerned & (question.active[series] | before))
            lasting = rule.lasting
            if lasting is not None:
                more = marked & lasting[series] & question.stuck[series] & ~before
                np.maximum.at(question.looked_until, series[more], rows.event_time[more])
                bearing &= ~more
            for each, first in self._firsts(question, series, series, marked, bearing, rows):
                if self._judge(question, each, first, rule.demand, self._looks_of_series(rule, each)):
                    changed.add(int(self._station_of[each]))
        return changed | self._take_testimony(series, rows)

    def _take_testimony(self, series: NDArray[np.int64], rows: Observations) -> set[int]:
        changed: set[int] = set()
        witnesses = np.flatnonzero(self._witnesses.concerns[series])
        if not len(witnesses):
            return changed
        series, rows = series[witnesses], rows.take(witnesses)
        station = self._station_of[series]
        marked = self._witnesses.marks(series, rows)
        for rule, question in zip(self._station_rules, self._by_station, strict=True):
            bearing = marked | question.active[station] | (rows.event_time <= question.looked_until[station])
            for each, first in self._firsts(question, station, series, marked, bearing, rows):
                if self._judge(question, each, first, rule.demand, self._looks_of_station(rule, each)):
                    changed.add(each)
        return changed

    def _firsts(
        self,
        question: _Question,
        place: NDArray[np.int64],
        series: NDArray[np.int64],
        marked: NDArray[np.bool_],
        bearing: NDArray[np.bool_],
        rows: Observations,
    ) -> Iterator[tuple[int, int]]:
        """Places that a batch bears on, and the end of the first slot that may have changed."""
        found: dict[int, tuple[int, int, int]] = {}
        which = np.flatnonzero(bearing)
        for each, its_series, event_time, is_marked in zip(
            place[which].tolist(),
            series[which].tolist(),
            rows.event_time[which].tolist(),
            marked[which].tolist(),
            strict=True,
        ):
            first, odd, _ = found.get(each, (event_time, _NEVER, its_series))
            found[each] = (min(first, event_time), max(odd, event_time) if is_marked else odd, its_series)
        for each, (first, odd, its_series) in found.items():
            clock = self._intake.clock_of(its_series)
            if odd > _NEVER:
                question.looked_until[each] = max(int(question.looked_until[each]), clock.slot_of(odd))
            yield each, clock.slot_of(first)

    def _judge(
        self, question: _Question, place: int, first: int, demand: Demand, looks: Callable[[int], Iterable[Look]]
    ) -> bool:
        track = question.tracks.get(place)
        if track is None:
            track = Track(demand)
        has_changed = track.judge(first, looks)
        question.keep(place, track)
        return has_changed

    def _looks_of_series(self, rule: SeriesRule, series: int) -> Callable[[int], Iterable[Look]]:
        def looks(after: int) -> Iterator[Look]:
            slots = slots_after(self._intake, series, after - rule.look_back_ms(series))
            return rule.looks(series, slots, after)

        return looks

    def _looks_of_station(self, rule: _StationRule, station: int) -> Callable[[int], Iterable[Look]]:
        code = self._intake.watched[int(self._first[station])][0]

        def looks(after: int) -> Iterator[Look]:
            values: dict[tuple[int, int], dict[Quantity, int]] = defaultdict(dict)
            for quantity, series in self._witnesses.series[code].items():
                for slot in slots_after(self._intake, series, after):
                    value = slot.mean
                    if value is not None:
                        values[slot.end, slot.start][quantity] = value
            for end, start in sorted(values):
                said = self._witnesses.testimony(code, start, end, values[end, start])
                look = None if said is None else rule.look(start, end, said)
                if look is not None:
                    yield look

        return looks

    def spells(self, station: int) -> list[Spell]:
        """All that was found wrong with the devices of a station, in no order."""
        return [
            spell
            for _, demand, _, track in self._tracks(station)
            if demand is not self._standstill
            for spell in track.spells
        ]

    def stops(self, station: int) -> list[Spell]:
        """When its water stood still, in time order."""
        return [
            spell
            for _, demand, _, track in self._tracks(station)
            if demand is self._standstill
            for spell in track.spells
        ]

    def _tracks(self, station: int) -> Iterator[tuple[_Question, Demand, int, Track]]:
        for question, demand, place, _ in self._asked(station):
            if place in question.tracks:
                yield question, demand, place, question.tracks[place]

    def _asked(self, station: int) -> Iterator[tuple[_Question, Demand, int, int]]:
        """Every question about a station: its demand, the place that it is about, and the code of its quantity."""
        for rule, question in zip(self._rules, self._by_series, strict=True):
            for series in self.series(station):
                yield question, rule.demand, series, int(self._intake.watched[series][1])
        for station_rule, question in zip(self._station_rules, self._by_station, strict=True):
            yield question, station_rule.demand, station, _OF_STATION

    def series(self, station: int) -> range:
        """Numbers of the watched series of a station."""
        return range(int(self._first[station]), int(self._first[station + 1]))

    def begin_again(self, station: int) -> None:
        """Judge all samples of a station anew, since what the register says of it has changed."""
        for rule, question in zip(self._rules, self._by_series, strict=True):
            for series in self.series(station):
                if rule.concerns[series]:
                    self._judge(question, series, _NEVER + 1, rule.demand, self._looks_of_series(rule, series))
                elif series in question.tracks:
                    question.forget(series)
        is_asked = self._intake.watched[int(self._first[station])][0] in self._witnesses.series
        for station_rule, question in zip(self._station_rules, self._by_station, strict=True):
            if is_asked:
                looks = self._looks_of_station(station_rule, station)
                self._judge(question, station, _NEVER + 1, station_rule.demand, looks)
            elif station in question.tracks:
                question.forget(station)

    def forget_before(self, station: int, horizon: int, resolved: int, flowed: int) -> None:
        """Let go of what led to how it stood at an instant.

        Args:
            station: Its number.
            horizon: Epoch milliseconds.
            resolved: Spells of its devices that were over by then are let go of, too.
            flowed: Likewise of its water.
        """
        for question, demand, place, track in list(self._tracks(station)):
            if not track.forget_before(horizon, flowed if demand is self._standstill else resolved):
                question.forget(place)

    def pack(self, station: int) -> list[SavedTrack]:
        """What is to be saved of a station."""
        found = []
        for question, demand, place, quantity in self._asked(station):
            track, looked_until = question.tracks.get(place), int(question.looked_until[place])
            if track is not None or looked_until > _NEVER:
                state = None if track is None else track.pack()
                found.append(SavedTrack(demand.reason, quantity, looked_until, state))
        return found

    def unpack(self, station: int, saved: Iterable[SavedTrack]) -> None:
        """Take up what :meth:`pack` gave."""
        asked = {(demand.reason, quantity): each for each in self._asked(station) for _, demand, _, quantity in [each]}
        for reason, quantity, looked_until, state in map(msgspec.structs.astuple, saved):
            if (reason, quantity) not in asked:  # the register doesn't have the point any more
                continue
            question, demand, place, _ = asked[reason, quantity]
            question.looked_until[place] = looked_until
            if state is not None:
                question.keep(place, Track(demand, state))
