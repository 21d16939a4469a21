"""The file of the embedded store: somebody else's, without permission, of a later format, damaged, deleted, no room."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import duckdb
import numpy as np
import pytest

from hydro.columns import Observations
from hydro.errors import FormatVersionError, StoreError, StoreUnavailable
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from storage.embedded import Damage, EmbeddedStore
from storage.embedded.schema import FORMAT
from storage.store import Point, WriteResult
from tests.storage.small_files import no_file_beyond
from tests.storage.store_contract import FIRST, NOON, batch, discharge, everything, put, transition

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

NOBODY: Final = 65_534
ROWS: Final = 20_000


def with_store(path: Path, scenario: Callable[[EmbeddedStore], Awaitable[None]]) -> list[Damage]:
    """Run a scenario on a store; what was set aside meanwhile."""
    damage: list[Damage] = []

    async def run() -> None:
        store = EmbeddedStore(path, damage.append)
        try:
            await scenario(store)
        finally:
            await store.close()

    asyncio.run(run())
    return damage


async def ensured(store: EmbeddedStore) -> None:
    """Open it."""
    await store.ensure()


async def filled(store: EmbeddedStore) -> None:
    """Write something of each kind, position 7 reached."""
    await store.write(*batch(discharge(NOON + n, n * n) for n in range(ROWS)), 7)
    await store.write_alerts([transition()])


def test_an_empty_store_is_ready_wherever_its_directory_is_to_be(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "store.duckdb"

    async def scenario(store: EmbeddedStore) -> None:
        assert not path.exists(), "nothing is opened before it is asked"
        assert await store.position() == 0
        assert (await store.ping()).startswith("DuckDB ")

    assert with_store(path, scenario) == []
    assert [file.name for file in path.parent.iterdir()] == ["store.duckdb"]


def test_of_several_transitions_at_one_time_the_last_stays_and_people_can_read_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"

    async def scenario(store: EmbeddedStore) -> None:
        await put(store, discharge(NOON, 1_500_000), discharge(NOON, None, station="B"))
        await store.write_alerts([transition(1), transition(2, "B"), transition(2)])
        await store.write_alerts([transition(0, ratio=None)])

    with_store(path, scenario)
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute("SELECT tags ->> 'subject', level, state, ratio FROM alert ORDER BY 1").fetchall()
        assert found == [(FIRST, 0, 0, None), ("B", 2, 1, 0.605)]
        rows = connection.execute("SELECT station, epoch_ms(time), value, flag FROM observation ORDER BY 1").fetchall()
        assert rows == [(FIRST, NOON, 1.5, 1), ("B", NOON, None, 9)]


def test_a_second_process_is_told_which_one_has_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    program = textwrap.dedent(
        f"""
        import asyncio, pathlib
        from storage.embedded import EmbeddedStore
        from hydro.errors import StoreUnavailable
        try:
            asyncio.run(EmbeddedStore(pathlib.Path({str(path)!r})).ensure())
        except StoreUnavailable as error:
            print(error)
        """
    )

    async def scenario(store: EmbeddedStore) -> None:
        await put(store, discharge(NOON, 1))
        line = [sys.executable, "-c", program]
        told = await asyncio.to_thread(subprocess.run, line, check=True, capture_output=True, text=True, timeout=30)
        assert told.stdout.count("\n") == 1
        assert told.stdout.startswith(f"{path}: is held by process {os.getpid()} ")
        await put(store, discharge(NOON, 2))

    assert with_store(path, scenario) == []
    assert len(list(tmp_path.iterdir())) == 1, "what is held is not damaged"


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A folder that others may enter; those of pytest are closed."""
    with TemporaryDirectory(prefix="watermaster-test-") as made:
        path = Path(made)
        path.chmod(0o755)
        yield path


def test_a_directory_that_may_not_be_written_is_named_and_can_be_mended(open_path: Path) -> None:
    """In a child: as root all is permitted."""
    directory = open_path / "data"
    directory.mkdir(mode=0o500)
    program = textwrap.dedent(
        f"""
        import asyncio, os, pathlib
        import numpy, duckdb
        from storage.embedded import EmbeddedStore
        from hydro.errors import StoreUnavailable
        if os.geteuid() == 0:
            os.chown({str(directory)!r}, {NOBODY}, {NOBODY})
            os.setgid({NOBODY})
            os.setuid({NOBODY})
        path = pathlib.Path({str(directory)!r})

        async def run():
            store = EmbeddedStore(path / "store.duckdb")
            try:
                await store.ensure()
            except StoreUnavailable as error:
                print(error)
            path.chmod(0o700)
            print(await store.position())
            await store.close()
            (path / "store.duckdb").chmod(0o400)
            try:
                await store.ensure()
            except StoreUnavailable as error:
                print(error)
        asyncio.run(run())
        """
    )
    line = [sys.executable, "-c", program]
    told = subprocess.run(line, check=True, capture_output=True, text=True, timeout=30)
    assert told.stdout.splitlines() == [
        f"{directory}: no permission to write",
        "0",
        f"{directory / 'store.duckdb'}: no permission to write",
    ]


