"""Watches over one connection: keeps its instants, sends what is due, and gives it up when it is dead."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from hydro.errors import BrokerError
from ingest.mqtt.beats import Heartbeat, encode_beat
from ingest.mqtt.liveness import Limits, Pulse, Verdict, judge
from ingest.mqtt.refusals import check_suback

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import mqtt5

    from ingest.mqtt.address import BrokerAddress
    from ingest.mqtt.connection import Connection
    from ingest.mqtt.status import Status
    from ingest.mqtt.timing import Timing

__all__ = ["Watch"]

_LOOKS_IN_KEEP_ALIVE: Final = 8

_GIVEN_UP: Final = {
    Verdict.UNANSWERED: "it does not answer our subscriptions",
    Verdict.SILENT: "it answers no ping any more",
    Verdict.DEAF: "the session delivers nothing any more, not even our heartbeat",
    Verdict.OVERFULL: "given up until the messages held are safe: the sink fails and the byte bound is reached",
}


class Watch:
    """One connection under watch.

    Attributes:
        connection: That one.
        accepted: Set when the broker has taken us, subscriptions included.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        address: BrokerAddress,
        own_topic: str,
        window: int,
        timing: Timing,
        status: Status,
        clock: Callable[[], int],
        blocked: asyncio.Event,
        accepted: asyncio.Event,
    ) -> None:
        """Watch a connection that is about to be made.

        Args:
            connection: The connection.
            address: The broker, for messages.
            own_topic: Where heartbeats go.
            window: Receive Maximum: messages that the broker may send before the first is acknowledged.
            timing: Seconds of all sorts.
            status: Gets the numbers.
            clock: Epoch milliseconds, for the heartbeat.
            blocked: Set while the sink fails.
            accepted: To be set when the broker has taken us.
        """
        self.connection = connection
        self.accepted = accepted
        self._address = address
        self._own_topic = own_topic
        self._window = window
        self._timing = timing
        self._status = status
        self._clock = clock
        self._blocked = blocked
        self._opened_at_ms = clock()
        self._backlog = 0
        self._has_beaten = False
        self._patterns: Sequence[str] = ()
        self._keep_alive_s = timing.keep_alive_s
        self._delivery_at = self._released_at = self._ping_at = self._now()
        self._asked_at: float | None = None
        self._heartbeat_at: float | None = None
        self._paused_at: float | None = None

    def note_delivery(self, messages: int) -> None:
        """Note that messages came."""
        self._delivery_at = self._now()
        # A session that delivers before it answers our subscriptions has taken us; with a long backlog, or a slow disk
        # of ours, that answer takes its time.
        self.accepted.set()
        if not self._has_beaten:
            self._backlog += messages

    def note_release(self) -> None:
        """Note that messages became safe."""
        self._released_at = self._now()

    def note_heartbeat(self, at: int) -> None:
        """Note that a heartbeat came back that was sent at this instant, epoch milliseconds."""
        self._status.last_heartbeat_at = self._clock()
        self._status.heartbeat_delay_ms = self._status.last_heartbeat_at - at
        # Heartbeats of an earlier connection may have waited in the queue and say nothing of its end.
        self._has_beaten = self._has_beaten or at >= self._opened_at_ms

    def pause(self) -> None:
        """Stop reading: too much is held."""
        if self._paused_at is None:
            self._paused_at = self._now()
            self.connection.pause()

    def resume(self) -> None:
        """Read again."""
        if self._paused_at is not None:
            self._paused_at = None
            self.connection.resume()

    async def tend(self, answer: mqtt5.ConnAckPacket, topic_filters: Sequence[mqtt5.TopicFilter]) -> Verdict:
        """Subscribe, and keep the connection until it is over.

        Args:
            answer: What the broker said to the CONNECT.
            topic_filters: What to subscribe to.

        Returns:
            `Verdict.REFRESH_DUE` when it is to be made anew on purpose; otherwise it is over, and says itself why.
        """
        timing = self._timing
        self._keep_alive_s = float(answer.server_keep_alive or timing.keep_alive_s)
        limits = Limits(timing.heartbeat_s, timing.deaf_s, self._keep_alive_s, timing.stuck_s, timing.connect_s)
        look_s = min(timing.look_s, self._keep_alive_s / _LOOKS_IN_KEEP_ALIVE)
        self._patterns = [topic_filter.pattern for topic_filter in topic_filters]
        self._asked_at = self._delivery_at = self._released_at = self._ping_at = self._now()
        connection = self.connection
        connection.subscribe(topic_filters)
        while not connection.over.done():
            if connection.suback.done() and self._asked_at is not None:
                self._note_answer(connection.suback.result())
            verdict = judge(self._pulse(), limits, self._now())
            match verdict:
                case Verdict.FINE:
                    awaited: list[asyncio.Future[Any]] = [connection.over]
                    if self._asked_at is not None:
                        awaited.append(connection.suback)
                    await asyncio.wait(awaited, timeout=look_s, return_when=asyncio.FIRST_COMPLETED)
                case Verdict.PING_DUE:
                    self._ping_at = self._now()
                    connection.ping()
                case Verdict.HEARTBEAT_DUE:
                    self._heartbeat_at = self._now()
                    beat = encode_beat(Heartbeat(self._clock()))
                    self._status.heartbeats_sent += connection.publish(self._own_topic, beat)
                case Verdict.REFRESH_DUE:
                    return verdict
                case Verdict.SILENT | Verdict.DEAF | Verdict.OVERFULL | Verdict.UNANSWERED:
                    self._give_up(verdict)
        return Verdict.FINE

    def _note_answer(self, answer: mqtt5.SubAckPacket) -> None:
        self._asked_at = None
        try:
            check_suback(answer, self._patterns, self._address)
        except BrokerError as error:
            self.connection.abort(error)
        else:
            self._status.last_error = None
            self.accepted.set()

    def _give_up(self, verdict: Verdict) -> None:
        if verdict is Verdict.OVERFULL:
            self._status.overfull += 1
            # With a backlog and a failing sink the answer to our subscriptions may never be read.
            self.accepted.set()
        self.connection.abort(BrokerError(f"broker {self._address}: {_GIVEN_UP[verdict]}", retryable=True))

    def _pulse(self) -> Pulse:
        return Pulse(
            asked_at=self._asked_at,
            bytes_at=self.connection.bytes_at,
            delivery_at=self._delivery_at,
            released_at=self._released_at,
            ping_at=self._ping_at,
            heartbeat_at=self._heartbeat_at,
            paused_at=self._paused_at,
            owing=self._status.pending_messages > 0,
            blocked=self._blocked.is_set(),
            backlog_over=self._has_beaten and self._backlog >= self._window,
        )

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
