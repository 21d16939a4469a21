"""Clocks that are wrong, told from when messages come: whose readings are stored SUSPECT and not judged. Pure.

A clock is proven wrong by three live messages in a row that are off by more than ten minutes and all by about the same.
A backlog that is sent oldest first is old, too, but by less each time; a message that is not newer than what is known
says nothing. Inside the allowed lateness any order must give the same, so a clock that is behind by less is not found.

::

    received   12:00  12:05  12:10  12:15           12:00:01  12:00:02  12:00:03
    event      10:00  10:05  10:10  10:15              10:00     10:05     10:10
                held   held  proven aside               held  released   released     a backlog

What may be part of a proof is held: its readings are judged as soon as it is clear that they are not.

Source: docs/alert-classes.md, device_fault `clock_skew`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from hydro.columns import Observations
from hydro.flags import Flag
from hydro.instants import MINUTE_MS
from hydro.series import QUANTITY_SLOTS
from ingest.quality.clock_run import LARGEST_OFFSET_MS, ClockRun, Held, HeldRow, Message, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from hydro.register import Register, Station
    from hydro.series import SeriesIndex

__all__ = ["ClockScreen", "Released", "Screened", "as_rows", "as_stored", "suspect"]

_NEVER: Final = -(2**62)


class Released(NamedTuple):
    """Readings that were held until a message came.

    Attributes:
        position: Of that message.
        held: The messages, as they came.
    """

    position: int
    held: list[Held]


class Screened(NamedTuple):
    """A batch after its clocks were looked at.

    Attributes:
        passed: Marks readings of the batch that are to be judged now.
        aside: Marks those of wrong clocks, stored SUSPECT.
        released: By station, readings of before that are to be judged after all.
        proven: By station, those of before that turned out to be of a wrong clock.
        changed: Stations whose clock became wrong, or right.
    """

    passed: NDArray[np.bool_]
    aside: NDArray[np.bool_]
    released: list[tuple[int, Released]]
    proven: list[tuple[int, Released]]
    changed: set[int]

    @property
    def is_plain(self) -> bool:
        """Whether all of the batch is to be judged, and nothing else."""
        return not self.released and bool(self.passed.all())


class _State(msgspec.Struct, array_like=True):
    stations: list[str]
    newest: bytes
    runs: dict[str, ClockRun]


class ClockScreen:
    """Clocks of all stations.

    Args:
        register: Master data; the row valid when a message came counts.
        index: Series numbers.

    Attributes:
        newest: int64, greatest accepted event time of each station.
        runs: What is known of clocks that were not always right, by station number.
    """

    def __init__(self, register: Register, index: SeriesIndex) -> None:
        self._codes = index.stations
        self._rows = [register.stations[code] for code in index.stations]
        self.newest = np.full(len(index.stations), _NEVER, np.int64)
        latest = [rows.rows[-1] for rows in self._rows]
        self._tolerated = np.array([_tolerated_ms(row) for row in latest], np.int64)
        for number, rows in enumerate(self._rows):
            if rows.always is None:
                self._tolerated[number] = min(_tolerated_ms(row) for row in rows)
        self.runs: dict[int, ClockRun] = {}
        self._is_special = np.zeros(len(index.stations), bool)

    def take(self, rows: Observations, ahead: Observations) -> Screened:
        """Look at the clocks of a batch.

        Args:
            rows: Readings in journal order.
            ahead: Readings of the same messages refused because they lie in the future.
        """
        station = rows.series // QUANTITY_SLOTS
        # No reading of a message that is off is on time, so most stations need no second look.
        off = rows.received_at - rows.event_time > self._tolerated[station]
        special = self._is_special.copy()
        special[station[off]] = True
        special[ahead.series // QUANTITY_SLOTS] = True
        mine = special[station]
        found = _Found()
        for each in _messages(rows, ahead, np.flatnonzero(mine)):
            self._meet(each, found)
        calm = np.flatnonzero(~mine)
        np.maximum.at(self.newest, station[calm], rows.event_time[calm])
        return found.screened(len(rows))

    def _meet(self, each: _Meeting, found: _Found) -> None:
        station = each.station
        row = self._rows[station].always or self._rows[station].at(each.received_at) or self._rows[station].rows[-1]
        before = int(self.newest[station])
        message = Message(
            each.position,
            each.received_at,
            each.newest,
            each.newest > before,
            _tolerated_ms(row),
            row.interval_min * MINUTE_MS // 2,
        )
        if each.rows:
            self.newest[station] = max(before, *(held.event_time for held in each.rows))
        run = self.runs.get(station)
        if run is None:
            if not (message.is_live and message.is_skewed):
                return
            run = self.runs[station] = ClockRun()
            self._is_special[station] = True
        count, was_wrong = len(run.skews), run.is_wrong
        verdict, others = run.meet(message, each.rows)
        if (count, was_wrong) != (len(run.skews), run.is_wrong):
            found.changed.add(station)
        if verdict is not Verdict.PASS:
            found.stopped += each.places
        if verdict is Verdict.SET_ASIDE:
            found.aside += each.places
        if others:
            where = found.proven if verdict is Verdict.SET_ASIDE else found.released
            where.append((station, Released(each.position, others)))
        if not run.run and not run.skews:
            self.forget(station)

    def forget(self, station: int) -> None:
        """Nothing is to be remembered of a station's clock."""
        self.runs.pop(station, None)
        self._is_special[station] = False

    def restore(self, station: int, newest: int, run: ClockRun | None) -> None:
        """Take up what is known of a station's clock."""
        self.newest[station] = newest
        if run is not None:
            self.runs[station] = run
            self._is_special[station] = True

    def pack(self) -> bytes:
        """All of it, for a reader that saves it whole."""
        runs = {self._codes[station]: run for station, run in self.runs.items()}
        return msgspec.msgpack.encode(_State(list(self._codes), self.newest.tobytes(), runs))

    def unpack(self, blob: bytes) -> None:
        """Take up what :meth:`pack` gave; clocks of stations that the register has no more are forgotten."""
        state = msgspec.msgpack.decode(blob, type=_State)
        numbers = {code: number for number, code in enumerate(self._codes)}
        for code, newest in zip(state.stations, np.frombuffer(state.newest, np.int64).tolist(), strict=True):
            if code in numbers:
                self.restore(numbers[code], newest, state.runs.get(code))

    def let_go(self) -> list[tuple[int, list[Held]]]:
        """At the end of a stream: nothing that is held will be proven."""
        found = []
        for station, run in self.runs.items():
            if run.run:
                found.append((station, run.run))
                run.run = []
        return found


