"""Thefts as intervals of a truth file: what ran with short breaks is one interval, night after night are several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hydro.instants import HOUR_MS
from simulators.basin.step import STEP_MS, STEP_S
from simulators.takers.theft import TheftKind
from simulators.truth import Truth, TruthKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.step import Integers

__all__ = ["Episode", "closed", "follow"]

_METERED: Final = frozenset({TheftKind.OUT_OF_SEASON, TheftKind.OVER_RATE, TheftKind.IN_BAN})
_BREAK_MS: Final = 6 * HOUR_MS
"""A pump that fills a tank stands still for a while; that is no end."""


@dataclass(frozen=True, slots=True)
class Episode:
    """A theft under way.

    Attributes:
        taker: Whose.
        kind: Which.
        start: Epoch milliseconds.
        end: End of the last step in which something was taken.
        steps: In which something was taken.
        rates: Sum of the rates of these, 1e-6 m3/s.
        peak: Greatest of them.
    """

    taker: str
    kind: TheftKind
    start: int
    end: int
    steps: int
    rates: int
    peak: int

    def truth(self) -> Truth:
        """The interval it has become."""
        return Truth(
            kind=TruthKind.OVER_RATE if self.kind in _METERED else TruthKind.UNMETERED_INTAKE,
            subject=self.taker,
            start=self.start,
            end=self.end,
            details={
                "theft": self.kind.value,
                "rate_m3s": round(self.rates / self.steps / 1e6, 6),
                "peak_m3s": self.peak / 1e6,
                "volume_m3": self.rates * int(STEP_S) / 1e6,
                "running_h": round(self.steps * STEP_MS / HOUR_MS, 4),
            },
        )


def follow(
    episode: Episode | None, taker: str, kind: TheftKind, ends: Sequence[int], rates: Integers
) -> tuple[Episode | None, list[Truth]]:
    """Go on with one theft over a chunk.

    Args:
        episode: Open so far.
        taker: Whose.
        kind: Which.
        ends: Ends of the steps.
        rates: What it took in each, 1e-6 m3/s.

    Returns:
        What is open at the end of the chunk, and what has ended.
    """
    truths: list[Truth] = []
    for row in rates.nonzero()[0].tolist():
        end, rate = ends[row], int(rates[row])
        if episode is not None and end - STEP_MS - episode.end > _BREAK_MS:
            truths.append(episode.truth())
            episode = None
        if episode is None:
            episode = Episode(taker, kind, end - STEP_MS, end, 1, rate, rate)
        else:
            episode = replace(
                episode, end=end, steps=episode.steps + 1, rates=episode.rates + rate, peak=max(episode.peak, rate)
            )
    if episode is not None and ends[-1] - episode.end > _BREAK_MS:
        truths.append(episode.truth())
        episode = None
    return episode, truths


def closed(episodes: Sequence[Episode | None]) -> list[Truth]:
    """The open ones as they stand at the end of the simulation."""
    return [episode.truth() for episode in episodes if episode is not None]
