"""Kill -9 at any moment: the rows in the file are those of all positions up to the one in the file, and no others."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from typing import TYPE_CHECKING

from storage.buckets import Grid
from storage.embedded import EmbeddedStore
from tests.storage.embedded_worker import KEEPING, NAMES, rows_of
from tests.storage.store_contract import DAY, MINUTE, NOON

if TYPE_CHECKING:
    from pathlib import Path

    from storage.buckets import Bucket

QUANTITIES = ("discharge", "stage", "voltage")


def work_and_die(what: str, path: Path, lines: int) -> bool:
    """Let a process work on the file and kill it when it has printed so many lines; False if it ended before."""
    line = [sys.executable, "-m", "tests.storage.embedded_worker", what, str(path)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(lines):
            if not process.stdout.readline():
                assert process.wait(30) == 0
                return False
        process.kill()
    return True


async def position_and_points(path: Path) -> tuple[int, dict[tuple[str, str, int], int | None]]:
    """What the file says and holds."""
    store = EmbeddedStore(path)
    found = {
        (station, quantity, point.time): point.value
        for station in NAMES.stations
        for quantity in QUANTITIES
        for point in await store.read(station, quantity, 0, 2**62)
    }
    position = await store.position()
    count = await store.reading(
        lambda connection, _: connection.execute("SELECT count(*) FROM observation").fetchall()[0][0]
    )
    assert count == len(found), "a key stands once"
    await store.close()
    return position, found


def test_rows_and_position_agree_after_ten_kills(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    chance, reached = random.Random(20260301), [0]
    for _ in range(10):
        assert work_and_die("write", path, chance.randrange(1, 25))
        position, found = asyncio.run(position_and_points(path))
        rows = rows_of(1, position)
        keys = zip(rows.series.tolist(), rows.event_time.tolist(), rows.value.tolist(), strict=True)
        assert found == {(NAMES.station(s), NAMES.quantity(s).text, time): value for s, time, value in keys}
        reached.append(position)
    assert reached == sorted(set(reached)), "each goes on where the one before died"


async def prepare(path: Path) -> None:
    """A file with rows to be summed up."""
    store = EmbeddedStore(path)
    await store.write(rows_of(1, 20_000), NAMES, 20_000)
    await store.close()


async def hours_of(path: Path) -> list[list[Bucket]]:
    """Buckets of every series."""
    store = EmbeddedStore(path)
    grid = Grid(60 * MINUTE, KEEPING.interval_min[NAMES.stations[0]] * MINUTE, KEEPING.zone_minutes)
    found = [
        await store.buckets(station, quantity, NOON - 3 * DAY, NOON + 3 * DAY, grid)
        for station in NAMES.stations
        for quantity in QUANTITIES
    ]
    await store.close()
    return found


def test_a_kill_while_summing_up_changes_no_number_and_the_next_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    asyncio.run(prepare(path))
    before = asyncio.run(hours_of(path))
    chance, kills = random.Random(1), 0
    while work_and_die("condense", path, chance.randrange(5, 60)):
        assert asyncio.run(hours_of(path)) == before
        kills += 1
    assert kills > 2
    assert asyncio.run(hours_of(path)) == before
    _, raw = asyncio.run(position_and_points(path))
    assert raw == {}
