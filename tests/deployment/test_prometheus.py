"""The shipped files of Prometheus on a real one: it finds our numbers, and its rules fire on what they say."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tests.end_to_end.running import Running, eventually, write_config
from tests.servers.alertmanager import Alertmanager, Duty
from tests.servers.process import require
from tests.servers.prometheus import SHIPPED_PROMETHEUS, Prometheus

if TYPE_CHECKING:
    from tests.servers import Mosquitto

RULES = SHIPPED_PROMETHEUS / "watermaster.rules.yml"
CASES = Path(__file__).with_name("watermaster_rules_test.yml")


def test_every_rule_fires_on_what_it_says_and_on_nothing_else(tmp_path: Path) -> None:
    for file in (RULES, CASES):
        shutil.copy(file, tmp_path)
    line = [str(require("promtool")), "test", "rules", CASES.name]
    done = subprocess.run(line, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_rule_is_tried_has_a_severity_both_languages_and_a_page_to_read() -> None:
    rules = [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]
    tried = CASES.read_text(encoding="utf-8")
    for rule in rules:
        assert f'alertname="{rule["alert"]}"' in tried
        assert rule["labels"]["severity"] in ("yellow", "orange", "red")
        assert {"summary_zh", "summary_en"} <= set(rule["annotations"])
        assert (RULES.parents[2] / rule["annotations"]["runbook"]).is_file()


def test_prometheus_sees_the_service_and_tells_alertmanager_when_it_is_gone(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    name = tmp_path.name.replace("-", "_")
    settings = {
        "data_dir": str(tmp_path / "var"),
        "mqtt": {"url": mosquitto.url, "client_id": name, "prefix": name},
        "console": {"port": 0},
    }
    config = write_config(tmp_path / "config", settings, ["A,Anshun,section,Wu,Sancha,520103,g1,5"])
    with Duty() as duty, Alertmanager(tmp_path / "am", duty.url) as server, Running(config) as service:
        console, telling = (url.removeprefix("http://") for url in (service.url, server.url))
        with Prometheus(tmp_path / "prometheus", console, telling) as prometheus:
            eventually(lambda: prometheus.ask("query", query="up")["result"] != [], 20, "the first look")
            assert [one["value"][1] for one in prometheus.ask("query", query="up")["result"]] == ["1"]
            known = set(prometheus.ask("label/__name__/values"))
            (group,) = prometheus.ask("rules")["groups"]
            for rule in group["rules"]:
                assert rule["health"] in ("ok", "unknown"), rule
                named = set(re.findall(r"watermaster_\w+", rule["query"]))
                # Without an address of Alertmanager nobody is told, and nobody counts that.
                assert named <= known | {"watermaster_alerts_not_yet_notified"}, rule["name"]
            assert service.stop() == 0
            eventually(
                lambda: "pending" in {rule["state"] for rule in prometheus.ask("rules")["groups"][0]["rules"]},
                20,
                "that it is noticed",
            )
            (found,) = prometheus.ask("alertmanagers")["activeAlertmanagers"]
            assert found["url"] == f"{server.url}/api/v2/alerts"
