"""One collector per client id: the second ends at once, and none takes the session from the other in turns."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import mqtt5
import pytest

from hydro.errors import AlreadyRunning, JournalFull
from ingest.mqtt.beats import Ping, Pong, encode_beat, parse_beat
from tests.ingest.mqtt.running import PREFIX, QUICK, Sink, make_session, numbered, publish, receiver, running, until
from tests.ingest.mqtt.scripted import Connection, scripted
from tests.servers.process import HOST

if TYPE_CHECKING:
    from tests.servers import Mosquitto

PATIENT = replace(QUICK, probe_s=5.0)


def test_a_second_collector_ends_and_the_first_does_not_notice(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        sink = Sink()
        first = receiver(mosquitto.port, sink, client_id="twins")
        async with running(first):
            second = receiver(mosquitto.port, Sink(), client_id="twins", timing=PATIENT)
            with pytest.raises(AlreadyRunning, match="client id 'twins' is connected to broker 127"):
                await second.run()
            with pytest.raises(AlreadyRunning):
                await second.wait_ready(1)
            await publish(mosquitto.port, numbered(1, 10))
            await until(lambda: len(sink.messages) == 10)
            assert (first.status.generation, first.status.reconnects) == (1, 0)
        # Pings and pongs are acknowledged, but are no messages.
        assert all(parse_beat(payload).__class__.__name__ == "Heartbeat" for payload in sink.heartbeats)

    asyncio.run(scenario())


def test_a_collector_whose_sink_is_blocked_is_alive(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        sink = Sink()
        first = receiver(mosquitto.port, sink, client_id="blocked")
        async with running(first):
            sink.error = JournalFull("no room")
            await publish(mosquitto.port, numbered(1, 10))
            await until(lambda: first.status.blocked_reason is not None)
            second = receiver(mosquitto.port, Sink(), client_id="blocked", timing=PATIENT)
            with pytest.raises(AlreadyRunning):
                await second.run()
            sink.error = None

    asyncio.run(scenario())


def test_collectors_of_other_ids_live_side_by_side(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        one, other = Sink(), Sink()
        async with (
            running(receiver(mosquitto.port, one, client_id="one")),
            running(receiver(mosquitto.port, other, client_id="other")),
        ):
            await publish(mosquitto.port, numbered(1, 10))
            await until(lambda: len(one.messages) == len(other.messages) == 10)

    asyncio.run(scenario())


def test_after_a_collector_has_ended_the_next_takes_its_session(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        await make_session(mosquitto.port, "heir")
        sink = Sink()
        subject = receiver(mosquitto.port, sink, client_id="heir")
        async with running(subject):
            assert subject.status.session_present is True

    asyncio.run(scenario())


def test_whoever_takes_the_session_ends_us_and_we_do_not_take_it_back(mosquitto: Mosquitto) -> None:
    """Our connection is closed without a word (mosquitto 2.0.11): the probe before reconnecting finds the other."""

    async def scenario() -> None:
        first = receiver(mosquitto.port, Sink(), client_id="taken", timing=replace(QUICK, probe_s=1.0))
        task = asyncio.create_task(first.run())
        await first.wait_ready(20)
        thief = asyncio.create_task(take_session(mosquitto.port, "taken"))
        with pytest.raises(AlreadyRunning, match="client id 'taken' is connected"):
            await task
        assert (first.status.state, first.status.generation) == ("stopped", 1)
        assert await thief is True

    asyncio.run(scenario())


async def take_session(port: int, client_id: str) -> bool:
    """Be another collector that takes a session without asking, until it is asked itself.

    Returns:
        Whether the session was there.
    """
    topic = f"{PREFIX}/_/heartbeat/{client_id}"
    reader, writer = await asyncio.open_connection(HOST, port)
    client = Connection(reader, writer)
    client.send(
        mqtt5.ConnectPacket(client_id, clean_start=False, session_expiry_interval=60),
        mqtt5.SubscribePacket(1, [mqtt5.TopicFilter(topic)]),
    )
    try:
        async for packet in client.read():
            if isinstance(packet, mqtt5.PublishPacket) and isinstance(question := parse_beat(packet.payload), Ping):
                client.send(mqtt5.PublishPacket(topic, encode_beat(Pong(question.nonce))))
                await writer.drain()
                break
    finally:
        client.cut()
    return client.of(mqtt5.ConnAckPacket)[0].session_present


def test_a_broker_that_says_that_the_session_was_taken_is_believed() -> None:
    async def scenario() -> None:
        async with scripted() as broker:
            subject = receiver(broker.port, Sink(), client_id="told")
            task = asyncio.create_task(subject.run())
            taken = mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER
            (await broker.connection(1)).send(mqtt5.DisconnectPacket(reason_code=taken))
            with pytest.raises(AlreadyRunning, match="somebody else has connected with the client id 'told'"):
                await task
            assert (len(broker.connections), len(broker.probes)) == (1, 1)

    asyncio.run(scenario())


def test_of_collectors_that_start_together_exactly_one_remains(mosquitto: Mosquitto) -> None:
    """Neither hears the other's probe, both connect; whoever loses the session asks again and hears the winner."""

    async def scenario() -> None:
        timing = replace(QUICK, probe_s=1.0)
        subjects = [receiver(mosquitto.port, Sink(), client_id="race", timing=timing) for _ in range(2)]
        tasks = [asyncio.create_task(subject.run()) for subject in subjects]
        done, left = await asyncio.wait(tasks, timeout=20, return_when=asyncio.FIRST_COMPLETED)
        assert (len(done), len(left)) == (1, 1)
        with pytest.raises(AlreadyRunning):
            await done.pop()
        survivor = subjects[tasks.index(left.pop())]
        await until(lambda: survivor.status.connected)
        await survivor.stop()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert survivor.status.generation == 1

    asyncio.run(scenario())


