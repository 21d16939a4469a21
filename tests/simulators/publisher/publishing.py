"""A publisher on the real clock, streams for it, and somebody who listens."""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from simulators.publisher import Broker, Publisher
from tests.servers.process import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from simulators.publisher import Message

__all__ = ["START", "Heard", "Listener", "listening", "publisher", "stream"]

START = 1_772_323_200_000


def publisher(port: int, *, clients: int = 4, name: str = "t", told: list[str] | None = None) -> Publisher:
    """One that has not connected."""
    return Publisher(
        Broker(host=HOST, port=port),
        clients=clients,
        name=name,
        clock=time.monotonic,
        sleep=time.sleep,
        rng=random.Random(1),
        told=(told if told is not None else []).append,
    )


def stream(count: int, *, gateways: int = 4, a_minute: int = 100, prefix: str = "t") -> list[Message]:
    """Messages whose payloads are their numbers; so many a minute, all within its first second."""
    return [
        (
            START + number // a_minute * 60_000 + number % a_minute,
            f"{prefix}/g{number % gateways}/up/json",
            b"[%d]" % number,
        )
        for number in range(count)
    ]


class Heard(NamedTuple):
    """A message as a subscriber got it."""

    topic: str
    payload: bytes
    received_at: str
    retain: bool


class Listener:
    """A subscriber with a session that outlives connections; it acknowledges as it reads.

    The broker is shared by all tests, and a session of the same name brings its messages along: no two alike.

    Attributes:
        heard: What came, in order.
    """

    def __init__(self, port: int, topics: str, name: str, *, ca_file: Path | None = None) -> None:
        self.heard: list[Heard] = []
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self._topics = topics
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
        if ca_file is not None:
            self._client.tls_set(str(ca_file))
        self._client.reconnect_delay_set(1, 1)
        self._client.on_message = self._on_message
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3_600
        properties.ReceiveMaximum = 65_535
        self._client.connect(HOST, port, clean_start=False, properties=properties)
        self._client.loop_start()
        assert self._subscribed.wait(10)

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe(self._topics, options=SubscribeOptions(qos=1, retainHandling=1))

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        del client, userdata
        pairs = dict(getattr(message.properties, "UserProperty", []))
        with self._changed:
            self.heard.append(
                Heard(message.topic, bytes(message.payload), pairs.get("received_at", ""), retain=message.retain)
            )
            self._changed.notify_all()

    def wait(self, count: int, within_s: float = 20.0) -> list[Heard]:
        """What came, once it is so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.heard) >= count, within_s), f"{len(self.heard)} of {count}"
        return list(self.heard)

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def listening(port: int, topics: str, name: str, *, ca_file: Path | None = None) -> Iterator[Listener]:
    """Somebody who listens for as long as the context is open."""
    listener = Listener(port, topics, name, ca_file=ca_file)
    try:
        yield listener
    finally:
        listener.close()
