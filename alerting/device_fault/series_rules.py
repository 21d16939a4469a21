"""Questions about one series: which of its readings may be evidence, and what a slot of them says.

A rule marks readings in columns, generously; only slots with a marked reading, and those that follow while evidence
adds up, are looked at one by one.

Source: docs/alert-classes.md, device_fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from alerting.device_fault.reason import Reason
from alerting.device_fault.slots import mean
from alerting.spell.course import Demand, Look
from hydro.flags import Flag
from hydro.instants import DAY_MS, day_start
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from alerting.device_fault.slots import Slot
    from hydro.columns import Observations
    from hydro.register import PointLimits, Register

__all__ = ["SeriesRule", "series_rules", "watched_series"]

_NEVER: Final = -(2**62)
_EVER: Final = 2**62
_LOW_VOLTAGE: Final = 11_500_000
"""Of a 12 V battery without a point row that says `min`: nearly empty, and its device about to stop."""

Series = tuple[str, Quantity]


class SeriesRule(Protocol):
    """One question about all series that it concerns."""

    @property
    def demand(self) -> Demand:
        """How much evidence raises."""

    @property
    def concerns(self) -> NDArray[np.bool_]:
        """By series."""

    @property
    def lasting(self) -> NDArray[np.bool_] | None:
        """By series, where a marked reading that is newer than all others surely is evidence; None = nowhere."""

    def marks(self, series: NDArray[np.int64], rows: Observations) -> NDArray[np.bool_]:
        """Readings that may be evidence.

        Args:
            series: Numbers among the watched series.
            rows: Readings of these.
        """

    def look(self, series: int, slot: Slot) -> Look | None:
        """What a slot says; None where it says nothing on the question."""


class FaultBit:
    """The device says itself that it is faulty."""

    demand: Final = Demand(Reason.FAULT_BIT, is_reports=True)
    lasting: Final = None

    def __init__(self, watched: Sequence[Series]) -> None:
        self.concerns: NDArray[np.bool_] = np.array([quantity is Quantity.METER_FAULT for _, quantity in watched], bool)

    def marks(self, series: NDArray[np.int64], rows: Observations) -> NDArray[np.bool_]:
        """The bit is set."""
        is_set: NDArray[np.bool_] = self.concerns[series] & (rows.value != 0) & (rows.flag <= Flag.SUSPECT)
        return is_set

    def look(self, series: int, slot: Slot) -> Look | None:  # noqa: ARG002  # rules are all asked alike
        """Its reports, in order."""
        bits = tuple(value != 0 for value in slot.valid)
        return Look(slot.start, slot.end, any(bits), bits) if bits else None


class LowVoltage:
    """The battery is nearly empty; what fails for it counts as well, since `min` is the bound of that test."""

    demand: Final = Demand(Reason.LOW_VOLTAGE, minutes=60)
    lasting: Final = None

    def __init__(self, watched: Sequence[Series], register: Register) -> None:
        self._watched = watched
        self._register = register
        self.concerns: NDArray[np.bool_] = np.array([quantity is Quantity.VOLTAGE for _, quantity in watched], bool)
        self._highest = np.full(len(watched), _LOW_VOLTAGE, np.int64)
        for number in np.flatnonzero(self.concerns).tolist():
            dated = register.points.get(watched[number])
            if dated is not None:
                limits = [_limit(row) for row in dated]
                self._highest[number] = limits[0] if dated.always is not None else max(_LOW_VOLTAGE, *limits)

    def marks(self, series: NDArray[np.int64], rows: Observations) -> NDArray[np.bool_]:
        """Below the highest limit that ever holds."""
        low: NDArray[np.bool_] = rows.value < self._highest[series]
        low &= self.concerns[series] & (rows.flag != Flag.MISSING)
        return low

    def look(self, series: int, slot: Slot) -> Look | None:
        """Its mean against the limit at its end."""
        value = mean(slot.told)
        if value is None:
            return None
        row = self._register.limits_at(*self._watched[series], slot.end)
        return Look(slot.start, slot.end, value < (_LOW_VOLTAGE if row is None else _limit(row)))


def _limit(row: PointLimits) -> int:
    return _LOW_VOLTAGE if row.minimum is None else row.minimum


class BadData:
    """Half of what comes is impossible."""

    demand: Final = Demand(Reason.BAD_DATA, is_day_share=True)
    lasting: Final = None

    def __init__(self, watched: Sequence[Series]) -> None:
        self.concerns = np.ones(len(watched), bool)

    def marks(self, series: NDArray[np.int64], rows: Observations) -> NDArray[np.bool_]:  # noqa: ARG002  # asked alike
        """What fails."""
        failed: NDArray[np.bool_] = rows.flag == Flag.FAIL
        return failed

    def look(self, series: int, slot: Slot) -> Look | None:  # noqa: ARG002  # rules are all asked alike
        """Bad where nothing else is in it."""
        if slot.valid:
            return Look(slot.start, slot.end, is_bad=False)
        return Look(slot.start, slot.end, is_bad=True) if slot.has_failed else None


class VerificationExpired:
    """The device is used after the last day for which it is verified."""

    demand: Final = Demand(Reason.VERIFICATION_EXPIRED)

    def __init__(self, watched: Sequence[Series], register: Register) -> None:
        self._watched = watched
        self._register = register
        size = len(watched)
        self.concerns = np.zeros(size, bool)
        self.lasting: NDArray[np.bool_] = np.zeros(size, bool)
        self._since = np.full(size, _NEVER, np.int64)
        self._until = np.full(size, _EVER, np.int64)
        self._earliest = np.full(size, _EVER, np.int64)
        for number, series in enumerate(watched):
            rows = list(register.points.get(series, ()))
            if any(row.verify_until is not None for row in rows):
                self.concerns[number] = True
                self.lasting[number] = rows[-1].end_ms == _EVER
                self._since[number] = rows[-1].start_ms
                self._until[number] = self._end(rows[-1].verify_until)
                self._earliest[number] = min(self._end(row.verify_until) for row in rows)

    def _end(self, last_day: date | None) -> int:
        """End of the last day; ``EVER`` without one."""
        return _EVER if last_day is None else day_start(last_day, self._register.zone_minutes) + DAY_MS

    def marks(self, series: NDArray[np.int64], rows: Observations) -> NDArray[np.bool_]:
        """Measured after the day that the latest row names; before that row, after any."""
        until = np.where(rows.event_time > self._since[series], self._until[series], self._earliest[series])
        late: NDArray[np.bool_] = (rows.event_time > until) & (rows.flag <= Flag.SUSPECT)
        return late

    def look(self, series: int, slot: Slot) -> Look | None:
        """Used after that day, if it is valid."""
        if not slot.valid:
            return None
        row = self._register.limits_at(*self._watched[series], slot.end)
        return Look(slot.start, slot.end, row is not None and slot.end > self._end(row.verify_until))


def series_rules(watched: Sequence[Series], register: Register) -> list[SeriesRule]:
    """All of them."""
    return [
        FaultBit(watched),
        LowVoltage(watched, register),
        BadData(watched),
        VerificationExpired(watched, register),
    ]


def watched_series(register: Register) -> list[Series]:
    """Series that may say something about a device, sorted."""
    found = {
        (station, quantity) for station in register.stations for quantity in (Quantity.METER_FAULT, Quantity.VOLTAGE)
    }
    for series, rows in register.points.items():
        if any(row.minimum is not None or row.maximum is not None or row.verify_until is not None for row in rows):
            found.add(series)
    return sorted(found)
