"""Steps of five minutes made into the slots of stations: counts of a millionth, known or not.

A slot is the mean of its known steps (a volume: their sum). A station whose slots are no whole number of steps is
looked at step by step: what happened inside a step nobody knows. A slot counts when it is over; of one that the end of
a run cuts short nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hydro.instants import MINUTE_MS
from hydro.slots import slot_end
from simulators.basin.step import STEP_MS
from simulators.play.witness.means import quotients

if TYPE_CHECKING:
    from simulators.basin.step import Integers, Marks

__all__ = ["SlotState", "Slots", "slot_minutes", "slots_of"]

_STEP_MIN = STEP_MS // MINUTE_MS


class Slots(NamedTuple):
    """Slots that have ended: slots × series.

    Attributes:
        ends: Of each slot, epoch milliseconds.
        value: Counts of a millionth; 0 where it is not known.
        known: Whether it has a value.
    """

    ends: Integers
    value: Integers
    known: Marks


@dataclass(frozen=True, slots=True)
class SlotState:
    """The slot that has begun.

    Attributes:
        total: Of its known steps.
        number: Of its known steps.
    """

    total: Integers
    number: Integers

    @classmethod
    def empty(cls, series: int) -> SlotState:
        """Of series that begin."""
        return cls(np.zeros(series, np.int64), np.zeros(series, np.int64))


def slot_minutes(interval_min: int) -> int:
    """Length of the slots in which a station is looked at.

    >>> slot_minutes(1), slot_minutes(5), slot_minutes(12), slot_minutes(60)
    (5, 5, 5, 60)
    """
    return interval_min if interval_min % _STEP_MIN == 0 else _STEP_MIN


def slots_of(state: SlotState, steps: Slots, minutes: int, zone_minutes: int, summed: Marks) -> tuple[SlotState, Slots]:
    """Slots that end in a chunk of steps.

    Args:
        state: Before it.
        steps: The chunk, as slots of five minutes.
        minutes: Length of the slots.
        zone_minutes: Whose 00:00 begins the count.
        summed: Series that are added up, not averaged.
    """
    if minutes == _STEP_MIN:
        return state, steps
    total, number = state.total, state.number
    ends, values, known = [], [], []
    for end, value, there in zip(steps.ends.tolist(), steps.value, steps.known, strict=True):
        total, number = total + value, number + there
        if slot_end(end, minutes, zone_minutes) == end:
            ends.append(end)
            values.append(np.where(summed, total, quotients(total, number)))
            known.append(number > 0)
            total, number = np.zeros_like(total), np.zeros_like(number)
    shape = (len(ends), len(total))
    found = Slots(
        np.array(ends, np.int64),
        np.array(values, np.int64).reshape(shape),
        np.array(known, np.bool_).reshape(shape),
    )
    return SlotState(total, number), found