def test_what_was_received_is_made_safe_though_the_session_is_gone() -> None:
    async def scenario() -> None:
        sink = Sink(is_open=False)
        async with scripted() as broker:
            subject = receiver(broker.port, sink, client_id="taken")
            task = asyncio.create_task(subject.run())
            connection = await broker.connection(1)
            connection.deliver(1, b"A")
            await until(lambda: sink.calls == 1)
            taken = mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER
            connection.send(mqtt5.DisconnectPacket(reason_code=taken))
            await until(lambda: subject.status.state == "stopping")
            sink.open.set()
            with pytest.raises(AlreadyRunning):
                await task
        assert sink.payloads == [b"A"]
        assert (len(broker.connections), subject.status.acks_dropped) == (1, 1)

    asyncio.run(scenario())


def test_the_probe_comes_before_the_session_is_touched_and_only_its_own_answer_counts() -> None:
    async def scenario() -> None:
        async with scripted() as broker:
            timing = replace(QUICK, probe_s=0.3)
            subject = receiver(broker.port, Sink(), client_id="asking", timing=timing)
            task = asyncio.create_task(subject.run())
            await until(lambda: bool(broker.probes) and bool(broker.probes[0].of(mqtt5.PublishPacket)))
            assert broker.connections == []
            (probe,) = broker.probes
            (connect,) = probe.of(mqtt5.ConnectPacket)
            (question,) = probe.of(mqtt5.PublishPacket)
            assert connect.clean_start is True
            assert question.topic == "watermaster/v1/_/heartbeat/asking"
            assert isinstance(parse_beat(question.payload), Ping)
            probe.deliver(1, question.payload, question.topic)
            probe.deliver(2, encode_beat(Pong("anothernonce")), question.topic)
            await subject.wait_ready(10)
            assert probe.acknowledged == [1, 2]
            await subject.stop()
            await task

    asyncio.run(scenario())
