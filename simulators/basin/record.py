"""Real hydrographs as natural flow: a CSV of observed discharge, on the steps of the simulation, gaps kept visible.

Volumes are kept: the mean of a step is the integral of the record over it. What the record doesn't know stays unknown;
the river needs a number there all the same and gets a straight line, marked as not known.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from hydro.errors import ConfigError
from hydro.instants import day_start, format_instant, parse_instant
from simulators.basin.step import STEP_MS, STEP_S, Floats, Integers, Marks, step_ends

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["NaturalFlow", "Record", "Stands", "read_record"]

_BARE_DATE = len("2026-03-01")
_GAP = 1.5


class Stands(StrEnum):
    """What a value of a record stands for."""

    INSTANT = "instant"
    """The flow at its time; between two values a straight line."""
    MEAN_BEFORE = "mean_before"
    """The mean of the interval that ends at its time."""
    MEAN_AFTER = "mean_after"
    """The mean of the interval that begins at its time: a date is a day."""


@dataclass(frozen=True, slots=True, eq=False)
class NaturalFlow:
    """A record on the steps of a simulation.

    Attributes:
        flow: Mean of each step, m3/s; never negative, never missing.
        known: Where the record knows the whole step; elsewhere ``flow`` is a guess.
    """

    flow: Floats
    known: Marks


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """An observed hydrograph.

    Attributes:
        times: Epoch milliseconds, rising.
        values: m3/s; NaN where missing.
        interval: Its usual interval, ms; a longer one is a gap.
        stands: What a value stands for.
    """

    times: Integers
    values: Floats
    interval: int
    stands: Stands

    def shifted(self, by_ms: int) -> Record:
        """The same water at another time."""
        return replace(self, times=self.times + by_ms)

    def scaled(self, factor: float) -> Record:
        """The same course in a larger or smaller river."""
        return replace(self, values=self.values * factor)

    def gaps(self) -> list[tuple[int, int]]:
        """Intervals (from, to] that the record doesn't know, between its ends; epoch milliseconds."""
        starts, ends, _, _ = self._pieces()
        return [(int(end), int(start)) for end, start in zip(ends[:-1], starts[1:], strict=True) if start > end]

    def on_steps(self, at: int, steps: int) -> NaturalFlow:
        """The steps after the instant ``at``; before the first and after the last value nothing is known."""
        edges = np.concatenate([[at], step_ends(at, steps)])
        starts, ends, first, second = self._pieces()
        volume, covered = self._integrals(edges, starts, ends, first, second)
        known = covered >= STEP_MS
        middle = edges[:-1] + STEP_MS / 2.0
        there = ~np.isnan(self.values)
        shift = 0 if self.stands is Stands.INSTANT else self.interval // 2
        shift = -shift if self.stands is Stands.MEAN_BEFORE else shift
        guess = np.interp(middle, self.times[there] + shift, self.values[there])
        return NaturalFlow(np.maximum(np.where(known, volume / STEP_S, guess), 0.0), known)

    def _pieces(self) -> tuple[Integers, Integers, Floats, Floats]:
        """Times (start, end] that are known, with the flow at both ends."""
        there = ~np.isnan(self.values)
        longest = int(self.interval * _GAP)
        if self.stands is Stands.INSTANT:
            joined = there[:-1] & there[1:] & (np.diff(self.times) <= longest)
            return self.times[:-1][joined], self.times[1:][joined], self.values[:-1][joined], self.values[1:][joined]
        times, values = self.times[there], self.values[there]
        if self.stands is Stands.MEAN_BEFORE:
            ends = times
            starts = np.maximum(ends - self.interval, np.concatenate([times[:1] - self.interval, times[:-1]]))
        else:
            starts = times
            ends = np.minimum(starts + self.interval, np.concatenate([times[1:], times[-1:] + self.interval]))
        return starts, ends, values, values

    def _integrals(
        self, edges: Integers, starts: Integers, ends: Integers, first: Floats, second: Floats
    ) -> tuple[Floats, Integers]:
        """Volume (m3) and known time (ms) between neighbouring edges."""
        lengths = ends - starts
        whole = np.concatenate([[0.0], np.cumsum((first + second) / 2.0 * (lengths / 1000.0))])
        known = np.concatenate([[0], np.cumsum(lengths)])
        piece = np.searchsorted(starts, edges, side="right") - 1
        inside = np.maximum(piece, 0)
        if not len(starts):
            return np.zeros(len(edges) - 1), np.zeros(len(edges) - 1, np.int64)
        part = np.where(piece < 0, 0, np.minimum(edges - starts[inside], lengths[inside]))
        share = part / lengths[inside]
        mean = first[inside] + (second[inside] - first[inside]) * share / 2.0
        volume = np.where(piece < 0, 0.0, whole[inside] + mean * (part / 1000.0))
        covered = np.where(piece < 0, 0, known[inside] + part)
        return np.diff(volume), np.diff(covered)


def read_record(
    path: Path, column: str, *, stands: Stands = Stands.INSTANT, zone_minutes: int = 0, place: str = ""
) -> Record:
    """Read a hydrograph: first column times (ISO 8601, or dates), ``column`` discharge in m3/s, empty = missing.

    Args:
        path: CSV with a header.
        column: Its name.
        stands: What a value stands for.
        zone_minutes: Of times without an offset, and of dates.
        place: Where the caller was told of it, for messages.

    Raises:
        ConfigError: The file can't be read, has no such column, or a line is wrong: which, and what.
    """
    said = f"{place}: {path}" if place else str(path)
    times: list[int] = []
    values: list[float] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            header = next(rows, [])
            if column not in header[1:]:
                raise ConfigError(f"{said}: no column {column!r}; there are {', '.join(header[1:]) or 'none'}")
            wanted = header.index(column)
            for row in rows:
                time, value = _read_row(row, wanted, len(header), zone_minutes, f"{said}:{rows.line_num}")
                if times and time <= times[-1]:
                    before = format_instant(times[-1], zone_minutes)
                    raise ConfigError(f"{said}:{rows.line_num}: time {row[0]!r} is not after {before}")
                times.append(time)
                values.append(value)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{said}: can't be read: {error}") from error
    if len(times) < 2:  # an interval needs two  # noqa: PLR2004
        raise ConfigError(f"{said}: {len(times)} rows, at least 2 are needed")
    if np.isnan(values).all():
        raise ConfigError(f"{said}: column {column!r} is empty")
    stamps = np.array(times, np.int64)
    return Record(stamps, np.array(values), int(np.median(np.diff(stamps))), stands)


def _read_row(row: list[str], wanted: int, width: int, zone_minutes: int, said: str) -> tuple[int, float]:
    if len(row) != width:
        raise ConfigError(f"{said}: {len(row)} fields, the header has {width}")
    try:
        if len(row[0]) == _BARE_DATE:
            time = day_start(date.fromisoformat(row[0]), zone_minutes)
        else:
            time = parse_instant(row[0], zone_minutes)
    except ValueError as error:
        raise ConfigError(f"{said}: {error}") from error
    text = row[wanted].strip()
    if not text:
        return time, float("nan")
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0.0 <= value < float("inf"):
        raise ConfigError(f"{said}: {text!r} is no discharge of 0 or more")
    return time, value
