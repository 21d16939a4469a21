"""The setting mqtt.url, and what it must not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hydro.errors import ConfigError
from ingest.mqtt import BrokerAddress

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "text"),
    [
        ("mqtt://127.0.0.1:1884", "127.0.0.1", 1884, False, "127.0.0.1:1884"),
        ("mqtt://broker.example", "broker.example", 1883, False, "broker.example:1883"),
        ("mqtts://broker.example/", "broker.example", 8883, True, "broker.example:8883"),
        ("mqtt://[::1]:2000", "::1", 2000, False, "[::1]:2000"),
    ],
)
def test_address_is_read(url: str, host: str, port: int, tls: bool, text: str) -> None:  # noqa: FBT001  # a column of the table
    address = BrokerAddress.parse(url)
    assert (address.host, address.port, address.tls, str(address)) == (host, port, tls, text)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://broker", "begins with neither"),
        ("broker:1883", "begins with neither"),
        ("mqtt://", "not of the form"),
        ("mqtt://:1883", "not of the form"),
        ("mqtt://broker:0", "port 0"),
        ("mqtt://broker:99999", "mqtt.url: "),
        ("mqtt://broker:port", "mqtt.url: "),
        ("mqtt://broker/path", "not of the form"),
        ("mqtt://broker?x=1", "not of the form"),
    ],
)
def test_what_is_no_address_is_said_in_one_line(url: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        BrokerAddress.parse(url)
    assert "\n" not in str(caught.value)


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match=r"mqtt\.password_file") as caught:
        BrokerAddress.parse("mqtt://user:hunter2@broker")
    assert "hunter2" not in str(caught.value)


def test_a_password_is_never_printed() -> None:
    address = BrokerAddress.parse("mqtt://broker", username="u", password="hunter2")
    assert "hunter2" not in repr(address)


def test_a_certificate_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "ca.crt"
    with pytest.raises(ConfigError, match=r"ca\.crt can't be used"):
        BrokerAddress.parse("mqtts://broker", ca_file=missing).ssl_context()


def test_without_tls_there_is_no_context() -> None:
    assert BrokerAddress.parse("mqtt://broker").ssl_context() is None
