"""The story of a demo, placed in time: when it is lived, and what is told meanwhile. What happens is in the scenario.

Everything happens around one full hour, the *turn*: the hour before it is the first that falls short. The file of the
scenario begins 24 hours before the turn, and what it does to the basin it does again every day for 400 days.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hydro.instants import DAY_MS, HOUR_MS
from simulators.scenario import load

if TYPE_CHECKING:
    from simulators.scenario import Chapter, Scenario

__all__ = ["Story", "last_morning", "next_hour", "story_of"]

_NAME: Final = "demo"


@dataclass(frozen=True, slots=True)
class Story:
    """One day of it.

    Attributes:
        chapters: What is told, in order; the first, the opening, when the clock begins to run.
        live_until: Where the day's story is over, epoch milliseconds.
    """

    chapters: tuple[Chapter, ...]
    live_until: int

    @property
    def opening(self) -> Chapter:
        """What is told first."""
        return self.chapters[0]

    @property
    def live_from(self) -> int:
        """Where history ends and the clock begins to run, epoch milliseconds."""
        return self.opening.at

    def next_day(self) -> Story:
        """The same, a day later."""
        chapters = tuple(replace(chapter, at=chapter.at + DAY_MS) for chapter in self.chapters)
        return Story(chapters, self.live_until + DAY_MS)

    def told(self, after: int, until: int) -> list[Chapter]:
        """Chapters that begin in (after, until], without the opening."""
        return [chapter for chapter in self.chapters[1:] if after < chapter.at <= until]


def story_of(scenario: Scenario) -> Story:
    """Its first day."""
    return Story(scenario.story, scenario.end)


def last_morning(now: int) -> Scenario:
    """The scenario, with its turn at 08:00: the latest such day whose history has ended.

    Args:
        now: Epoch milliseconds.
    """
    scenario = load(_NAME)
    days = (now - story_of(scenario).live_from) // DAY_MS
    return scenario.starting(scenario.start + days * DAY_MS)


def next_hour(now: int) -> Scenario:
    """The scenario, with its turn at the next full hour, for a story that is lived at the speed of the real clock."""
    turn = (now // HOUR_MS + 1) * HOUR_MS
    return load(_NAME).starting(turn - DAY_MS)
