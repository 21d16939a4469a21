"""Draining a queue of QoS 1 messages from mosquitto: ours against paho-mqtt and aiomqtt, which merely count.

Ours acknowledges only what its journal has synced. Every consumer runs in a process pinned to one core.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.stream import make_messages, make_session, publish, write_registry
from bench.surroundings import consumer, describe_machine, table
from tests.servers.mosquitto import Mosquitto

MESSAGES, STATIONS, RUNS = 200_000, 10_000, 3
CONSUMERS = {
    "paho": "paho-mqtt, counting",
    "aiomqtt": "aiomqtt, counting",
    "journal": "ours, journal synced before each ack",
    "lines": "ours, and decode, quality, line protocol",
}


def drain_once(name: str, messages: list[tuple[str, bytes]]) -> float:
    """Messages a second."""
    with TemporaryDirectory(prefix="watermaster-bench-") as folder, Mosquitto(Path(folder)) as broker:
        write_registry(Path(folder), STATIONS)
        asyncio.run(make_session(broker.port, "drain", "watermaster/v1/+/up/+"))
        asyncio.run(publish(broker.port, messages))
        process = consumer("bench.drain_consumer", name, broker.port, "drain", len(messages), folder)
        printed, _ = process.communicate(timeout=300)
        return len(messages) / float(printed.splitlines()[-1])


def main() -> None:
    """Print the table."""
    print(describe_machine("bench.drain"))
    messages = make_messages(MESSAGES, STATIONS)
    size = sum(len(payload) for _, payload in messages) / len(messages)
    what = f"{MESSAGES:,} messages of {size:.0f} B payload, three values, {STATIONS:,} stations"
    print(f"{what}, {RUNS} runs, median (range)")
    names = sys.argv[1:] or list(CONSUMERS)
    rates: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(RUNS):
        for name in names:
            rates[name].append(drain_once(name, messages))
    baseline = statistics.median(rates[names[0]])
    print(table([(CONSUMERS[name], rates[name], statistics.median(rates[name]) / baseline) for name in names], "msg/s"))


if __name__ == "__main__":
    main()
