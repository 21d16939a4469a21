"""A sink that fails, is slow or stuck: acknowledgements wait, memory is bounded, nothing is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import mqtt5
import pytest

from hydro.errors import JournalError, JournalFull
from tests.ingest.mqtt.running import QUICK, Sink, make_session, numbered, publish, receiver, running, until
from tests.ingest.mqtt.scripted import scripted

if TYPE_CHECKING:
    from ingest.mqtt import Batch
    from tests.conftest import NewMosquitto
    from tests.servers import Mosquitto


def test_nothing_is_acknowledged_while_the_journal_is_full_and_all_is_when_there_is_room_again() -> None:
    async def scenario() -> None:
        sink = Sink()
        sink.error = JournalFull("no room on /data")
        async with scripted() as broker:
            subject = receiver(broker.port, sink, client_id="full")
            async with running(subject):
                connection = await broker.connection(1)
                for packet_id in range(1, 101):
                    connection.deliver(packet_id, b"%d" % packet_id)
                await until(lambda: sink.calls >= 4)
                assert subject.status.blocked_reason == "no room on /data"
                assert connection.acknowledged == []
                sink.error = None
                await until(lambda: connection.acknowledged == list(range(1, 101)))
                await until(lambda: subject.status.blocked_reason is None)
                assert subject.status.generation == 1
        assert sink.payloads == [b"%d" % number for number in range(1, 101)]

    asyncio.run(scenario())


def test_a_full_journal_on_a_real_broker_costs_neither_messages_nor_the_connection(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        sink = Sink()
        subject = receiver(mosquitto.port, sink, client_id="full")
        async with running(subject):
            await until(lambda: bool(sink.heartbeats))
            sink.error = JournalFull("no room")
            await publish(mosquitto.port, numbered(1, 2000))
            await until(lambda: subject.status.blocked_reason is not None and subject.status.pending_messages == 2000)
            sink.error = None
            await until(lambda: len(sink.messages) >= 2000)
        assert sink.payloads == numbered(1, 2000)
        assert (subject.status.generation, subject.status.acks_dropped) == (1, 0)

    asyncio.run(scenario())


def test_full_journal_and_full_memory_give_the_connection_up_until_there_is_room(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        await make_session(mosquitto.port, "both")
        await publish(mosquitto.port, [b"%05d" % number + bytes(1000) for number in range(5000)])
        sink = Sink()
        sink.error = JournalFull("no room")
        subject = receiver(mosquitto.port, sink, client_id="both", max_pending_bytes=1_000_000)
        async with running(subject):
            await until(lambda: subject.status.state == "held_back")
            held = subject.status.pending_bytes
            # The bound, one read and one message beyond it.
            assert 1_000_000 < held < 1_000_000 + 300_000
            assert subject.status.overfull == 1
            sink.error = None
            await until(lambda: len({payload[:5] for payload in sink.payloads}) >= 5000)
            assert subject.status.connected
        assert sorted({payload[:5] for payload in sink.payloads}) == [b"%05d" % number for number in range(5000)]

    asyncio.run(scenario())


def test_a_slow_sink_gets_ahead_though_the_broker_would_send_more_than_may_be_held(mosquitto: Mosquitto) -> None:
    """Dropping the connection at the bound would drop its acknowledgements: the same messages would come for ever."""

    async def scenario() -> None:
        await make_session(mosquitto.port, "slow")
        await publish(mosquitto.port, [b"%05d" % number + bytes(20_000) for number in range(2000)])
        highest = 0

        class Slow(Sink):
            async def __call__(self, batch: Batch) -> None:
                nonlocal highest
                if not self.messages:  # so slow that the bound is reached, however fast the broker sends
                    await until(lambda: subject.status.pending_bytes > 1_000_000)
                highest = max(highest, subject.status.pending_bytes)
                await super().__call__(batch)

        sink = Slow()
        subject = receiver(mosquitto.port, sink, client_id="slow", max_pending_bytes=1_000_000, batch_bytes=300_000)
        async with running(subject):
            await until(lambda: len(sink.messages) >= 2000)
        assert [payload[:5] for payload in sink.payloads] == [b"%05d" % number for number in range(2000)]
        assert (subject.status.generation, subject.status.overfull, subject.status.acks_dropped) == (1, 0, 0)
        assert 1_000_000 < highest < 1_000_000 + 300_000

    asyncio.run(scenario())


def test_a_queue_of_large_messages_drains_on_one_connection(new_mosquitto: NewMosquitto) -> None:
    """The first of them begins in the same bytes in which the broker's CONNACK comes."""
    mosquitto = new_mosquitto()

    async def scenario() -> None:
        await make_session(mosquitto.port, "large")
        payloads = [b"%06d" % number + bytes(1_050_000) for number in range(1, 21)]
        await publish(mosquitto.port, payloads)
        sink = Sink()
        subject = receiver(mosquitto.port, sink, client_id="large")
        async with running(subject):
            await until(lambda: len(sink.messages) >= 20)
        assert sink.payloads == payloads
        assert (subject.status.generation, subject.status.acks_dropped) == (1, 0)

    asyncio.run(scenario())


