"""Journal to InfluxDB: the store writer against the same server fed with pre-made lines over one connection."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from bench.stream import make_messages, write_registry
from bench.surroundings import describe_machine, table
from hydro.register import Register
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from ingest.follow import Follower
from ingest.store_reader import STATE_KIND, STATE_VERSION, StoreReader
from ingest.store_writer import StoreWriter
from storage.dead_letters import DeadLetterFile
from storage.influxdb import InfluxDB1
from storage.journal import Journal, JournalReader
from storage.state_file import StateFile
from storage.store_url import parse_store_url
from tests.servers.influxdb import InfluxDB

MESSAGES, STATIONS, RUNS, BATCH = 200_000, 10_000, 3, 10_000


async def pre_made(server: InfluxDB, bodies: list[bytes], lines: int) -> float:
    """Lines a second of line protocol made before."""
    async with aiohttp.ClientSession() as session:
        await session.post(f"{server.url}/query", params={"q": "CREATE DATABASE pre"})
        began = time.perf_counter()
        for body in bodies:
            async with session.post(f"{server.url}/write?db=pre&precision=ms", data=body) as answer:
                assert answer.status == 204, await answer.text()  # noqa: PLR2004  # HTTP: no content
        return lines / (time.perf_counter() - began)


async def ours(server: InfluxDB, folder: Path, register: Register) -> float:
    """Lines a second from the journal through decode, quality and duplicates."""
    index = SeriesIndex(register.stations)
    decoder = Decoder(register, index, prefix="watermaster/v1", max_age_days=400, ticks=TickSource.HEARTBEAT)
    reader = StoreReader(index, StateFile(folder / "state", STATE_KIND, STATE_VERSION), 0)
    store = InfluxDB1(parse_store_url(server.store_url("ours")))
    letters = DeadLetterFile(folder / "letters")
    writer = StoreWriter(
        Follower(JournalReader.open(folder / "journal"), decoder, lambda _: None),
        reader,
        store,
        index,
        letters,
        saved=lambda _: None,
        failed=lambda _: None,
        rng=random.Random(),
    )
    writer.stop()  # at the end of the journal
    began = time.perf_counter()
    await writer.run()
    seconds = time.perf_counter() - began
    await store.close()
    assert reader.totals.observations_stored == 3 * MESSAGES
    return 3 * MESSAGES / seconds


def make_bodies(messages: list[tuple[str, bytes]], decoder: Decoder, index: SeriesIndex) -> list[bytes]:
    """The same lines, cut into requests."""
    import numpy as np  # noqa: PLC0415  # only here

    from storage.lineprotocol import LineEncoder  # noqa: PLC0415

    encoder = LineEncoder(index)
    bodies = []
    for start in range(0, len(messages), BATCH // 3):
        part = messages[start : start + BATCH // 3]
        now = np.full(len(part), time.time_ns() // 1_000_000, np.int64)
        batch = decoder.decode(start + 1, [topic for topic, _ in part], [payload for _, payload in part], now)
        bodies.append(encoder.encode(batch.observations))
    return bodies


def main() -> None:
    """Print the table."""
    print(describe_machine("bench.store"))
    print(f"{3 * MESSAGES:,} lines, two fields, {STATIONS:,} stations x 3, {RUNS} runs, median (range); publisher idle")
    messages = make_messages(MESSAGES, STATIONS)
    rates: dict[str, list[float]] = {"pre": [], "ours": []}
    for _ in range(RUNS):
        with TemporaryDirectory(prefix="watermaster-bench-") as name, InfluxDB(Path(name)) as server:
            folder = Path(name)
            write_registry(folder, STATIONS)
            loaded = Register.load(
                folder / "registry", zone_minutes=480, default_lateness_min=30, time_settings={}
            ).register
            assert loaded is not None
            index = SeriesIndex(loaded.stations)
            decoder = Decoder(loaded, index, prefix="watermaster/v1", max_age_days=400, ticks=TickSource.HEARTBEAT)
            bodies = make_bodies(messages, decoder, index)
            rates["pre"].append(asyncio.run(pre_made(server, bodies, 3 * MESSAGES)))
            with Journal.open(folder / "journal", keep_days=1, max_gb=10) as journal:
                for start in range(0, MESSAGES, 1_000):
                    part = messages[start : start + 1_000]
                    journal.append([topic for topic, _ in part], [payload for _, payload in part])
            rates["ours"].append(asyncio.run(ours(server, folder, loaded)))
    baseline = statistics.median(rates["pre"])
    rows = [
        ("pre-made line protocol, one connection", rates["pre"], 1.0),
        ("ours, from the journal", rates["ours"], statistics.median(rates["ours"]) / baseline),
    ]
    print(table(rows, "lines/s"))


if __name__ == "__main__":
    main()
