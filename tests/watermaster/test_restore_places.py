"""`watermaster restore`: what is beside the places of a service is nobody's business, and a wrong place is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from hydro.errors import WatermasterError
from tests.end_to_end.running import command
from tests.watermaster.kept_data import KeptData, keep_data
from watermaster.backup.places import Places
from watermaster.backup.restore import restore
from watermaster.data_dir import UNFINISHED, DataDir
from watermaster.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

NOON = 1_772_337_600_000
SERVICE = 12_345
"""A user who is nobody."""


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a data directory with something of everything."""
    folder = tmp_path_factory.mktemp("kept")
    command("backup", folder / "backup.tar", config=keep_data(folder).config)
    return folder / "backup.tar"


def settings_for(folder: Path) -> dict[str, Any]:
    """The ledger and the journal lie elsewhere, the ledger in a directory that others use."""
    return {
        "data_dir": str(folder / "var"),
        "store": {"url": "influxdb://127.0.0.1:9/water"},
        "ledger": {"url": f"sqlite:///{folder / 'shared' / 'ledger.sqlite'}"},
        "journal": {"url": f"file:{folder / 'disk' / 'journal'}"},
    }


def config_in(folder: Path) -> Path:
    """A config directory with these settings."""
    config = folder / "config"
    config.mkdir()
    (config / "watermaster.yaml").write_text(json.dumps(settings_for(folder)))
    return config


def test_the_neighbours_of_a_ledger_are_not_the_services(tmp_path: Path) -> None:
    files = ("shared/ledger.sqlite", "shared/others/file", "disk/journal/1.sqlite", "disk/other", "var/rules.state")
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    places = Places(Settings.model_validate(settings_for(tmp_path)))
    found = {path.relative_to(tmp_path).as_posix() for path in places.belongings(())}
    own = {"var", "var/rules.state", "disk/journal", "disk/journal/1.sqlite", "shared/ledger.sqlite"}
    assert found == own
    made = {path.relative_to(tmp_path).as_posix() for path in places.belongings([tmp_path / "shared"])}
    assert made == own | {"shared", "shared/others", "shared/others/file"}


def test_root_gives_the_files_to_the_user_of_the_service_and_nothing_beside_them(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_in(tmp_path)
    stranger = tmp_path / "shared" / "stranger"
    stranger.parent.mkdir()
    stranger.touch()
    data_dir = tmp_path / "var"
    (data_dir / "broker").mkdir(parents=True)
    (data_dir / "broker" / "link").symlink_to(stranger)
    if os.geteuid() == 0:
        os.chown(data_dir, SERVICE, SERVICE)
    given: dict[str, bool] = {}

    def chown(path: Path, uid: int, _gid: int, *, follow_symlinks: bool) -> None:
        assert uid == data_dir.stat().st_uid
        given[path.relative_to(tmp_path).as_posix()] = follow_symlinks

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("os.chown", chown)  # whoever runs this may not be root
    restore(backup, config, {}, force=False, at=NOON)
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert not any(given.values())
    assert files - set(given) == {"config/watermaster.yaml", "shared/stranger", *(n for n in files if "restored" in n)}
    assert not {"shared", "disk"} & set(given)


@pytest.mark.parametrize("wrong", ["a file", "without settings", "unreadable settings"])
def test_a_config_directory_that_is_none_is_refused_and_nothing_restored_into_the_default_place(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.chdir(tmp_path)  # where the default data_dir would be
    config = tmp_path / "config"
    if wrong == "a file":
        config.touch()
    else:
        config.mkdir()
        name = "watermaster.yaml" if wrong == "unreadable settings" else "other.conf"
        (config / name).write_text("data_dir: [/var\n")
    with pytest.raises(WatermasterError) as told:
        restore(backup, config, {}, force=False, at=NOON)
    assert str(config) in str(told.value)
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


def test_the_directory_that_every_new_file_system_has_is_in_nobodys_way(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "var" / "lost+found").mkdir(parents=True)
    assert restore(backup, config_in(tmp_path), {}, force=False, at=NOON).set_aside == ()
    assert (tmp_path / "var" / "lost+found").is_dir()


def test_two_restores_of_one_second_set_aside_into_two_directories(backup: Path, tmp_path: Path) -> None:
    config = config_in(tmp_path)
    restore(backup, config, {}, force=False, at=NOON)
    first = restore(backup, config, {}, force=True, at=NOON).set_aside
    second = restore(backup, config, {}, force=True, at=NOON).set_aside
    assert len({*first, *second}) == len(first) + len(second)
    kept = [(directory / "rules.state").is_file() for directory in (*first, *second) if directory.parent.name == "var"]
    assert kept == [True, True]


def test_a_full_disk_is_one_line_with_the_place_and_leaves_nothing(backup: Path, tmp_path: Path) -> None:
    config = config_in(tmp_path)
    line = [sys.executable, "-m", "watermaster", "restore", str(backup), "--config", str(config)]
    limited = ["sh", "-c", 'ulimit -f 24; exec "$@"', "sh", *line]
    done = subprocess.run(limited, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert f"{tmp_path}/" in done.stderr.partition("can't be restored: ")[2]
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".lock", ".yaml"}


def test_where_a_restore_broke_off_there_is_no_backup(tmp_path: Path) -> None:
    kept: KeptData = keep_data(tmp_path)
    (kept.data_dir / UNFINISHED).touch()
    done = command("backup", tmp_path / "backup.tar", config=kept.config, ok=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"{kept.data_dir}: a restore broke off here" in done.stderr
    assert not (tmp_path / "backup.tar").exists()


def test_a_note_of_an_unfinished_restore_is_not_written_through_a_link(backup: Path, tmp_path: Path) -> None:
    config = config_in(tmp_path)
    (tmp_path / "var").mkdir()
    stranger = tmp_path / "stranger"
    stranger.write_text("mine")
    (tmp_path / "var" / UNFINISHED).symlink_to(stranger)
    with pytest.raises(WatermasterError, match=UNFINISHED):
        restore(backup, config, {}, force=True, at=NOON)
    assert stranger.read_text() == "mine"


def test_a_lock_that_may_not_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "ingest.lock").mkdir()
    with pytest.raises(WatermasterError, match=r"ingest\.lock: Is a directory"):
        DataDir(tmp_path).lock("ingest")
