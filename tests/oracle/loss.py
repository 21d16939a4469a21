"""The class ``data_loss``: arrival itself is judged, at each full minute of received time.

station; gateway when ≥ 3 and ≥ 80 % of its stations are silent (they become members) | no valid value of any
quantity received for max(3 × report_min, 60 min) + lateness; `silent`, `invalid`, `never_connected` (only stations
whose gateway was ever heard). `report_min` defaults to `interval_min`. Silence runs from `received_at`; empty gateway
= heard once the station is; `retired` stations never | greatest valid event time + interval (`never_connected`: first
`received_at`) / tick | blue; since raising: yellow 6 h, orange 24 h, red 72 h, at ticks | `received_at` of a valid
value at most report_min + 2 × interval old; back-fill repairs completeness, not the alert. A gateway alert withdraws
its stations' alerts into `members`
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .alert import Alert
from .clock import HOUR, MINUTE
from .decode import VALID

if TYPE_CHECKING:
    from .decode import Arrival, Stream
    from .register import Register, Row

__all__ = ["judge_losses"]

RISES = ((6 * HOUR, "yellow"), (24 * HOUR, "orange"), (72 * HOUR, "red"))


@dataclass
class Place:
    """What is known of a station's arrivals so far. ``is_lost`` from a tick that found it silent until fresh data."""

    last_valid: int | None = None
    newest_event: int | None = None
    first_heard: int | None = None
    invalid_since: bool = False
    is_lost: bool = False
    alert: Alert | None = None


@dataclass
class Desk:
    """Everything between two ticks."""

    register: Register
    stream: Stream
    places: dict[str, Place]
    gateways: dict[str, Alert] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    withdrawn: list[Alert] = field(default_factory=list)


def judge_losses(register: Register, stream: Stream) -> list[Alert]:
    """Every loss of data, of stations and of gateways, in no order."""
    if stream.first_received is None or stream.last_received is None:
        return []
    desk = Desk(register, stream, {code: Place() for code in register.codes()})
    waiting = [each for each in stream.arrivals if each.flag]
    tick = -(-stream.first_received // MINUTE) * MINUTE
    place = 0
    while tick <= stream.last_received:
        while place < len(waiting) and waiting[place].received < tick:
            _receive(desk, waiting[place])
            place += 1
        _tick(desk, tick)
        tick += MINUTE
    for each in waiting[place:]:
        _receive(desk, each)
    return [alert for alert in desk.alerts if all(alert is not other for other in desk.withdrawn)]


def _receive(desk: Desk, arrival: Arrival) -> None:
    """Take a value; a fresh valid one ends the loss."""
    here = desk.places[arrival.station]
    here.first_heard = arrival.received if here.first_heard is None else here.first_heard
    if arrival.flag not in VALID:
        here.invalid_since = True
        return
    here.last_valid = arrival.received
    here.invalid_since = False
    here.newest_event = arrival.event if here.newest_event is None else max(here.newest_event, arrival.event)
    row = desk.register.row_at("stations", arrival.event, station=arrival.station)
    if row is None or not here.is_lost:
        return
    if arrival.received - arrival.event > desk.register.report(row) + 2 * int(row["interval_min"]) * MINUTE:
        return
    here.is_lost = False
    if here.alert is not None:
        here.alert.resolved_at = arrival.received
        here.alert = None
    for gateway, alert in list(desk.gateways.items()):
        if not _is_gateway_lost(desk, gateway, _rows_at(desk, arrival.received)):
            alert.resolved_at = arrival.received
            del desk.gateways[gateway]


def _rows_at(desk: Desk, moment: int) -> dict[str, Row]:
    """Stations that could be missed at an instant."""
    return {
        row["station"]: row
        for row in desk.register.tables["stations"]
        if desk.register.is_valid(row, moment) and row.get("status", "") != "retired"
    }


def _is_gateway_lost(desk: Desk, gateway: str, rows: dict[str, Row]) -> bool:
    """Whether at least 3 and 80 % of its stations are lost."""
    mine = [code for code, row in rows.items() if row.get("gateway", "") == gateway]
    lost = sum(desk.places[code].is_lost for code in mine)
    return lost >= 3 and lost * 100 >= 80 * len(mine)


def _heard(desk: Desk, code: str, row: Row, moment: int) -> int | None:
    """When the station's gateway was first heard before an instant; without one, when the station itself was."""
    gateway = row.get("gateway", "")
    heard = desk.stream.heard.get(gateway) if gateway else desk.places[code].first_heard
    return heard if heard is not None and heard < moment else None


def _tick(desk: Desk, tick: int) -> None:
    rows = _rows_at(desk, tick)
    new = []
    for code, row in rows.items():
        here = desk.places[code]
        since = here.last_valid if here.last_valid is not None else _heard(desk, code, row, tick)
        patience = max(3 * desk.register.report(row), HOUR) + desk.register.station_lateness(row)
        if not here.is_lost and since is not None and tick - since >= patience:
            here.is_lost = True
        if here.is_lost and here.alert is None:
            new.append(code)
    for gateway in sorted({row.get("gateway", "") for row in rows.values()} - {""}):
        _tick_gateway(desk, gateway, rows, tick)
    for code in new:
        here, gateway = desk.places[code], rows[code].get("gateway", "")
        if gateway not in desk.gateways:
            here.alert = _raise(desk, "station", code, (_reason(here), _onset(desk, code, rows[code], tick)), tick)
    firing = [*desk.gateways.values(), *(here.alert for here in desk.places.values() if here.alert is not None)]
    for alert in firing:
        for age, level in RISES:
            if tick - alert.raised_at >= age and level not in {known for known, _ in alert.levels}:
                alert.levels.append((level, tick))


def _tick_gateway(desk: Desk, gateway: str, rows: dict[str, Row], tick: int) -> None:
    """Raise a gateway that is lost, and take its lost stations' alerts into it."""
    lost = [code for code, row in rows.items() if row.get("gateway", "") == gateway and desk.places[code].is_lost]
    if gateway not in desk.gateways:
        if not _is_gateway_lost(desk, gateway, rows):
            return
        reasons = {_reason(desk.places[code]) for code in lost}
        onset = max(_onset(desk, code, rows[code], tick) for code in lost)
        reason = reasons.pop() if len(reasons) == 1 else "silent"
        desk.gateways[gateway] = _raise(desk, "gateway", gateway, (reason, onset), tick)
    alert = desk.gateways[gateway]
    alert.members = tuple(sorted({*alert.members, *lost}))
    for code in lost:
        mine = desk.places[code].alert
        if mine is not None:
            desk.withdrawn.append(mine)
            desk.places[code].alert = None


def _raise(desk: Desk, kind: str, code: str, evidence: tuple[str, int], tick: int) -> Alert:
    alert = Alert(
        kind=kind,
        code=code,
        name="data_loss",
        reason=evidence[0],
        onset=evidence[1],
        raised_at=tick,
        levels=[("blue", tick)],
    )
    desk.alerts.append(alert)
    return alert


def _reason(here: Place) -> str:
    if here.invalid_since:
        return "invalid"
    return "silent" if here.last_valid is not None else "never_connected"


def _onset(desk: Desk, code: str, row: Row, tick: int) -> int:
    """Newest valid event time + interval; without any, when it was first to be expected."""
    here = desk.places[code]
    if here.newest_event is not None:
        return here.newest_event + int(row["interval_min"]) * MINUTE
    return _heard(desk, code, row, tick) or tick
