"""The shell: takes messages as they come, hands them to connections when they are due, and waits for the broker.

One thread and one epoll. What waits to be sent or acknowledged is bounded, in messages and in bytes; at the bound
nothing more is taken from the stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.instants import MINUTE_MS
from simulators.publisher.connection import Connection, Stage
from simulators.publisher.connections import NO_CONNECTION_S, Connections
from simulators.publisher.lanes import Lanes, gateway_of
from simulators.publisher.packets import may_be_topic, publication, topic_field
from simulators.publisher.tally import Tally

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

    from simulators.publisher.broker import Broker
    from simulators.publisher.outage import Outage
    from simulators.publisher.pace import Pace

__all__ = ["Message", "Publisher"]

_MOST_OWED: Final = 16_384
_MOST_BYTES: Final = 64 * 1024 * 1024
"""Of messages, after which all must be acknowledged before more are taken."""
_LARGEST_PACKET: Final = 0x1000_0004
_BETWEEN_TURNS: Final = 2_048
_MOST_TOPICS: Final = 100_000
_LONGEST_POLL_S: Final = 0.2
_WATCH_S: Final = 0.1
_LINGER_S: Final = 2.0
# With so much under way the broker is busy for longer than this rest, and acknowledgements come in handfuls after it:
# a wake-up for each costs more than building and sending the message.
_REST_ABOVE: Final = 1_000
_REST_S: Final = 0.002


Message = tuple[int, str, bytes]
"""`received_at` in epoch milliseconds, topic, payload."""


class _Way(NamedTuple):
    """How messages of one topic go."""

    connection: Connection
    topic: bytes
    retain: bool


class Publisher:
    """Publishes a stream.

    Args:
        broker: Where to.
        clients: Connections at most; one is made when the first message for it comes.
        name: Client ids begin with it.
        clock: Seconds, never going back.
        sleep: Waits so many seconds.
        rng: For the jitter of attempts to connect.
        told: Gets a line when the broker goes and when it comes back.
        watch: Called a few times a second while there is work.

    Attributes:
        tally: What was done.
    """

    def __init__(
        self,
        broker: Broker,
        *,
        clients: int,
        name: str,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        rng: random.Random,
        told: Callable[[str], None],
        watch: Callable[[], None] = lambda: None,
    ) -> None:
        self.tally = Tally(clock())
        self._clock = clock
        self._sleep = sleep
        self._watch = watch
        self._connections = Connections(broker, name=name, clock=clock, rng=rng, told=told, tally=self.tally)
        self._lanes = Lanes(clients)
        self._ways: dict[str, _Way] = {}
        self._largest = _LARGEST_PACKET
        self._retains = True
        self._stopping = False
        self._watched_at = self.tally.began_at
        self._minute: int | None = None
        self._unsettled_bytes = 0

    @property
    def connected(self) -> int:
        """Connections that are up."""
        return self._connections.up

    @property
    def outage(self) -> Outage | None:
        """The present outage."""
        return self._connections.outage

    def stop(self) -> None:
        """Let `publish` end soon; may be called by a signal handler."""
        self._stopping = True
        self._connections.wake()

    def open(self, within_s: float = NO_CONNECTION_S) -> bool:
        """Connect for the first time.

        Args:
            within_s: How long to try.

        Returns:
            False when stopped meanwhile.

        Raises:
            BrokerError: There is no broker in that time, or it refuses us for good.
        """
        deadline = self._clock() + within_s
        first = self._connections.of(0)
        while first.stage is not Stage.UP:
            if self._stopping:
                return False
            self._turn(_LONGEST_POLL_S)
            outage = self.outage
            if outage is not None and (not outage.why.retryable or self._clock() > deadline):
                raise outage.why
        if first.answer is not None:
            self._largest = first.answer.max_packet_size or _LARGEST_PACKET
            self._retains = first.answer.retain_available
        self.tally.began_at = self._clock()
        return True

    def publish(self, chunks: Iterable[Iterable[Message]], pace: Pace) -> bool:
        """Publish a stream and wait for all acknowledgements.

        Args:
            chunks: Messages in the order of `received_at`. Making a chunk may take its time: all before it are
                acknowledged then, so that no acknowledgement waits for us.
            pace: When they are due.

        Returns:
            False when stopped before the end.

        Raises:
            BrokerError: The broker grants too few connections, or ends them each time it gets a certain message.
        """
        return all(self._hand_over(chunk, pace) and self._settle(0) for chunk in chunks)

    def close(self) -> None:
        """Wait shortly for what is under way, take leave of the broker."""
        tally, connections = self.tally, self._connections
        tally.unsent = connections.give_up_unsent()
        deadline = self._clock() + _LINGER_S
        while any(each.flight.under_way for each in connections) and self._clock() < deadline:
            self._turn(_LONGEST_POLL_S)
        if not tally.owed:
            tally.safe_to = tally.sent_to
        connections.close()

    def _hand_over(self, messages: Iterable[Message], pace: Pace) -> bool:
        tally, ways = self.tally, self._ways
        for received_at, topic, payload in messages:
            if not self._wait_for_turn(received_at, pace):
                return False
            tally.taken += 1
            tally.sent_to = received_at
            way = ways.get(topic) or self._find_way(topic)
            if way is None:
                continue
            flight = way.connection.flight
            packet = publication(way.topic, flight.next_id, received_at, payload, retain=way.retain)
            if not packet or len(packet) > self._largest:
                tally.note_unsendable("packet_too_large", topic)
                continue
            flight.add(packet)
            self._unsettled_bytes += len(packet)
            self._connections.sends(way.connection)
        return True

    def _find_way(self, topic: str) -> _Way | None:
        if not may_be_topic(topic):
            self.tally.note_unsendable("bad_topic", topic)
            return None
        if len(self._ways) >= _MOST_TOPICS:  # no fleet has so many: they are made up, and are found anew
            self._ways.clear()
        is_status = topic.endswith("/status") and gateway_of(topic) != topic
        way = _Way(self._connections.of(self._lanes.of(topic)), topic_field(topic), is_status and self._retains)
        self._ways[topic] = way
        return way

    # --- Waiting

    def _wait_for_turn(self, received_at: int, pace: Pace) -> bool:
        """Wait until a message may be handed over; False when stopped."""
        if received_at // MINUTE_MS != self._minute or self._unsettled_bytes > _MOST_BYTES:
            if not self._settle(0):
                return False
            self._minute = received_at // MINUTE_MS
        if pace.is_timed and pace.due(received_at, now := self._connections.now) > now:
            return self._rest_until(received_at, pace)
        return bool(self.tally.taken % _BETWEEN_TURNS) or self._settle(_MOST_OWED)

    def _settle(self, most: int) -> bool:
        """Send, and wait until no more than so many are owed; False when stopped."""
        tally = self.tally
        self._turn(0.0)
        while tally.owed > most:
            if self._stopping:
                return False
            if tally.owed > most + _REST_ABOVE:
                self._sleep(_REST_S)
            self._turn(_LONGEST_POLL_S)
        if not tally.owed:
            self._unsettled_bytes = 0
            tally.safe_to = tally.sent_to
        return not self._stopping

    def _rest_until(self, received_at: int, pace: Pace) -> bool:
        """Send, and wait until a message is due; False when stopped."""
        while (wait_s := pace.due(received_at, now := self._connections.now) - now) > 0:
            if self._stopping:
                return False
            self._turn(min(wait_s, _LONGEST_POLL_S))
        return True

    def _turn(self, wait_s: float) -> None:
        self._connections.turn(wait_s)
        if self._connections.now - self._watched_at >= _WATCH_S:
            self._watched_at = self._connections.now
            self._watch()
