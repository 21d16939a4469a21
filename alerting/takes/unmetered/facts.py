"""What of the register the verdicts on an intake rest on, and bounds of it for a glance at all points at once."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

import numpy as np

from alerting.takes.places import zero_below
from alerting.takes.unmetered.sight import SEEN, rated
from hydro.quantity import Quantity
from hydro.register import StationStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alerting.takes.slots import Frame, Place
    from hydro.register import Register

__all__ = ["Glance", "digest_of"]

_EVER: Final = 2**62
_ROUNDING: Final = 1
"""Values of a frame are right to a millionth."""


def digest_of(register: Register, place: Place) -> bytes:
    """Digest of all rows that bear on an intake."""
    taking = register.taking
    rows: list[object] = [
        (point, row.start_ms, row.end_ms, row.intake, row.status, row.design_max, row.daily_max)
        for point in place.points
        for row in taking.intakes[point]
    ]
    for point in place.points:
        rows += [(row.start_ms, row.end_ms, row.interval_min, row.status) for row in register.stations[point]]
        rows += [
            (
                *(point, int(quantity), row.start_ms, row.end_ms),
                *(row.zero_below, row.resolution, row.multiplier, row.rated_kw),
            )
            for quantity in SEEN
            for row in register.points.get((point, quantity), ())
        ]
        rows += [
            (each.at, each.old_final, each.new_initial) for each in taking.changes_of(point, Quantity.ENERGY_TOTAL)
        ]
        rows += [
            (row.start_ms, row.end_ms, row.method, row.inputs, row.coefficient, row.uncertainty_pct)
            for quantity in Quantity
            for row in taking.derivations.get((point, quantity), ())
        ]
    return sha256(repr(rows).encode()).digest()[:8]


class Glance:
    """Flows that are surely above zero, and pumps that may run, of all points at once.

    Args:
        register: Master data.
        points: Codes of all metering points.
        places: Intakes.
    """

    def __init__(self, register: Register, points: Sequence[str], places: Sequence[Place]) -> None:
        self._highest_zero = np.array([_highest_zero(register, point) for point in points], np.int64)
        self._least_rated = np.array([_least_rated(register, point) for point in points], np.int64)
        number_of = {point: number for number, point in enumerate(points)}
        self._together = np.full(len(points), -1, np.int64)
        self._is_alone = np.zeros(len(points), bool)
        for place in places:
            number = number_of[place.points[0]]
            powers = register.points.get((place.points[0], Quantity.POWER))
            is_steady = self._highest_zero[number] < _EVER and (powers is None or powers.always is not None)
            self._is_alone[number] = len(place.points) == 1 and is_steady
        for number, place in enumerate(places):
            alike = {row.interval_min for point in place.points for row in register.stations[point]}
            if len(place.points) > 1 and len(alike) == 1:
                self._together[[number_of[point] for point in place.points]] = number

    def is_quiet_since(self, frame: Frame) -> NDArray[np.int64]:
        """For how long no flow was surely above zero, milliseconds; for ever where that can't be told."""
        is_steady = self._highest_zero[frame.point] < _EVER
        found: NDArray[np.int64] = np.where(is_steady, frame.end - frame.flowed, _EVER)
        return found

    def flows(self, frame: Frame) -> NDArray[np.bool_]:
        """Rows of which the intake surely has a flow above zero."""
        flow = frame.of(Quantity.DISCHARGE)
        above: NDArray[np.bool_] = flow.has & (flow.value > self._highest_zero[frame.point])
        together = self._together[frame.point]
        rows = np.flatnonzero(together >= 0)
        if len(rows):
            _, pair = np.unique(np.stack([together[rows], frame.end[rows]]), axis=1, return_inverse=True)
            any_of = np.zeros(len(rows), bool)
            np.logical_or.at(any_of, pair.ravel(), above[rows])
            above[rows] = any_of[pair.ravel()]
        return above

    def runs(self, frame: Frame) -> NDArray[np.bool_]:
        """Rows of which the point may say that a pump runs."""
        pump, power = frame.of(Quantity.PUMP), frame.of(Quantity.POWER)
        may_run: NDArray[np.bool_] = pump.has & (pump.value > 0)
        may_run |= power.has & (power.value + _ROUNDING > self._least_rated[frame.point] // 5)
        return may_run

    def agreed_before(self, frame: Frame) -> NDArray[np.bool_]:
        """Rows of which the latest slot that says anything surely spoke for the intake; of one point alone."""
        pump, power, flow = (frame.of(each) for each in (Quantity.PUMP, Quantity.POWER, Quantity.DISCHARGE))
        # Since a pump and a power that are the latest of their kind, nothing else has said that it runs.
        idle = (pump.had | power.had) & ~(pump.had & (pump.before > 0))
        idle &= ~(power.had & (power.before + _ROUNDING > self._least_rated[frame.point] // 5))
        idle &= ~power.had | (self._least_rated[frame.point] < _EVER) | pump.had
        flowed = flow.had & (flow.before > self._highest_zero[frame.point]) & (flow.since == frame.end - frame.length)
        agreed: NDArray[np.bool_] = (idle | flowed) & self._is_alone[frame.point]
        return agreed


def _highest_zero(register: Register, point: str) -> int:
    """No flow above it is ever zero; out of reach where the point is not always one."""
    dated = register.taking.intakes[point].always, register.stations[point].always
    if None in dated or any(row is not None and row.status is StationStatus.RETIRED for row in dated):
        return _EVER
    rows = register.points.get((point, Quantity.DISCHARGE), ())
    return max([0, *(zero_below(row) for row in rows)]) + _ROUNDING


def _least_rated(register: Register, point: str) -> int:
    return min([_EVER, *(rated(row) for row in register.points.get((point, Quantity.POWER), ()) if rated(row))])
