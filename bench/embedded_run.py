"""`run` with everything embedded: memory with 15,000 stations while a backlog comes in, and the page beside it."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.stream import make_messages, publish, write_registry
from bench.surroundings import describe_machine
from tests.end_to_end.running import Running, eventually

STATIONS, SLOTS, LOOKS = 15_000, 24, 5
WAIT_S = 300


def _resident(pid: int, field: str) -> float:
    """Megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1]) / 1024


def _child(pid: int) -> int | None:
    """The embedded broker."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(found[0]) if found else None


def _look(url: str) -> float:
    """Milliseconds until the whole page is here."""
    began = time.perf_counter()
    with urllib.request.urlopen(f"{url}/", timeout=30) as answer:  # noqa: S310  # our own address
        answer.read()
    return (time.perf_counter() - began) * 1_000


def _config(folder: Path) -> Path:
    config = folder / "config"
    config.mkdir()
    settings = {
        "data_dir": str(folder / "var"),
        "mqtt": {"url": "embedded://127.0.0.1:0"},
        "store": {"url": "duckdb:"},
        "console": {"port": 0},
    }
    (config / "watermaster.yaml").write_text(json.dumps(settings))
    write_registry(config, STATIONS)
    return config


def main() -> None:
    """Print what it took."""
    print(describe_machine("bench.embedded_run"))
    messages = make_messages(STATIONS * SLOTS, STATIONS)
    with TemporaryDirectory(prefix="watermaster-bench-") as name:
        config = _config(Path(name))
        with Running(config) as service:
            idle = _resident(service.pid, "VmRSS")
            broker = re.search(r"event=broker .*address=mqtt://127\.0\.0\.1:(\d+)", service.log)
            assert broker is not None
            began = time.perf_counter()
            asyncio.run(publish(int(broker[1]), messages))
            eventually(lambda: service.count("observations_stored") >= 3 * len(messages), WAIT_S, "all in the store")
            seconds = time.perf_counter() - began
            looks = [_look(service.url) for _ in range(LOOKS)]
            eventually(
                lambda: service.metrics()['watermaster_journal_position{reader="rules"}'] >= len(messages),
                WAIT_S,
                "the rules",
            )
            peak = _resident(service.pid, "VmHWM")
            child = _child(service.pid)
            broker_peak = 0.0 if child is None else _resident(child, "VmHWM")
            print(
                f"run, everything embedded, {STATIONS:,} stations with a target each, {len(messages):,} messages "
                f"({SLOTS} slots) as fast as they go: {3 * len(messages) / seconds:,.0f} readings/s stored\n"
                f"resident: {idle:.0f} MB idle, peak {peak:.0f} MB; its broker {broker_peak:.0f} MB\n"
                f"the page with all stations in one basin: first {looks[0]:.0f} ms, then {min(looks[1:]):.0f} ms"
            )
            service.stop()


if __name__ == "__main__":
    main()