def test_a_later_format_and_a_foreign_database_are_left_as_they_are(tmp_path: Path) -> None:
    later, foreign = tmp_path / "later.duckdb", tmp_path / "foreign.duckdb"
    with_store(later, ensured)
    with duckdb.connect(str(later)) as connection:
        connection.execute("UPDATE format SET version = 9")
    with duckdb.connect(str(foreign)) as connection:
        connection.execute("CREATE TABLE ducks AS SELECT 1 AS duck")
    before = {path: path.read_bytes() for path in (later, foreign)}
    with pytest.raises(FormatVersionError) as raised:
        with_store(later, ensured)
    assert (raised.value.found, raised.value.supported) == (9, FORMAT)
    with pytest.raises(StoreError, match="database of something else, with the table ducks"):
        with_store(foreign, ensured)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def overwrite(path: Path, start: int, length: int) -> None:
    """Put noise into a file."""
    with path.open("r+b") as file:
        file.seek(start)
        file.write(random.Random(1).randbytes(length))


def replace(path: Path) -> None:
    """Put another kind of file in its place."""
    shutil.copyfile(__file__, path)


DAMAGE: Final[dict[str, Callable[[Path], None]]] = {
    "head": lambda path: overwrite(path, 0, 100),
    "both headers": lambda path: overwrite(path, 4096, 8192),
    "another file": replace,
    "empty": lambda path: os.truncate(path, 0),
    "cut short": lambda path: os.truncate(path, path.stat().st_size // 2),
    "all blocks": lambda path: overwrite(path, 3 * 4096, path.stat().st_size - 3 * 4096),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_kept_under_another_name_and_a_new_one_made(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = tmp_path / "store.duckdb"
    for number in (1, 2):
        with_store(path, filled)
        damage(path)
        damaged = path.read_bytes()

        async def scenario(store: EmbeddedStore) -> None:
            assert await store.position() == 0
            assert await everything(store) == []

        (found,) = with_store(path, scenario)
        kept = tmp_path / f"store.duckdb.damaged-{number}"
        assert (found.path, found.kept) == (path, kept)
        assert str(found).startswith(f"{path}: ")
        assert "\n" not in str(found)
        assert kept.read_bytes() == damaged


def test_a_damaged_log_goes_aside_with_its_file(tmp_path: Path) -> None:
    path, log = tmp_path / "store.duckdb", tmp_path / "store.duckdb.wal"

    async def scenario(store: EmbeddedStore) -> None:
        await store.close()
        await store.reading(lambda connection, _: connection.execute("PRAGMA disable_checkpoint_on_shutdown"))
        await filled(store)

    with_store(path, scenario)
    overwrite(log, 60, log.stat().st_size - 200)
    (found,) = with_store(path, ensured)
    assert found.kept.with_name(f"{found.kept.name}.wal").exists()
    assert not log.exists() or log.stat().st_size == 0


def test_damage_that_only_writing_meets_is_told_and_set_aside_at_the_next_start(tmp_path: Path) -> None:
    """Blocks are read when they are needed: a file may open and yet be unreadable where a correction belongs."""
    path = tmp_path / "store.duckdb"
    count = 2_000_000
    names = SeriesIndex([FIRST])
    values = np.random.default_rng(1).integers(0, 2**60, count)
    series, times = np.full(count, names.number(FIRST, Quantity.DISCHARGE)), NOON + np.arange(count)
    rows = Observations(series, times, values, np.ones(count, np.uint8), times, np.arange(1, count + 1))

    async def fill(store: EmbeddedStore) -> None:
        await store.write(rows, names, count)

    async def correct(store: EmbeddedStore) -> None:
        assert await store.position() == count, "it opens"
        with pytest.raises(StoreError, match="is damaged") as raised:
            await everything(store)
        assert not raised.value.retryable
        with pytest.raises(StoreError, match=r"is damaged.*start again") as raised:
            await store.write(*batch(discharge(NOON + place, 1) for place in range(0, count, 100_000)))
        assert not raised.value.retryable

    with_store(path, fill)
    overwrite(path, path.stat().st_size // 2, 300_000)
    assert with_store(path, correct) == []
    (found,) = with_store(path, ensured)
    assert "is damaged" in found.reason
    assert with_store(path, ensured) == []


def test_a_file_that_is_deleted_while_in_use_takes_no_position_on_trust(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"

    async def scenario(store: EmbeddedStore) -> None:
        await filled(store)
        path.unlink()
        with pytest.raises(StoreError, match="was deleted or replaced while in use; start again") as raised:
            await store.write(*batch([discharge(NOON, 1)]), 8)
        assert not raised.value.retryable
        assert await store.position() == 0

    with_store(path, scenario)


def test_without_room_nothing_is_lost_and_the_same_batch_goes_in_later(tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"

    async def scenario(store: EmbeddedStore) -> None:
        await filled(store)
        send = store.prepare(*batch(discharge(NOON + n, 1) for n in range(5, ROWS)), 8)
        with no_file_beyond(10_000), pytest.raises(StoreUnavailable) as raised:
            await send()
        assert raised.value.retryable
        assert "\n" not in str(raised.value)
        assert (await store.position(), (await everything(store))[-1].value) == (7, (ROWS - 1) ** 2)
        assert await send() == WriteResult(ROWS - 5, ())
        assert await store.position() == 8
        # The first seven of them stand at positions that the store had reached before.
        assert (await everything(store))[11:13] == [Point(NOON + 11, 121, 1), Point(NOON + 12, 1, 1)]

    assert with_store(path, scenario) == []
