"""Copies that a service makes for a backup: they stop nobody from ending, fill no disk and are not left behind."""

from __future__ import annotations

import random
import shutil
import threading
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI

from dashboards.console.admin_routes import create_admin_app
from hydro.errors import WatermasterError
from ingest.store_reader import STATE_KIND, STATE_VERSION
from storage.embedded.database import Database
from storage.state_file import StateFile
from tests.end_to_end.running import command, eventually
from tests.watermaster.control_server import Controlled
from tests.watermaster.kept_data import keep_data
from watermaster.backup.snapshots import StoreSnapshots
from watermaster.data_dir import DataDir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.responses import Response

ROWS = 6_000_000


class Store:
    """A store with a file."""

    def __init__(self, directory: Path) -> None:
        self.database = Database(directory / "store.duckdb", lambda damage: pytest.fail(str(damage)))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """One that takes a second or more to copy, and the state that belongs to it."""
    StateFile(tmp_path / "store.state", STATE_KIND, STATE_VERSION).close()
    made = Store(tmp_path)
    seed = random.Random(3).getrandbits(40)
    with made.database.use() as connection:
        connection.execute(
            "INSERT INTO settled SELECT i % 300, i, (hash(i + ?) % 1000000000)::BIGINT, 1 FROM range(?) t(i)",
            [seed, ROWS],
        )
    yield made
    made.database.close()


def snapshots_of(directory: Path, store: Store) -> StoreSnapshots:
    """What the service has."""
    return StoreSnapshots(DataDir(directory), store)  # type: ignore[arg-type]  # what is used of a store


def test_a_service_that_ends_breaks_a_copy_off_instead_of_waiting_for_it(tmp_path: Path, store: Store) -> None:
    snapshots = snapshots_of(tmp_path, store)
    told: list[WatermasterError] = []

    def copy() -> None:
        with pytest.raises(WatermasterError) as caught:
            snapshots.make()
        told.append(caught.value)

    copying = threading.Thread(target=copy)
    copying.start()
    eventually((tmp_path / "snapshot" / "store.duckdb").exists, 30, "the beginning of the copy")
    snapshots.close()
    copying.join(30)
    assert [str(one) for one in told] == ["the service is stopping and makes no copies any more"]
    assert not (tmp_path / "snapshot").exists()
    with pytest.raises(WatermasterError, match="is stopping"):
        snapshots.make()
    with store.database.use() as connection:  # the store is none the worse
        assert connection.execute("SELECT count(*) FROM settled").fetchone() == (ROWS,)


def test_a_copy_that_would_leave_the_journal_no_room_is_not_begun(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    total, used, _ = shutil.disk_usage(tmp_path)
    almost_full = type(shutil.disk_usage(tmp_path))(total, used, 200_000_000)
    monkeypatch.setattr("shutil.disk_usage", lambda _: almost_full)
    with pytest.raises(WatermasterError, match=r"200 MB are free, and a copy .* takes \d+ MB, with what the journal"):
        snapshots_of(tmp_path, store).make()
    assert not (tmp_path / "snapshot").exists()


@pytest.fixture
def admin() -> FastAPI:
    """The application of a service whose copies are replaced before they are fetched; it notes what is asked."""
    app = FastAPI()
    app.state.asked = []

    @app.middleware("http")
    async def note(request: Any, call_next: Any) -> Response:  # noqa: ANN401  # the framework's types
        app.state.asked.append((request.method, request.url.path))
        answer: Response = await call_next(request)
        return answer

    class Replaced:
        def make(self) -> dict[str, Any]:
            files = [{"name": "store.duckdb", "size": 3}, {"name": "store.state", "size": 3}]
            return {"id": "1", "position": 45, "store_position": 45, "files": files}

        def file(self, _snapshot: str, _name: str) -> Path | None:
            return None

        def drop(self, _snapshot: str) -> bool:
            return True

    app.mount("/", create_admin_app(Replaced()))
    return app


def test_a_backup_that_fails_leaves_no_copies_in_the_service_and_says_who_took_its_place(
    tmp_path: Path, admin: FastAPI
) -> None:
    kept = keep_data(tmp_path, store={"url": "duckdb:"})
    (kept.data_dir / "store.duckdb").touch()
    with Controlled(kept.data_dir, admin):
        done = command("backup", tmp_path / "backup.tar", config=kept.config, ok=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "has begun another backup, in place of this one" in done.stderr
    assert admin.state.asked[-1] == ("DELETE", "/admin/snapshots/1")
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == []
