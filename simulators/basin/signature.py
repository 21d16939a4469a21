"""Signatures of a hydrograph: few numbers that tell a believable river from one that isn't.

All of them from hourly means, so that records of 5, 15 and 60 minutes can be compared.

Source: Baker et al. 2004, A new flashiness index (Richards-Baker); recession by logarithms over 24 h without a rise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from simulators.basin.step import Floats

__all__ = ["Signature", "hourly_means", "signature_of"]

_DAY: Final = 24
_RISE: Final = 1.01
"""A fall may be interrupted by a rise of 1 %: resolution, not rain."""
_CALM: Final = 1.3


@dataclass(frozen=True, slots=True)
class Signature:
    """What a hydrograph is like. NaN where the time holds no example.

    Attributes:
        flashiness: Richards-Baker index: sum of hourly changes over sum of hourly flows.
        autocorrelation: Of hourly means, lag 1.
        recession_h: Median residence time of 24 h of falling flow, hours: 24 / ln(first / last).
        fast_recession_h: The same of the fastest tenth: behind storms.
        swing: Median over days without a storm (highest below 1.3 times lowest) of (highest − lowest) / mean.
        day_swing: The same over all days.
    """

    flashiness: float
    autocorrelation: float
    recession_h: float
    fast_recession_h: float
    swing: float
    day_swing: float


def hourly_means(flow: Floats, per_hour: int) -> Floats:
    """Means of hours; NaN where more than a quarter of an hour's values is missing.

    Args:
        flow: Regular values from a full hour on, NaN where missing; what exceeds the last full hour is cut off.
        per_hour: Values an hour.
    """
    hours = flow[: len(flow) // per_hour * per_hour].reshape(-1, per_hour)
    there = ~np.isnan(hours)
    counts = there.sum(axis=1)
    means: Floats = np.where(there, hours, 0.0).sum(axis=1) / np.maximum(counts, 1)
    return np.where(counts * 4 >= per_hour * 3, means, np.nan)


def signature_of(hourly: Floats) -> Signature:
    """Signature of hourly means, NaN where missing; at least two days."""
    before, after = hourly[:-1], hourly[1:]
    both = ~np.isnan(before) & ~np.isnan(after)
    before, after = before[both], after[both]
    residences = _recessions(hourly)
    days = hourly[: len(hourly) // _DAY * _DAY].reshape(-1, _DAY)
    days = days[~np.isnan(days).any(axis=1)]
    days = days[days.mean(axis=1) > 0.0]
    swings = (days.max(axis=1) - days.min(axis=1)) / days.mean(axis=1)
    calm = swings[days.max(axis=1) < _CALM * days.min(axis=1)]
    return Signature(
        flashiness=float(np.abs(after - before).sum() / after.sum()),
        autocorrelation=float(np.corrcoef(before, after)[0, 1]),
        recession_h=_quantile(residences, 0.5),
        fast_recession_h=_quantile(residences, 0.1),
        swing=_quantile(calm, 0.5),
        day_swing=_quantile(swings, 0.5),
    )


def _recessions(hourly: Floats) -> Floats:
    """Residence times of disjoint falls of 24 h."""
    falls = hourly[1:] <= hourly[:-1] * _RISE
    found = []
    hour = 0
    while hour + _DAY < len(hourly):
        first, last = float(hourly[hour]), float(hourly[hour + _DAY])
        if falls[hour : hour + _DAY].all() and 0.0 < last < first:
            found.append(_DAY / float(np.log(first / last)))
            hour += _DAY
        else:
            hour += 1
    return np.array(found, np.float64)


def _quantile(values: Floats, share: float) -> float:
    return float(np.quantile(values, share)) if len(values) else float("nan")
