"""`watermaster check` as a process: stdout carries the findings, stderr the rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

STATIONS = "station,name,kind,basin,river,division,gateway,interval_min\n"


def run(*arguments: str, cwd: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("WATERMASTER_")}
    return subprocess.run(
        [sys.executable, "-m", "watermaster", "check", *arguments],
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env={**inherited, **environ},
        check=False,
        timeout=60,
    )


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config directory without mistakes."""
    directory = tmp_path / "config"
    (directory / "registry").mkdir(parents=True)
    (directory / "watermaster.yaml").write_text("store:\n  url: influxdb://127.0.0.1/water\n", encoding="utf-8")
    (directory / "registry/stations.csv").write_text(STATIONS + "A1,,section,,,,,5\n", encoding="utf-8")
    return directory


def test_a_good_config_is_silent_on_stdout(config: Path) -> None:
    done = run("--config", str(config))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith(f"{config}: 0 mistakes, 0 warnings; 1 station, 0 points, 0 targets; register ")


def test_every_mistake_is_one_line_and_the_exit_code_says_so(config: Path) -> None:
    (config / "watermaster.yaml").write_text("mqtt:\n  keepalive: 3\n", encoding="utf-8")
    (config / "registry/points.csv").write_text("station,quantity,max\nA1,stage,abc\nB9,stage,5\n", encoding="utf-8")
    (config / "registry/ratings.csv").write_text("", encoding="utf-8")
    (config / "rules").mkdir()
    (config / "rules/night.yaml").write_text("", encoding="utf-8")
    (config / "notify.yaml").write_text("", encoding="utf-8")
    done = run("--config", str(config))
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "watermaster.yaml:2: mqtt.keepalive: unknown setting",
        'registry/points.csv:2: max: "abc" is not a number',
        'registry/points.csv:3: station: unknown station "B9"',
        "registry/ratings.csv: warning: accepted unread, this version does not use it",
        "rules/night.yaml: is empty",
        "notify.yaml: warning: accepted unread, this version does not use it",
    ]
    assert done.stderr == f"{config}: 4 mistakes, 2 warnings\n"


def test_machine_output_is_one_object_a_line(config: Path) -> None:
    (config / "registry/points.csv").write_text("station,quantity,max\nA1,stage,abc\n", encoding="utf-8")
    (config / "notify.yaml").write_text("", encoding="utf-8")
    done = run("--config", str(config), "--output", "json")
    assert done.returncode == 1
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {
            "severity": "mistake",
            "file": "registry/points.csv",
            "reason": '"abc" is not a number',
            "row": 2,
            "column": "max",
            "value": "abc",
        },
        {
            "severity": "warning",
            "file": "notify.yaml",
            "reason": "accepted unread, this version does not use it",
            "row": None,
            "column": None,
            "value": None,
        },
    ]


def test_warnings_alone_are_no_failure(config: Path) -> None:
    """A store that is only written to is a valid setting."""
    (config / "watermaster.yaml").write_text("store:\n  url: influxdb+v3://h/b\n", encoding="utf-8")
    done = run("--config", str(config))
    assert done.returncode == 0
    assert "InfluxDB 3 is experimental" in done.stdout


def test_an_empty_settings_file_says_all_there_is_to_say(config: Path) -> None:
    """Every setting has a default with which a service runs, the embedded store among them."""
    (config / "watermaster.yaml").write_text("", encoding="utf-8")
    done = run("--config", str(config))
    assert (done.returncode, done.stdout) == (0, "")


def test_the_directory_comes_from_the_option_then_the_environment_then_is_config(config: Path) -> None:
    assert run(cwd=config.parent).returncode == 0
    assert run(WATERMASTER_CONFIG=str(config)).returncode == 0
    assert run("--config", str(config), WATERMASTER_CONFIG="/nowhere").returncode == 0
    done = run("--config", str(config / "none"))
    assert done.returncode == 1
    assert done.stdout == f"{config / 'none'}: there is no such directory; `watermaster init DIR` writes one\n"


def test_a_missing_register_is_a_mistake(config: Path) -> None:
    (config / "registry/stations.csv").unlink()
    done = run("--config", str(config))
    assert (done.returncode, done.stdout) == (1, "registry/stations.csv: is missing\n")


@pytest.mark.parametrize("arguments", [("--output", "xml"), ("--nonsense",), ("surplus",)])
def test_a_wrong_argument_is_exit_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).returncode == 2


def test_help() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "--config" in done.stdout
