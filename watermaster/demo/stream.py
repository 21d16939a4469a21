"""What the basin's gateways send, in order of arrival, played as far ahead as somebody asks for and no further."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hydro.instants import DAY_MS
from simulators.basin import STEP_MS
from simulators.play import Play

if TYPE_CHECKING:
    from simulators.play import Arrival
    from simulators.play.play import PlayState
    from watermaster.demo.plan import Plan

__all__ = ["HISTORY_MS", "Stream", "played"]

HISTORY_MS: Final = DAY_MS
"""What is loaded before the clock runs."""

_MOST_STEPS: Final = 48
"""Played at once: steps are cheaper in company, and a state of so many is small."""


def played(plan: Plan, prefix: str) -> Play:
    """The scenario of a plan from a day before the clock runs, without end.

    Whenever that is: what the file says relative to its own start stays where it is, around the turn.
    """
    begin = (plan.live_from - HISTORY_MS) // STEP_MS * STEP_MS
    return Play(replace(plan.scenario, start=begin), seed=plan.seed, prefix=prefix)


class Stream:
    """The messages of a play, taken one stretch after the other.

    Args:
        play: Without end; its river lives through the days before its start when the first message is asked for.
    """

    def __init__(self, play: Play) -> None:
        self._play = play
        self._state: PlayState | None = None
        self._waiting: deque[Arrival] = deque()
        self._complete_to = play.start

    def play_to(self, before: int) -> None:
        """Play on until all that arrives before an instant is here; holds as much as that is."""
        while self._complete_to < before:
            steps = -(-(before - self._complete_to) // STEP_MS)
            self._advance(min(steps, _MOST_STEPS))

    def next_at(self) -> int:
        """When the next message arrives, epoch milliseconds."""
        while not self._waiting:
            self._advance(1)
        return self._waiting[0][0]

    def take(self, before: int, most: int | None = None) -> list[Arrival]:
        """Messages that arrive before an instant, in order.

        Args:
            before: Epoch milliseconds.
            most: How many at most; None = all.
        """
        self.play_to(before)
        taken: list[Arrival] = []
        while self._waiting and self._waiting[0][0] < before and (most is None or len(taken) < most):
            taken.append(self._waiting.popleft())
        return taken

    def _advance(self, steps: int) -> None:
        state, chunk = self._play.advance(self._state or self._play.begin(), steps)
        self._state = state
        self._waiting.extend(chunk.messages)
        self._complete_to = chunk.upto_ms
