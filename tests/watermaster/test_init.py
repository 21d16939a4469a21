"""`watermaster init`: what it writes is valid, commented, and the same as the config that is shipped."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hydro.register.schema import TABLES
from watermaster.cli.init import default_files
from watermaster.configuration import load_configuration
from watermaster.settings import Settings

ROOT = Path(__file__).parents[2]


def init(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "watermaster", "init", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def test_what_init_writes_has_no_mistakes_and_no_warnings(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "config"
    done = init(directory)
    assert (done.returncode, done.stdout) == (0, "")
    configuration = load_configuration(directory, {})
    assert configuration.findings == ()
    assert configuration.settings is not None
    assert configuration.settings.store.url == "duckdb:"
    assert configuration.register is not None
    assert len(configuration.register.stations) == 4


def test_a_second_init_overwrites_nothing(tmp_path: Path) -> None:
    init(tmp_path)
    kept = tmp_path / "registry/stations.csv"
    kept.write_text("mine", encoding="utf-8")
    done = init(tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert kept.read_text(encoding="utf-8") == "mine"


def test_one_file_that_is_there_keeps_all_others_from_being_written(tmp_path: Path) -> None:
    (tmp_path / "watermaster.yaml").write_text("mine", encoding="utf-8")
    assert init(tmp_path).returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["watermaster.yaml"]


def test_a_place_where_nothing_can_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = init(tmp_path / "file" / "config")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert init().returncode == 2


@pytest.mark.parametrize("name", default_files())
def test_the_shipped_config_is_what_init_writes(name: str) -> None:
    assert (ROOT / "config" / name).read_bytes() == default_files()[name]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_that_is_read_has_an_example_with_known_columns(table: object) -> None:
    (declared,) = [each for each in TABLES if each is table]
    text = default_files()[f"registry/{declared.name}.csv"].decode("utf-8-sig")
    header = next(csv.reader(text.splitlines()))
    assert set(header) <= {column.header for column in declared.columns.values()}


def test_the_settings_file_names_the_defaults_as_they_are() -> None:
    """A setting that is commented out has the value shown."""
    text = default_files()["watermaster.yaml"].decode()
    group, shown = "", {}
    for line in text.splitlines():
        found = re.match(r"(# )?( *)(?:# )?([a-z_]+):(?: +(\S+))?", line)
        if found and found[4] is None:
            group = found[3]
        elif found:
            shown[f"{group}.{found[3]}" if line.removeprefix("# ").startswith(" ") else found[3]] = found[4].strip('"')
    defaults = Settings()
    for setting in (
        "mqtt.client_id",
        "mqtt.prefix",
        "mqtt.session_expiry_s",
        "journal.keep_days",
        "journal.max_gb",
        "ledger.url",
        "console.host",
        "console.port",
        "time.zone",
        "time.allowed_lateness_min",
        "time.max_age_days",
        "time.revise_days",
    ):
        words = setting.split(".")
        value = getattr(getattr(defaults, words[0]), words[1])
        assert shown[setting] == (f"{value:g}" if isinstance(value, float) else str(value))
    assert shown["data_dir"] == "./var"
    assert shown["ingest.trust_replay"] == "false"
