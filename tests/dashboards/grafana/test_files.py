"""Files for a Grafana's start: those that are shipped are those that `dashboards build` writes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import yaml

from dashboards.grafana.built import Database, Wanted, build
from dashboards.grafana.contacts import ALWAYS, policy
from dashboards.grafana.provisioning import DASHBOARD_FOLDER, files
from tests.dashboards.grafana.example import AT, ROOT, SHIPPED, example, register_of, shipped_tables
from watermaster.grafana import wanted_of
from watermaster.settings import Settings

if TYPE_CHECKING:
    from dashboards.grafana.built import Built

ADDRESSES: Final[dict[str, Any]] = {
    "store": {"url": "influxdb://influxdb:8086/watermaster"},
    "alertmanager": {"url": "http://alertmanager:9093"},
    "grafana": {"prometheus_url": "http://prometheus:9090"},
    "console": {"link": "http://127.0.0.1:8080"},
}
"""Settings of docker-compose.yml, for which the shipped files are made."""


def shipped() -> Built:
    """What the shipped files hold."""
    return build(register_of(shipped_tables()), wanted_of(Settings.model_validate(ADDRESSES), AT))


def read(name: str, built: Built) -> Any:  # noqa: ANN401  # YAML
    """Content of one of the provisioning files."""
    return yaml.safe_load(files(built)[f"provisioning/{name}/watermaster.yaml"])


def test_the_shipped_files_are_those_that_are_built() -> None:
    """Mend with: python -m tests.dashboards.grafana.ship."""
    there = {
        path.relative_to(SHIPPED).as_posix(): path.read_text(encoding="utf-8")
        for path in SHIPPED.rglob("*")
        if path.is_file()
    }
    expected = files(shipped())
    assert sorted(there) == sorted(expected)
    assert [name for name, text in expected.items() if there[name] != text] == []


def test_the_shipped_files_are_for_the_servers_of_the_shipped_compose_file() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    given = compose["watermaster"]["environment"]
    for group, settings in ADDRESSES.items():
        for name, value in settings.items():
            assert given.get(f"WATERMASTER_{group}__{name}".upper(), value) == value
    [mounted] = [
        volume for volume in compose["grafana"]["volumes"] if volume.startswith("./config/grafana/dashboards:")
    ]
    assert mounted.split(":")[1] == DASHBOARD_FOLDER
    assert "prometheus" in compose
    assert any(volume.startswith("./config/grafana/provisioning:") for volume in compose["grafana"]["volumes"])


def test_building_again_gives_the_same_bytes() -> None:
    assert files(shipped()) == files(shipped())


def test_secrets_are_never_written_into_files() -> None:
    tables = register_of(shipped_tables())
    by_token = build(
        tables, Wanted(at=AT, database=Database("http://h:8086", "b", token="a token"), prometheus="http://p:9090")
    )
    for built, secret, field in ((example(), "a secret", "password"), (by_token, "a token", "httpHeaderValue1")):
        assert [name for name, text in files(built).items() if secret in text] == []
        source, _ = read("datasources", built)["datasources"]
        assert source["secureJsonData"][field].startswith("$__file{/run/secrets/")
    assert by_token.sources[0].secret == {"httpHeaderValue1": "Token a token"}
    assert by_token.sources[0].plain["jsonData"]["httpHeaderName1"] == "Authorization"


def test_data_sources_are_those_that_panels_and_rules_ask() -> None:
    sources = {(source["type"], source["uid"]) for source in read("datasources", shipped())["datasources"]}
    asked = {
        (target["datasource"]["type"], target["datasource"]["uid"])
        for dashboard in shipped().dashboards.values()
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    }
    assert asked == sources
    assert {rule["data"][0]["datasourceUid"] for rule in shipped().rules} <= {uid for _, uid in sources}


def test_dashboards_and_rules_lie_in_one_folder() -> None:
    [provider] = read("dashboards", shipped())["providers"]
    [group] = read("alerting", shipped())["groups"]
    assert (provider["folder"], provider["options"]["path"]) == (group["folder"], DASHBOARD_FOLDER)
    assert group["interval"] == "60s"
    for rule in group["rules"]:
        assert rule["dashboardUid"] == rule["annotations"]["__dashboardUid__"]
        assert rule["panelId"] == int(rule["annotations"]["__panelId__"])


def test_nothing_that_grafana_replaces_in_files_stands_where_it_would_be_replaced() -> None:
    """It puts variables of the environment into titles, labels and settings, not into queries and annotations."""
    [group] = read("alerting", shipped())["groups"]
    for rule in group["rules"]:
        assert "$" not in json.dumps({name: rule[name] for name in ("uid", "title", "labels", "for", "condition")})
        assert not re.search(r"\$\{", json.dumps(rule["annotations"]))
    assert "$" not in json.dumps(read("alerting", shipped()).get("contactPoints"))


def test_whoever_is_told_by_watermaster_is_not_told_by_grafana_too() -> None:
    content = read("alerting", shipped())
    [tree] = content["policies"]
    assert tree["routes"][0]["mute_time_intervals"] == [ALWAYS]
    assert [timing["name"] for timing in content["muteTimes"]] == [ALWAYS]
    alone = read("alerting", example())
    assert "muteTimes" not in alone
    assert "mute_time_intervals" not in alone["policies"][0]["routes"][0]
    assert alone["policies"][0]["receiver"] == alone["contactPoints"][0]["name"]
    assert {receiver["type"] for receiver in alone["contactPoints"][0]["receivers"]} == {
        "prometheus-alertmanager",
        "webhook",
    }


def test_every_setting_of_grafana_is_explained() -> None:
    text = (ROOT / "docs" / "grafana.md").read_text(encoding="utf-8")
    settings = set(type(Settings().grafana).model_fields) - {"token"}
    assert [name for name in settings if f"grafana.{name}`" not in text and f"  {name}:" not in text] == []


def test_without_a_contact_point_the_policies_of_that_grafana_stay() -> None:
    nobody = replace(example(), contacts=[], policy=policy(muted=False, has_contacts=False))
    assert {"contactPoints", "policies", "muteTimes"} & read("alerting", nobody).keys() == set()
    assert "receiver" not in nobody.policy
