"""The alerts of the stations of one gateway, and of the gateway itself, from what its stations have come to. Pure.

At a tick, in this order: stations fall silent; a gateway of which enough are silent is raised, or takes them in; those
whose gateway is not are raised themselves; levels rise. A message only ends a silence.

Source: docs/alert-classes.md, data_loss.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import groupby
from typing import TYPE_CHECKING, Final

import msgspec

from alerting.silence.alert import Loss, Reason, Subject, next_rise, risen
from alerting.silence.arrivals import Event, EventKind
from alerting.silence.places import EVER, NEVER
from hydro.instants import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alerting.silence.arrivals import Arrivals, Facts
    from alerting.silence.places import Places
    from alerting.silence.ticks import TickTable

__all__ = ["Circle", "CircleState"]

_PERCENT: Final = 100


class CircleState(msgspec.Struct, array_like=True):
    """What is saved of a circle beside the facts of its stations.

    Attributes:
        position: Journal position at which all of it is true.
        last_tick: The latest tick seen.
        heard: Gateway, and when it was first heard.
        firing: Kind and code of a subject, and its alert.
        past: The same of resolved ones, oldest first; those that are let go of are not in it.
        settled: Kind and code of a subject, when the latest of those that were let go of was resolved, its onset and
            number.
    """

    position: int
    last_tick: int
    heard: list[tuple[str, int]]
    firing: list[tuple[str, str, Loss]]
    past: list[tuple[str, str, Loss]]
    settled: list[tuple[str, str, int, int, int]]


class Circle:
    """Alerts of one circle of stations.

    Args:
        number: Of the circle.
        places: The register.
        arrivals: What came.
        config: Hash of the register in force, for new alerts.
    """

    def __init__(self, number: int, places: Places, arrivals: Arrivals, config: str) -> None:
        self._number = number
        self._places = places
        self._arrivals = arrivals
        self._config = config
        self._codes = places.stations
        self._gateways = places.gateways[number]
        self._bounds = () if places.is_plain(number) else places.bounds(number)
        self._is_simple = not self._bounds and len(self._gateways) < 2  # noqa: PLR2004  # none, or all of one
        self._lost: dict[int, Facts] = {}
        self._unraised: set[int] = set()
        self._rise = EVER
        self.firing: dict[Subject, Loss] = {}
        self.past: dict[Subject, list[Loss]] = {}
        self.settled: dict[Subject, tuple[int, int, int]] = {}

    def restore(self) -> None:
        """Find out what follows from the alerts, and the facts of the stations, that were taken up."""
        for station in self._places.members[self._number]:
            facts = self._arrivals.facts(station)
            if facts.is_lost:
                self._lost[station] = facts
                if self._own(station) not in self.firing:
                    self._unraised.add(station)
        self._find_rise()

    def take_up(self, subject: Subject, settled: tuple[int, int, int] | None, losses: Sequence[Loss]) -> None:
        """Take up what was said of a subject; to be followed by :meth:`restore`."""
        if settled is not None:
            self.settled[subject] = settled
        for loss in losses:
            if loss.resolved_at is None:
                self.firing[subject] = loss
            else:
                self.past.setdefault(subject, []).append(loss)

    def _own(self, station: int) -> Subject:
        return Subject("station", self._codes[station])

    def judge(self, events: Sequence[Event], ticks: TickTable) -> set[Subject]:
        """Take in what stations have come to and what time it has become.

        Args:
            events: Of one batch, in any order.
            ticks: Of the same batch.

        Returns:
            Subjects whose alerts have changed.
        """
        changed: set[Subject] = set()
        position = int(self._arrivals.known_at[self._number])
        last = int(self._arrivals.last_tick[self._number])
        groups = _in_order(events)
        group = next(groups, None)
        while True:
            wake = self._wake(last)
            tick = None if wake == EVER else ticks.first(max(wake, last + 1), position)
            if group is not None and (tick is None or group[0].order <= (tick.position, False, tick.at)):
                first = group[0]
                if first.kind.is_of_tick:
                    changed |= self._tick(first.at, group)
                    position, last = first.position - 1, first.at
                else:
                    changed |= self._receive(first)
                    position = first.position
                group = next(groups, None)
            elif tick is not None:
                changed |= self._tick(tick.at, ())
                position, last = tick.position - 1, tick.at
            else:
                return changed

    def wake(self) -> int:
        """The first instant at which a tick may change something by itself; ``EVER`` if none would."""
        return self._wake(int(self._arrivals.last_tick[self._number]))

    def _wake(self, last: int) -> int:
        found = self._rise
        if self._lost and self._bounds:  # another row of a station holds from then on
            place = bisect_left(self._bounds, last)
            found = min([found, *(bound + 1 for bound in self._bounds[place : place + 1])])
        return last + 1 if self._has_pending(last) else found

    def _has_pending(self, at: int) -> bool:
        """Whether a silent station has no alert and belongs to none: it is raised at the next tick."""
        if self._is_simple and self._gateways:
            return bool(self._unraised) and Subject("gateway", self._gateways[0]) not in self.firing
        return any(not self._is_member(station, at) for station in self._unraised)

    def _is_member(self, station: int, at: int) -> bool:
        gateway = self._gateway(station, at)
        return gateway != "" and Subject("gateway", gateway) in self.firing

    def _gateway(self, station: int, at: int) -> str:
        return self._places.any_row(station, at).gateway

    def _tick(self, at: int, events: Sequence[Event]) -> set[Subject]:
        changed: set[Subject] = set()
        for event in events:
            if event.kind is EventKind.LOST:
                self._lost[event.station] = event.facts
                self._unraised.add(event.station)
            else:
                changed |= self._release(event.station, at)
        for gateway in self._gateways:
            changed |= self._tick_gateway(gateway, at)
        for station in sorted(self._unraised):
            if self._places.row(station, at) is not None and not self._is_member(station, at):
                facts, subject = self._lost[station], self._own(station)
                self._raise(subject, self._reason(facts), self._onset(station, facts, at), at)
                self._unraised.discard(station)
                changed.add(subject)
        if at >= self._rise:
            for subject, loss in self.firing.items():
                self.firing[subject] = now = risen(loss, at, self._places.numbers)
                if now is not loss:
                    changed.add(subject)
            self._find_rise()
        return changed

    def _find_rise(self) -> None:
        """Find out when a level rises next."""
        rises = (next_rise(loss, self._places.numbers) for loss in self.firing.values())
        self._rise = min((rise for rise in rises if rise is not None), default=EVER)

    def _tick_gateway(self, gateway: str, at: int) -> set[Subject]:
        """Raise a gateway of which enough are silent; it stands for its silent stations as long as it fires."""
        subject = Subject("gateway", gateway)
        lost = self._lost_of(gateway, at)
        if subject not in self.firing:
            if not self._is_lost(gateway, at, len(lost)):
                return set()
            reasons = {self._reason(self._lost[station]) for station in lost}
            onset = max(self._onset(station, self._lost[station], at) for station in lost)
            self._raise(subject, reasons.pop() if len(reasons) == 1 else Reason.SILENT, onset, at)
        loss = self.firing[subject]
        members = tuple(sorted({*loss.members, *(self._codes[station] for station in lost)}))
        changed = set()
        for station in lost:
            if self.firing.pop(self._own(station), None) is not None:
                changed.add(self._own(station))
                self._unraised.add(station)
        if members != loss.members:
            self.firing[subject] = msgspec.structs.replace(loss, members=members)
            changed.add(subject)
        return changed

    def _lost_of(self, gateway: str, at: int) -> list[int]:
        found = []
        for station in self._lost:
            row = self._places.row(station, at)
            if row is not None and row.gateway == gateway:
                found.append(station)
        return found

    def _is_lost(self, gateway: str, at: int, lost: int) -> bool:
        """Whether so many silent stations make a silent gateway."""
        numbers = self._places.numbers
        share = numbers.gateway_pct * self._places.missed_of(gateway, at)
        return lost >= numbers.gateway_stations and lost * _PERCENT >= share

    def _reason(self, facts: Facts) -> Reason:
        if facts.is_invalid:
            return Reason.INVALID
        return Reason.SILENT if facts.last_valid > NEVER else Reason.NEVER_CONNECTED

    def _onset(self, station: int, facts: Facts, at: int) -> int:
        """End of the first slot that was missed; of a station that never came, when it could first have."""
        if facts.newest > NEVER:
            return facts.newest + self._places.any_row(station, at).interval_min * MINUTE_MS
        return self._arrivals.first_expected(station, facts)

    def _raise(self, subject: Subject, reason: Reason, onset: int, at: int) -> None:
        before = self.past.get(subject, ())
        number = sum(loss.onset == onset for loss in before)
        settled = self.settled.get(subject)
        if settled is not None and settled[1] == onset:
            number += settled[2] + 1
        # Live, a tick is older than what came while it was on its way.
        earliest = max((loss.resolved_at or NEVER for loss in before), default=NEVER)
        raised_at = max(at, earliest)
        self.firing[subject] = loss = Loss(reason, onset, number, raised_at, self._config, ((1, raised_at),))
        self._rise = min(self._rise, next_rise(loss, self._places.numbers) or EVER)

    def _receive(self, event: Event) -> set[Subject]:
        if event.station not in self._lost:
            return set()
        if event.kind is EventKind.NEWS:
            self._lost[event.station] = event.facts
            return set()
        return self._release(event.station, event.at)

    def _release(self, station: int, at: int) -> set[Subject]:
        """A station is silent no more; neither, maybe, is its gateway."""
        self._lost.pop(station, None)
        self._unraised.discard(station)
        changed = self._resolve(self._own(station), at)
        for gateway in self._gateways:
            subject = Subject("gateway", gateway)
            if subject in self.firing:
                lost = len(self._lost) if self._is_simple else len(self._lost_of(gateway, at))
                if not self._is_lost(gateway, at, lost):
                    changed |= self._resolve(subject, at)
        return changed

    def _resolve(self, subject: Subject, at: int) -> set[Subject]:
        loss = self.firing.pop(subject, None)
        if loss is None:
            return set()
        resolved = msgspec.structs.replace(loss, resolved_at=max(at, loss.raised_at))
        self.past.setdefault(subject, []).append(resolved)
        return {subject}

    def forget_before(self, horizon: int) -> None:
        """Let go of what was resolved before an instant; it stands."""
        for subject, losses in list(self.past.items()):
            kept = [loss for loss in losses if loss.resolved_at is None or loss.resolved_at > horizon]
            for loss in losses[: len(losses) - len(kept)]:
                self.settled[subject] = (loss.resolved_at or 0, loss.onset, loss.number)
            if kept:
                self.past[subject] = kept
            else:
                del self.past[subject]

    def since(self, subject: Subject) -> int:
        """Up to when what was said of a subject stands."""
        settled = self.settled.get(subject)
        return NEVER if settled is None else settled[0]

    def losses(self, subject: Subject) -> list[Loss]:
        """Alerts of a subject that were not let go of, by raising."""
        firing = self.firing.get(subject)
        return [*self.past.get(subject, ()), *([] if firing is None else [firing])]

    def subjects(self) -> set[Subject]:
        """Those that have alerts."""
        return {*self.firing, *self.past}

    def pack(self, position: int, last_tick: int) -> CircleState:
        """All that is to be saved beside the facts of the stations."""
        heard = [(name, self._arrivals.heard[name]) for name in self._gateways if name in self._arrivals.heard]
        return CircleState(
            position,
            last_tick,
            heard,
            [(*subject, loss) for subject, loss in self.firing.items()],
            [(*subject, loss) for subject, losses in self.past.items() for loss in losses],
            [(*subject, *settled) for subject, settled in self.settled.items()],
        )


def _in_order(events: Sequence[Event]) -> Iterator[list[Event]]:
    """Events as they happened, those of one tick together; those of a message one by one."""
    for _, found in groupby(sorted(events, key=lambda event: event.order), key=lambda event: event.order):
        group = list(found)
        if group[0].kind.is_of_tick:
            yield group
        else:
            yield from ([event] for event in group)
