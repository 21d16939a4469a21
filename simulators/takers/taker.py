"""A taker: who takes water at one point, how much, how, and how honestly."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from simulators.takers.habit import HABITS, Habit, Use
from simulators.takers.theft import Theft, TheftKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from simulators.takers.permit import Permit
    from simulators.takers.pump import PumpHouse

__all__ = ["Backwash", "Returns", "Taker", "mistakes_of"]

_AT_THE_METER = frozenset({TheftKind.MAGNET, TheftKind.METER_OFF, TheftKind.UNREGISTERED})
_AT_THE_PUMP = frozenset({TheftKind.NIGHT_PUMPING})
_DAY_H = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Water that comes back to the river.

    Attributes:
        share: Of what was taken, 0 to 1.
        delay_min: How much later, minutes.
    """

    share: float
    delay_min: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backwash:
    """Rinsing of filters: a strong draw of some minutes that goes back to the river at once.

    Attributes:
        hour: Of the day at which it begins.
        minutes: How long.
        rate_m3s: How much on top of the use.
    """

    hour: float = 2.0
    minutes: float = 15.0
    rate_m3s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Taker:
    """One intake.

    Attributes:
        name: Code of its metering point; of one that nobody registered any name.
        use: What for.
        mean_m3s: What is wanted on an ordinary day, mean of 24 hours.
        permit: What may be taken; None where nobody gave one.
        habit: None: that of its use.
        house: Its pumps; None: water runs to it by itself, through a gate.
        returns: What comes back.
        backwash: Of a waterworks.
        thefts: What it does besides.
        bans: Times in which it is told to take nothing, (start, end] in epoch milliseconds, and does so.
        place: Where it was read ("scenario.yaml:12").
    """

    name: str
    use: Use
    mean_m3s: float
    permit: Permit | None = None
    habit: Habit | None = None
    house: PumpHouse | None = None
    returns: Returns | None = None
    backwash: Backwash | None = None
    thefts: tuple[Theft, ...] = ()
    bans: tuple[tuple[int, int], ...] = ()
    place: str = ""

    @property
    def habits(self) -> Habit:
        """Its own habit, or that of its use."""
        return self.habit or HABITS[self.use]

    @property
    def registered(self) -> bool:
        """Whether the authority knows it."""
        return all(theft.kind is not TheftKind.UNREGISTERED for theft in self.thefts)

    @property
    def design_m3s(self) -> float:
        """The most that it can take honestly, m3/s: its pumps, or three times its mean."""
        return 3.0 * self.mean_m3s if self.house is None else self.house.pumps * self.house.capacity_m3s


def mistakes_of(takers: Iterable[Taker]) -> tuple[str, ...]:
    """All mistakes, each "place: taker 'name': what"; empty where there are none."""
    known = tuple(takers)
    counts = Counter(taker.name for taker in known)
    found = []
    for taker in known:
        place = f"{taker.place}: " if taker.place else ""
        said = list(_own(taker))
        if counts[taker.name] > 1:
            said.append(f"the name is given {counts[taker.name]} times")
        found += [f"{place}taker {taker.name!r}: {what}" for what in said]
    return tuple(found)


def _own(taker: Taker) -> Iterator[str]:
    if not taker.name:
        yield "has no name"
    if not 0.0 < taker.mean_m3s < np.inf:
        yield f"mean_m3s is {taker.mean_m3s:g}; it must be above 0"
    yield from taker.habits.mistakes()
    yield from _works(taker)
    for theft in taker.thefts:
        yield from theft.mistakes()
        if theft.kind in _AT_THE_PUMP and taker.house is None:
            yield f"{theft.kind} needs pumps"
        if theft.kind is TheftKind.OUT_OF_SEASON and (taker.permit is None or taker.permit.season is None):
            yield f"{theft.kind} needs a permit with a season"
        if theft.kind is TheftKind.OVER_RATE and taker.permit is None:
            yield f"{theft.kind} needs a permit"
        if theft.kind is TheftKind.IN_BAN and not taker.bans:
            yield f"{theft.kind} needs bans"
    at_meter = sorted((theft for theft in taker.thefts if theft.kind in _AT_THE_METER), key=lambda theft: theft.start)
    for theft, following in pairwise(at_meter):
        if following.start < theft.end:
            yield f"{theft.kind} and {following.kind} are at the meter at the same time"


def _works(taker: Taker) -> Iterator[str]:
    if taker.permit is not None:
        yield from taker.permit.mistakes()
    if taker.house is not None:
        yield from taker.house.mistakes()
        if taker.permit is not None and taker.design_m3s > taker.permit.max_m3s:
            yield f"its pumps can take {taker.design_m3s:g} m3/s, its permit says {taker.permit.max_m3s:g}"
    back, rinse = taker.returns, taker.backwash
    if back is not None and not (0.0 <= back.share <= 1.0 and 0.0 <= back.delay_min < np.inf):
        yield f"returns share {back.share:g} after {back.delay_min:g} min"
    if rinse is not None and not (rinse.rate_m3s > 0.0 and rinse.minutes > 0.0 and 0.0 <= rinse.hour < _DAY_H):
        yield "its backwash needs an hour of the day, a rate and a time"
