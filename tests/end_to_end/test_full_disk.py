"""A disk that is full: nothing is acknowledged, so nothing is lost; work goes on when there is room."""

from __future__ import annotations

import json
import random
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hydro.instants import format_instant
from storage.dead_letters import DeadLetterFile
from tests.end_to_end.running import Gateway, Running, eventually, write_config
from tests.servers.process import cannot_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import InfluxDB, Mosquitto

MESSAGES = 14_000
SPOILT = 20
"""One message in so many can't be read, and is a dead letter of 4 kB."""


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
        cannot_run(f"can't mount a small file system here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)  # noqa: S607  # from PATH


def fill(disk: Path) -> None:
    """Leave no room at all; the journal's own reserve is held by the journal."""
    with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


@pytest.mark.parametrize("full", ["journal", "data_dir"])
def test_a_full_disk_loses_nothing(
    tmp_path: Path, small_disk: Path, mosquitto: Mosquitto, influxdb: InfluxDB, full: str
) -> None:
    """The disk that is full holds the journal alone, or all that we write."""
    name = f"full_{full}"
    settings: dict[str, Any] = {
        "data_dir": str(small_disk if full == "data_dir" else tmp_path / "var"),
        "journal": {"url": f"file:{small_disk / 'journal'}"},
        "mqtt": {"url": mosquitto.url, "client_id": name, "prefix": name},
        "store": {"url": influxdb.store_url(name)},
        "console": {"port": 0},
    }
    config = write_config(tmp_path / "config", settings, ["A,A,section,,,,,5"])
    now = time.time_ns() // 1_000_000
    rng = random.Random(1)
    spoilt: set[bytes] = set()
    with Running(config) as service:
        gateway = Gateway(mosquitto, f"{name}-gateway")
        for number in range(MESSAGES):
            at = format_instant(now - number * 60_000, 480)
            ballast = rng.randbytes(2_000).hex()  # nothing that could be compressed much
            payload = {"station": "A", "time": at, "values": {"stage": number / 1000}, "note": ballast}
            text = json.dumps(payload).encode()
            if number % SPOILT == 0:
                text = text[:-1]
                spoilt.add(text)
            gateway.publish(f"{name}/g1/up/json", text)
        gateway.wait(MESSAGES)
        gateway.close()

        def part(name: str) -> dict[str, str]:
            found: dict[str, str] = service.get("health")["parts"][name]
            return found

        eventually(lambda: part("journal")["status"] == "failed", 40, "the complaint")
        assert "room" in part("journal")["detail"]
        if full == "data_dir":
            fill(small_disk)
            eventually(lambda: part("store")["status"] == "degraded", 40, "the complaint about state or dead letters")
            assert "full" in part("store")["detail"]
        assert 0 < service.count("messages_received") < MESSAGES
        subprocess.run(["mount", "-o", "remount,size=96m", str(small_disk)], check=True)  # noqa: S607  # from PATH
        readable = MESSAGES - len(spoilt)
        eventually(lambda: service.count("observations_stored") == readable, 40, "everything in the store")
        letters = DeadLetterFile(Path(settings["data_dir"]) / "dead_letters.sqlite")
        # At least once: what was held when the connection was given up comes again, under another position.
        eventually(lambda: {each.payload for each in letters.newest(MESSAGES)} == spoilt, 20, "every dead letter")
        letters.close()
        eventually(lambda: service.get("health")["status"] == "ok", 20, "health")
        assert service.stop() == 0
