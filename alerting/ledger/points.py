"""Alert transitions as points of the store: what must be written after alerts have changed.

A point is named by its tags and its time, whatever alert it belongs to: two alerts of one target that share a time
share the point, and the one raised later has it. So points are compared over all alerts of a target, not one by one.

Source: CONTRACT section 5, alert transitions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerting.record import points, ratio
from hydro.fixed import to_number
from storage.store import AlertPoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerting.record import AlertRecord

__all__ = ["alert_points", "changed_points"]

_NONE = "-"


def alert_points(record: AlertRecord) -> tuple[AlertPoint, ...]:
    """The transitions of an alert, by time."""
    tags = (
        ("class", record.alert_class),
        ("station", record.subject if record.subject_kind == "station" else _NONE),
        ("subject", record.subject),
        ("target_id", record.target_id or _NONE),
        ("basin", record.basin or _NONE),
        ("division", record.division or _NONE),
        ("river", record.river or _NONE),
    )
    return tuple(
        AlertPoint(
            time=one.time,
            tags=tags,
            alert=record.id,
            level=int(one.level),
            state=one.state,
            value=None if one.value is None else to_number(one.value),
            target=None if one.target is None else to_number(one.target),
            ratio=ratio(one.value, one.target),
        )
        for one in points(record)
    )


def changed_points(before: Sequence[AlertRecord], after: Sequence[AlertRecord]) -> list[AlertPoint]:
    """Points to write so that a store that has those of ``before`` shows ``after``.

    A transition that is no more is overwritten at its time with level 0 and state 0; its other fields stay, because a
    store may keep a field that a later write leaves out.

    Args:
        before: Alerts of one target, by time of raising.
        after: The same, as they are now.
    """
    old = {(point.tags, point.time): point for record in before for point in alert_points(record)}
    new = {(point.tags, point.time): point for record in after for point in alert_points(record)}
    gone = [point._replace(level=0, state=0) for name, point in old.items() if name not in new and point.state]
    return gone + [point for name, point in new.items() if old.get(name) != point]
