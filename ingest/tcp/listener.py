"""The listening socket and all its connections: who may come, who must wait, who has to go."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from ingest.codecs.framing import Received, SkipKind
from ingest.tcp.link import Hold, Link
from ingest.tcp.rare import Rare
from ingest.tcp.status import Closed, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ingest.codecs.framing import Event
    from ingest.tcp.centre import Centre
    from ingest.tcp.limits import Limits
    from ingest.tcp.status import Status

__all__ = ["Listener"]

log = structlog.get_logger(__name__)

_READ_BYTES: Final = 16 * 1024
"""At most so much of one connection is handled before the next one's turn."""
_BACKLOG: Final = 1_024
_LOOK_S: Final = 1.0
_LONG_LOOK: Final = 60
_STOP_S: Final = 2.0
_SIGNS_OF_LIFE: Final = frozenset({SkipKind.KEEP_ALIVE, SkipKind.REGISTRATION})
"""A modem whose RTU speaks once a day says with these that it is there."""


class Listener:
    """See the module.

    Args:
        centre: Takes frames.
        limits: Bounds.
        clock: Epoch milliseconds.
        status: Gets the numbers.

    Attributes:
        space: Where incoming bytes of any connection are put.
    """

    def __init__(self, centre: Centre, limits: Limits, clock: Callable[[], int], status: Status) -> None:
        self.space = memoryview(bytearray(_READ_BYTES))
        self._centre = centre
        self._limits = limits
        self._clock = clock
        self._status = status
        self._loop = asyncio.get_running_loop()
        self._links: set[Link] = set()
        self._waiting: set[Link] = set()
        self._fast: set[Link] = set()
        self._unsafe: set[Link] = set()
        self._ended: set[Link] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._from: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self._looking: asyncio.Task[None] | None = None
        self._rare = Rare(log, clock)
        self._is_held = False

    async def start(self, listening: socket.socket) -> None:
        """Take connections on a bound socket."""
        limits = self._limits
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # connections inherit these
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, limits.keep_alive_idle_s)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, limits.keep_alive_every_s)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, limits.keep_alive_count)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, limits.unacknowledged_s * 1_000)
        self._server = await self._loop.create_server(
            lambda: Link(self, limits, self._clock(), self._loop.time()), sock=listening, backlog=_BACKLOG
        )
        host, port = listening.getsockname()[:2]
        self._status.listening = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._looking = asyncio.create_task(self._look_after(), name="tcp links")

    async def stop(self) -> None:
        """Take no more, read no more; connections stay for what is still to be answered."""
        if self._server is not None:
            self._server.close()
            self._status.listening = None
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        for link in self._links:
            link.hold(Hold.JOURNAL)

    async def close(self) -> None:
        """End all connections, after what was written to them has been taken."""
        for link in list(self._links):
            link.close(Closed.STOPPING)
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                await self._empty.wait()
        for link in list(self._links):
            link.abort(Closed.STOPPING)

    # --- What the connections call (`link.Host`)

    def opened(self, link: Link) -> None:
        """Take a connection, or end it at once."""
        status, limits = self._status, self._limits
        refusal = None
        if len(self._links) >= limits.connections:
            refusal = Refusal.TOO_MANY
        elif self._from[link.address] >= limits.per_address:
            refusal = Refusal.TOO_MANY_FROM_ADDRESS
        if refusal is not None:
            status.refused[refusal] += 1
            self._rare.warning("tcp_refused", refusal, peer=link.peer, connections=len(self._links))
            link.abort(Closed.BY_PEER)  # is not counted as closed: it was never open
            return
        self._links.add(link)
        self._empty.clear()
        self._from[link.address] += 1
        status.accepted += 1
        status.connections = len(self._links)
        if self._is_held:
            link.hold(Hold.JOURNAL)

    def take(self, link: Link, events: Sequence[Event]) -> None:
        """Hand frames to the centre, and see to it that no connection brings too much."""
        limits = self._limits
        for event in events:
            if isinstance(event, Received):
                link.heard_at = self._loop.time()
                link.this_second += 1
                if not self._centre.take_frame(link, event.wire, event.data):
                    link.refused += 1
                    if link.refused > limits.refused_frames:
                        link.close(Closed.UNKNOWN_STATION)
                        return
            else:
                if event.kind in _SIGNS_OF_LIFE:
                    link.heard_at = self._loop.time()
                self._centre.take_skipped(link, event)
        if link.this_second:
            self._fast.add(link)
        if link.this_second >= limits.frames_per_s:
            self._status.throttled += 1
            self._rare.warning("tcp_throttled", "rate", peer=link.peer, frames=link.this_second)
            link.hold(Hold.RATE)
        if link.unsafe >= limits.link_bytes:
            self._unsafe.add(link)
            link.hold(Hold.OWN)
        if link.junk > limits.junk_bytes:
            self._end(link, Closed.JUNK)

    def waiting(self, link: Link, *, began: bool) -> None:
        """Note since when a frame is to be finished."""
        if began:
            link.waits_since = self._loop.time()
            self._waiting.add(link)
        else:
            self._waiting.discard(link)

    def ended(self, link: Link) -> None:
        """Close a connection once its peer has what it is owed."""
        self._ended.add(link)

    def closed(self, link: Link, why: Closed) -> None:
        """Forget a connection."""
        for links in (self._waiting, self._fast, self._unsafe, self._ended):
            links.discard(link)
        if link not in self._links:
            return  # it was refused
        self._links.remove(link)
        self._from[link.address] -= 1
        if not self._from[link.address]:
            del self._from[link.address]
        self._status.closed[why] += 1
        self._status.connections = len(self._links)
        if not self._links:
            self._empty.set()
        self._centre.gone(link)

    # --- What the centre calls

    def hold(self, is_held: bool) -> None:  # noqa: FBT001  # a switch
        """Read no connection while the journal is behind, or read them again."""
        self._is_held = is_held
        if is_held:
            self._status.held += 1
        for link in self._links:
            if is_held:
                link.hold(Hold.JOURNAL)
            else:
                link.release(Hold.JOURNAL)

    def settled(self) -> None:
        """Something became safe: read on where that was waited for."""
        for link in [link for link in self._unsafe if link.unsafe < self._limits.link_bytes // 2]:
            self._unsafe.discard(link)
            link.release(Hold.OWN)
        for link in [link for link in self._ended if not link.unsafe]:
            link.close(Closed.BY_PEER)

    # --- Inside

    async def _look_after(self) -> None:
        looks = 0
        while True:
            await asyncio.sleep(_LOOK_S)
            looks += 1
            now = self._loop.time()
            for link in self._fast:
                link.this_second = 0
                link.release(Hold.RATE)
            self._fast.clear()
            for link in [link for link in self._waiting if now - link.waits_since >= self._limits.frame_s]:
                self._stalled(link)
            self._centre.look()
            if looks % _LONG_LOOK == 0 or min(self._limits.silent_s, self._limits.idle_s) < _LONG_LOOK:
                self._end_idle(now)

    def _stalled(self, link: Link) -> None:
        link.stalls += 1
        stalls = link.stalls  # a good frame behind a false start sets it back
        link.stop_waiting()
        if link.stalls >= stalls >= self._limits.stalls:
            self._end(link, Closed.STALLED)

    def _end_idle(self, now: float) -> None:
        limits = self._limits
        for link in list(self._links):
            if not link.frames and now - link.heard_at >= limits.silent_s:
                self._end(link, Closed.SILENT)
            elif link.frames and now - link.heard_at >= limits.idle_s:
                self._end(link, Closed.IDLE)

    def _end(self, link: Link, why: Closed) -> None:
        self._rare.warning("tcp_ended", why, peer=link.peer, frames=link.frames)
        link.abort(why)
