"""Sections that have stopped flowing.

A station with discharge and stage has stopped where both say so; a flow state says so by itself. In its ice and dry
seasons it may. Source: docs/alert-classes.md, row ``flow_stopped`` and "Exemptions, seasons".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.fixed import MICRO
from hydro.instants import MINUTE_MS, format_instant
from hydro.quantity import Quantity
from simulators.play.witness.hold import Hold, step_hold
from simulators.play.witness.instant import slots_an_hour
from simulators.truth import Truth, TruthKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.basin.step import Integers, Marks
    from simulators.play.witness.excuses import Seasons
    from simulators.play.witness.slots import Slots

__all__ = ["Place", "Stopped", "StoppedState"]

_LEAST_SLOTS: Final = 2


class Reason(StrEnum):
    """What says that it has stopped."""

    ZERO_DISCHARGE = "zero_discharge"
    BELOW_CEASE_STAGE = "below_cease_stage"
    FLOW_STATE = "flow_state"


@dataclass(frozen=True, slots=True)
class Place:
    """A station that may stop.

    Attributes:
        station: Code.
        seen: What there is of its discharge, its stage and its flow state; stage only where ``cease_stage`` means
            something.
        zero_below: What is no flow, millionths.
        cease_stage: Stage at which it has stopped, millionths.
        seasons: In which it may.
    """

    station: str
    seen: frozenset[Quantity]
    zero_below: int
    cease_stage: int
    seasons: Seasons


@dataclass(frozen=True, slots=True)
class StoppedState:
    """Between two chunks.

    Attributes:
        hold: See there.
        raised_at: When it counted, of those that are firing.
        reason: Number of the reason.
    """

    hold: Hold
    raised_at: Integers
    reason: Integers


class Stopped:
    """Stations with one length of slots.

    Args:
        places: They.
        columns: Of their series in the slots.
        minutes: Length of their slots.
        zone_minutes: Of the texts.
    """

    def __init__(
        self, places: Sequence[Place], columns: Mapping[tuple[str, Quantity], int], minutes: int, zone_minutes: int
    ) -> None:
        self._places = tuple(places)
        self._length = minutes * MINUTE_MS
        self._enough = slots_an_hour(minutes)
        self._needed = max(_LEAST_SLOTS, self._enough)
        self._zone = zone_minutes
        self._zero = np.array([place.zero_below for place in places], np.int64)
        self._cease = np.array([place.cease_stage for place in places], np.int64)

        self._seasons = [(column, place.seasons) for column, place in enumerate(places) if place.seasons]

        def of(quantity: Quantity) -> Integers:
            """Columns; any, of those that have none."""
            return np.array([columns.get((place.station, quantity), 0) for place in places], np.int64)

        def has(quantity: Quantity) -> Marks:
            return np.array([quantity in place.seen for place in places], np.bool_)

        self._discharge, self._has_discharge = of(Quantity.DISCHARGE), has(Quantity.DISCHARGE)
        self._stage, self._has_stage = of(Quantity.STAGE), has(Quantity.STAGE)
        self._state, self._has_state = of(Quantity.FLOW_STATE), has(Quantity.FLOW_STATE)

    def start(self) -> StoppedState:
        """Before the first slot."""
        zeros = np.zeros(len(self._places), np.int64)
        return StoppedState(Hold.none(len(self._places)), zeros, zeros)

    def go_on(self, state: StoppedState, slots: Slots) -> tuple[StoppedState, list[Truth]]:
        """Some slots: the state after them, and what has ended."""
        truths: list[Truth] = []
        for row, end in enumerate(slots.ends.tolist()):
            value, known = slots.value[row], slots.known[row]
            flow, has_flow = value[self._discharge], known[self._discharge] & self._has_discharge
            stage, has_stage = value[self._stage], known[self._stage] & self._has_stage
            said, has_said = value[self._state], known[self._state] & self._has_state
            no_flow, low_stage = has_flow & (flow <= self._zero), has_stage & (stage <= self._cease)
            says_so = has_said & (said >= MICRO)
            dry = (no_flow | low_stage) & (no_flow | ~has_flow) & (low_stage | ~has_stage)
            low = dry | says_so
            runs = (flow > 2 * self._zero) | ~has_flow
            good = runs & ((stage > self._cease) | ~has_stage) & ~says_so
            used = has_flow | has_stage | has_said
            for column, seasons in self._seasons:
                used[column] &= not seasons.hold_slot(end - self._length, end)
            reason = np.where(no_flow, 0, np.where(low_stage, 1, 2))
            state, ended = self._step(state, end, used, low, good, reason)
            truths += ended
        return state, truths

    def finish(self, state: StoppedState, at: int) -> list[Truth]:
        """Sections that are still dry."""
        return self._truths(state, state.hold.firing, at, resolved=False)

    def _step(
        self, state: StoppedState, end: int, used: Marks, low: Marks, good: Marks, reason: Integers
    ) -> tuple[StoppedState, list[Truth]]:
        hold, raised, resolved, _ = step_hold(
            state.hold, end - self._length, end, used, low, good, needed=self._needed, enough=self._enough
        )
        moved = StoppedState(hold, np.where(raised, end, state.raised_at), np.where(raised, reason, state.reason))
        return moved, self._truths(moved, resolved, end, resolved=True)

    def _truths(self, state: StoppedState, where: Marks, end: int, *, resolved: bool) -> list[Truth]:
        reasons = tuple(Reason)
        return [
            Truth(
                TruthKind.FLOW_STOPPED,
                self._places[column].station,
                int(state.hold.onset[column]),
                end,
                {
                    "reason": reasons[int(state.reason[column])].value,
                    "raised_at": format_instant(int(state.raised_at[column]), self._zone),
                    "resolved": resolved,
                },
            )
            for column in np.flatnonzero(where).tolist()
        ]
