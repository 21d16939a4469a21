"""One question about one place over all its slots: judged on from the newest slot, or anew from a slot that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from alerting.spell.course import CALM, State, step
from alerting.spell.spell import Spell
from hydro.instants import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alerting.spell.course import Demand, Look

__all__ = ["Track", "TrackState"]

_NEVER: Final = -(2**62)


class TrackState(msgspec.Struct, array_like=True):
    """What is saved of a track.

    Attributes:
        after: Ends of slots and how it stood after them, in time order; the last one is that before the newest slot.
        now: How it stands.
        spells: Those that have been resolved, in time order.
    """

    after: list[tuple[int, State]]
    now: State
    spells: list[Spell]


class Track:
    """See the module.

    Args:
        demand: What raises.
        state: What was saved; None = nothing has been found yet.

    While it rests, slots that are no evidence need not be shown; while it is stuck, those that are.
    """

    def __init__(self, demand: Demand, state: TrackState | None = None) -> None:
        self._demand = demand
        self._after = [] if state is None else state.after
        self._now = CALM if state is None else state.now
        self.resolved: list[Spell] = [] if state is None else state.spells

    @property
    def now(self) -> State:
        """How it stands."""
        return self._now

    @property
    def spells(self) -> list[Spell]:
        """All that were found, in time order; the last one may go on."""
        return self.resolved if self._now.firing is None else [*self.resolved, self._now.firing]

    def judge(self, first: int, looks: Callable[[int], Iterable[Look]]) -> bool:
        """Judge anew from a slot on; whether a spell has changed.

        Args:
            first: End of the first slot that changed.
            looks: Slots that end after an instant, in time order.
        """
        before = self.spells
        end, state = self._standing(first)
        self.resolved = [spell for spell in self.resolved if spell.resolved_at is not None and spell.resolved_at <= end]
        for look in looks(end):
            self._remember(end, state)
            state, spell = step(state, look, self._demand)
            end = look.end
            if spell is not None:
                self.resolved.append(spell)
        self._now = state
        return self.spells != before

    def _standing(self, first: int) -> tuple[int, State]:
        """How it stood before a slot, and after which slot."""
        if self._now.is_resting and first > self._now.last:
            return first - 1, self._now
        while self._after:
            end, state = self._after[-1]
            if end < first:
                return end, state
            self._after.pop()
        return first - 1, CALM

    def _remember(self, end: int, state: State) -> None:
        """Keep how it stood: before the newest slot, and once a day before that."""
        after = self._after
        if len(after) > 1 and after[-1][0] // DAY_MS == after[-2][0] // DAY_MS:
            after.pop()
        if after and after[-1][0] == end:
            after.pop()
        after.append((end, state))

    def forget_before(self, horizon: int, resolved: int) -> bool:
        """Let go of what led to how it stood at an instant, and of spells that were over at or before another.

        Returns:
            Whether anything is left.
        """
        while len(self._after) > 1 and self._after[1][0] <= horizon:
            self._after.pop(0)
        self.resolved = [each for each in self.resolved if each.resolved_at is None or each.resolved_at > resolved]
        return bool(self.resolved) or not self._now.is_resting or self._now.last > horizon

    def pack(self) -> TrackState:
        """All of it."""
        return TrackState(self._after, self._now, self.resolved)
