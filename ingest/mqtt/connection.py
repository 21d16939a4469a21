"""One connection to the broker, from CONNECT to its end: an asyncio protocol around `ingest.mqtt.frames`.

It knows nothing of other connections, so nothing can leak from one to the next: packet ids, bytes and futures end with
it. What comes goes to a `Listener`; that it is over is told once, through `over`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

import mqtt5

from hydro.errors import BrokerError, WatermasterError
from ingest.mqtt.beats import Beat, Heartbeat, Ping, Pong
from ingest.mqtt.frames import Inbox, acknowledgements
from ingest.mqtt.refusals import check_connack, disconnected, lost, unreachable

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from ingest.mqtt.address import BrokerAddress
    from ingest.mqtt.batch import Batch

__all__ = ["Connection", "Listener", "answered", "open_connection"]

_Packet = TypeVar("_Packet", mqtt5.ConnAckPacket, mqtt5.SubAckPacket)

_PACKET_IDS: Final = 65_535
_IN_FLIGHT: Final = 64
"""Own publications that wait for their PUBACK at most; the last place is kept for heartbeats."""
_OUTGOING: Final = 10_000
"""Own publications that wait for such a place at most."""

# A broker writes each message by itself, so a reader that is fast enough is woken for each: 6 µs a message where
# parsing takes 0.5. When small pieces follow each other this closely, reading rests and takes the next ones together.
_REST_S: Final = 0.002
_REST_BELOW: Final = 64 * 1024

_PINGREQ: Final = mqtt5.PingReqPacket().write()
_FIRST_FAILURE: Final = 128  # MQTT 5, 2.4: reason codes from 0x80 tell of failure


class Listener(Protocol):
    """Who takes what a connection brings. Called from the protocol: must not raise, must not wait."""

    def batch_for(self, connection: Connection) -> Batch:
        """Give the batch that the next messages belong to."""

    def on_bytes(self, connection: Connection, messages: int, size: int) -> None:
        """Bytes were read: so many messages of so many bytes were appended to the batch, perhaps none."""

    def on_beat(self, connection: Connection, beat: Beat) -> None:
        """Somebody spoke on the own heartbeat topic."""

    def on_refused(self, connection: Connection, topic: str, reason: str) -> None:
        """The broker did not take a publication of ours."""


class Connection(asyncio.BufferedProtocol):
    """One connection.

    Attributes:
        generation: Its number; acknowledgements are only valid on the connection on which their messages came.
        connack: The broker's answer to our CONNECT.
        suback: Its answer to our subscriptions.
        over: Done when the connection is; its result tells why.
        bytes_at: When bytes last came or reading was resumed, seconds of the loop's clock.
        reading: False while reading is paused.
    """

    def __init__(
        self, generation: int, own_topic: str, address: BrokerAddress, client_id: str, listener: Listener
    ) -> None:
        loop = asyncio.get_running_loop()
        self.generation = generation
        self.connack: asyncio.Future[mqtt5.ConnAckPacket] = loop.create_future()
        self.suback: asyncio.Future[mqtt5.SubAckPacket] = loop.create_future()
        self.over: asyncio.Future[WatermasterError] = loop.create_future()
        self.bytes_at = loop.time()
        self.reading = True
        self._loop = loop
        self._inbox = Inbox(own_topic)
        self._address = address
        self._client_id = client_id
        self._listener = listener
        self._transport: asyncio.Transport | None = None
        self._discarding = False
        self._last_packet_id = 0
        self._in_flight: dict[int, str] = {}
        self._in_flight_limit = 1
        self._outgoing: deque[tuple[str, bytes, int]] = deque()

    # --- What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to write on."""
        self._transport = cast("asyncio.Transport", transport)  # a loop of another make has a class of its own

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # the inbox knows better what is needed
        """Give the place for the next bytes."""
        return self._inbox.space()

    def buffer_updated(self, nbytes: int) -> None:
        """Read the packets in the bytes that came."""
        at = self._loop.time()
        pause_s, self.bytes_at = at - self.bytes_at, at
        if self._discarding or self.over.done():
            return
        if nbytes < _REST_BELOW and pause_s < _REST_S:
            self._rest()
        batch = self._listener.batch_for(self)
        messages, size = len(batch), batch.size
        control = self._inbox.take(nbytes, batch)
        self._listener.on_bytes(self, len(batch) - messages, batch.size - size)
        for packet in control:
            self._handle(packet)
        if self._inbox.malformed is not None and not self.over.done():
            found = self._inbox.malformed
            if self.connack.done():
                self.abort(BrokerError(f"broker {self._address} sends what is no MQTT 5: {found}", retryable=True))
            else:
                self.abort(BrokerError(f"{self._address} does not answer as an MQTT 5 broker: {found}", retryable=True))

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end."""
        self._end(lost(exc, self._address))

    def _handle(self, packet: mqtt5.Packet | Beat) -> None:
        if self.over.done():
            return
        match packet:
            case mqtt5.PubAckPacket():
                topic = self._in_flight.pop(packet.packet_id, "")
                if packet.reason_code.value >= _FIRST_FAILURE:
                    self._listener.on_refused(self, topic, packet.reason_code.name.lower())
                self._publish_waiting()
            case mqtt5.PingRespPacket():
                pass  # that bytes came is all it says
            case mqtt5.PubRelPacket():
                self.send(mqtt5.PubCompPacket(packet.packet_id).write())
            case mqtt5.ConnAckPacket() if not self.connack.done():
                self._in_flight_limit = min(packet.receive_max, _IN_FLIGHT)
                self.connack.set_result(packet)
            case mqtt5.SubAckPacket() if not self.suback.done():
                self.suback.set_result(packet)
            case mqtt5.DisconnectPacket():
                self.abort(disconnected(packet, self._address, self._client_id))
            case Heartbeat() | Ping() | Pong():
                self._listener.on_beat(self, packet)
            case _:
                self.abort(
                    BrokerError(f"broker {self._address} sends {type(packet).__name__} out of place", retryable=True)
                )

    # --- What the receiver calls

    def send(self, packets: bytes) -> None:
        """Send whole packets; what is sent to a connection that is over goes nowhere."""
        if self._transport is not None and not self.over.done():
            self._transport.write(packets)

    def acknowledge(self, owed: list[int]) -> bool:
        """Acknowledge messages that came on this connection, in the order of arrival.

        Returns:
            False when the connection is over and nothing was sent.
        """
        if self._transport is None or self.over.done() or self._transport.is_closing():
            return False
        if owed:
            self._transport.write(acknowledgements(owed))
        return True

    def ping(self) -> None:
        """Ask the broker for a sign of life."""
        self.send(_PINGREQ)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Publish with QoS 1.

        Returns:
            False when the broker still owes acknowledgements of earlier ones and nothing was sent.
        """
        if len(self._in_flight) >= self._in_flight_limit:
            return False
        self._publish(topic, payload, None)
        return True

    def publish_in_turn(self, topic: str, payload: bytes, expires_s: int) -> bool:
        """Publish with QoS 1 as soon as there is a place; what waits at the end of the connection is lost with it.

        Returns:
            False when it is over, or too many wait already.
        """
        if self.over.done() or self._discarding or len(self._outgoing) >= _OUTGOING:
            return False
        self._outgoing.append((topic, payload, expires_s))
        self._publish_waiting()
        return True

    def publish_once(self, topic: str, payload: bytes, expires_s: int) -> None:
        """Publish with QoS 0: brokers hand that on at once, past a session's backlog."""
        self.send(mqtt5.PublishPacket(topic, payload, message_expiry_interval=expires_s).write())

    def subscribe(self, topic_filters: Sequence[mqtt5.TopicFilter]) -> None:
        """Ask for subscriptions; `suback` is the answer."""
        self.send(mqtt5.SubscribePacket(self._next_packet_id(), list(topic_filters)).write())

    def pause(self) -> None:
        """Stop reading."""
        if self.reading and self._transport is not None and not self._transport.is_closing():
            self.reading = False
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if not self.reading and self._transport is not None and not self._transport.is_closing():
            self.reading = True
            self.bytes_at = self._loop.time()
            self._transport.resume_reading()

    def discard(self) -> None:
        """Read on, but take nothing any more: the broker keeps what is not acknowledged.

        Closing a socket with unread bytes resets the connection, and our last acknowledgements would be lost in it.
        """
        self._discarding = True
        self.resume()

    def abort(self, why: WatermasterError) -> None:
        """End it at once, without a word."""
        if self._transport is not None:
            self._transport.abort()
        self._end(why)

    async def leave(self, within_s: float) -> None:
        """Say DISCONNECT, which keeps the session, and wait until the broker has closed the connection."""
        self.discard()
        self.send(mqtt5.DisconnectPacket().write())
        await asyncio.wait({self.over}, timeout=within_s)
        self.abort(BrokerError(f"broker {self._address}: we left", retryable=True))

    # --- Inside

    def _publish_waiting(self) -> None:
        while self._outgoing and len(self._in_flight) < max(1, self._in_flight_limit - 1):
            self._publish(*self._outgoing.popleft())

    def _publish(self, topic: str, payload: bytes, expires_s: int | None) -> None:
        packet_id = self._next_packet_id()
        self._in_flight[packet_id] = topic
        packet = mqtt5.PublishPacket(
            topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id, message_expiry_interval=expires_s
        )
        self.send(packet.write())

    def _rest(self) -> None:
        """Let bytes gather for a moment."""
        if self._transport is not None:
            self._transport.pause_reading()
            self._loop.call_later(_REST_S, self._rested)

    def _rested(self) -> None:
        if self.reading and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _next_packet_id(self) -> int:
        while True:
            self._last_packet_id = self._last_packet_id % _PACKET_IDS + 1
            if self._last_packet_id not in self._in_flight:
                return self._last_packet_id

    def _end(self, why: WatermasterError) -> None:
        if not self.over.done():
            self.over.set_result(why)


