"""``eflow_warning`` of a flow that sinks to its target (``band``).

`band`: 1.0 ≤ ratio < 1.2 in 2 periods and below the mean of the 6 before (off for plants); […] first period /
slot that completes it; […] ≥ 1.25 for 2 periods
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .alert import Evidence
from .bands import meets
from .look import Look
from .observed import mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .observed import Observed
    from .period import Period, Target

__all__ = ["look_at_bands"]


def look_at_bands(observed: Observed, target: Target, periods: Sequence[Period]) -> list[Look]:
    """Look at the end of each of these periods, assessable and not exempt; none for levels, slots and plants."""
    if target.is_level or target.basis == "instant":
        return []
    found = []
    for number, period in enumerate(periods):
        station = observed.register.row_at("stations", period.end, station=target.station) or {}
        if period.value is None or station.get("kind", "") == "plant" or station.get("plant", ""):
            continue
        pair = periods[max(0, number - 1) : number + 1]
        found.append(
            Look(
                reason="band",
                at=period.end,
                since=pair[0].start,
                truth=_is_sinking(pair, periods[max(0, number - 7) : max(0, number - 1)]),
                recovers=_reaches(period, 125),
                may_raise=True,
                evidence=Evidence(
                    start=period.start,
                    end=period.end,
                    expected=period.expected,
                    valid=period.valid,
                    value=period.value,
                    target=period.target,
                    band="blue",
                ),
                period_end=None,
            )
        )
    return found


def _is_sinking(pair: Sequence[Period], before: Sequence[Period]) -> bool | None:
    """Whether both periods lie at 1.0 … 1.2 and below the mean of the six before the pair; unknown without these."""
    earlier = [each.value for each in before if each.value is not None]
    if len(earlier) < 6:
        return None
    usual = mean(earlier)
    return all(
        each.met and not _reaches(each, 120) and each.value is not None and not meets(each.value, usual)
        for each in pair
    )


def _reaches(period: Period, percent: int) -> bool:
    return period.value is not None and period.value * 100 >= period.target * percent - 100
