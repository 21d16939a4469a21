"""The embedded brokers against a mosquitto of its own: start, memory, publishing, draining into the journal.

Publisher and consumer are those of `bench.drain`; the consumer acknowledges what its journal has synced.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from bench.stream import make_messages, make_session, publish
from bench.surroundings import consumer, describe_machine, table
from ingest.broker.embedded import EmbeddedBroker
from ingest.broker.program import Program
from tests.servers.mosquitto import Mosquitto

if TYPE_CHECKING:
    from hydro.errors import WatermasterError

MESSAGES, STATIONS, RUNS = 100_000, 10_000, 3


class Figures(NamedTuple):
    """Of one run.

    Attributes:
        start_ms: From the wish to the first connection.
        idle_mb: Resident after the start.
        full_mb: Resident with all messages queued.
        published: Messages a second, acknowledged by the broker.
        drained: Messages a second, from the queue into the journal.
    """

    start_ms: float
    idle_mb: float
    full_mb: float
    published: float
    drained: float


def resident_mb(pid: int) -> float:
    """Memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


async def through(port: int, pid: int, start_s: float, messages: list[tuple[str, bytes]], folder: Path) -> Figures:
    """Publish everything to a session that is away, then drain it."""
    idle = resident_mb(pid)
    await make_session(port, "drain", "watermaster/v1/+/up/+")
    began = time.perf_counter()
    await publish(port, messages)
    published = len(messages) / (time.perf_counter() - began)
    full = resident_mb(pid)
    process = consumer("bench.drain_consumer", "journal", port, "drain", len(messages), folder)
    printed, _ = await asyncio.to_thread(process.communicate, timeout=300)
    return Figures(1000 * start_s, idle, full, published, len(messages) / float(printed.splitlines()[-1]))


async def embedded(program: Program, messages: list[tuple[str, bytes]]) -> Figures:
    """One run on an embedded broker."""

    def told(error: WatermasterError | None) -> None:
        raise AssertionError(error)

    with TemporaryDirectory(prefix="watermaster-bench-") as folder:
        broker = EmbeddedBroker(
            "127.0.0.1",
            0,
            Path(folder) / "broker",
            prefix="watermaster/v1",
            access=None,
            rng=random.Random(),
            told=told,
            said=lambda _: None,
            program=program,
        )
        began = time.perf_counter()
        await broker.start()
        took = time.perf_counter() - began
        try:
            assert broker.facts is not None
            assert broker.facts.pid is not None
            return await through(broker.port, broker.facts.pid, took, messages, Path(folder))
        finally:
            await broker.stop()


def of_its_own(messages: list[tuple[str, bytes]]) -> Figures:
    """One run on a mosquitto with the shipped settings."""
    with TemporaryDirectory(prefix="watermaster-bench-") as folder:
        began = time.perf_counter()
        with Mosquitto(Path(folder)) as broker:
            took = time.perf_counter() - began
            return asyncio.run(through(broker.port, broker.pid, took, messages, Path(folder)))


def main() -> None:
    """Print the tables."""
    print(describe_machine("bench.embedded_broker"))
    messages = make_messages(MESSAGES, STATIONS)
    size = sum(len(payload) for _, payload in messages) / len(messages)
    print(f"{MESSAGES:,} messages of {size:.0f} B payload, {RUNS} runs, median (range)")
    runs: dict[str, list[Figures]] = {"mosquitto of its own": [], "mosquitto, embedded": [], "iotcore, embedded": []}
    for _ in range(RUNS):
        runs["mosquitto of its own"].append(of_its_own(messages))
        runs["mosquitto, embedded"].append(asyncio.run(embedded(Program.MOSQUITTO, messages)))
        runs["iotcore, embedded"].append(asyncio.run(embedded(Program.IOTCORE, messages)))
    for field, title, unit in (
        ("start_ms", "start", "ms"),
        ("idle_mb", "resident after the start", "MB"),
        ("full_mb", "resident with all messages queued", "MB"),
        ("published", "published, acknowledged by the broker", "msg/s"),
        ("drained", "drained, journal synced before each ack", "msg/s"),
    ):
        values = {name: [float(getattr(figures, field)) for figures in each] for name, each in runs.items()}
        baseline = statistics.median(values["mosquitto of its own"])
        print(title)
        print(table([(f"  {name}", each, statistics.median(each) / baseline) for name, each in values.items()], unit))


if __name__ == "__main__":
    main()
