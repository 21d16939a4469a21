"""Parts of the page as HTML, kept for the next browser that asks for the same.

Invariants:
    * A part is drawn once for all who want it at a time, and for as long as its stamp stands, though never longer than
      `_KEPT_S`: it says how old things are.
    * What is gathered from board and register is gathered in the event loop; drawing and templates run in threads, so
      that a basin of 300 stations doesn't hold up the collector.
    * What is kept is bounded in bytes; the longest unused goes first.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dashboards.console.draw import hydrograph, key, schematic
from dashboards.console.draw.model import Layout
from dashboards.console.draw.schematic import TALL_PX
from dashboards.console.live import Part
from dashboards.console.page.alerts import Filled, alerts_view, ask_ledger
from dashboards.console.page.counts import counts_view
from dashboards.console.page.gateways import gateways_view
from dashboards.console.page.head import head_view
from dashboards.console.page.rendering import render
from dashboards.console.page.river import river_view
from dashboards.console.page.station import ask_store, station_view

if TYPE_CHECKING:
    from dashboards.console.page.choice import Choice
    from dashboards.console.page.frame import Frame
    from dashboards.console.services import Services

__all__ = ["Drawn", "Parts"]

_KEPT_S: Final = 20.0
_KEPT_AWAY_S: Final = 3.0
_MOST_BYTES: Final = 16 * 1024 * 1024


class Drawn(NamedTuple):
    """A part of the page.

    Attributes:
        html: With the element around it.
        etag: As in the header of that name.
    """

    html: str
    etag: str


@dataclass(slots=True)
class _Kept:
    drawn: Drawn
    until: float


class Parts:
    """See the module; belongs to one event loop.

    Args:
        services: What is shown.

    Attributes:
        drawn: How often a part was drawn.
        reused: How often one was given that was drawn before.
    """

    def __init__(self, services: Services) -> None:
        self.drawn = 0
        self.reused = 0
        self._services = services
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0
        self._drawing: dict[str, asyncio.Task[Drawn]] = {}

    async def get(self, part: Part, frame: Frame, filled: Filled) -> Drawn:
        """A part of somebody's page.

        Args:
            part: Which.
            frame: Whose page.
            filled: What stands in the form of a case.

        Raises:
            PageError: The address names something that isn't there.
        """
        frame = replace(frame, choice=_asked(part, frame.choice))
        stamp = frame.board.stamp(part, frame.basin, frame.station)
        if filled.mistake is not None:
            return await self._draw(part, frame, filled, stamp)
        form = filled.by if part is Part.ALERTS and frame.choice.alert is not None else ""
        key = f"{part} {stamp} {frame.choice.query()} {form}"
        kept = self._kept.get(key)
        if kept is not None and kept.until > asyncio.get_running_loop().time():
            self._kept.move_to_end(key)
            self.reused += 1
            return kept.drawn
        drawing = self._drawing.get(key)
        if drawing is None:
            drawing = asyncio.create_task(self._draw(part, frame, filled, stamp), name=f"draw {part}")
            self._drawing[key] = drawing
            drawing.add_done_callback(lambda done: self._keep(key, done))
        else:
            self.reused += 1
        return await asyncio.shield(drawing)

    def _keep(self, key: str, done: asyncio.Task[Drawn]) -> None:
        del self._drawing[key]
        if done.cancelled() or done.exception() is not None:
            return
        drawn = done.result()
        old = self._kept.pop(key, None)
        if old is not None:
            self._bytes -= len(old.drawn.html)
        lasting = _KEPT_AWAY_S if _AWAY in drawn.html else _KEPT_S
        self._kept[key] = _Kept(drawn, asyncio.get_running_loop().time() + lasting)
        self._bytes += len(drawn.html)
        while self._bytes > _MOST_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest.drawn.html)

    async def _draw(self, part: Part, frame: Frame, filled: Filled, stamp: str) -> Drawn:
        self.drawn += 1
        finish = await _GATHER[part](frame, filled, self._services)
        values = {"part": part.value, "stamp": stamp, "words": frame.words, "lang": frame.lang, "choice": frame.choice}
        html = await asyncio.to_thread(lambda: render(f"{part}.html", values | finish()))
        return Drawn(html, f'"{sha256(html.encode()).hexdigest()[:24]}"')


_WIDE_KEY_PX: Final = 880
"""Two rows; on a tablet it is made a little smaller."""

_Finish = Callable[[], dict[str, Any]]
"""Draws what was gathered, in any thread; what the template needs."""


async def _head(frame: Frame, _filled: Filled, _services: Services) -> _Finish:
    view, moment = head_view(frame), frame.moment(frame.now)
    return lambda: {"view": view, "moment": moment}


async def _river(frame: Frame, _filled: Filled, _services: Services) -> _Finish:
    view = river_view(frame)

    def finish() -> dict[str, Any]:
        wide, tall = (schematic.draw(view.system, layout) for layout in (Layout.WIDE, Layout.TALL))
        keys = [key.draw(frame.lang, width) for width in (_WIDE_KEY_PX, TALL_PX)]
        return {"view": view, "wide": wide, "tall": tall, "keys": keys}

    return finish


async def _station(frame: Frame, _filled: Filled, services: Services) -> _Finish:
    stored = await ask_store(frame, services)
    if stored is None or frame.station is None:
        return lambda: {"view": None, "drawings": ()}
    view = station_view(frame, frame.station, stored)
    return lambda: {"view": view, "drawings": [hydrograph.draw(one) for one in view.drawings]}


async def _alerts(frame: Frame, filled: Filled, services: Services) -> _Finish:
    view = alerts_view(frame, await ask_ledger(frame, services), filled)
    return lambda: {"view": view}


async def _gateways(frame: Frame, _filled: Filled, _services: Services) -> _Finish:
    view = gateways_view(frame)
    return lambda: {"view": view}


async def _counts(frame: Frame, _filled: Filled, _services: Services) -> _Finish:
    view = counts_view(frame)
    return lambda: {"view": view}


_GATHER: Final[dict[Part, Callable[[Frame, Filled, Services], Coroutine[Any, Any, _Finish]]]] = {
    Part.HEAD: _head,
    Part.RIVER: _river,
    Part.STATION: _station,
    Part.ALERTS: _alerts,
    Part.GATEWAYS: _gateways,
    Part.COUNTS: _counts,
}
_AWAY: Final = 'data-away="1"'
"""Stands in a part that could not be drawn whole, which is tried again soon."""


_OF_LISTS: Final = ("lang", "range", "show", "where")
_ASKED: Final[dict[Part, tuple[str, ...]]] = {
    Part.HEAD: (*_OF_LISTS, "basin"),
    Part.RIVER: (*_OF_LISTS, "basin", "station", "q", "stations"),
    Part.STATION: (*_OF_LISTS, "basin", "station", "quantity", "alert", "page"),
    Part.ALERTS: (*_OF_LISTS, "basin", "station", "alert", "page"),
    Part.GATEWAYS: ("lang",),
    Part.COUNTS: ("lang",),
}


def _asked(part: Part, choice: Choice) -> Choice:
    """What of a choice a part depends on: what is drawn for one is good for all who agree in that."""
    return choice.only(*_ASKED[part])
