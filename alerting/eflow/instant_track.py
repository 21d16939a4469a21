"""One instant target: the verdict state after the latest slot, with marks on the way to begin again from."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

import msgspec

from alerting.eflow.episode import Open, Resolved
from alerting.eflow.instant import InstantFiring, InstantState, UsedSlot, step_slot
from alerting.eflow.verdict import TargetVerdicts
from hydro.instants import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alerting.eflow.bands import BandTable
    from alerting.eflow.clock import StationClock
    from alerting.eflow.samples import SlotValue
    from alerting.eflow.target import TargetPlan

__all__ = ["InstantTrack"]

_NEVER: Final = -(2**62)
_MARK_EVERY: Final = HOUR_MS
_KEEP_MARKS: Final = 48
_PACK_MARKS: Final = 2
_KEEP_EVERY: Final = 24


class _Mark(msgspec.Struct, frozen=True, array_like=True):
    """State after all slots ending at or before ``end``."""

    end: int
    state: InstantState


class _Packed(msgspec.Struct, array_like=True):
    marks: list[_Mark]
    head: _Mark
    resolved: list[Resolved]


class InstantTrack:
    """Instant targets. A hold is judged as soon as its slots are there; a late slot rewrites from the mark before it.

    Args:
        plan: The target.
        clock: Slots of its station.
        bands: Levels.
    """

    def __init__(self, plan: TargetPlan, clock: StationClock, bands: BandTable) -> None:
        self.plan = plan
        self._clock = clock
        self._bands = bands
        self._marks: list[_Mark] = [_Mark(_NEVER, None)]
        self._head = _Mark(_NEVER, None)
        self._resolved: list[Resolved] = []
        self._dirty: tuple[int, int] | None = None
        self._thin_at = 2 * _KEEP_MARKS

    def slot_changed(self, end: int, old: int | None, new: int | None) -> None:  # the tracks' common face  # noqa: ARG002  # an interface that others fill in
        """A slot's value became another; None where it is not valid."""
        if end <= self._marks[0].end:
            return
        first, last = self._dirty or (end, end)
        self._dirty = (min(first, end), max(last, end))

    def judge(self, slots_after: Callable[[int], Iterator[SlotValue]]) -> TargetVerdicts | None:
        """Judge what has changed; None if no alert differs.

        Args:
            slots_after: Gives the series' slots that end after an instant, in order; the samples of an old period are
                thereby an input.
        """
        if self._dirty is None:
            return None
        first, last = self._dirty
        self._dirty = None
        before = (self._resolved, self._alert())
        old: list[_Mark] = []
        if first > self._head.end:
            end, state = self._head.end, self._head.state
        else:
            place = bisect_left(self._marks, first, key=lambda mark: mark.end) - 1
            old = self._marks[place + 1 :]
            del self._marks[place + 1 :]
            end, state = self._marks[place].end, self._marks[place].state
        since = end
        resolved = [one for one in self._resolved if one.resolved_at <= since]
        old.reverse()
        for slot in slots_after(since):
            while old and old[-1].end < slot.end:
                mark = old.pop()
                if mark.end >= last and mark.state == state:
                    self._marks.extend((mark, *reversed(old)))
                    self._resolved = resolved + [one for one in self._resolved if one.resolved_at > mark.end]
                    return self._changed(before, since)
            state, done = self._step(state, slot)
            end = slot.end
            if done is not None:
                resolved.append(done)
            if end - self._marks[-1].end >= _MARK_EVERY:
                self._marks.append(_Mark(end, state))
        self._head = _Mark(end, state)
        self._resolved = resolved
        if len(self._marks) >= self._thin_at:
            self._marks = _thinned(self._marks, _KEEP_MARKS)
            self._thin_at = len(self._marks) + _KEEP_MARKS
        return self._changed(before, since)

    def _changed(self, before: tuple[list[Resolved], Open | None], since: int) -> TargetVerdicts | None:
        return None if before == (self._resolved, self._alert()) else self.verdicts(since)

    def _alert(self) -> Open | None:
        state = self._head.state
        return state.alert if isinstance(state, InstantFiring) else None

    def _step(self, state: InstantState, slot: SlotValue) -> tuple[InstantState, Resolved | None]:
        if slot.value is None:
            return state, None
        row = self.plan.at(slot.end)
        if row is None:
            return state, None
        interval = self._clock.interval_min(slot.end)
        start = slot.end - interval * MINUTE_MS
        excuse = self.plan.excuse(start, slot.end)
        if excuse.exempt or not excuse.applicable:
            return state, None
        return step_slot(state, UsedSlot(start, slot.end, slot.value, row.value), interval, self._bands.at(slot.end))

    def verdicts(self, since: int = _NEVER) -> TargetVerdicts:
        """Alerts that are open or were resolved after ``since``."""
        later = tuple(one for one in self._resolved if one.resolved_at > since)
        return TargetVerdicts(self.plan.target_id, since, later, self._alert())

    def forget_before(self, horizon: int) -> None:
        """Let go of marks before ``horizon``; what was decided there stands."""
        keep = bisect_left(self._marks, horizon, key=lambda mark: mark.end) - 1
        if keep > 0 and self._dirty is None:
            del self._marks[:keep]
            first = self._marks[0].end
            self._resolved = [one for one in self._resolved if one.resolved_at > first]

    def pack(self) -> bytes:
        """State as bytes."""
        return msgspec.msgpack.encode(_Packed(_thinned(self._marks, _PACK_MARKS), self._head, self._resolved))

    def begin_again(self, blob: bytes, horizon: int) -> None:
        """Take up only what was decided before ``horizon``; the rest is to be judged anew."""
        first = msgspec.msgpack.decode(blob, type=_Packed).marks[0]
        if first.end <= horizon:
            self._marks = [first]
            self._head = first

    def unpack(self, blob: bytes) -> None:
        """Take up the state that :meth:`pack` gave."""
        packed = msgspec.msgpack.decode(blob, type=_Packed)
        self._marks, self._head, self._resolved = packed.marks, packed.head, packed.resolved


def _thinned(marks: list[_Mark], recent: int) -> list[_Mark]:
    """Most marks of an open alert that lie far back are left out: each carries all changes of the level before it."""
    first_recent = len(marks) - recent
    return [
        mark
        for number, mark in enumerate(marks)
        if mark.state is None or number == 0 or number >= first_recent or number % _KEEP_EVERY == 0
    ]
