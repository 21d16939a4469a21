"""What a device says besides readings reaches people: pictures and texts as files, a clock that is off as a warning."""

from __future__ import annotations

import asyncio
import json
import time
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from hydro.instants import MINUTE_MS
from ingest.codecs.sl651.wiretime import digits_of
from tests.end_to_end.running import Running, eventually
from tests.ingest.codecs.sl651.vectors import GOOD, frame_of
from tests.ingest.tcp.running import Rtu, report
from tests.servers.process import HOST, free_port

if TYPE_CHECKING:
    from pathlib import Path

STATIONS = "station,name,kind,basin,river,division,gateway,interval_min,sl651_address\nA1,A,section,,,,,5,0012345678\n"
STATIONS += "B1,B,section,,,,,5,0000000022\n"
PICTURE = [vector for vector in GOOD if vector.sequence and vector.sequence["id"] == "yu-36H"]


def configure(folder: Path, port: int) -> Path:
    """Everything embedded, with a TCP listener."""
    registry = folder / "config" / "registry"
    registry.mkdir(parents=True)
    settings = {
        "data_dir": str(folder / "var"),
        "mqtt": {"url": f"embedded://{HOST}:0"},
        "store": {"url": "duckdb:"},
        "console": {"port": 0},
        "ingest": {"tcp": f"{HOST}:{port}"},
    }
    (folder / "config" / "watermaster.yaml").write_text(json.dumps(settings))
    (registry / "stations.csv").write_text(STATIONS)
    return folder / "config"


async def sends(port: int, frames: list[bytes]) -> None:
    """Send frames on one connection, the last of which is confirmed."""
    rtu = await Rtu.connect(port)
    for frame in frames:
        await rtu.send(frame)
    await rtu.answer(10.0)
    await rtu.close()


@pytest.mark.timeout(90)
def test_a_picture_and_a_text_are_files_and_a_clock_that_is_off_is_told(tmp_path: Path) -> None:
    """The camera's clock showed 2059, the text is of 2013, and a gauge is 40 minutes ahead."""
    port = free_port()
    kept = tmp_path / "var" / "evidence" / "attachments" / "A1"
    with Running(configure(tmp_path, port)) as service:
        for frames in ([vector.data for vector in PICTURE], [frame_of("V164")]):
            asyncio.run(sends(port, frames))
        eventually(lambda: {path.suffix for path in kept.rglob("*.*")} == {".jpg", ".txt"}, 20, "both files")
        pictures = [path for path in kept.rglob("*.jpg") if path.parent.name == "2059-10-11"]
        assert PICTURE[0].sequence is not None
        assert [sha256(path.read_bytes()).hexdigest() for path in pictures] == [PICTURE[0].sequence["jpeg_sha256"]]
        assert [path.read_bytes() for path in kept.rglob("2013-03-25/*.txt")] == [b"yanyu1988:YCZ-2A-101!!!"]
        fast = time.time_ns() // 1_000_000 + 40 * MINUTE_MS
        for second in range(3):  # three messages in a row prove it
            sent = digits_of(fast + second * 1_000, 480)
            asyncio.run(sends(port, [report(second + 1, station="0000000022", sent=sent)]))
        eventually(lambda: service.metrics()["watermaster_stations_clock_skewed"] == 1, 20, "the clock")
        assert service.metrics()["watermaster_attachments_kept_total"] >= 2
        assert sum("event=clock_skewed" in line for line in service.log.splitlines()) == 1
        assert service.stop() == 0
