"""`watermaster backup`: what is in it, and that a broken one never carries the name of a backup."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from hydro.errors import WatermasterError
from ingest.store_reader import STATE_KIND, STATE_VERSION
from storage.embedded.database import Database
from storage.journal.directory import segment_path
from storage.state_file import StateFile
from tests.end_to_end.running import command
from tests.watermaster.kept_data import END, LEDGER_AT, RULES_AT, SECRET, STORE_AT, KeptData, keep_data, unpacked
from watermaster.backup.archive import ArchiveWriter
from watermaster.backup.journal_copy import JournalCopy
from watermaster.backup.snapshots import StoreSnapshots
from watermaster.data_dir import DataDir

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeptData:
    """A data directory that no test changes."""
    return keep_data(tmp_path_factory.mktemp("kept"))


def summary(kept: KeptData, target: Path, *options: str) -> dict[str, Any]:
    """Make a backup; what it says of itself."""
    done = command("backup", target, "--output", "json", *options, config=kept.config)
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


@pytest.mark.parametrize("suffix", [".tar", ".tar.zst"])
def test_a_backup_holds_everything_in_the_order_in_which_it_was_copied(
    kept: KeptData, tmp_path: Path, suffix: str
) -> None:
    target = tmp_path / f"backup{suffix}"
    shown = summary(kept, target)
    members = unpacked(target)
    assert list(members) == [
        "watermaster-backup.json",
        "config/registry/stations.csv",
        "config/rules/eflow.yaml",
        "config/watermaster.yaml",
        "rules.state",
        "ledger.sqlite",
        "store.state",
        "dead_letters.sqlite",
        "evidence/2026/站.json",
        "journal/0000000000000031.sqlite",
        "journal/0000000000000041.sqlite",
        "journal/0000000000000051.sqlite",
        "manifest.json",
        "manifest.sha256",
    ]
    manifest = json.loads(members["manifest.json"])
    assert {one["name"]: (one["size"], one["sha256"]) for one in manifest["members"]} == {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name, content in members.items()
        if not name.startswith("manifest.")
    }
    readers = {"store": STORE_AT, "store_file": None, "rules": RULES_AT, "ledger": LEDGER_AT}
    positions = {"journal_first": 31, "journal_last": END, **readers}
    assert (manifest["positions"], shown["positions"]) == (positions, positions)
    assert (shown["path"], shown["bytes"]) == (str(target), target.stat().st_size)
    assert target.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_the_whole_journal_can_be_had(kept: KeptData, tmp_path: Path) -> None:
    target = tmp_path / "backup.tar"
    assert summary(kept, target, "--whole-journal")["positions"]["journal_first"] == 1
    assert sum(name.startswith("journal/") for name in unpacked(target)) == END // 10


def test_secrets_stay_where_they_are_and_are_named(
    kept: KeptData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATERMASTER_STORE__USERNAME", "wm")
    monkeypatch.setenv("WATERMASTER_STORE__PASSWORD", SECRET)
    target = tmp_path / "backup.tar"
    done = command("backup", target, config=kept.config)
    assert SECRET.encode() not in target.read_bytes()
    assert SECRET not in done.stderr
    named = [line.removeprefix("not copied: ") for line in done.stderr.splitlines()[:-1]]
    assert named == [
        f"{kept.config / 'broker.password.csv'}: a secret (mqtt.password_file)",
        f"{kept.config / 'notes.bin'}: no file of a configuration",
        "WATERMASTER_STORE__PASSWORD: a setting of the environment",
        "WATERMASTER_STORE__USERNAME: a setting of the environment",
        f"{kept.data_dir / 'broker'}: passwords and queue of the embedded broker",
        "store influxdb://127.0.0.1:9/water: back it up right after this: influxd backup -portable",
    ]
    assert done.stdout == ""


def test_a_backup_is_never_overwritten(kept: KeptData, tmp_path: Path) -> None:
    target = tmp_path / "backup.tar"
    target.write_bytes(b"mine")
    done = command("backup", target, config=kept.config, ok=False)
    assert (done.returncode, done.stderr) == (
        1,
        f"watermaster: {target}: is there already, and is not overwritten\n",
    )
    assert target.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("backup.zip", "a backup is called ….tar or ….tar.zst"),
        ("nowhere/backup.tar", "No such file or directory"),
    ],
)
def test_a_place_that_can_not_be_is_one_line(kept: KeptData, tmp_path: Path, name: str, reason: str) -> None:
    done = command("backup", tmp_path / name, config=kept.config, ok=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert reason in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kilobytes", [0, 8, 64])
def test_a_full_disk_is_one_line_and_leaves_nothing(kept: KeptData, tmp_path: Path, kilobytes: int) -> None:
    target = tmp_path / "backup.tar"
    line = [sys.executable, "-m", "watermaster", "backup", str(target), "--config", str(kept.config)]
    limited = ["sh", "-c", f'ulimit -f {2 * kilobytes}; exec "$@"', "sh", *line]
    done = subprocess.run(limited, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_was_kept_there_is_nothing_to_back_up(tmp_path: Path) -> None:
    kept = keep_data(tmp_path / "kept", data_dir=str(tmp_path / "empty"))
    for is_there in (False, True):
        if is_there:
            (tmp_path / "empty").mkdir()
        done = command("backup", tmp_path / "backup.tar", config=kept.config, ok=False)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "there is no" in done.stderr
    assert not (tmp_path / "backup.tar").exists()


def test_a_damaged_file_is_named_and_not_copied(tmp_path: Path) -> None:
    kept = keep_data(tmp_path)
    path = kept.data_dir / "ledger.sqlite"
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    path.write_bytes(content)
    done = command("backup", tmp_path / "backup.tar", config=kept.config, ok=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert str(path) in done.stderr
    assert not (tmp_path / "backup.tar").exists()


def test_a_journal_that_lost_its_end_makes_no_backup(tmp_path: Path) -> None:
    kept = keep_data(tmp_path)
    for first in (51, 41):
        segment_path(kept.data_dir / "journal", first).unlink()
    done = command("backup", tmp_path / "backup.tar", config=kept.config, ok=False)
    assert done.returncode == 1
    assert f"ends at position 40, but was read to {STORE_AT}" in done.stderr


def test_what_retention_deletes_meanwhile_is_missed(tmp_path: Path) -> None:
    kept = keep_data(tmp_path)
    journal = JournalCopy(kept.data_dir / "journal")
    for first in (1, 11, 21, 31):
        segment_path(kept.data_dir / "journal", first).unlink()
    archive = ArchiveWriter(tmp_path / "backup.tar", compressed=False, at=0)
    with pytest.raises(WatermasterError, match="position 34 was deleted meanwhile; try again"):
        journal.add(archive, tmp_path, needed_after=RULES_AT, reached=STORE_AT)
    archive.abandon()


def test_an_embedded_store_at_rest_is_copied_with_what_stands_in_its_log(tmp_path: Path) -> None:
    kept = keep_data(tmp_path, store={"url": "duckdb:"})
    store = kept.data_dir / "store.duckdb"
    program = """if True:
        import os, pathlib, sys
        from storage.embedded.database import Database
        with Database(pathlib.Path(sys.argv[1]), print).use() as connection:
            connection.execute("INSERT INTO recent VALUES (1, 2, 3, 1)")
            connection.execute("UPDATE state SET position = 47")
            os.kill(os.getpid(), 9)
    """
    subprocess.run([sys.executable, "-c", program, str(store)], timeout=60, check=False)
    assert store.with_name("store.duckdb.wal").stat().st_size > 0
    before = {path.name: path.read_bytes() for path in kept.data_dir.glob("store.duckdb*")}
    target = tmp_path / "backup.tar"
    assert summary(kept, target)["positions"]["store_file"] == 47
    assert {path.name: path.read_bytes() for path in kept.data_dir.glob("store.duckdb*")} == before
    members = unpacked(target)
    assert [name for name in members if name.startswith("store.")] == ["store.state", "store.duckdb"]
    (tmp_path / "copy.duckdb").write_bytes(members["store.duckdb"])
    with duckdb.connect(str(tmp_path / "copy.duckdb"), read_only=True) as copy:
        assert copy.execute("SELECT * FROM recent").fetchall() == [(1, 2, 3, 1)]


def test_a_damaged_embedded_store_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    kept = keep_data(tmp_path, store={"url": "duckdb:"})
    store = kept.data_dir / "store.duckdb"
    store.write_bytes(b"no database" * 10_000)
    done = command("backup", tmp_path / "backup.tar", config=kept.config, ok=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"{kept.data_dir}: store.duckdb is damaged" in done.stderr
    assert store.read_bytes() == b"no database" * 10_000
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == []


def test_store_and_state_are_of_one_moment_while_both_are_written_to(tmp_path: Path) -> None:
    """The writer's order is: answers to the state file, rows to the store, from time to time the position.

    So at any moment `position` <= rows <= answers; and every row after the position has its answer.
    """
    database = Database(tmp_path / "store.duckdb", lambda damage: pytest.fail(str(damage)))
    state = StateFile(tmp_path / "store.state", STATE_KIND, STATE_VERSION)
    ended = threading.Event()
    reached = 0

    def write() -> None:
        nonlocal reached
        while not ended.is_set():
            reached += 1
            with state.transaction():
                state.put("recalled", "", reached, b"answer")
            with database.use() as connection:
                connection.execute("INSERT INTO recent VALUES (1, ?, 1, 1)", [reached])
            if reached % 7 == 0:
                with state.transaction():
                    state.delete("recalled", below=reached + 1)
                    state.set_position(reached)
            ended.wait(0.002)

    class Store:
        def __init__(self) -> None:
            self.database = database

    writer = threading.Thread(target=write)
    (tmp_path / "snapshot").mkdir()  # of a service that was killed
    (tmp_path / "snapshot" / "store.duckdb").write_bytes(b"half")
    snapshots = StoreSnapshots(DataDir(tmp_path), Store())  # type: ignore[arg-type]  # what is used of a store
    assert not (tmp_path / "snapshot").exists()
    writer.start()
    try:
        for _ in range(20):
            made = snapshots.make()
            paths = {one["name"]: snapshots.file(made["id"], one["name"]) for one in made["files"]}
            with duckdb.connect(str(paths["store.duckdb"]), read_only=True) as copy:
                rows = [row[0] for row in copy.execute("SELECT time FROM recent ORDER BY time").fetchall()]
            with closing(StateFile(paths["store.state"] or tmp_path, STATE_KIND, STATE_VERSION)) as copied:
                position = copied.position
                answers = set(copied.numbers("recalled", ""))
            assert rows == list(range(1, len(rows) + 1))
            assert position == made["position"] <= len(rows)
            assert set(range(position + 1, len(rows) + 1)) <= answers
            assert snapshots.drop(made["id"])
            assert snapshots.file(made["id"], "store.state") is None
    finally:
        ended.set()
        writer.join()
        state.close()
        database.close()
    assert reached > 20
    assert not (tmp_path / "snapshot").exists()
