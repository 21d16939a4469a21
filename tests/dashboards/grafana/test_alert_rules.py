"""Alert rules of Grafana: one a level, with labels, and a way to the case that leads there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote_plus

import pytest

from alerting.level import Level
from dashboards.grafana.alert_rules import alert_rules
from tests.alerting.sample_alerts import DAWN, change, shortfall
from tests.dashboards.grafana.example import example

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.dashboards.console_server import Console

BUILT: Final = example()


def filled_in(template: str, labels: Mapping[str, str]) -> str:
    """A template of an annotation as Grafana fills it in; `urlquery` is Go's url.QueryEscape."""
    text = re.sub(r"\{\{ urlquery \$labels\.(\w+) \}\}", lambda match: quote_plus(labels[match[1]]), template)
    text = re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda match: labels[match[1]], text)
    assert "{{" not in text, text
    return text


def test_there_is_one_rule_for_each_level_with_its_labels() -> None:
    assert [rule["labels"] for rule in BUILT.rules] == [
        {"source": "watermaster", "severity": level.text} for level in Level
    ]
    assert len({rule["uid"] for rule in BUILT.rules}) == len({rule["title"] for rule in BUILT.rules}) == len(Level)


def test_a_rule_asks_reduces_and_compares_and_none_open_is_no_alarm() -> None:
    for rule in BUILT.rules:
        ask, reduce, compare = rule["data"]
        assert (ask["datasourceUid"], ask["model"]["resultFormat"]) == ("watermaster-influxdb", "time_series")
        assert (reduce["model"]["type"], reduce["model"]["expression"]) == ("reduce", ask["refId"])
        assert (compare["model"]["type"], compare["model"]["expression"]) == ("threshold", reduce["refId"])
        assert compare["model"]["conditions"] == [{"evaluator": {"type": "gt", "params": [0]}}]
        assert rule["condition"] == compare["refId"]
        assert (rule["noDataState"], rule["execErrState"]) == ("OK", "Error")


def test_a_rule_leads_to_the_list_of_open_alerts() -> None:
    overview = BUILT.dashboards["province"]
    for rule in BUILT.rules:
        [panel] = [each for each in overview["panels"] if str(each["id"]) == rule["annotations"]["__panelId__"]]
        assert rule["annotations"]["__dashboardUid__"] == overview["uid"]
        assert panel["type"] == "table"


def test_without_an_address_of_the_page_there_is_no_link() -> None:
    assert all("link" not in rule["annotations"] for rule in alert_rules("", BUILT.dashboards["province"]))


@pytest.mark.parametrize("target", ["52010300A1:discharge:day:base", "甲 & 乙=1", "-"])
def test_the_link_of_an_alert_leads_to_its_newest_case(console: Console, target: str) -> None:
    alerts = [
        shortfall(hour, hour + 2, station="52010300A1", target="" if target == "-" else target) for hour in (1, 5)
    ]
    for alert in (*alerts, shortfall(9, station="52010300A1", target="another")):
        said = change(alert, station=alert.subject, target=alert.target_id)
        console.ledger.apply([said], console.ledger.cursor() + 1, DAWN)
    labels = {"class": "eflow_shortfall", "subject": "52010300A1", "target_id": target}
    link = filled_in(BUILT.rules[0]["annotations"]["link"], labels).removeprefix("https://water.example")
    answer = console.get(link)
    assert (answer.status, answer.headers["location"]) == (303, f"/?alert={alerts[-1].id}#case")
    assert console.get(answer.headers["location"]).status == 200


def test_an_alert_that_is_not_in_the_ledger_has_no_case(console: Console) -> None:
    answer = console.get("/case?class=eflow_shortfall&subject=X&target=-")
    assert "there is no alert eflow_shortfall of 'X'" in answer.problem(404)


def _texts(rule: Mapping[str, Any]) -> list[str]:
    return [text for name, text in rule["annotations"].items() if not name.startswith("__")]


def test_every_text_of_a_rule_is_filled_in_from_labels_that_its_query_gives() -> None:
    for rule in BUILT.rules:
        groups = re.findall(r'"(\w+)"', rule["data"][0]["model"]["query"].rpartition("GROUP BY")[2])
        for text in _texts(rule):
            assert set(re.findall(r"\$labels\.(\w+)", text)) <= set(groups)
            filled_in(text, dict.fromkeys(groups, "x"))
