"""The main job on real input: readings reach InfluxDB, and a shortfall becomes an alert, live as in backtest."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

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
    settings = json.loads((config / "watermaster.yaml").read_text())
    prefix = settings["mqtt"]["prefix"]
    # An hour ago is in time: later ones are held for a message, since they may come from a wrong clock.
    (config / "watermaster.yaml").write_text(json.dumps({**settings, "time": {"allowed_lateness_min": 90}}))
    # Whole hours: the end of a recorded stream judges an hour that the live clock may still be waiting for.
    now = time.time_ns() // 1_000_000 // 3_600_000 * 3_600_000
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


def test_the_services_work_apart_on_one_data_directory(config: Path, mosquitto: Mosquitto) -> None:
    """Collector and rules in processes of their own meet in the journal; the rules may come later."""
    prefix = json.loads((config / "watermaster.yaml").read_text())["mqtt"]["prefix"]
    now = time.time_ns() // 1_000_000 // SLOT * SLOT
    with Running(config, only="ingest") as ingest:
        gateway = Gateway(mosquitto, f"{prefix}-g1")
        for number in range(24):
            reading = {"station": "A", "time": now - (24 - number) * SLOT, "values": {"discharge": 0.9}}
            gateway.publish(f"{prefix}/g1/up/json", json.dumps(reading).encode())
        gateway.wait(24)
        gateway.close()
        with Running(config, only="alerting,console") as judging:
            eventually(lambda: len(judging.get("alerts")["items"]) > 0, 20, "the alert")
            assert {alert["level"] for alert in judging.get("alerts")["items"]} == {"red"}
            assert judging.stop() == 0
        assert ingest.stop() == 0


def test_recorded_arrival_drives_the_clock_of_a_trusted_replay(config: Path, mosquitto: Mosquitto) -> None:
    """An hour of a week ago is judged when later messages of the replay arrive, not by today's clock."""
    settings = json.loads((config / "watermaster.yaml").read_text())
    settings["ingest"] = {"trust_replay": True}
    (config / "watermaster.yaml").write_text(json.dumps(settings))
    prefix = settings["mqtt"]["prefix"]
    hour = 3_600_000
    start = (time.time_ns() // 1_000_000 - 7 * 86_400_000) // hour * hour
    properties = Properties(PacketTypes.PUBLISH)
    publisher = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    publisher.connect("127.0.0.1", mosquitto.port)
    publisher.loop_start()

    def replay(station: str, at: int, received_at: int) -> None:
        properties.UserProperty = [("received_at", format_instant(received_at, 480))]
        reading = {"station": station, "time": at, "values": {"discharge": 0.9}}
        publisher.publish(f"{prefix}/g1/up/json", json.dumps(reading), 1, properties=properties).wait_for_publish(10)

    with Running(config) as service:
        for number in range(1, 8):  # of twelve slots, seven: enough to judge, not complete
            replay("A", start + number * SLOT, start + number * SLOT + 1_000)
        eventually(lambda: service.count("observations_stored") == 7, 20, "storing")
        replay("B", start + 20 * 60_000, start + hour + 29 * 60_000)  # half an hour of lateness is not over
        eventually(lambda: service.count("observations_stored") == 8, 20, "storing")
        assert service.get("alerts")["items"] == []
        replay("B", start + 25 * 60_000, start + hour + 30 * 60_000)
        eventually(lambda: len(service.get("alerts")["items"]) == 1, 20, "the alert")
        [alert] = service.get("alerts")["items"]
        assert (alert["basis"], alert["window"]["valid"]) == ("hour", 7)
        assert service.stop() == 0
    publisher.disconnect()
    publisher.loop_stop()
