"""The embedded store: a day of 15,000 stations, small commits, a year of one station, and what upkeep does to a commit.

Each part runs in a process of its own, so that its memory is its own. ``--large`` adds the year beside 1,000 stations,
which takes ten minutes and 3 GB.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import duckdb
import numpy as np

from bench.surroundings import ROOT, describe_machine, table
from hydro.columns import Observations
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from storage.buckets import Grid
from storage.embedded import FILE_NAME, EmbeddedStore
from storage.store import Keeping

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

SLOT_MS: Final = 300_000
DAY_SLOTS: Final = 288
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
FIRST: Final = 1_772_294_400_000
QUANTITIES: Final = (Quantity.DISCHARGE, Quantity.STAGE, Quantity.VOLTAGE)
BATCH: Final = 12_000  # 4,000 messages of three values, as the store writer takes them
SMALL: Final = 500
RUNS: Final = 3
REPEATED: Final = 100  # one row in so many again, and one corrected


def station(number: int) -> str:
    """Its code."""
    return f"5201{number:05d}A"


def index_of(stations: int) -> SeriesIndex:
    """Their series."""
    return SeriesIndex(station(number) for number in range(stations))


def stream(stations: int, slots: int, size: int, first: int = FIRST) -> Iterator[Observations]:
    """Batches in the order of arrival: every slot, all series in another order; some rows again, some corrected."""
    chance = np.random.default_rng(1)
    names = index_of(stations)
    series = np.array([names.number(code, quantity) for code in names.stations for quantity in QUANTITIES])
    value = chance.integers(500, 50_000, len(series)) * 1_000
    at_once = max(1, size // len(series))
    before: tuple[NDArray[np.int64], ...] | None = None
    position = 0
    for slot in range(1, slots + 1, at_once):
        several = np.arange(slot, min(slot + at_once, slots + 1))
        steps = chance.integers(-20, 21, (len(several), len(series))) * 1_000
        values = np.maximum(value + np.cumsum(steps, axis=0), 0)
        value = values[-1]
        order = np.stack([chance.permutation(len(series)) for _ in several])
        numbers, times = series[order].ravel(), np.repeat(first + several * SLOT_MS, len(series))
        values = np.take_along_axis(values, order, axis=1).ravel()
        for start in range(0, len(numbers), size):
            part = slice(start, start + size)
            new: tuple[NDArray[np.int64], ...] = (numbers[part], times[part], values[part])
            again = () if before is None else tuple(column[: 2 * (len(new[0]) // REPEATED)] for column in before)
            before = new
            if again:
                changed = again[2] + (np.arange(len(again[2])) % 2)
                new = tuple(np.concatenate(pair) for pair in zip((*again[:2], changed), new, strict=True))
            number, at, number_value = new
            count = len(number)
            yield Observations(number, at, number_value, np.ones(count, np.uint8), at, position + 1 + np.arange(count))
            position += count


def figures(rows: int, taken: list[float]) -> dict[str, float]:
    """Rate and latencies."""
    return {
        "rows/s": rows / sum(taken),
        "p50 ms": 1e3 * statistics.median(taken),
        "p99 ms": 1e3 * float(np.quantile(taken, 0.99)),
        "max ms": 1e3 * max(taken),
    }


def memory() -> dict[str, float]:
    """Resident memory of this process now and at its peak, MB."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {"rss MB": int(lines["VmRSS"].split()[0]) / 1e3, "peak MB": int(lines["VmHWM"].split()[0]) / 1e3}


