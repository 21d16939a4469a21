"""An acknowledgement belongs to the connection on which its message came.

A packet id names a message on one connection only:

    connection 1   PUBLISH id 1 = A ────── held ──────┐
                   ✂ lost                              │ the sink returns
    connection 2   PUBLISH id 1 = B                    ▼
                                     PUBACK id 1 sent here would say that B is safe: B would be lost silently
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.ingest.mqtt.proxy import proxied
from tests.ingest.mqtt.running import WITHIN_S, Sink, kill, make_session, numbered, publish, receiver, running, until
from tests.ingest.mqtt.scripted import scripted
from tests.servers.process import HOST

if TYPE_CHECKING:
    from tests.servers import Mosquitto


def test_acknowledgements_held_over_a_lost_connection_are_never_sent_on_the_next() -> None:
    async def scenario() -> None:
        sink = Sink(is_open=False)
        async with scripted() as broker:
            subject = receiver(broker.port, sink, client_id="stale")
            async with running(subject):
                first = await broker.connection(1)
                for packet_id, payload in ((1, b"A"), (2, b"B")):
                    first.deliver(packet_id, payload)
                await until(lambda: sink.calls == 1 and subject.status.pending_messages == 2)
                first.cut()
                second = await broker.connection(2)
                # The same ids, other messages: A was dropped from the queue by an operator, say.
                for packet_id, payload in ((1, b"C"), (2, b"D"), (3, b"E")):
                    second.deliver(packet_id, payload)
                await until(lambda: subject.status.pending_messages == 5)
                assert (first.acknowledged, second.acknowledged) == ([], [])

                # Let exactly the call go that holds messages of the first connection.
                sink.open.set()
                sink.open.clear()
                await until(lambda: subject.status.acks_dropped == 2)
                assert sink.payloads == [b"A", b"B"]
                # A round trip proves that nothing was on its way.
                await until(lambda: sink.calls == 2)
                assert second.acknowledged == []

                sink.open.set()
                await until(lambda: second.acknowledged == [1, 2, 3])
        assert sink.payloads == [b"A", b"B", b"C", b"D", b"E"]
        assert (subject.status.acks_sent, subject.status.acks_dropped) == (3, 2)
        assert first.acknowledged == []
        assert second.acknowledged == [1, 2, 3]

    asyncio.run(scenario())


def test_a_batch_never_mixes_two_connections() -> None:
    async def scenario() -> None:
        sink = Sink(is_open=False)
        async with scripted() as broker:
            subject = receiver(broker.port, sink, client_id="mix")
            async with running(subject):
                for number in range(1, 5):
                    connection = await broker.connection(number)
                    connection.deliver(1, b"%d" % number)
                    await until(lambda number=number: subject.status.pending_messages == number)  # type: ignore[misc]
                    if number < 4:
                        connection.cut()
                sink.open.set()
                await until(lambda: connection.acknowledged == [1])
        assert [(batch.generation, batch.payloads) for batch in sink.batches] == [
            (number, [b"%d" % number]) for number in range(1, 5)
        ]
        assert [each.acknowledged for each in broker.connections] == [[], [], [], [1]]
        assert (subject.status.acks_sent, subject.status.acks_dropped) == (1, 3)

    asyncio.run(scenario())


def test_acknowledgements_that_a_sink_gives_while_nobody_is_connected_are_dropped() -> None:
    async def scenario() -> None:
        sink = Sink(is_open=False)
        async with scripted() as broker:
            subject = receiver(broker.port, sink, client_id="between")
            async with running(subject):
                first = await broker.connection(1)
                first.deliver(7, b"A")
                await until(lambda: sink.calls == 1)
                first.cut()
                await until(lambda: not subject.status.connected)
                sink.open.set()
                await until(lambda: subject.status.acks_dropped == 1)
                second = await broker.connection(2)
                second.deliver(7, b"A")
                await until(lambda: second.acknowledged == [7])
        assert sink.payloads == [b"A", b"A"]

    asyncio.run(scenario())


def test_on_a_real_broker_reused_packet_ids_lose_nothing(mosquitto: Mosquitto) -> None:
    """The session is lost and made anew while acknowledgements are held, so that packet ids begin again.

    connection 1   1 … 100 under ids 3 … 102, held ─────────┐
                   ✂ another program renews the session      │ safe: acknowledged, but nowhere
    connection 2   101 … 200 under ids 1 … 100, held         ▼
                   ✂ killed before any of these is safe
    next receiver  must get 101 … 200: stale acknowledgements would have thrown 101 … 200 away at the broker
    """

    async def scenario() -> None:
        await make_session(mosquitto.port, "reused")
        sink = Sink()
        async with proxied(mosquitto.port) as proxy:
            subject = receiver(proxy.port, sink, client_id="reused")
            task = asyncio.create_task(subject.run())
            await until(lambda: bool(sink.heartbeats))
            sink.open.clear()
            await publish(mosquitto.port, numbered(1, 100))
            await until(lambda: subject.status.pending_messages == 100)
            proxy.refuses = True
            proxy.cut()
            await until(lambda: not subject.status.connected)
            await asyncio.to_thread(renew_session, mosquitto.port, "reused")
            await publish(mosquitto.port, numbered(101, 200))
            proxy.refuses = False
            await until(lambda: subject.status.pending_messages >= 200)
            while len(sink.messages) < 100:
                calls = sink.calls
                sink.open.set()
                sink.open.clear()
                await until(lambda calls=calls: sink.calls > calls)  # type: ignore[misc]
            assert sink.payloads == numbered(1, 100)
            assert subject.status.acks_dropped == 100
            await kill(task)
        rest = Sink()
        async with running(receiver(mosquitto.port, rest, client_id="reused")):
            await until(lambda: len(rest.messages) >= 100)
        assert rest.payloads == numbered(101, 200)

    asyncio.run(scenario())


def test_on_a_real_broker_what_was_held_comes_again_and_none_is_acknowledged_unseen(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        await make_session(mosquitto.port, "again")
        sink = Sink()
        async with proxied(mosquitto.port) as proxy:
            subject = receiver(proxy.port, sink, client_id="again")
            async with running(subject):
                await until(lambda: bool(sink.heartbeats))
                sink.open.clear()
                await publish(mosquitto.port, numbered(1, 500))
                await until(lambda: subject.status.pending_messages == 500)
                for cut in range(1, 4):
                    proxy.cut()
                    await until(lambda cut=cut: subject.status.reconnects == cut)  # type: ignore[misc]
                    await until(lambda cut=cut: subject.status.pending_messages >= 500 * (cut + 1))  # type: ignore[misc]
                sink.open.set()
                await until(lambda: len(sink.messages) >= 2000)
                assert subject.status.duplicates >= 1500
        # Held, and sent again on each of three connections, always in order.
        assert sink.payloads == numbered(1, 500) * 4
        assert subject.status.acks_dropped >= 1500

    asyncio.run(scenario())


def renew_session(port: int, client_id: str) -> None:
    """Throw a session away and make a new one with the same subscription, as another program of that name would."""
    about = Properties(PacketTypes.CONNECT)
    about.SessionExpiryInterval = 600
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv5)
    client.connect(HOST, port, clean_start=True, properties=about)
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.loop_start()
    try:
        client.subscribe("watermaster/v1/+/up/+", 1)
        assert subscribed.wait(WITHIN_S)
    finally:
        client.disconnect()
        client.loop_stop()
