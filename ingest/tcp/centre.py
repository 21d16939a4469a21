"""What the centre does with a frame: who sent it, into the journal, then the answer, then what else is to be said.

Over the listener a frame is answered when the journal has it. Over an MQTT gateway it is in the journal when it comes
here (`Gateways`), so it is answered at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, assert_never

import structlog

from hydro.register import Confirmation
from ingest.codecs.framing import SkipKind
from ingest.codecs.sl651.control import Control
from ingest.tcp.confirmation import confirmation, request_for
from ingest.tcp.parts import Parts
from ingest.tcp.rare import Rare
from ingest.tcp.sets import Abandoned, Repeated, Sets, Wanted, Whole
from ingest.tcp.status import Refusal
from ingest.tcp.uplink import Uplink, read_uplink
from ingest.topics import TCP_GATEWAY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hydro.register import Register
    from ingest.codecs.framing import Skipped, Wire
    from ingest.tcp.exchange import Exchange
    from ingest.tcp.intake import Intake
    from ingest.tcp.limits import Limits
    from ingest.tcp.link import Link
    from ingest.tcp.sessions import Route, Session, Sessions
    from ingest.tcp.sets import SetEvent
    from ingest.tcp.status import Status

__all__ = ["Arrival", "Centre"]

log = structlog.get_logger(__name__)


class Arrival(NamedTuple):
    """What is on its way into the journal.

    Attributes:
        link: Where it came; None for what nobody waits for.
        size: Its bytes.
        uplink: What is to be answered; None for what can't be, or must not.
    """

    link: Link | None
    size: int
    uplink: Uplink | None


class Centre:
    """See the module.

    Args:
        register: Says how each station is confirmed.
        sessions: Who was heard where.
        exchange: What RTUs are asked.
        prefix: First levels of topics.
        confirm: Where the register says nothing.
        refuse_unknown: Frames from addresses that the register doesn't know are neither written nor answered.
        limits: Bounds.
        clock: Epoch milliseconds.
        status: Gets the numbers.
    """

    def __init__(
        self,
        register: Register,
        sessions: Sessions,
        exchange: Exchange,
        *,
        prefix: str,
        confirm: Confirmation,
        refuse_unknown: bool,
        limits: Limits,
        clock: Callable[[], int],
        status: Status,
    ) -> None:
        self._register = register
        self._sessions = sessions
        self._exchange = exchange
        self._prefix = prefix
        self._confirm = confirm
        self._refuse_unknown = refuse_unknown
        self._clock = clock
        self._status = status
        self._zone_minutes = register.zone_minutes
        self._sets = Sets(limits)
        self._intake: Intake[Arrival] | None = None
        self._rare = Rare(log, clock)
        self._now = asyncio.get_running_loop().time
        self._parts = Parts(limits, self._now())

    def connect(self, intake: Intake[Arrival]) -> None:
        """Give the way into the journal."""
        self._intake = intake

    # --- What the listener calls

    def take_frame(self, link: Link, wire: Wire, data: bytes) -> bool:
        """Take a frame whose check sum is right; False where it is refused, and no known station shares its way."""
        self._status.frames[wire] += 1
        uplink = read_uplink(wire, data)
        if not self._sessions.is_known(uplink):
            self._status.unknown_frames += 1
            self._rare.warning("unknown_station", wire, address=uplink.address, peer=link.peer)
            if self._refuse_unknown:
                self._status.refused[Refusal.UNKNOWN_STATION] += 1
                return self._sessions.has_known(link)
        if uplink.is_up:
            self._sessions.heard(uplink, link, self._clock())
        if uplink.is_packet:
            self._on_set_events(self._sets.take(uplink, self._now()), link)
        elif uplink.is_part:
            self._take_part(uplink, link)
        else:
            self._write(wire, Arrival(link, len(data), uplink), data)
        return True

    def take_skipped(self, link: Link, skipped: Skipped) -> None:
        """Take bytes that are no frame: what began like one is written, so that it becomes a dead letter."""
        if skipped.kind is SkipKind.BROKEN and skipped.wire is not None:
            self._status.broken_frames += 1
            self._rare.warning("broken_frame", skipped.reason or "", peer=link.peer, bytes=skipped.data[:32].hex())
            self._write(skipped.wire, Arrival(link, len(skipped.data), None), skipped.data)
        else:
            self._status.skipped_bytes[skipped.kind] += len(skipped.data)

    def gone(self, link: Link) -> None:
        """Note that a connection is over."""
        for key in self._sessions.gone(link):
            self._exchange.gone(key)

    def look(self) -> None:
        """Do what time makes due; called about once a second."""
        self._on_set_events(self._sets.due(self._now()), None)
        self._parts.due(self._now())
        self._status.sets_incomplete += self._parts.given_up()

    def give_up_sets(self) -> None:
        """Write what there is of incomplete sets: nothing more will come."""
        self._on_set_events(self._sets.give_up(), None)

    # --- What the queue calls

    def safe(self, arrivals: Sequence[Arrival]) -> None:
        """Answer what is in the journal, in the order of arrival."""
        for arrival in arrivals:
            if arrival.link is not None:
                arrival.link.unsafe -= arrival.size
            if arrival.uplink is not None:
                self.answer(arrival.uplink, arrival.link)

    def answer(self, uplink: Uplink, route: Route | None) -> None:
        """Answer a frame that is safe, over the way that it came; then it is its sender's turn to be asked."""
        session = self._sessions.find(uplink.key)
        if session is None or not uplink.is_up:
            return
        self._exchange.answered(uplink)
        if route is not None:
            reply = self._reply(uplink, session)
            if reply is not None and route.send(reply):
                self._status.answers += 1
        if uplink.is_logout:
            self._sessions.left(session)
            self._exchange.gone(session.key)
        elif session.station is not None:
            self._exchange.ready(session.key)

    # --- Inside

    def _write(self, wire: Wire, arrival: Arrival, data: bytes) -> None:
        if arrival.link is not None:
            arrival.link.unsafe += arrival.size
        if self._intake is not None:
            self._intake.put(f"{self._prefix}/{TCP_GATEWAY}/up/{wire}", data, arrival)

    def _take_part(self, part: Uplink, link: Link) -> None:
        payload, is_next, is_whole = self._parts.take(part, self._now())
        self._status.sets_complete += is_whole
        if not is_next:
            self._rare.warning("part_refused", part.wire, address=part.address, peer=link.peer)
        self._write(part.wire, Arrival(link, len(payload), part if is_next else None), payload)

    def _on_set_events(self, events: Sequence[SetEvent], link: Link | None) -> None:
        for event in events:
            match event:
                case Whole(uplink):
                    self._status.sets_complete += 1
                    self._write(uplink.wire, Arrival(link, len(uplink.data), uplink), uplink.data)
                case Wanted(packet, number, serial):
                    self._want(packet, number, serial, link)
                case Repeated(uplink):
                    self.answer(uplink, link)
                case Abandoned(uplink, lacking):
                    self._status.sets_incomplete += 1
                    self._rare.warning("set_incomplete", uplink.wire, address=uplink.address, lacking=lacking)
                    self._write(uplink.wire, Arrival(None, len(uplink.data), None), uplink.data)
                case _:
                    assert_never(event)

    def _want(self, packet: Uplink, number: int, serial: int | None, link: Link | None) -> None:
        session = self._sessions.find(packet.key)
        route = link or (session.route if session is not None else None)
        if route is None:
            return
        try:
            request = request_for(packet, number, serial, self._clock(), self._zone_minutes)
        except ValueError:
            self._status.unanswered += 1
            return
        if request is not None and route.send(request):
            self._status.packets_wanted += 1

    def _reply(self, uplink: Uplink, session: Session) -> bytes | None:
        now = self._clock()
        row = None if session.station is None else self._register.station_at(session.station, now)
        chosen = (row.confirm if row is not None else None) or self._confirm
        # A station that is to be asked something must not hang up yet.
        stays = chosen is Confirmation.ESC or self._exchange.wants(session.key)
        try:
            return confirmation(uplink, now, self._zone_minutes, end=Control.ESC if stays else Control.EOT)
        except ValueError as error:
            self._status.unanswered += 1
            self._rare.warning("unanswered", "clock", error=str(error))
            return None
