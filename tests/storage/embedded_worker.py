"""A process that works on an embedded store until it is killed: ``python -m tests.storage.embedded_worker WHAT FILE``.

It prints a line for each step, so that whoever kills it knows that it is in the midst of something.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from hydro.columns import Observations
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from storage.embedded import EmbeddedStore
from storage.embedded.upkeep import Limits, keep_up
from storage.store import Keeping
from tests.storage.store_contract import DAY, MINUTE, NOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from duckdb import DuckDBPyConnection

    from storage.embedded.series_names import SeriesNames

__all__ = ["KEEPING", "NAMES", "STEPS", "rows_of"]

T = TypeVar("T")

STATIONS: Final = 40
NAMES: Final = SeriesIndex(f"S{number:02d}" for number in range(STATIONS))
KEEPING: Final = Keeping(2, dict.fromkeys(NAMES.stations, 5), 480)
STEPS: Final = Limits(run_rows=2_000, step_rows=300, many_rows=1, spare_days=1, hours_days=10_000)


def rows_of(first: int, last: int) -> Observations:
    """Rows of journal positions: three each, every fifth position corrects what came ten before it."""
    positions = np.repeat(np.arange(first, last + 1), 3)
    quantity = np.tile([Quantity.DISCHARGE, Quantity.STAGE, Quantity.VOLTAGE], last - first + 1)
    about = np.where(positions % 5 == 0, np.maximum(positions - 10, 1), positions)
    series = about % STATIONS * 32 + quantity
    times = NOON + about // STATIONS * 5 * MINUTE - np.where(about % 7 == 0, 2 * DAY, 0)
    return Observations(series, times, positions * 10 + quantity, np.ones(len(positions), np.uint8), times, positions)


def tell(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def write(store: EmbeddedStore) -> None:
    """Write batches from where the store is, for ever; now and then sort what is old."""
    chance = random.Random()
    position = await store.position()
    while True:
        last = position + chance.randrange(1, 400)
        await store.write(rows_of(position + 1, last), NAMES, last)
        position = last
        tell(str(position))
        if chance.random() < 0.2:
            now = NOON + position // STATIONS * 5 * MINUTE
            await keep_up(store.reading, store.writing, now, KEEPING._replace(raw_days=0), STEPS)


async def condense(store: EmbeddedStore) -> None:
    """Sum up all that is there, step by step, and end."""

    async def told(work: Callable[[DuckDBPyConnection, SeriesNames], T]) -> T:
        result = await store.writing(work)
        tell("step")
        return result

    await keep_up(store.reading, told, NOON + 30 * DAY, KEEPING, STEPS)
    await store.close()


if __name__ == "__main__":
    asyncio.run({"write": write, "condense": condense}[sys.argv[1]](EmbeddedStore(Path(sys.argv[2]))))
