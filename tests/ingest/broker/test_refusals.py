"""What an embedded broker refuses, in one line that says what to do."""

from __future__ import annotations

import asyncio
import os
import random
import socket
from typing import TYPE_CHECKING

import pytest

from hydro.errors import BrokerError, ConfigError, WatermasterError
from ingest.broker.access import Access
from ingest.broker.embedded import EmbeddedBroker
from ingest.broker.program import Program, find_program
from tests.ingest.broker.running import BOTH, embedded
from tests.ingest.mqtt.running import PREFIX, until
from tests.servers.process import HOST, require

if TYPE_CHECKING:
    from pathlib import Path

ACCESS = Access(prefix=PREFIX, collector="watermaster", password="a password")


def refusal(program: Program | None, folder: Path, host: str, port: int, access: Access | None = None) -> str:
    """Message of the error with which a start ends."""
    broker = EmbeddedBroker(
        host,
        port,
        folder,
        prefix=PREFIX,
        access=access,
        rng=random.Random(1),
        told=lambda _: None,
        said=lambda _: None,
        program=program,
    )
    with pytest.raises(WatermasterError) as caught:
        asyncio.run(broker.start())
    assert isinstance(caught.value, BrokerError | ConfigError)
    message = str(caught.value)
    assert "\n" not in message
    return message


@BOTH
def test_a_taken_port_is_named(program: Program, tmp_path: Path) -> None:
    if program is Program.MOSQUITTO:
        require("mosquitto")
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        message = refusal(program, tmp_path, HOST, port)
    assert message.startswith(f"mqtt.url: port {port} of 127.0.0.1 is taken by another program")
    assert "0 for a free one" in message
    assert list(tmp_path.iterdir()) == []


@BOTH
def test_two_brokers_on_port_0_are_on_two_ports(program: Program, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with embedded(program, tmp_path / "1") as one, embedded(program, tmp_path / "2") as two:
            assert one.port != two.port
            assert 0 not in (one.port, two.port)
            assert one.broker.url == f"mqtt://127.0.0.1:{one.port}"

    asyncio.run(scenario())


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "broker.example"])
@BOTH
def test_without_passwords_it_listens_on_loopback_only(program: Program, host: str, tmp_path: Path) -> None:
    message = refusal(program, tmp_path, host, 0)
    assert host in message
    assert "set mqtt.username and mqtt.password_file, or listen on 127.0.0.1" in message


@pytest.mark.parametrize("host", ["0.0.0.0", HOST])
def test_iotcore_takes_no_passwords_since_it_has_no_access_list(host: str, tmp_path: Path) -> None:
    assert "needs mosquitto 2.0 or later" in refusal(Program.IOTCORE, tmp_path, host, 0, ACCESS)


def test_an_address_that_is_not_ours_is_named(tmp_path: Path) -> None:
    require("mosquitto")
    message = refusal(Program.MOSQUITTO, tmp_path, "192.0.2.1", 1883, ACCESS)
    assert message == "mqtt.url: port 1883 of 192.0.2.1 can't be listened on: Cannot assign requested address"


@BOTH
def test_a_folder_that_cannot_be_made_is_named(program: Program, tmp_path: Path) -> None:
    if program is Program.MOSQUITTO:
        require("mosquitto")
    (tmp_path / "file").touch()
    message = refusal(program, tmp_path / "file" / "broker", HOST, 0)
    assert message == f"embedded broker: {tmp_path / 'file' / 'broker' / 'data'}: Not a directory"


def test_what_a_program_says_that_does_not_come_up_is_in_the_message(tmp_path: Path) -> None:
    """A queue that can't be read: mosquitto ends, and does not throw away what gateways believe to be safe."""
    require("mosquitto")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mosquitto.db").write_bytes(b"no queue of mosquitto" * 10)
    message = refusal(Program.MOSQUITTO, tmp_path, HOST, 0)
    assert message.startswith("embedded broker on port ")
    assert "mosquitto.db" in message or "persistent" in message


def test_a_port_taken_while_the_broker_is_down_is_told_and_tried_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with embedded(Program.IOTCORE, tmp_path) as broker:
            os.kill(broker.pid, 9)
            with socket.socket() as other:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                await until(lambda: not broker.facts.running)
                other.bind((HOST, broker.port))
                other.listen()
                await until(lambda: len(broker.told) >= 2)
                assert all(broker.told)
            await until(lambda: broker.told[-1] is None)
            assert broker.facts.running
            assert str(broker.port) in str(broker.told[1])

    asyncio.run(scenario())


def test_the_choice_falls_on_mosquitto_where_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mosquitto = require("mosquitto")
    assert find_program().program is Program.MOSQUITTO
    assert find_program(Program.IOTCORE).program is Program.IOTCORE
    monkeypatch.setattr("ingest.broker.program._SBIN", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_program().program is Program.IOTCORE
    with pytest.raises(BrokerError, match=r"no mosquitto 2\.0 or later"):
        find_program(Program.MOSQUITTO)
    (tmp_path / "mosquitto").symlink_to(mosquitto)
    assert find_program().path == str(tmp_path / "mosquitto")


@pytest.mark.parametrize(
    ("says", "chosen"),
    [
        ("mosquitto version 1.6.12", Program.IOTCORE),
        ("mosquitto version 2.0.11", Program.MOSQUITTO),
        ("mosquitto version 10.0.0", Program.MOSQUITTO),
        ("something else", Program.IOTCORE),
    ],
)
def test_a_mosquitto_before_2_is_not_taken(
    says: str, chosen: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "mosquitto").write_text(f"#!/bin/sh\necho {says}\nexit 3\n", encoding="utf-8")
    (tmp_path / "mosquitto").chmod(0o755)
    assert find_program().program is chosen
