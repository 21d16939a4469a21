"""What is done to the file about once an hour: sort what is no longer new, sum up what is old."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeVar

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from storage.embedded.condensing import Slots, condense_hours_step, condense_raw_step, raw_overdue
from storage.embedded.settling import settle_step

if TYPE_CHECKING:
    from collections.abc import Callable

    from duckdb import DuckDBPyConnection

    from storage.embedded.series_names import SeriesNames
    from storage.store import Keeping

__all__ = ["Limits", "Perform", "keep_up"]

T = TypeVar("T")

_RECENT_MS: Final = DAY_MS


class Limits(NamedTuple):
    """How much is done at once, and when it is worth its while.

    Attributes:
        run_rows: Rows are sorted when so many wait. Reading as many unsorted ones takes some 30 ms, and every run of
            sorted ones costs a series that is read over a year one row group.
        step_rows: Rows of one step: about 0.1 s of sorting and 10 MB.
        many_rows: Old rows are summed up when so many wait, …
        spare_days: … or some of so many days: where a day has few rows, dropping those of one day would rewrite most
            of the file.
        hours_days: Age at which hours become days; a year against the four before it is still told by the hour.
    """

    run_rows: int = 8_000_000
    step_rows: int = 400_000
    many_rows: int = 1_000_000
    spare_days: int = 31
    hours_days: int = 5 * 366


class Perform(Protocol):
    """Does work with a connection of the file."""

    async def __call__(self, work: Callable[[DuckDBPyConnection, SeriesNames], T]) -> T:
        """Result of the work."""


async def keep_up(read: Perform, write: Perform, at: int, keeping: Keeping, limits: Limits) -> None:
    """Do what there is to do, step by step, each a transaction.

    Args:
        read: Does work beside the writer.
        write: Does work in its turn among the batches.
        at: The present, epoch milliseconds.
        keeping: What is old.
        limits: What is much.
    """
    before = (at - _RECENT_MS) // HOUR_MS * HOUR_MS
    await _settle(write, before, limits.run_rows, limits)
    if not keeping.raw_days:
        return
    shift = keeping.zone_minutes * MINUTE_MS
    until = (at - keeping.raw_days * DAY_MS + shift) // DAY_MS * DAY_MS - shift
    spared = until - limits.spare_days * DAY_MS
    if await read(lambda connection, _: raw_overdue(connection, until, limits.many_rows, spared)):
        slots = Slots(keeping.interval_min, keeping.zone_minutes)
        await _settle(write, until + 1, 1, limits)
        rows = limits.step_rows // 2
        while await write(lambda connection, names: condense_raw_step(connection, names, slots, until, rows)):
            pass
    hours_until = until - max(limits.hours_days - keeping.raw_days, 0) * DAY_MS
    rows = limits.step_rows // 4
    while await write(
        lambda connection, names: condense_hours_step(connection, names, keeping.zone_minutes, hours_until, rows)
    ):
        pass


async def _settle(write: Perform, before: int, least: int, limits: Limits) -> None:
    while await write(lambda connection, names: settle_step(connection, len(names), before, least, limits.step_rows)):
        pass
