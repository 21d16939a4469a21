"""What each of the two keeps, and where they differ: choose the broker by these laws."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ingest.broker.program import Program
from tests.ingest.broker.running import embedded
from tests.ingest.mqtt.running import Sink, make_session, numbered, publish, receiver, running, until

if TYPE_CHECKING:
    from pathlib import Path


def test_mosquitto_keeps_over_a_clean_stop_what_waits_for_the_collector(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with embedded(Program.MOSQUITTO, tmp_path) as broker:
            await make_session(broker.port, "away")
            await publish(broker.port, numbered(1, 500))
        sink = Sink()
        async with embedded(Program.MOSQUITTO, tmp_path) as broker:
            subject = receiver(broker.port, sink, client_id="away")
            async with running(subject):
                await until(lambda: len(sink.messages) >= 500)
                assert subject.status.session_present is True
        assert sink.payloads == numbered(1, 500)

    asyncio.run(scenario())


def test_iotcore_forgets_with_its_process_what_waits_for_the_collector(tmp_path: Path) -> None:
    """It keeps nothing on disk. The collector sees that the session is new; nobody else says a word."""

    async def scenario() -> None:
        async with embedded(Program.IOTCORE, tmp_path) as broker:
            await make_session(broker.port, "away")
            await publish(broker.port, numbered(1, 500))
        sink = Sink()
        async with embedded(Program.IOTCORE, tmp_path) as broker:
            subject = receiver(broker.port, sink, client_id="away")
            async with running(subject):
                await publish(broker.port, [b"after"])
                await until(lambda: bool(sink.messages))
                assert subject.status.session_present is False
        assert sink.payloads == [b"after"]

    asyncio.run(scenario())


def test_iotcore_keeps_the_newest_for_a_collector_that_is_away_and_drops_the_oldest(tmp_path: Path) -> None:
    """It holds 32 MB of payloads and topics, and drops silently; mosquitto drops the newest, and counts them."""

    async def scenario() -> None:
        async with embedded(Program.IOTCORE, tmp_path) as broker:
            await make_session(broker.port, "away")
            sent = [b"%06d" % number + bytes(99_994) for number in range(500)]
            await publish(broker.port, sent)
            sink = Sink()
            async with running(receiver(broker.port, sink, client_id="away")):
                await until(lambda: bool(sink.payloads) and sink.payloads[-1] == sent[-1])
        assert 250 < len(sink.payloads) < 350
        assert sink.payloads == sent[-len(sink.payloads) :]

    asyncio.run(scenario())
