"""A persistent session on a real broker: nothing published is lost, whatever happens to the receiver."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from paho.mqtt import publish as paho_publish

from tests.ingest.mqtt.proxy import proxied
from tests.ingest.mqtt.running import (
    PREFIX,
    UPLINK,
    Sink,
    kill,
    make_session,
    numbered,
    publish,
    receiver,
    running,
    until,
)
from tests.servers.process import HOST

if TYPE_CHECKING:
    from tests.conftest import NewMosquitto
    from tests.servers import Mosquitto


def test_messages_arrive_in_order_and_are_acknowledged_once(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        sink = Sink()
        subject = receiver(mosquitto.port, sink, client_id="order")
        async with running(subject):
            await publish(mosquitto.port, numbered(1, 3000), topic=f"{PREFIX}/order/up/json")
            await until(lambda: len(sink.messages) >= 3000)
        assert sink.payloads == numbered(1, 3000)
        assert {topic for topic, _ in sink.messages} == {f"{PREFIX}/order/up/json"}
        assert (subject.status.pending_messages, subject.status.pending_bytes) == (0, 0)
        again = Sink()
        async with running(receiver(mosquitto.port, again, client_id="order")):
            await publish(mosquitto.port, [b"last"])
            await until(lambda: bool(again.messages))
        assert again.payloads == [b"last"]

    asyncio.run(scenario())


def test_what_is_published_while_no_receiver_runs_is_kept_by_the_broker(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        first = receiver(mosquitto.port, Sink(), client_id="away")
        async with running(first):
            assert first.status.session_present is False
        await publish(mosquitto.port, numbered(1, 500))
        sink = Sink()
        subject = receiver(mosquitto.port, sink, client_id="away")
        async with running(subject):
            await until(lambda: len(sink.messages) >= 500)
            assert subject.status.session_present is True
        assert sink.payloads == numbered(1, 500)

    asyncio.run(scenario())


def test_a_receiver_killed_again_and_again_loses_nothing(mosquitto: Mosquitto) -> None:
    """Each life takes what it can; packet ids begin anew with each, and what was held comes again."""

    async def scenario() -> None:
        await make_session(mosquitto.port, "killed")
        sink = Sink()
        publishing = asyncio.create_task(publish(mosquitto.port, numbered(1, 20_000)))
        for life in range(1, 6):
            subject = receiver(mosquitto.port, sink, client_id="killed", receive_maximum=200, batch_messages=50)
            task = asyncio.create_task(subject.run())
            await until(lambda life=life: len(set(sink.payloads)) >= 600 * life)  # type: ignore[misc]
            sink.open.clear()
            await until(lambda subject=subject: subject.status.pending_messages > 100)  # type: ignore[misc]
            await kill(task)
            sink.open.set()
        await publishing
        last = receiver(mosquitto.port, sink, client_id="killed")
        async with running(last):
            await until(lambda: len(set(sink.payloads)) >= 20_000)
        assert sorted(set(sink.payloads)) == numbered(1, 20_000)
        assert last.status.duplicates > 0

    asyncio.run(scenario())


def test_a_broker_that_restarts_keeps_the_session_and_loses_nothing(new_mosquitto: NewMosquitto) -> None:
    async def scenario() -> None:
        broker = new_mosquitto()
        sink = Sink()
        subject = receiver(broker.port, sink, client_id="restart")
        async with running(subject):
            await publish(broker.port, numbered(1, 500))
            sink.open.clear()
            await publish(broker.port, numbered(501, 1000))
            await until(lambda: subject.status.pending_messages > 0)
            await asyncio.to_thread(broker.stop)
            await until(lambda: not subject.status.connected)
            await asyncio.to_thread(broker.start)
            sink.open.set()
            await until(lambda: subject.status.reconnects == 1)
            await publish(broker.port, numbered(1001, 1500))
            await until(lambda: len(set(sink.payloads)) >= 1500)
            assert subject.status.session_present is True
            assert (subject.status.sessions_lost, subject.status.generation >= 2) == (0, True)
        assert sorted(set(sink.payloads)) == numbered(1, 1500)

    asyncio.run(scenario())


def test_a_lost_session_is_counted_and_what_was_held_is_made_safe_all_the_same(new_mosquitto: NewMosquitto) -> None:
    """A broker killed before it saved its queue sends nothing again: what we hold is the last copy."""

    async def scenario() -> None:
        broker = new_mosquitto("persistence false")
        sink = Sink()
        subject = receiver(broker.port, sink, client_id="lost")
        async with running(subject):
            await until(lambda: bool(sink.heartbeats))
            sink.open.clear()
            await publish(broker.port, numbered(1, 300))
            await until(lambda: subject.status.pending_messages == 300)
            await asyncio.to_thread(broker.kill)
            await asyncio.to_thread(broker.start)
            await until(lambda: subject.status.reconnects == 1)
            sink.open.set()
            await until(lambda: len(sink.messages) >= 300)
            assert (subject.status.session_present, subject.status.sessions_lost) == (False, 1)
        assert sink.payloads == numbered(1, 300)
        assert subject.status.acks_dropped == 300

    asyncio.run(scenario())


def test_stopping_makes_safe_and_acknowledges_what_was_received(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        sink = Sink()
        subject = receiver(mosquitto.port, sink, client_id="drain")
        async with running(subject):
            await until(lambda: bool(sink.heartbeats))
            sink.open.clear()
            await publish(mosquitto.port, numbered(1, 400))
            await until(lambda: subject.status.pending_messages == 400)
            stopping = asyncio.create_task(subject.stop())
            await until(lambda: subject.status.state == "stopping")
            sink.open.set()
            await stopping
        assert sink.payloads == numbered(1, 400)
        assert (subject.status.acks_sent, subject.status.acks_dropped) == (401, 0)
        again = Sink()
        async with running(receiver(mosquitto.port, again, client_id="drain")):
            await publish(mosquitto.port, [b"last"])
            await until(lambda: bool(again.messages))
        assert again.payloads == [b"last"]

    asyncio.run(scenario())


def test_stopping_below_a_backlog_leaves_the_rest_with_the_broker(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        await make_session(mosquitto.port, "backlog")
        await publish(mosquitto.port, numbered(1, 20_000))
        sink = Sink()
        subject = receiver(mosquitto.port, sink, client_id="backlog", receive_maximum=100)
        async with running(subject):
            await until(lambda: len(sink.messages) >= 100)
        taken = len(sink.messages)
        assert 0 < taken < 20_000
        async with running(receiver(mosquitto.port, sink, client_id="backlog")):
            await until(lambda: len(set(sink.payloads)) >= 20_000)
        assert sorted(set(sink.payloads)) == numbered(1, 20_000)
        assert len(sink.payloads) == 20_000

    asyncio.run(scenario())


def test_a_connection_that_breaks_again_and_again_loses_nothing(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        await make_session(mosquitto.port, "cuts")
        sink = Sink()
        async with proxied(mosquitto.port) as proxy:
            subject = receiver(proxy.port, sink, client_id="cuts", receive_maximum=300)
            async with running(subject):
                publishing = asyncio.create_task(publish(mosquitto.port, numbered(1, 10_000)))
                for cut in range(1, 6):
                    await until(lambda cut=cut: len(set(sink.payloads)) >= 1500 * cut)  # type: ignore[misc]
                    proxy.cut()
                    await until(lambda cut=cut: subject.status.reconnects >= cut)  # type: ignore[misc]
                await publishing
                await until(lambda: len(set(sink.payloads)) >= 10_000)
        assert sorted(set(sink.payloads)) == numbered(1, 10_000)
        assert subject.status.generation >= 6

    asyncio.run(scenario())


def test_what_a_broker_forgets_to_send_from_a_mixed_backlog_is_fetched_at_once(mosquitto: Mosquitto) -> None:
    """As many messages of QoS 1 as of QoS 0 behind a full window are moved into it unsent (mosquitto 2.0.11).

    Without a reconnect on purpose they would come whenever the connection happens to break.
    """

    async def scenario() -> None:
        await make_session(mosquitto.port, "mixed")
        for first in range(1, 1001, 100):
            await publish(mosquitto.port, numbered(first, first + 99))
            await publish(mosquitto.port, [b"zero %d" % first], qos=0)
        sink = Sink()
        subject = receiver(mosquitto.port, sink, client_id="mixed", receive_maximum=200)
        async with running(subject):
            await until(lambda: len(set(sink.payloads)) >= 1010)
            assert subject.status.refreshes == 1
            await until(lambda: subject.status.connected)
        assert sorted(set(sink.payloads))[:1000] == numbered(1, 1000)
        assert (subject.status.acks_dropped, subject.status.refreshes) == (0, 1)

    asyncio.run(scenario())


def test_a_backlog_within_the_window_needs_no_second_connection(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        await make_session(mosquitto.port, "within")
        await publish(mosquitto.port, numbered(1, 1000))
        sink = Sink()
        subject = receiver(mosquitto.port, sink, client_id="within")
        async with running(subject):
            await until(lambda: bool(sink.heartbeats) and len(sink.messages) == 1000)
            await publish(mosquitto.port, [b"last"])
            await until(lambda: b"last" in sink.payloads)
        assert (subject.status.generation, subject.status.refreshes) == (1, 0)

    asyncio.run(scenario())


def test_a_payload_of_one_megabyte_arrives_whole(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        large = bytes(range(256)) * 4096
        sink = Sink()
        async with running(receiver(mosquitto.port, sink, client_id="large")):
            await publish(mosquitto.port, [b"before", large, large[1:], b"after"])
            await until(lambda: len(sink.messages) >= 4)
        assert sink.payloads == [b"before", large, large[1:], b"after"]

    asyncio.run(scenario())


def test_user_properties_come_with_their_message(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        sink = Sink()
        async with running(receiver(mosquitto.port, sink, client_id="properties")):
            await publish(mosquitto.port, [b"live"])
            await publish(mosquitto.port, [b"recorded"], properties=[("received_at", "1772323200000")])
            await until(lambda: len(sink.messages) >= 2)
        found = {
            batch.payloads[index]: properties
            for batch in sink.batches
            for index, properties in batch.properties.items()
        }
        assert found == {b"recorded": [("received_at", "1772323200000")]}

    asyncio.run(scenario())


def test_quality_of_service_0_is_accepted_and_2_is_never_used(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        sink = Sink()
        subject = receiver(mosquitto.port, sink, client_id="qos")
        async with running(subject):
            await until(lambda: bool(sink.heartbeats))
            await publish(mosquitto.port, [b"zero"], qos=0)
            await until(lambda: len(sink.messages) >= 1)
            before = subject.status.acks_sent
            await publish(mosquitto.port, [b"two"], qos=2)
            await until(lambda: len(sink.messages) >= 2)
            await until(lambda: subject.status.acks_sent == before + 1)
        assert sink.payloads == [b"zero", b"two"]
        assert {owed >> 16 for batch in sink.batches for owed in batch.owed} == {0}

    asyncio.run(scenario())


def test_retained_status_comes_with_the_new_subscription_and_not_again_with_the_old(
    new_mosquitto: NewMosquitto,
) -> None:
    async def scenario() -> None:
        broker = new_mosquitto()
        status = f"{PREFIX}/g1/status"
        await asyncio.to_thread(
            paho_publish.single, status, "online", qos=1, retain=True, hostname=HOST, port=broker.port
        )
        sink = Sink()
        async with running(receiver(broker.port, sink, client_id="retained")):
            await until(lambda: len(sink.messages) >= 1)
        assert sink.messages == [(status, b"online")]
        again = Sink()
        async with running(receiver(broker.port, again, client_id="retained")):
            await publish(broker.port, [b"reading"])
            await until(lambda: bool(again.messages))
        assert again.messages == [(UPLINK, b"reading")]

    asyncio.run(scenario())
