"""An embedded mosquitto with passwords: a gateway speaks for itself alone, and is added while the broker runs."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING, Final

import aiomqtt
import pytest

from hydro.errors import ConfigError
from ingest.broker.access import Access, access_list, password_line, with_password
from ingest.broker.program import Program
from ingest.mqtt import BrokerAddress
from tests.ingest.broker.running import embedded
from tests.ingest.mqtt.running import PREFIX, WITHIN_S, Sink, receiver, running, until
from tests.servers.mosquitto import SHIPPED_ACL
from tests.servers.process import HOST, require

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingest.broker.running import Embedded

ACCESS: Final = Access(prefix=PREFIX, collector="watermaster", password="a long password: 水")


REFUSED: Final = r"(?i)not authori"


def add_gateway(broker: Embedded, name: str, *options: str) -> None:
    """As an operator does."""
    line: list[str | Path] = [
        require("mosquitto_passwd"),
        *options,
        "-b",
        str(broker.broker.passwords),
        name,
        f"password of {name}",
    ]
    subprocess.run(line, check=True, capture_output=True)


def gateway(broker: Embedded, name: str | None, password: str | None = None) -> aiomqtt.Client:
    """A client that is not connected yet; without a password of its own it has the right one."""
    return aiomqtt.Client(HOST, broker.port, username=name, password=password or (name and f"password of {name}"))


async def until_let_in(broker: Embedded, name: str) -> None:
    """Try until the broker knows a gateway."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                async with gateway(broker, name):
                    return
            except aiomqtt.MqttError:
                await asyncio.sleep(0.05)


def collector(broker: Embedded) -> BrokerAddress:
    """Address of the collector."""
    return BrokerAddress.parse(broker.broker.url, username=ACCESS.collector, password=ACCESS.password)


def test_a_gateway_is_added_while_the_broker_runs_and_speaks_under_its_own_name_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        sink = Sink()
        async with embedded(Program.MOSQUITTO, tmp_path, access=ACCESS) as broker:
            subject = receiver(0, sink, client_id="c", address=collector(broker))
            async with running(subject):
                add_gateway(broker, "g1")
                await until_let_in(broker, "g1")
                async with gateway(broker, "g1") as g1:
                    for topic in ("g2/up/json", "g2/status", "_/heartbeat/c", "g1/up/json"):
                        await g1.publish(f"{PREFIX}/{topic}", b"from g1", qos=1)
                await until(lambda: bool(sink.messages))
                assert (subject.status.generation, subject.status.connected) == (1, True)
        assert sink.messages == [(f"{PREFIX}/g1/up/json", b"from g1")]
        assert b"from g1" not in sink.heartbeats

    asyncio.run(scenario())


def test_a_gateway_does_not_hear_what_others_send(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with embedded(Program.MOSQUITTO, tmp_path, access=ACCESS) as broker:
            for name in ("g1", "g2"):
                add_gateway(broker, name)
                await until_let_in(broker, name)
            async with gateway(broker, "g1") as g1, gateway(broker, "g2") as g2:
                await g2.subscribe("#", qos=1)
                await g2.subscribe(f"{PREFIX}/g2/down/+", qos=1)
                await g1.publish(f"{PREFIX}/g1/up/json", b"reading", qos=1)
                async with aiomqtt.Client(
                    HOST, broker.port, username=ACCESS.collector, password=ACCESS.password
                ) as downlink:
                    await downlink.publish(f"{PREFIX}/g2/down/json", b"command", qos=1)
                async with asyncio.timeout(WITHIN_S):
                    first = await anext(aiter(g2.messages))
            assert (first.topic.value, first.payload) == (f"{PREFIX}/g2/down/json", b"command")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("name", "password"),
    [(None, None), ("watermaster", "wrong"), ("unknown", None)],
    ids=["without a name", "with a wrong password", "with an unknown name"],
)
def test_nobody_connects(name: str | None, password: str | None, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with embedded(Program.MOSQUITTO, tmp_path, access=ACCESS) as broker:
            with pytest.raises(aiomqtt.MqttError, match=REFUSED):
                async with gateway(broker, name, password):
                    pytest.fail("it was let in")

    asyncio.run(scenario())


def test_the_passwords_of_gateways_outlive_a_new_password_of_the_collector(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with embedded(Program.MOSQUITTO, tmp_path, access=ACCESS) as broker:
            add_gateway(broker, "g1")
        changed = Access(prefix=PREFIX, collector="watermaster", password="another")
        async with embedded(Program.MOSQUITTO, tmp_path, access=changed) as broker:
            async with gateway(broker, "g1"), gateway(broker, "watermaster", "another"):
                pass
            with pytest.raises(aiomqtt.MqttError, match=REFUSED):
                async with gateway(broker, ACCESS.collector, ACCESS.password):
                    pytest.fail("it was let in")

    asyncio.run(scenario())


@pytest.mark.parametrize("done", ["written anew", "deleted"])
def test_whatever_becomes_of_the_password_file_the_collector_stays_in(tmp_path: Path, done: str) -> None:
    """`mosquitto_passwd -c`, which everybody knows, writes a file with the one gateway alone."""

    async def scenario() -> None:
        async with embedded(Program.MOSQUITTO, tmp_path, access=ACCESS) as broker:
            subject = receiver(0, Sink(), client_id="c", address=collector(broker))
            async with running(subject):
                add_gateway(broker, "g1")
                await until_let_in(broker, "g1")
                if done == "deleted":
                    broker.broker.passwords.unlink()
                else:
                    add_gateway(broker, "g2", "-c")
                    await until_let_in(broker, "g2")
                await until(lambda: f"{ACCESS.collector}:" in names(broker))
                async with gateway(broker, ACCESS.collector, ACCESS.password):
                    pass
                await until(lambda: subject.status.connected)
            assert broker.told == [None] * len(broker.told)

    asyncio.run(scenario())


def names(broker: Embedded) -> str:
    """What stands in the password file; nothing where there is none."""
    path = broker.broker.passwords
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_files_with_passwords_are_for_us_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with embedded(Program.MOSQUITTO, tmp_path, access=ACCESS) as broker:
            assert broker.broker.passwords.stat().st_mode & 0o077 == 0
            assert ACCESS.password not in broker.broker.passwords.read_text(encoding="utf-8")

    asyncio.run(scenario())
    assert ACCESS.password not in repr(ACCESS)


def test_the_access_list_has_the_rules_that_are_shipped() -> None:
    def rules(text: str) -> list[str]:
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    assert rules(access_list(ACCESS)) == rules(SHIPPED_ACL.read_text(encoding="utf-8"))


def test_a_password_takes_the_place_of_the_one_before_and_of_no_other() -> None:
    line = password_line("w", "p", b"salt of 12 b")
    assert with_password("g1:$7$1\nw:$7$2\n\nww:$7$3", line) == f"g1:$7$1\nww:$7$3\n{line}\n"


@pytest.mark.parametrize("name", ["a:b", " a", "a\nuser x", "a\tb"])
def test_a_name_that_the_files_of_the_broker_cannot_hold_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"mqtt\.username"):
        Access(prefix=PREFIX, collector=name, password="p")
