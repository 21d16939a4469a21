"""`watermaster restore`: what was there is there again, or nothing was touched."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from hydro.errors import ConfigError
from storage.journal import marks
from tests.end_to_end.running import command
from tests.watermaster.kept_data import END, RULES_AT, STORE_AT, KeptData, content_of, keep_data, rewritten, unpacked
from watermaster.backup.places import STAGING
from watermaster.backup.restore import restore
from watermaster.data_dir import UNFINISHED, DataDir

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOON = 1_772_337_600_000
STAMP = "20260301T040000Z"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> KeptData:
    """A data directory that no test changes."""
    return keep_data(tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def backup(kept: KeptData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the data directory, with its whole journal."""
    target = tmp_path_factory.mktemp("backups") / "backup.tar"
    command("backup", target, "--whole-journal", config=kept.config)
    return target


def moved_config(kept: KeptData, folder: Path, **settings: Any) -> Path:  # noqa: ANN401  # settings are anything
    """The same config for another data directory, `folder/var`."""
    config = folder / "config"
    shutil.copytree(kept.config, config)
    known = json.loads((config / "watermaster.yaml").read_text())
    (config / "watermaster.yaml").write_text(json.dumps({**known, "data_dir": str(folder / "var"), **settings}))
    return config


def files_of(folder: Path) -> dict[str, bytes]:
    """All files but locks."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.endswith(".lock")}


def left_by(folder: Path) -> set[str]:
    """Names of what a refused restore may have left beside empty directories and locks."""
    return {path.name for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


@pytest.mark.parametrize("suffix", [".tar", ".tar.zst"])
def test_what_was_backed_up_is_there_again(kept: KeptData, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"backup{suffix}"
    command("backup", target, "--whole-journal", config=kept.config)
    config = moved_config(kept, tmp_path)
    done = command("restore", target, "--output", "json", config=config)
    data_dir = tmp_path / "var"
    assert content_of(data_dir) == content_of(kept.data_dir)
    assert marks(data_dir / "journal") == {"store": STORE_AT, "rules": RULES_AT}
    shown = json.loads(done.stdout)
    assert (shown["data_dir"], shown["set_aside"], shown["positions"]["journal_last"]) == (str(data_dir), [], END)
    assert not any(path.name in (STAGING, UNFINISHED) for path in data_dir.iterdir())
    assert command("alerts", "export", config=config).stdout == command("alerts", "export", config=kept.config).stdout


def test_everything_goes_where_the_settings_say(kept: KeptData, backup: Path, tmp_path: Path) -> None:
    elsewhere = {
        "journal": {"url": f"file:{tmp_path / 'disk' / 'journal'}"},
        "ledger": {"url": f"sqlite:///{tmp_path / 'ledgers' / 'ours.sqlite'}"},
    }
    config = moved_config(kept, tmp_path, **elsewhere)
    restore(backup, config, {}, force=False, at=NOON)
    assert not (tmp_path / "var" / "journal").exists()
    shutil.move(tmp_path / "disk" / "journal", tmp_path / "var" / "journal")
    shutil.move(tmp_path / "ledgers" / "ours.sqlite", tmp_path / "var" / "ledger.sqlite")
    assert content_of(tmp_path / "var") == content_of(kept.data_dir)
    assert left_by(tmp_path / "ledgers") == set()


@pytest.mark.parametrize("there", ["nothing", "an empty directory"])
def test_on_a_new_machine_the_config_of_the_backup_becomes_the_config(
    kept: KeptData, backup: Path, tmp_path: Path, there: str
) -> None:
    config = tmp_path / "etc" / "config"
    if there != "nothing":
        config.mkdir(parents=True)
    done = restore(backup, config, {"WATERMASTER_DATA_DIR": str(tmp_path / "var")}, force=False, at=NOON)
    assert done.config == config
    assert {path.relative_to(config).as_posix() for path in config.rglob("*") if path.is_file()} == {
        "watermaster.yaml",
        "registry/stations.csv",
        "rules/eflow.yaml",
    }
    assert (config / "watermaster.yaml").read_bytes() == (kept.config / "watermaster.yaml").read_bytes()
    assert content_of(tmp_path / "var") == content_of(kept.data_dir)


def test_another_config_is_put_beside_and_the_same_one_is_not(kept: KeptData, backup: Path, tmp_path: Path) -> None:
    config = moved_config(kept, tmp_path)
    before = {path: path.read_bytes() for path in config.rglob("*") if path.is_file()}
    assert restore(backup, config, {}, force=False, at=NOON).config == tmp_path / "config.restored"
    assert restore(backup, config, {}, force=True, at=NOON).config == tmp_path / "config.restored2"
    assert {path: path.read_bytes() for path in config.rglob("*") if path.is_file()} == before
    shutil.copy(kept.config / "watermaster.yaml", config)
    environ = {"WATERMASTER_DATA_DIR": str(tmp_path / "var2")}
    assert restore(backup, config, environ, force=False, at=NOON).config is None


def test_what_is_there_is_refused_or_set_aside_and_never_deleted(kept: KeptData, backup: Path, tmp_path: Path) -> None:
    config = moved_config(kept, tmp_path)
    data_dir = tmp_path / "var"
    restore(backup, config, {}, force=False, at=NOON)
    (data_dir / "evidence" / "mine.txt").write_text("mine")
    (data_dir / "broker").mkdir()
    (data_dir / "broker" / "passwords").write_text("the gateways still know these")
    before = files_of(data_dir)
    done = command("restore", backup, config=config, ok=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "is not empty (dead_letters.sqlite, evidence, journal …); --force" in done.stderr
    assert files_of(data_dir) == before
    [aside] = restore(backup, config, {}, force=True, at=NOON).set_aside
    assert aside == data_dir / f"before-restore-{STAMP}"
    assert files_of(aside) == {name: content for name, content in before.items() if not name.startswith("broker/")}
    assert (data_dir / "broker" / "passwords").exists()
    assert content_of(data_dir) == content_of(kept.data_dir)


def test_no_restore_beside_a_running_service(kept: KeptData, backup: Path, tmp_path: Path) -> None:
    config = moved_config(kept, tmp_path)
    lock = DataDir(tmp_path / "var").lock("alerting")
    done = command("restore", backup, "--force", config=config, ok=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "alerting is running already (pid" in done.stderr
    lock.release()
    assert left_by(tmp_path / "var") == set()


def test_no_service_where_a_restore_broke_off(
    kept: KeptData, backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = moved_config(kept, tmp_path)

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("watermaster.backup.restore.set_mark", broken)
        with pytest.raises(Exception, match="Input/output error"):
            restore(backup, config, {}, force=False, at=NOON)
    data_dir = DataDir(tmp_path / "var")
    with pytest.raises(ConfigError, match="a restore broke off here; run it again with --force"):
        data_dir.lock("ingest")
    restore(backup, config, {}, force=True, at=NOON)
    data_dir.lock("ingest").release()
    assert content_of(data_dir.path) == content_of(kept.data_dir)


def test_every_cut_and_every_flipped_byte_is_found_and_nothing_touched(
    kept: KeptData, backup: Path, tmp_path: Path
) -> None:
    config = moved_config(kept, tmp_path)
    content = backup.read_bytes()
    whole = unpacked(backup)
    offsets = {name: content.index(member) for name, member in whole.items()}
    damaged = tmp_path / "damaged.tar"
    for name, offset in offsets.items():
        flipped = bytearray(content)
        flipped[offset + len(whole[name]) // 2] ^= 1
        damaged.write_bytes(flipped)
        told = refusal(damaged, config)
        assert name.replace("sha256", "json") in told or name == "watermaster-backup.json", told
        damaged.write_bytes(content[: offset + len(whole[name]) // 2])
        assert refusal(damaged, config)
        damaged.write_bytes(content[: offset - 512])
        assert refusal(damaged, config)
    assert left_by(tmp_path / "var") == set()
    assert not list(tmp_path.glob("config.restored*"))


def refusal(archive: Path, config: Path) -> str:
    """Why a restore is refused, in one line."""
    with pytest.raises(Exception) as told:  # noqa: PT011  # of what kind is looked at here
        restore(archive, config, {}, force=True, at=NOON)
    assert type(told.value).__module__ == "hydro.errors", repr(told.value)
    assert "\n" not in str(told.value)
    assert str(archive) in str(told.value)
    return str(told.value)


def later_format(members: dict[str, bytes]) -> None:
    head = json.loads(members["watermaster-backup.json"])
    members["watermaster-backup.json"] = json.dumps({**head, "format": 2, "store": None}).encode()


def other_store(members: dict[str, bytes]) -> None:
    head = json.loads(members["watermaster-backup.json"])
    members["watermaster-backup.json"] = json.dumps({**head, "store": "duckdb"}).encode()


def without_head(members: dict[str, bytes]) -> None:
    del members["watermaster-backup.json"]


def without_manifest(members: dict[str, bytes]) -> None:
    del members["manifest.json"]


def without_ledger(members: dict[str, bytes]) -> None:
    del members["ledger.sqlite"]


def with_stranger(members: dict[str, bytes]) -> None:
    manifest = members.pop("manifest.json")
    members["evidence/2026/more.json"] = b"{}"
    members["manifest.json"] = manifest


def climbing(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        manifest = members.pop("manifest.json")
        members[name] = b"evil"
        members["manifest.json"] = manifest

    return change


def climbing_config(members: dict[str, bytes]) -> None:
    rest = list(members.items())
    members.clear()
    members.update([rest[0], ("config/../../evil", b"evil"), *rest[1:]])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(later_format, "format version 2, this program reads 1", id="later format"),
        pytest.param(
            other_store, "of a service with store.url duckdb:…, the settings say influxdb:…", id="other store"
        ),
        pytest.param(without_head, "not a backup of this program", id="no head"),
        pytest.param(without_manifest, "cut off behind journal/0000000000000051.sqlite", id="no manifest"),
        pytest.param(without_ledger, "ledger.sqlite is missing", id="member missing"),
        pytest.param(with_stranger, "evidence/2026/more.json does not stand in its manifest", id="stranger"),
        pytest.param(climbing("evidence/../../evil"), "is no member of a backup", id="climbing"),
        pytest.param(climbing("/evil"), "is no member of a backup", id="absolute"),
        pytest.param(climbing("journal/../evil"), "is no member of a backup", id="climbing journal"),
        pytest.param(climbing_config, "is no member of a backup", id="climbing config"),
    ],
)
def test_what_is_no_whole_backup_of_ours_is_refused(
    kept: KeptData,
    backup: Path,
    tmp_path: Path,
    change: Callable[[dict[str, bytes]], None],
    reason: str,
) -> None:
    config = moved_config(kept, tmp_path)
    members = unpacked(backup)
    change(members)
    archive = tmp_path / "changed.tar"
    rewritten(archive, members)
    assert reason in refusal(archive, config)
    assert left_by(tmp_path / "var") == set()
    assert not any(path.name == "evil" for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x28\xb5\x2f\xfd and no frame behind it"])
def test_a_file_that_is_no_archive_is_refused(kept: KeptData, tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "backup.tar"
    archive.write_bytes(content)
    assert refusal(archive, moved_config(kept, tmp_path))
    archive.unlink()
    assert "No such file" in refusal(archive, tmp_path / "config")
