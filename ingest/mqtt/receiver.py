"""The collector's MQTT side: a persistent session whose messages are acknowledged when they are safe.

Invariants:

* A message is acknowledged only after the sink returned, and only on the connection on which it came (its
  *generation*). A packet id names another message on the next connection: an acknowledgement held for connection N
  and sent on N + 1 would acknowledge what was never journaled. Held ones are dropped and counted; the broker sends
  again.
* Order of arrival is kept, and acknowledgements go out in that order (MQTT 5, 4.6).
* What is held is bounded by Receive Maximum (messages) and by a byte bound. Maximum Packet Size is never set: a broker
  silently drops what exceeds it, after having acknowledged it to the gateway.
* Acknowledgements are paused, not reads, except while the byte bound is exceeded and the sink works (`liveness.judge`).
* A backlog longer than the Receive Maximum is followed by one reconnect on purpose. mosquitto 2.0.11, for one, moves
  messages of QoS 1 into its window and forgets to send them when the queue behind a full window also holds QoS 0:
  they would come, late, on the next connection, which may be weeks away.
* Whoever takes our session ends us: two collectors never take it from each other in turns.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Final

import mqtt5
import structlog

from hydro.errors import AlreadyRunning, BrokerError, ConfigError, WatermasterError
from ingest.mqtt.beats import Beat, Heartbeat, Ping, Pong, encode_beat
from ingest.mqtt.connection import Connection, open_connection
from ingest.mqtt.liveness import Verdict
from ingest.mqtt.pending import Pending
from ingest.mqtt.probe import BEAT_EXPIRES_S, ensure_alone
from ingest.mqtt.status import ReceiverState, Status
from ingest.mqtt.timing import Timing
from ingest.mqtt.watch import Watch
from ingest.topics import heartbeat_topic, subscriptions

if TYPE_CHECKING:
    import random
    import ssl
    from collections.abc import Awaitable, Callable

    from ingest.mqtt.address import BrokerAddress
    from ingest.mqtt.batch import Batch

__all__ = ["Receiver"]

log = structlog.get_logger(__name__)

RECEIVE_MAXIMUM: Final = 65_535
MAX_PENDING_BYTES: Final = 32 * 1024 * 1024
BATCH_MESSAGES: Final = 10_000
BATCH_BYTES: Final = 8 * 1024 * 1024
DOWNLINK_EXPIRES_S: Final = 300


class Receiver:
    """Receives for ever from one broker.

    Attributes:
        status: What it is doing.
        ready: Set since the broker first took us, subscriptions included.
    """

    def __init__(  # noqa: PLR0913  # configuration, sink and seams, all by name
        self,
        address: BrokerAddress,
        *,
        client_id: str,
        prefix: str,
        sink: Callable[[Batch], Awaitable[None]],
        clock: Callable[[], int],
        rng: random.Random,
        session_expiry_s: int = 604_800,
        receive_maximum: int = RECEIVE_MAXIMUM,
        max_pending_bytes: int = MAX_PENDING_BYTES,
        batch_messages: int = BATCH_MESSAGES,
        batch_bytes: int = BATCH_BYTES,
        timing: Timing | None = None,
    ) -> None:
        """Make a receiver that is not running.

        Args:
            address: The broker.
            client_id: Names the session; one collector at a time.
            prefix: First levels of all topics.
            sink: Makes a batch safe and returns. It may raise a retryable `WatermasterError` (a full journal): the same
                batch comes again, and nothing is acknowledged meanwhile. Any other error ends `run`.
            clock: Epoch milliseconds, for the heartbeat.
            rng: Chance for the jitter of waits.
            session_expiry_s: Seconds that the broker shall keep the session while we are away.
            receive_maximum: Messages that the broker may send before the first is acknowledged.
            max_pending_bytes: Bytes on the wire of messages that are held.
            batch_messages: A batch is closed with the bytes that bring it to so many messages,
            batch_bytes: or to so many bytes.
            timing: Seconds of all sorts.
        """
        self.status = Status()
        self.ready = asyncio.Event()
        self._address = address
        self._client_id = client_id
        self._own_topic = heartbeat_topic(prefix, client_id)
        self._filters = [
            mqtt5.TopicFilter(
                pattern,
                max_qos=mqtt5.QoS.AT_LEAST_ONCE,
                retain_handling=mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
            )
            for pattern in subscriptions(prefix, client_id)
        ]
        self._clock = clock
        self._rng = rng
        self._session_expiry_s = session_expiry_s
        self._receive_maximum = receive_maximum
        self._max_pending_bytes = max_pending_bytes
        self._timing = timing or Timing()
        self._pending = Pending(
            sink,
            self._release,
            self.status,
            batch_messages=batch_messages,
            batch_bytes=batch_bytes,
            retry=self._timing.retry,
            rng=rng,
        )
        self._watch: Watch | None = None
        self._was_connected = False
        self._refused_on = 0
        self._tls: ssl.SSLContext | None = None
        self._error: WatermasterError | None = None
        self._hopeless = asyncio.Event()
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()

    # --- What the caller calls

    async def run(self) -> None:
        """Receive until `stop` or cancelled, reconnecting for ever.

        Raises:
            AlreadyRunning: Another collector lives under this client id, or has taken the session.
            ConfigError: A TLS file can't be used.
            WatermasterError: Of the sink, not retryable.
        """
        self._ended.clear()
        tasks: list[asyncio.Task[None]] = []
        try:
            self._tls = self._address.ssl_context()
            session = asyncio.create_task(self._stay_connected())
            sinking = asyncio.create_task(self._pending.run())
            stopping = asyncio.create_task(_wait_for(self._stopping))
            tasks += [session, sinking, stopping]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            self.status.state = ReceiverState.STOPPING
            session.cancel()
            await asyncio.wait({session})
            if not sinking.done():
                await self._take_leave(sinking)
                if self.status.pending_messages:
                    log.warning("stopped_with_messages_held", pending_messages=self.status.pending_messages)
            for task in (sinking, session):
                if task.done() and not task.cancelled():
                    task.result()
        except WatermasterError as error:
            self._error = error
            self.status.last_error = str(error)
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._watch is not None:
                self._watch.connection.abort(BrokerError(f"broker {self._address}: stopped", retryable=True))
            self.status.state = ReceiverState.STOPPED
            self._hopeless.set()
            self._ended.set()

    async def stop(self) -> None:
        """Make safe and acknowledge what was received, leave the session with the broker; returns when it is done."""
        self._stopping.set()
        await self._ended.wait()

    async def wait_ready(self, within_s: float) -> None:
        """Wait until connected and subscribed for the first time, while `run` runs elsewhere.

        Raises:
            BrokerError: It did not come about in time, or can't without a setting being changed.
            AlreadyRunning: Another collector lives under this client id.
        """
        waits = [asyncio.create_task(_wait_for(event)) for event in (self.ready, self._hopeless)]
        try:
            await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not self.ready.is_set():
            raise self._error or BrokerError(f"broker {self._address}: no connection within {within_s:g} s")

    def publish(self, topic: str, payload: bytes) -> bool:
        """Publish with QoS 1 on the present connection, in turn; the broker keeps it for some minutes.

        Returns:
            False when there is no connection, or too many wait already. What waits when the connection ends is lost.
        """
        watch = self._watch
        if watch is None or self.status.state is not ReceiverState.RECEIVING:
            return False
        return watch.connection.publish_in_turn(topic, payload, DOWNLINK_EXPIRES_S)

    # --- What the connection calls (`connection.Listener`)

    def batch_for(self, connection: Connection) -> Batch:
        """Give the batch that the next messages belong to."""
        return self._pending.batch_for(connection.generation)

    def on_bytes(self, connection: Connection, messages: int, size: int) -> None:  # noqa: ARG002  # there is one at a time
        """Note what came, and stop reading when too much is held."""
        self._pending.arrived(messages, size)
        if self._watch is not None:
            if messages:
                self._watch.note_delivery(messages)
            if self.status.pending_bytes > self._max_pending_bytes:
                self._watch.pause()

    def on_beat(self, connection: Connection, beat: Beat) -> None:
        """Answer a probe; note a heartbeat."""
        match beat:
            case Ping(nonce):
                connection.publish_once(self._own_topic, encode_beat(Pong(nonce)), BEAT_EXPIRES_S)
            case Pong():
                pass  # the answer to a probe reaches everybody on the topic
            case Heartbeat(at):
                if self._watch is not None:
                    self._watch.note_heartbeat(at)

    def on_refused(self, connection: Connection, topic: str, reason: str) -> None:
        """Tell that our heartbeat is not taken: without it the journal has no ticks while gateways are silent."""
        if topic == self._own_topic:
            log.error("heartbeat_refused", topic=topic, reason=reason, generation=connection.generation)
            return
        self.status.downlinks_refused += 1
        if self._refused_on != connection.generation:  # once a connection: it is a matter of the access list
            self._refused_on = connection.generation
            log.warning("downlink_refused", topic=topic, reason=reason, generation=connection.generation)

    # --- Inside

    def _release(self, batch: Batch) -> None:
        """Acknowledge a batch that is safe, if its connection still lives."""
        watch = self._watch
        if (
            watch is not None
            and watch.connection.generation == batch.generation
            and watch.connection.acknowledge(batch.owed)
        ):
            self.status.acks_sent += len(batch.owed)
        else:
            self.status.acks_dropped += len(batch.owed)
        if watch is not None:
            if batch.topics:
                watch.note_release()
            if self.status.pending_bytes <= self._max_pending_bytes // 2:
                watch.resume()

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            self.status.state = ReceiverState.CONNECTING
            try:
                # Each time: mosquitto 2.0.11 closes the connection of a session that is taken without a word, so to
                # have lost it may mean that another collector has it.
                self._read_tls_again()
                await self._ensure_alone()
                watch, answer = await self._connect()
            except BrokerError as error:
                self._note_failure(error)
            else:
                opened_at = self._now()
                if await watch.tend(answer, self._filters) is Verdict.REFRESH_DUE:
                    self.status.refreshes += 1
                    await self._take_leave()
                    continue
                why = watch.connection.over.result()
                if isinstance(why, AlreadyRunning):
                    raise why
                self._note_failure(why)
                if self._now() - opened_at >= self._timing.stable_s:
                    failures = 0
            if self.status.pending_bytes > self._max_pending_bytes:
                self.status.state = ReceiverState.HELD_BACK
                await self._pending.settled.wait()
            self.status.state = ReceiverState.WAITING
            failures += 1
            await asyncio.sleep(self._timing.reconnect.wait_s(failures, self._rng))

    def _read_tls_again(self) -> None:
        """Take up certificates that were renewed since; files of a renewal that is half done are waited for."""
        try:
            self._tls = self._address.ssl_context()
        except ConfigError as error:
            raise BrokerError(str(error), retryable=True) from error

    async def _ensure_alone(self) -> None:
        await ensure_alone(
            self._address,
            self._tls,
            client_id=self._client_id,
            topic=self._own_topic,
            wait_s=self._timing.probe_s,
            connect_s=self._timing.connect_s,
        )

    async def _connect(self) -> tuple[Watch, mqtt5.ConnAckPacket]:
        status, address = self.status, self._address
        status.generation += 1
        connection = Connection(status.generation, self._own_topic, address, self._client_id, self)
        packet = mqtt5.ConnectPacket(
            self._client_id,
            username=address.username,
            password=None if address.password is None else address.password.encode(),
            clean_start=False,
            keep_alive=math.ceil(self._timing.keep_alive_s),
            session_expiry_interval=self._session_expiry_s,
            receive_max=self._receive_maximum,
        )
        watch = self._watch = Watch(
            connection,
            address=address,
            own_topic=self._own_topic,
            window=self._receive_maximum,
            timing=self._timing,
            status=status,
            clock=self._clock,
            blocked=self._pending.blocked,
            accepted=self.ready,
        )
        answer = await open_connection(
            connection, address, tls=self._tls, packet=packet, within_s=self._timing.connect_s
        )
        status.session_present = answer.session_present
        status.session_expiry_s = (
            self._session_expiry_s if answer.session_expiry_interval is None else answer.session_expiry_interval
        )
        status.state = ReceiverState.RECEIVING
        log.info("broker_connected", broker=str(address), generation=status.generation, session=answer.session_present)
        if status.session_expiry_s < self._session_expiry_s:
            log.warning("session_shortened", asked_s=self._session_expiry_s, granted_s=status.session_expiry_s)
        if self._was_connected:
            status.reconnects += 1
            if not answer.session_present:
                status.sessions_lost += 1
                log.error("session_lost", broker=str(address), generation=status.generation)
        self._was_connected = True
        return watch, answer

    async def _take_leave(self, *also: asyncio.Task[None]) -> None:
        """Make safe what is held, if the sink works, and say goodbye to the broker.

        Args:
            also: Waiting ends with any of these, too.
        """
        watch = self._watch
        if watch is not None:
            watch.connection.discard()
        waits = [asyncio.create_task(_wait_for(event)) for event in (self._pending.settled, self._pending.blocked)]
        try:
            await asyncio.wait([*waits, *also], timeout=self._timing.drain_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if watch is not None:
            await watch.connection.leave(self._timing.leave_s)

    def _note_failure(self, error: WatermasterError) -> None:
        # A failure that repeats is logged once.
        if str(error) != self.status.last_error:
            log.warning("broker_lost", reason=str(error), generation=self.status.generation)
        self._error = error
        self.status.last_error = str(error)
        if not error.retryable:
            self._hopeless.set()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


async def _wait_for(event: asyncio.Event) -> None:
    await event.wait()
