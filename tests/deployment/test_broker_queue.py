"""What the shipped broker settings keep while the collector is away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import pytest
from paho.mqtt import publish
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.servers.process import HOST

if TYPE_CHECKING:
    from tests.conftest import NewMosquitto
    from tests.servers import Mosquitto

# More than mosquitto keeps by default (1,000) and hands out at once by default (20).
MESSAGES: Final = 1_500
WITHIN_S: Final = 20
TOPIC: Final = "watermaster/v1/g1/up/json"


def visit(broker: Mosquitto, expected: int) -> list[bytes]:
    """Connect with a persistent session, receive without acknowledging until there are enough, and leave it."""
    received: list[bytes] = []
    # Nothing is acknowledged, so nothing more would come if the broker limited what is under way.
    client = Client(CallbackAPIVersion.VERSION2, "away", protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True)

    def on_message(_client: Client, _userdata: object, message: MQTTMessage) -> None:
        received.append(bytes(message.payload))

    client.on_message = on_message
    session = Properties(PacketTypes.CONNECT)
    session.SessionExpiryInterval = 3_600
    subscribed: list[int] = []
    client.on_subscribe = lambda *_: subscribed.append(1)
    client.connect(HOST, broker.port, clean_start=False, properties=session)
    client.subscribe(TOPIC, qos=1)
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline and not (subscribed and len(received) >= expected):
        client.loop(timeout=0.01)
    client.disconnect()
    client.loop(timeout=0.1)
    return received


@pytest.mark.parametrize("qos", [0, 1])
def test_messages_wait_for_the_collector_over_a_clean_restart_of_the_broker(
    new_mosquitto: NewMosquitto, qos: int
) -> None:
    broker = new_mosquitto()
    assert visit(broker, 0) == []
    sent = [b"%d" % number for number in range(MESSAGES)]
    # Nothing acknowledges QoS 0, but the acknowledgement of the last message says that those before it have arrived.
    messages: publish.MessagesList = [(TOPIC, payload, qos, False) for payload in sent[:-1]]
    messages.append((TOPIC, sent[-1], 1, False))
    publish.multiple(messages, hostname=HOST, port=broker.port)
    broker.restart()
    assert visit(broker, MESSAGES) == sent
