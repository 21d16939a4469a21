"""Fleets over TCP: whatever happens to networks and to the centre, every reading is there once in the end."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from hydro.fixed import MICRO
from hydro.flags import Flag
from hydro.instants import HOUR_MS, format_instant, parse_instant
from hydro.series import SeriesIndex
from ingest.decode import DecodedBatch, Decoder, TickSource
from simulators.rtu.fleet import Member
from tests.end_to_end.running import Running, eventually
from tests.ingest.example_register import make_register
from tests.ingest.tcp.running import PREFIX, field, until
from tests.servers.process import HOST, free_port
from tests.simulators.rtu.fleets import HEADER, PICTURE, Station, fleet_of, run_fleet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import NewInfluxDB, NewMosquitto

SPEED: Final = 1_200.0
"""Five minutes in a quarter of a second."""


def _start(hours: float) -> int:
    """A full hour so long ago."""
    return (time.time_ns() // 1_000_000 - int(hours * HOUR_MS)) // HOUR_MS * HOUR_MS


@pytest.mark.timeout(170)
@pytest.mark.parametrize(
    ("count", "hours"), [pytest.param(16, 3, id="few"), pytest.param(50, 8, id="many", marks=pytest.mark.slow)]
)
def test_every_reading_of_a_fleet_is_stored_once(
    tmp_path: Path, new_mosquitto: NewMosquitto, new_influxdb: NewInfluxDB, count: int, hours: int
) -> None:
    """Stations of both protocols; half of them lose their network, and the service is killed on the way."""
    start, port = _start(hours + 2), free_port()
    end = start + hours * HOUR_MS
    stations = fleet_of(count, start, SPEED, hours=hours, answer_wait_s=1.5)
    registry = tmp_path / "config" / "registry"
    registry.mkdir(parents=True)
    (registry / "stations.csv").write_text(HEADER + "".join(station.row for station in stations))
    settings = {
        "data_dir": str(tmp_path / "var"),
        "mqtt": {"url": new_mosquitto().url},
        "store": {"url": new_influxdb().store_url("fleet")},
        "console": {"port": 0},
        "ingest": {"tcp": f"{HOST}:{port}"},
    }
    (tmp_path / "config" / "watermaster.yaml").write_text(json.dumps(settings))
    with Running(tmp_path / "config") as service:

        def run() -> None:
            asyncio.run(run_fleet(stations, HOST, port, start, SPEED, hours=hours + 0.2, within_s=60))

        rtus = Thread(target=run)
        rtus.start()
        eventually(lambda: service.count("messages_received") > 20 * count, 30, "the first reports")
        service.kill()
        service.start()
        rtus.join()
        expected = {station.code: station.expected() for station in stations}
        readings = sum(map(len, expected.values()))
        eventually(lambda: service.count("observations_stored") >= readings, 30, "all readings in the store")
        assert service.count("observations_rejected") == 0
        assert service.count("observations_corrected") == 0
        for station in stations:
            found = _series(service, station.code, start - HOUR_MS, end)
            assert found == expected[station.code], (station.code, station.kind)
        assert service.stop() == 0
    tallies = [station.member.device.tally for station in stations]
    assert sum(tally.late for tally in tallies) > count, "networks failed, and stations caught up"
    cameras = [station for station in stations if station.has_camera]
    assert all(station.member.device.recorder.picture() is None for station in cameras)
    assert all(station.member.device.recorder.memory.lost == 0 for station in stations)


def _series(service: Running, station: str, start: int, end: int) -> dict[tuple[str, int], int]:
    """What the store has of a station's readings with a value."""
    since, until = (format_instant(at, 0).replace("+", "%2B") for at in (start, end))
    found: dict[tuple[str, int], int] = {}
    for quantity in ("stage", "discharge"):
        answer: Any = service.get(f"stations/{station}/series?quantity={quantity}&from={since}&to={until}")
        for at, value, _ in answer["points"]:
            if value is not None:
                found[quantity, parse_instant(at, 480)] = round(value * MICRO)
    return found


def test_what_is_sent_again_for_want_of_a_confirmation_counts_once(tmp_path: Path) -> None:
    """The journal hangs until stations have sent again; then both copies are written, and confirmed."""
    hours = 2
    start = _start(hours + 2)
    stations = fleet_of(8, start, SPEED, hours=hours, answer_wait_s=0.4)

    async def story() -> list[tuple[str, bytes]]:
        async with field(tmp_path) as link:
            running = asyncio.create_task(
                run_fleet(stations, HOST, link.port, start, SPEED, hours=hours + 0.2, within_s=30)
            )
            await until(link.journaled)
            link.gate.clear()
            await until(lambda: sum(station.member.device.tally.resent for station in stations) >= len(stations))
            link.gate.set()
            await running
            return link.journaled()

    batch = _decoded(asyncio.run(story()), stations)
    assert not batch.rejected
    rows = batch.observations
    columns = (rows.series.tolist(), rows.event_time.tolist(), rows.value.tolist(), rows.flag.tolist())
    found = Counter((series, at) for series, at, _, _ in zip(*columns, strict=True))
    assert max(found.values()) > 1, "something came twice"
    assert len({row[:3] for row in zip(*columns, strict=True)}) == len(found), "and said the same"
    index = SeriesIndex(sorted(station.code for station in stations))
    for station in stations:
        told = {
            (index.quantity(series).text, at): value
            for series, at, value, flag in zip(*columns, strict=True)
            if index.station(series) == station.code and flag != Flag.MISSING
        }
        assert station.expected().items() <= told.items(), station.kind


def test_damaged_packets_of_pictures_are_asked_for_and_the_pictures_are_whole(tmp_path: Path) -> None:
    """A modem loses a byte of the third packet of every other picture; the centre names it, and gets it again."""
    hours = 3
    start = _start(hours + 2)
    cameras = [one for one in fleet_of(16, start, SPEED, hours=hours, answer_wait_s=10.0) if one.has_camera]
    stations = [replace(one, member=Member(one.member.device, damage=_careless())) for one in cameras]

    async def story() -> list[tuple[str, bytes]]:
        async with field(tmp_path, packet_s=0.2) as link:
            await run_fleet(stations, HOST, link.port, start, SPEED, hours=hours + 0.2, within_s=30)
            return link.journaled()

    batch = _decoded(asyncio.run(story()), stations)
    pictures = {(one.station, one.event_time): one.data for one in batch.attachments}
    assert len(pictures) >= (hours - 1) * len(stations)
    assert set(pictures.values()) == {PICTURE}
    tallies = [station.member.device.tally for station in stations]
    assert all(tally.packets_again >= 1 for tally in tallies)
    assert sum(tally.gave_up for tally in tallies) == 0


def _decoded(messages: list[tuple[str, bytes]], stations: list[Station]) -> DecodedBatch:
    register = make_register({"stations": HEADER + "".join(station.row for station in stations)})
    index = SeriesIndex(register.stations)
    decoder = Decoder(register, index, prefix=PREFIX, max_age_days=0, ticks=TickSource.RECEIVED_AT)
    received_at = np.full(len(messages), time.time_ns() // 1_000_000, np.int64)
    return decoder.decode(1, [topic for topic, _ in messages], [data for _, data in messages], received_at)


def _careless() -> Callable[[bytes], bytes]:
    """Loses a byte in the middle of every other picture."""
    pictures = 0

    def damage(data: bytes) -> bytes:
        nonlocal pictures
        if len(data) < len(PICTURE):
            return data
        pictures += 1
        middle = len(data) // 2
        return data[:middle] + data[middle + 1 :] if pictures % 2 else data

    return damage
