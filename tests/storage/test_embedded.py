"""The embedded store: the contract of every store, run on a file that another process takes away and gives back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import pytest

from storage.embedded import EmbeddedStore
from tests.storage.store_contract import LAWS, Backend, Law

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from storage.embedded.database import Database

_HOLDER: Final = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"


@asynccontextmanager
async def open_store(path: Path) -> AsyncIterator[EmbeddedStore]:
    """A store that is closed at the end."""
    store = EmbeddedStore(path)
    try:
        yield store
    finally:
        await store.close()


class AnotherProcess:
    """Takes the file of a store, which thereby is "down", and gives it back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder: subprocess.Popen[str] | None = None

    def stop(self) -> None:
        """Close the file in good order; it is somebody else's then."""
        with self._database.closed():
            self._take()

    def kill(self) -> None:
        """Let go of the file without having written its log into it, as when the process dies."""
        with self._database.use() as connection:
            connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        self.stop()

    def start(self) -> None:
        """Give it back."""
        assert self._holder is not None
        self._holder.communicate(timeout=20)
        assert self._holder.returncode == 0
        self._holder = None

    def end(self) -> None:
        """End whatever a failed law left."""
        if self._holder is not None:
            self._holder.kill()
            self._holder.communicate(timeout=20)

    def _take(self) -> None:
        line = [sys.executable, "-c", _HOLDER, str(self._database.path)]
        self._holder = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "\n"


@pytest.mark.parametrize("law", LAWS, ids=[law.__name__ for law in LAWS])
def test_contract_of_every_store(law: Law, tmp_path: Path) -> None:
    async def judge() -> None:
        path = tmp_path / "data" / "store.duckdb"

        async def forget() -> None:
            for file in (path, path.with_name(f"{path.name}.wal")):
                file.unlink(missing_ok=True)

        async with open_store(path) as store:
            other = AnotherProcess(store.database)
            try:
                await law(Backend(store, forget, other.stop, other.kill, other.start))
            finally:
                other.end()

    asyncio.run(judge())
