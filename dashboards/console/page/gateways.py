"""Gateways: whether they are there, and how old their data are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from dashboards.console.draw.model import State
from dashboards.console.live.live import STATES
from dashboards.console.live.newest import NEVER
from ingest.topics import TCP_GATEWAY

if TYPE_CHECKING:
    from dashboards.console.live import Gateway
    from dashboards.console.page.frame import Frame, Moment

__all__ = ["MOST_GATEWAYS", "GatewayRow", "GatewaysView", "gateways_view"]

MOST_GATEWAYS: Final = 40

_PRESENCE: Final = {True: "online", False: "offline", None: "unknown"}
_QUIET: Final = tuple(STATES.index(state) for state in (State.SILENT, State.NEVER))


@dataclass(frozen=True, slots=True)
class GatewayRow:
    """A gateway as it is shown.

    Attributes:
        name: As it calls itself.
        note: That the register doesn't know it; None where it does.
        presence: ``online``, ``offline`` or ``unknown``.
        word: That, in words.
        stations: How many the register has for it.
        silent: How many of them are silent, in words; None for none.
        heard: When its last message was received; None = not since the start.
        newest: Event time of the newest valid value of its stations; None = never.
    """

    name: str
    note: str | None
    presence: str
    word: str
    stations: int
    silent: str | None
    heard: Moment | None
    newest: Moment | None


@dataclass(frozen=True, slots=True)
class GatewaysView:
    """See the module.

    Attributes:
        rows: Those that need a look first.
        left_out: How many are not shown, in words; None for none.
    """

    rows: tuple[GatewayRow, ...]
    left_out: str | None


def gateways_view(frame: Frame) -> GatewaysView:
    """Gateways as they are shown."""
    places, live, found = frame.places, frame.board.live, frame.board.live.gateways.found
    count = len(places.gateways)
    owned = places.gateway_of >= 0
    of = places.gateway_of[owned]
    newest = np.full(count, NEVER, np.int64)
    np.maximum.at(newest, of, live.newest.heard[owned])
    stations = np.bincount(of, minlength=count)
    silent = np.bincount(of, weights=np.isin(frame.board.states[owned], _QUIET), minlength=count).astype(int)
    strangers = sorted(found.keys() - set(places.gateways))
    listed = [(name, int(silent[i]), int(newest[i]), int(stations[i])) for i, name in enumerate(places.gateways)]
    listed += [(name, 0, NEVER, 0) for name in strangers]

    def urgency(row: tuple[str, int, int, int]) -> tuple[bool, bool, str]:
        gateway = found.get(row[0])
        return gateway is None or gateway.online is not False, row[1] == 0, row[0]

    shown = sorted(listed, key=urgency)[:MOST_GATEWAYS]
    left = len(listed) - len(shown) + (1 if live.gateways.unlisted else 0)
    return GatewaysView(
        tuple(_row(frame, *row, found.get(row[0])) for row in shown),
        frame.words("more gateways", count=left) if left else None,
    )


def _row(frame: Frame, name: str, silent: int, newest: int, stations: int, gateway: Gateway | None) -> GatewayRow:
    words = frame.words
    presence = _PRESENCE[None if gateway is None else gateway.online]
    heard = None if gateway is None else gateway.heard_at
    listens = name == TCP_GATEWAY
    return GatewayRow(
        words("tcp") if listens else name,
        None if listens or stations else words("not registered"),
        presence,
        words(presence),
        stations,
        words("stations silent", silent=silent) if silent else None,
        None if heard is None else frame.moment(heard),
        None if newest == NEVER else frame.moment(newest),
    )
