"""The store writer on an embedded store, in a process that is killed: ``python -m tests.ingest.store_worker FOLDER``.

It prints a line for each batch that the store has taken. In the test's own process `follow` does the same to the end.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hydro.instants import DAY_MS, HOUR_MS, parse_instant
from ingest import store_writer
from ingest.follow import Follower
from ingest.store_reader import STATE_KIND, STATE_VERSION, StoreReader, Totals
from ingest.store_rebuild import StoreRebuild
from ingest.store_writer import StoreWriter
from storage.dead_letters import DeadLetterFile
from storage.embedded import EmbeddedStore
from storage.journal import Journal, JournalReader
from storage.state_file import StateFile
from tests.ingest.fragile import fragile

if TYPE_CHECKING:
    from collections.abc import Callable

    from hydro.columns import Observations
    from hydro.errors import WatermasterError
    from hydro.series import SeriesIndex
    from storage.store import PreparedWrite, Store, WriteResult

__all__ = ["NOW", "TellingStore", "append", "follow"]

NOW: Final = parse_instant("2026-03-01T08:00:00", 480)


class TellingStore(EmbeddedStore):
    """Says when a batch is in."""

    def prepare(self, rows: Observations, names: SeriesIndex, upto: int = 0) -> PreparedWrite:
        """As the store does, and print."""
        send = super().prepare(rows, names, upto)

        async def told() -> WriteResult:
            result = await send()
            sys.stdout.write(f"{upto}\n")
            sys.stdout.flush()
            return result

        return told


def append(folder: Path, count: int, seed: int = 1, at: int = NOW) -> None:
    """Messages of one station: new values, repeated, corrected, ten days old, rejected and unreadable ones.

    Args:
        folder: Where the journal is.
        count: How many.
        seed: Others with another one.
        at: When they come, epoch milliseconds.
    """
    chance = random.Random(seed)
    payloads = []
    for _ in range(count):
        kind = chance.random()
        back = chance.randrange(3_000) * 60_000 + (10 * DAY_MS if kind < 0.2 else 0)
        unit = "parsec" if 0.2 < kind < 0.22 else "m"
        message = {
            "station": "A",
            "time": NOW - HOUR_MS - back,
            "values": {"stage": chance.randrange(3)},
            "units": {"stage": unit},
        }
        payloads.append(json.dumps(message).encode() if kind < 0.97 else b"{")
    with Journal.open(folder / "journal", keep_days=1_000, max_gb=1, clock=lambda: at) as journal:
        for start in range(0, count, 50):
            part = payloads[start : start + 50]
            journal.append(["w/g1/up/json"] * len(part), part)


async def follow(
    folder: Path, store: Store, *, stop: bool = True, progressed: Callable[[int, int], None] = lambda *_: None
) -> Totals:
    """Feed a store from the journal, to its end or for ever; the totals at the end."""
    decoder = fragile()
    letters = DeadLetterFile(folder / "letters")

    def failed(error: WatermasterError | None) -> None:
        assert error is None

    journal = JournalReader.open(folder / "journal")
    follower = Follower(journal, decoder, lambda _: None)
    with StateFile(folder / "state", STATE_KIND, STATE_VERSION) as state:
        rng = random.Random()
        reader = StoreReader(decoder.index, state, journal.last_position)
        rebuild = StoreRebuild(
            follower, store, decoder.index, folder / "rebuild", lambda: journal.first_position,
            progressed=progressed, failed=failed, rng=rng,
        )  # fmt: skip
        writer = StoreWriter(
            follower, reader, store, decoder.index, letters,
            saved=lambda _: None, failed=failed, rng=rng, rebuild=rebuild,
        )  # fmt: skip
        if stop:
            writer.stop()
        await writer.run()
    await store.close()
    letters.close()
    journal.close()
    return reader.totals


if __name__ == "__main__":
    store_writer._LIMIT = 200  # type: ignore[misc]  # small batches and many snapshots, so that a kill meets each  # noqa: SLF001
    store_writer._SAVE_MESSAGES = 1_000  # type: ignore[misc]  # likewise  # noqa: SLF001
    asyncio.run(follow(Path(sys.argv[1]), TellingStore(Path(sys.argv[1]) / "store.duckdb"), stop=False))
