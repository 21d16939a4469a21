"""Passes over what a backtest reads, recorded files or the store: once for each config, once more for pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from hydro.series import SeriesIndex
from storage.recorded import read_recorded
from watermaster.backtest import decoded, judge
from watermaster.backtest_pictures import MOST_PICTURES, Sides, picture, window_of
from watermaster.backtest_store import stored_batches
from watermaster.backtest_windows import cut_out
from watermaster.store_reading import require_single_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from hydro.register import Register
    from storage.buckets import Samples
    from watermaster.backtest import BacktestResult, TimedBatch
    from watermaster.backtest_changes import AlertChange
    from watermaster.backtest_windows import Window
    from watermaster.settings import Settings
    from watermaster.store_reading import StoredValues

__all__ = ["FileSource", "Judging", "Source", "StoreSource", "Watch", "pictures_of", "run"]


class Judging(NamedTuple):
    """A config that judges."""

    register: Register
    settings: Settings


class Watch(Protocol):
    """Is told how far a pass has come."""

    def scanned(self, first: int, last: int) -> None:
        """First and last ``received_at`` of the stream."""

    def share(self, share: float) -> None:
        """What is done, 0 to 1."""

    def watched(self, batches: Iterable[TimedBatch]) -> Iterator[TimedBatch]:
        """The batches as they are."""


class Source(Protocol):
    """What is read, as often as there are passes."""

    def batches(self, judging: Judging, index: SeriesIndex, watch: Watch) -> Iterator[TimedBatch]:
        """From its beginning, decoded for a config."""


@dataclass(frozen=True, slots=True)
class FileSource:
    """Recorded streams.

    Attributes:
        files: As :func:`~storage.recorded.read_recorded` takes them.
    """

    files: Sequence[Path]

    def batches(self, judging: Judging, index: SeriesIndex, watch: Watch) -> Iterator[TimedBatch]:
        """See :class:`Source`."""
        register, settings = judging
        stream = read_recorded(self.files, zone_minutes=register.zone_minutes, scanned=watch.scanned)
        prefix, age = settings.mqtt.prefix, settings.time.max_age_days
        return watch.watched(decoded(stream, register, index, prefix=prefix, max_age_days=age))


@dataclass(frozen=True, slots=True)
class StoreSource:
    """What a store has kept: the last version of every value.

    Attributes:
        values: The store.
        start: Only event times after it, epoch milliseconds; None = all that is kept as single values.
        oldest: Where nothing else says, from there on.
        end: Only event times up to it.
    """

    values: StoredValues
    start: int | None
    oldest: int
    end: int

    def batches(self, judging: Judging, index: SeriesIndex, watch: Watch) -> Iterator[TimedBatch]:
        """See :class:`Source`.

        Raises:
            ConfigError: Values of that time were summed up.
        """
        register, values = judging.register, self.values
        if self.start is None:
            start = max(self.oldest, values.kept_since() or self.oldest)
        else:
            start = self.start
            require_single_values(values, start, register.zone_minutes)
        known = values.series_since(start)
        batches = stored_batches(values.samples, known, register, index, start=start, end=self.end, told=watch.share)
        return watch.watched(batches)


def run(source: Source, judging: Judging, watch: Watch, *, start: int | None, end: int | None) -> BacktestResult:
    """Judge a source; of the store nothing is said about timeliness, since it doesn't know when a value came.

    Args:
        source: What is read.
        judging: By what.
        watch: Is told how far it has come.
        start: Only event times after it, epoch milliseconds.
        end: Only event times up to it.
    """
    index = SeriesIndex(judging.register.stations)
    result = judge(source.batches(judging, index, watch), judging.register, index, start=start, end=end)
    if isinstance(source, StoreSource):
        result.attainment = [{**line, "timeliness": None} for line in result.attainment]
    return result


def pictures_of(
    changes: Sequence[AlertChange],
    source: Source,
    before: Judging,
    after: Judging,
    watch: Watch,
    last: int,
) -> list[str | None]:
    """Drawings of the first changes; None for those about no station.

    Args:
        changes: Alerts.
        source: What they were judged from; it is read once more, twice where the later config lacks a station.
        before: The first config.
        after: The second one.
        watch: Is told how far it has come.
        last: Latest event time of the source, epoch milliseconds.
    """
    sides = Sides(before.register, after.register)
    shown = changes[:MOST_PICTURES]
    windows = [window_of(change, sides, last) for change in shown]
    found: dict[Window, Samples] = {}
    for judging in (after, before):
        known = judging.register.stations
        left = sorted({one for one in windows if one is not None and one not in found and one.station in known})
        if left:
            index = SeriesIndex(known)
            cut = cut_out(source.batches(judging, index, watch), index, left)
            found.update(zip(left, cut, strict=True))
    return [
        None if window is None else picture(change, sides, window, found[window])
        for change, window in zip(shown, windows, strict=True)
    ]
