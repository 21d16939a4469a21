"""The shipped TLS settings on a real broker, certificates by the shipped script: who gets in, as whom, how long."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import mqtt5
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.end_to_end.running import Running, command, eventually, write_config
from tests.servers.certificates import Authority, Pair
from tests.servers.process import HOST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import NewMosquitto
    from tests.servers import Mosquitto

STATION: Final = "A,Anshun,section,Wu,Sancha,520103,g1,5"
READING: Final = b'{"station": "A", "time": %d, "values": {"discharge": 3.2}}'
WITHIN_S: Final = 10.0


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "certificates")


def context(ca: Path, pair: Pair | None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=ca)
    if pair is not None:
        made.load_cert_chain(*pair)
    return made


def admitted(broker: Mosquitto, ca: Path, pair: Pair | None) -> bool:
    """Whether the broker lets somebody in. With TLS 1.3 a client hears of a refusal after its own handshake."""
    try:
        with (
            socket.create_connection((HOST, broker.tls_port), timeout=WITHIN_S) as plain,
            context(ca, pair).wrap_socket(plain, server_hostname=HOST) as secured,
        ):
            secured.sendall(mqtt5.ConnectPacket("somebody").write())
            answer = secured.recv(64)
    except (ssl.SSLError, ConnectionError):
        return False
    return answer[:1] == b"\x20" and answer[3] == mqtt5.ConnAckReasonCode.SUCCESS


def shown_serial(broker: Mosquitto, ca: Path, pair: Pair) -> object:
    """Number of the certificate that the broker shows to who comes now."""
    with (
        socket.create_connection((HOST, broker.tls_port), timeout=WITHIN_S) as plain,
        context(ca, pair).wrap_socket(plain, server_hostname=HOST) as secured,
    ):
        return (secured.getpeercert() or {})["serialNumber"]


def reload(broker: Mosquitto) -> None:
    os.kill(broker.pid, signal.SIGHUP)


class Publisher:
    """A gateway with a certificate; the broker knows it by the name on that."""

    def __init__(self, broker: Mosquitto, ca: Path, pair: Pair) -> None:
        self._reasons: list[int] = []
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.tls_set(str(ca), str(pair.certificate), str(pair.key))
        self._client.on_publish = lambda *given: self._reasons.append(given[3].value)
        self._client.connect(HOST, broker.tls_port)
        self._client.loop_start()

    def publish(self, topic: str) -> int:
        """Reason code of the acknowledgement."""
        self._reasons.clear()
        self._client.publish(topic, READING % (time.time_ns() // 1_000_000), qos=1)
        eventually(lambda: bool(self._reasons), WITHIN_S, "the acknowledgement")
        return self._reasons[0]

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()


def configured(tmp_path: Path, broker: Mosquitto, ca: Path, pair: Pair) -> Path:
    mqtt: dict[str, Any] = {"url": f"mqtts://{HOST}:{broker.tls_port}", "ca_file": str(ca)}
    mqtt |= {"cert_file": str(pair.certificate), "key_file": str(pair.key)}
    settings = {"data_dir": str(tmp_path / "var"), "mqtt": mqtt, "console": {"port": 0}}
    return write_config(tmp_path / "config", settings, [STATION])


def test_only_who_has_a_certificate_of_the_authority_that_holds_gets_in(
    tmp_path: Path, new_mosquitto: NewMosquitto, authority: Authority
) -> None:
    broker = new_mosquitto(certificates=authority.path)
    stranger = Authority(tmp_path / "another")
    assert admitted(broker, authority.ca, authority.add("g1"))
    assert not admitted(broker, authority.ca, None)
    assert not admitted(broker, authority.ca, stranger.add("g1"))
    assert not admitted(broker, authority.ca, authority.expired("g3"))


def test_a_gateway_is_who_its_certificate_says_and_publishes_under_that_name_alone(
    tmp_path: Path, new_mosquitto: NewMosquitto, authority: Authority
) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    broker = new_mosquitto(passwords=passwords, certificates=authority.path)
    with closing(Publisher(broker, authority.ca, authority.add("g2"))) as gateway:
        assert gateway.publish("watermaster/v1/g2/up/json") in (
            mqtt5.PubAckReasonCode.SUCCESS,
            mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS,
        )
        assert gateway.publish("watermaster/v1/g1/up/json") == mqtt5.PubAckReasonCode.NOT_AUTHORIZED


def test_a_revoked_gateway_is_refused_from_its_next_connection_on_and_the_others_stay(
    tmp_path: Path, new_mosquitto: NewMosquitto
) -> None:
    authority = Authority(tmp_path / "certificates")
    lost, other = authority.add("lost"), authority.add("other")
    broker = new_mosquitto(certificates=authority.path)
    with closing(Publisher(broker, authority.ca, other)) as standing:
        assert admitted(broker, authority.ca, lost)
        authority.run("revoke", "lost")
        reload(broker)
        eventually(lambda: not admitted(broker, authority.ca, lost), WITHIN_S, "the refusal")
        assert admitted(broker, authority.ca, other)
        assert standing.publish("watermaster/v1/other/up/json") in (
            mqtt5.PubAckReasonCode.SUCCESS,
            mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS,
        )
    assert "no certificate of lost that holds" in authority.run("revoke", "lost", ok=False).stderr


def test_certificates_are_renewed_without_a_restart_of_anybody(tmp_path: Path, new_mosquitto: NewMosquitto) -> None:
    """Of the broker: at its SIGHUP, standing connections untouched. Ours: at the next connection."""
    authority = Authority(tmp_path / "certificates")
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    broker = new_mosquitto(passwords=passwords, certificates=authority.path)
    ours, gateway = authority.add("watermaster"), authority.add("g1")
    with Running(configured(tmp_path, broker, authority.ca, ours)) as service:
        with closing(Publisher(broker, authority.ca, gateway)) as publisher:
            assert publisher.publish("watermaster/v1/g1/up/json") == mqtt5.PubAckReasonCode.SUCCESS
            eventually(lambda: service.count("observations_stored") == 1, 20, "the reading")
            before = shown_serial(broker, authority.ca, gateway)
            authority.run("renew", HOST)
            reload(broker)
            eventually(lambda: shown_serial(broker, authority.ca, gateway) != before, WITHIN_S, "the new certificate")
            assert publisher.publish("watermaster/v1/g1/up/json") == mqtt5.PubAckReasonCode.SUCCESS
            eventually(lambda: service.count("observations_stored") == 2, 20, "the reading after it")
        assert service.count("mqtt_reconnects") == 0
        authority.add("watermaster")  # in place of the one that the service was started with,
        authority.run("revoke", "watermaster")
        authority.add("watermaster")  # which is refused from now on
        broker.stop()
        broker.start()
        eventually(lambda: service.count("mqtt_reconnects") == 1, 30, "the new connection")
        with closing(Publisher(broker, authority.ca, gateway)) as publisher:
            assert publisher.publish("watermaster/v1/g1/up/json") == mqtt5.PubAckReasonCode.SUCCESS
        eventually(lambda: service.count("observations_stored") == 3, 20, "the reading at last")
        assert service.count("mqtt_sessions_lost") == 0
        assert service.stop() == 0


def test_what_is_wrong_with_a_certificate_is_said_in_plain_words(
    tmp_path: Path, new_mosquitto: NewMosquitto, authority: Authority
) -> None:
    broker = new_mosquitto(certificates=authority.path)
    stranger = Authority(tmp_path / "another")
    good = authority.add("watermaster")
    # TLS 1.3 tells of ours after the handshake; the broker's reason is lost where its end of the connection is first.
    ours = ("certificate has expired", "It doesn't take our certificate")
    for name, ca, pair, words in (
        ("expired", authority.ca, authority.expired("watermaster"), ours),
        ("untrusted", stranger.ca, good, ("isn't trusted",)),
    ):
        config = configured(tmp_path / name, broker, ca, pair)
        found = command("doctor", config=config, ok=False)
        assert found.returncode == 1
        assert any(one in found.stdout for one in words), found.stdout
    fine = command("doctor", config=configured(tmp_path / "fine", broker, authority.ca, good), ok=False)
    assert "证书 certificate: the broker's holds for 82" in fine.stdout, fine.stdout
