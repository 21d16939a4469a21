"""All signals at once: columns in, changed alerts out.

::

    readings -> SlotIntake -> SlotChanges -> SignalJudge -> alerts of the signals and stations that changed

What is saved together is a series and the signals that judge it. A signal that a reload has brought is judged over the
samples that are kept of its series: where no signal asked for the series before, there are none, and it begins with
what comes from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from alerting.eflow.facts import Targets
from alerting.engine import Forgotten, PackedSlice
from alerting.record import Late, SubjectAlerts
from alerting.signal.describe import ALERT_CLASS, describe
from alerting.signal.judge import SignalJudge
from alerting.signal.place import places_of
from alerting.slots.intake import SlotIntake
from hydro.instants import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from alerting.engine import Shelf
    from hydro.register import Register
    from hydro.series import SeriesIndex
    from ingest.decode import DecodedBatch

__all__ = ["SignalEngine"]

_NEVER: Final = -(2**62)
_EVER: Final = 2**62


class _SeriesState(msgspec.Struct, array_like=True):
    position: int
    intake: bytes


class _PlaceState(msgspec.Struct, array_like=True):
    digest: bytes
    signal: str
    station: str
    horizon: int
    blob: bytes


class SignalEngine:
    """Alerts of every signal at every station in its scope.

    Args:
        register: Master data and rules.
        index: Series numbers used in the columns.
        shelf: For samples that are not in memory.
        is_recorded: The stream is a recorded one: ticks raise no watermark, and nothing outlives the process.
    """

    name: Final = "signal"
    beyond_horizon: Final = 0  # the rules of e-flow count what comes too late

    def __init__(self, register: Register, index: SeriesIndex, shelf: Shelf, *, is_recorded: bool = False) -> None:
        self._register = register
        self._is_recorded = is_recorded
        self.position = 0
        self.last_event: int | None = None
        self._tick = _NEVER
        self._gone: list[str] = []
        self._left: list[Forgotten] = []
        places = places_of(Targets(register))
        watched = sorted({(place.station, place.signal.quantity) for place in places})
        number = {series: each for each, series in enumerate(watched)}
        places.sort(key=lambda place: (number[place.station, place.signal.quantity], place.signal.name))
        self._intake = SlotIntake(watched, register, index, shelf, at_once=is_recorded)
        series = [number[place.station, place.signal.quantity] for place in places]
        self._judge = SignalJudge(places, series, self._intake)
        self._dirty_since = np.zeros(len(watched), np.int64)

    # Judging

    def step(self, batch: DecodedBatch) -> list[SubjectAlerts]:
        """Take a batch in; alerts of the signals and stations for which something changed."""
        first, self.position = self.position + 1, batch.last
        rows = batch.observations
        if len(rows):
            self.last_event = max(self.last_event or _NEVER, int(rows.event_time.max()))
        if not len(self._dirty_since):
            return []
        ticks = [] if self._is_recorded else batch.ticks
        found: dict[int, int] = {}
        late: dict[int, Late] = {}
        for changes in self._intake.take(rows, ticks):
            self._touch(changes.touched, first)
            for series, each in changes.late.items():
                known = late.get(series)
                if known is None or known.received_at <= each.received_at:
                    late[series] = Late(each.received_at, each.watermark)
            for row, since in self._judge.take(changes).items():
                found[row] = min(since, found.get(row, since))
        tick = max((tick.at for tick in ticks), default=_NEVER)
        if tick > self._tick:
            self._tick = tick
            self._intake.raise_by_tick(tick)
        return [
            self._described(row, since, late.get(int(self._judge.series[row]))) for row, since in sorted(found.items())
        ]

    def _touch(self, series: NDArray[np.int64], first: int) -> None:
        self._dirty_since[series[self._dirty_since[series] == 0]] = first

    def finish(self, at: int | None) -> list[SubjectAlerts]:
        """End of a recorded stream; nothing waits for a watermark."""
        if at is not None or self.last_event is not None:
            self._intake.raise_to_end(at, self.last_event)
        return []

    def _described(self, row: int, since: int, late: Late | None) -> SubjectAlerts:
        resolved, firing = self._judge.alerts(row, since)
        return describe(self._judge.places[row], since, resolved, firing, self._register, late)

    def all_alerts(self) -> list[SubjectAlerts]:
        """Every alert that the state knows, by signal and station."""
        rows = range(len(self._judge.places))
        return [self._described(row, self._judge.known_from(row), None) for row in rows]

    # State

    @property
    def dirty(self) -> int:
        """How many series have changed since they were packed."""
        return int(np.count_nonzero(self._dirty_since))

    def restart_after(self, keys: Sequence[Hashable]) -> int:
        """Journal position after which it must be read again, once these series are safe."""
        left = self._dirty_since.copy()
        left[_numbers(keys)] = 0
        left = left[left > 0]
        return int(left.min()) - 1 if len(left) else self.position

    def pack(self, most: int, horizon: int | None) -> PackedSlice:
        """State of the series that changed longest ago; their samples go to the shelf."""
        entries: dict[str, bytes] = {}
        forgotten, self._left = self._left, []
        dirty = np.flatnonzero(self._dirty_since)
        numbers = dirty[np.argsort(self._dirty_since[dirty], kind="stable")][:most].tolist()
        for series in numbers:
            if horizon is not None and horizon > self._intake.horizon[series] + DAY_MS:
                forgotten += self._forget(series, horizon)
            self._intake.store.put_down([series])
            name = self._intake.names[series]
            entries[f"series {name}"] = msgspec.msgpack.encode(_SeriesState(self.position, self._intake.pack(series)))
            for row in self._judge.rows(series):
                place = self._judge.places[row]
                state = _PlaceState(
                    place.digest,
                    place.signal.name,
                    place.station,
                    int(self._intake.horizon[series]),
                    self._judge.pack(row),
                )
                entries[_entry(place.signal.name, place.station)] = msgspec.msgpack.encode(state)
        entries["engine"] = msgspec.msgpack.encode((self.last_event, self._tick))
        return PackedSlice(numbers, entries, list(self._gone), forgotten)

    def _forget(self, series: int, horizon: int) -> Iterator[Forgotten]:
        kept_from = self._intake.store.day_end(self._intake.store.day(horizon) - 1)
        self._judge.forget_before(series, kept_from)
        if self._intake.forget_before(series, horizon) is not None:
            yield Forgotten(self._intake.names[series], kept_from + 1)

    def packed(self, keys: Sequence[Hashable]) -> None:
        """What :meth:`pack` gave for these series is safe."""
        self._gone.clear()
        numbers = _numbers(keys)
        self._dirty_since[numbers] = 0
        self._intake.store.let_go(numbers.tolist())

    def unpack(self, state: Mapping[str, bytes], position: int) -> list[SubjectAlerts]:
        """Take up what :meth:`pack` gave over time.

        Args:
            state: Name -> bytes; what rules and register no longer ask for is dropped.
            position: The restart position that was valid then.

        Returns:
            Alerts of signals that judge otherwise now, and of those that are no more.
        """
        self.position = position
        if "engine" in state:
            self.last_event, self._tick = msgspec.msgpack.decode(state["engine"], type=tuple[int | None, int])
        known: list[int] = []
        for series, name in enumerate(self._intake.names):
            entry = state.get(f"series {name}")
            if entry is not None:
                found = msgspec.msgpack.decode(entry, type=_SeriesState)
                self._intake.known_at[series] = found.position
                self._intake.unpack(series, found.intake)
                known.append(series)
        if self._tick > _NEVER and not self._is_recorded:
            self._intake.raise_by_tick(self._tick)
        changes: list[SubjectAlerts] = []
        for row in (row for series in known for row in self._judge.rows(series)):
            changes += self._take_up(row, state, position)
        return changes + list(self._dropped(state))

    def _take_up(self, row: int, state: Mapping[str, bytes], position: int) -> Iterator[SubjectAlerts]:
        place = self._judge.places[row]
        entry = state.get(_entry(place.signal.name, place.station))
        known = None if entry is None else msgspec.msgpack.decode(entry, type=_PlaceState)
        if known is not None and known.digest == place.digest:
            self._judge.unpack(row, known.blob)
            return
        series = int(self._judge.series[row])
        horizon, store = int(self._intake.horizon[series]), self._intake.store
        kept_from = _NEVER if horizon == _NEVER else store.day_end(store.day(horizon) - 1)
        since = self._judge.begin_again(row, None if known is None else known.blob, kept_from)
        self._dirty_since[series] = position + 1
        yield self._described(row, since, self._changed_at(int(self._intake.watermark[series])))

    def _changed_at(self, upto: int) -> Late:
        """What a change of the rules rewrites leaves a trace."""
        return Late(self.last_event or 0, upto)

    def _dropped(self, state: Mapping[str, bytes]) -> Iterator[SubjectAlerts]:
        """Alerts of signals that are no more, or no longer there: what may still change is taken back."""
        known = {_entry(place.signal.name, place.station) for place in self._judge.places}
        watched = {f"series {name}" for name in self._intake.names}
        for name, blob in state.items():
            if name.startswith("place ") and name not in known:
                saved = msgspec.msgpack.decode(blob, type=_PlaceState)
                late = self._changed_at(self.last_event or 0)
                yield SubjectAlerts(ALERT_CLASS, saved.station, saved.signal, saved.horizon, (), late=late)
                self._gone.append(name)
            elif name.startswith("series ") and name not in watched:
                self._gone.append(name)
                self._left.append(Forgotten(name.removeprefix("series "), _EVER))


def _entry(signal: str, station: str) -> str:
    return f"place {signal} {station}"


def _numbers(keys: Iterable[Hashable]) -> NDArray[np.int64]:
    return np.array([key for key in keys if isinstance(key, int)], np.int64)
