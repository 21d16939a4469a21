"""The rules once more, over samples from the store."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from alerting.eflow.engine import EflowEngine
from hydro.columns import Observations
from hydro.series import SeriesIndex
from ingest.decode import DecodedBatch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from alerting.record import SubjectAlerts
    from hydro.quantity import Quantity
    from hydro.register import Register
    from storage.store import Point

__all__ = ["ALERT_CLASS", "judged_again", "series_of"]

ALERT_CLASS: Final = "eflow_shortfall"
"""The class that is a function of the observations of a target alone, and of no period before."""

_BATCH: Final = 20_000


class _Memory:
    """Blobs of an engine that is not kept."""

    def __init__(self) -> None:
        self._blobs: dict[tuple[str, int], bytes] = {}

    def take(self, name: str, number: int) -> bytes | None:
        return self._blobs.get((name, number))

    def put(self, name: str, number: int, blob: bytes) -> None:
        self._blobs[name, number] = blob

    def drop(self, name: str, number: int) -> None:
        self._blobs.pop((name, number), None)

    def numbers(self, name: str) -> list[int]:
        return sorted(number for known, number in self._blobs if known == name)


def series_of(targets: Collection[str], register: Register) -> list[tuple[str, Quantity]]:
    """Station and quantity of all that bears on some targets."""
    rows = [row for target_id in targets for row in register.targets[target_id]]
    return sorted({(station, row.quantity) for row in rows for station in (row.station, row.inflow_station) if station})


def judged_again(
    register: Register,
    targets: Collection[str],
    samples: Mapping[tuple[str, Quantity], Sequence[Point]],
    until: int,
) -> list[SubjectAlerts]:
    """All shortfalls that some targets have come to, by the register in force.

    Args:
        register: Master data.
        targets: Which.
        samples: Of all that bears on them, in order of time.
        until: Everything up to here is there; epoch milliseconds.
    """
    stations = {station for station, _ in series_of(targets, register)}
    small = replace(
        register,
        stations={code: register.stations[code] for code in sorted(stations)},
        targets={target_id: register.targets[target_id] for target_id in sorted(targets)},
    )
    index = SeriesIndex(small.stations)
    engine = EflowEngine(small, index, _Memory(), is_recorded=True)
    for batch in _batches(samples, index):
        engine.step(batch)
    engine.finish(until)
    return [one for one in engine.all_alerts() if one.alert_class == ALERT_CLASS and one.target_id in targets]


def _batches(samples: Mapping[tuple[str, Quantity], Sequence[Point]], index: SeriesIndex) -> Iterator[DecodedBatch]:
    """Samples in order of time; each is as old as its event when it comes, so none is late."""
    columns = [
        (
            np.full(len(points), index.number(station, quantity), np.int64),
            np.fromiter((point.time for point in points), np.int64, len(points)),
            np.fromiter((point.value or 0 for point in points), np.int64, len(points)),
            np.fromiter((point.flag for point in points), np.uint8, len(points)),
        )
        for (station, quantity), points in samples.items()
    ]
    if not columns:
        return
    series, times, values, flags = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    order = np.lexsort((series, times))
    for position, first in enumerate(range(0, len(order), _BATCH), 1):
        rows = order[first : first + _BATCH]
        placed = np.full(len(rows), position, np.int64)
        yield DecodedBatch(
            first=position,
            last=position,
            observations=Observations(series[rows], times[rows], values[rows], flags[rows], times[rows], placed),
            messages=0,
            decoded=len(rows),
            dead_lettered=Counter(),
            rejected=Counter(),
            dead_letters=[],
            ticks=[],
            sequence=[],
            unknown_keys=0,
        )
