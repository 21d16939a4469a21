"""How evidence adds up over slots, and goes: the one state machine of all that is judged by single slots. Pure.

::

    slot        . x x x x . . . x . . . . . . . . .
    in a row      1 2 3 raised                       with 4 needed; onset at the start of the first
    clean                   1 2 3 0 1 2 3 4 5 ...    resolved when enough of them are clean: 24 h, or as told
    gap         more than 60 min without a slot begins both anew

Source: docs/alert-classes.md, device_fault, flow_stopped and "Common".
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from alerting.spell.spell import Spell
from hydro.instants import DAY_MS, HOUR_MS

__all__ = ["CALM", "Demand", "Look", "State", "hold", "step"]

_PERCENT: Final = 100
_DAY: Final = 24 * 60


class Look(NamedTuple):
    """What a slot says on one question; slots that say nothing are left out.

    Attributes:
        start: Of the slot, epoch milliseconds.
        end: Of the slot.
        is_bad: It is evidence.
        bits: Whether each of its reports is evidence, in order; empty where reports don't matter.
        is_zero: Everything in it that says so says exactly zero.
        is_between: It is no evidence, but not clean either: it begins both anew.
        reason: Of a spell that it completes, where slots differ in that.
        since: Begin of its evidence where that is earlier than the slot; None = its start.
    """

    start: int
    end: int
    is_bad: bool
    bits: tuple[bool, ...] = ()
    is_zero: bool = False
    is_between: bool = False
    reason: str | None = None
    since: int | None = None

    @property
    def length(self) -> int:
        """Milliseconds."""
        return self.end - self.start


class Demand(msgspec.Struct, frozen=True):
    """How much evidence raises.

    Attributes:
        reason: Of the spells, where the slot doesn't say another.
        minutes: So much in a row; None where that is not what counts.
        least: At least so many slots in a row.
        day_share_pct: Such a share of the slots of 24 h instead; 0 = not this.
        reports: So many reports in a row instead, however far apart; 0 = not this.
        all_zero: Reason where all that was bad was exactly zero; None = the same.
        clean: So many minutes of clean slots in a row resolve.
    """

    reason: str
    minutes: int = 0
    least: int = 1
    day_share_pct: int = 0
    reports: int = 0
    all_zero: str | None = None
    clean: int = _DAY


class State(msgspec.Struct, frozen=True, array_like=True):
    """Where it stands after a slot.

    Attributes:
        last: End of the latest slot that said anything.
        count: Bad slots, or reports, in a row.
        first: Start of the slot of the first of them.
        zero: All of them were exactly zero.
        recent: Ends of the bad slots of the last 24 h, where their share counts.
        clean: Clean slots in a row since it was raised.
        firing: None while nothing is.
    """

    last: int = -(2**62)
    count: int = 0
    first: int = 0
    zero: bool = False
    recent: tuple[int, ...] = ()
    clean: int = 0
    firing: Spell | None = None

    @property
    def is_resting(self) -> bool:
        """Whether a slot that is no evidence changes nothing: it need not be shown."""
        return self.firing is None and not self.count

    @property
    def is_stuck(self) -> bool:
        """Whether a slot that is evidence changes nothing: it has been raised, and is as bad as can be."""
        return self.firing is not None and not self.clean


CALM: Final = State()


def hold(minutes: int, length: int) -> int:
    """How many slots make so many minutes, at least one.

    >>> hold(60, 1_200_000), hold(60, 14_400_000)
    (3, 1)
    """
    return max(1, minutes * 60_000 // length)


def step(state: State, look: Look, demand: Demand) -> tuple[State, Spell | None]:
    """The state after one more slot, and the spell that it resolves.

    Args:
        state: Before it.
        look: A slot later than all before.
        demand: What raises.
    """
    has_gap = look.start - state.last > HOUR_MS
    firing, clean = state.firing, 0
    if firing is not None and not look.is_bad and not look.is_between:
        clean = (0 if has_gap else state.clean) + 1
    count, first, zero = _row(state, look, demand, begins_anew=has_gap)
    recent = _recent(state, look) if demand.day_share_pct else ()
    if firing is not None and clean >= hold(demand.clean, look.length):
        return State(look.end), Spell(firing.reason, firing.onset, firing.raised_at, look.end)
    if firing is None and look.is_bad:
        if demand.day_share_pct:
            raised = len(recent) * _PERCENT >= demand.day_share_pct * (DAY_MS // look.length)
            onset = recent[0] - look.length
        else:
            needed = demand.reports or max(demand.least, hold(demand.minutes, look.length))
            raised, onset = count >= needed, first
        if raised:
            reason = demand.all_zero if zero and demand.all_zero is not None else look.reason or demand.reason
            firing = Spell(reason, onset, look.end)
    return State(look.end, count, first, zero, recent, clean, firing), None


def _row(state: State, look: Look, demand: Demand, *, begins_anew: bool) -> tuple[int, int, bool]:
    """Bad slots, or reports, in a row: how many, the start of the first, and whether all were zero."""
    if demand.day_share_pct:
        return 0, 0, False
    if demand.reports:
        count, first = state.count, state.first
        for bit in look.bits:
            if bit:
                first = first if count else look.start
                count = min(count + 1, demand.reports)
            elif count < demand.reports or state.firing is not None:
                count = 0
        return count, first, False
    if not look.is_bad:
        return 0, 0, False
    if begins_anew or not state.count:
        return 1, look.start if look.since is None else look.since, look.is_zero
    return state.count + 1, state.first, state.zero and look.is_zero


def _recent(state: State, look: Look) -> tuple[int, ...]:
    kept = tuple(end for end in state.recent if end > look.end - DAY_MS)
    return (*kept, look.end) if look.is_bad else kept
