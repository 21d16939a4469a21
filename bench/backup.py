"""Backup of a store of 13 M rows: how long it takes, how large it is, and how long a commit waits meanwhile.

The baseline of the waiting is the plain way, closing the file and copying it.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from bench.embedded_store import BATCH, DAY_SLOTS, FIRST, SLOT_MS, figures, index_of, station, stream
from bench.surroundings import describe_machine
from hydro.register import Register
from ingest.store_reader import STATE_KIND, STATE_VERSION
from storage.embedded import FILE_NAME, EmbeddedStore
from storage.journal import Journal
from storage.state_file import StateFile
from watermaster.backup.collect import Origin, back_up
from watermaster.backup.restore import restore
from watermaster.backup.snapshots import StoreSnapshots
from watermaster.data_dir import DataDir
from watermaster.settings import Settings, StoreSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hydro.columns import Observations
    from hydro.series import SeriesIndex

STATIONS: Final = 15_000
STATE_BYTES: Final = 100_000_000  # the keys of 72 hours
IDLE_BATCHES: Final = 40


async def fill(store: EmbeddedStore, names: SeriesIndex) -> int:
    """A day; how many rows were sent."""
    rows = 0
    for batch in stream(STATIONS, DAY_SLOTS, BATCH):
        await store.write(batch, names)
        rows += len(batch)
    return rows


async def beside(
    store: EmbeddedStore, names: SeriesIndex, batches: Iterator[Observations], work: Callable[[], object] | None
) -> tuple[list[float], float]:
    """Seconds of each commit while something is done in a thread, and how long that took."""
    began = time.perf_counter()
    doing = None if work is None else asyncio.create_task(asyncio.to_thread(work))
    taken: list[float] = []
    while len(taken) < IDLE_BATCHES if doing is None else not doing.done():
        batch = next(batches)
        at = time.perf_counter()
        await store.write(batch, names)
        taken.append(time.perf_counter() - at)
        await asyncio.sleep(0.02)
    if doing is not None:
        await doing
    return taken, time.perf_counter() - began


async def measure(data_dir: DataDir) -> None:
    """Fill, and copy in three ways."""
    names = index_of(STATIONS)
    store = EmbeddedStore(data_dir.path / FILE_NAME)
    rows = await fill(store, names)
    size = (data_dir.path / FILE_NAME).stat().st_size
    print(f"{rows:,} rows sent, repeated and corrected ones included; store {size / 1e6:.0f} MB")
    snapshots = StoreSnapshots(data_dir, store)
    batches = stream(STATIONS, DAY_SLOTS, BATCH, FIRST + DAY_SLOTS * SLOT_MS)
    for name, work in (
        ("nothing beside it", None),
        ("ours, store and state of one moment", snapshots.make),
    ):
        taken, seconds = await beside(store, names, batches, work)
        shown = figures(BATCH * len(taken), taken)
        print(f"{name:<44}{seconds:>6.1f} s   commit p50 {shown['p50 ms']:.0f} ms, longest {shown['max ms']:.0f} ms")
    snapshots.close()
    began = time.perf_counter()
    await store.close()
    shutil.copyfile(data_dir.path / FILE_NAME, data_dir.path / "plain")
    await store.ensure()
    seconds = time.perf_counter() - began
    print(f"{'closed, copied, opened: every commit waits':<44}{seconds:>6.1f} s")
    (data_dir.path / "plain").unlink()
    await store.close()


def main() -> None:
    """Print the figures."""
    print(describe_machine("bench.backup"))
    with TemporaryDirectory(prefix="watermaster-bench-") as name:
        folder = Path(name)
        data_dir, config = DataDir(folder / "var"), folder / "config"
        (config / "registry").mkdir(parents=True)
        lines = "\n".join(f"{station(number)},,section,,,,,5" for number in range(STATIONS))
        table = f"station,name,kind,basin,river,division,gateway,interval_min\n{lines}\n"
        (config / "registry" / "stations.csv").write_text(table, encoding="utf-8")
        (config / "watermaster.yaml").write_text(json.dumps({"data_dir": str(data_dir.path)}), encoding="utf-8")
        loaded = Register.load(
            config / "registry", zone_minutes=480, default_lateness_min=30, time_settings={}
        ).register
        assert loaded is not None
        with Journal.open(data_dir.path / "journal", keep_days=1, max_gb=1) as journal:
            journal.append(["t"], [b"{}"])
        with closing(StateFile(data_dir.store_state, STATE_KIND, STATE_VERSION)) as state:
            state.put("hour", "", 0, os.urandom(STATE_BYTES))
            state.set_position(1)
        asyncio.run(measure(data_dir))
        settings = Settings(data_dir=data_dir.path, store=StoreSettings(url="duckdb:"))
        origin = Origin(
            settings=settings, register=loaded, config=config, environ={}, data_dir=data_dir, version="bench", at=0
        )
        for suffix in (".tar", ".tar.zst"):
            began = time.perf_counter()
            made = back_up(folder / f"backup{suffix}", origin)
            print(f"backup{suffix:<38}{time.perf_counter() - began:>6.1f} s   {made.size / 1e6:.0f} MB")
        began = time.perf_counter()
        restore(folder / "backup.tar.zst", config, {}, force=True, at=0)
        print(f"{'restore':<44}{time.perf_counter() - began:>6.1f} s")


if __name__ == "__main__":
    main()