async def fill(folder: Path, stations: int, slots: int, size: int, how: str) -> dict[str, float]:
    """A stretch of all stations, in batches of a size; ``how`` is plain or ours."""
    names, batches = index_of(stations), stream(stations, slots, size)
    began, taken, count = memory()["rss MB"], [], 0
    if how == "plain":
        with duckdb.connect(str(folder / FILE_NAME), config={"threads": "1", "memory_limit": "96MB"}) as connection:
            connection.execute("CREATE TABLE plain (series INTEGER, time BIGINT, value BIGINT, flag UTINYINT)")
            for rows in batches:
                since = time.perf_counter()
                batch = {"s": rows.series, "t": rows.event_time, "v": rows.value, "f": rows.flag}  # noqa: F841  # found by name
                connection.execute("INSERT INTO plain SELECT s, t, v, f FROM batch").fetchall()
                taken.append(time.perf_counter() - since)
                count += len(rows)
            used = memory()
    else:
        store = EmbeddedStore(folder / FILE_NAME)
        await store.ensure()
        for rows in batches:
            since = time.perf_counter()
            await store.write(rows, names, int(rows.position[-1]))
            taken.append(time.perf_counter() - since)
            count += len(rows)
        used = memory()
        await verify(store, stations, slots, size)
        await store.close()
    file = {"file MB": (folder / FILE_NAME).stat().st_size / 1e6}
    return {"rows": float(count)} | figures(count, taken) | {"rss before MB": began} | used | file


