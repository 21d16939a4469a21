"""What a gateway makes of the readings of its stations: JSON of the contract, each gateway in its own manner."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from hydro.instants import format_instant
from simulators.demo.places import GATEWAYS, PLACES
from simulators.demo.points import POINTS
from simulators.demo.story import ZONE_MINUTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulators.demo.devices import Shown
    from simulators.demo.places import Place

__all__ = ["backlog", "report"]

_TOGETHER: Final = frozenset({"gw-xiangshui", "gw-longdong"})
"""These send one array for all of their stations, the others one object for each."""

_EPOCH: Final = frozenset({"gw-xiangshui"})
"""Epoch milliseconds instead of ISO 8601."""

_STATIONS_OF: Final = {name: tuple(place for place in PLACES if place.gateway == name) for name in GATEWAYS}
_MOST_TIMES: Final = 200
"""Values in one array of history; a gateway on a mobile network keeps its messages short."""


def report(gateway: str, at: int, shown: dict[str, Shown], sequence: int) -> list[bytes]:
    """Messages of one report.

    Args:
        gateway: Who reports.
        at: Time of all readings, epoch milliseconds.
        shown: What the devices show, by key of the place.
        sequence: Number of the report, the same for all stations.
    """
    time = at if gateway in _EPOCH else format_instant(at, ZONE_MINUTES)
    objects = [_reading(place, time, shown[place.key], sequence) for place in _STATIONS_OF[gateway]]
    return [_encode(objects)] if gateway in _TOGETHER else [_encode(one) for one in objects]


def _reading(place: Place, time: int | str, values: Shown, sequence: int) -> dict[str, Any]:
    reading: dict[str, Any] = {"station": place.code, "time": time, "seq": sequence, "values": values}
    units = {point.quantity: point.unit for point in POINTS[place.key] if point.unit}
    if units:
        reading["units"] = units
    return reading


def backlog(gateway: str, kept: Iterable[tuple[int, dict[str, Shown]]]) -> list[bytes]:
    """Messages in which a gateway hands in what it could not send: one array of history a quantity.

    Args:
        gateway: Who was silent.
        kept: Time and readings of each report that it kept, oldest first.
    """
    reports = list(kept)
    messages = []
    for first in range(0, len(reports), _MOST_TIMES):
        part = reports[first : first + _MOST_TIMES]
        times = [format_instant(at, ZONE_MINUTES) for at, _ in part]
        for place in _STATIONS_OF[gateway]:
            histories = [
                {
                    "station": place.code,
                    "quantity": point.quantity,
                    **({"unit": point.unit} if point.unit else {}),
                    "times": times,
                    "values": [shown[place.key][point.quantity] for _, shown in part],
                }
                for point in POINTS[place.key]
            ]
            messages.append(_encode(histories))
    return messages


def _encode(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
