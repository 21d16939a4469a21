"""What rules are given: the readings without those of wrong clocks, the same whenever the journal is read again.

Whose readings pass depends on all that came from the station before. After a crash rules read again from before what is
known here of a clock; so what became of a message is remembered until nobody will read it again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from hydro.columns import Observations
from hydro.series import QUANTITY_SLOTS
from ingest.quality.clock_run import ClockRun, Held
from ingest.quality.clock_skew import ClockScreen, Released, as_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hydro.register import Register
    from hydro.series import SeriesIndex
    from ingest.decode import DecodedBatch
    from ingest.quality.clock_run import Skew

__all__ = ["ClockGate", "ClockState"]


class ClockState(msgspec.Struct, array_like=True):
    """What is saved of a station's clock.

    Attributes:
        newest: Greatest accepted event time.
        run: None for a clock that was always right.
        stopped: Positions of messages that did not pass when they came.
        released: Position of a message, and the messages held before that passed with it.
    """

    newest: int
    run: ClockRun | None
    stopped: list[int]
    released: list[tuple[int, list[Held]]]


class ClockGate:
    """Clocks of all stations, and what they let pass.

    Args:
        register: Master data.
        index: Series numbers.

    Attributes:
        known_at: int64, journal position up to which the clock of each station is known.
        changed: Stations whose clock became wrong, or right, since somebody reset it.
    """

    def __init__(self, register: Register, index: SeriesIndex) -> None:
        self._screen = ClockScreen(register, index)
        self.known_at = np.zeros(len(index.stations), np.int64)
        self._known_to = 0
        self._stopped: dict[int, list[int]] = {}
        self._released: dict[int, list[Released]] = {}
        self.changed: set[int] = set()

    def judged(self, batch: DecodedBatch) -> DecodedBatch:
        """The batch as rules are to see it."""
        if batch.first > self._known_to:
            rows, ahead = batch.observations, batch.ahead
            again = None
        else:
            rows, ahead, again = self._seen_before(batch)
        screened = self._screen.take(rows, ahead)
        self.changed |= screened.changed
        if screened.is_plain and again is None:
            return batch
        stopped = rows.take(~screened.passed)
        for position, station in sorted(set(zip(stopped.position.tolist(), _stations(stopped).tolist(), strict=True))):
            self._stopped.setdefault(station, []).append(position)
        for station, released in screened.released:
            self._released.setdefault(station, []).append(released)
        parts = [as_rows(screened.released, stored=False), rows.take(screened.passed)]
        return replace(batch, observations=_in_order([*parts, *(() if again is None else (again,))]))

    def _seen_before(self, batch: DecodedBatch) -> tuple[Observations, Observations, Observations]:
        """Readings and refused ones that are new, and of the others those that passed when they were."""
        rows, ahead = batch.observations, batch.ahead
        station = _stations(rows)
        known = rows.position <= self.known_at[station]
        passed = known.copy()
        for row in np.flatnonzero(known).tolist():
            passed[row] = int(rows.position[row]) not in self._stopped.get(int(station[row]), ())
        released = [
            (each, found)
            for each, its in self._released.items()
            for found in its
            if batch.first <= found.position <= min(batch.last, int(self.known_at[each]))
        ]
        again = _in_order([as_rows(released, stored=False), rows.take(passed)])
        return rows.take(~known), ahead.take(ahead.position > self.known_at[_stations(ahead)]), again

    def finish(self, position: int) -> Observations:
        """At the end of a recorded stream: what is still held.

        Args:
            position: That the readings get.
        """
        return as_rows([(station, Released(position, held)) for station, held in self._screen.let_go()], stored=False)

    def settled(self, position: int) -> None:
        """Nobody will read up to a position again."""
        for station, stopped in list(self._stopped.items()):
            kept = [each for each in stopped if each > position]
            self._stopped[station] = kept
            if not kept:
                del self._stopped[station]
        for station, released in list(self._released.items()):
            left = [each for each in released if each.position > position]
            self._released[station] = left
            if not left:
                del self._released[station]

    def skews(self, station: int) -> Sequence[Skew]:
        """When the clock of a station was wrong, oldest first."""
        run = self._screen.runs.get(station)
        return () if run is None else run.skews

    def forget_before(self, station: int, horizon: int) -> None:
        """Let go of times in which a clock was wrong that ended before an instant."""
        run = self._screen.runs.get(station)
        if run is not None:
            run.forget_before(horizon)

    def pack(self, station: int) -> ClockState:
        """What is to be saved of a station's clock."""
        return ClockState(
            int(self._screen.newest[station]),
            self._screen.runs.get(station),
            self._stopped.get(station, []),
            [(each.position, each.held) for each in self._released.get(station, [])],
        )

    def unpack(self, station: int, state: ClockState, position: int) -> None:
        """Take up what :meth:`pack` gave, true at a position."""
        self._screen.restore(station, state.newest, state.run)
        self.known_at[station] = position
        self._known_to = max(self._known_to, position)
        if state.stopped:
            self._stopped[station] = state.stopped
        if state.released:
            self._released[station] = [Released(*each) for each in state.released]


def _stations(rows: Observations) -> NDArray[np.int64]:
    return rows.series // QUANTITY_SLOTS


def _in_order(parts: Sequence[Observations]) -> Observations:
    """Readings by position; of equal ones the earlier part first."""
    rows = Observations.concatenate(parts)
    return rows.take(np.argsort(rows.position, kind="stable"))
