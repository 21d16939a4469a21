"""`watermaster register show`: rows over time, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.running import command, write_config

if TYPE_CHECKING:
    from pathlib import Path

STATIONS = "station,name,kind,basin,river,division,gateway,interval_min,valid_from,valid_to\n"
STATIONS += "A,旧名,section,,,,,5,,2020-12-31\nA,新名,section,,,,,5,2021-01-01,\n"


def config(folder: Path) -> Path:
    """A config directory of one station that was renamed."""
    return write_config(folder / "config", {"data_dir": str(folder / "var")}, [], {"stations": STATIONS})


def test_rows_are_shown_with_the_valid_one_and_what_changed(tmp_path: Path) -> None:
    done = command("register", "show", "stations", "A", config=config(tmp_path))
    heads = [line for line in done.stdout.splitlines() if line[2:3] not in (" ", ">")]
    assert heads == [
        "  … – 2021-01-01T00:00:00+08:00  (row 2)",
        "* 2021-01-01T00:00:00+08:00 – …  (row 3)",
    ]
    assert "  > name: 新名" in done.stdout
    lines = command(
        "register", "show", "stations", "A", "--output", "json", config=config(tmp_path)
    ).stdout.splitlines()
    assert [(row["current"], row["changed"]) for row in map(json.loads, lines)] == [(False, []), (True, ["name"])]


@pytest.mark.parametrize(("words", "status"), [(("stations", "B"), 1), (("passwords", "A"), 2)])
def test_what_is_not_there_is_said(tmp_path: Path, words: tuple[str, ...], status: int) -> None:
    done = command("register", "show", *words, config=config(tmp_path), ok=False)
    assert (done.returncode, done.stdout) == (status, "")
    assert "stations" in done.stderr