class _Meeting(NamedTuple):
    """A message of a station that needs a look.

    Attributes:
        station: Its number.
        position: Journal position.
        received_at: Epoch milliseconds.
        newest: Greatest event time, refused readings included.
        places: Of its readings in the batch.
        rows: Its readings.
    """

    station: int
    position: int
    received_at: int
    newest: int
    places: list[int]
    rows: list[HeldRow]


class _Found:
    """What becomes of the readings of a batch, as it is found."""

    def __init__(self) -> None:
        self.stopped: list[int] = []
        self.aside: list[int] = []
        self.released: list[tuple[int, Released]] = []
        self.proven: list[tuple[int, Released]] = []
        self.changed: set[int] = set()

    def screened(self, size: int) -> Screened:
        """The same, with marks of a batch of so many readings."""
        passed, aside = np.ones(size, bool), np.zeros(size, bool)
        passed[self.stopped] = False
        aside[self.aside] = True
        return Screened(passed, aside, self.released, self.proven, self.changed)


def _messages(rows: Observations, ahead: Observations, places: NDArray[np.intp]) -> list[_Meeting]:
    """Messages by position, of the stations whose readings lie at these places, and of those ahead of us."""
    found: dict[tuple[int, int], _Meeting] = {}
    chosen = rows.take(places)
    for place, position, series, received_at, event_time, value, flag in zip(
        places.tolist(), *_lists(chosen), chosen.value.tolist(), chosen.flag.tolist(), strict=True
    ):
        station, quantity = divmod(series, QUANTITY_SLOTS)
        row = HeldRow(quantity, event_time, value, flag)
        known = found.get((position, station))
        if known is None:
            found[position, station] = _Meeting(station, position, received_at, event_time, [place], [row])
            continue
        known.places.append(place)
        known.rows.append(row)
        if event_time > known.newest:
            found[position, station] = known._replace(newest=event_time)
    for position, series, received_at, event_time in zip(*_lists(ahead), strict=True):
        station = series // QUANTITY_SLOTS
        known = found.get((position, station)) or _Meeting(station, position, received_at, event_time, [], [])
        found[position, station] = known._replace(newest=max(known.newest, event_time))
    return [meeting for _, meeting in sorted(found.items())]


