"""Shortfall of instant targets: holds of 60 minutes over valid slots.

::

    slot (5 min)  . . x x x x x x x x x x x x x x . . .        x below the target, . met
                      |onset                |raised            twelve x in a row = 60 min
    unknown slots     freeze a hold: they are not there
    gap > 60 min      restarts it: no hold and no mean reaches back over it

"60 minutes" is a number of used slots (:func:`hold_slots`), and a number of the class that an authority may set. A
60-minute mean exists once that many slots were used since the last restart.
Source: docs/alert-classes.md, "Common" and row ``eflow_shortfall``; docs/decisions/0050-eflow-readings.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from alerting.eflow.episode import Evidence, Judged, Open, Resolved
from alerting.level import meets
from hydro.fixed import divide_half_even
from hydro.instants import HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from alerting.eflow.bands import Recovery
    from alerting.eflow.episode import Yardstick

__all__ = ["HOUR_LONG", "Hold", "InstantFiring", "InstantHold", "InstantState", "UsedSlot", "hold_slots", "step_slot"]

_GAP_MS: Final = HOUR_MS


class Hold(NamedTuple):
    """How long evidence must last: minutes of used slots that raise an alert, and that end it."""

    raising: int
    ending: int


HOUR_LONG: Final = Hold(60, 60)


class UsedSlot(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A valid slot that is neither exempt nor without a target: (start, end], value and target in millionths."""

    start: int
    end: int
    value: int
    target: int


class InstantHold(msgspec.Struct, frozen=True, array_like=True, tag="hold", gc=False):
    """Low slots in a row, too few yet to raise."""

    low: tuple[UsedSlot, ...]


class InstantFiring(msgspec.Struct, frozen=True, array_like=True, tag="firing", gc=False):
    """An open alert.

    Attributes:
        alert: See :class:`Open`.
        recent: Slots of the next mean: the last ones since the last restart.
        means: Of the last used slots, oldest first; None where a slot completed no mean.
        good: How many of the latest slots in a row reached the resolving bound.
        last_end: End of the latest used slot.
    """

    alert: Open
    recent: tuple[UsedSlot, ...]
    means: tuple[Judged | None, ...]
    good: int
    last_end: int


InstantState = InstantHold | InstantFiring | None
"""None while nothing is open and the latest used slot met its target."""


def hold_slots(interval_min: int, minutes: int = HOUR_LONG.raising) -> int:
    """How many used slots make 60 minutes, or as many as told.

    >>> hold_slots(5), hold_slots(60), hold_slots(120), hold_slots(5, 30)
    (12, 1, 1, 6)
    """
    return max(1, minutes // interval_min)


def step_slot(
    state: InstantState,
    slot: UsedSlot,
    interval_min: int,
    scale: Yardstick,
    recovery: Recovery,
    hold: Hold = HOUR_LONG,
) -> tuple[InstantState, Resolved | None]:
    """Judge one used slot.

    Args:
        state: After the used slots before.
        slot: This one.
        interval_min: Length of the station's slots.
        scale: Levels in force at its end.
        recovery: What a slot must reach to end the alert.
        hold: What "60 minutes" is.

    Returns:
        The state after it, and the alert that it resolved, if any.
    """
    if isinstance(state, InstantFiring):
        return _firing(state, slot, interval_min, scale, recovery, hold)
    if meets(slot.value, slot.target):
        return None, None
    if state is None or slot.start - state.low[-1].end > _GAP_MS:
        low: tuple[UsedSlot, ...] = (slot,)
    else:
        low = (*state.low, slot)
    if len(low) < hold_slots(interval_min, hold.raising):
        return InstantHold(low), None
    mean = _mean(low, interval_min)
    judged = Judged(mean.band(scale), mean)
    alert = Open.raised(low[0].start, mean, judged.level)
    return InstantFiring(alert, low, (judged,), 0, slot.end), None


def _firing(
    state: InstantFiring, slot: UsedSlot, interval_min: int, scale: Yardstick, recovery: Recovery, hold: Hold
) -> tuple[InstantState, Resolved | None]:
    needed = hold_slots(interval_min, hold.raising)
    restart = slot.start - state.last_end > _GAP_MS
    good = 0 if restart else state.good
    good = good + 1 if recovery.is_reached(slot.value, slot.target) else 0
    if good >= hold_slots(interval_min, hold.ending):
        return None, Resolved(state.alert, slot.end)
    recent = (slot,) if restart else (*state.recent, slot)[-needed:]
    mean = _mean(recent, interval_min) if len(recent) == needed else None
    judged = None if mean is None else Judged(mean.band(scale), mean)
    means = (*state.means, judged)[-needed:]
    recent_means = tuple(one for one in means if one is not None)
    alert = state.alert.judged(recent_means, mean, by_deficit=scale.by_deficit)
    if mean is None and alert.levels != state.alert.levels:  # an old mean left the last 60 minutes at this slot
        *before, change = alert.levels
        alert = msgspec.structs.replace(alert, levels=(*before, msgspec.structs.replace(change, at=slot.end)))
    return InstantFiring(alert, recent, means, good, slot.end), None


def _mean(slots: tuple[UsedSlot, ...], interval_min: int) -> Evidence:
    count = len(slots)
    start, end = slots[0].start, slots[-1].end
    return Evidence(
        start=start,
        end=end,
        value=divide_half_even(sum(slot.value for slot in slots), count),
        target=divide_half_even(sum(slot.target for slot in slots), count),
        expected=(end - start) // (interval_min * MINUTE_MS),
        valid=count,
    )
