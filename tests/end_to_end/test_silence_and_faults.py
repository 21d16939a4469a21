"""Gateways that fall silent and clocks that are wrong, from the simulated field to the ledger and to a backtest."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.end_to_end.running import Running, command, eventually
from tests.servers import Mosquitto

if TYPE_CHECKING:
    from pathlib import Path

Alert = dict[str, Any]
START = "2026-03-02T00:00:00+08:00"


def record(scenario: str, duration: str, folder: Path) -> tuple[Path, Path]:
    """A recorded stream of a scenario, and the config directory that belongs to it."""
    stream, config = folder / "stream.ndjson.zst", folder / "config"
    line = ["simulate", scenario, "--speed", "0", "--start", START, "--duration", duration]
    command(*line, "--record", stream, "--write-config", config)
    return stream, config


def backtested(stream: Path, config: Path) -> list[Alert]:
    """What a backtest says."""
    out = stream.with_name("alerts.ndjson")
    command("backtest", stream, "--alerts", out, config=config)
    return [json.loads(line) for line in out.read_text().splitlines()]


def short(alert: Alert) -> tuple[str, str, str, str]:
    """Class, reason and subject."""
    return alert["class"], alert["reason"], alert["subject"]["kind"], alert["subject"]["code"]


def test_a_backtest_names_the_gateway_that_was_silent(tmp_path: Path) -> None:
    """One alert stands for its three stations; what it sends later repairs no silence and makes no clock wrong."""
    alerts = backtested(*record("gateway-outage-backfill", "3d", tmp_path))
    [loss] = [alert for alert in alerts if alert["class"] == "data_loss"]
    assert short(loss) == ("data_loss", "silent", "gateway", "gw-far")
    assert len(loss["members"]) == 3
    assert [change["level"] for change in loss["levels"]] == ["blue", "yellow"]
    assert loss["state"] == "resolved"
    assert not [alert for alert in alerts if alert["class"] == "device_fault"]


def test_a_wrong_clock_is_a_fault_of_the_device_and_no_shortfall(tmp_path: Path) -> None:
    alerts = backtested(*record("clock-chaos", "3d", tmp_path))
    assert {short(alert)[:2] for alert in alerts} == {("device_fault", "clock_skew"), ("data_loss", "silent")}


@pytest.mark.parametrize("scenario", ["gateway-outage-backfill", pytest.param("clock-chaos", marks=pytest.mark.slow)])
def test_a_replay_through_the_live_service_says_the_same(scenario: str, tmp_path: Path) -> None:
    """Ticks come from the recorded arrival; whose readings are judged, and who is silent, is the same to the byte.

    Only what the end of the stream says is not: a backtest ends there, a service waits for what comes next.
    """
    stream, config = record(scenario, "3d", tmp_path)
    with Mosquitto(tmp_path) as broker:
        settings = {
            "data_dir": str(tmp_path / "var"),
            "mqtt": {"url": broker.url},
            "console": {"port": 0},
            "ingest": {"trust_replay": True},
        }
        (config / "watermaster.yaml").write_text(json.dumps(settings))
        expected = [alert for alert in backtested(stream, config) if alert["class"] in ("data_loss", "device_fault")]
        with Running(config) as service:
            command("replay", stream, "--speed", "0", config=config)
            eventually(lambda: judged(config) == expected, 60, "what the backtest says")
            assert service.stop() == 0
        found = judged(config)
        assert found == expected
        assert {alert["state"] for alert in found} >= {"resolved"}


def judged(config: Path) -> list[Alert]:
    """The ledger's alerts of silence and of devices, as a backtest writes them."""
    lines = command("alerts", "export", "--output", "json", config=config).stdout.splitlines()
    alerts: list[Alert] = [json.loads(line) for line in lines]
    return [
        alert | {"case": None, "revised": []} for alert in alerts if alert["class"] in ("data_loss", "device_fault")
    ]
