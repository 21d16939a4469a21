"""Own publications to gateways: in order, more than the broker takes at once, and heartbeats beside them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from tests.ingest.mqtt.running import QUICK, Sink, receiver, running, until
from tests.servers.process import HOST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import NewMosquitto
    from tests.servers import Mosquitto

DOWN: Final = "watermaster/v1/g9/down/sl651"


def test_a_thousand_answers_arrive_in_order_beside_heartbeats(mosquitto: Mosquitto) -> None:
    heard: list[bytes] = []
    gateway = Client(CallbackAPIVersion.VERSION2, client_id="gateway-of-publish", protocol=MQTTv5)
    gateway.on_message = lambda _client, _data, message: heard.append(bytes(message.payload))
    gateway.connect(HOST, mosquitto.port)
    gateway.subscribe(DOWN, qos=1)
    gateway.loop_start()

    async def scenario() -> None:
        sink = Sink()
        subject = receiver(mosquitto.port, sink, client_id="publishing", timing=replace(QUICK, heartbeat_s=0.02))
        assert not subject.publish(DOWN, b"too early")
        async with running(subject):
            wanted = [b"%d" % number for number in range(1_000)]
            assert [payload for payload in wanted if not subject.publish(DOWN, payload)] == []
            await until(lambda: len(heard) == 1_000)
            assert heard == wanted
            beats = len(sink.heartbeats)
            await until(lambda: len(sink.heartbeats) > beats)
            assert subject.status.downlinks_refused == 0

    try:
        asyncio.run(scenario())
    finally:
        gateway.disconnect()
        gateway.loop_stop()


def test_what_the_access_list_forbids_is_counted_and_receiving_goes_on(
    tmp_path: Path, new_mosquitto: NewMosquitto
) -> None:
    rules = tmp_path / "rules.acl"
    rules.write_text("topic readwrite watermaster/v1/_/heartbeat/+\ntopic read watermaster/v1/#\n")
    broker = new_mosquitto(f"acl_file {rules}")

    async def scenario() -> None:
        subject = receiver(broker.port, Sink(), client_id="refused")
        async with running(subject):
            assert subject.publish(DOWN, b"one")
            assert subject.publish(DOWN, b"two")
            await until(lambda: subject.status.downlinks_refused == 2)
            assert subject.status.connected

    asyncio.run(scenario())