def _lists(rows: Observations) -> tuple[list[int], list[int], list[int], list[int]]:
    return rows.position.tolist(), rows.series.tolist(), rows.received_at.tolist(), rows.event_time.tolist()


def as_stored(rows: Observations, screened: Screened) -> tuple[Observations, Observations]:
    """What a store is to get of a batch.

    Args:
        rows: Readings of the batch.
        screened: What became of them.

    Returns:
        The readings, flagged SUSPECT where their clock is wrong; and those of messages before the batch that turned out
        to be of a wrong clock, to be written again with that flag.
    """
    if not screened.proven and not screened.aside.any():
        return rows, Observations.empty()
    aside = screened.aside.copy()
    earlier = []
    for station, (position, messages) in screened.proven:
        for held in messages:
            here = (rows.position == held.position) & (rows.series // QUANTITY_SLOTS == station)
            aside |= here
            if not here.any():
                earlier.append((station, Released(position, [held])))
    flag = np.where(aside, np.maximum(rows.flag, np.uint8(Flag.SUSPECT)), rows.flag)
    return replace(rows, flag=flag), as_rows(earlier, stored=True)


def as_rows(parts: Iterable[tuple[int, Released]], *, stored: bool) -> Observations:
    """Readings that were held, as columns.

    Args:
        parts: Station number and what was held; they get the position of the message until which they were.
        stored: For the store, flagged SUSPECT and only where nothing came since; else as they came, but without a value
            where a later one of the same key was let pass before: what is missing replaces nothing, and has arrived.
    """
    series: list[int] = []
    event_time: list[int] = []
    value: list[int] = []
    flag: list[int] = []
    received_at: list[int] = []
    positions: list[int] = []
    for station, (position, messages) in parts:
        for message in messages:
            for row in message.rows:
                if stored and not row.stands:
                    continue
                series.append(station * QUANTITY_SLOTS + row.quantity)
                event_time.append(row.event_time)
                is_void = row.overtaken and not stored
                value.append(0 if is_void else row.value)
                flag.append(Flag.MISSING if is_void else suspect(row.flag) if stored else row.flag)
                received_at.append(message.received_at)
                positions.append(position)
    return Observations(
        np.array(series, np.int64),
        np.array(event_time, np.int64),
        np.array(value, np.int64),
        np.array(flag, np.uint8),
        np.array(received_at, np.int64),
        np.array(positions, np.int64),
    )


def suspect(flag: int) -> int:
    """Flag of a reading whose time can't be believed: what fails or is missing stays what it is.

    >>> [suspect(flag).value for flag in Flag]
    [3, 3, 3, 4, 9]
    """
    return max(flag, Flag.SUSPECT)


def _tolerated_ms(row: Station) -> int:
    """How old the newest reading of an honest message may be.

    A station that reports more rarely than it measures may send what is old by as much.
    """
    held_back = row.report_min if row.report_min > row.interval_min else 0
    return max(LARGEST_OFFSET_MS, row.lateness_min * MINUTE_MS) + held_back * MINUTE_MS
