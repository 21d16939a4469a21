"""A disk that is full: nothing is acknowledged, so nothing is lost; work goes on when there is room."""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from hydro.instants import format_instant
from tests.end_to_end.running import Gateway, Running, eventually, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers import InfluxDB, Mosquitto

MESSAGES = 14_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB, of which the journal keeps 8 in reserve."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)],  # noqa: S607  # from PATH
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if mounted.returncode:
        if "CI" in os.environ and os.geteuid() == 0:
            pytest.fail(f"root, and can't mount: {mounted.stderr}")
        pytest.skip(f"can't mount a small file system here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)  # noqa: S607  # from PATH


def test_a_full_disk_loses_nothing(tmp_path: Path, small_disk: Path, mosquitto: Mosquitto, influxdb: InfluxDB) -> None:
    name = "full_disk"
    settings = {
        "data_dir": str(tmp_path / "var"),
        "journal": {"url": f"file:{small_disk / 'journal'}"},
        "mqtt": {"url": mosquitto.url, "client_id": name, "prefix": name},
        "store": {"url": influxdb.store_url(name)},
        "console": {"port": 0},
    }
    config = write_config(tmp_path / "config", settings, ["A,A,section,,,,,5"])
    now = time.time_ns() // 1_000_000
    rng = random.Random(1)
    with Running(config) as service:
        gateway = Gateway(mosquitto, f"{name}-gateway")
        for number in range(MESSAGES):
            at = format_instant(now - number * 60_000, 480)
            ballast = rng.randbytes(2_000).hex()  # nothing that could be compressed much
            payload = {"station": "A", "time": at, "values": {"stage": number / 1000}, "note": ballast}
            gateway.publish(f"{name}/g1/up/json", json.dumps(payload).encode())
        gateway.wait(MESSAGES)
        gateway.close()

        def journal() -> dict[str, str]:
            found: dict[str, str] = service.get("health")["parts"]["journal"]
            return found

        eventually(lambda: journal()["status"] == "failed", 40, "the complaint")
        assert "room" in journal()["detail"]
        assert 0 < service.count("messages_received") < MESSAGES
        subprocess.run(["mount", "-o", "remount,size=96m", str(small_disk)], check=True)  # noqa: S607  # from PATH
        eventually(lambda: service.count("observations_stored") == MESSAGES, 40, "everything in the store")
        assert journal()["status"] == "ok"
        assert service.stop() == 0
