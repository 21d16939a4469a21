"""What both embedded brokers do for the collector and for gateways of any make."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import aiomqtt
import paho.mqtt.client as paho
import pytest
from paho.mqtt import publish as paho_publish
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from hydro.errors import AlreadyRunning
from ingest.collector import JournalSink
from storage.journal import Journal, JournalReader
from tests.ingest.broker.running import BOTH, embedded, is_there
from tests.ingest.mqtt.running import (
    PREFIX,
    QUICK,
    UPLINK,
    Sink,
    make_session,
    numbered,
    publish,
    receiver,
    running,
    until,
)
from tests.servers.process import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ingest.broker.program import Program
    from ingest.mqtt import Batch

VERSIONS = pytest.mark.parametrize(
    "version", [MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5], ids=["3.1.1", "5"]
)


@BOTH
@VERSIONS
def test_a_gateway_publishes_with_either_version_of_mqtt_on_one_port(
    program: Program, version: MQTTProtocolVersion, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with embedded(program, tmp_path) as broker:
            sink = Sink()
            async with running(receiver(broker.port, sink, client_id="c")):
                await asyncio.to_thread(
                    paho_publish.single, UPLINK, b"paho", qos=1, hostname=HOST, port=broker.port, protocol=version
                )
                async with aiomqtt.Client(HOST, broker.port, protocol=aiomqtt.ProtocolVersion(version)) as client:
                    await client.publish(UPLINK, b"aiomqtt", qos=1)
                await until(lambda: len(sink.messages) >= 2)
            assert sink.messages == [(UPLINK, b"paho"), (UPLINK, b"aiomqtt")]

    asyncio.run(scenario())


@BOTH
def test_a_gateway_of_mqtt_3_hears_what_is_sent_down_to_it_with_mqtt_5(program: Program, tmp_path: Path) -> None:
    async def scenario() -> None:
        topic = f"{PREFIX}/g1/down/sl651"
        async with (
            embedded(program, tmp_path) as broker,
            aiomqtt.Client(HOST, broker.port, protocol=aiomqtt.ProtocolVersion.V311) as gateway,
        ):
            await gateway.subscribe(topic, qos=1)
            await publish(broker.port, [b"command"], topic=topic)
            async with asyncio.timeout(20):
                message = await anext(aiter(gateway.messages))
            assert message.payload == b"command"

    asyncio.run(scenario())


@BOTH
@VERSIONS
def test_a_gateway_without_keep_alive_is_served(program: Program, version: MQTTProtocolVersion, tmp_path: Path) -> None:
    async def scenario() -> None:
        sink = Sink()
        async with embedded(program, tmp_path) as broker, running(receiver(broker.port, sink, client_id="c")):
            async with aiomqtt.Client(
                HOST, broker.port, keepalive=0, protocol=aiomqtt.ProtocolVersion(version)
            ) as client:
                await client.publish(UPLINK, b"reading", qos=1)
            await until(lambda: bool(sink.messages))
        assert sink.payloads == [b"reading"]

    asyncio.run(scenario())


@BOTH
def test_what_is_published_while_the_collector_is_away_waits_for_it(program: Program, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with embedded(program, tmp_path) as broker:
            await make_session(broker.port, "away")
            await publish(broker.port, numbered(1, 1500))
            sink = Sink()
            subject = receiver(broker.port, sink, client_id="away")
            async with running(subject):
                await until(lambda: len(sink.messages) >= 1500)
                assert subject.status.session_present is True
            assert sink.payloads == numbered(1, 1500)
            again = Sink()
            async with running(receiver(broker.port, again, client_id="away")):
                await publish(broker.port, [b"last"])
                await until(lambda: bool(again.messages))
            assert again.payloads == [b"last"]

    asyncio.run(scenario())


@BOTH
def test_ten_thousand_messages_are_all_in_the_journal(program: Program, tmp_path: Path) -> None:
    """And each is acknowledged, so none of them comes again."""

    async def scenario() -> None:
        async with embedded(program, tmp_path / "broker") as broker:
            with journaling(tmp_path / "journal") as sink:
                subject = receiver(broker.port, sink, client_id="c")
                async with running(subject):
                    await publish(broker.port, numbered(1, 10_000))
                    await until(lambda: len(sink.messages) >= 10_000, 60)
            again = Sink()
            async with running(receiver(broker.port, again, client_id="c")):
                await publish(broker.port, [b"last"])
                await until(lambda: bool(again.messages))
        assert again.payloads == [b"last"]
        with JournalReader.open(tmp_path / "journal") as reader:
            kept = [payload for topic, payload in everything(reader) if topic == UPLINK]
        assert kept == numbered(1, 10_000)

    asyncio.run(scenario())


@BOTH
def test_user_properties_pass_through(program: Program, tmp_path: Path) -> None:
    """`replay` tells by one of them when a message was received the first time."""

    async def scenario() -> None:
        sink = Sink()
        async with embedded(program, tmp_path) as broker, running(receiver(broker.port, sink, client_id="c")):
            await publish(broker.port, [b"recorded"], properties=[("received_at", "1772323200000")])
            await until(lambda: bool(sink.messages))
        assert [list(batch.properties.values()) for batch in sink.batches if batch.properties] == [
            [[("received_at", "1772323200000")]]
        ]

    asyncio.run(scenario())


@BOTH
def test_the_heartbeat_comes_back(program: Program, tmp_path: Path) -> None:
    async def scenario() -> None:
        sink = Sink()
        async with embedded(program, tmp_path) as broker:
            subject = receiver(broker.port, sink, client_id="c", timing=replace(QUICK, heartbeat_s=0.05))
            async with running(subject):
                await until(lambda: len(sink.heartbeats) >= 3)
                assert subject.status.heartbeats_sent >= 3
                assert subject.status.heartbeat_delay_ms is not None

    asyncio.run(scenario())


@BOTH
def test_a_second_collector_is_told_of_the_first(program: Program, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with embedded(program, tmp_path) as broker, running(receiver(broker.port, Sink(), client_id="c")):
            second = receiver(broker.port, Sink(), client_id="c", timing=replace(QUICK, probe_s=5.0))
            with pytest.raises(AlreadyRunning, match="'c'"):
                await second.run()

    asyncio.run(scenario())


@BOTH
@VERSIONS
def test_a_gateways_status_is_retained_and_its_will_is_done(
    program: Program, version: MQTTProtocolVersion, tmp_path: Path
) -> None:
    async def scenario() -> None:
        status = f"{PREFIX}/g1/status"
        async with embedded(program, tmp_path) as broker:
            gateway = await asyncio.to_thread(gateway_online, broker.port, status, version)
            sink = Sink()
            async with running(receiver(broker.port, sink, client_id="c")):
                await until(lambda: bool(sink.messages))
                assert sink.messages == [(status, b"online")]
                await asyncio.to_thread(vanish, gateway)
                await until(lambda: len(sink.messages) >= 2)
            assert sink.messages[1:] == [(status, b"offline")]
            late = Sink()
            async with running(receiver(broker.port, late, client_id="another")):
                await until(lambda: bool(late.messages))
            assert late.messages == [(status, b"offline")]

    asyncio.run(scenario())


@BOTH
def test_a_payload_of_one_megabyte_arrives_whole(program: Program, tmp_path: Path) -> None:
    async def scenario() -> None:
        large = bytes(range(256)) * 4096
        sink = Sink()
        async with embedded(program, tmp_path) as broker, running(receiver(broker.port, sink, client_id="c")):
            await publish(broker.port, [b"before", large, large[1:], b"after"])
            await until(lambda: len(sink.messages) >= 4)
        assert sink.payloads == [b"before", large, large[1:], b"after"]

    asyncio.run(scenario())


@BOTH
def test_a_broker_that_was_killed_is_started_again_and_the_collector_goes_on(program: Program, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with embedded(program, tmp_path) as broker:
            sink = Sink()
            subject = receiver(broker.port, sink, client_id="c")
            async with running(subject):
                await publish(broker.port, [b"before"])
                await until(lambda: bool(sink.messages))
                before = broker.facts
                os.kill(broker.pid, signal.SIGKILL)
                await until(lambda: broker.facts.restarts == 1 and subject.status.reconnects == 1)
                await publish(broker.port, [b"after"])
                await until(lambda: len(sink.messages) >= 2)
            after = broker.facts
            assert sink.payloads == [b"before", b"after"]
            assert (after.running, after.program, after.version) == (True, program, before.version)
            assert after.pid != before.pid
            assert [error and str(error) for error in broker.told] == [
                "embedded broker: was ended by SIGKILL; starting it again",
                None,
            ]

    asyncio.run(scenario())


@BOTH
def test_a_stopped_broker_is_gone_and_its_port_free(program: Program, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with embedded(program, tmp_path) as broker:
            pid, port = broker.pid, broker.port
        assert (is_there(pid), broker.facts.running, broker.told) == (False, False, [])
        async with embedded(program, tmp_path, port=port) as again:
            assert again.port == port

    asyncio.run(scenario())


class JournalingSink(Sink):
    """Remembers what the journal has synced."""

    def __init__(self, sink: JournalSink) -> None:
        super().__init__()
        self._journaled = sink

    async def __call__(self, batch: Batch) -> None:
        """Append, then remember."""
        await self._journaled(batch)
        await super().__call__(batch)


@contextmanager
def journaling(path: Path) -> Iterator[JournalingSink]:
    """Open a journal for the length of a block."""
    thread = ThreadPoolExecutor(1)
    journal = thread.submit(lambda: Journal.open(path, keep_days=1, max_gb=1)).result()
    try:
        yield JournalingSink(JournalSink(journal, thread, clock=_now_ms, trust_replay=False, appended=lambda: None))
    finally:
        thread.submit(journal.close).result()
        thread.shutdown()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def everything(reader: JournalReader) -> Iterator[tuple[str, bytes]]:
    """All messages of a journal."""
    position = 0
    while batches := reader.read(position):
        for batch in batches:
            yield from zip(batch.topics, batch.payloads, strict=True)
        position = batches[-1].last


def gateway_online(port: int, status: str, version: MQTTProtocolVersion) -> paho.Client:
    """Connect with a will and say that we are online."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "g1", protocol=version, reconnect_on_failure=False)
    client.will_set(status, b"offline", qos=1, retain=True)
    client.connect(HOST, port)
    client.loop_start()
    client.publish(status, b"online", qos=1, retain=True).wait_for_publish(20)
    return client


def vanish(client: paho.Client) -> None:
    """Lose the connection without a word."""
    connection = client.socket()
    assert isinstance(connection, socket.socket)
    connection.shutdown(socket.SHUT_RDWR)
    client.loop_stop()
