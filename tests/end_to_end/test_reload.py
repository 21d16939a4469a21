"""SIGHUP: the config is read again by the running service, which goes on with it, or with the old one."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

from tests.end_to_end.running import Gateway, Running, command, eventually, sign_of_life, write_config
from tests.servers import Mosquitto

if TYPE_CHECKING:
    from pathlib import Path

STATION = "S1,清水河,section,,,,gw,1"
HEAD = "version: 1\ntitle: {zh: 浑水, en: Turbid water}\ndescription: {zh: 浑水, en: Turbid water}\n"
TOPIC = "watermaster/v1/gw/up/json"


def rule(config: Path, bound: int, *, more: str = "") -> None:
    """The signal `turbid`: one minute above a bound."""
    text = f"signal: {{quantity: turbidity, above: {{yellow: {bound}}}, hold_min: 1{more}}}\n{HEAD}"
    (config / "rules").mkdir(exist_ok=True)
    (config / "rules/turbid.yaml").write_text(text, encoding="utf-8")


def signals(config: Path) -> list[dict[str, Any]]:
    """Alerts of the class signal in the ledger."""
    lines = command("alerts", "export", "--output", "json", config=config).stdout.splitlines()
    return [alert for alert in map(json.loads, lines) if alert["class"] == "signal"]


def test_rules_are_taken_up_and_mistakes_refused_without_a_restart(tmp_path: Path) -> None:
    """Below the new bound the alert is taken back; a broken file changes nothing; nobody's readings are lost."""
    with Mosquitto(tmp_path) as broker:
        settings = {"data_dir": str(tmp_path / "var"), "mqtt": {"url": broker.url}, "console": {"port": 0}}
        config = write_config(tmp_path / "config", settings, [STATION])
        rule(config, 200)
        with Running(config) as service:
            gateway = Gateway(broker, "gw")
            gateway.publish(TOPIC, sign_of_life("S1", turbidity=300.0))
            eventually(lambda: len(signals(config)) == 1, 30, "the alert")
            [before] = signals(config)
            assert (before["rule"], before["target_id"], before["state"]) == ("turbid v1", "turbid", "firing")

            rule(config, 400)
            os.kill(service.pid, signal.SIGHUP)
            eventually(lambda: service.log.count("event=started") == 2, 30, "the second start")
            assert "event=config_taken_up" in service.log
            assert service.log.count("event=config_changed") == 2  # its entry in the journal, after that of the start
            eventually(lambda: signals(config) == [], 30, "the withdrawal")

            rule(config, 400, more=", of: nowhere")
            os.kill(service.pid, signal.SIGHUP)
            eventually(lambda: "event=config_refused" in service.log, 30, "the refusal")
            assert "rules/turbid.yaml:1: signal.of" in service.log
            rule(config, 400)
            # Maybe in the minute of the first: then their mean is judged.
            gateway.publish(TOPIC, sign_of_life("S1", turbidity=5000.0))
            eventually(lambda: len(signals(config)) == 1, 30, "an alert by the config that goes on")
            [after] = signals(config)
            assert after["target"] == 400.0
            assert after["config"] != before["config"]
            gateway.close()
            assert service.stop() == 0
            assert service.log.count("event=started") == 2
