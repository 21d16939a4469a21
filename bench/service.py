"""The running service: memory with a backlog of 200,000 messages, and how long a reading takes to become an alert."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import mqtt5

from bench.stream import make_messages, make_session, publish, station, write_registry
from bench.surroundings import describe_machine
from hydro.instants import format_instant
from tests.end_to_end.running import Running, eventually
from tests.servers.influxdb import InfluxDB
from tests.servers.mosquitto import Mosquitto

MESSAGES, STATIONS = 200_000, 10_000
RATE, PROBES, HOUR_MS, LIMIT_S = 2_000, 300, 3_600_000, 60


def _configure(folder: Path, broker: Mosquitto, server: InfluxDB) -> Path:
    config = folder / "config"
    config.mkdir(exist_ok=True)
    settings = {
        "data_dir": str(folder / "var"),
        "mqtt": {"url": broker.url},
        "store": {"url": server.store_url("bench")},
        "console": {"port": 0},
    }
    (config / "watermaster.yaml").write_text(json.dumps(settings))
    return config


def _status(pid: int, field: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1])


def memory() -> None:
    """Peak resident memory of `run`, from its start to the last message in InfluxDB."""
    with TemporaryDirectory(prefix="watermaster-bench-") as name:
        folder = Path(name)
        with Mosquitto(folder / "mosquitto") as broker, InfluxDB(folder / "influxdb") as server:
            config = _configure(folder, broker, server)
            write_registry(config, STATIONS)
            asyncio.run(make_session(broker.port, "watermaster", "watermaster/v1/+/up/+"))
            asyncio.run(publish(broker.port, make_messages(MESSAGES, STATIONS)))
            began = time.perf_counter()
            with Running(config) as service:
                eventually(
                    lambda: service.count("observations_stored") >= 3 * MESSAGES, 180, "the backlog in the store"
                )
                seconds = time.perf_counter() - began
                eventually(
                    lambda: service.metrics()['watermaster_journal_position{reader="rules"}'] >= MESSAGES, 180, "rules"
                )
                peak = _status(service.pid, "VmHWM") / 1024
                print(
                    f"run, {STATIONS:,} stations with a target each, backlog of {MESSAGES:,} messages: "
                    f"peak resident {peak:.0f} MB; start to all in InfluxDB {seconds:.1f} s"
                )
                service.stop()


async def _latency(broker: Mosquitto, ledger: Path) -> list[float]:
    """Milliseconds from publish to the alert in the ledger, while 2,000 messages a second flow."""
    reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
    writer.write(mqtt5.ConnectPacket("load", keep_alive=0).write())
    await reader.read(65_536)
    connection = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)
    at = (time.time_ns() // 1_000_000) // HOUR_MS * HOUR_MS
    background = make_messages(RATE * 40, STATIONS - PROBES)
    packet_id = 0
    found: list[float] = []
    waiting: dict[str, float] = {}
    began = time.perf_counter()
    sent = probes = 0

    def send(topic: str, payload: bytes) -> None:
        nonlocal packet_id
        packet_id = packet_id % 60_000 + 1
        writer.write(mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id).write())

    async def swallow() -> None:
        while await reader.read(65_536):
            pass

    swallowing = asyncio.create_task(swallow())
    while len(found) < PROBES and time.perf_counter() - began < LIMIT_S:
        now = time.perf_counter()
        due = min(len(background), int((now - began) * RATE))
        for topic, payload in background[sent:due]:
            send(topic, payload)
        sent = max(sent, due)
        if probes < PROBES and now - began > 2 + probes * 0.1:
            code = station(STATIONS - 1 - probes)
            low = json.dumps({"station": code, "time": format_instant(at, 480), "values": {"discharge": 0.5}})
            send("watermaster/v1/probe/up/json", low.encode())
            waiting[code] = time.perf_counter()
            probes += 1
        if waiting:
            marks = ",".join("?" * len(waiting))
            query = f"SELECT subject FROM alerts WHERE subject IN ({marks})"  # noqa: S608  # question marks
            rows = connection.execute(query, list(waiting)).fetchall()
            seen = time.perf_counter()
            found += [(seen - waiting.pop(code)) * 1000 for (code,) in rows]
        await asyncio.sleep(0.002)
    swallowing.cancel()
    writer.close()
    connection.close()
    assert len(found) == PROBES, f"{len(found)} of {PROBES}"
    return found


def latency() -> None:
    """Publish to alert, for a rule that the message completes: an instant target of an hourly station."""
    with TemporaryDirectory(prefix="watermaster-bench-") as name:
        folder = Path(name)
        with Mosquitto(folder / "mosquitto") as broker, InfluxDB(folder / "influxdb") as server:
            config = _configure(folder, broker, server)
            write_registry(config, STATIONS, interval_min=60, targets="instant")
            with Running(config) as service:
                found = sorted(asyncio.run(_latency(broker, folder / "var" / "ledger.sqlite")))
                print(
                    f"publish to alert in the ledger at {RATE:,} messages/s, {PROBES} alerts: "
                    f"median {statistics.median(found):.0f} ms, p99 {found[int(len(found) * 0.99)]:.0f} ms, "
                    f"worst {found[-1]:.0f} ms"
                )
                service.stop()


def main() -> None:
    """Print a line each."""
    print(describe_machine("bench.service"))
    memory()
    latency()


if __name__ == "__main__":
    main()
