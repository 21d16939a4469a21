"""The heartbeat: liveness of the session and clock tick of the journal; and what the broker decides about both."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import mqtt5

from hydro.errors import JournalFull
from ingest.mqtt.beats import Heartbeat, parse_beat
from tests.ingest.mqtt.proxy import proxied
from tests.ingest.mqtt.running import QUICK, Sink, make_session, numbered, publish, receiver, running, until
from tests.ingest.mqtt.scripted import scripted

if TYPE_CHECKING:
    from tests.servers import Mosquitto

BEATING = replace(QUICK, heartbeat_s=0.05)


def test_heartbeats_come_back_through_the_session_and_reach_the_sink(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        sink = Sink()
        before = time.time_ns() // 1_000_000
        subject = receiver(mosquitto.port, sink, client_id="beating", timing=BEATING)
        async with running(subject):
            await until(lambda: len(sink.heartbeats) >= 5)
        after = time.time_ns() // 1_000_000
        beats = [parse_beat(payload) for payload in sink.heartbeats]
        instants = [beat.at for beat in beats if isinstance(beat, Heartbeat)]
        assert instants == sorted(instants)
        assert before <= instants[0] <= instants[-1] <= after
        topics = {topic for batch in sink.batches for topic in batch.topics}
        assert topics == {"watermaster/v1/_/heartbeat/beating"}
        status = subject.status
        assert status.last_heartbeat_at is not None
        assert before <= status.last_heartbeat_at <= after
        assert status.heartbeat_delay_ms is not None
        assert 0 <= status.heartbeat_delay_ms < 10_000
        assert status.heartbeats_sent >= 5

    asyncio.run(scenario())


def test_a_deaf_connection_is_given_up_though_the_broker_answers_pings() -> None:
    async def scenario() -> None:
        timing = replace(BEATING, deaf_s=0.3, keep_alive_s=1.0)
        sink = Sink()
        async with scripted() as broker:
            broker.echoes = True
            subject = receiver(broker.port, sink, client_id="deaf", timing=timing)
            async with running(subject):
                first = await broker.connection(1)
                await until(lambda: len(sink.heartbeats) >= 10)
                assert subject.status.generation == 1
                broker.echoes = False
                # The pongs of the keep alive go on: only the session is dead.
                await until(lambda: first.closed)
                broker.echoes = True
                await broker.connection(2)
                await until(lambda: subject.status.reconnects == 1)
        assert subject.status.generation == 2

    asyncio.run(scenario())


def test_any_message_proves_that_the_session_delivers_though_the_heartbeat_is_behind_a_backlog() -> None:
    async def scenario() -> None:
        timing = replace(BEATING, deaf_s=0.2)
        async with scripted() as broker:
            subject = receiver(broker.port, Sink(), client_id="backlog", timing=timing)
            async with running(subject):
                connection = await broker.connection(1)
                started = time.monotonic()
                for packet_id in range(1, 61):
                    connection.deliver(packet_id, b"x")
                    await until(lambda packet_id=packet_id: connection.acknowledged[-1:] == [packet_id])  # type: ignore[misc]
                    await asyncio.sleep(0.01)  # the spacing of the messages, not a wait for something
                assert time.monotonic() - started > 0.5
                assert subject.status.generation == 1
                await until(lambda: connection.closed)

    asyncio.run(scenario())


def test_the_probe_of_liveness_is_frozen_while_acknowledgements_are_paused() -> None:
    """The broker may have handed out all that it may: no heartbeat can come, and that says nothing."""

    async def scenario() -> None:
        timing = replace(BEATING, deaf_s=0.2, keep_alive_s=1.0)
        sink = Sink()
        async with scripted() as broker:
            subject = receiver(broker.port, sink, client_id="frozen", timing=timing)
            async with running(subject):
                connection = await broker.connection(1)
                sink.error = JournalFull("no room")
                connection.deliver(1, b"A")
                await until(lambda: subject.status.blocked_reason is not None)
                calls, sent = sink.calls, subject.status.heartbeats_sent
                # Far longer than the limit: retries come at most every 0.1 s.
                await until(lambda: sink.calls >= calls + 12)
                assert not connection.closed
                # And the broker is not made to pile up heartbeats meanwhile.
                assert subject.status.heartbeats_sent <= sent + 1
                sink.error = None
                await until(lambda: connection.acknowledged == [1])

    asyncio.run(scenario())


def test_a_connection_without_a_byte_is_given_up_and_the_next_goes_on(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        await make_session(mosquitto.port, "silent")
        timing = replace(QUICK, keep_alive_s=1.0)
        sink = Sink()
        async with proxied(mosquitto.port) as proxy:
            subject = receiver(proxy.port, sink, client_id="silent", timing=timing)
            async with running(subject):
                await publish(mosquitto.port, numbered(1, 10))
                await until(lambda: len(sink.messages) == 10)
                proxy.deaf = True
                await publish(mosquitto.port, numbered(11, 20))
                await until(lambda: not subject.status.connected)
                assert subject.status.last_error is not None
                assert "answers no ping" in subject.status.last_error
                proxy.deaf = False
                await until(lambda: len(sink.messages) >= 20)
        assert sorted(set(sink.payloads)) == numbered(1, 20)

    asyncio.run(scenario())


def test_a_connection_that_swallows_what_we_say_is_given_up(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        timing = replace(QUICK, keep_alive_s=1.0)
        async with proxied(mosquitto.port) as proxy:
            subject = receiver(proxy.port, Sink(), client_id="swallowed", timing=timing)
            async with running(subject):
                proxy.swallows = True
                await until(lambda: not subject.status.connected)
                proxy.swallows = False
                await until(lambda: subject.status.reconnects >= 1)

    asyncio.run(scenario())


def test_the_keep_alive_that_the_broker_sets_is_kept() -> None:
    async def scenario() -> None:
        async with scripted() as broker:
            broker.connack = mqtt5.ConnAckPacket(server_keep_alive=1)
            async with running(receiver(broker.port, Sink(), client_id="keepalive")):
                connection = await broker.connection(1)
                started = time.monotonic()
                await until(lambda: len(connection.of(mqtt5.PingReqPacket)) >= 2)
                assert time.monotonic() - started < 3.0

    asyncio.run(scenario())


def test_pings_go_on_while_the_sink_fails() -> None:
    async def scenario() -> None:
        sink = Sink()
        sink.error = JournalFull("no room")
        async with scripted() as broker:
            broker.connack = mqtt5.ConnAckPacket(server_keep_alive=1)
            async with running(receiver(broker.port, sink, client_id="pinging")):
                connection = await broker.connection(1)
                connection.deliver(1, b"A")
                await until(lambda: len(connection.of(mqtt5.PingReqPacket)) >= 3)
                assert not connection.closed
                sink.error = None

    asyncio.run(scenario())


def test_the_receive_maximum_of_the_broker_bounds_our_own_heartbeats() -> None:
    async def scenario() -> None:
        async with scripted() as broker:
            broker.connack = mqtt5.ConnAckPacket(receive_max=2)
            broker.acknowledges = False
            subject = receiver(broker.port, Sink(), client_id="bounded", timing=BEATING)
            async with running(subject):
                connection = await broker.connection(1)
                await until(lambda: len(connection.of(mqtt5.PublishPacket)) == 2)
                for packet in connection.of(mqtt5.PublishPacket):
                    assert packet.packet_id is not None
                    connection.send(mqtt5.PubAckPacket(packet.packet_id))
                await until(lambda: len(connection.of(mqtt5.PublishPacket)) == 4)
                assert subject.status.heartbeats_sent == 4
                assert len({packet.packet_id for packet in connection.of(mqtt5.PublishPacket)[:2]}) == 2

    asyncio.run(scenario())


def test_a_session_of_quality_2_that_somebody_else_made_is_emptied_and_not_stuck() -> None:
    async def scenario() -> None:
        sink = Sink()
        async with scripted() as broker, running(receiver(broker.port, sink, client_id="qos2")):
            connection = await broker.connection(1)
            connection.send(
                mqtt5.PublishPacket("watermaster/v1/g1/up/json", b"A", qos=mqtt5.QoS.EXACTLY_ONCE, packet_id=9)
            )
            await until(lambda: [packet.packet_id for packet in connection.of(mqtt5.PubRecPacket)] == [9])
            assert sink.payloads == [b"A"]
            connection.send(mqtt5.PubRelPacket(9))
            await until(lambda: [packet.packet_id for packet in connection.of(mqtt5.PubCompPacket)] == [9])

    asyncio.run(scenario())


def test_a_broker_that_answers_behind_a_long_backlog_has_taken_us() -> None:
    """It sends the session's messages first: however long we take for them, it is no broker that is absent."""

    async def scenario() -> None:
        sink = Sink()
        timing = replace(QUICK, connect_s=0.4)
        async with scripted() as broker:
            broker.suback = None
            subject = receiver(broker.port, sink, client_id="behind", timing=timing)
            receiving = asyncio.create_task(subject.run())
            connection = await broker.connection(1)
            for number in range(1, 8):
                connection.deliver(number, b"%d" % number)
                await until(lambda number=number: len(sink.payloads) == number)  # type: ignore[misc]  # bound at once
                await asyncio.sleep(0.1)  # beyond connect_s in all, never without a byte for so long
            await subject.wait_ready(1.0)
            assert len(broker.connections) == 1
            await broker.connection(2)  # and when nothing comes any more, it owes the answer
            await subject.stop()
            await receiving

    asyncio.run(scenario())
