"""One judge over all its places: which of them a batch bears on, and what was found of each."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import numpy as np

from alerting.takes.history import History, HistoryState
from alerting.takes.judge import Unit
from hydro.instants import DAY_MS, HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from alerting.takes.judge import Finding, Judge
    from alerting.takes.slots import Frame, SlotTable
    from alerting.takes.table import Tables

__all__ = ["Docket", "DocketState"]

_NEVER: Final = -(2**62)
_EVER: Final = 2**62
_LONGEST_MS: Final = 32 * DAY_MS
"""Of one table."""


class DocketState(msgspec.Struct, array_like=True):
    """What is saved of a place.

    Attributes:
        looked_until: End of the latest row that was judged.
        held: From and up to which row hours wait for the end of their time.
        spans: Rows that are to be judged at the end of a recorded stream.
        history: None where nothing was judged.
    """

    looked_until: int
    held: tuple[int, int]
    spans: list[tuple[int, int]]
    history: HistoryState | None


class Docket:
    """See the module.

    Args:
        judge: Whose.
        number_of: Of each metering point.
        tables: Samples as tables.
        shift: Zone in milliseconds.
        is_held: All that comes is held until it is let go of: a recorded stream is judged at its end.

    What bears on a place of a judge of hours is held until the time of its pace is over; what bears on others is judged
    at once.

    Attributes:
        judge: Whose.
    """

    def __init__(
        self, judge: Judge[Any], number_of: Mapping[str, int], tables: Tables, shift: int, *, is_held: bool
    ) -> None:
        self.judge = judge
        self._tables = tables
        self._shift = shift
        self._is_hourly = judge.unit is Unit.HOUR
        self._is_held = is_held
        places = len(judge.places)
        self._active = np.zeros(places, bool)
        self._looked_until = np.full(places, _NEVER, np.int64)
        self._numbers = tables.numbers(judge.places) if self._is_hourly else None
        self._held_since = np.full(places, _EVER, np.int64)
        self._held_until = np.full(places, _NEVER, np.int64)
        self._histories: dict[int, History] = {}
        self._bearing: dict[int, list[tuple[int, int]]] = {}
        self._place_of = np.full(len(number_of), -1, np.int64)
        self._others: dict[int, list[int]] = defaultdict(list)
        for place, row in enumerate(judge.places):
            for point in row.points:
                number = number_of[point]
                if self._place_of[number] < 0:
                    self._place_of[number] = place
                else:
                    self._others[number].append(place)

    def look(self, frame: Frame, behind: NDArray[np.bool_]) -> None:
        """Note what a frame bears on.

        Args:
            frame: Slots of points.
            behind: Rows of it in which something is not at hand.
        """
        if not len(self._active):
            return
        marked = self.judge.marks(frame) | behind
        place = self._place_of[frame.point]
        self._note(place, frame.end, marked)
        for number, others in self._others.items():
            rows = np.flatnonzero(frame.point == number)
            for other in others:
                self._note(np.full(len(rows), other), frame.end[rows], marked[rows])

    def _note(self, place: NDArray[np.int64], end: NDArray[np.int64], marked: NDArray[np.bool_]) -> None:
        bears = marked | self._active[place] | (end <= self._looked_until[place])
        rows = np.flatnonzero(bears & (place >= 0))
        if not len(rows):
            return
        if self._is_hourly:
            np.minimum.at(self._held_since, place[rows], end[rows])
            np.maximum.at(self._held_until, place[rows], end[rows])
            return
        rows = rows[np.argsort(place[rows], kind="stable")]
        place, end = place[rows], end[rows]
        firsts = np.flatnonzero(np.diff(place, prepend=-1))
        earliest, latest = np.minimum.reduceat(end, firsts), np.maximum.reduceat(end, firsts)
        for each, since, until in zip(place[firsts].tolist(), earliest.tolist(), latest.tolist(), strict=True):
            self._bear(each, since, until)

    def rewritten(self, point: int, end: int) -> None:
        """A slot of a point has changed otherwise."""
        place = int(self._place_of[point])
        if place >= 0:
            self._bear(place, end, end)
        for other in self._others.get(point, ()):
            self._bear(other, end, end)

    def _bear(self, place: int, since: int, until: int) -> None:
        if self._is_hourly and until < _EVER:
            self._held_since[place] = min(int(self._held_since[place]), since)
            self._held_until[place] = max(int(self._held_until[place]), until)
            return
        spans = self._bearing.setdefault(place, [])
        if spans and spans[-1][0] - DAY_MS <= since <= spans[-1][1] + DAY_MS:
            spans[-1] = min(spans[-1][0], since), max(spans[-1][1], until)
        else:
            spans.append((since, until))

    def doubt(self, place: int, since: int) -> None:
        """What slots of a place that end after an instant are held against has changed."""
        self._bear(place, since + 1, _EVER)

    def wake(self, most: int | None) -> None:
        """Judge hours of places whose time is over.

        Args:
            most: How many at most, so that midnight doesn't come for all at once; None = all, be it over or not.
        """
        held = np.flatnonzero(self._held_since < _EVER)
        if not len(held) or self._numbers is None:
            return
        if most is None:
            self._let_go(held)
            return
        due = -(-(self._held_since[held] + self._shift) // self.judge.pace_ms) * self.judge.pace_ms - self._shift
        if int(due.min()) <= self._tables.latest_watermark:
            held = held[due <= self._tables.watermarks(*self._numbers)[held]][:most]
            self._let_go(held)

    def _let_go(self, held: NDArray[np.intp]) -> None:
        for place in held.tolist():
            span = int(self._held_since[place]), int(self._held_until[place])
            self._bearing.setdefault(place, []).append(span)
        self._held_since[held], self._held_until[held] = _EVER, _NEVER

    def begin_again(self, place: int) -> None:
        """All samples of a place are to be judged anew, since what the register says of it has changed."""
        self._histories.pop(place, None)
        self._bearing[place] = [(_NEVER + 1, _EVER)]

    def judged(self) -> Iterator[int]:
        """Judge what was noted; places of which findings have changed."""
        bearing, self._bearing = self._bearing, {}
        for place in sorted(bearing):
            row = self.judge.places[place]
            history = self._histories.get(place)
            before = () if history is None else history.findings
            if history is None:
                history = self._histories[place] = History(self.judge, row, self._shift)
            length = HOUR_MS if self._is_hourly else row.slot_ms
            done = _NEVER
            for since, until in sorted(bearing[place]):
                first, last = self._end(since, length), self._end(until, length)
                if last > done:
                    done = history.run(max(first, done + 1), last, _PlaceRows(self, place))
            self._keep(place, history)
            if history.findings != before:
                yield place

    def _end(self, at: int, length: int) -> int:
        if not _NEVER + 1 < at < _EVER:
            return at
        return -(-(at + self._shift) // length) * length - self._shift

    @property
    def cut_at_midnight(self) -> bool:
        """Whether rows may be judged again, so that it pays to remember how it stood."""
        return not self._is_held

    def tables(self, place: int, after: int, until: int) -> Iterator[SlotTable]:
        """Rows of a place that end after an instant, in stretches that become longer; the first up to another one."""
        row, look_back = self.judge.places[place], self.judge.look_back_ms
        newest = self._end(self._tables.newest(row), HOUR_MS) if self._is_hourly else self._tables.newest(row)
        stretch = DAY_MS
        if after == _NEVER:
            after = self._tables.oldest(row)
        while after < newest:
            last = max(after + stretch, min(until, after + _LONGEST_MS))
            last = min(newest, self._end(last, HOUR_MS if self._is_hourly else row.slot_ms))  # no row in two of them
            if not self._is_hourly:
                yield self._tables.slots(row, after, last, look_back)
            else:
                table, waiting = self._tables.hours(row, after, last, look_back)
                if waiting is not None:
                    self._bear(place, waiting, waiting)
                yield table
            after, stretch = last, min(2 * stretch, _LONGEST_MS)

    def _keep(self, place: int, history: History) -> None:
        self._active[place] = not history.is_resting
        self._looked_until[place] = max(int(self._looked_until[place]), history.last)

    def findings(self, place: int) -> tuple[Finding, ...]:
        """All of a place, in time order."""
        history = self._histories.get(place)
        return () if history is None else history.findings

    def forget_before(self, place: int, horizon: int, resolved: int) -> None:
        """Let go of what led to how a place stood at an instant, and of findings that were over by another."""
        history = self._histories.get(place)
        if history is not None and not history.forget_before(horizon, resolved):
            del self._histories[place]

    def pack(self, place: int) -> DocketState:
        """What is to be saved of a place."""
        history = self._histories.get(place)
        held = int(self._held_since[place]), int(self._held_until[place])
        spans = self._bearing.get(place, [])
        return DocketState(int(self._looked_until[place]), held, spans, None if history is None else history.pack())

    def unpack(self, place: int, state: DocketState) -> None:
        """Take up what :meth:`pack` gave."""
        self._looked_until[place] = state.looked_until
        self._held_since[place], self._held_until[place] = state.held
        if state.spans:
            self._bearing[place] = state.spans
        if state.history is not None:
            history = History(self.judge, self.judge.places[place], self._shift, state.history)
            self._histories[place] = history
            self._keep(place, history)


class _PlaceRows(NamedTuple):
    """Rows of one place."""

    docket: Docket
    place: int

    @property
    def cut_at_midnight(self) -> bool:
        """See :class:`alerting.takes.history.Rows`."""
        return self.docket.cut_at_midnight

    def tables(self, after: int, until: int) -> Iterator[SlotTable]:
        """See :class:`alerting.takes.history.Rows`."""
        return self.docket.tables(self.place, after, until)
