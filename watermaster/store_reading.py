"""The store for a command that only reads and computes: blocking, and never made where there is none."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from hydro.errors import ConfigError, StoreUnavailable
from hydro.instants import format_instant
from storage.packed_samples import columns_of
from storage.store_url import parse_store_url
from watermaster.backup.members import STORE
from watermaster.cli.options import nothing_there

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any

    from hydro.quantity import Quantity
    from storage.buckets import Samples
    from storage.store import Store
    from watermaster.settings import Settings

__all__ = ["StoreReading", "StoredValues", "reading_store", "require_single_values"]

T = TypeVar("T")


class StoredValues(Protocol):
    """Values as they were kept; whoever has the store says them."""

    def samples(self, station: str, quantity: Quantity, start: int, end: int) -> Samples:
        """Values with start < time <= end, in order of time."""

    def series_since(self, start: int) -> set[tuple[str, str]]:
        """Series, by station and quantity, that have a value after an instant."""

    def kept_since(self) -> int | None:
        """Up to which event time values were summed up, epoch milliseconds; None = nothing was."""


class StoreReading:
    """Questions to a store from a thread that isn't its loop's.

    Args:
        store: Its calls belong to one event loop.
        wait: Runs a call in that loop and waits for what comes of it.
    """

    def __init__(self, store: Store, wait: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._store = store
        self._wait = wait

    def samples(self, station: str, quantity: Quantity, start: int, end: int) -> Samples:
        """Values with start < time <= end, in order of time."""
        return columns_of(self._wait(self._store.read(station, quantity.text, start, end)))

    def series_since(self, start: int) -> set[tuple[str, str]]:
        """Series, by station and quantity, that have a value after an instant."""
        return set(self._wait(self._store.latest(start)))

    def kept_since(self) -> int | None:
        """Up to which event time values were summed up, epoch milliseconds; None = nothing was."""
        since: int | None = self._wait(self._store.kept_since(None))
        return since


def require_single_values(values: StoredValues, start: int, zone_minutes: int) -> None:
    """See that nothing after an instant was summed up.

    Args:
        values: The store.
        start: Epoch milliseconds.
        zone_minutes: For the message.

    Raises:
        ConfigError: It was; single values are gone.
    """
    since = values.kept_since()
    if since is not None and start < since:
        limit = format_instant(since, zone_minutes)
        raise ConfigError(f"values up to {limit} are summed up in the store, so nothing can be judged from them")


@contextmanager
def reading_store(settings: Settings) -> Iterator[StoreReading]:
    """The store of the settings, read in this process.

    Raises:
        ConfigError: It is a file that nobody has made yet.
        StoreUnavailable: A service has it, or nobody answers.
    """
    embedded = settings.store.url.startswith("duckdb:")
    if embedded and not parse_store_url(settings.store.url).path(settings.data_dir, STORE).is_file():
        raise nothing_there("store", settings.data_dir)
    from watermaster.stores import open_store  # noqa: PLC0415  # aiohttp takes its time

    with asyncio.Runner() as runner:
        store = open_store(settings)
        try:
            yield StoreReading(store, runner.run)
        except StoreUnavailable as error:
            if not embedded:
                raise
            raise StoreUnavailable(f"{error}; no service with a console answers on {settings.data_dir}") from error
        finally:
            runner.run(store.close())
