"""Flow control: never more under way than allowed, in order, nothing acknowledged is sent again."""

from __future__ import annotations

import mqtt5
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from simulators.publisher.flight import Acknowledged, Flight
from simulators.publisher.packets import PACKET_IDS, packet_end, publication, topic_field

TOPIC = topic_field("watermaster/v1/g1/up/json")


def add(flight: Flight, number: int) -> None:
    flight.add(publication(TOPIC, flight.next_id, 0, b"%d" % number))


def sent(packets: bytes) -> list[tuple[int, int, bool]]:
    """Packet id, number, whether it is marked as sent before."""
    found = []
    start = 0
    while start < len(packets):
        end = packet_end(packets, start)
        assert end is not None
        packet, _ = mqtt5.read(memoryview(packets)[start:end])
        assert isinstance(packet, mqtt5.PublishPacket)
        assert packet.packet_id is not None
        found.append((packet.packet_id, int(packet.payload), packet.duplicate))
        start = end
    return found


class FlightAndModel(RuleBasedStateMachine):
    """A flight beside a model of it: what is owed, in order, and what of that is under way by packet id."""

    def __init__(self) -> None:
        super().__init__()
        self.flight = Flight()
        self.handed = 0
        self.window = 0
        self.owed: list[int] = []
        self.under_way: dict[int, int] = {}
        self.ever_sent: set[int] = set()

    @initialize(window=st.integers(1, 6))
    def begin(self, window: int) -> None:
        """A broker with some Receive Maximum."""
        self.window = window

    @rule(count=st.integers(1, 5))
    def add(self, count: int) -> None:
        """Hand some over."""
        for _ in range(count):
            add(self.flight, self.handed)
            self.owed.append(self.handed)
            self.handed += 1

    @rule()
    def send(self) -> None:
        """Send all that may be sent: the oldest first, under free packet ids."""
        waiting = [number for number in self.owed if number not in self.under_way.values()]
        for packet_id, number, again in sent(self.flight.take(max(self.flight.room(self.window), 0), 0.0)):
            assert packet_id not in self.under_way
            assert (number, again) == (waiting.pop(0), number in self.ever_sent)
            self.under_way[packet_id] = number
            self.ever_sent.add(number)

    @rule(count=st.integers(1, 5), heard=st.booleans())
    def acknowledge_in_turn(self, count: int, *, heard: bool) -> None:
        """The broker answers the oldest, as it should."""
        ids = list(self.under_way)[:count]
        code = mqtt5.PubAckReasonCode.SUCCESS if heard else mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS
        data = b"".join(mqtt5.PubAckPacket(packet_id, reason_code=code).write() for packet_id in ids)
        found, kind = self.flight.run_of(data)
        assert found in {0, len(ids)}
        if found:
            assert kind.heard == heard
            assert sum(found.messages for found in self.flight.acknowledge_run(len(ids), 1.0)) == len(ids)
        else:
            assert None not in [self.flight.acknowledge(packet_id, 1.0) for packet_id in ids]
        for packet_id in ids:
            self.owed.remove(self.under_way.pop(packet_id))

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 5))
    def acknowledge_any(self, which: int) -> None:
        """It answers one out of turn."""
        packet_id = list(self.under_way)[which % len(self.under_way)]
        assert self.flight.acknowledge(packet_id, 1.0) == Acknowledged(1, 1.0)
        assert self.flight.acknowledge(packet_id, 1.0) is None
        self.owed.remove(self.under_way.pop(packet_id))

    @rule()
    def lose_the_connection(self) -> None:
        """All that is under way waits again."""
        assert self.flight.rewind() == len(self.under_way)
        self.under_way.clear()

    @invariant()
    def never_more_than_allowed(self) -> None:
        """However it came about."""
        assert len(self.under_way) <= self.window
        assert (self.flight.under_way, self.flight.unsent) == (
            len(self.under_way),
            len(self.owed) - len(self.under_way),
        )

    def teardown(self) -> None:
        """In the end everything is sent and acknowledged."""
        for _ in range(2 * self.handed + 1):
            self.send()
            for packet_id in list(self.under_way):
                assert self.flight.acknowledge(packet_id, 1.0) is not None
                self.owed.remove(self.under_way.pop(packet_id))
        assert self.owed == []


FlightAndModel.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestWhateverHappensAFlightIsItsModel = FlightAndModel.TestCase


def test_packet_ids_go_round_and_none_is_used_twice_at_a_time() -> None:
    """Receive Maximum 65,535, and the first is never acknowledged: then there is no free id."""
    flight = Flight()
    for number in range(PACKET_IDS + 5):
        add(flight, number)
    assert flight.room(PACKET_IDS) == PACKET_IDS
    ids = [packet_id for packet_id, _, _ in sent(flight.take(PACKET_IDS, 0.0))]
    assert ids == list(range(1, PACKET_IDS + 1))
    assert flight.room(PACKET_IDS) == 0
    for packet_id in (2, 3, 65_535):
        assert flight.acknowledge(packet_id, 1.0) is not None
    assert (flight.room(PACKET_IDS), flight.under_way) == (0, PACKET_IDS - 3)
    assert flight.acknowledge(1, 1.0) is not None
    assert flight.room(PACKET_IDS) == 3
    assert sent(flight.take(3, 1.0)) == [(1, PACKET_IDS, False), (2, PACKET_IDS + 1, False), (3, PACKET_IDS + 2, False)]


def test_a_run_of_acknowledgements_goes_over_the_end_of_the_ids() -> None:
    flight = Flight()
    for number in range(3 * PACKET_IDS // 2):
        add(flight, number)
        if flight.room(100) == 100:
            ids = [packet_id for packet_id, _, _ in sent(flight.take(100, 0.0))]
            data = b"".join(mqtt5.PubAckPacket(packet_id).write() for packet_id in ids)
            if flight.run_of(data)[0]:
                flight.acknowledge_run(len(ids), 0.0)
            else:
                assert None not in [flight.acknowledge(packet_id, 0.0) for packet_id in ids]
    assert (flight.under_way, flight.unsent) == (0, 3 * PACKET_IDS // 2 % 100)


def test_the_wait_for_an_acknowledgement_runs_from_the_last_sending() -> None:
    flight = Flight()
    for number in range(4):
        add(flight, number)
    flight.take(2, 10.0)
    flight.take(2, 11.0)
    assert flight.acknowledge_run(3, 12.0) == [Acknowledged(2, 2.0), Acknowledged(1, 1.0)]
    flight.rewind()
    flight.take(1, 20.0)
    assert flight.acknowledge(4, 20.5) == Acknowledged(1, 0.5)


@pytest.mark.parametrize("packet_id", [0, 1, 4, 65_535])
def test_what_was_not_sent_is_not_acknowledged(packet_id: int) -> None:
    flight = Flight()
    for number in range(5):
        add(flight, number)
    flight.take(3, 0.0)
    flight.acknowledge_run(1, 0.0)
    assert flight.acknowledge(packet_id, 0.0) is None
    assert flight.under_way == 2
