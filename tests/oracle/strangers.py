"""The class ``unregistered_source``: who sends, and the register does not know, or not from there.

address | ≥ 3 decodable messages over ≥ 10 min from a station the register does not know; `wrong_gateway` likewise |
first / third | blue; yellow if flow > 0 | registered, or 30 d silent; at most 100 open per gateway, the rest counted
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .alert import Alert
from .clock import DAY, MINUTE

if TYPE_CHECKING:
    from .decode import Stranger, Stream
    from .register import Register

__all__ = ["judge_strangers"]

MOST_OPEN = 100
SILENT = 30 * DAY


@dataclass
class Source:
    """An address that is no one's."""

    first: int
    last: int
    count: int = 0
    flows: bool = False
    gateway: str = ""
    raised_by: str = ""
    alert: Alert | None = None


def judge_strangers(register: Register, stream: Stream) -> list[Alert]:
    """Every time in which somebody sent whom the register does not know, in no order."""
    if stream.first_received is None or stream.last_received is None:
        return []
    alerts: list[Alert] = []
    sources: dict[str, Source] = {}
    waiting = stream.strangers
    tick = -(-stream.first_received // MINUTE) * MINUTE
    place = 0
    while place < len(waiting) or tick <= stream.last_received:
        if place < len(waiting) and waiting[place].received < tick:
            _hear(register, alerts, sources, waiting[place])
            place += 1
        elif tick <= stream.last_received:
            _look(register, sources, tick)
            tick = _next(stream, waiting[place].received if place < len(waiting) else None, sources, tick)
        else:
            _hear(register, alerts, sources, waiting[place])
            place += 1
    return alerts


def _next(stream: Stream, message: int | None, sources: dict[str, Source], tick: int) -> int:
    """The next tick; where nobody is open, that after the next message."""
    if any(source.alert is not None for source in sources.values()) or message is None:
        open_ones = any(source.alert is not None for source in sources.values())
        return tick + MINUTE if open_ones else (stream.last_received or 0) + 1
    return max(tick + MINUTE, message // MINUTE * MINUTE + MINUTE)


def admits(register: Register, address: str, gateway: str, moment: int) -> bool:
    """Whether the register knows an address, of this gateway."""
    row = register.row_at("stations", moment, station=address)
    return row is not None and (row.get("gateway", "") in ("", gateway) or gateway == "_tcp")


def _look(register: Register, sources: dict[str, Source], tick: int) -> None:
    """A tick: who is registered, or silent for 30 d, is no stranger any more."""
    for address, source in list(sources.items()):
        if source.alert is None:
            continue
        if admits(register, address, source.gateway, tick) or tick >= source.last + SILENT:
            source.alert.resolved_at = tick
            del sources[address]


def _hear(register: Register, alerts: list[Alert], sources: dict[str, Source], here: Stranger) -> None:
    if admits(register, here.address, here.gateway, here.received):
        return
    source = sources.get(here.address)
    if source is None or (source.alert is None and here.received >= source.last + SILENT):
        source = sources[here.address] = Source(here.received, here.received)
    source.last, source.gateway = here.received, here.gateway
    source.count += 1
    source.flows = source.flows or here.flows
    alert = source.alert
    if alert is not None:
        if source.flows and alert.levels[-1][0] == "blue":
            alert.levels.append(("yellow", here.received))
        return
    open_here = sum(each.alert is not None and each.raised_by == here.gateway for each in sources.values())
    if source.count < 3 or here.received - source.first < 10 * MINUTE or open_here >= MOST_OPEN:
        return
    level = "yellow" if source.flows else "blue"
    source.raised_by = here.gateway
    source.alert = Alert(
        kind="address",
        code=here.address,
        name="unregistered_source",
        reason=here.reason,
        onset=source.first,
        raised_at=here.received,
        levels=[(level, here.received)],
        gateway=here.gateway,
    )
    alerts.append(source.alert)
