"""Whom Grafana tells: contact points, and the policy that leads our alerts to them.

Watermaster itself tells Alertmanager where `alertmanager.url` is set; the same alerts from Grafana would be told twice.
Then the policy of ours is muted at all times: alerts show in Grafana, and nobody hears of them from there.

Source: Grafana's alerting provisioning API, ``EmbeddedContactPoint``, ``Route`` and ``MuteTimeInterval``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dashboards.grafana.model import Json

__all__ = ["ALWAYS", "contact_points", "mute_timing", "policy", "whole_tree", "with_policy"]

ALWAYS: Final = "watermaster-told-elsewhere"
"""Name of the mute timing that covers all times."""

_NAME: Final = "watermaster"
_OURS: Final = ["source", "=", "watermaster"]


def contact_points(alertmanager: str, webhook: str) -> list[Json]:
    """Where alerts go; all have one name, so one policy leads to all of them.

    Args:
        alertmanager: Address of Alertmanager; empty = none.
        webhook: Address that takes Grafana's webhook; empty = none.
    """
    found: list[Json] = []
    if alertmanager:
        settings = {"url": alertmanager}
        found.append(_point("watermaster-alertmanager", "prometheus-alertmanager", settings))
    if webhook:
        found.append(_point("watermaster-webhook", "webhook", {"url": webhook, "httpMethod": "POST"}))
    return found


def _point(uid: str, kind: str, settings: Json) -> Json:
    return {"uid": uid, "name": _NAME, "type": kind, "settings": settings, "disableResolveMessage": False}


def mute_timing() -> Json:
    """All times."""
    return {"name": ALWAYS, "time_intervals": [{"weekdays": ["sunday:saturday"]}]}


def policy(*, muted: bool, has_contacts: bool) -> Json:
    """The branch of the tree for our alerts, grouped as the shipped Alertmanager groups them.

    Args:
        muted: Somebody else tells people.
        has_contacts: There is a contact point of ours; else whoever hears of all alerts of that Grafana is told.
    """
    route: Json = {
        "object_matchers": [_OURS],
        "group_by": ["class", "river"],
        "group_wait": "30s",
        "group_interval": "5m",
        "repeat_interval": "12h",
    }
    if has_contacts:
        route["receiver"] = _NAME
    if muted:
        route["mute_time_intervals"] = [ALWAYS]
    return route


def with_policy(tree: Json, ours: Json) -> Json:
    """A tree of policies with our branch first and every other branch as it was.

    Args:
        tree: As Grafana has it.
        ours: Of :func:`policy`.
    """
    others = [route for route in tree.get("routes") or [] if route.get("object_matchers") != [_OURS]]
    return {**tree, "routes": [ours, *others]}


def whole_tree(ours: Json) -> Json:
    """The tree of a Grafana that is ours alone, for its provisioning files."""
    return {"receiver": _NAME, "group_by": ["grafana_folder", "alertname"], "routes": [ours]}
