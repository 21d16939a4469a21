"""Periods of a basis as numbers that count up, for columns as well as for one: hour, day, ten-day, month.

Source: docs/alert-classes.md, "Slots and periods"; the same periods as :mod:`hydro.periods` gives (a property test).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, overload

import numpy as np

from hydro.instants import DAY_MS, HOUR_MS
from hydro.periods import Basis

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PERIODIC", "PeriodClock"]

PERIODIC: Final = (Basis.HOUR, Basis.DAY, Basis.TEN_DAY, Basis.MONTH)
_LENGTH: Final = {Basis.HOUR: HOUR_MS, Basis.DAY: DAY_MS}
_TENS: Final = 3


class PeriodClock:
    """Numbers of periods.

    A period is (start, end]. ``offset`` is added to an instant to get milliseconds since the epoch of a calendar whose
    days begin when the periods do: the zone less the start hour.

    Args:
        basis: Any but ``instant``.
    """

    def __init__(self, basis: Basis) -> None:
        self.basis = basis
        self._length = _LENGTH.get(basis)

    @overload
    def number(self, inside: int, offset: int) -> int: ...
    @overload
    def number(self, inside: NDArray[np.int64], offset: NDArray[np.int64]) -> NDArray[np.int64]: ...
    def number(self, inside: int | NDArray[np.int64], offset: int | NDArray[np.int64]) -> int | NDArray[np.int64]:
        """Number of the period that holds an instant; one on a boundary belongs to the period that it ends."""
        if self._length is not None:
            return (inside - 1 + offset) // self._length
        days = np.asarray((inside - 1 + offset) // DAY_MS, "M8[D]")
        months = days.astype("M8[M]")
        found = months.astype(np.int64)
        if self.basis is Basis.TEN_DAY:
            day = (days - months.astype("M8[D]")).astype(np.int64)
            found = found * _TENS + np.minimum(day // 10, _TENS - 1)
        return int(found) if isinstance(inside, int) else found

    @overload
    def start(self, number: int, offset: int) -> int: ...
    @overload
    def start(self, number: NDArray[np.int64], offset: NDArray[np.int64]) -> NDArray[np.int64]: ...
    def start(self, number: int | NDArray[np.int64], offset: int | NDArray[np.int64]) -> int | NDArray[np.int64]:
        """Start of a period; the end is the start of the next number."""
        if self._length is not None:
            return number * self._length - offset
        months, tens = (number, 0) if self.basis is Basis.MONTH else (number // _TENS, number % _TENS)
        days = np.asarray(months, "M8[M]").astype("M8[D]").astype(np.int64) + np.asarray(tens) * 10
        found = days * DAY_MS - offset
        return int(found) if isinstance(number, int) else found
