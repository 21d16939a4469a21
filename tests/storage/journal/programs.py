"""What a test starts to be killed or to run out of room: ``python -m tests.storage.journal.programs NAME …``."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Final

from hydro.errors import JournalFull
from storage.journal import GapReason, Journal, set_mark
from tests.storage.journal.messages import append, numbered, read_all

_PIECE: Final = 30_000
_SEGMENT_BYTES: Final = 300_000


def append_for_ever(directory: Path, segment_bytes: int) -> None:
    """Append and say after each batch up to where; a clock that runs fast begins a new segment now and then."""
    now = 0

    def clock() -> int:
        nonlocal now
        now += 400_000
        return now

    with Journal.open(directory, keep_days=10_000, max_gb=50, clock=clock, segment_bytes=segment_bytes) as journal:
        sys.stdout.write(f"{journal.last_position}\n")
        while True:
            batch = append(journal, 1 + journal.last_position % 13)
            sys.stdout.write(f"{batch.last}\n")
            sys.stdout.flush()


def fill(journal: Journal) -> list[bytes]:
    """Append messages that can't be compressed until there is no room; those that the journal took."""
    taken: list[bytes] = []
    while True:
        payload = os.urandom(_PIECE)
        try:
            journal.append(["t"], [payload])
        except JournalFull:
            return taken
        taken.append(payload)


def payloads(directory: Path) -> list[bytes]:
    """All payloads that a reader finds."""
    batches, gaps = read_all(directory)
    assert {gap.reason for gap in gaps} <= {GapReason.EXPIRED}
    assert [batch.first for batch in batches] == list(range(batches[0].first, batches[-1].last + 1))
    return [payload for batch in batches for payload in batch.payloads]


def small_disk(directory: Path) -> None:
    """Fill a small disk, make room by retention, go on; then fill it again and open the journal with no room left."""
    facts: dict[str, object] = {}
    room = os.statvfs(directory.parent)
    facts["disk"] = room.f_blocks * room.f_frsize
    journal = Journal.open(
        directory, keep_days=10_000, max_gb=0.000_5, segment_bytes=_SEGMENT_BYTES, reserve_bytes=400_000
    )
    taken = fill(journal)
    facts["taken"] = sum(map(len, taken))
    facts["is_full"] = journal.is_full
    facts["reserve_given_up"] = not (directory / "reserve").exists()
    facts["last"] = journal.last_position == len(taken)
    facts["again"] = fill(journal) == []
    facts["readable_when_full"] = payloads(directory) == taken
    set_mark(directory, "rules", 20)
    facts["held"] = [held.readers for held in journal.enforce_retention(0).held] != []
    set_mark(directory, "rules", len(taken))
    facts["deleted"] = len(journal.enforce_retention(0).deleted)
    facts["reserve_made_again"] = (directory / "reserve").exists() and not journal.is_full
    more = fill(journal)
    facts["more"] = sum(map(len, more))
    kept = payloads(directory)
    facts["whole"] = (taken + more)[-len(kept) :] == kept and journal.last_position == len(taken) + len(more)

    end = journal.last_position
    journal.close()
    filler = directory.parent / "filler"
    subprocess.run([sys.executable, "-m", __spec__.name, "die_full", str(directory), str(filler)], check=False)
    journal = Journal.open(directory, keep_days=10_000, max_gb=0.000_5, reserve_bytes=400_000)
    facts["opened_full"] = journal.is_full and journal.damage == ()
    facts["last_when_full"] = journal.last_position == end
    facts["refused"] = fill(journal) == []
    filler.unlink()
    set_mark(directory, "rules", end)
    journal.enforce_retention(0)
    facts["works_again"] = append(journal, 1).first == end + 1
    journal.close()
    sys.stdout.write(json.dumps(facts))


def die_full(directory: Path, filler: Path) -> None:
    """Leave nothing of the disk, not even what the reserve had held, and end without closing."""
    journal = Journal.open(directory, keep_days=10_000, max_gb=50, reserve_bytes=400_000)
    (directory / "reserve").unlink(missing_ok=True)
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(b"x" * 512):
            pass
    os._exit(len(fill(journal)))


def small_files(directory: Path) -> None:
    """Run into the limit of a file's size, which is then raised."""
    facts: dict[str, object] = {}
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
    journal = Journal.open(directory, keep_days=14, max_gb=50, reserve_bytes=100_000)
    taken: list[bytes] = []
    while more := fill(journal):  # once the log has been written back there is room in it again
        taken += more
    facts["taken"] = sum(map(len, taken))
    facts["last"] = journal.last_position == len(taken)
    facts["readable_when_full"] = payloads(directory) == taken
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    more = [os.urandom(_PIECE) for _ in range(40)]
    for payload in more:
        journal.append(["t"], [payload])
    facts["whole"] = payloads(directory) == taken + more
    facts["is_full"] = journal.is_full
    journal.close()
    journal = Journal.open(directory, keep_days=14, max_gb=50, reserve_bytes=100_000)
    facts["damage"] = [str(found) for found in journal.damage]
    facts["still_whole"] = payloads(directory) == taken + more and journal.last_position == len(taken + more)
    journal.close()
    sys.stdout.write(json.dumps(facts))


def read(directory: Path) -> None:
    """Read everything from another process."""
    batches, gaps = read_all(directory)
    sys.stdout.write(json.dumps({"positions": numbered(batches), "gaps": len(gaps)}))


if __name__ == "__main__":
    name, path = sys.argv[1], Path(sys.argv[2])
    if name == "append":
        append_for_ever(path, int(sys.argv[3]))
    if name == "die_full":
        die_full(path, Path(sys.argv[3]))
    {"small_disk": small_disk, "small_files": small_files, "read": read}[name](path)
