"""When the story of a demo happens, and how long it is watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from watermaster.demo.story import last_morning, next_hour, story_of

if TYPE_CHECKING:
    from simulators.scenario import Scenario

__all__ = ["Plan", "plan"]


class Plan(NamedTuple):
    """One run of the demo.

    Attributes:
        scenario: Placed in time.
        live_from: Where history ends and the clock begins to run, epoch milliseconds.
        speed: Scenario seconds per real second.
        seed: Of all chance in the basin.
        for_s: Real seconds from there to the end; None = until told to stop.
    """

    scenario: Scenario
    live_from: int
    speed: float
    seed: int
    for_s: float | None

    @property
    def real(self) -> bool:
        """Whether it runs on the real clock, so that outside gateways fit in."""
        return self.speed == 1


def plan(now: int, *, speed: float, seed: int, for_s: float | None) -> Plan:
    """Place the story.

    At the speed of the real clock history ends now, and the turn of the story is the next full hour. At any other
    speed it is a morning: history ends at the last 07:57 of the basin's clock.

    Args:
        now: Epoch milliseconds.
        speed: Scenario seconds per real second.
        seed: Of all chance in the basin.
        for_s: Real seconds to run; None = until told to stop.
    """
    if speed == 1:
        return Plan(next_hour(now), now, speed, seed, for_s)
    scenario = last_morning(now)
    return Plan(scenario, story_of(scenario).live_from, speed, seed, for_s)