def test_a_message_beyond_the_bound_is_taken_alone() -> None:
    async def scenario() -> None:
        sink = Sink()
        async with scripted() as broker:
            subject = receiver(broker.port, sink, client_id="giant", max_pending_bytes=1000)
            async with running(subject):
                connection = await broker.connection(1)
                connection.deliver(1, bytes(2_000_000))
                connection.deliver(2, b"next")
                await until(lambda: connection.acknowledged == [1, 2])
        assert [len(payload) for payload in sink.payloads] == [2_000_000, 4]

    asyncio.run(scenario())


def test_a_sink_that_is_stuck_gives_the_connection_up_at_the_bound() -> None:
    async def scenario() -> None:
        sink = Sink(is_open=False)
        async with scripted() as broker:
            timing = replace(QUICK, stuck_s=0.1)
            subject = receiver(broker.port, sink, client_id="stuck", max_pending_bytes=1000, timing=timing)
            async with running(subject):
                first = await broker.connection(1)
                for packet_id in range(1, 21):
                    first.deliver(packet_id, bytes(100))
                await until(lambda: subject.status.state == "held_back")
                await until(lambda: first.closed)
                sink.open.set()
                second = await broker.connection(2)
                second.deliver(1, b"again")
                await until(lambda: second.acknowledged == [1])
                assert subject.status.acks_dropped == subject.status.messages - 1

    asyncio.run(scenario())


def test_stopping_does_not_wait_for_a_sink_that_fails(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        sink = Sink()
        subject = receiver(mosquitto.port, sink, client_id="stopfull", timing=replace(QUICK, drain_s=60.0))
        async with running(subject):
            await until(lambda: bool(sink.heartbeats))
            sink.error = JournalFull("no room")
            await publish(mosquitto.port, numbered(1, 10))
            await until(lambda: subject.status.blocked_reason is not None)
            async with asyncio.timeout(10):
                await subject.stop()
        assert sink.payloads == []
        again = Sink()
        async with running(receiver(mosquitto.port, again, client_id="stopfull")):
            await until(lambda: len(again.messages) >= 10)
        assert again.payloads == numbered(1, 10)

    asyncio.run(scenario())


def test_an_error_that_will_not_pass_ends_the_receiver_without_an_acknowledgement() -> None:
    async def scenario() -> None:
        sink = Sink()
        sink.error = JournalError("segment 7 is damaged")
        async with scripted() as broker:
            subject = receiver(broker.port, sink, client_id="damaged")
            task = asyncio.create_task(subject.run())
            connection = await broker.connection(1)
            connection.deliver(1, b"A")
            with pytest.raises(JournalError, match="segment 7"):
                await task
            await until(lambda: connection.closed)
            assert connection.acknowledged == []
            assert subject.status.state == "stopped"

    asyncio.run(scenario())


def test_what_arrives_during_a_sink_call_becomes_one_batch_up_to_the_limits() -> None:
    async def scenario() -> None:
        sink = Sink(is_open=False)
        async with scripted() as broker:
            subject = receiver(broker.port, sink, client_id="batches", batch_messages=30)
            async with running(subject):
                connection = await broker.connection(1)
                connection.deliver(1, b"first")
                await until(lambda: sink.calls == 1)
                for packet_id in range(2, 102):
                    connection.deliver(packet_id, b"x")
                    await until(lambda packet_id=packet_id: subject.status.pending_messages == packet_id)  # type: ignore[misc]
                sink.open.set()
                await until(lambda: len(connection.acknowledged) == 101)
        assert [len(batch) for batch in sink.batches] == [1, 30, 30, 30, 10]

    asyncio.run(scenario())


def test_receive_maximum_is_asked_for_and_maximum_packet_size_never() -> None:
    async def scenario() -> None:
        async with (
            scripted() as broker,
            running(receiver(broker.port, Sink(), client_id="asked", receive_maximum=1234, session_expiry_s=77)),
        ):
            (connect,) = (await broker.connection(1)).of(mqtt5.ConnectPacket)
            assert (connect.receive_max, connect.max_packet_size) == (1234, None)
            assert (connect.clean_start, connect.session_expiry_interval) == (False, 77)

    asyncio.run(scenario())
