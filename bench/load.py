"""`simulate --speed 0`: what a local mosquitto takes from one core, over 200 connections, in bursts on the minute.

Publisher on one core, broker on the other; beside it paho-mqtt with the same messages and properties, and the
whole command with its player on whatever core is free. CPU time a message is what holds on a busy machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bench.stream import make_session
from bench.surroundings import ROOT, describe_machine, table
from hydro.instants import HOUR_MS, parse_instant
from simulators.play import Play
from simulators.publisher import Broker, Pace, Publisher
from simulators.scenario import load
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import HOST

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.publisher import Message

SCENARIO, START, CLIENTS = "province-5000", "2026-04-06T00:00:00+08:00", 200
PAHO_MESSAGES, RUNS = 20_000, 3
# It looks through all messages that are under way at each acknowledgement: more of them make it slower.
PAHO_WINDOW = 20
_OURS, _BROKERS = 0, 1
_MEGABYTE = 1024 * 1024


class Figures(NamedTuple):
    """Of one run.

    Attributes:
        per_s: Messages that the broker acknowledged, a second.
        own_us: CPU time of the publisher a message, microseconds.
        broker_us: The broker's.
        waits_ms: Median and 99 % of the time to the acknowledgement; None where it was not taken.
    """

    per_s: float
    own_us: float
    broker_us: float
    waits_ms: tuple[float, float] | None = None


def _messages() -> list[Message]:
    """An hour of the province."""
    start = parse_instant(START, 480)
    playing = Play(load(SCENARIO), seed=1, start=start, end=start + HOUR_MS)
    return [message for chunk in playing.chunks() for message in chunk.messages]


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measured(count: int, publish: Callable[[int], tuple[float, float] | None]) -> Figures:
    """Publish to a broker that has a collector's session, which is away: it queues what it acknowledges."""
    with TemporaryDirectory(prefix="watermaster-bench-") as folder, Mosquitto(Path(folder)) as broker:
        if (os.cpu_count() or 1) > _BROKERS:
            os.sched_setaffinity(broker.pid, {_BROKERS})
        asyncio.run(make_session(broker.port, "collector", "watermaster/v1/+/up/+"))
        brokers, own, began = _cpu_s(broker.pid), time.process_time(), time.perf_counter()
        waits = publish(broker.port)
        seconds, own, brokers = (
            time.perf_counter() - began,
            time.process_time() - own,
            _cpu_s(broker.pid) - brokers,
        )
    return Figures(count / seconds, own / count * 1e6, brokers / count * 1e6, waits)


def ours(messages: list[Message]) -> Figures:
    """All of them by `simulators.publisher`."""

    def publish(port: int) -> tuple[float, float] | None:
        subject = Publisher(
            Broker(host=HOST, port=port),
            clients=CLIENTS,
            name="load",
            clock=time.monotonic,
            sleep=time.sleep,
            rng=random.Random(1),
            told=print,
        )
        assert subject.open()
        assert subject.publish([messages], Pace(0.0))
        subject.close()
        assert subject.tally.acknowledged == len(messages)
        waits = [subject.tally.waits.share_s(share) for share in (0.5, 0.99)]
        return 1_000 * (waits[0] or 0.0), 1_000 * (waits[1] or 0.0)

    return _measured(len(messages), publish)


def pahos(messages: list[Message]) -> Figures:
    """The first of them by one paho-mqtt client, its network loop in a thread as it recommends."""

    def publish(port: int) -> None:
        up, free = threading.Event(), threading.Semaphore(PAHO_WINDOW)
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="load", protocol=mqtt.MQTTv5)
        client.max_inflight_messages_set(65_535)
        client.on_connect = lambda *_: up.set()
        client.on_publish = lambda *_: free.release()
        client.connect(HOST, port)
        client.loop_start()
        assert up.wait(10)
        for received_at, topic, payload in messages:
            assert free.acquire(timeout=60)
            properties = Properties(PacketTypes.PUBLISH)
            properties.UserProperty = ("received_at", str(received_at))
            client.publish(topic, payload, qos=1, properties=properties)
        for _ in range(PAHO_WINDOW):
            assert free.acquire(timeout=60)
        client.disconnect()
        client.loop_stop()

    return _measured(len(messages), publish)


def command() -> None:
    """The whole command: scenario, player, publisher; six hours of the province, bursts on the minute."""
    line = ["simulate", SCENARIO, "--start", START, "--duration", "6h", "--speed", "0", "--clients", str(CLIENTS)]
    with TemporaryDirectory(prefix="watermaster-bench-") as folder, Mosquitto(Path(folder)) as broker:
        asyncio.run(make_session(broker.port, "collector", "watermaster/v1/+/up/+"))
        environment = os.environ | {"WATERMASTER_MQTT__URL": broker.url, "PYTHONPATH": str(ROOT)}
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "watermaster", *line, "--output", "json"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(done.stdout)
    assert found["acknowledged"] == found["messages"]
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"watermaster {' '.join(line)}")
    print(
        f"  {found['messages']:,} messages acknowledged in {found['seconds']:.1f} s: {found['per_s']:,.0f} msg/s, best "
        f"second {found['best_per_s']:,.0f}; with start and scenario {seconds:.1f} s; "
        f"player and publisher together {cpu_s / found['messages'] * 1e6:.1f} us of CPU a message, "
        f"peak resident {after.ru_maxrss * 1024 / _MEGABYTE:.0f} MB"
    )
    waits = found["wait_ms"]
    print(
        f"  acknowledged after: median {waits['p50']:.1f} ms, 99 % {waits['p99']:.1f} ms, longest {waits['max']:.1f} ms"
    )


def main() -> None:
    """Print the tables."""
    print(describe_machine("bench.load"))
    messages = _messages()
    size = sum(len(payload) for _, _, payload in messages) / len(messages)
    cores = os.sched_getaffinity(0)
    print(
        f"{len(messages):,} messages of {size:.0f} B payload ({PAHO_MESSAGES:,} for paho-mqtt), {CLIENTS} connections, "
        f"publisher and broker on a core each, {RUNS} runs, median (range); load {os.getloadavg()[0]:.1f}"
    )
    runs: dict[str, list[Figures]] = {"paho-mqtt, one client": [], f"publisher, {CLIENTS} connections": []}
    os.sched_setaffinity(0, {_OURS})
    try:
        for _ in range(RUNS):
            runs["paho-mqtt, one client"].append(pahos(messages[:PAHO_MESSAGES]))
            runs[f"publisher, {CLIENTS} connections"].append(ours(messages))
    finally:
        os.sched_setaffinity(0, cores)
    for field, title, unit in (
        ("per_s", "acknowledged by the broker", "msg/s"),
        ("own_us", "CPU time of the publisher", "us/msg"),
        ("broker_us", "CPU time of the broker", "us/msg"),
    ):
        values = {name: [float(getattr(figures, field)) for figures in each] for name, each in runs.items()}
        baseline = median(values["paho-mqtt, one client"])
        print(title)
        print(table([(f"  {name}", each, median(each) / baseline) for name, each in values.items()], unit))
    waits = [figures.waits_ms for figures in runs[f"publisher, {CLIENTS} connections"] if figures.waits_ms]
    print(
        f"acknowledged after: median {median(each[0] for each in waits):.0f} ms, "
        f"99 % {median(each[1] for each in waits):.0f} ms"
    )
    print()
    command()


if __name__ == "__main__":
    main()
