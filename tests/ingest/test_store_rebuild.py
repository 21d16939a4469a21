"""The embedded store follows the journal: through kills, a damaged file, another kind of store, and another journal."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from hydro.instants import HOUR_MS
from ingest import store_writer
from ingest.store_reader import STATE_KIND, STATE_VERSION
from storage.embedded import Damage, EmbeddedStore
from storage.state_file import StateFile
from tests.ingest.store_worker import NOW, append, follow
from tests.ingest.test_store_writer import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from ingest.store_reader import Totals
    from storage.store import Point

MESSAGES = 12_000


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many batches and snapshots from few messages."""
    monkeypatch.setattr(store_writer, "_LIMIT", 200)
    monkeypatch.setattr(store_writer, "_SAVE_MESSAGES", 1_000)


async def points_in(folder: Path) -> list[Point]:
    """All points of the only series."""
    store = EmbeddedStore(folder / "store.duckdb")
    found = await store.read("A", "stage", -(2**62), 2**62)
    await store.close()
    return found


def followed(folder: Path) -> tuple[Totals, list[Point]]:
    """Totals and points when all is read."""
    totals = asyncio.run(follow(folder, EmbeddedStore(folder / "store.duckdb")))
    return totals, asyncio.run(points_in(folder))


def work_and_die(folder: Path, lines: int) -> bool:
    """Let a process follow the journal and kill it after so many batches; False if there are no more."""
    line = [sys.executable, "-m", "tests.ingest.store_worker", str(folder)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(lines)]
        process.kill()
    return told[-1] != ""


def positions(folder: Path) -> tuple[int, int]:
    """Of the snapshot and of the store."""

    async def ask() -> int:
        store = EmbeddedStore(folder / "store.duckdb")
        position = await store.position()
        await store.close()
        return position

    with StateFile(folder / "state", STATE_KIND, STATE_VERSION) as state:
        return state.position, asyncio.run(ask())


@pytest.fixture
def expected(tmp_path: Path) -> tuple[Totals, list[Point]]:
    """What an undisturbed run over the same journal gives."""
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    append(undisturbed, MESSAGES)
    totals, points = followed(undisturbed)
    assert len(points) == totals.observations_stored - totals.observations_corrected
    assert min(totals.observations_corrected, totals.observations_duplicate, totals.messages_decoded) > 100
    return totals, points


def same(found: tuple[Totals, list[Point]], expected: tuple[Totals, list[Point]]) -> None:
    """Totals and points are equal."""
    assert msgspec.to_builtins(found[0]) == msgspec.to_builtins(expected[0])
    assert found[1] == expected[1]


def test_ten_kills_change_no_point_and_no_total(tmp_path: Path, expected: tuple[Totals, list[Point]]) -> None:
    folder, chance = tmp_path / "killed", random.Random(1)
    folder.mkdir()
    append(folder, MESSAGES)
    snapshots = set()
    for _ in range(10):
        assert work_and_die(folder, chance.randrange(2, 9))
        snapshot, store = positions(folder)
        assert snapshot <= store
        snapshots.add(snapshot)
    assert len(snapshots) > 2
    same(followed(folder), expected)


def test_a_damaged_file_is_filled_again_and_the_totals_stay(
    tmp_path: Path, expected: tuple[Totals, list[Point]]
) -> None:
    folder = tmp_path / "undisturbed"
    (folder / "store.duckdb").write_bytes(b"quack")
    found: list[Damage] = []
    steps: list[tuple[int, int]] = []

    async def again() -> Totals:
        store = EmbeddedStore(folder / "store.duckdb", found.append)
        return await follow(folder, store, progressed=lambda *step: steps.append(step))

    totals = asyncio.run(again())
    assert [damage.kept.name for damage in found] == ["store.duckdb.damaged-1"]
    assert (steps[0], steps[-1]) == ((0, MESSAGES), (MESSAGES, MESSAGES))
    same((totals, asyncio.run(points_in(folder))), expected)
    assert not list(folder.glob("rebuild*")), "the pass leaves nothing behind"
    steps.clear()
    asyncio.run(again())
    assert steps == [], "there is nothing to fill any more"


