"""Sends all that was built to a Grafana. Doing it again changes nothing: everything has a name of ours.

Of what belongs to others nothing is touched: dashboards of ours lie in a folder of ours, and in the tree of policies
our branch is put first and all others stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dashboards.grafana.alert_rules import FOLDER_TITLE, FOLDER_UID, GROUP
from dashboards.grafana.contacts import ALWAYS, mute_timing, with_policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.grafana.built import Built
    from dashboards.grafana.model import Json
    from dashboards.grafana.server import Server
    from dashboards.grafana.sources import DataSource

__all__ = ["Pushed", "push"]

_ORGANISATION = 1


class Pushed(NamedTuple):
    """What a Grafana took.

    Attributes:
        sources: Data sources.
        dashboards: Dashboards.
        rules: Alert rules.
        contacts: Contact points.
    """

    sources: int
    dashboards: int
    rules: int
    contacts: int


def push(server: Server, built: Built, told: Callable[[str], None] = lambda _: None) -> Pushed:
    """Send everything, in an order in which each part finds what it needs.

    Args:
        server: Where to.
        built: What.
        told: Called with the name of each part that Grafana took.

    Raises:
        GrafanaError: It doesn't answer, or refuses a part; those before it were taken.
    """
    for source in built.sources:
        _source(server, source)
        told(f"data source {source.plain['uid']}")
    _folder(server)
    told(f"folder {FOLDER_UID}")
    for dashboard in built.dashboards.values():
        _dashboard(server, dashboard)
        told(f"dashboard {dashboard['uid']}")
    _rules(server, built)
    told(f"alert rules {GROUP}")
    for point in built.contacts:
        _contact(server, point)
        told(f"contact point {point['uid']}")
    _policy(server, built.policy)
    told("notification policy")
    return Pushed(len(built.sources), len(built.dashboards), len(built.rules), len(built.contacts))


def _source(server: Server, source: DataSource) -> None:
    uid = source.plain["uid"]
    what = f"the data source {uid}"
    body: Json = {**source.plain}
    if source.secret:
        body["secureJsonData"] = source.secret
    if server.found(what, "datasource.get_datasource_by_uid", uid) is None:
        server.ask(what, "datasource.create_datasource", body)
    else:
        server.ask(what, "datasource.update_datasource_by_uid", uid, body)


def _folder(server: Server) -> None:
    what = f"the folder {FOLDER_UID}"
    if server.found(what, "folder.get_folder", FOLDER_UID) is None:
        server.ask(what, "folder.create_folder", FOLDER_TITLE, FOLDER_UID)


def _dashboard(server: Server, dashboard: Json) -> None:
    body = {
        "dashboard": dashboard,
        "folderUid": FOLDER_UID,
        "overwrite": True,
        "message": "watermaster dashboards push",
    }
    server.ask(f"the dashboard {dashboard['uid']}", "dashboard.update_dashboard", body)


def _rules(server: Server, built: Built) -> None:
    group = {
        "title": GROUP,
        "folderUid": FOLDER_UID,
        "interval": built.every_s,
        "rules": [
            {**rule, "orgID": _ORGANISATION, "folderUID": FOLDER_UID, "ruleGroup": GROUP} for rule in built.rules
        ],
    }
    server.ask(f"the alert rules {GROUP}", "alertingprovisioning.update_rule_group", FOLDER_UID, GROUP, group)


def _contact(server: Server, point: Json) -> None:
    what = f"the contact point {point['uid']}"
    known = server.ask("the contact points", "alertingprovisioning.get_contactpoints")
    if any(each.get("uid") == point["uid"] for each in known):
        server.ask(what, "alertingprovisioning.update_contactpoint", point["uid"], point)
    else:
        server.ask(what, "alertingprovisioning.create_contactpoint", point)


def _policy(server: Server, policy: Json) -> None:
    part = "alertingprovisioning"
    if ALWAYS in policy.get("mute_time_intervals", ()):
        what = f"the mute timing {ALWAYS}"
        if server.found(what, f"{part}.get_mute_timing", ALWAYS) is None:
            server.ask(what, f"{part}.create_mute_timing", mute_timing())
    what = "the tree of notification policies"
    tree = server.ask(what, f"{part}.get_notification_policy_tree")
    wanted = with_policy(tree, policy)
    if wanted != tree:
        server.ask(what, f"{part}.set_notification_policy_tree", wanted)
