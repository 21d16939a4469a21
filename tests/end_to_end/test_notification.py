"""From a reading that makes a rule true to Alertmanager, with everything real in between."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from hydro.instants import format_instant
from tests.end_to_end.running import Gateway, Running, eventually, write_config
from tests.servers.alertmanager import Alertmanager, Duty
from tests.servers.process import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers import Mosquitto

TARGETS = "station,quantity,from_day,to_day,value,basis\nA,discharge,01-01,12-31,2.0,instant\n"
SLOT_MS = 300_000


@pytest.fixture
def duty() -> Iterator[Duty]:
    with Duty() as listening:
        yield listening


def config_for(tmp_path: Path, mosquitto: Mosquitto, url: str) -> Path:
    name = tmp_path.name.replace("-", "_")
    settings = {
        "data_dir": str(tmp_path / "var"),
        "mqtt": {"url": mosquitto.url, "client_id": name, "prefix": name},
        "console": {"port": 0, "link": "http://console.example"},
        "alertmanager": {"url": url, "every_s": 1},
    }
    return write_config(
        tmp_path / "config", settings, ["A,Anshun,section,Wu,Sancha,520103,g1,5"], {"eflow_targets": TARGETS}
    )


def send_shortfall(config: Path, mosquitto: Mosquitto) -> None:
    prefix = json.loads((config / "watermaster.yaml").read_text())["mqtt"]["prefix"]
    now = time.time_ns() // 1_000_000 // SLOT_MS * SLOT_MS
    gateway = Gateway(mosquitto, f"{prefix}-g1")
    for number in range(24):
        at = format_instant(now - (24 - number) * SLOT_MS, 480)
        payload = {"station": "A", "time": at, "values": {"discharge": 1.5}}
        gateway.publish(f"{prefix}/g1/up/json", json.dumps(payload).encode())
    gateway.wait(24)
    gateway.close()


def test_a_shortfall_reaches_alertmanager_and_who_is_on_duty(tmp_path: Path, mosquitto: Mosquitto, duty: Duty) -> None:
    with Alertmanager(tmp_path / "am", duty.url) as server:
        config = config_for(tmp_path, mosquitto, server.url)
        with Running(config) as service:
            send_shortfall(config, mosquitto)
            eventually(lambda: bool(service.get("alerts")["items"]), 20, "the alert")
            eventually(lambda: duty.said("firing", "subject") == ["A"], 20, "the message")
            (alert,) = service.get("alerts")["items"]
            assert duty.said("firing") == [alert["id"]]
            eventually(lambda: service.count("alerts_notified") == 1, 20, "the count")
            assert service.get(f"alerts/{alert['id']}")["case"]["state"] == "notified"
            assert service.get("health")["parts"]["notification"]["status"] == "ok"


def test_without_alertmanager_everything_else_goes_on_and_health_says_so(tmp_path: Path, mosquitto: Mosquitto) -> None:
    config = config_for(tmp_path, mosquitto, f"http://{HOST}:{free_port()}")
    with Running(config) as service:
        send_shortfall(config, mosquitto)
        eventually(lambda: bool(service.get("alerts")["items"]), 20, "the alert")
        eventually(lambda: service.get("health")["parts"]["notification"]["status"] == "degraded", 20, "the complaint")
        assert "connection refused" in service.get("health")["parts"]["notification"]["detail"]
        assert service.metrics()["watermaster_alerts_not_yet_notified"] == 1
        assert service.stop() == 0