async def open_connection(
    connection: Connection,
    address: BrokerAddress,
    *,
    tls: ssl.SSLContext | None,
    packet: mqtt5.ConnectPacket,
    within_s: float,
) -> mqtt5.ConnAckPacket:
    """Connect; messages of a session that exists arrive from now on.

    Returns:
        The broker's answer.

    Raises:
        BrokerError: It can't be reached, does not answer in time, or refuses the connection.
        AlreadyRunning: Somebody else took the session while we were at it.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(within_s):
            await loop.create_connection(lambda: connection, address.host, address.port, ssl=tls)
            connection.send(packet.write())
            answer = await answered(connection, connection.connack)
            check_connack(answer, address)
    except OSError as error:  # TimeoutError is one
        why = unreachable(error, address)
        connection.abort(why)
        raise why from error
    except WatermasterError as error:
        connection.abort(error)
        raise
    except asyncio.CancelledError:
        connection.abort(BrokerError(f"broker {address}: given up", retryable=True))
        raise
    return answer


async def answered(connection: Connection, answer: asyncio.Future[_Packet]) -> _Packet:
    """Wait for an answer.

    Raises:
        WatermasterError: The connection is over, for this reason.
    """
    either: tuple[asyncio.Future[Any], ...] = (answer, connection.over)
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if answer.done():
        return answer.result()
    raise connection.over.result()
