"""One target judged over periods: sums per period, verdict state after each, rewritten from where data changed."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

import msgspec

from alerting.eflow.episode import Evidence, Open, Resolved
from alerting.eflow.periodic import PeriodicFiring, PeriodicState, step_period
from alerting.eflow.verdict import TargetVerdicts
from hydro.fixed import divide_half_even
from hydro.instants import DAY_MS, HOUR_MS
from hydro.periods import Basis

if TYPE_CHECKING:
    from alerting.eflow.bands import BandTable
    from alerting.eflow.clock import StationClock
    from alerting.eflow.target import TargetPlan

__all__ = ["PeriodicTrack"]

_NEVER: Final = -(2**62)


class _Unjudged(msgspec.Struct, frozen=True, array_like=True, tag="unjudged"):
    """Stands for a state that isn't known, because the period is new or the state was let go of.

    It equals no state, so judging goes on over it; and judging begins before it.
    """


class _Firing(msgspec.Struct, frozen=True, array_like=True, tag="firing"):
    firing: PeriodicFiring


_State = _Unjudged | _Firing | None
_UNJUDGED: Final = _Unjudged()
_KEEP_STATES: Final = 48
_KEEP_EVERY: Final = 24
_PACK_STATES: Final = 3


class _Packed(msgspec.Struct, array_like=True):
    starts: list[int]
    sums: list[int]
    valids: list[int]
    states: list[_State]
    base: _Firing | None
    resolved: list[Resolved]
    pending: list[int]


class PeriodicTrack:
    """Hour and day targets.

    A period is judged once all its slots are valid or the watermark reaches its end. After a change the periods are
    judged again from the first changed one on, until the state is what it was before: then everything behind stands.

    Args:
        plan: The target.
        clock: Slots of its station.
        bands: Levels.
    """

    def __init__(self, plan: TargetPlan, clock: StationClock, bands: BandTable) -> None:
        self.plan = plan
        self._clock = clock
        self._bands = bands
        self._length = HOUR_MS if plan.basis is Basis.HOUR else DAY_MS
        self._shift = clock.shift - (0 if plan.basis is Basis.HOUR else plan.day_start_hour * HOUR_MS)
        self._starts = array("q")
        self._sums: list[int] = []
        self._valids = array("i")
        self._states: list[_State] = []
        self._base: _Firing | None = None
        self._resolved: list[Resolved] = []
        self._pending: set[int] = set()
        self._dirty: tuple[int, int] | None = None
        self._horizon = _NEVER
        self._thinned = 0

    def slot_changed(self, end: int, old: int | None, new: int | None) -> None:
        """A slot's value became another; None where it is not valid."""
        start = (end - 1 + self._shift) // self._length * self._length - self._shift
        if start + self._length <= self._horizon:
            return
        starts = self._starts
        place = len(starts) - 1
        if place < 0 or starts[place] != start:
            place = bisect_left(starts, start)
            if place == len(starts) or starts[place] != start:
                starts.insert(place, start)
                self._sums.insert(place, 0)
                self._valids.insert(place, 0)
                self._states.insert(place, _UNJUDGED)
        self._sums[place] += (new or 0) - (old or 0)
        self._valids[place] += (new is not None) - (old is not None)
        first, last = self._dirty or (start, start)
        self._dirty = (min(first, start), max(last, start))
        self._pending.add(start)

    def first_pending_end(self) -> int | None:
        """End of the earliest period that has data and waits for the watermark."""
        return min(self._pending) + self._length if self._pending else None

    def judge(self, watermark: int) -> TargetVerdicts | None:
        """Judge what has changed, or has become due by the watermark; None if no alert differs."""
        due = [start for start in self._pending if start + self._length <= watermark]
        if due:
            self._pending.difference_update(due)
        elif self._dirty is None or self._is_growing(*self._dirty, watermark):
            self._dirty = None
            return None
        touched = [*due, *(self._dirty or ())]
        self._dirty = None
        last = max(touched)
        place = bisect_left(self._starts, min(touched))
        while place and self._states[place - 1] is _UNJUDGED:
            place -= 1
        since = self._starts[place]
        state = self._states[place - 1] if place else self._base
        before = (self._resolved, self._alert())
        resolved = [one for one in self._resolved if one.resolved_at <= since]
        tail: list[Resolved] = []
        for number in range(place, len(self._starts)):
            start = self._starts[number]
            state, done = self._step(state, number, start, watermark)
            if done is not None:
                resolved.append(done)
            known = self._states[number]
            self._states[number] = state
            if start >= last and known == state:
                tail = [one for one in self._resolved if one.resolved_at > start + self._length]
                break
        self._resolved = resolved + tail
        self._thin(place)
        return None if before == (self._resolved, self._alert()) else self.verdicts(since)

    def _is_growing(self, first: int, last: int, watermark: int) -> bool:
        """Whether only the newest period changed, and it is not to be judged yet: the usual case, and a short one."""
        end = last + self._length
        if first != last or last != self._starts[-1] or end <= watermark:
            return False
        if self._valids[-1] >= self._clock.expected(last, end):
            return False
        before = self._states[-2] if len(self._states) > 1 else self._base
        if self._states[-1] is not before and self._states[-1] is not _UNJUDGED:
            return False
        self._states[-1] = before
        return True

    def _thin(self, changed: int) -> None:
        """Let go of most states of an open alert that lie far back: each carries all changes of the level before it."""
        upto = len(self._states) - _KEEP_STATES
        for number in range(min(self._thinned, changed), upto):
            if number % _KEEP_EVERY and self._states[number] is not None:
                self._states[number] = _UNJUDGED
        self._thinned = max(upto, 0)

    def _alert(self) -> Open | None:
        head = self._states[-1] if self._states else self._base
        return head.firing.alert if isinstance(head, _Firing) else None

    def _step(self, state: _State, number: int, start: int, watermark: int) -> tuple[_Firing | None, Resolved | None]:
        was = state if isinstance(state, _Firing) else None
        end, valid = start + self._length, self._valids[number]
        expected = self._clock.expected(start, end)
        if valid >= expected:
            self._pending.discard(start)
        elif end > watermark:
            self._pending.add(start)
            return was, None
        demand = self.plan.demand(start, end)
        if demand is None or not valid or valid * 100 < demand.row.min_valid_pct * expected:
            return was, None
        excuse = self.plan.excuse(start, end)
        if excuse.exempt or not excuse.applicable:
            return was, None
        value = divide_half_even(self._sums[number], valid)
        evidence = Evidence(start, end, value, demand.target, expected, valid)
        bare: PeriodicState = was.firing if was is not None else None
        after, done = step_period(bare, evidence, self._bands.at(end))
        if after is bare:
            return was, done
        return (_Firing(after) if after is not None else None), done

    def verdicts(self, since: int = _NEVER) -> TargetVerdicts:
        """Alerts that are open or were resolved after ``since``."""
        later = tuple(one for one in self._resolved if one.resolved_at > since)
        return TargetVerdicts(self.plan.target_id, since, later, self._alert())

    def forget_before(self, horizon: int) -> None:
        """Let go of periods that ended before ``horizon``; what they decided stands."""
        keep = bisect_left(self._starts, horizon - self._length)
        if keep == 0 or self._dirty is not None:
            return
        while self._states[keep - 1] is _UNJUDGED:
            keep -= 1
            if not keep:
                return
        state = self._states[keep - 1]
        self._base = state if isinstance(state, _Firing) else None
        self._thinned = max(self._thinned - keep, 0)
        del self._starts[:keep], self._sums[:keep], self._valids[:keep], self._states[:keep]
        first = self._starts[0] if self._starts else horizon
        self._pending = {start for start in self._pending if start >= first}
        self._resolved = [one for one in self._resolved if one.resolved_at > first]

    def pack(self) -> bytes:
        """State as bytes."""
        recent = len(self._states) - _PACK_STATES
        states = [
            state if state is None or number >= recent else _UNJUDGED for number, state in enumerate(self._states)
        ]
        return msgspec.msgpack.encode(
            _Packed(
                list(self._starts),
                self._sums,
                list(self._valids),
                states,
                self._base,
                self._resolved,
                sorted(self._pending),
            )
        )

    def begin_again(self, blob: bytes, horizon: int) -> None:
        """Take up only what was decided before ``horizon``; the rest is to be judged anew."""
        self._base = msgspec.msgpack.decode(blob, type=_Packed).base
        self._horizon = horizon

    def unpack(self, blob: bytes) -> None:
        """Take up the state that :meth:`pack` gave."""
        packed = msgspec.msgpack.decode(blob, type=_Packed)
        self._states = [_UNJUDGED if isinstance(state, _Unjudged) else state for state in packed.states]
        self._starts, self._sums, self._valids = array("q", packed.starts), packed.sums, array("i", packed.valids)
        self._base = packed.base
        self._resolved, self._pending = packed.resolved, set(packed.pending)
