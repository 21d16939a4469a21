"""A gateway is let in, looked at, and shut out, on a closed broker with the shipped settings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from paho.mqtt import MQTTException
from paho.mqtt.client import MQTTv5
from paho.mqtt.publish import single

from tests.end_to_end.running import command, eventually, write_config
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATIONS = ["A,Anshun,section,Wu,Sancha,520103,g1,5", "B,Bijie,section,Wu,Liuchong,520103,g2,5"]
OWN = "watermaster"


@pytest.fixture
def passwords(tmp_path: Path) -> Path:
    path = tmp_path / "passwords"
    path.touch(0o640)
    return path


@pytest.fixture
def broker(tmp_path: Path, passwords: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "broker", passwords=passwords) as running:
        yield running


@pytest.fixture
def config(tmp_path: Path, broker: Mosquitto, passwords: Path) -> Path:
    secret = tmp_path / "own"
    secret.write_text("a long password\n")
    mqtt = {"url": broker.url, "username": OWN, "password_file": str(secret), "passwords": str(passwords)}
    folder = write_config(tmp_path / "config", {"data_dir": str(tmp_path / "var"), "mqtt": mqtt}, STATIONS)
    # Its own password is put as anybody else's, before it is named as its own.
    other = write_config(
        tmp_path / "other", {"data_dir": str(tmp_path / "var"), "mqtt": {"passwords": str(passwords)}}, STATIONS
    )
    command("gateway", "add", OWN, "--password-file", secret, config=other)
    return folder


def reread(broker: Mosquitto) -> None:
    os.kill(broker.pid, signal.SIGHUP)


def send(broker: Mosquitto, gateway: str, password: str, message: object) -> bool:
    """Whether the broker let it in."""
    try:
        single(
            f"watermaster/v1/{gateway}/up/json",
            json.dumps(message),
            qos=1,
            hostname=HOST,
            port=broker.port,
            auth={"username": gateway, "password": password},
            protocol=MQTTv5,
        )
    except MQTTException:
        return False
    return True


def reading(station: str, quantity: str = "discharge") -> dict[str, Any]:
    return {"station": station, "time": int(time.time() * 1000), "values": {quantity: 1.5}}


def test_a_gateway_is_let_in_with_its_password_and_shut_out_without(
    config: Path, broker: Mosquitto, passwords: Path
) -> None:
    told = json.loads(command("gateway", "add", "g1", "--output", "json", config=config).stdout)
    assert (told["gateway"], told["topic"], told["stations"]) == ("g1", "watermaster/v1/g1/up/json", ["A"])
    reread(broker)
    eventually(lambda: send(broker, "g1", told["password"], reading("A")), 10, "being let in")
    assert not send(broker, "g1", "another", reading("A"))
    assert told["password"] not in passwords.read_text()
    assert passwords.stat().st_mode & 0o777 == 0o640
    command("gateway", "revoke", "g1", config=config)
    reread(broker)
    eventually(lambda: not send(broker, "g1", told["password"], reading("A")), 10, "being shut out")


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        (reading("A"), 0, "taken    A discharge 1.5 m3/s"),
        (reading("Z"), 1, "refused  unknown_station"),
        (reading("B"), 1, "refused  wrong_gateway"),
        (reading("A", "colour"), 1, "refused  unknown_quantity"),
    ],
)
def test_its_first_message_is_looked_at(
    config: Path, broker: Mosquitto, tmp_path: Path, message: dict[str, Any], code: int, words: str
) -> None:
    secret = tmp_path / "g1"
    secret.write_text("password of g1")
    command("gateway", "add", "g1", "--password-file", secret, config=config)
    reread(broker)
    line = ["gateway", "add", "g1", "--password-file", str(secret), "--wait", "30", "--config", str(config)]
    with subprocess.Popen(
        [sys.executable, "-m", "watermaster", *line], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as adding:

        def ended() -> bool:
            send(broker, "g1", "password of g1", message)  # whichever it hears first
            return adding.poll() is not None

        eventually(ended, 30, "the look at the message")
        assert adding.stderr is not None
        assert words in adding.stderr.read()
    assert adding.returncode == code


def test_nothing_that_comes_is_told(config: Path, broker: Mosquitto) -> None:
    reread(broker)
    done = command("gateway", "add", "g1", "--wait", "0.2", config=config, ok=False)
    assert done.returncode == 1
    assert "nothing came from g1" in done.stderr


def test_who_has_a_password_and_who_should(config: Path) -> None:
    command("gateway", "add", "g1", config=config)
    done = command("gateway", "add", "stranger", config=config)
    assert "no station of the register names stranger" in done.stderr
    lines = command("gateway", "list", config=config).stdout.splitlines()
    assert lines == ["g1", "g2  without a password", "stranger  not in the register"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("add", "_x"), 2, "is not a gateway name"),
        (("add", "a/b"), 2, "is not a gateway name"),
        (("add", OWN), 1, "Watermaster's own name"),
        (("revoke", "g7"), 1, "has no password of g7"),
        (("add", "g1", "--passwords", "/nowhere/passwords"), 1, "there is no such directory"),
        (("add", "g1", "--password-file", "/nowhere"), 1, "/nowhere can't be read"),
    ],
)
def test_what_cannot_be_done_is_one_line(config: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = command("gateway", *arguments, config=config, ok=False)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr


def test_without_a_password_file_the_setting_is_named(tmp_path: Path) -> None:
    config = write_config(tmp_path / "config", {"data_dir": str(tmp_path / "var")}, STATIONS)
    done = command("gateway", "list", config=config, ok=False)
    assert (done.returncode, "mqtt.passwords" in done.stderr) == (1, True)
