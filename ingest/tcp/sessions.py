"""Which RTU was last heard where: its route for what we have to say, and what its frames told of it.

An RTU of the register is remembered for ever, strangers as many as the limits allow, the longest unheard forgotten
first. Several RTUs may share a route (relay stations); the route over which one was last heard is the one that counts.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ingest.codecs.sl651.downlink import Recipient, recipient_of
from ingest.codecs.sl651.frame import Frame as Sl651Frame
from ingest.codecs.slt427 import Profile
from ingest.tcp.uplink import RtuKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ingest.addresses import Addresses
    from ingest.tcp.uplink import Uplink

__all__ = ["Route", "Session", "Sessions"]


class Route(Protocol):
    """A way to an RTU."""

    @property
    def peer(self) -> str:
        """Where it leads, for people: address and port, or the gateway's name."""

    @property
    def since(self) -> int | None:
        """When it was opened, epoch milliseconds; None where that says nothing, as with a gateway's."""

    def send(self, data: bytes) -> bool:
        """Send; False where it is not there any more."""

    @property
    def is_open(self) -> bool:
        """Whether it is worth trying."""


@dataclass(slots=True)
class Session:
    """One RTU.

    Attributes:
        key: Protocol and address.
        station: Its code; None for a stranger.
        route: Where it was last heard; None if that has gone.
        heard_at: When, epoch milliseconds.
        frames: Good frames since the start.
        clock_offset_ms: How far its clock was ahead when it last told it, the way included; None before.
        recipient: How to address it over SL 651; None before its first frame that could be read.
        profile: Which sister of SL/T 427 it follows, as far as its reports tell.
    """

    key: RtuKey
    station: str | None
    route: Route | None = None
    heard_at: int = 0
    frames: int = 0
    clock_offset_ms: int | None = None
    recipient: Recipient | None = None
    profile: Profile = Profile.SZY206

    @property
    def is_connected(self) -> bool:
        """Whether something can be sent to it now."""
        return self.route is not None and self.route.is_open


class Sessions:
    """All RTUs heard since the start."""

    def __init__(self, addresses: Addresses, *, zone_minutes: int, strangers: int) -> None:
        self._addresses = addresses
        self._zone_minutes = zone_minutes
        self._most_strangers = strangers
        self._known: dict[RtuKey, Session] = {}
        self._strangers: OrderedDict[RtuKey, Session] = OrderedDict()
        self._by_route: dict[Route, set[RtuKey]] = {}

    def is_known(self, uplink: Uplink) -> bool:
        """Whether the register names its sender."""
        return self._addresses.is_known(uplink.wire, uplink.address)

    def station(self, uplink: Uplink) -> str | None:
        """Code of the station that has its sender's address."""
        return self._addresses.station(uplink.wire, uplink.address)

    def has_known(self, route: Route) -> bool:
        """Whether an RTU of the register was last heard over a way."""
        return any(key in self._known for key in self._by_route.get(route, ()))

    def heard(self, uplink: Uplink, route: Route, at: int) -> Session:
        """Note that an RTU spoke.

        Args:
            uplink: What it said.
            route: Over which way.
            at: When, epoch milliseconds.
        """
        key = uplink.key
        session = self._known.get(key) or self._strangers.get(key) or self._new(key)
        if session.station is None and key in self._strangers:
            self._strangers.move_to_end(key)
        if session.route is not route:
            self._leave(session)
            session.route = route
            self._by_route.setdefault(route, set()).add(key)
        session.heard_at = at
        session.frames += 1
        clock = uplink.clock(self._zone_minutes)
        if clock is not None:
            session.clock_offset_ms = clock - at
        if isinstance(uplink.frame, Sl651Frame):
            session.recipient = recipient_of(uplink.frame)
        elif uplink.frame is not None and uplink.frame.label is not None:
            session.profile = uplink.frame.profile
        return session

    def left(self, session: Session) -> None:
        """Note that an RTU said goodbye."""
        self._leave(session)

    def gone(self, route: Route) -> list[RtuKey]:
        """Note that a way has ended; whose it was."""
        keys = self._by_route.pop(route, set())
        for key in keys:
            session = self._known.get(key) or self._strangers.get(key)
            if session is not None:
                session.route = None
        return sorted(keys)

    def find(self, key: RtuKey) -> Session | None:
        """One RTU, if it was heard."""
        return self._known.get(key) or self._strangers.get(key)

    def of(self, station: str) -> list[RtuKey]:
        """RTUs that speak for a station, the latest heard first; those that were never heard last."""
        keys = [RtuKey(wire, address) for wire, address in self._addresses.of(station)]
        return sorted(keys, key=lambda key: -(self._known[key].heard_at if key in self._known else 0))

    def __iter__(self) -> Iterator[Session]:
        """All, those of the register first."""
        yield from self._known.values()
        yield from self._strangers.values()

    def _new(self, key: RtuKey) -> Session:
        session = Session(key, self._addresses.station(key.wire, key.address))
        if self._addresses.is_known(key.wire, key.address):
            self._known[key] = session
            return session
        self._strangers[key] = session
        while len(self._strangers) > self._most_strangers:
            _, forgotten = self._strangers.popitem(last=False)
            self._leave(forgotten)
        return session

    def _leave(self, session: Session) -> None:
        if session.route is not None:
            keys = self._by_route.get(session.route, set())
            keys.discard(session.key)
            if not keys:
                self._by_route.pop(session.route, None)
        session.route = None
