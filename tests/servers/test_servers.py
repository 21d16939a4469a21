"""The servers of the tests do what the tests of crashes rely on."""

from __future__ import annotations

import http.client
import urllib.parse
from typing import TYPE_CHECKING

import pytest
from paho.mqtt import publish, subscribe

from tests.servers.mosquitto import SHIPPED_CONF, Mosquitto, derive_conf
from tests.servers.process import HOST, ServerFailedError, require

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import NewInfluxDB, NewMosquitto
    from tests.servers import InfluxDB


def influx(server: InfluxDB, method: str, path: str, body: str = "") -> str:
    """Ask the database over HTTP and return its answer."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=10)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status < http.HTTPStatus.BAD_REQUEST, text
        return text
    finally:
        connection.close()


def query(server: InfluxDB, text: str, database: str = "") -> str:
    """Run one InfluxQL statement."""
    return influx(server, "POST", "/query?" + urllib.parse.urlencode({"q": text, "db": database}))


def retain(broker: Mosquitto, topic: str, payload: str) -> None:
    """Publish a retained message, acknowledged by the broker."""
    publish.single(topic, payload, qos=1, retain=True, hostname=HOST, port=broker.port)


def retained(broker: Mosquitto, topic: str) -> bytes:
    """Read the retained message of a topic."""
    message = subscribe.simple(topic, qos=1, hostname=HOST, port=broker.port)
    assert not isinstance(message, list)
    return bytes(message.payload)


def test_broker_keeps_port_and_data_over_a_clean_restart(new_mosquitto: NewMosquitto) -> None:
    broker = new_mosquitto()
    port, pid = broker.port, broker.pid
    retain(broker, "kept", "1")
    broker.restart()
    assert broker.port == port
    assert broker.pid != pid
    assert retained(broker, "kept") == b"1"


def test_killed_broker_is_gone_and_comes_back_on_its_port(new_mosquitto: NewMosquitto) -> None:
    broker = new_mosquitto()
    port = broker.port
    broker.kill()
    with pytest.raises(ConnectionRefusedError):
        retain(broker, "after", "1")
    broker.start()
    assert broker.port == port
    retain(broker, "after", "1")
    assert retained(broker, "after") == b"1"


def test_broker_runs_from_the_shipped_configuration_but_for_what_a_test_must_change() -> None:
    shipped = (
        "# comment\nlistener 1883\n\nallow_anonymous false\nmax_inflight_messages 0\nlog_type all\nlog_type error\n"
    )
    derived = derive_conf(shipped, {"listener": "20000 127.0.0.1", "user": "somebody"}, "allow_anonymous true")
    assert derived.split("\n") == [
        "max_inflight_messages 0",
        "log_type all",
        "log_type error",
        "listener 20000 127.0.0.1",
        "user somebody",
        "allow_anonymous true",
        "",
    ]


@pytest.mark.parametrize(
    "line", ["max_inflight_messages 0", "persistence true", "queue_qos0_messages true", "autosave_interval 60"]
)
def test_shipped_configuration_keeps_what_the_collector_relies_on(line: str) -> None:
    assert line in SHIPPED_CONF.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("setting", ["max_packet_size", "message_size_limit"])
def test_shipped_configuration_never_limits_packets_since_the_broker_would_drop_what_it_acknowledged(
    setting: str,
) -> None:
    shipped = SHIPPED_CONF.read_text(encoding="utf-8").splitlines()
    assert not [line for line in shipped if line.startswith(setting)]


def test_failed_start_shows_the_log(tmp_path: Path) -> None:
    with pytest.raises(ServerFailedError, match="no_such_setting"):
        Mosquitto(tmp_path, "no_such_setting 1").start()


def test_database_keeps_port_and_data_over_a_kill(new_influxdb: NewInfluxDB) -> None:
    server = new_influxdb()
    port = server.port
    query(server, "CREATE DATABASE kept")
    influx(server, "POST", "/write?db=kept&precision=ms", "observation,station=A value=1.5 1000\n")
    server.kill()
    assert not server.running
    server.start()
    assert server.port == port
    assert '["1970-01-01T00:00:01Z",1.5]' in query(server, "SELECT value FROM observation", "kept")


def test_shared_servers_answer(mosquitto: Mosquitto, influxdb: InfluxDB) -> None:
    retain(mosquitto, "servers/shared", "1")
    assert retained(mosquitto, "servers/shared") == b"1"
    assert "results" in query(influxdb, "SHOW DATABASES")


def test_missing_server_skips_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-server is not installed"):
        require("no-such-server")


def test_missing_server_fails_the_test_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-server is not installed"):
        require("no-such-server")