def test_a_pass_that_is_killed_goes_on_and_messages_that_came_meanwhile_follow(
    tmp_path: Path, expected: tuple[Totals, list[Point]]
) -> None:
    folder = tmp_path / "undisturbed"
    append(folder, 3_000, seed=2)
    (folder / "store.duckdb").unlink()
    chance, reached = random.Random(3), [0]
    for _ in range(4):
        assert work_and_die(folder, chance.randrange(7, 12))
        snapshot, store = positions(folder)
        assert snapshot == MESSAGES, "the snapshot waits"
        reached.append(store)
    assert reached == sorted(set(reached))
    totals, points = followed(folder)
    assert totals.messages_received == expected[0].messages_received + 3_000
    straight = tmp_path / "straight"
    straight.mkdir()
    append(straight, MESSAGES)
    append(straight, 3_000, seed=2)
    same((totals, points), followed(straight))


def test_a_damage_in_the_midst_of_a_pass_begins_it_anew(tmp_path: Path, expected: tuple[Totals, list[Point]]) -> None:
    folder = tmp_path / "undisturbed"
    (folder / "store.duckdb").unlink()
    assert work_and_die(folder, 20)
    assert list(folder.glob("rebuild*"))
    for file in folder.glob("store.duckdb*"):
        file.write_bytes(b"quack")
    same(followed(folder), expected)


def test_another_kind_of_store_is_filled_from_the_journal(tmp_path: Path, expected: tuple[Totals, list[Point]]) -> None:
    folder = tmp_path / "switched"
    folder.mkdir()
    append(folder, MESSAGES)
    asyncio.run(follow(folder, MemoryStore()))
    same(followed(folder), expected)


def test_a_store_is_filled_as_far_as_the_journal_reaches(tmp_path: Path) -> None:
    """Retention has deleted the first messages; the snapshot knows of them, the new file can't."""
    folder, rest = tmp_path / "all", tmp_path / "rest"
    for path in (folder, rest):
        path.mkdir()
    append(folder, 3_000)
    append(folder, 2_000, seed=4, at=NOW + 2 * HOUR_MS)
    append(rest, 2_000, seed=4, at=NOW + 2 * HOUR_MS)
    totals, _ = followed(folder)
    first, _ = sorted((folder / "journal").glob("*.sqlite"))
    first.unlink()
    (folder / "store.duckdb").unlink()
    steps: list[tuple[int, int]] = []
    store = EmbeddedStore(folder / "store.duckdb")
    again = asyncio.run(follow(folder, store, progressed=lambda *step: steps.append(step)))
    assert msgspec.to_builtins(again) == msgspec.to_builtins(totals)
    assert (steps[0], steps[-1]) == ((3_000, 5_000), (5_000, 5_000))
    assert positions(folder) == (5_000, 5_000)
    assert asyncio.run(points_in(folder)) == followed(rest)[1]


def test_a_store_that_met_another_journal_takes_the_new_messages(
    tmp_path: Path, expected: tuple[Totals, list[Point]]
) -> None:
    """As after `restore` on a new machine: positions begin anew, points stay."""
    folder = tmp_path / "restored"
    folder.mkdir()
    shutil.copyfile(tmp_path / "undisturbed" / "store.duckdb", folder / "store.duckdb")
    append(folder, 1_000, seed=5)
    totals, points = followed(folder)
    assert totals.messages_received == 1_000
    assert positions(folder) == (1_000, 1_000)
    alone = tmp_path / "alone"
    alone.mkdir()
    append(alone, 1_000, seed=5)
    _, new = followed(alone)
    by_time = {point.time: point for point in expected[1]}
    assert {point.time for point in points} == by_time.keys() | {point.time for point in new}
