"""Files that a Grafana reads when it starts: ``provisioning/`` with its three folders, ``dashboards/`` with the JSON.

Source: Grafana's manual, "Provision Grafana" and "Use configuration files to provision alerting resources".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import yaml

from dashboards.grafana.alert_rules import FOLDER_TITLE, FOLDER_UID, GROUP
from dashboards.grafana.contacts import ALWAYS, mute_timing, whole_tree

if TYPE_CHECKING:
    from dashboards.grafana.built import Built
    from dashboards.grafana.model import Json

__all__ = ["DASHBOARD_FOLDER", "files"]

DASHBOARD_FOLDER: Final = "/etc/grafana/dashboards"
"""Where a Grafana finds the folder ``dashboards`` unless it is told another place."""

_ORGANISATION: Final = 1
_HEAD: Final = """\
# Written by `watermaster dashboards build`; changes are lost when it is run again. docs/grafana.md
# 由 `watermaster dashboards build` 生成，手工修改会在下次生成时丢失。
"""
_SECRETS: Final = {
    "password": "$__file{/run/secrets/influxdb_password}",
    "httpHeaderValue1": "$__file{/run/secrets/influxdb_authorization}",
}
"""Grafana reads what is secret from a file of its own."""


def files(built: Built, dashboard_folder: str = DASHBOARD_FOLDER) -> dict[str, str]:
    """Path and text of each file, the paths relative to one folder.

    Args:
        built: What Grafana gets.
        dashboard_folder: Where it will see the folder ``dashboards``.
    """
    found = {
        "provisioning/datasources/watermaster.yaml": _yaml(_sources(built)),
        "provisioning/dashboards/watermaster.yaml": _yaml(_providers(dashboard_folder)),
        "provisioning/alerting/watermaster.yaml": _yaml(_alerting(built)),
    }
    for name, dashboard in built.dashboards.items():
        found[f"dashboards/{name}.json"] = _json(dashboard)
    return found


def _json(dashboard: Json) -> str:
    """A line for each panel: small at the size of a province, and a change shows where it is."""
    head = [f"{_compact(name)}: {_compact(value)}" for name, value in dashboard.items() if name != "panels"]
    panels = ",\n".join(_compact(panel) for panel in dashboard["panels"])
    return "{\n" + ",\n".join([*head, f'"panels": [\n{panels}\n]']) + "\n}\n"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _yaml(content: Json) -> str:
    text: str = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=10_000)
    return _HEAD + text


def _sources(built: Built) -> Json:
    sources = []
    for source in built.sources:
        known: Json = {**source.plain, "orgId": _ORGANISATION, "editable": False}
        if source.secret:
            known["secureJsonData"] = {name: _SECRETS[name] for name in source.secret}
        sources.append(known)
    return {"apiVersion": 1, "datasources": sources}


def _providers(folder: str) -> Json:
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": "watermaster",
                "orgId": _ORGANISATION,
                "folder": FOLDER_TITLE,
                "folderUid": FOLDER_UID,
                "type": "file",
                "disableDeletion": True,
                "allowUiUpdates": False,
                "updateIntervalSeconds": 30,
                "options": {"path": folder, "foldersFromFilesStructure": False},
            }
        ],
    }


def _alerting(built: Built) -> Json:
    found: Json = {
        "apiVersion": 1,
        "groups": [
            {
                "orgId": _ORGANISATION,
                "name": GROUP,
                "folder": FOLDER_TITLE,
                "interval": f"{built.every_s}s",
                "rules": [_file_rule(rule) for rule in built.rules],
            }
        ],
    }
    if built.contacts:
        receivers = [
            {name: point[name] for name in ("uid", "type", "settings", "disableResolveMessage")}
            for point in built.contacts
        ]
        found["contactPoints"] = [{"orgId": _ORGANISATION, "name": built.contacts[0]["name"], "receivers": receivers}]
        if ALWAYS in built.policy.get("mute_time_intervals", ()):
            found["muteTimes"] = [{"orgId": _ORGANISATION, **mute_timing()}]
        found["policies"] = [{"orgId": _ORGANISATION, **whole_tree(built.policy)}]
    return found


def _file_rule(rule: Json) -> Json:
    """A rule as files spell it: the dashboard it leads to has fields of its own there."""
    annotations = rule["annotations"]
    return {
        **rule,
        "dashboardUid": annotations["__dashboardUid__"],
        "panelId": int(annotations["__panelId__"]),
    }
