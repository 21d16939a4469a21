"""What thefts want in each step, and what meters then see: one column a theft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from simulators.takers.theft import Theft, TheftKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.basin.step import Floats, Integers
    from simulators.takers.calendar import Calendar
    from simulators.takers.taker import Taker

__all__ = ["Loot", "Wanted"]

_MICRO: Final = 1e6
_PAST_THE_PUMP: Final = frozenset({TheftKind.BYPASS, TheftKind.GROWING})
_FULL_DAY: Final = (0.0, 24.0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Thefts of a chunk.

    Attributes:
        rates: What each takes on top, 1e-6 m3/s: steps × thefts.
        seen: Share of what passes the meter that the meter sees: steps × takers.
        absent: Whether a taker does not exist in a step (an unregistered one outside its interval): steps × takers.
    """

    rates: Integers
    seen: Floats
    absent: Integers


class Loot:
    """All thefts of all takers, in columns."""

    def __init__(self, takers: Sequence[Taker]) -> None:
        listed = [(number, theft) for number, taker in enumerate(takers) for theft in taker.thefts]
        self.thefts: tuple[Theft, ...] = tuple(theft for _, theft in listed)
        self.taker = np.array([number for number, _ in listed], np.intp)
        self._takers = len(takers)
        self.past_pump = self._of(*_PAST_THE_PUMP)
        self.by_pump = self._of(TheftKind.NIGHT_PUMPING)
        self.through_meter = self._of(TheftKind.OUT_OF_SEASON, TheftKind.OVER_RATE)

    def _of(self, *kinds: TheftKind) -> Integers:
        found: Integers = np.flatnonzero([theft.kind in kinds for theft in self.thefts])
        return found

    def wanted(self, calendar: Calendar, open_season: Floats) -> Wanted:
        """What they want in each step.

        Args:
            calendar: Of the chunk.
            open_season: 1 where the permit's season allows to take: steps × takers.
        """
        steps = len(calendar.ends)
        rates = np.zeros((steps, len(self.thefts)), np.int64)
        seen = np.ones((steps, self._takers))
        absent = np.zeros((steps, self._takers), np.int64)
        for column, (theft, taker) in enumerate(zip(self.thefts, self.taker, strict=True)):
            now = (theft.start < calendar.ends) & (calendar.ends <= theft.end)
            if theft.kind is TheftKind.UNREGISTERED:
                seen[:, taker] = 0.0
                absent[:, taker] = ~now
                continue
            if not now.any():
                continue
            if (theft.first_hour, theft.last_hour) != _FULL_DAY:
                now = now & calendar.minute_inside(theft.first_hour, theft.last_hour)
            match theft.kind:
                case TheftKind.MAGNET:
                    seen[now, taker] *= theft.seen_share
                case TheftKind.IN_BAN:
                    continue
                case TheftKind.METER_OFF:
                    seen[now, taker] = 0.0
                case TheftKind.GROWING:
                    grown = (calendar.ends - theft.start) / (theft.end - theft.start)
                    rates[:, column] = np.where(now, np.rint(theft.rate_m3s * grown * _MICRO), 0)
                case TheftKind.OUT_OF_SEASON:
                    closed = open_season[:, taker] == 0.0
                    rates[:, column] = np.where(now & closed, round(theft.rate_m3s * _MICRO), 0)
                case _:
                    rates[:, column] = np.where(now, round(theft.rate_m3s * _MICRO), 0)
        return Wanted(rates, seen, absent)

    def added(self, rates: Integers, columns: Integers) -> Integers:
        """Sum of some thefts for each taker: steps × takers."""
        total = np.zeros((len(rates), self._takers), np.int64)
        for column in columns.tolist():
            total[:, self.taker[column]] += rates[:, column]
        return total
