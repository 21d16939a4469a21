"""The shipped broker settings and access list, on a real broker: a gateway speaks for itself alone."""

from __future__ import annotations

import queue
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.servers.mosquitto import SHIPPED_ACL, SHIPPED_CONF, Mosquitto
from tests.servers.process import HOST, require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

COLLECTOR: Final = "watermaster"
USERS: Final = (COLLECTOR, "g1", "g2", "+")
SUCCESS: Final = 0x00
NOT_AUTHORISED: Final = 0x87
WITHIN_S: Final = 10.0


class Session:
    """One MQTT 5 connection of one user; what it receives and what it is told, each in a queue."""

    def __init__(self, broker: Mosquitto, user: str | None, password: str | None = None) -> None:
        """Connect.

        Args:
            broker: The broker.
            user: User name; None connects without one.
            password: Password; None is the right one.
        """
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.connected: queue.Queue[int] = queue.Queue()
        self.subscribed: queue.Queue[int] = queue.Queue()
        self.published: queue.Queue[int] = queue.Queue()
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.client.on_subscribe = self._on_subscribe
        self.client.on_publish = self._on_publish
        if user is not None:
            self.client.username_pw_set(user, password or f"password of {user}")
        self.client.connect(HOST, broker.port)
        self.client.loop_start()
        self.reason = self.connected.get(timeout=WITHIN_S)

    def subscribe(self, topic: str) -> int:
        """Subscribe and return the broker's reason code."""
        self.client.subscribe(topic, qos=1)
        return self.subscribed.get(timeout=WITHIN_S)

    def publish(self, topic: str, payload: bytes) -> int:
        """Publish with QoS 1 and return the reason code of the acknowledgement."""
        self.client.publish(topic, payload, qos=1)
        return self.published.get(timeout=WITHIN_S)

    def received(self) -> tuple[str, bytes]:
        """Wait for the next message."""
        return self.messages.get(timeout=WITHIN_S)

    def close(self) -> None:
        """Disconnect."""
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, _c: Client, _u: object, _f: ConnectFlags, reason: ReasonCode, _p: Properties | None) -> None:
        self.connected.put(reason.value)

    def _on_message(self, _c: Client, _u: object, message: MQTTMessage) -> None:
        self.messages.put((message.topic, bytes(message.payload)))

    def _on_subscribe(self, _c: Client, _u: object, _m: int, reasons: list[ReasonCode], _p: Properties | None) -> None:
        self.subscribed.put(reasons[0].value)

    def _on_publish(self, _c: Client, _u: object, _m: int, reason: ReasonCode, _p: Properties | None) -> None:
        self.published.put(reason.value)


