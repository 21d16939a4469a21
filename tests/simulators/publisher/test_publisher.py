"""A publisher and a broker that does exactly what a test says: flow control, order, loss, refusal, silence."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import mqtt5
import pytest

from hydro.errors import BrokerError
from simulators.publisher import Pace
from tests.end_to_end.running import eventually
from tests.servers.process import free_port
from tests.simulators.publisher.publishing import START, publisher, stream
from tests.simulators.publisher.scripted import ScriptedBroker, at_once

if TYPE_CHECKING:
    from simulators.publisher import Message, Publisher

Owed = list[mqtt5.PublishPacket]
Answers = list[mqtt5.PubAckPacket]


def publish(subject: Publisher, messages: list[Message], *, speed: float = 0.0) -> bool:
    """Publish all of it in chunks of uneven sizes."""
    chunks = [messages[:7], [], messages[7:100], messages[100:]]
    try:
        return subject.open(5.0) and subject.publish(chunks, Pace(speed))
    finally:
        subject.close()


def acknowledged(owed: Owed) -> Answers:
    return [mqtt5.PubAckPacket(packet.packet_id or 0) for packet in owed]


def lazily(broker: ScriptedBroker, connection: int, owed: Owed) -> Answers:
    """Acknowledge the oldest only, as soon as as many are under way as the broker allows."""
    del connection
    least = min(broker.connack.receive_max, 3)
    return acknowledged(owed[:1]) if len(owed) >= least or broker_has_all(broker) else []


def broker_has_all(broker: ScriptedBroker) -> bool:
    return len(broker.sent) >= 300


@pytest.mark.parametrize("window", [1, 7, 50, 65_535])
def test_never_more_is_under_way_than_the_broker_allows_and_gateways_keep_their_order(window: int) -> None:
    """Receive Maximum 1: one message, its acknowledgement, the next."""
    with ScriptedBroker(connack=mqtt5.ConnAckPacket(receive_max=window)) as broker:
        subject = publisher(broker.port)
        assert publish(subject, stream(300))
    assert max(sent.owed for sent in broker.sent) <= window
    assert len(broker.connects) == 4
    for gateway in range(4):
        numbers = [int(sent.payload[1:-1]) for sent in broker.sent if f"/g{gateway}/" in sent.topic]
        assert numbers == list(range(gateway, 300, 4))
    assert subject.tally.acknowledged == subject.tally.taken == 300
    assert (subject.tally.owed, subject.tally.resent, subject.tally.outages) == (0, 0, 0)
    assert broker.left == 4


def test_acknowledgements_out_of_order_are_taken_as_well() -> None:
    def backwards(broker: ScriptedBroker, connection: int, owed: Owed) -> Answers:
        return at_once(broker, connection, owed)[::-1]

    with ScriptedBroker(answer=backwards) as broker:
        subject = publisher(broker.port, clients=1)
        assert publish(subject, stream(300))
    assert len(broker.sent) == subject.tally.acknowledged == 300


def test_no_message_overtakes_those_of_the_minutes_before_it() -> None:
    """Whoever derives ticks from full minutes sees them between the same messages as in the record."""
    ends: dict[int, int] = {}

    def noting(broker: ScriptedBroker, connection: int, owed: Owed) -> Answers:
        for packet in owed:
            minute = int(packet.payload[1:-1]) // 100
            ends.setdefault(minute, len(broker.acknowledged))
        return at_once(broker, connection, owed)

    with ScriptedBroker(answer=noting) as broker:
        assert publish(publisher(broker.port), stream(500))
    assert ends == {minute: 100 * minute for minute in range(5)}


@pytest.mark.parametrize("taken", [0, 5])
def test_after_a_loss_exactly_what_was_not_acknowledged_comes_again(taken: int) -> None:
    """Each of the first connections is lost after some acknowledgements; what was on its way to the broker is lost."""
    done: dict[bytes, int] = {}

    def losing(broker: ScriptedBroker, connection: int, owed: Owed) -> Answers:
        if connection >= 3:
            return at_once(broker, connection, owed)
        broker.last_words = b"".join(answer.write() for answer in acknowledged(owed[:taken]))
        done.update((packet.payload, len(broker.sent)) for packet in owed[:taken])
        raise ConnectionAbortedError

    told: list[str] = []
    with ScriptedBroker(answer=losing, connack=mqtt5.ConnAckPacket(receive_max=20)) as broker:
        subject = publisher(broker.port, clients=1, told=told)
        assert publish(subject, stream(200))
    seen: set[bytes] = set()
    for number, sent in enumerate(broker.sent):
        assert sent.duplicate or sent.payload not in seen
        assert number < done.get(sent.payload, len(broker.sent))
        seen.add(sent.payload)
    assert len(seen) == subject.tally.acknowledged == 200
    ids = {(sent.payload, sent.packet_id) for sent in broker.sent}
    assert len(ids) == 200
    assert subject.tally.resent >= sum(sent.duplicate for sent in broker.sent)
    assert subject.tally.outages >= 1
    assert "waiting" in told[0]
    assert "is back after" in told[1]


def test_what_the_broker_refuses_is_counted_and_not_sent_again() -> None:
    def refusing(broker: ScriptedBroker, connection: int, owed: Owed) -> Answers:
        del broker, connection
        return [
            mqtt5.PubAckPacket(
                packet.packet_id or 0,
                reason_code=mqtt5.PubAckReasonCode.NOT_AUTHORIZED
                if "/g1/" in packet.topic
                else mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS,
            )
            for packet in owed
        ]

    with ScriptedBroker(answer=refusing) as broker:
        subject = publisher(broker.port)
        assert publish(subject, stream(200))
    assert len(broker.sent) == 200
    tally = subject.tally
    assert (tally.acknowledged, tally.unheard, tally.refused, tally.owed) == (150, 150, {"not_authorized": 50}, 0)
    assert tally.examples == {"not_authorized": "t/g1/up/json"}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (mqtt5.ConnAckReasonCode.NOT_AUTHORIZED, "not authorised"),
        (mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD, "bad user name or password"),
        (mqtt5.ConnAckReasonCode.BANNED, "banned"),
    ],
    ids=["authorisation", "password", "banned"],
)
def test_a_refusal_that_will_not_pass_is_told_at_once(code: mqtt5.ConnAckReasonCode, words: str) -> None:
    with ScriptedBroker(connack=mqtt5.ConnAckPacket(reason_code=code)) as broker:
        subject = publisher(broker.port)
        with pytest.raises(BrokerError, match=f"127.0.0.1:{broker.port} refuses the connection: {words}") as raised:
            publish(subject, stream(200))
    assert not raised.value.retryable
    assert len(broker.connects) == 1


def test_a_broker_that_is_busy_is_waited_for() -> None:
    busy = mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.SERVER_BUSY)
    with ScriptedBroker(connack=busy) as broker:
        subject = publisher(broker.port)

        def recover() -> None:
            eventually(lambda: len(broker.connects) >= 2, 10, "a second attempt")
            broker.connack = mqtt5.ConnAckPacket()

        waiting = threading.Thread(target=recover)
        waiting.start()
        assert publish(subject, stream(120))
        waiting.join()
    assert subject.tally.acknowledged == 120


def test_without_a_broker_it_gives_up_when_it_is_told_to_and_says_why() -> None:
    subject = publisher(free_port())
    began = time.monotonic()
    with pytest.raises(BrokerError, match="connection refused: nothing listens there"):
        subject.open(0.5)
    subject.close()
    assert time.monotonic() - began >= 0.5
    assert subject.tally.taken == 0


def test_what_is_too_large_for_the_broker_is_not_sent_to_it() -> None:
    """A broker with Maximum Packet Size ends the connection of whoever sends more."""
    with ScriptedBroker(connack=mqtt5.ConnAckPacket(max_packet_size=200)) as broker:
        subject = publisher(broker.port)
        messages = stream(150)
        messages[50] = (messages[50][0], "t/g1/up/json", bytes(200))
        messages[60] = (messages[60][0], "t/#", b"[60]")
        assert publish(subject, messages)
    assert len({sent.payload for sent in broker.sent}) == 148
    assert subject.tally.unsendable == {"packet_too_large": 1, "bad_topic": 1}
    assert subject.tally.owed == 0


def test_a_message_that_ends_every_connection_is_named_instead_of_being_tried_for_ever() -> None:
    def allergic(broker: ScriptedBroker, connection: int, owed: Owed) -> Answers:
        if any(packet.payload == b"[40]" for packet in owed):
            raise ConnectionAbortedError
        return at_once(broker, connection, owed)

    packet = mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.MALFORMED_PACKET)
    connack = mqtt5.ConnAckPacket(receive_max=1)
    with ScriptedBroker(answer=allergic, last_words=packet.write(), connack=connack) as broker:
        subject = publisher(broker.port, clients=1)
        subject.open(5.0)
        subject._connections._rng = NoWait()  # type: ignore[assignment]  # noqa: SLF001  # eight waits would take half a minute
        with pytest.raises(BrokerError, match=r"malformed packet, 8 times in a row when it was sent t/g0/up/json"):
            subject.publish([stream(200)], Pace(0.0))
        subject.close()
    assert subject.tally.acknowledged == 40


class NoWait:
    """Chance that makes waits short."""

    def random(self) -> float:
        """Shorten by as much as can be."""
        return 1.99


@pytest.mark.parametrize("noise", [b"\x40\x02\x00\x63", b"\xff\xff\xff\xff\xff\xff", b"\x20\x00"], ids=bytes.hex)
def test_a_broker_that_talks_nonsense_is_left_and_asked_again(noise: bytes) -> None:
    """PUBACK of what was not sent, no MQTT at all, a CONNACK cut short."""
    spoken: list[int] = []

    def babbling(broker: ScriptedBroker, connection: int, owed: Owed) -> Answers:
        if not spoken:
            spoken.append(connection)
            broker.last_words = noise
            raise ConnectionAbortedError
        return at_once(broker, connection, owed)

    with ScriptedBroker(answer=babbling) as broker:
        subject = publisher(broker.port, clients=1)
        assert publish(subject, stream(200))
    assert subject.tally.acknowledged == 200
    assert subject.tally.outages == 1


def test_who_is_stopped_sends_nothing_more_and_tells_how_far_it_came() -> None:
    """The broker acknowledges two minutes and then nothing any more."""

    def tired(broker: ScriptedBroker, connection: int, owed: Owed) -> Answers:
        return at_once(broker, connection, owed) if len(broker.acknowledged) < 200 else []

    with ScriptedBroker(answer=tired, connack=mqtt5.ConnAckPacket(receive_max=10)) as broker:
        subject = publisher(broker.port)

        def stop() -> None:
            eventually(lambda: len(broker.sent) >= 240, 10, "what the broker allows")
            subject.stop()

        stopping = threading.Thread(target=stop)
        stopping.start()
        assert not publish(subject, stream(1_000))
        stopping.join()
    tally = subject.tally
    assert len(broker.sent) == 240
    assert tally.acknowledged == 200
    assert tally.safe_to == START + 60_099
    assert tally.taken == 200 + 40 + tally.unsent
    assert tally.owed - tally.unsent == 40


def test_at_a_speed_messages_go_when_they_are_due() -> None:
    """Six minutes at 300 times their speed: 1.2 s; nothing before its time, and the minute all at once."""
    came: dict[int, float] = {}

    def noting(broker: ScriptedBroker, connection: int, owed: Owed) -> Answers:
        for packet in owed:
            came.setdefault(int(packet.payload[1:-1]) // 50, time.monotonic())
        return at_once(broker, connection, owed)

    with ScriptedBroker(answer=noting) as broker:
        assert publish(publisher(broker.port), stream(350, a_minute=50), speed=300.0)
    bursts = [came[minute] for minute in range(7)]
    assert all(later - earlier > 0.1 for earlier, later in pairwise(bursts))
    assert bursts[-1] - bursts[0] > 1.1


def test_a_slow_broker_slows_the_stream_down_and_nothing_piles_up() -> None:
    """One acknowledgement for each piece that comes: memory holds 16,384 messages, not the stream."""
    taken: list[int] = []

    def slowly(broker: ScriptedBroker, connection: int, owed: Owed) -> Answers:
        del broker, connection
        return acknowledged(owed[:50])

    def counting(messages: list[Message]) -> list[Message]:
        taken.append(subject.tally.owed)
        return messages

    messages = stream(60_000, a_minute=60_000)
    with ScriptedBroker(answer=slowly, connack=mqtt5.ConnAckPacket(receive_max=50)) as broker:
        subject = publisher(broker.port, clients=2)
        assert subject.open(5.0)
        assert subject.publish((counting(messages[at : at + 500]) for at in range(0, 60_000, 500)), Pace(0.0))
        subject.close()
    assert subject.tally.acknowledged == 60_000
    assert max(taken) <= 16_384 + 2_048
