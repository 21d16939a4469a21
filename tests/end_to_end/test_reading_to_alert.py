"""The main job on real input: readings reach InfluxDB, and a shortfall becomes an alert, live as in backtest."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from hydro.instants import format_instant
from tests.end_to_end.running import Gateway, Running, command, eventually, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import InfluxDB, Mosquitto

TARGETS = """station,quantity,from_day,to_day,value,basis
A,discharge,01-01,12-31,2.0,instant
A,discharge,01-01,12-31,2.0,hour
"""
POINTS = "station,quantity,min,max,accuracy_pct\nA,discharge,0,100,8\n"
SLOT = 300_000


@pytest.fixture
def config(tmp_path: Path, mosquitto: Mosquitto, influxdb: InfluxDB) -> Path:
    name = tmp_path.name.replace("-", "_")
    settings = {
        "data_dir": str(tmp_path / "var"),
        "mqtt": {"url": mosquitto.url, "client_id": name, "prefix": name},
        "store": {"url": influxdb.store_url(name)},
        "console": {"port": 0},
    }
    stations = ["A,Anshun 安顺,section,Wu,Sancha,520103,g1,5", "B,Bijie,section,Wu,Liuchong,520103,,5"]
    return write_config(tmp_path / "config", settings, stations, {"eflow_targets": TARGETS, "points": POINTS})


def test_a_shortfall_becomes_an_alert_and_can_be_worked_off(config: Path, mosquitto: Mosquitto, tmp_path: Path) -> None:
    prefix = json.loads((config / "watermaster.yaml").read_text())["mqtt"]["prefix"]
    now = time.time_ns() // 1_000_000 // SLOT * SLOT
    first = now - 3 * 3_600_000
    values = [2.4] * 12 + [1.5] * 24
    with Running(config) as service:
        gateway = Gateway(mosquitto, f"{prefix}-g1")
        for number, value in enumerate(values):
            at = format_instant(first + (number + 1) * SLOT, 480)
            payload = {"station": "A", "time": at, "values": {"discharge": value, "stage": 1.0}}
            gateway.publish(f"{prefix}/g1/up/json", json.dumps(payload).encode())
        gateway.publish(f"{prefix}/g1/up/json", b"{broken")
        gateway.publish(
            f"{prefix}/g2/up/json", json.dumps({"station": "A", "time": now, "values": {"stage": 1}}).encode()
        )
        gateway.wait(len(values) + 2)
        gateway.close()
        eventually(lambda: service.count("messages_received") == len(values) + 2, 20, "reception")
        eventually(lambda: len(service.get("alerts")["items"]) >= 2, 20, "the alerts")
        listed = service.get("alerts")["items"]
        assert {(alert["basis"], alert["level"], alert["state"]) for alert in listed} == {
            ("instant", "orange", "firing"),
            ("hour", "orange", "firing"),
        }
        [instant] = [alert for alert in listed if alert["basis"] == "instant"]
        assert (instant["value"], instant["ratio"], instant["uncertainty_pct"]) == (1.5, 0.75, 8.0)
        assert instant["onset"] == format_instant(first + 12 * SLOT, 480)
        points = service.get(f"stations/A/series?quantity=discharge&from={first}&to={now}")
        eventually(
            lambda: len(service.get(f"stations/A/series?quantity=discharge&from={first}&to={now}")["points"]) == 36,
            10,
            f"the series {points}",
        )
        assert service.get("health")["status"] == "ok"
        counts = {
            name: service.count(name)
            for name in (
                "messages_decoded", "messages_dead_lettered", "observations_decoded", "observations_stored",
                "observations_duplicate", "observations_rejected",
            )
        }  # fmt: skip
        assert counts == {
            "messages_decoded": 37,
            "messages_dead_lettered": 1,
            "observations_decoded": 73,
            "observations_stored": 72,
            "observations_duplicate": 0,
            "observations_rejected": 1,
        }
        assert service.stop() == 0
    letters = [
        json.loads(line)
        for line in command("deadletters", "list", "--output", "json", config=config).stdout.splitlines()
    ]
    assert {(letter["kind"], letter["reason"]) for letter in letters} == {
        ("message", "bad_json"),
        ("reading", "wrong_gateway"),
    }
    [alert] = [
        json.loads(line)
        for line in command("alerts", "export", "--output", "json", config=config).stdout.splitlines()
        if '"instant"' in line
    ]
    assert command("alerts", "close", alert["id"], config=config, ok=False).returncode == 1
    command("alerts", "ack", alert["id"], "--by", "li", "--comment", "在查", config=config)
    worked = json.loads(command("alerts", "show", alert["id"], "--output", "json", config=config).stdout)
    assert (worked["case"]["state"], worked["case"]["history"][-1]["by"]) == ("accepted", "li")
    bounds = ("--from", format_instant(first, 480), "--to", format_instant(now, 480))
    csv = command("series", "A", "discharge", *bounds, "--every", "1h", config=config).stdout
    assert csv.splitlines()[0] == "time,mean,min,max,valid,expected"
    stream = tmp_path / "stream.ndjson.zst"
    begin, end = format_instant(now - 86_400_000, 480), format_instant(now + 86_400_000, 480)
    command("record", "--from", begin, "--to", end, "--out", stream, config=config)
    out = tmp_path / "alerts.ndjson"
    command("backtest", stream, "--alerts", out, "--attainment", tmp_path / "attainment.ndjson", config=config)
    again = [json.loads(line) for line in out.read_text().splitlines()]
    live = [
        json.loads(line) for line in command("alerts", "export", "--output", "json", config=config).stdout.splitlines()
    ]
    for one in (*again, *live):
        one.pop("case")
    assert again == live