@contextmanager
def session(broker: Mosquitto, user: str | None, password: str | None = None) -> Iterator[Session]:
    """Connect for the length of a block."""
    opened = Session(broker, user, password)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A broker with the shipped settings, the shipped access list and a password for each of USERS."""
    path = tmp_path_factory.mktemp("closed")
    passwords = path / "passwords"
    passwords.touch(0o600)
    for user in USERS:
        subprocess.run(
            [require("mosquitto_passwd"), "-b", str(passwords), user, f"password of {user}"],
            check=True,
            capture_output=True,
        )
    with Mosquitto(path / "broker", passwords=passwords) as running:
        yield running


def test_only_listener_paths_and_user_differ_from_what_is_shipped(broker: Mosquitto) -> None:
    def settings(path: Path) -> set[str]:
        lines = path.read_text(encoding="utf-8").splitlines()
        return {line for line in lines if line and not line.startswith("#")}

    shipped, running = settings(SHIPPED_CONF), settings(broker.path / "mosquitto.conf")
    assert {line.split()[0] for line in shipped - running} == {
        "listener",
        "include_dir",
        "persistence_location",
        "password_file",
        "acl_file",
    }
    assert {line.split()[0] for line in running - shipped} == {
        "listener",
        "persistence_location",
        "password_file",
        "acl_file",
        "user",
    }
    assert f"acl_file {SHIPPED_ACL}" in running


@pytest.mark.parametrize(
    ("user", "password"),
    [(None, None), ("g1", "wrong"), ("unknown", None)],
    ids=["without a name", "with a wrong password", "with an unknown name"],
)
def test_nobody_connects(broker: Mosquitto, user: str | None, password: str | None) -> None:
    with session(broker, user, password) as refused:
        assert refused.reason == NOT_AUTHORISED


def test_a_gateway_publishes_under_its_own_name_and_the_collector_reads_it(broker: Mosquitto) -> None:
    with session(broker, COLLECTOR) as collector, session(broker, "g1") as gateway:
        assert collector.subscribe("watermaster/v1/+/up/+") == 1
        assert collector.subscribe("watermaster/v1/+/status") == 1
        for topic in ("watermaster/v1/g1/up/json", "watermaster/v1/g1/up/sl651", "watermaster/v1/g1/status"):
            assert gateway.publish(topic, b"1") == SUCCESS
            assert collector.received() == (topic, b"1")


@pytest.mark.parametrize(
    "topic",
    [
        "watermaster/v1/g2/up/json",
        "watermaster/v1/g2/status",
        "watermaster/v1/_/heartbeat/watermaster",
        "watermaster/v1/g1/down/sl651",
        "watermaster/v1/g1/up/json/deeper",
        "elsewhere",
    ],
)
def test_a_gateway_publishes_nowhere_else(broker: Mosquitto, topic: str) -> None:
    with session(broker, COLLECTOR) as collector, session(broker, "g1") as gateway:
        for filter_ in ("watermaster/v1/+/up/+", "watermaster/v1/+/status", "watermaster/v1/_/heartbeat/+"):
            collector.subscribe(filter_)
        assert gateway.publish(topic, b"refused") == NOT_AUTHORISED
        assert gateway.publish("watermaster/v1/g1/up/json", b"allowed") == SUCCESS
        assert collector.received() == ("watermaster/v1/g1/up/json", b"allowed")


@pytest.mark.parametrize("user", ["g2", "+"], ids=["another gateway", "a gateway called +"])
def test_a_gateway_does_not_read_what_others_send_or_get(broker: Mosquitto, user: str) -> None:
    with session(broker, COLLECTOR) as collector, session(broker, "g1") as gateway, session(broker, user) as other:
        gateway.subscribe("watermaster/v1/g1/down/+")
        other.subscribe("watermaster/v1/#")
        assert collector.publish("watermaster/v1/g1/down/sl651", b"to g1") == SUCCESS
        assert gateway.publish("watermaster/v1/g1/up/json", b"from g1") == SUCCESS
        assert gateway.received() == ("watermaster/v1/g1/down/sl651", b"to g1")
        # The answer to a second subscription comes behind anything that was on its way.
        other.subscribe("watermaster/v1/+/down/+")
        assert other.messages.empty()


def test_the_collector_hears_its_own_heartbeat_and_the_brokers_counters(broker: Mosquitto) -> None:
    with session(broker, COLLECTOR) as collector:
        assert collector.subscribe("watermaster/v1/_/heartbeat/watermaster") == 1
        assert collector.publish("watermaster/v1/_/heartbeat/watermaster", b"1") == SUCCESS
        assert collector.received() == ("watermaster/v1/_/heartbeat/watermaster", b"1")
        assert collector.subscribe("$SYS/broker/version") == 1
        topic, version = collector.received()
        assert topic == "$SYS/broker/version"
        assert version.startswith(b"mosquitto version 2.")


def test_the_collector_does_not_publish_readings(broker: Mosquitto) -> None:
    with session(broker, COLLECTOR) as collector:
        assert collector.publish("watermaster/v1/g1/up/json", b"forged") == NOT_AUTHORISED
