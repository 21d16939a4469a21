"""What has changed, looked at once a second for all browsers together.

A browser shows parts of a page. Each part has a stamp, a text that differs whenever the part would look different; the
stamp is all that a beat computes for a browser, and the key under which what was drawn for one is kept for the others.
No queue stands between a beat and a browser: one that is slow sees fewer beats.

What changes all the time changes its stamp less often: values on the schematic each 3 s, counts each 2 s, ages of
gateways, which go on by themselves, each 10 s, or each minute of the stream where that runs faster. States and alerts
are not made to wait.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, assert_never

import numpy as np

from dashboards.console.live.live import STATES
from hydro.errors import WatermasterError
from hydro.instants import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from alerting.ledger import Firing, Ledger
    from dashboards.console.draw.model import State
    from dashboards.console.live.live import Live
    from dashboards.console.live.places import Basin, Places
    from ingest.store_reader import Totals

__all__ = ["BEAT_S", "Audience", "Board", "Part"]

BEAT_S: Final = 1.0

_VALUES_EVERY: Final = 3
_GATEWAYS_EVERY: Final = 10
_GATEWAYS_AT_MOST_EVERY: Final = 2
_COUNTS_EVERY: Final = 2
_AXIS_MS: Final = 5 * MINUTE_MS
_NONE_FIRING: Final[Mapping[tuple[str, str], Firing]] = {}


@dataclass(slots=True)
class Audience:
    """Who listens to events.

    Attributes:
        clients: Browsers now.
        refused: Sent away since the start, there being too many.
        dropped: Let go since the start, having taken nothing for too long.
    """

    clients: int = 0
    refused: int = 0
    dropped: int = 0


class Part(StrEnum):
    """A part of the page that is drawn, sent and replaced as a whole."""

    HEAD = "head"
    RIVER = "river"
    STATION = "station"
    ALERTS = "alerts"
    GATEWAYS = "gateways"
    COUNTS = "counts"


class Board:
    """See the module. It belongs to the event loop that serves.

    Args:
        live: What was read.
        ledger: Alerts.
        clock: Epoch milliseconds.
        health: The object of ``/api/v1/health``.
        totals: Counts of CONTRACT section 8; None where another process counts.
        run: Name of this run, so that a browser that saw another one doesn't take its stamps for ours.

    Attributes:
        now: The present instant.
        states: int8 by station, numbers into ``STATES``.
        firing: The worst of what fires, by kind and code of the subject.
        ledger_error: Why the alerts are not those of now; None while they are.
        health: As it was at the last beat.
        totals: As they were at the last beat.
        beats: How many there were.
        audience: Who listens.
    """

    def __init__(
        self,
        live: Live,
        ledger: Ledger,
        *,
        clock: Callable[[], int],
        health: Callable[[], Mapping[str, Any]],
        totals: Callable[[], Totals | None],
        run: str,
    ) -> None:
        self.live = live
        self.now = live.now(clock())
        self.states: NDArray[np.int8] = live.states({}, self.now)
        self.firing = _NONE_FIRING
        self.ledger_error: str | None = None
        self.health: Mapping[str, Any] = health()
        self.totals: Totals | None = totals()
        self.beats = 0
        self.audience = Audience()
        self._ledger = ledger
        self._clock = clock
        self._ask_health = health
        self._ask_totals = totals
        self._run = run
        self._ledger_changes = -1
        self._basin_states: dict[int, int] = {}
        self._basin_values: dict[int, int] = {}
        self._values_seen = 0
        self._head = self._gateways = self._counts = 0
        self._live_seen = live.changes
        self._gateways_now = self.now
        self._counted = repr(self.totals)
        self._event = asyncio.Event()
        self._end = asyncio.Event()

    @property
    def places(self) -> Places:
        """The register as it is today."""
        return self.live.places(self.now)

    @property
    def stopped(self) -> bool:
        """No more beats will come."""
        return self._end.is_set()

    def state(self, station: int) -> State:
        """How a station number stands."""
        return STATES[int(self.states[station])]

    def counts(self, members: NDArray[np.int64] | None = None) -> dict[State, int]:
        """How many stations stand how, of all or of some; only states that occur."""
        states = self.states if members is None else self.states[members]
        found = np.bincount(states, minlength=len(STATES))
        return {state: int(count) for state, count in zip(STATES, found, strict=True) if count}

    def stamp(self, part: Part, basin: Basin | None, station: int | None) -> str:
        """What differs whenever a part of the page of somebody who looks at a basin and a station would."""
        match part:
            case Part.HEAD:
                seen = f"{self._head}"
            case Part.RIVER:
                number = -1 if basin is None else basin.number
                seen = f"{self._basin_states.get(number, 0)}.{self._basin_values.get(number, 0)}"
            case Part.STATION:
                seen = "" if station is None else self._station_stamp(station)
            case Part.ALERTS:
                seen = f"{self._ledger_changes}.{self.ledger_error is not None}"
            case Part.GATEWAYS:
                seen = f"{self._gateways}"
            case Part.COUNTS:
                seen = f"{self._counts}"
            case _:
                assert_never(part)
        return f"{self._run}.{seen}"

    def _station_stamp(self, station: int) -> str:
        fires = self.firing.get(("station", self.live.index.stations[station]))
        alert = "" if fires is None else f"{fires.level}{fires.suspected}"
        # The axis ends at the present, also where nothing is heard; and a store that is back has something to say.
        store = self.health["parts"].get("store", {}).get("status", "")
        return f"{self.live.changed[station]}.{self.states[station]}.{alert}.{store}.{self.now // _AXIS_MS}"

    async def run(self) -> None:
        """Look every second until :meth:`stop`."""
        while not self.stopped:
            await self.beat()
            await asyncio.sleep(BEAT_S)

    def stop(self) -> None:
        """End :meth:`run`, and everything that waits for a beat."""
        self._end.set()
        self._event.set()

    async def ended(self) -> None:
        """Return once no more beats will come."""
        await self._end.wait()

    async def next_beat(self, wait_s: float) -> bool:
        """Wait for the next beat; False if there was none in time."""
        if self.stopped:
            return True
        try:
            await asyncio.wait_for(self._event.wait(), wait_s)
        except TimeoutError:
            return False
        return True

    async def beat(self) -> None:
        """Look what has changed, and tell those who wait."""
        await self._look_at_ledger()
        self.beats += 1
        self.now = self.live.now(self._clock())
        self._look_at_states()
        self._look_at_values()
        self._look_at_counts()
        event, self._event = self._event, asyncio.Event()
        if self.stopped:
            self._event.set()
        event.set()

    async def _look_at_ledger(self) -> None:
        was = self.ledger_error
        try:
            changes = await asyncio.to_thread(self._ledger.changes)
            if changes != self._ledger_changes:
                self.firing = await asyncio.to_thread(self._ledger.firing)
                self._ledger_changes = changes
            self.ledger_error = None
        except WatermasterError as error:
            self.ledger_error = str(error)
        if self.ledger_error != was:
            self._head = self.beats + 1

    def _look_at_states(self) -> None:
        index = self.live.index
        levels = {
            number: fires.level
            for (kind, code), fires in self.firing.items()
            if kind == "station" and (number := index.station_number(code)) is not None
        }
        states = self.live.states(levels, self.now)
        changed = np.flatnonzero(states != self.states)
        self.states = states
        for number in np.unique(self.places.basin_of[changed]).tolist():
            self._basin_states[number] = self.beats
        health = self._ask_health()
        if len(changed) or health != self.health:
            self._head = self.beats
        if len(changed):
            self._gateways, self._gateways_now = self.beats, self.now
        self.health = health

    def _look_at_values(self) -> None:
        live = self.live
        if self.beats % _VALUES_EVERY == 0:
            fresh = np.flatnonzero(live.changed > self._values_seen)
            for number in np.unique(self.places.basin_of[fresh]).tolist():
                self._basin_values[number] = self.beats
            self._values_seen = live.changes
        waited = self.beats - self._gateways
        fast = live.replayed and waited >= _GATEWAYS_AT_MOST_EVERY and self.now - self._gateways_now >= MINUTE_MS
        if live.changes != self._live_seen and (fast or waited >= _GATEWAYS_EVERY):
            self._gateways, self._gateways_now = self.beats, self.now
            self._live_seen = live.changes

    def _look_at_counts(self) -> None:
        totals = self._ask_totals()
        counted = repr(totals)
        if counted != self._counted and self.beats % _COUNTS_EVERY == 0:
            self._counted = counted
            self._counts = self.beats
        self.totals = totals
