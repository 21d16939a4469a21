"""All that screens show of this moment, in memory: a store that is away makes no page stale.

Pure but for what it keeps: it is told what was read and asked with the present instant as an argument. It belongs to
one event loop; what is handed to threads are copies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from dashboards.console.draw.model import State
from dashboards.console.live.gateways import Gateways
from dashboards.console.live.newest import NEVER, Newest
from dashboards.console.live.places import Places
from hydro.columns import Observations
from hydro.flags import Flag
from hydro.instants import local_date
from hydro.quantity import QUANTITIES, Quantity
from hydro.series import QUANTITY_SLOTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alerting.level import Level
    from hydro.register import Register
    from hydro.series import SeriesIndex
    from ingest.decode import DecodedBatch
    from storage.store import Point

__all__ = ["STATES", "Live", "Reading"]

STATES: Final = tuple(State)
"""States by the number that stands for them in columns."""

_NUMBER: Final = {state: number for number, state in enumerate(STATES)}
_MISSING: Final = int(Flag.MISSING)


class Reading(NamedTuple):
    """The newest observation of a series.

    Attributes:
        quantity: What.
        time: Event time, epoch milliseconds.
        value: Millionths; None where it is missing.
        flag: Number of a :class:`hydro.flags.Flag`.
    """

    quantity: Quantity
    time: int
    value: int | None
    flag: int


class Live:
    """See the module.

    Args:
        register: Master data.
        index: Numbers of its series.
        prefix: Of topics.
        trust_replay: The stream says when it was received, so its newest message says what time it is: ages are
            measured in that clock, whatever its speed.

    Attributes:
        gateways: See there.
        newest: See there.
        replayed: As ``trust_replay``.
        changes: Batches in which something changed.
        changed: int64 by station: at which of these changes.
    """

    def __init__(self, register: Register, index: SeriesIndex, *, prefix: str, trust_replay: bool) -> None:
        self.index = index
        self.gateways = Gateways(
            prefix, {row.gateway for rows in register.stations.values() for row in rows if row.gateway}
        )
        self.newest = Newest(index)
        self.changes = 0
        self.changed = np.zeros(len(index.stations), np.int64)
        self._register = register
        self.replayed = trust_replay
        self._places: Places | None = None

    def now(self, clock_ms: int) -> int:
        """The instant that is present for whoever looks: the clock's, or that of the stream."""
        if not self.replayed:
            return clock_ms
        return clock_ms if self.gateways.newest_at is None else self.gateways.newest_at

    def places(self, now: int) -> Places:
        """The register as it is today."""
        if self._places is None or self._places.day != local_date(now, self._register.zone_minutes):
            self._places = Places(self._register, self.index, now)
        return self._places

    def hear(self, topics: Sequence[str], payloads: Sequence[bytes], received_at: NDArray[np.int64]) -> None:
        """Take over who spoke, in raw messages."""
        if self.gateways.hear(topics, payloads, received_at):
            self.changes += 1

    def take(self, batch: DecodedBatch) -> None:
        """Take over what was read from the journal."""
        rows = batch.observations
        changed = np.union1d(self.newest.hear(rows), self.newest.take(rows))
        if len(changed):
            self.changes += 1
            self.changed[changed] = self.changes

    def fill(self, latest: Mapping[tuple[str, str], Point]) -> None:
        """Take over what the store had when nothing was known; what the journal has said since is newer.

        Args:
            latest: Newest point by station and quantity; what the register doesn't know any more is left out.
        """
        table = [
            (self.index.number(station, QUANTITIES[quantity]), point.time, point.value or 0, point.flag)
            for (station, quantity), point in latest.items()
            if quantity in QUANTITIES and self.index.station_number(station) is not None
        ]
        columns = np.array(table, np.int64).reshape(-1, 4).T
        none = np.zeros(len(table), np.int64)
        rows = Observations(columns[0], columns[1], columns[2], columns[3].astype(np.uint8), none, none)
        changed = np.union1d(self.newest.hear(rows), self.newest.take(rows, known_before=True))
        if len(changed):
            self.changes += 1
            self.changed[changed] = self.changes

    def readings(self, station: int) -> tuple[Reading, ...]:
        """The newest observation of each quantity of a station number that was ever observed."""
        first = station * QUANTITY_SLOTS
        times = self.newest.time[first : first + QUANTITY_SLOTS]
        return tuple(_reading(self.newest, first, int(slot)) for slot in np.flatnonzero(times != NEVER))

    def heard(self, station: int) -> int | None:
        """Event time of the newest valid value of a station number; None if it was never heard."""
        time = int(self.newest.heard[station])
        return None if time == NEVER else time

    def states(self, levels: Mapping[int, Level], now: int) -> NDArray[np.int8]:
        """How every station stands, as numbers into ``STATES``.

        Args:
            levels: Worst firing level by station number.
            now: The present instant.
        """
        places, heard = self.places(now), self.newest.heard
        found = np.where(places.asked, _NUMBER[State.OK], _NUMBER[State.NO_TARGET]).astype(np.int8)
        never = heard == NEVER
        silent = ~never & (now - heard > places.silent_ms)
        found[silent & places.expected] = _NUMBER[State.SILENT]
        found[never & places.expected] = _NUMBER[State.NEVER]
        for station, level in levels.items():
            found[station] = _NUMBER[State.of(level)]
        return found


def _reading(newest: Newest, first: int, slot: int) -> Reading:
    number = first + slot
    missing = newest.flag[number] == _MISSING
    value = None if missing else int(newest.value[number])
    return Reading(Quantity(slot), int(newest.time[number]), value, int(newest.flag[number]))
