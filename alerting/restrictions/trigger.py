"""When a restriction binds: in its dates, or while its gauge is low. Pure.

::

    gauge          . . x x x . x . . + + . + + + .        x below trigger_below, + at or above resume_above
    in a row           1 2 3             1 2   1 2 3      hold of 3 slots
    binds                  (                      ]       slots that end after the completing one, up to the freeing one

Between the two bounds neither holds: what was counted is lost, what binds stays.

Source: docs/decisions/0092-taking.md, "Restrictions"; England's licence conditions (reduce, stop, resume).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from hydro.instants import HOUR_MS, MINUTE_MS
from hydro.register.cells import LATEST_MS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hydro.register.intakes import Restriction

__all__ = ["Binding", "GaugeSlot", "Trigger", "bindings", "binds", "step"]

_NEVER: Final = -(2**62)


class GaugeSlot(NamedTuple):
    """A valid slot of the gauge: (start, end] in epoch milliseconds, its value in millionths."""

    start: int
    end: int
    value: int


class Binding(NamedTuple):
    """A time in which it binds: slots that end in (after, until]."""

    after: int
    until: int


class Trigger(msgspec.Struct, frozen=True, array_like=True):
    """Where it stands after a slot.

    Attributes:
        last: End of the latest slot.
        count: Slots in a row that work against how it stands.
        since: End of the slot that made it bind; None while it doesn't.
    """

    last: int = _NEVER
    count: int = 0
    since: int | None = None


def step(trigger: Trigger, slot: GaugeSlot, restriction: Restriction) -> tuple[Trigger, Binding | None]:
    """Where it stands after one more slot, and the time that ends with it.

    Args:
        trigger: Before it.
        slot: Of the gauge, later than all before.
        restriction: One with a trigger.
    """
    below = restriction.trigger_below
    if below is None or not restriction.first < slot.end <= _last(restriction):
        return trigger, None
    resume = below if restriction.resume_above is None else restriction.resume_above
    works = slot.value < below if trigger.since is None else slot.value >= resume
    held = 0 if slot.start - trigger.last > HOUR_MS else trigger.count
    count = held + 1 if works else 0
    if count < _needed(restriction, slot):
        return Trigger(slot.end, count, trigger.since), None
    if trigger.since is None:
        return Trigger(slot.end, 0, slot.end), None
    return Trigger(slot.end), Binding(trigger.since, slot.end)


def bindings(restriction: Restriction, slots: Iterable[GaugeSlot]) -> list[Binding]:
    """All times in which it binds, in order.

    Args:
        restriction: With a trigger or without.
        slots: Of its gauge, in time order; not looked at without a trigger.
    """
    if restriction.trigger_below is None:
        return [Binding(restriction.first, _last(restriction))]
    found, trigger = [], Trigger()
    for slot in slots:
        trigger, over = step(trigger, slot, restriction)
        if over is not None:
            found.append(over)
    if trigger.since is not None:
        found.append(Binding(trigger.since, _last(restriction)))
    return found


def binds(times: Iterable[Binding], slot_end: int) -> bool:
    """Whether a slot that ends then is bound."""
    return any(time.after < slot_end <= time.until for time in times)


def _last(restriction: Restriction) -> int:
    return LATEST_MS if restriction.last is None else restriction.last


def _needed(restriction: Restriction, slot: GaugeSlot) -> int:
    """How many slots make the hold: rounded up, at least one."""
    return max(1, -(-restriction.hold_min * MINUTE_MS // (slot.end - slot.start)))
