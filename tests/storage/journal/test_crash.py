"""kill -9 at any moment: what was acknowledged is there, and at most the one batch besides that was being appended."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from storage.journal import JournalReader
from tests.storage.journal.messages import append, numbered, read_all
from tests.storage.journal.test_full_disk import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.storage.journal.conftest import OpenJournal

PROGRAM: Final = [sys.executable, "-m", "tests.storage.journal.programs"]
ROUNDS: Final = 3


@pytest.mark.parametrize("segment_bytes", [1, 20_000, 256 * 1024 * 1024])
def test_a_killed_writer_loses_nothing_that_it_acknowledged(
    tmp_path: Path, open_journal: OpenJournal, segment_bytes: int
) -> None:
    """With segments of one byte every append begins a new one: the kill mostly hits there."""
    directory = tmp_path / "journal"
    chance = random.Random(segment_bytes)
    reached = 0
    for _ in range(ROUNDS):
        acknowledged = reached
        with subprocess.Popen(
            [*PROGRAM, "append", str(directory), str(segment_bytes)], cwd=ROOT, stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            assert int(writer.stdout.readline()) == reached
            for _ in range(chance.randrange(1, 120)):
                acknowledged = int(writer.stdout.readline())
            writer.kill()
            # Acknowledged as well: what it had said before it died, and nobody had read yet.
            acknowledged = max([acknowledged, *map(int, writer.stdout.read().split(b"\n")[:-1])])
        batches, gaps = read_all(directory)
        assert gaps == []
        positions = numbered(batches)
        assert positions == list(range(1, len(positions) + 1))
        unacknowledged = [batch for batch in batches if batch.last > acknowledged]
        assert len(unacknowledged) <= 1
        assert len(positions) >= acknowledged
        reached = len(positions)
    journal = open_journal(directory)
    assert journal.damage == ()
    assert append(journal, 3).first == reached + 1


def test_another_process_reads_what_this_one_has_just_appended(open_journal: OpenJournal, directory: Path) -> None:
    journal = open_journal()
    append(journal, 7)
    done = subprocess.run([*PROGRAM, "read", str(directory)], cwd=ROOT, capture_output=True, check=True)
    assert json.loads(done.stdout) == {"positions": [1, 2, 3, 4, 5, 6, 7], "gaps": 0}


def test_a_reader_follows_a_writer_in_another_process_across_segments(tmp_path: Path) -> None:
    directory = tmp_path / "journal"
    positions: list[int] = []
    with subprocess.Popen([*PROGRAM, "append", str(directory), "5000"], cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with JournalReader.open(directory) as reader:
            while len(positions) < 3_000:
                positions += numbered(reader.read(len(positions)))
            writer.kill()
            writer.stdout.read()
            assert reader.gaps == []
    assert positions == list(range(1, len(positions) + 1))
    assert len(list(directory.glob("*.sqlite"))) > 3
