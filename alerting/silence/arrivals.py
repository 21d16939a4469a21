"""When something came from each station: in columns where it comes as it should, one by one where it doesn't.

A station is *due* at the instant at which it will be missed unless something valid comes; while it is missed, at the
instant from which nobody misses it any more. Only stations that are due at a tick of a batch, or are missed, or never
sent anything valid are looked at one by one; of all others the columns move on. Both ways say the same.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alerting.silence.places import EVER, NEVER, fresh_ms, patience_ms
from hydro.flags import Flag
from hydro.series import QUANTITY_SLOTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from alerting.silence.places import Places
    from alerting.silence.ticks import Ticked, TickTable
    from hydro.columns import Observations

__all__ = ["Arrivals", "Event", "EventKind", "Facts"]


class EventKind(IntEnum):
    """What a station has come to; those of a tick come before those of a message at the same position."""

    LOST = 0
    GONE = 1
    NEWS = 2
    BACK = 3

    @property
    def is_of_tick(self) -> bool:
        """Whether a tick made it, not a message."""
        return self <= EventKind.GONE


class Facts(NamedTuple):
    """What came from a station so far.

    Attributes:
        last_valid: When something valid came last; ``NEVER`` if nothing did.
        newest: Greatest event time of a valid value; ``NEVER`` without any.
        first: When anything came first; ``NEVER`` if nothing did.
        is_invalid: What came since the last valid value was not.
        is_lost: It is missed.
    """

    last_valid: int = NEVER
    newest: int = NEVER
    first: int = NEVER
    is_invalid: bool = False
    is_lost: bool = False


class Event(NamedTuple):
    """A station falls silent (LOST), sends something else (NEWS), is back (BACK), or is missed no more (GONE).

    Attributes:
        position: Journal position.
        kind: Which of them.
        at: Of the tick, or when the message came; epoch milliseconds.
        station: Its number.
        facts: What is known of it then.
    """

    position: int
    kind: EventKind
    at: int
    station: int
    facts: Facts

    @property
    def order(self) -> tuple[int, bool, int]:
        """Sorts events as they happened; those of one tick are alike."""
        return (self.position, not self.kind.is_of_tick, self.at if self.kind.is_of_tick else 0)


class Arrivals:
    """What came from all stations.

    Args:
        places: Who is missed when.

    Attributes:
        changed: Stations whose facts have changed since somebody reset it.
        known_at: int64, journal position up to which each circle has seen everything.
        last_tick: int64, the latest tick that each circle has seen.
        heard: When each gateway of the register was first heard.
    """

    def __init__(self, places: Places) -> None:
        size = len(places.stations)
        self._places = places
        self._last_valid = np.full(size, NEVER, np.int64)
        self._newest = np.full(size, NEVER, np.int64)
        self._first = np.full(size, NEVER, np.int64)
        self._is_invalid = np.zeros(size, bool)
        self._is_lost = np.zeros(size, bool)
        self._due = np.full(size, EVER, np.int64)
        self.changed = np.zeros(size, bool)
        self.known_at = np.zeros(len(places.names), np.int64)
        self.last_tick = np.full(len(places.names), NEVER, np.int64)
        self.heard: dict[str, int] = {}

    def facts(self, station: int) -> Facts:
        """What is known of a station."""
        return Facts(
            int(self._last_valid[station]),
            int(self._newest[station]),
            int(self._first[station]),
            bool(self._is_invalid[station]),
            bool(self._is_lost[station]),
        )

    def restore(self, station: int, facts: Facts) -> None:
        """Take up what is known of a station; to be followed by :meth:`reconsider`."""
        self._keep(station, facts)

    def reconsider(self, circle: int) -> None:
        """Find out when the stations of a circle are due, whatever was known before."""
        for station in self._places.members[circle]:
            self._due[station] = self._due_of(station, self.facts(station), int(self.last_tick[circle]))

    def hear(self, gateway: str, received_at: int) -> None:
        """A gateway spoke for the first time: from now on stations that never came can be missed."""
        self.heard[gateway] = received_at
        for station in self._places.members[self._places.circle_of_gateway[gateway]]:
            if self._last_valid[station] == NEVER and not self._is_lost[station]:
                self._due[station] = self._due_of(station, self.facts(station), NEVER)

    def first_expected(self, station: int, facts: Facts) -> int:
        """Since when a station that never sent anything valid could have; ``NEVER`` if it could not yet.

        Args:
            station: Its number.
            facts: What came from it.
        """
        heard = [self.heard[gateway] for gateway in self._places.gateways_of(station) if gateway in self.heard]
        if facts.first > NEVER:
            heard.append(facts.first)
        return min(heard, default=NEVER)

    def _due_of(self, station: int, facts: Facts, at: int) -> int:
        if facts.is_lost:
            return min(self._places.missed_until(station, at) + 1, EVER)
        since = self._since(station, facts)
        return EVER if since == NEVER else self._places.due(station, since)

    def take(self, rows: Observations, ticks: TickTable) -> tuple[NDArray[np.int64], list[Event]]:
        """Take in what came and what time it has become.

        Args:
            rows: Readings in journal order.
            ticks: Of the same batch.

        Returns:
            Numbers of the stations that anything came from, and what stations have come to, in no order.
        """
        places = self._places
        station = rows.series // QUANTITY_SLOTS
        seen = rows.position <= self.known_at[places.circle[station]]
        if seen.any():  # after a restart the journal is read again from before the oldest state
            rows = rows.take(~seen)
            station = station[~seen]
        order = np.argsort(station, kind="stable")
        sorted_rows = _Rows(
            station[order],
            rows.position[order],
            rows.received_at[order],
            rows.event_time[order],
            rows.flag[order] <= Flag.SUSPECT,
        )
        firsts = np.flatnonzero(np.diff(sorted_rows.station, prepend=-1))
        owners = sorted_rows.station[firsts]
        self.changed[owners] = True
        special = self._special_among(sorted_rows, firsts, ticks)
        self._move_on(sorted_rows, firsts, special)
        events: list[Event] = []
        for each in np.flatnonzero(special).tolist():
            first, last = np.searchsorted(sorted_rows.station, (each, each + 1)).tolist()
            events += self._look_at(each, sorted_rows.between(first, last), ticks)
        return owners, events

    def _special_among(self, rows: _Rows, firsts: NDArray[np.intp], ticks: TickTable) -> NDArray[np.bool_]:
        """Marks, by station, those that are to be looked at one by one."""
        places = self._places
        special = np.zeros(len(places.stations), bool)
        owners = rows.station[firsts]
        special[owners] = self._is_lost[owners] | ((self._last_valid[owners] == NEVER) & ~rows.valid[firsts])
        which = np.flatnonzero(rows.valid)
        own, came = rows.station[which], rows.received_at[which]
        # Each valid row ends a wait that began with the one before it, or before the batch.
        heads = np.flatnonzero(np.diff(own, prepend=-1))
        due = np.empty(len(own), np.int64)
        due[1:] = came[:-1] + places.patience[own[1:]]
        due[heads] = self._due[own[heads]]
        special[own[due <= ticks.latest_at(rows.position[which])]] = True
        tails = np.append(heads[1:], len(own))[: len(heads)] - 1
        last = own[tails]
        waits = came[tails] + places.patience[last]
        special[last[waits <= ticks.last]] = True
        # Where another row of the station holds for some of the time, its patience is another.
        earliest = came[heads]
        special[last[(earliest <= places.since[last]) | ((waits > places.until[last]) & (waits < EVER))]] = True
        waiting = self._due <= ticks.last
        waiting[own] = False
        return special | waiting

    def _move_on(self, rows: _Rows, firsts: NDArray[np.intp], special: NDArray[np.bool_]) -> None:
        """The columns of all stations that are not special."""
        owners = rows.station[firsts]
        calm = ~special[owners]
        ends = np.append(firsts[1:], len(rows.station))[: len(firsts)] - 1
        self._is_invalid[owners[calm]] = ~rows.valid[ends[calm]]
        new = calm & (self._first[owners] == NEVER)
        self._first[owners[new]] = rows.received_at[firsts[new]]
        which = np.flatnonzero(rows.valid & ~special[rows.station])
        if not len(which):
            return
        own = rows.station[which]
        heads = np.flatnonzero(np.diff(own, prepend=-1))
        mine = own[heads]
        latest = np.maximum.reduceat(rows.received_at[which], heads)
        self._last_valid[mine] = latest = np.maximum(latest, self._last_valid[mine])
        newest = np.maximum.reduceat(rows.event_time[which], heads)
        self._newest[mine] = np.maximum(newest, self._newest[mine])
        self._due[mine] = np.minimum(latest + self._places.patience[mine], EVER)

    def _look_at(self, station: int, rows: _Rows, ticks: TickTable) -> list[Event]:
        """One station through the whole batch."""
        places = self._places
        circle = places.circle[station]
        after, floor = int(self.known_at[circle]), int(self.last_tick[circle]) + 1
        facts, due = self.facts(station), int(self._due[station])
        events: list[Event] = []

        def turn_before(position: int) -> None:
            """Ticks up to a position: the station is missed, or missed no more, as often as that."""
            nonlocal facts, due, floor
            while due < EVER:
                tick = self._turn(station, facts, max(due, floor), ticks, after)
                if tick is None or tick.position > position:
                    return
                kind = EventKind.GONE if facts.is_lost else EventKind.LOST
                facts = facts._replace(is_lost=not facts.is_lost)
                events.append(Event(tick.position, kind, tick.at, station, facts))
                due, floor = self._due_after(station, facts, tick.at), tick.at + 1

        for position, received_at, event_time, valid in rows.one_by_one():
            turn_before(position)
            after = position
            if facts.first == NEVER:
                facts = facts._replace(first=received_at)
            facts = facts._replace(is_invalid=not valid)
            if valid:
                facts = facts._replace(
                    last_valid=max(facts.last_valid, received_at), newest=max(facts.newest, event_time)
                )
            if facts.is_lost:
                back = valid and received_at - event_time <= fresh_ms(places.any_row(station, event_time))
                facts = facts._replace(is_lost=not back)
                kind = EventKind.BACK if back else EventKind.NEWS
                events.append(Event(position, kind, received_at, station, facts))
                if not back:
                    continue
            due = self._due_of(station, facts, received_at)
        turn_before(EVER)
        self._keep(station, facts)
        self._due[station] = due
        self.changed[station] |= bool(events)
        return events

    def _turn(self, station: int, facts: Facts, due: int, ticks: TickTable, after: int) -> Ticked | None:
        """The first tick that finds a station silent, or no longer missed."""
        while True:
            tick = ticks.first(due, after)
            if tick is None or facts.is_lost:
                return tick
            row = self._places.row(station, tick.at)
            since = self._since(station, facts)
            if row is not None and tick.at - since >= patience_ms(row, self._places.numbers):
                return tick
            due = self._places.due(station, since, after=tick.at)  # the row that was due has ended before the tick
            if due >= EVER:
                return None

    def _since(self, station: int, facts: Facts) -> int:
        return self.first_expected(station, facts) if facts.last_valid == NEVER else facts.last_valid

    def _due_after(self, station: int, facts: Facts, at: int) -> int:
        """When a station is due that has turned at a tick."""
        if facts.is_lost:
            return min(self._places.missed_until(station, at) + 1, EVER)
        since = self._since(station, facts)
        return EVER if since == NEVER else self._places.due(station, since, after=at)

    def _keep(self, station: int, facts: Facts) -> None:
        self._last_valid[station], self._newest[station], self._first[station] = facts[:3]
        self._is_invalid[station], self._is_lost[station] = facts[3:]


class _Rows(NamedTuple):
    """Readings by station, those of one in journal order."""

    station: NDArray[np.int64]
    position: NDArray[np.int64]
    received_at: NDArray[np.int64]
    event_time: NDArray[np.int64]
    valid: NDArray[np.bool_]

    def between(self, first: int, last: int) -> _Rows:
        return _Rows(*(column[first:last] for column in self))  # type: ignore[arg-type]  # the types of the columns are lost

    def one_by_one(self) -> Iterator[tuple[int, int, int, bool]]:
        """Position, received_at, event time and validity of each."""
        return zip(
            self.position.tolist(),
            self.received_at.tolist(),
            self.event_time.tolist(),
            self.valid.tolist(),
            strict=True,
        )
