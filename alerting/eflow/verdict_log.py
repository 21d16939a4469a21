"""What the slots or periods of one target led to: its alerts, and states on the way to begin judging again from.

Most targets have none of it: while nothing is open and nothing was, the state after any period is None.

::

    marks       F---F---F-------F---F---F---N       h--h--N      F = firing, N = over, h = a hold of low slots
    state  None | as marked; between: judged again | None |      from the mark before

The newest marks are all kept. Of the older ones those of holds that came to nothing are left out, and so are most of an
alert that is open for long: each carries all changes of the level before it.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from alerting.eflow.episode import Open, Resolved
from alerting.eflow.instant import InstantFiring, InstantHold
from alerting.eflow.periodic import PeriodicFiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["LogKind", "State", "Step", "VerdictLog"]

_NEVER: Final = -(2**62)
_RECENT_PACKED: Final = 3

State = PeriodicFiring | InstantFiring | InstantHold | None
"""State after a slot or period; None while nothing is open."""


class LogKind(NamedTuple):
    """What differs between slots and periods.

    Attributes:
        recent: How many marks are all kept.
        every: Older ones are kept where their number is a multiple of it.
        reach: A hold that is given up lies within so many numbers.
    """

    recent: int
    every: int
    reach: int


class Step(NamedTuple):
    """One slot or period: its number, and what it makes of the state before it."""

    number: int
    judge: Callable[[State], tuple[State, Resolved | None]]


class _Mark(msgspec.Struct, frozen=True, array_like=True):
    """State after a slot or period."""

    number: int
    state: PeriodicFiring | InstantFiring | InstantHold | None


class _Packed(msgspec.Struct, array_like=True):
    marks: list[_Mark]
    resolved: list[Resolved]
    left_out: int


class VerdictLog:
    """Alerts of one target. Its slots and periods have numbers that count up.

    Attributes:
        resolved: By time of resolving.
    """

    __slots__ = ("_kind", "_left_out", "_marks", "resolved")

    def __init__(self, kind: LogKind) -> None:
        self._kind = kind
        self._marks: list[_Mark] = []
        self._left_out = _NEVER
        self.resolved: list[Resolved] = []

    @property
    def state(self) -> State:
        """After the latest slot or period."""
        return self._marks[-1].state if self._marks else None

    @property
    def open(self) -> Open | None:
        """The firing alert."""
        state = self.state
        return None if state is None or isinstance(state, InstantHold) else state.alert

    @property
    def decided(self) -> int:
        """Number of the last mark: what changes up to there is to be judged again, whatever it is."""
        return self._marks[-1].number if self._marks else _NEVER

    def restart(self, first: int) -> int:
        """From which number on judging must begin again if ``first`` changes."""
        place = bisect_left(self._marks, first, key=lambda mark: mark.number)
        before = self._marks[place - 1] if place else None
        if before is not None and before.state is not None:
            return before.number + 1
        if self._left_out == _NEVER or (before is not None and before.number > self._left_out):
            return first
        # There may have been a hold before it of which no mark is left.
        begin = first - self._kind.reach
        return begin if before is None else max(begin, before.number + 1)

    def rewrite(self, first: int, last: int, steps: Iterable[Step], since: int, end_of: Callable[[int], int]) -> bool:
        """Judge again until the state is what it was: then everything behind stands.

        Args:
            first: Where judging begins, as :meth:`restart` gave it.
            last: The last slot or period that changed.
            steps: Those with data, in order, from the first on.
            since: Start of the first; what was resolved up to there stands.
            end_of: End of one.

        Returns:
            Whether any alert differs.
        """
        before = (self.resolved, self.open)
        place = bisect_left(self._marks, first, key=lambda mark: mark.number)
        kept, old = self._marks[:place], self._marks[place:]
        marks: list[_Mark] = []
        state = kept[-1].state if kept else None
        resolved = [one for one in self.resolved if one.resolved_at <= since]
        for number, judge in steps:
            was = state
            state, done = judge(was)
            if done is not None:
                resolved.append(done)
            if state is not None or was is not None:
                marks.append(_Mark(number, state))
            if number > last and _was_so(kept, old, number, state):
                end = end_of(number)
                resolved += [one for one in self.resolved if one.resolved_at > end]
                marks += [mark for mark in old if mark.number > number]
                break
        self._marks = self._thinned(kept + marks)
        self.resolved = resolved
        return before != (self.resolved, self.open)

    def forget_before(self, number: int, start: int, steps: Callable[[int], Iterable[Step]]) -> None:
        """Let go of what lies before a slot or period; what was decided there stands.

        Args:
            number: Of it.
            start: Its start.
            steps: Those with data from a number on.
        """
        place = bisect_left(self._marks, number, key=lambda mark: mark.number)
        if place:
            mark = self._marks[place - 1]
            state = mark.state
            if state is not None:
                for step in steps(mark.number + 1):
                    if step.number >= number:
                        break
                    state, _ = step.judge(state)
            self._marks = ([] if state is None else [_Mark(number - 1, state)]) + self._marks[place:]
        if self._left_out < number:
            self._left_out = _NEVER
        self.resolved = [one for one in self.resolved if one.resolved_at > start]

    def keep_before(self, number: int) -> None:
        """Keep only the state before a slot or period; the rest is to be judged anew."""
        self._marks = [mark for mark in self._marks if mark.number < number and mark.state is not None][-1:]
        self.resolved = []

    def _thinned(self, marks: list[_Mark]) -> list[_Mark]:
        first_recent = len(marks) - self._kind.recent
        if first_recent <= 0:
            return marks
        kept = []
        for place, mark in enumerate(marks):
            if place >= first_recent or _ends(marks, place) or _begins(marks, place):
                kept.append(mark)
            elif isinstance(mark.state, InstantHold):
                self._left_out = max(self._left_out, mark.number)
            elif mark.state is not None and mark.number % self._kind.every == 0:
                kept.append(mark)
        return kept

    def pack(self) -> bytes:
        """As bytes."""
        marks = self._marks
        first_recent = len(marks) - _RECENT_PACKED
        kept = [
            mark
            for place, mark in enumerate(marks)
            if place >= first_recent or _ends(marks, place) or _begins(marks, place)
        ]
        gone = [mark.number for mark in marks[: max(first_recent, 0)] if isinstance(mark.state, InstantHold)]
        return msgspec.msgpack.encode(_Packed(kept, self.resolved, max(self._left_out, *gone, _NEVER)))

    @classmethod
    def unpack(cls, blob: bytes, kind: LogKind) -> VerdictLog:
        """What :meth:`pack` gave."""
        packed = msgspec.msgpack.decode(blob, type=_Packed)
        log = cls(kind)
        log._marks, log.resolved, log._left_out = packed.marks, packed.resolved, packed.left_out
        return log


def _is_firing(state: State) -> bool:
    return state is not None and not isinstance(state, InstantHold)


def _begins(marks: list[_Mark], place: int) -> bool:
    """Whether a mark is the first of an alert: what lies before is another state."""
    return _is_firing(marks[place].state) and (place == 0 or not _is_firing(marks[place - 1].state))


def _ends(marks: list[_Mark], place: int) -> bool:
    """Whether a mark is the end of an alert."""
    return marks[place].state is None and place > 0 and _is_firing(marks[place - 1].state)


def _was_so(kept: list[_Mark], old: list[_Mark], number: int, state: State) -> bool:
    """Whether the state after an unchanged slot or period was this one before; False also where that isn't known.

    Without an alert that was firing, a state of None says that this slot met its target, and so it did before.
    """
    place = bisect_left(old, number + 1, key=lambda mark: mark.number)
    mark = old[place - 1] if place else kept[-1] if kept else None
    if state is None:
        return mark is None or not _is_firing(mark.state)
    return mark is not None and mark.number == number and mark.state == state
