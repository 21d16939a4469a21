r"""Where the samples of judged series are: the newest in arrays, the rest packed, some unpacked because they change.

::

    shelf: packed pieces by first event time | unshelved: packed since the last save | tail: the newest, in arrays
                      \\______________ a day that something late came to: a block ______________/

A reading that is newer than all others of its series, the usual one, goes to the tail. What overflows it is packed. A
late one opens the block of its day, which then holds all samples of that day but those that reach the tail afterwards.
What is packed or changed reaches the shelf together with the state of its series, and not before; unless there is no
state to be ahead of (a backtest).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alerting.slots.samples import Block, SampleCodec, Samples
from hydro.instants import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alerting.engine import Shelf

__all__ = ["SampleStore"]

_NEVER: Final = -(2**62)
_MOST_OPEN: Final = 4_000
_WIDTH: Final = 25


class _Piece(NamedTuple):
    """Packed samples that follow one another; never over midnight."""

    number: int
    blob: bytes


class SampleStore:
    """Samples of all watched series.

    Args:
        names: Of the series, on the shelf.
        room: How many samples of a series the tail holds.
        shift: Zone in milliseconds.
        shelf: For what is packed.
        at_once: Put on the shelf at once what is packed; right where no state is kept that it must agree with.
    """

    def __init__(self, names: Sequence[str], room: int, shift: int, shelf: Shelf, *, at_once: bool) -> None:
        size = len(names)
        self.room = room
        self.at_once = at_once
        self._names = names
        self._shift = shift
        self._shelf = shelf
        self._codec = SampleCodec()
        self.count: NDArray[np.int64] = np.zeros(size, np.int64)
        # The first samples of all series, then the second ones: what comes together lies together.
        self._event_time = np.empty(size * room, np.int64)
        self._value = np.empty(size * room, np.int64)
        self._delay = np.empty(size * room, np.int32)
        self._mark = np.empty(size * room, np.uint8)
        self._unshelved: dict[int, list[_Piece]] = {}
        self._open: dict[int, dict[int, Block]] = {}
        self._last_day = np.full(size, -(2**30), np.int32)

    def day(self, event_time: int) -> int:
        """Number of the local day (00:00, 24:00] that holds an instant."""
        return (event_time - 1 + self._shift) // DAY_MS

    def day_of(self, event_time: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same of a column."""
        return (event_time - 1 + self._shift) // DAY_MS

    def day_end(self, day: int) -> int:
        """24:00 of a local day."""
        return (day + 1) * DAY_MS - self._shift

    def append(
        self,
        series: NDArray[np.int64],
        rank: NDArray[np.int64],
        event_time: NDArray[np.int64],
        value: NDArray[np.int64],
        delay: NDArray[np.int64],
        mark: NDArray[np.uint8],
    ) -> None:
        """Add samples that are newer than all of their series, for which there is room.

        Args:
            series: Their series, sorted; then by event time.
            rank: Their place among the new ones of their series, from 0.
            event_time: Epoch milliseconds.
            value: Millionths.
            delay: received_at − event time, milliseconds; fits into 31 bits.
            mark: See :func:`alerting.slots.samples.marks_of`.
        """
        place = (self.count[series] + rank) * len(self.count) + series
        self._event_time[place] = event_time
        self._value[place] = value
        self._delay[place] = delay
        self._mark[place] = mark

    def make_room(self, series: Sequence[int]) -> None:
        """Pack the tails of some series."""
        for each in series:
            self._spill(each)

    def _tail(self, series: int) -> Samples:
        size = len(self.count)
        rows = slice(series, series + int(self.count[series]) * size, size)
        event_time = self._event_time[rows].copy()
        return Samples(event_time, self._value[rows].copy(), event_time + self._delay[rows], self._mark[rows].copy())

    def _spill(self, series: int) -> None:
        tail = self._tail(series)
        self.count[series] = 0
        while len(tail):
            day = self.day(int(tail.event_time[0]))
            end = self.day_end(day)
            here = tail.between(_NEVER, end)
            block = self._open.get(series, {}).get(day)
            if block is not None:
                block.append(here)
            else:
                self._keep(series, _Piece(int(here.event_time[0]), self._codec.pack(here)))
            tail = tail.between(end, -_NEVER)

    def _keep(self, series: int, piece: _Piece) -> None:
        if self.at_once:
            self._shelf.put(self._names[series], piece.number, piece.blob)
        else:
            self._unshelved.setdefault(series, []).append(piece)

    def _pieces(self, series: int, day: int) -> list[int]:
        """Numbers of the pieces of a day on the shelf."""
        start, end = self.day_end(day - 1), self.day_end(day)
        return [number for number in self._shelf.numbers(self._names[series]) if start < number <= end]

    def days(self, series: int) -> list[int]:
        """Days of which there are samples, ascending."""
        found = {self.day(number) for number in self._shelf.numbers(self._names[series])}
        found.update(self.day(piece.number) for piece in self._unshelved.get(series, ()))
        found.update(self._open.get(series, ()))
        found.update(np.unique((self._tail(series).event_time - 1 + self._shift) // DAY_MS).tolist())
        return sorted(found)

    def samples(self, series: int, day: int) -> Samples:
        """All samples of a day."""
        block = self._open.get(series, {}).get(day)
        parts = [self._packed(series, day) if block is None else block.samples()]
        parts.append(self._tail(series).between(self.day_end(day - 1), self.day_end(day)))
        return Samples.joined([part for part in parts if len(part)])

    def _packed(self, series: int, day: int) -> Samples:
        name = self._names[series]
        start, end = self.day_end(day - 1), self.day_end(day)
        found = {number: self._shelf.take(name, number) for number in self._pieces(series, day)}
        mine = self._unshelved.get(series, ())
        found.update((piece.number, piece.blob) for piece in mine if start < piece.number <= end)
        return Samples.joined([self._codec.unpack(blob) for _, blob in sorted(found.items()) if blob is not None])

    def block(self, series: int, day: int) -> Block:
        """All samples of a day, to be changed; what is in it by now leaves the tail."""
        if self.count[series]:
            self._spill(series)
        blocks = self._open.setdefault(series, {})
        block = blocks.get(day)
        if block is None:
            block = blocks[day] = Block(self._packed(series, day))
            if self.at_once and len(self._open) > _MOST_OPEN:
                self.put_down([each for each in self._open if each != series])
        return block

    def put_down(self, series: Sequence[int]) -> None:
        """Put on the shelf what was packed or changed of some series; it is kept until :meth:`let_go`."""
        for each in series:
            name = self._names[each]
            changed = {day: block for day, block in self._open.get(each, {}).items() if block.dirty}
            for piece in self._unshelved.get(each, ()):
                day = self.day(piece.number)
                if day not in changed:
                    self._shelf.put(name, piece.number, piece.blob)
                    if day > self._last_day[each]:
                        self._join(each, int(self._last_day[each]))
                        self._last_day[each] = day
            for day, block in changed.items():
                self._replace(each, day, block.samples())
            if self.at_once:
                self.let_go([each])

    def _join(self, series: int, day: int) -> None:
        """Make one piece of a day that is over."""
        if len(self._pieces(series, day)) > 1:
            self._replace(series, day, self._packed(series, day))

    def _replace(self, series: int, day: int, samples: Samples) -> None:
        name = self._names[series]
        for number in self._pieces(series, day):
            self._shelf.drop(name, number)
        self._shelf.put(name, int(samples.event_time[0]), self._codec.pack(samples))

    def let_go(self, series: Sequence[int]) -> None:
        """What :meth:`put_down` put on the shelf is safe."""
        for each in series:
            self._unshelved.pop(each, None)
            self._open.pop(each, None)

    def forget(self, series: int, first_day: int) -> None:
        """Let go of the days before one; the shelf is told by somebody else."""
        blocks = self._open.get(series)
        if blocks is not None:
            self._open[series] = {day: block for day, block in blocks.items() if day >= first_day}
        pieces = self._unshelved.get(series)
        if pieces is not None:
            self._unshelved[series] = [piece for piece in pieces if self.day(piece.number) >= first_day]
        tail = self._tail(series)
        kept = tail.between(self.day_end(first_day - 1), -_NEVER)
        if len(kept) < len(tail):
            self.restore_tail(series, kept)

    def tail(self, series: int) -> bytes:
        """The tail as bytes, empty without samples; it is saved often and changes, so it is not compressed."""
        return b"".join(column.tobytes() for column in self._tail(series))

    def take_up(self, series: int, blob: bytes) -> None:
        """Take up what :meth:`tail` gave."""
        if blob:
            size = len(blob) // _WIDTH
            numbers = np.frombuffer(blob, np.int64, 3 * size)
            mark = np.frombuffer(blob, np.uint8, size, 24 * size)
            self.restore_tail(series, Samples(numbers[:size], numbers[size : 2 * size], numbers[2 * size :], mark))

    def restore_tail(self, series: int, samples: Samples) -> None:
        """Make these samples the tail."""
        self.count[series] = 0
        rank = np.arange(len(samples))
        if len(samples) > self.room:  # saved by a process with more room
            first = samples.between(_NEVER, int(samples.event_time[-self.room - 1]))
            self._keep_by_day(series, first)
            samples = samples.between(int(first.event_time[-1]), -_NEVER)
            rank = rank[: len(samples)]
        which = np.full(len(samples), series, np.int64)
        delay = samples.received_at - samples.event_time
        self.append(which, rank, samples.event_time, samples.value, delay, samples.mark)
        self.count[series] = len(samples)

    def _keep_by_day(self, series: int, samples: Samples) -> None:
        while len(samples):
            end = self.day_end(self.day(int(samples.event_time[0])))
            here = samples.between(_NEVER, end)
            self._keep(series, _Piece(int(here.event_time[0]), self._codec.pack(here)))
            samples = samples.between(end, -_NEVER)
