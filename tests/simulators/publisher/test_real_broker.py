"""A real mosquitto, stopped, killed, closed to us, or slow: nothing is lost, nothing acknowledged comes again."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from hydro.errors import BrokerError
from simulators.publisher import Pace
from tests.end_to_end.running import eventually
from tests.simulators.publisher.publishing import Listener, listening, publisher, stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from simulators.publisher import Message
    from tests.conftest import NewMosquitto
    from tests.servers import Mosquitto


def test_every_message_arrives_with_its_arrival_and_its_bytes(mosquitto: Mosquitto) -> None:
    messages = stream(2_000, prefix="whole")
    with listening(mosquitto.port, "whole/#", "whole") as listener:
        subject = publisher(mosquitto.port, name="whole-p")
        assert subject.open()
        assert subject.publish([messages], Pace(0.0))
        subject.close()
        heard = listener.wait(2_000)
    assert Counter((one.topic, one.payload, int(one.received_at)) for one in heard) == Counter(
        (topic, payload, at) for at, topic, payload in messages
    )
    for gateway in range(4):
        numbers = [int(one.payload[1:-1]) for one in heard if f"/g{gateway}/" in one.topic]
        assert numbers == sorted(numbers)
    tally = subject.tally
    assert (tally.acknowledged, tally.unheard, tally.resent, tally.owed) == (2_000, 0, 0, 0)
    assert sum(tally.timeline.counts) == 2_000
    longest = tally.waits.share_s(1.0)
    assert longest is not None
    assert 0 < longest < 10


def test_states_of_gateways_are_kept_by_the_broker_and_readings_are_not(mosquitto: Mosquitto) -> None:
    status = (1, "kept/v1/g1/status", b"online")
    reading = (2, "kept/v1/g1/up/json", b"[]")
    subject = publisher(mosquitto.port, name="kept-p")
    assert subject.open()
    assert subject.publish([[status, reading]], Pace(0.0))
    subject.close()
    with listening(mosquitto.port, "kept/#", "kept") as listener:
        heard = listener.wait(1)
    assert [(one.topic, one.payload, one.retain) for one in heard] == [(status[1], status[2], True)]


def halting(messages: list[Message], halt: threading.Event, at: int) -> Iterator[list[Message]]:
    """Chunks; the event is set when so many messages were handed over."""
    for begin in range(0, len(messages), 500):
        if begin == at:
            halt.set()
        yield messages[begin : begin + 500]


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_a_broker_that_goes_in_the_middle_is_waited_for_and_nothing_acknowledged_is_sent_again(
    new_mosquitto: NewMosquitto, way: str
) -> None:
    """Stopped, the broker keeps what it acknowledged; killed, it may lose it, and the subscriber with it."""
    messages = stream(20_000, a_minute=5_000)
    broker = new_mosquitto()
    told: list[str] = []
    subject = publisher(broker.port, told=told)
    now = threading.Event()

    def go_away() -> None:
        now.wait(20)
        broker.stop() if way == "stop" else broker.kill()
        broker.start()

    going = threading.Thread(target=go_away)
    going.start()
    with listening(broker.port, "t/#", "listener") as listener:
        assert subject.open()
        assert subject.publish(halting(messages, now, 6_000), Pace(0.0))
        subject.close()
        going.join()
        tally = subject.tally
        assert tally.acknowledged == 20_000
        assert (tally.owed, tally.outages) == (0, 1)
        assert ["waiting" in told[0], "is back after" in told[-1]] == [True, True]
        wanted = {payload for _, _, payload in messages}
        if way == "stop":
            eventually(lambda: {one.payload for one in tuple(listener.heard)} == wanted, 30, "every message")
        counts = Counter(one.payload for one in listener.heard)
        assert sum(count - 1 for count in counts.values()) <= tally.resent


def test_a_user_who_is_not_let_in_is_told_at_once(new_mosquitto: NewMosquitto, tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    broker = new_mosquitto(passwords=passwords)
    subject = publisher(broker.port)
    with pytest.raises(BrokerError, match="refuses the connection: not authorised") as raised:
        subject.open()
    subject.close()
    assert not raised.value.retryable


def test_a_broker_that_takes_one_message_at_a_time_gets_one_at_a_time(new_mosquitto: NewMosquitto) -> None:
    """Mosquitto's max_inflight_messages is the Receive Maximum that it tells clients."""
    broker = new_mosquitto("max_inflight_messages 1")
    subject = publisher(broker.port, clients=2)
    assert subject.open()
    assert subject.publish([stream(1_000)], Pace(0.0))
    subject.close()
    assert (subject.tally.acknowledged, subject.tally.outages) == (1_000, 0)


def test_a_broker_that_grants_fewer_connections_than_gateways_need_is_asked_until_one_stops(
    new_mosquitto: NewMosquitto,
) -> None:
    """What the granted ones carry is acknowledged; after 30 s of this it would be an error."""
    broker = new_mosquitto("max_connections 2")
    subject = publisher(broker.port, clients=4)

    def stop() -> None:
        eventually(lambda: subject.outage is not None and subject.tally.acknowledged >= 50, 10, "a connection refused")
        subject.stop()

    stopping = threading.Thread(target=stop)
    assert subject.open()
    stopping.start()
    assert not subject.publish([stream(400)], Pace(0.0))
    stopping.join()
    subject.close()
    assert subject.tally.acknowledged in {50, 75}
    assert subject.tally.safe_to is None


def test_a_listener_that_does_not_acknowledge_keeps_no_publisher_waiting(mosquitto: Mosquitto) -> None:
    """The broker queues for it: that is what a session is for."""
    listener = Listener(mosquitto.port, "idle/#", "idle")
    listener.close()
    subject = publisher(mosquitto.port, name="idle-p")
    assert subject.open()
    assert subject.publish([stream(3_000, prefix="idle")], Pace(0.0))
    subject.close()
    assert (subject.tally.acknowledged, subject.tally.unheard) == (3_000, 0)
    with listening(mosquitto.port, "idle/#", "idle") as again:
        assert len({one.payload for one in again.wait(3_000)}) == 3_000
