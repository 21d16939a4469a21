"""A config directory and an embedded store with values in it, for what is made from both."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from hydro.columns import Observations
from hydro.fixed import MICRO
from hydro.flags import Flag
from hydro.instants import parse_instant
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from storage.embedded import FILE_NAME, EmbeddedStore
from tests.end_to_end.running import write_config
from watermaster.configuration import load_configuration
from watermaster.reports import Reports
from watermaster.store_reading import reading_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from hydro.register import Register

__all__ = ["StoredField", "at", "ended"]


def at(text: str) -> int:
    """Epoch milliseconds of a time, or of the beginning of a day, in +08:00."""
    return parse_instant(text if "T" in text else f"{text}T00:00:00", 480)


def ended(first: str, number: int, minutes: int) -> list[int]:
    """Ends of so many slots in a row, the first of which begins at a time."""
    return [at(first) + (place + 1) * minutes * 60_000 for place in range(number)]


class StoredField:
    """See the module.

    Args:
        folder: An empty one.
        stations: Lines of stations.csv.
        tables: Other tables as text.
        settings: Beside data_dir and store.
    """

    def __init__(self, folder: Path, stations: Sequence[str], tables: Mapping[str, str], **settings: object) -> None:
        self.data_dir = folder / "var"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        given = {"data_dir": str(self.data_dir), "store": {"url": "duckdb:"}, **settings}
        self.config = write_config(folder / "config", given, stations, tables)
        self.reload()
        self._rows: list[tuple[str, Quantity, int, float | None, int]] = []

    def reload(self) -> None:
        """Read the config directory."""
        found = load_configuration(self.config, {})
        assert found.register is not None, found.mistakes
        assert found.settings is not None
        self.register: Register = found.register
        self.settings = found.settings

    def measured(
        self,
        station: str,
        times: Iterable[int],
        values: Iterable[float | None],
        *,
        flag: Flag = Flag.GOOD,
        quantity: Quantity = Quantity.DISCHARGE,
    ) -> None:
        """What the store is to hold; None = reported as missing."""
        for time, value in zip(times, values, strict=True):
            self._rows.append((station, quantity, time, value, Flag.MISSING if value is None else flag))

    def store(self) -> None:
        """Write it."""
        index = SeriesIndex(self.register.stations)
        rows = Observations(
            np.array([index.number(station, quantity) for station, quantity, *_ in self._rows], np.int64),
            np.array([time for _, _, time, _, _ in self._rows], np.int64),
            np.array([round((value or 0) * MICRO) for *_, value, _ in self._rows], np.int64),
            np.array([flag for *_, flag in self._rows], np.uint8),
            np.array([time for _, _, time, _, _ in self._rows], np.int64),
            np.zeros(len(self._rows), np.int64),
        )

        async def write() -> None:
            store = EmbeddedStore(self.data_dir / FILE_NAME)
            await store.ensure()
            if len(rows):
                await store.write(rows, index)
            await store.close()

        asyncio.run(write())
        self._rows.clear()

    def reports(self, now: str = "2027-06-01", alerts: Sequence[Mapping[str, Any]] = ()) -> Reports:
        """Who makes reports, at a time."""
        return Reports(
            register=self.register,
            version="1.2.3",
            store_kind="duckdb",
            clock=lambda: at(now),
            reading=partial(reading_store, self.settings),
            alerts=lambda: alerts,
        )
