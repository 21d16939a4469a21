"""Taking what is not counted, and taking what is not allowed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Theft", "TheftKind"]


class TheftKind(StrEnum):
    """How it is done."""

    NIGHT_PUMPING = "night_pumping"
    """At some hours the pump also delivers past the meter: pump and power show it, the meter doesn't."""

    BYPASS = "bypass"
    """A pipe around meter and pump, day and night."""

    GROWING = "growing"
    """A bypass that is opened a little more every day: its rate grows from zero over the interval, evenly."""

    MAGNET = "magnet"
    """A magnet on the meter: it sees a share of what passes."""

    METER_OFF = "meter_off"
    """The meter is switched off while the pump runs: it sees nothing and its total stands still."""

    UNREGISTERED = "unregistered"
    """Nobody registered the intake: it has no meter, all that it takes is unmetered."""

    OUT_OF_SEASON = "out_of_season"
    """Water is pumped through the meter on days on which the permit allows none."""

    OVER_RATE = "over_rate"
    """A pump more than the permit allows, through the meter."""

    IN_BAN = "in_ban"
    """It goes on through the meter while a ban says that it must not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theft:
    """One way of it in an interval [start, end] of steps' ends after ``start``, up to ``end``.

    Attributes:
        kind: How.
        start: Epoch milliseconds; the first step is the one that ends after it.
        end: Epoch milliseconds; the last step is the one that ends then or before.
        rate_m3s: Taken on top, m3/s (of ``growing`` at the end); not of magnet, meter_off, unregistered, in_ban.
        seen_share: Of a magnet: what the meter still sees of the flow, 0 to 1.
        first_hour: Of the day; night pumping and meter_off happen between these hours only.
        last_hour: Of the day; below ``first_hour``: over midnight.
    """

    kind: TheftKind
    start: int
    end: int
    rate_m3s: float = 0.0
    seen_share: float = 0.5
    first_hour: float = 0.0
    last_hour: float = 24.0

    def mistakes(self) -> list[str]:
        """What is wrong with it."""
        found = []
        if self.start >= self.end:
            found.append(f"{self.kind} ends at {self.end} ms, but begins at {self.start} ms")
        if self.kind in _WITH_RATE and not self.rate_m3s > 0.0:
            found.append(f"rate_m3s of {self.kind} is {self.rate_m3s:g}; it must be above 0")
        if not 0.0 <= self.seen_share < 1.0:
            found.append(f"seen_share of {self.kind} is {self.seen_share:g}; it must be at least 0 and below 1")
        if not (0.0 <= self.first_hour <= 24.0 and 0.0 <= self.last_hour <= 24.0):  # hours of a day  # noqa: PLR2004
            found.append(f"hours of {self.kind} are {self.first_hour:g} to {self.last_hour:g}, not within 0 to 24")
        return found


_WITH_RATE = frozenset(
    (TheftKind.NIGHT_PUMPING, TheftKind.BYPASS, TheftKind.GROWING, TheftKind.OUT_OF_SEASON, TheftKind.OVER_RATE)
)
