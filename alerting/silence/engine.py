"""All stations and gateways at once: what came and what time it is in, changed alerts of lost data out.

Arrival itself is judged, so this is the one kind of rule that depends on the order of what came. A station's facts are
columns; what is said of it is in the circle of its gateway, which is saved whole: a gateway's alert stands for those of
its stations.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.engine import PackedSlice
from alerting.record import SubjectAlerts
from alerting.silence.alert import ALERT_CLASS, Loss, Subject, record
from alerting.silence.arrivals import Arrivals, Facts
from alerting.silence.circle import Circle, CircleState
from alerting.silence.places import EVER, NEVER, Places
from alerting.silence.ticks import TickTable

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from alerting.engine import Shelf
    from alerting.silence.arrivals import Event
    from hydro.register import Register
    from hydro.series import SeriesIndex
    from ingest.decode import DecodedBatch

__all__ = ["SilenceEngine"]


class _StationState(msgspec.Struct, array_like=True):
    """What is saved of a station: true at the position of the circle that is named."""

    circle: str
    facts: tuple[int, int, int, bool, bool]


class SilenceEngine:
    """Alerts of lost data for every station and gateway of a register.

    Args:
        register: Master data.
        index: Series numbers used in the columns.
        shelf: Not needed: the state is small.
    """

    name: Final = "silence"

    def __init__(self, register: Register, index: SeriesIndex, shelf: Shelf) -> None:  # noqa: ARG002  # all engines are made alike
        self._register = register
        self._index = index
        self.position = 0
        self.last_event: int | None = None
        self._places = Places(register, index)
        self._arrivals = Arrivals(self._places)
        self._circles: dict[int, Circle] = {}
        self._wake = np.full(len(self._places.names), EVER, np.int64)
        self._tick = NEVER
        self._dirty: dict[int, int] = {}
        self._gone: list[str] = []

    @property
    def beyond_horizon(self) -> int:
        """Nothing comes too late to be missed in time."""
        return 0

    def step(self, batch: DecodedBatch) -> list[SubjectAlerts]:
        """Take a batch in; alerts of the stations and gateways for which something changed."""
        self.position = batch.last
        arrivals, places = self._arrivals, self._places
        touched: set[int] = set()
        for heard in batch.heard:
            if heard.gateway in places.circle_of_gateway and heard.gateway not in arrivals.heard:
                arrivals.hear(heard.gateway, heard.received_at)
                touched.add(places.circle_of_gateway[heard.gateway])
        ticks = TickTable(batch.ticks, batch.tick_source, self._tick)
        rows = batch.observations
        if len(rows) or ticks:
            self.last_event = max(
                self.last_event or NEVER, ticks.last, int(rows.received_at.max()) if len(rows) else NEVER
            )
        owners, events = arrivals.take(rows, ticks)
        touched.update(np.unique(places.circle[owners]).tolist())
        by_circle: dict[int, list[Event]] = defaultdict(list)
        for event in events:
            by_circle[int(places.circle[event.station])].append(event)
        for number in np.flatnonzero(self._wake <= ticks.last).tolist():
            by_circle.setdefault(number, [])
        said: list[SubjectAlerts] = []
        for number, its_events in sorted(by_circle.items()):
            circle = self._circle(number)
            changed = circle.judge(its_events, ticks)
            said += [self._said(subject, circle) for subject in sorted(changed)]
            if changed or its_events:
                touched.add(number)
        np.maximum(arrivals.last_tick, ticks.last, out=arrivals.last_tick)
        self._tick = ticks.last
        for number in by_circle:
            self._wake[number] = self._circles[number].wake()
        for number in touched:
            self._dirty.setdefault(number, batch.first)
        return said

    def _circle(self, number: int) -> Circle:
        circle = self._circles.get(number)
        if circle is None:
            circle = self._circles[number] = Circle(number, self._places, self._arrivals, self._register.hash)
        return circle

    def _circle_of(self, subject: Subject) -> int | None:
        if subject.kind == "gateway":
            return self._places.circle_of_gateway.get(subject.code)
        station = self._index.station_number(subject.code)
        return None if station is None else int(self._places.circle[station])

    def _said(self, subject: Subject, circle: Circle) -> SubjectAlerts:
        return self._as_alerts(subject, circle.since(subject), circle.losses(subject))

    def _as_alerts(self, subject: Subject, since: int, losses: Iterable[Loss]) -> SubjectAlerts:
        records = tuple(record(loss, subject, self._register) for loss in losses)
        return SubjectAlerts(ALERT_CLASS, subject.code, None, since, records, subject.kind)

    def finish(self, at: int | None) -> list[SubjectAlerts]:  # noqa: ARG002  # all engines are asked alike
        """Received time stops with the last message: nothing more is silent."""
        return []

    def all_alerts(self) -> list[SubjectAlerts]:
        """Every alert that the state knows, by subject."""
        return [
            self._said(subject, circle)
            for _, circle in sorted(self._circles.items())
            for subject in sorted(circle.subjects())
        ]

    @property
    def dirty(self) -> int:
        """How many circles have changed since they were packed."""
        return len(self._dirty)

    def restart_after(self, keys: Sequence[Hashable]) -> int:
        """Journal position after which it must be read again, once these circles are safe."""
        done = set(keys)
        return next((first for circle, first in self._dirty.items() if circle not in done), self.position + 1) - 1

    def pack(self, most: int, horizon: int | None) -> PackedSlice:
        """State of the circles that changed longest ago, and of those of their stations that did."""
        entries: dict[str, bytes] = {}
        places, arrivals = self._places, self._arrivals
        circles = list(islice(self._dirty, most))
        for number in circles:
            circle = self._circle(number)
            if horizon is not None:
                circle.forget_before(horizon)
            name = places.names[number]
            state = circle.pack(self.position, int(arrivals.last_tick[number]))
            entries[f"circle {name}"] = msgspec.msgpack.encode(state)
            members = np.array(places.members[number], np.int64)
            for station in members[arrivals.changed[members]].tolist():
                facts = msgspec.msgpack.encode(_StationState(name, arrivals.facts(station)))
                entries[f"station {places.stations[station]}"] = facts
        return PackedSlice(circles, entries, list(self._gone))

    def packed(self, keys: Sequence[Hashable]) -> None:
        """What :meth:`pack` gave for these circles is safe."""
        self._gone.clear()
        for number in keys:
            if isinstance(number, int):
                del self._dirty[number]
                self._arrivals.changed[self._places.members[number]] = False

    def unpack(self, state: Mapping[str, bytes], position: int) -> list[SubjectAlerts]:
        """Take up what :meth:`pack` gave over time; alerts of what the register no longer has end with it."""
        self.position = position
        arrivals = self._arrivals
        known = {
            name.removeprefix("circle "): msgspec.msgpack.decode(blob, type=CircleState)
            for name, blob in state.items()
            if name.startswith("circle ")
        }
        # A circle is true where all are true from which its stations and gateways come: mostly just it itself.
        parts: dict[int, list[CircleState]] = defaultdict(list)
        for name, blob in state.items():
            if name.startswith("station "):
                saved = msgspec.msgpack.decode(blob, type=_StationState)
                self._take_up_station(name, saved, known.get(saved.circle), parts)
        ended = [said for name, circle in known.items() for said in self._take_up_circle(name, circle, parts)]
        for number, states in parts.items():
            arrivals.known_at[number] = min(circle.position for circle in states)
            arrivals.last_tick[number] = min(circle.last_tick for circle in states)
        for number in parts.keys() | self._circles.keys():
            arrivals.reconsider(number)
        for number, circle in self._circles.items():
            circle.restore()
            self._wake[number] = circle.wake()
        return ended

    def _take_up_station(
        self, name: str, saved: _StationState, circle: CircleState | None, parts: dict[int, list[CircleState]]
    ) -> None:
        station = self._index.station_number(name.removeprefix("station "))
        if station is None:
            self._gone.append(name)
            return
        self._arrivals.restore(station, Facts(*saved.facts))
        number = int(self._places.circle[station])
        if circle is not None:
            parts[number].append(circle)
        if saved.circle != self._places.names[number]:
            self._arrivals.changed[station] = True
            self._dirty.setdefault(number, self.position + 1)

    def _take_up_circle(
        self, name: str, state: CircleState, parts: dict[int, list[CircleState]]
    ) -> list[SubjectAlerts]:
        """Give what was said in a circle to the circles in which its stations and gateways are now."""
        ended = []
        own = self._places.number_of.get(name)
        if own is None:
            self._gone.append(f"circle {name}")
        for gateway, heard in state.heard:
            number = self._places.circle_of_gateway.get(gateway)
            if number is not None:
                self._arrivals.heard[gateway] = heard
                parts[number].append(state)
        for subject, (settled, losses) in _by_subject(state).items():
            number = self._circle_of(subject)
            if number is None:
                final = [_ended(loss, state.last_tick) for loss in losses]
                ended.append(self._as_alerts(subject, NEVER if settled is None else settled[0], final))
            else:
                self._circle(number).take_up(subject, settled, losses)
            if number != own:
                for each in (number, own):
                    if each is not None:
                        self._dirty.setdefault(each, self.position + 1)
        return ended


def _by_subject(state: CircleState) -> dict[Subject, tuple[tuple[int, int, int] | None, list[Loss]]]:
    settled = {Subject(kind, code): (since, onset, count) for kind, code, since, onset, count in state.settled}
    losses: dict[Subject, list[Loss]] = defaultdict(list)
    for kind, code, loss in (*state.past, *state.firing):
        losses[Subject(kind, code)].append(loss)
    return {subject: (settled.get(subject), losses[subject]) for subject in settled.keys() | losses.keys()}


def _ended(loss: Loss, at: int) -> Loss:
    """An alert of something that the register has no more: it fires no longer."""
    return loss if loss.resolved_at is not None else msgspec.structs.replace(loss, resolved_at=max(at, loss.raised_at))