async def verify(store: EmbeddedStore, stations: int, slots: int, size: int) -> None:
    """Every key stands once, and of ten series each point has the value that came last."""
    names = index_of(stations)
    sample = [names.number(station(number), QUANTITIES[0]) for number in range(0, stations, max(1, stations // 10))]
    expected: dict[tuple[int, int], int] = {}
    for rows in stream(stations, slots, size):
        for row in np.flatnonzero(np.isin(rows.series, sample)).tolist():
            expected[int(rows.series[row]), int(rows.event_time[row])] = int(rows.value[row])
    found = {
        (number, point.time): point.value
        for number in sample
        for point in await store.read(names.station(number), names.quantity(number).text, 0, 2**62)
    }
    assert found == expected
    total = await store.reading(lambda connection, _: connection.execute("SELECT count(*) FROM recent").fetchall())
    assert total == [(stations * len(QUANTITIES) * slots,)], total


async def year(folder: Path, stations: int) -> dict[str, float]:
    """A year of all stations, kept up each day; then one station's read and cut into hours."""
    store, names = EmbeddedStore(folder / FILE_NAME), index_of(stations)
    keeping = Keeping(0, {}, 480)
    last = FIRST
    began = time.perf_counter()
    for rows in stream(stations, 365 * DAY_SLOTS, BATCH):
        await store.write(rows, names, int(rows.position[-1]))
        if rows.event_time[-1] >= last + DAY_MS:
            last += DAY_MS
            await store.upkeep(last, keeping)
    filled = time.perf_counter() - began
    await store.close()
    grid = Grid(HOUR_MS, SLOT_MS, 480)

    async def asked(ask: Callable[[str], Any]) -> list[float]:
        taken = []
        for number in range(0, stations, max(1, stations // 20)):
            since = time.perf_counter()
            assert await ask(station(number))
            taken.append(1e3 * (time.perf_counter() - since))
        return taken

    end = FIRST + 366 * DAY_MS
    cold = await asked(lambda code: store.buckets(code, "discharge", FIRST, end, grid))
    warm = await asked(lambda code: store.buckets(code, "discharge", FIRST, end, grid))
    raw = await asked(lambda code: store.read(code, "discharge", FIRST, end))
    used = memory()
    await store.close()
    return {
        "filled s": filled,
        "file MB": (folder / FILE_NAME).stat().st_size / 1e6,
        "buckets first ms": cold[0],
        "buckets ms": statistics.median(warm),
        "buckets max ms": max(warm),
        "points ms": statistics.median(raw),
    } | used


async def beside(folder: Path, what: str) -> dict[str, float]:
    """Commits of 500 rows while the store does something else; the file, grown and condensed."""
    stations, days = 1_500, 20
    store, names = EmbeddedStore(folder / FILE_NAME), index_of(stations)
    for rows in stream(stations, days * DAY_SLOTS // 2, BATCH):  # half the days, all as old as that
        await store.write(rows, names, int(rows.position[-1]))
    await store.close()
    grown = (folder / FILE_NAME).stat().st_size / 1e6
    at = FIRST + 500 * DAY_MS
    keeping = Keeping(400, {station(number): 5 for number in range(stations)}, 480)
    if what == "upkeep":
        other: asyncio.Task[Any] | None = asyncio.create_task(store.upkeep(at, keeping))
    elif what == "reads":

        async def read() -> None:
            for number in range(stations):
                await store.buckets(station(number), "stage", FIRST, at, Grid(HOUR_MS, SLOT_MS, 480))

        other = asyncio.create_task(read())
    else:
        other = None
    taken, count = [], 0
    began = time.perf_counter()
    for rows in stream(stations, 10_000, SMALL, first=at):
        since = time.perf_counter()
        await store.write(rows, names)
        taken.append(time.perf_counter() - since)
        count += len(rows)
        if time.perf_counter() - began > 60 or (other.done() if other is not None else len(taken) >= 2_000):  # noqa: PLR2004  # enough for a p99
            break
    lasted = time.perf_counter() - began
    if other is not None:
        other.cancel() if what == "reads" else await other
        await asyncio.gather(other, return_exceptions=True)
    used = await store.reading(lambda connection, _: connection.execute("PRAGMA database_size").fetchall()[0])
    await store.close()
    return (
        figures(count, taken)
        | memory()
        | {
            "commits": len(taken),
            "lasted s": lasted,
            "file before MB": grown,
            "file MB": (folder / FILE_NAME).stat().st_size / 1e6,
            "used MB": used[2] * used[4] / 1e6,
        }
    )


def measured(*arguments: object) -> dict[str, float]:
    """Figures of one part, from a process of its own."""
    line = [sys.executable, "-m", "bench.embedded_store", *map(str, arguments)]
    answer: dict[str, float] = json.loads(subprocess.run(line, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    return answer


def part(name: str, *arguments: str) -> dict[str, float]:
    """Run one part here."""
    with TemporaryDirectory(prefix="watermaster-bench-") as folder:
        path = Path(folder)
        if name == "fill":
            stations, slots, size = map(int, arguments[:3])
            return asyncio.run(fill(path, stations, slots, size, arguments[3]))
        if name == "year":
            return asyncio.run(year(path, int(arguments[0])))
        return asyncio.run(beside(path, arguments[0]))


def shown(found: dict[str, float]) -> str:
    """Figures in one line."""
    return ", ".join(f"{name} {value:,.1f}" if value < 100 else f"{name} {value:,.0f}" for name, value in found.items())  # noqa: PLR2004  # of display


def main() -> None:
    """Print the tables."""
    print(describe_machine("bench.embedded_store"))
    for title, shape in (
        (f"13.2 M rows: 15,000 stations x 3 x 288, 1 % again, 1 % corrected, {BATCH:,} a commit", (15_000, 288, BATCH)),
        (f"{SMALL} rows a commit: 15,000 stations x 3 x 20", (15_000, 20, SMALL)),
    ):
        found = {how: [measured("fill", *shape, how) for _ in range(RUNS)] for how in ("plain", "ours")}
        rates = {how: [run["rows/s"] for run in runs] for how, runs in found.items()}
        factor = statistics.median(rates["ours"]) / statistics.median(rates["plain"])
        print(f"\n{title}; {RUNS} runs, median (range)")
        print(table([("INSERT without keys", rates["plain"], 1.0), ("ours", rates["ours"], factor)], "rows/s"))
        for how, runs in found.items():
            print(f"  {how}: {shown(runs[-1])}")
    print("\na year of one station's 5-min values, in hours and as points, beside so many stations x 3")
    for stations in (100, 1_000) if "--large" in sys.argv else (33, 100):
        print(f"  {stations}: {shown(measured('year', stations))}")
    print(f"\ncommits of {SMALL} rows beside …; the file: 10 days of 1,500 stations x 3 become hours")
    for what in ("nothing", "reads", "upkeep"):
        print(f"  {what}: {shown(measured('beside', what))}")


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] != "--large":
        print(json.dumps(part(*sys.argv[1:])))
    else:
        main()
