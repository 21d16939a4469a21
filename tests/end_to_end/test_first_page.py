"""The first page of a running service: what a gateway sends is on it, and no browser keeps it from ending."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import TYPE_CHECKING

import pytest

from hydro.instants import format_instant
from tests.end_to_end.running import Gateway, Running, eventually, write_config

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.servers import InfluxDB, Mosquitto

TARGETS = "station,quantity,from_day,to_day,value,basis\nA,discharge,01-01,12-31,2.0,instant\n"
SLOT = 300_000
STOPPED_WITHIN_S = 10


@pytest.fixture
def config(tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB) -> Path:
    name = tmp_path.name.replace("-", "_")
    settings = {
        "data_dir": str(tmp_path / "var"),
        "mqtt": {"url": mosquitto.url, "client_id": name, "prefix": name},
        "store": {"url": influxdb.store_url(name)},
        "console": {"port": 0},
    }
    stations = ["A,安顺断面,section,乌江,三岔河,520103,g1,5", "B,毕节断面,section,乌江,六冲河,520103,g2,5"]
    return write_config(tmp_path / "config", settings, stations, {"eflow_targets": TARGETS})


def page(service: Running, path: str = "") -> str:
    with urllib.request.urlopen(f"{service.url}/{path}", timeout=10) as answer:  # noqa: S310  # our own address
        text: str = answer.read().decode()
    return text


def report(gateway: Gateway, prefix: str, values: Sequence[float], *, until: int) -> None:
    for number, value in enumerate(reversed(values)):
        payload = {"station": "A", "time": format_instant(until - number * SLOT, 480), "values": {"discharge": value}}
        gateway.publish(f"{prefix}/g1/up/json", json.dumps(payload).encode())
    gateway.publish(f"{prefix}/g1/status", b"online")
    gateway.wait(len(values) + 1)


def test_values_alerts_and_gateways_are_on_the_page_and_still_are_after_a_restart(
    config: Path, mosquitto: Mosquitto
) -> None:
    prefix = json.loads((config / "watermaster.yaml").read_text())["mqtt"]["prefix"]
    now = time.time_ns() // 1_000_000 // SLOT * SLOT
    with Running(config) as service:
        assert "从未收到该站的有效数据" in page(service, "?station=A")
        gateway = Gateway(mosquitto, f"{prefix}-g1")
        report(gateway, prefix, [2.4] * 6 + [1.25] * 18, until=now)
        gateway.close()
        eventually(lambda: "1.25 m³/s" in page(service, "page/fragment/station?station=A"), 20, "the value")
        eventually(lambda: "疑似" in page(service, "page/fragment/alerts?x=1"), 20, "the alert")
        eventually(lambda: "presence-online" in page(service, "page/fragment/gateways"), 20, "the gateway")
        eventually(lambda: "橙色告警" in page(service, "page/fragment/head"), 20, "the state")
        assert service.stop() == 0
    with Running(config) as service:
        eventually(lambda: "1.25 m³/s" in page(service, "page/fragment/station?station=A"), 20, "the value")
        eventually(lambda: "presence-online" in page(service, "page/fragment/gateways"), 20, "the gateway")
        assert service.stop() == 0


def test_browsers_that_listen_do_not_keep_the_service_from_ending(config: Path) -> None:
    with Running(config) as service:
        streams = [urllib.request.urlopen(f"{service.url}/api/v1/events", timeout=30) for _ in range(20)]  # noqa: S310  # our own address
        for stream in streams:
            assert stream.readline() == b"retry: 2000\n"
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < STOPPED_WITHIN_S
        for stream in streams:
            stream.read()
            stream.close()
