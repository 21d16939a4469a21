"""Flow that follows from a total: over at least ten steps of its display, since less is noise.

Source: DOMAIN, "Intake metering"; docs/decisions/0092-taking.md, "Counters and volumes".
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.fixed import divide_half_even
from hydro.instants import DAY_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hydro.counters import Steps

__all__ = ["CountedFlow", "counted_flow"]

_RESOLUTIONS: Final = 10
_LONGEST_MS: Final = DAY_MS
_MS_OF_SECOND: Final = 1_000


class CountedFlow(NamedTuple):
    """Mean flows, each up to the end of a step.

    Attributes:
        start: int64, from when the mean runs, epoch milliseconds.
        end: int64, the reading to which it belongs.
        rate: int64, millionths of m3/s; 0 where unknown.
        is_known: bool; unknown where a refused step or more than a day lies in it.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    rate: NDArray[np.int64]
    is_known: NDArray[np.bool_]


def counted_flow(steps: Steps, resolution: int) -> CountedFlow:
    """Flow at the end of each step: since the latest reading before it at which the total was ten resolutions less.

    Args:
        steps: Of one counter.
        resolution: Least difference of its readings, multiplied, millionths of m3.
    """
    total = np.concatenate([np.zeros(1, np.int64), np.cumsum(steps.amount)])
    time = np.concatenate([steps.start, steps.end[-1:]])
    reading = np.arange(1, len(steps) + 1)
    # No mean over a refused step: readings up to its start are left out.
    oldest = np.maximum.accumulate(np.where(steps.known, 0, reading))
    oldest = np.maximum(oldest, np.searchsorted(time, steps.end - _LONGEST_MS, side="left"))
    wanted = total[1:] - _RESOLUTIONS * resolution
    if bool((steps.amount >= 0).all()):
        first = np.searchsorted(total, wanted, side="right") - 1
    else:
        first = _latest_below(total, wanted)
    is_known = first >= oldest
    first = np.where(is_known, first, reading - 1)
    moved, lasted = total[1:] - total[first], steps.end - time[first]
    rates = [
        divide_half_even(amount * _MS_OF_SECOND, over) if known else 0
        for amount, over, known in zip(moved.tolist(), lasted.tolist(), is_known.tolist(), strict=True)
    ]
    return CountedFlow(time[first], steps.end, np.array(rates, np.int64), is_known)


def _latest_below(total: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.intp]:
    """For each step the latest reading before its end with a total of at most so much, else -1; of a net total."""
    found = np.full(len(wanted), -1, np.intp)
    places: list[int] = []
    lows: list[int] = []  # of these places, ascending: who has a lower one behind it is never the latest
    for step, most in enumerate(wanted.tolist()):
        here = int(total[step])
        while lows and lows[-1] >= here:
            lows.pop()
            places.pop()
        lows.append(here)
        places.append(step)
        place = bisect_right(lows, most)
        if place:
            found[step] = places[place - 1]
    return found
