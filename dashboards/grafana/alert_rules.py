"""Alert rules of Grafana over the alerts that Watermaster has raised: one for each level.

They judge nothing: an alert of Watermaster fires here while it is open at a level. Every alert is an instance with the
tags of the store as labels. Its id is a field and not a tag, so the way to its case goes over class, subject and target
(`/case`, see `dashboards.console.page.case_route`).

Source: Grafana's alerting provisioning API, ``ProvisionedAlertRule`` and ``AlertRuleGroup``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from alerting.level import Level
from alerting.words import ALERT_WORDS, SUSPECTED
from dashboards.grafana.alert_panels import OPEN_ALERTS
from dashboards.grafana.dashboard import panel_number
from dashboards.grafana.influxql import SHOWN_DAYS, firing
from dashboards.grafana.model import INFLUXDB, Query, both

if TYPE_CHECKING:
    from dashboards.grafana.model import Json

__all__ = ["FOLDER_TITLE", "FOLDER_UID", "GROUP", "alert_rules", "rule_uid"]

FOLDER_UID: Final = "watermaster"
FOLDER_TITLE: Final = "Watermaster"
GROUP: Final = "watermaster-alerts"

_EXPRESSION: Final = "__expr__"
_WINDOW_S: Final = SHOWN_DAYS * 86_400


def rule_uid(level: Level) -> str:
    """Name by which Grafana knows the rule of a level."""
    return f"watermaster-{level.text}"


def alert_rules(console: str, overview: Json) -> list[Json]:
    """The rules, least level first.

    Args:
        console: Address of the page without a slash at its end; empty = no way to the case.
        overview: The dashboard that the rules lead to.
    """
    panel = panel_number(overview, OPEN_ALERTS)
    return [_rule(level, console, overview["uid"], panel) for level in Level]


def _rule(level: Level, console: str, dashboard: str, panel: int) -> Json:
    zh, en = ALERT_WORDS[level.text]
    annotations = {
        "summary": both(
            f"{zh}色告警（{SUSPECTED[0]}，是否核实见处置单）：{{{{ $labels.class }}}} {{{{ $labels.subject }}}}",
            f"{en} alert, {SUSPECTED[1]} until its case says otherwise: {{{{ $labels.class }}}} "
            "{{ $labels.subject }}",
        ),
        "description": both(
            f"{zh}色告警未结束：对象 {{{{ $labels.subject }}}}，河流 {{{{ $labels.river }}}}，"
            "行政区 {{ $labels.division }}。",
            f"An alert is open at level {en}: subject {{{{ $labels.subject }}}}, river {{{{ $labels.river }}}}, "
            "division {{ $labels.division }}.",
        ),
        "__dashboardUid__": dashboard,
        "__panelId__": str(panel),
    }
    if console:
        annotations["link"] = (
            f"{_plain(console)}/case?class={{{{ urlquery $labels.class }}}}&subject={{{{ urlquery $labels.subject }}}}"
            "&target={{ urlquery $labels.target_id }}"
        )
        annotations["runbook_url"] = f"{_plain(console)}/runbooks/{{{{ urlquery $labels.class }}}}"
    return {
        "uid": rule_uid(level),
        "title": both(f"{zh}色告警", f"{en} alert"),
        "condition": "C",
        "data": [
            {
                "refId": "A",
                "queryType": "",
                "relativeTimeRange": {"from": _WINDOW_S, "to": 0},
                "datasourceUid": INFLUXDB.uid,
                "model": {
                    **Query(firing(int(level))).as_json("A"),
                    "intervalMs": 60_000,
                    "maxDataPoints": 43_200,
                },
            },
            _expression("B", {"type": "reduce", "expression": "A", "reducer": "last", "settings": {"mode": "dropNN"}}),
            _expression(
                "C",
                {
                    "type": "threshold",
                    "expression": "B",
                    "conditions": [{"evaluator": {"type": "gt", "params": [0]}}],
                },
            ),
        ],
        "noDataState": "OK",
        "execErrState": "Error",
        "for": "0s",
        "annotations": annotations,
        "labels": {"source": "watermaster", "severity": level.text},
        "isPaused": False,
    }


def _expression(ref_id: str, model: Json) -> Json:
    return {
        "refId": ref_id,
        "queryType": "",
        "relativeTimeRange": {"from": _WINDOW_S, "to": 0},
        "datasourceUid": _EXPRESSION,
        "model": {"refId": ref_id, "datasource": {"type": _EXPRESSION, "uid": _EXPRESSION}, **model},
    }


def _plain(address: str) -> str:
    """An address as it may stand in a template: no braces, and no variable for Grafana to fill in."""
    return quote(address, safe=":/?#[]@!&'()*+,;=%~")
