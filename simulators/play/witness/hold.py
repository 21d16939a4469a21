"""Conditions that must hold for a while before they count, for many subjects at once.

::

    slot        . x x x . x x x x x x x x x x x x o o x o o o o …      x low, o good, . neither
                  └ not long enough  │onset     │raised     │… resolved once it was good for long enough
    unknown     freezes the hold: such a slot is not there
    gap > 60 min between used slots restarts it

Source: docs/alert-classes.md, "Common".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.instants import HOUR_MS

if TYPE_CHECKING:
    from simulators.basin.step import Integers, Marks

__all__ = ["Hold", "Turned", "step_hold"]

_GAP_MS: Final = HOUR_MS
_NEVER: Final = -(2**62)


@dataclass(frozen=True, slots=True)
class Hold:
    """Where the subjects stand.

    Attributes:
        firing: Whether it has counted and has not ended.
        onset: Start of the first low slot.
        low: Low slots in a row, while it is not firing.
        good: Good slots in a row, while it is.
        last_end: End of the latest used slot.
    """

    firing: Marks
    onset: Integers
    low: Integers
    good: Integers
    last_end: Integers

    @classmethod
    def none(cls, subjects: int) -> Hold:
        """Nothing has happened yet."""
        zeros = np.zeros(subjects, np.int64)
        return cls(np.zeros(subjects, np.bool_), zeros, zeros, zeros, np.full(subjects, _NEVER, np.int64))


class Turned(NamedTuple):
    """What a slot did.

    Attributes:
        hold: After it.
        raised: Where it completed a hold.
        resolved: Where it ended one.
        restarted: Where it came after a gap, so that nothing before it counts.
    """

    hold: Hold
    raised: Marks
    resolved: Marks
    restarted: Marks


def step_hold(
    hold: Hold, start: int, end: int, used: Marks, low: Marks, good: Marks, *, needed: int, enough: int
) -> Turned:
    """One slot.

    Args:
        hold: After the slots before.
        start: Of the slot, epoch milliseconds.
        end: Of the slot.
        used: Whose slot counts.
        low: Where the condition is true.
        good: Where what ends it is true.
        needed: Low slots in a row that make it count.
        enough: Good slots in a row that end it.
    """
    restarted = used & (start - hold.last_end > _GAP_MS)
    was_low = np.where(restarted, 0, hold.low)
    was_good = np.where(restarted, 0, hold.good)
    waiting, running = used & ~hold.firing, used & hold.firing
    onset = np.where(waiting & low & (was_low == 0), start, hold.onset)
    low_now = np.where(waiting, np.where(low, was_low + 1, 0), was_low)
    good_now = np.where(running, np.where(good, was_good + 1, 0), was_good)
    raised = waiting & (low_now >= needed)
    resolved = running & (good_now >= enough)
    turned = raised | resolved
    moved = Hold(
        firing=(hold.firing | raised) & ~resolved,
        onset=onset,
        low=np.where(turned, 0, low_now),
        good=np.where(turned, 0, good_now),
        last_end=np.where(used, end, hold.last_end),
    )
    return Turned(moved, raised, resolved, restarted)
