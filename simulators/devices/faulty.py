"""Faults at work: each changes its own part of a chunk's columns, and becomes an interval of a truth file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from hydro.quantity import Quantity
from simulators.devices.fault import Fault, FaultKind
from simulators.devices.samples import MISSING
from simulators.truth import Truth, TruthKind

if TYPE_CHECKING:
    from simulators.basin.step import Floats, Integers, Marks
    from simulators.truth import Detail

__all__ = [
    "AT_ONCE",
    "DISPLAYED",
    "MEASURED",
    "OF_THE_CLOCK",
    "Running",
    "Stretch",
    "clock_error",
    "display",
    "measure",
    "truth_of",
]

MEASURED: Final = frozenset({FaultKind.DRIFT, FaultKind.STEP, FaultKind.NOISE, FaultKind.FACTOR})
"""They change what is measured, and so what totals count."""

DISPLAYED: Final = frozenset({FaultKind.SPIKE, FaultKind.FLAT_LINE, FaultKind.MISSING})
"""They change what is shown."""

AT_ONCE: Final = frozenset({FaultKind.REPLACEMENT, FaultKind.JUMP})
"""They happen to totals."""

OF_THE_CLOCK: Final = frozenset({FaultKind.CLOCK_STEP, FaultKind.CLOCK_DRIFT, FaultKind.WRONG_ZONE})
"""They change when, not what."""

_LEVELS: Final = frozenset({Quantity.STAGE, Quantity.WATER_LEVEL, Quantity.GROUNDWATER_DEPTH})


@dataclass(frozen=True, slots=True)
class Running:
    """A fault that has begun.

    Attributes:
        fault: Which.
        held: Of a flat line: the count that stands still; None before its first step.
    """

    fault: Fault
    held: int | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The rows [first, last) of a chunk in which a fault is there."""

    first: int
    last: int

    @classmethod
    def of(cls, fault: Fault, ends: Integers) -> Stretch:
        """Of one fault: steps that end in (start, end]."""
        first, last = np.searchsorted(ends, [fault.start, fault.end], side="right").tolist()
        return cls(first, last)

    @property
    def rows(self) -> slice:
        """As an index."""
        return slice(self.first, self.last)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self.last > self.first


def measure(fault: Fault, ends: Integers, stretch: Stretch, values: Floats, drawn: Floats) -> None:
    """Change what a sensor measures, in place.

    Args:
        fault: One of `MEASURED`.
        ends: Ends of the steps.
        stretch: Where it is there.
        values: Of the sensor, canonical unit.
        drawn: Standard normal numbers.
    """
    rows = stretch.rows
    match fault.kind:
        case FaultKind.DRIFT:
            passed = (ends[rows] - fault.start) / (fault.end - fault.start)
            if fault.quantity in _LEVELS:
                values[rows] += fault.size * passed
            else:
                values[rows] *= 1.0 + fault.size * passed
        case FaultKind.STEP:
            values[rows] += fault.size
        case FaultKind.NOISE:
            values[rows] += fault.size * drawn[rows]
        case _:
            values[rows] *= fault.size


def display(running: Running, stretch: Stretch, counts: Integers, sampled: Marks, *, zero: bool) -> Running:
    """Change what a sensor shows, in place.

    Args:
        running: One of `DISPLAYED`.
        stretch: Where it is there.
        counts: Of the sensor.
        sampled: Whether there is a sample.
        zero: Whether a zero is sent for missing.

    Returns:
        The fault, with the count that stands still.
    """
    rows = stretch.rows
    match running.fault.kind:
        case FaultKind.SPIKE:
            hit = sampled[rows] & (counts[rows] != MISSING)
            spiked = np.rint(np.where(hit, counts[rows], 0) * running.fault.size).astype(np.int64)
            counts[rows] = np.where(hit, spiked, counts[rows])
        case FaultKind.FLAT_LINE:
            held = int(counts[stretch.first]) if running.held is None else running.held
            counts[rows] = held
            return replace(running, held=held)
        case _:
            counts[rows] = 0 if zero else MISSING
    return running


def clock_error(fault: Fault, ends: Integers, stretch: Stretch) -> Integers:
    """Milliseconds that a clock is ahead by one of `OF_THE_CLOCK`, in the rows of the stretch."""
    ends = ends[stretch.rows]
    match fault.kind:
        case FaultKind.CLOCK_STEP:
            return np.full(len(ends), round(fault.size * MINUTE_MS), np.int64)
        case FaultKind.WRONG_ZONE:
            return np.full(len(ends), round(fault.size * HOUR_MS), np.int64)
        case _:
            gained: Integers = np.rint(fault.size * 1000.0 * (ends - fault.start) / DAY_MS).astype(np.int64)
            return gained


def truth_of(fault: Fault, since: int, until: int, **more: Detail) -> Truth:
    """The interval of a fault, as far as it lies in (since, until]."""
    details: dict[str, Detail] = {"fault": fault.kind.value}
    if fault.quantity is not None:
        details["quantity"] = fault.quantity.text
    if fault.size:
        details["size"] = fault.size
    if fault.cause:
        details["cause"] = fault.cause
    kind, end = TruthKind.SENSOR_FAULT, fault.end
    match fault.kind:
        case FaultKind.REPLACEMENT:
            kind, end = TruthKind.METER_CHANGE, fault.start
        case FaultKind.JUMP:
            end = fault.start
        case FaultKind.DOOR:
            kind = TruthKind.DOOR_OPEN
        case FaultKind.SILENT:
            kind = TruthKind.OUTAGE
            details.setdefault("cause", "device")
        case _:
            pass
    return Truth(kind, fault.station, max(fault.start, since), min(end, until), {**details, **more})
