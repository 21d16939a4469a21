"""A full disk: nothing acknowledged is lost, nothing is half written, and work goes on when there is room."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.servers.process import cannot_run

ROOT: Final = Path(__file__).parents[3]
# A mount of its own name space: it ends with the process, whatever becomes of it.
_UNSHARE: Final = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]


def run(name: str, directory: Path, *before: str) -> dict[str, object]:
    done = subprocess.run(
        [*before, sys.executable, "-m", "tests.storage.journal.programs", name, str(directory)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    facts: dict[str, object] = json.loads(done.stdout)
    return facts


def on_tmpfs(directory: Path, size: str) -> list[str]:
    """Words that run a command where `directory` is a small disk."""
    mount = f'mount -t tmpfs -o size={size} tmpfs "{directory}" && exec "$@"'
    words = [*_UNSHARE, "sh", "-c", mount, "sh"]
    if shutil.which("unshare") is None:
        cannot_run("unshare is not installed: no small disk can be mounted; the limit of file size is tested")
    tried = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        cannot_run(f"no small disk can be mounted ({tried.stderr.strip()}); the limit of file size is tested")
    return words


def test_on_a_small_disk_the_journal_stops_and_goes_on(tmp_path: Path) -> None:
    facts = run("small_disk", tmp_path / "journal", *on_tmpfs(tmp_path, "4m"))
    assert 3 * 2**20 < int(str(facts.pop("disk"))) < 5 * 2**20
    assert int(str(facts.pop("taken"))) > 2_000_000
    assert int(str(facts.pop("more"))) > 1_000_000
    assert int(str(facts.pop("deleted"))) > 3
    assert {name for name, value in facts.items() if value is not True} == set()


def test_under_a_limit_of_file_size_the_journal_stops_and_goes_on(tmp_path: Path) -> None:
    facts = run("small_files", tmp_path / "journal")
    assert int(str(facts["taken"])) > 300_000
    assert facts == {
        "taken": facts["taken"],
        "last": True,
        "readable_when_full": True,
        "whole": True,
        "is_full": False,
        "damage": [],
        "still_whole": True,
    }
