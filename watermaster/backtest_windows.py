"""Values around alerts, taken from a stream that is read once more: what pictures of alerts are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from hydro.flags import Flag
from storage.buckets import Samples

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from hydro.quantity import Quantity
    from hydro.series import SeriesIndex
    from storage.buckets import Column
    from watermaster.backtest import TimedBatch

__all__ = ["Window", "cut_out"]

_MOST_PARTS: Final = 200


class Window(NamedTuple):
    """Values of one series with start < event time <= end, epoch milliseconds."""

    station: str
    quantity: Quantity
    start: int
    end: int


class _Part(NamedTuple):
    """Rows of one series, in the order in which they came."""

    time: Column
    value: Column
    flag: NDArray[np.uint8]
    received: Column


def cut_out(batches: Iterable[TimedBatch], index: SeriesIndex, windows: Sequence[Window]) -> list[Samples]:
    """The values of each window, in order of time; of several at one time the one that verdicts take.

    Args:
        batches: The stream.
        index: Series numbers of the batches; windows of stations that it doesn't know stay empty.
        windows: Any, also overlapping ones.
    """
    spans: dict[int, list[tuple[int, int]]] = {}
    for window in windows:
        if index.station_number(window.station) is not None:
            spans.setdefault(index.number(window.station, window.quantity), []).append((window.start, window.end))
    wanted = np.array(sorted(spans), np.int64)
    parts: dict[int, list[_Part]] = {series: [] for series in spans}
    for found, _ in batches:
        rows = found.observations
        chosen = np.flatnonzero(np.isin(rows.series, wanted))
        if not len(chosen):
            continue
        series_of, times = rows.series[chosen], rows.event_time[chosen]
        for series in np.unique(series_of).tolist():
            inside = np.zeros(len(chosen), bool)
            mine = series_of == series
            for start, end in spans[series]:
                inside |= mine & (times > start) & (times <= end)
            if inside.any():
                kept = chosen[inside]
                columns = (rows.event_time[kept], rows.value[kept], rows.flag[kept], rows.received_at[kept])
                parts[series].append(_Part(*columns))
                if len(parts[series]) > _MOST_PARTS:
                    parts[series] = [_joined(parts[series])]
    whole = {series: _latest(_joined(found)) for series, found in parts.items() if found}
    return [_within(whole, index, window) for window in windows]


def _joined(parts: Sequence[_Part]) -> _Part:
    return _Part(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _latest(part: _Part) -> Samples:
    """One row a time: a value before a missing one, then the one received last, then the one read last."""
    has_value = part.flag != Flag.MISSING
    order = np.lexsort((np.arange(len(part.time)), part.received, has_value, part.time))
    times = part.time[order]
    last = np.append(times[1:] != times[:-1], [True]) if len(times) else np.zeros(0, bool)
    chosen = order[last]
    return Samples(part.time[chosen], part.value[chosen], part.flag[chosen])


def _within(whole: dict[int, Samples], index: SeriesIndex, window: Window) -> Samples:
    nothing = np.zeros(0, np.int64)
    samples = Samples(nothing, nothing, np.zeros(0, np.uint8))
    if index.station_number(window.station) is not None:
        samples = whole.get(index.number(window.station, window.quantity), samples)
    first, last = np.searchsorted(samples.time, [window.start, window.end], "right").tolist()
    return Samples(samples.time[first:last], samples.value[first:last], samples.flag[first:last])
