"""The store writer on a disk that is full: it waits, says so, and goes on without having lost or repeated anything."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING

import pytest

from hydro.errors import StateError
from hydro.instants import DAY_MS, HOUR_MS, parse_instant
from ingest.follow import Follower
from ingest.store_reader import STATE_KIND, STATE_VERSION, StoreReader
from ingest.store_writer import StoreWriter
from storage.buckets import bucketise
from storage.dead_letters import DeadLetterFile
from storage.journal import Journal, JournalReader
from storage.state_file import StateFile
from storage.store import Point, Rejection, WriteResult
from tests.ingest.fragile import fragile
from tests.storage.small_files import no_file_beyond

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hydro.columns import Observations
    from hydro.errors import WatermasterError
    from hydro.series import SeriesIndex
    from storage.buckets import Bucket, Grid
    from storage.store import AlertPoint, Keeping, Key, PreparedWrite

NOW = parse_instant("2026-03-01T08:00:00", 480)
REFUSED = 13_000_000
FULL = 60_000
"""Bytes of a file on the disk that is full: the journal is larger already, and only read."""


class MemoryStore:
    """A store that is a dictionary and refuses one value."""

    def __init__(self) -> None:
        self.points: dict[Key, Point] = {}

    async def ensure(self) -> None:
        """Nothing to make."""

    async def position(self) -> int | None:
        """None is kept."""
        return None

    async def rewind(self, position: int) -> None:
        """None is kept."""

    def prepare(self, rows: Observations, names: SeriesIndex, upto: int = 0) -> PreparedWrite:  # noqa: ARG002  # see position
        """Keep the rows for the call."""

        async def send() -> WriteResult:
            refused = [Rejection(row, "no") for row, value in enumerate(rows.value.tolist()) if value == REFUSED]
            for row in range(len(rows)):
                if rows.value[row] != REFUSED:
                    series, time = int(rows.series[row]), int(rows.event_time[row])
                    key = (names.station(series), names.quantity(series).text, time)
                    self.points[key] = Point(time, int(rows.value[row]), int(rows.flag[row]))
            return WriteResult(len(rows) - len(refused), tuple(refused))

        return send

    async def write(self, rows: Observations, names: SeriesIndex, upto: int = 0) -> WriteResult:
        """Prepare and send."""
        return await self.prepare(rows, names, upto)()

    async def write_alerts(self, transitions: Sequence[AlertPoint]) -> WriteResult:
        """Take all of them."""
        return WriteResult(len(transitions), ())

    async def read(self, station: str, quantity: str, start: int, end: int) -> list[Point]:
        """Points of a series."""
        found = [point for key, point in self.points.items() if key[:2] == (station, quantity)]
        return sorted(point for point in found if start < point.time <= end)

    async def lookup(self, keys: Sequence[tuple[str, str, Sequence[int]]]) -> dict[Key, Point]:
        """Those that there are."""
        asked = [(station, quantity, time) for station, quantity, times in keys for time in times]
        return {key: self.points[key] for key in asked if key in self.points}

    async def buckets(self, station: str, quantity: str, start: int, end: int, grid: Grid) -> list[Bucket]:
        """Of the points."""
        return list(bucketise(await self.read(station, quantity, start, end), start, end, grid))

    async def latest(self, since: int) -> dict[tuple[str, str], Point]:
        """Newest value of each series."""
        points = sorted((key, point) for key, point in self.points.items() if point.value is not None)
        return {key[:2]: point for key, point in points if point.time > since}

    async def kept_since(self, every_ms: int | None) -> int | None:  # noqa: ARG002  # all is kept
        """All is kept."""
        return None

    async def upkeep(self, at: int, keeping: Keeping) -> None:
        """Nothing to do."""

    async def ping(self) -> str:
        """A version."""
        return "memory"

    async def close(self) -> None:
        """Nothing to close."""


def reading(number: int, at: int) -> bytes:
    return json.dumps({"station": "A", "time": at, "values": {"stage": number}}).encode()


CHANCE = random.Random(1)
FRESH = [reading(CHANCE.randrange(20, 1_000_000), NOW - back) for back in CHANCE.sample(range(2, 70 * HOUR_MS), 5_000)]
DEAD_LETTERS = [b"{" + bytes(20_000)] * 20
OLD = [reading(number, NOW - 10 * DAY_MS - number) for number in range(20, 12_000)]
REFUSED_BY_STORE = [reading(13, NOW - number) for number in range(2_000)]


@pytest.mark.parametrize(
    "payloads",
    [
        pytest.param(FRESH, id="snapshot"),
        pytest.param(DEAD_LETTERS, id="dead letters"),
        pytest.param(OLD, id="answers of the store"),
        pytest.param(REFUSED_BY_STORE, id="dead letters of what the store refuses"),
    ],
)
def test_a_full_disk_is_waited_for(tmp_path: Path, payloads: list[bytes]) -> None:
    path = tmp_path / "journal"
    journal = Journal.open(path, keep_days=14, max_gb=1, clock=lambda: NOW)
    journal.append(["w/g1/up/json"], [reading(1, NOW - 1)])
    decoder, store = fragile(), MemoryStore()
    letters = DeadLetterFile(tmp_path / "letters")
    complaints: list[WatermasterError | None] = []
    saved: list[int] = []

    async def scenario(reader: StoreReader) -> None:
        follower = Follower(JournalReader.open(path), decoder, lambda _: None)
        full = asyncio.Event()

        def unsaved(error: WatermasterError | None) -> None:
            complaints.append(error)
            if sum(found is not None for found in complaints) == 2:  # it was tried again
                full.set()

        def failed(error: WatermasterError | None) -> None:
            assert error is None, "the store is well"

        def writer() -> StoreWriter:
            made = StoreWriter(
                follower, reader, store, decoder.index, letters,
                saved=saved.append, failed=failed, unsaved=unsaved, rng=random.Random(1),
            )  # fmt: skip
            made.stop()  # at the end of the journal
            return made

        await writer().run()
        assert saved == [1]
        journal.append(["w/g1/up/json"] * len(payloads), payloads)
        with no_file_beyond(FULL):
            running = asyncio.create_task(writer().run())
            await asyncio.wait_for(full.wait(), 20)
            assert not running.done()
            assert saved == [1]
        await asyncio.wait_for(running, 20)

    with StateFile(tmp_path / "state", STATE_KIND, STATE_VERSION) as state:
        reader = StoreReader(decoder.index, state, 0)
        asyncio.run(scenario(reader))
        totals = reader.totals
        assert state.position == 1 + len(payloads)
    assert saved == [1, 1 + len(payloads)]
    assert {type(error) for error in complaints} == {StateError, type(None)}
    assert complaints[-1] is None
    assert len(store.points) == totals.observations_stored
    assert totals.observations_duplicate == 0
    assert totals.messages_received == 1 + len(payloads)
    assert totals.observations_stored + len(letters.newest(100_000)) == 1 + len(payloads)
    letters.close()
    journal.close()
