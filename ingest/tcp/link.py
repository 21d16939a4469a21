"""One connection of an RTU or of a modem: bytes in, frames to the centre, bytes out.

There are thousands of these, so each holds next to nothing: the place for incoming bytes is one for all (asyncio reads
into it and calls us at once), and there are no timers; the listener looks after all of them from time to time.
"""

from __future__ import annotations

import asyncio
from enum import IntFlag
from typing import TYPE_CHECKING, Protocol, cast

from ingest.codecs.framing import Received, Skipped, Splitter
from ingest.tcp.status import Closed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.codecs.framing import Event
    from ingest.tcp.limits import Limits

__all__ = ["Hold", "Host", "Link"]


class Hold(IntFlag):
    """Why a connection is not read for the moment."""

    JOURNAL = 1  # too much of all is not safe yet
    OWN = 2  # too much of its own is not safe yet
    RATE = 4  # too many frames in this second
    WRITE = 8  # its peer takes nothing


class Host(Protocol):
    """Who owns connections. Called from the protocol: must not raise, must not wait."""

    @property
    def space(self) -> memoryview:
        """Where incoming bytes may be put."""

    def opened(self, link: Link) -> None:
        """A connection was made."""

    def take(self, link: Link, events: Sequence[Event]) -> None:
        """Frames, and what is none, in the order of arrival."""

    def waiting(self, link: Link, *, began: bool) -> None:
        """A frame has begun and is not whole; or (not ``began``) none is any more."""

    def ended(self, link: Link) -> None:
        """Nothing more will come; what came is still to be answered, then it may be closed."""

    def closed(self, link: Link, why: Closed) -> None:
        """A connection is over."""


class Link(asyncio.BufferedProtocol):
    """See the module.

    Attributes:
        address: IP address of the peer.
        since: When it was made, epoch milliseconds.
        heard_at: Seconds of the loop's clock: when a good frame last came; when it was made, before the first.
        waits_since: When the frame began that is not whole yet.
        frames: Good frames so far.
        junk: Bytes since the last good frame that are none.
        stalls: Frames given up since the last good frame.
        unsafe: Bytes that are not safe yet.
        this_second: Frames in this second.
        refused: Frames of strangers so far that were not taken.
        holds: Why it is not read at present.
    """

    __slots__ = (
        "_closing", "_host", "_limits", "_port", "_splitter", "_transport",
        "address", "frames", "heard_at", "holds", "junk", "refused", "since", "stalls", "this_second", "unsafe",
        "waits_since",
    )  # fmt: skip

    def __init__(self, host: Host, limits: Limits, since: int, heard_at: float) -> None:
        self.address = ""
        self.since = since
        self.heard_at = heard_at
        self.waits_since = 0.0
        self.frames = 0
        self.junk = 0
        self.stalls = 0
        self.unsafe = 0
        self.this_second = 0
        self.refused = 0
        self._port = 0
        self._host = host
        self._limits = limits
        self._splitter = Splitter()
        self._transport: asyncio.Transport | None = None
        self.holds = Hold(0)
        self._closing: Closed | None = None

    # --- What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername") or ("unknown", 0)
        self.address, self._port = str(name[0]), int(name[1])
        self._transport.set_write_buffer_limits(self._limits.write_bytes)
        self._host.opened(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # one size for all
        """Give the place for the next bytes."""
        return self._host.space

    def buffer_updated(self, nbytes: int) -> None:
        """Cut what came into frames."""
        if self._closing is None:
            before = self._splitter.pending
            self._settle(self._splitter.feed(bytes(self._host.space[:nbytes])), had_waited=before > 0)

    def eof_received(self) -> bool:
        """The peer will send nothing more: settle what it began, and stay as long as it is owed an answer."""
        if self._closing is None:
            self._settle(self._splitter.closed(), had_waited=False)
        if not self.unsafe or self._closing is not None:
            return False
        self._host.ended(self)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        if self._closing is None:
            self._settle(self._splitter.closed(), had_waited=False)
            self._closing = Closed.BY_PEER if exc is None else Closed.BROKEN
        self._transport = None
        self._host.closed(self, self._closing)

    def pause_writing(self) -> None:
        """The peer takes nothing: don't make more for it to take."""
        self.hold(Hold.WRITE)

    def resume_writing(self) -> None:
        """The peer takes again."""
        self.release(Hold.WRITE)

    # --- A route to an RTU

    @property
    def peer(self) -> str:
        """Address and port."""
        return f"[{self.address}]:{self._port}" if ":" in self.address else f"{self.address}:{self._port}"

    @property
    def is_open(self) -> bool:
        """Whether bytes can be sent."""
        return self._transport is not None and self._closing is None and not self._transport.is_closing()

    def send(self, data: bytes) -> bool:
        """Send bytes; False when it is over and nothing was sent."""
        if self._transport is None or not self.is_open:
            return False
        self._transport.write(data)
        return True

    # --- What the owner calls

    @property
    def pending(self) -> int:
        """Bytes of a frame that has begun."""
        return self._splitter.pending

    def stop_waiting(self) -> None:
        """Give up the frame that has begun; whole ones behind a false start come now."""
        self._settle(self._splitter.timed_out(), had_waited=False)

    def hold(self, why: Hold) -> None:
        """Don't read for a reason."""
        if not self.holds and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
        self.holds |= why

    def release(self, why: Hold) -> None:
        """The reason is gone; read again if it was the last one."""
        if not self.holds & why:
            return
        self.holds &= ~why
        if not self.holds and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self, why: Closed) -> None:
        """End it after what is written has been taken."""
        if self._closing is None and self._transport is not None:
            self._closing = why
            self._transport.close()

    def abort(self, why: Closed) -> None:
        """End it at once."""
        self._closing = self._closing or why
        if self._transport is not None:
            self._transport.abort()

    def _settle(self, events: Sequence[Event], *, had_waited: bool) -> None:
        for event in events:
            if isinstance(event, Received):
                self.frames += 1
                self.junk = 0
                self.stalls = 0
            elif isinstance(event, Skipped):
                self.junk += len(event.data)
        if events:
            self._host.take(self, events)
        began = self._splitter.pending > 0
        if not began or events or not had_waited:
            self._host.waiting(self, began=began)
