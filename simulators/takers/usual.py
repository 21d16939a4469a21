"""Usual takers: pumps, permit and plan that fit a use and a mean take, so that an honest one stays within them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from simulators.takers.habit import HABITS, Use
from simulators.takers.permit import Permit
from simulators.takers.pump import PumpHouse
from simulators.takers.taker import Backwash, Returns, Taker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.takers.theft import Theft

__all__ = ["usual_taker"]

_MONTH_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DAY_S: Final = 86_400.0
_PLAN_MARGIN: Final = 1.35
_YEAR_MARGIN: Final = 1.15
_RATE_MARGIN: Final = 1.05
_RETURNS: Final = {
    Use.DOMESTIC: Returns(share=0.75, delay_min=240.0),
    Use.INDUSTRY: Returns(share=0.55, delay_min=120.0),
    Use.IRRIGATION: Returns(share=0.25, delay_min=2_880.0),
}


def usual_taker(
    name: str,
    use: Use,
    mean_m3s: float,
    *,
    pumps: int = 2,
    head_m: float = 40.0,
    thefts: Sequence[Theft] = (),
    place: str = "",
) -> Taker:
    """A taker of whom nothing else is known.

    Two pumps of 0.8 of the mean each and a tank (an irrigation canal: of 1.6), returns of its use, a plan of 1.35 times
    what its habit needs in each month, a year's volume of 1.15 times that of the year; waterworks wash their filters.

    Args:
        name: Of its metering point.
        use: What for.
        mean_m3s: What is wanted on an ordinary day, mean of 24 hours.
        pumps: How many; 0: none, water runs to it through a gate.
        head_m: Height to lift.
        thefts: What it does besides.
        place: Where it was read.
    """
    share = 1.6 if use is Use.IRRIGATION else 0.8
    house = (
        PumpHouse(pumps=pumps, capacity_m3s=round(mean_m3s * share * 2.0 / pumps, 6), head_m=head_m) if pumps else None
    )
    habit = HABITS[use]
    months = zip(habit.months, habit.turns, _MONTH_DAYS, strict=True)
    # At most every second day more than its share goes by turns, at least a few days.
    wanted = [mean_m3s * month * min(2.0 * turn, 1.0) * days * _DAY_S for month, turn, days in months]
    most = 3.0 * mean_m3s if house is None else house.pumps * house.capacity_m3s
    return Taker(
        name=name,
        use=use,
        mean_m3s=mean_m3s,
        permit=Permit(
            max_m3s=round(most * _RATE_MARGIN, 6),
            annual_m3=round(sum(wanted) * _YEAR_MARGIN, 1),
            plan_m3=tuple(round(volume * _PLAN_MARGIN, 1) for volume in wanted),
        ),
        house=house,
        returns=_RETURNS[use],
        backwash=Backwash(rate_m3s=round(0.5 * mean_m3s, 6)) if use is Use.DOMESTIC else None,
        thefts=tuple(thefts),
        place=place,
    )
