"""Evidence, old data and a corrected register in a running service: what is kept, and which trace stays."""

from __future__ import annotations

import hashlib
import json
import tarfile
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS, format_instant
from tests.end_to_end.running import Gateway, Running, command, eventually, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import Mosquitto

TARGETS = """station,quantity,from_day,to_day,value,basis
A,discharge,01-01,12-31,2.0,hour
"""
SLOT = 5 * MINUTE_MS


@pytest.fixture
def config(tmp_path: Path, mosquitto: Mosquitto) -> Path:
    name = tmp_path.name.replace("-", "_")
    settings = {
        "data_dir": str(tmp_path / "var"),
        "mqtt": {"url": mosquitto.url, "client_id": name, "prefix": name},
        "console": {"port": 0},
        "time": {"revise_days": 1, "allowed_lateness_min": 600},  # judged when all slots are there, not before
    }
    stations = ["A,Anshun,section,Wu,Sancha,520103,g1,5", "B,Bijie,section,Wu,Liuchong,520103,g1,5"]
    return write_config(tmp_path / "config", settings, stations, {"eflow_targets": TARGETS})


def readings(station: str, start: int, end: int, value: float) -> list[bytes]:
    """Every five minutes, start < time <= end."""
    return [
        json.dumps({"station": station, "time": at, "values": {"discharge": value}}).encode()
        for at in range(start + SLOT, end + 1, SLOT)
    ]


def send(config: Path, mosquitto: Mosquitto, payloads: list[bytes]) -> None:
    prefix = json.loads((config / "watermaster.yaml").read_text())["mqtt"]["prefix"]
    gateway = Gateway(mosquitto, f"{prefix}-g1")
    for payload in payloads:
        gateway.publish(f"{prefix}/g1/up/json", payload)
    gateway.wait(len(payloads))
    gateway.close()


def fetched(service: Running, path: str) -> bytes:
    with urllib.request.urlopen(f"{service.url}/api/v1/{path}", timeout=20) as answer:  # noqa: S310  # our own address
        content: bytes = answer.read()
    return content


def alerts(service: Running) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = service.get("alerts")["items"]
    return items


def test_the_messages_behind_an_alert_outlive_a_kill_and_judge_again(
    config: Path, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    hour = time.time_ns() // 1_000_000 // HOUR_MS * HOUR_MS
    low = readings("A", hour - HOUR_MS, hour, 1.0)
    others = readings("B", hour - HOUR_MS, hour, 3.0)
    with Running(config) as service:
        send(config, mosquitto, [payload for pair in zip(low, others, strict=True) for payload in pair])
        eventually(lambda: len(alerts(service)) == 1, 30, "the alert")
        service.kill()
        service.start()
        eventually(lambda: "evidence" in alerts(service)[0]["case"], 30, "its evidence")
        [alert] = alerts(service)
        [part] = service.get(f"alerts/{alert['id']}/evidence")["parts"]
        assert (part["why"], part["messages"], part["missing"]) == ("raised", 12, 0)
        content = fetched(service, f"alerts/{alert['id']}/evidence/{part['file']}")
        assert hashlib.sha256(content).hexdigest() == part["sha256"]
        assert service.get("health")["parts"]["evidence"]["status"] == "ok"
        assert service.metrics()["watermaster_evidence_waiting"] == 0
        command("backup", tmp_path / "backup.tar", config=config)
    with tarfile.open(tmp_path / "backup.tar") as archive:
        kept = archive.extractfile(f"evidence/alerts/{format_instant(hour, 480)[:7]}/{part['file']}")
        assert kept is not None
        assert kept.read() == content
    (tmp_path / part["file"]).write_bytes(content)
    command("backtest", tmp_path / part["file"], "--alerts", tmp_path / "again.ndjson", config=config)
    [again] = [json.loads(line) for line in (tmp_path / "again.ndjson").read_text().splitlines()]
    assert {**again, "case": None} == {**alert, "case": None}


def test_data_older_than_the_rules_remember_are_judged_from_the_store(config: Path, mosquitto: Mosquitto) -> None:
    hour = time.time_ns() // 1_000_000 // HOUR_MS * HOUR_MS
    with Running(config) as service:
        send(config, mosquitto, readings("A", hour - HOUR_MS, hour, 3.0))
        eventually(lambda: service.count("observations_stored") == 12, 30, "the newest readings")
        assert service.stop() == 0  # what lies behind them is let go of when the state is saved
        service.start()
        old = hour - 20 * DAY_MS
        send(
            config,
            mosquitto,
            readings("A", old, old + HOUR_MS, 1.0) + readings("A", old + HOUR_MS, old + 4 * HOUR_MS, 3.0),
        )
        eventually(lambda: len(alerts(service)) == 1, 60, "the old alert")
        [alert] = alerts(service)
        assert (alert["onset"], alert["state"]) == (format_instant(old, 480), "resolved")
        [line] = alert["revised"]
        assert (line["was"], line["now"]["level"]) == (None, "orange")
        eventually(lambda: service.metrics()["watermaster_rejudging_waiting"] == 0, 20, "the end of the job")
        assert service.count("rejudging_judged") >= 1
        assert service.count("observations_beyond_revision") == 48


def test_a_register_that_is_corrected_judges_again_and_leaves_a_trace(config: Path, mosquitto: Mosquitto) -> None:
    """Of two alerts one case is being worked: its alert stays, the other one is withdrawn; both say what they were."""
    hour = time.time_ns() // 1_000_000 // HOUR_MS * HOUR_MS
    targets = config / "registry" / "eflow_targets.csv"
    targets.write_text(f"{TARGETS}B,discharge,01-01,12-31,2.0,hour\n")
    with Running(config) as service:
        send(config, mosquitto, readings("A", hour - HOUR_MS, hour, 1.5) + readings("B", hour - HOUR_MS, hour, 1.5))
        eventually(lambda: len(alerts(service)) == 2, 30, "the alerts")
        ids = {alert["subject"]["code"]: alert["id"] for alert in alerts(service)}
        command("alerts", "ack", ids["A"], "--by", "王工", config=config)
        assert service.stop() == 0
        targets.write_text(targets.read_text().replace("2.0", "1.0"))
        service.start()
        eventually(
            lambda: [alert["id"] for alert in alerts(service)] == [ids["A"]], 30, "the verdicts by the new targets"
        )
        worked, gone = service.get(f"alerts/{ids['A']}"), service.get(f"alerts/{ids['B']}")
    assert (worked["state"], worked["resolved_at"], gone["state"]) == ("resolved", worked["raised_at"], "withdrawn")
    assert [line["now"] for line in worked["revised"] + gone["revised"]] == [None, None]
    assert [line["was"]["value"] for line in worked["revised"] + gone["revised"]] == [1.5, 1.5]
    assert [step["by"] for step in worked["case"]["history"]] == ["watermaster", "王工", "watermaster"]
