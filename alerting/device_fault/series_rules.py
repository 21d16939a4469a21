"""Questions about one series: which of its readings may be evidence, and what a slot of them says.

A rule marks readings in columns, generously; only slots with a marked reading, and those that follow while evidence
adds up, are looked at one by one.

Source: docs/alert-classes.md, device_fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from alerting.device_fault.each_slot import EachSlot
from alerting.device_fault.flat_line import FlatLine, may_be_flat
from alerting.device_fault.reason import Reason
from alerting.device_fault.slots import mean
from alerting.device_fault.unit_slip import UnitSlip
from alerting.spell.course import Demand, Look
from hydro.flags import Flag
from hydro.instants import DAY_MS, day_start
from hydro.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from alerting.device_fault.slots import Slot
    from hydro.columns import Observations
    from hydro.register import PointLimits, Register
    from hydro.rules import FaultNumbers

__all__ = ["SeriesRule", "series_rules", "watched_series"]

_NEVER: Final = -(2**62)
_EVER: Final = 2**62
_MILLIVOLT: Final = 1_000
_HOUR_MIN: Final = 60

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

    def look_back_ms(self, series: int) -> int:
        """How far before the first slot it looks for what came before."""

    def looks(self, series: int, slots: Iterable[Slot], after: int) -> Iterator[Look]:
        """What slots say on the question.

        Args:
            series: Number among the watched series.
            slots: Of it in time order, from as far back as is needed.
            after: Those that end after this instant are asked.
        """


class FaultBit(EachSlot):
    """The device says itself that it is faulty."""

    lasting: Final = None

    def __init__(self, watched: Sequence[Series], numbers: FaultNumbers) -> None:
        self.demand = Demand(Reason.FAULT_BIT, reports=numbers.fault_reports, clean=numbers.clean_h * _HOUR_MIN)
        self.concerns: NDArray[np.bool_] = np.array([quantity is Quantity.METER_FAULT for _, quantity in watched], bool)

    def marks(self, series: NDArray[np.int64], rows: Observations) -> NDArray[np.bool_]:
        """The bit is set."""
        is_set: NDArray[np.bool_] = self.concerns[series] & (rows.value != 0) & (rows.flag <= Flag.SUSPECT)
        return is_set

    def look(self, series: int, slot: Slot) -> Look | None:  # noqa: ARG002  # rules are all asked alike
        """Its reports, in order."""
        bits = tuple(value != 0 for value in slot.valid)
        return Look(slot.start, slot.end, any(bits), bits) if bits else None


class LowVoltage(EachSlot):
    """The battery is nearly empty; what fails for it counts as well, since `min` is the bound of that test.

    Where no point row says `min`, the number of the class is meant for a battery of 12 V: its device is about to stop.
    """

    lasting: Final = None

    def __init__(self, watched: Sequence[Series], register: Register, numbers: FaultNumbers) -> None:
        self.demand = Demand(Reason.LOW_VOLTAGE, minutes=numbers.low_voltage_min, clean=numbers.clean_h * _HOUR_MIN)
        self._low = low = numbers.low_voltage_mv * _MILLIVOLT
        self._watched = watched
        self._register = register
        self.concerns: NDArray[np.bool_] = np.array([quantity is Quantity.VOLTAGE for _, quantity in watched], bool)
        self._highest = np.full(len(watched), low, np.int64)
        for number in np.flatnonzero(self.concerns).tolist():
            dated = register.points.get(watched[number])
            if dated is not None:
                limits = [self._limit(row) for row in dated]
                self._highest[number] = limits[0] if dated.always is not None else max(low, *limits)

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
        return Look(slot.start, slot.end, value < (self._low if row is None else self._limit(row)))

    def _limit(self, row: PointLimits) -> int:
        return self._low if row.minimum is None else row.minimum


class BadData(EachSlot):
    """Half of what comes is impossible, or as much as told."""

    lasting: Final = None

    def __init__(self, watched: Sequence[Series], numbers: FaultNumbers) -> None:
        self.demand = Demand(Reason.BAD_DATA, day_share_pct=numbers.bad_data_pct, clean=numbers.clean_h * _HOUR_MIN)
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


class VerificationExpired(EachSlot):
    """The device is used after the last day for which it is verified."""

    def __init__(self, watched: Sequence[Series], register: Register, numbers: FaultNumbers) -> None:
        self.demand = Demand(Reason.VERIFICATION_EXPIRED, clean=numbers.clean_h * _HOUR_MIN)
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
    numbers = register.rules.device_fault
    return [
        FaultBit(watched, numbers),
        LowVoltage(watched, register, numbers),
        BadData(watched, numbers),
        FlatLine(watched, register, numbers),
        UnitSlip(watched, register, numbers),
        VerificationExpired(watched, register, numbers),
    ]


def watched_series(register: Register) -> list[Series]:
    """Series that may say something about a device, sorted."""
    found = {
        (station, quantity) for station in register.stations for quantity in (Quantity.METER_FAULT, Quantity.VOLTAGE)
    }
    for series, rows in register.points.items():
        is_bounded = any(row.minimum is not None or row.maximum is not None for row in rows)
        if is_bounded or any(row.verify_until is not None for row in rows) or may_be_flat(series[1], rows):
            found.add(series)
    for station, intakes in register.taking.intakes.items():
        if any(row.design_max is not None for row in intakes):
            found.add((station, Quantity.DISCHARGE))
    return sorted(found)
