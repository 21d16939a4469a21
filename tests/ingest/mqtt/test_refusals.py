"""A broker that refuses, is not there, or is none: one clear line, and no end of trying."""

from __future__ import annotations

import asyncio
import random
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import mqtt5
import pytest

from hydro.errors import BrokerError
from ingest.mqtt import BrokerAddress, Receiver
from tests.ingest.mqtt.running import QUICK, Sink, kill, numbered, publish, receiver, running, until
from tests.ingest.mqtt.scripted import scripted
from tests.servers.process import HOST, free_port, require

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import NewMosquitto
    from tests.servers import Mosquitto


async def refusal(subject: Receiver, within_s: float = 10.0) -> BrokerError:
    """Run a receiver and give the error that a caller gets who waits for it."""
    task = asyncio.create_task(subject.run())
    try:
        with pytest.raises(BrokerError) as caught:
            await subject.wait_ready(within_s)
        assert not task.done(), "it must go on trying"
        assert "\n" not in str(caught.value)
        return caught.value
    finally:
        await kill(task)


def passwords(path: Path) -> Path:
    """Make a password file with the user watermaster."""
    file = path / "passwords"
    subprocess.run([str(require("mosquitto_passwd")), "-b", "-c", str(file), "watermaster", "right"], check=True)
    return file


@pytest.mark.parametrize(("username", "password"), [("watermaster", "wrong"), ("nobody", "right"), (None, None)])
def test_wrong_credentials_are_said_at_once(
    tmp_path: Path, new_mosquitto: NewMosquitto, username: str | None, password: str | None
) -> None:
    async def scenario() -> None:
        broker = new_mosquitto(passwords=passwords(tmp_path))
        address = BrokerAddress(host=HOST, port=broker.port, username=username, password=password)
        error = await refusal(receiver(broker.port, Sink(), client_id="c", address=address))
        assert str(error) == f"broker 127.0.0.1:{broker.port} refuses the connection: not authorised"
        assert error.retryable is False

    asyncio.run(scenario())


def test_right_credentials_pass_probe_heartbeat_and_the_shipped_acl(
    tmp_path: Path, new_mosquitto: NewMosquitto
) -> None:
    async def scenario() -> None:
        broker = new_mosquitto(passwords=passwords(tmp_path))
        address = BrokerAddress(host=HOST, port=broker.port, username="watermaster", password="right")
        sink = Sink()
        async with running(receiver(broker.port, sink, client_id="watermaster", address=address)):
            await until(lambda: bool(sink.heartbeats))

    asyncio.run(scenario())


def test_a_port_where_nobody_listens_is_said_and_tried_again() -> None:
    async def scenario() -> None:
        port = free_port()
        error = await refusal(receiver(port, Sink(), client_id="c"), 0.5)
        assert str(error) == f"broker 127.0.0.1:{port} can't be reached: connection refused: nothing listens there"
        assert error.retryable is True

    asyncio.run(scenario())


def test_a_host_that_does_not_exist_is_said() -> None:
    async def scenario() -> None:
        address = BrokerAddress(host="no-such-host.invalid", port=1883)
        error = await refusal(receiver(0, Sink(), client_id="c", address=address), 1.0)
        assert "no-such-host.invalid:1883 can't be reached" in str(error)

    asyncio.run(scenario())


def test_a_receiver_started_before_its_broker_finds_it_when_it_comes(new_mosquitto: NewMosquitto) -> None:
    async def scenario() -> None:
        broker = new_mosquitto()
        await asyncio.to_thread(broker.stop)
        sink = Sink()
        subject = receiver(broker.port, sink, client_id="early")
        task = asyncio.create_task(subject.run())
        await until(lambda: subject.status.last_error is not None)
        await asyncio.to_thread(broker.start)
        await subject.wait_ready(10)
        await publish(broker.port, numbered(1, 10))
        await until(lambda: len(sink.messages) == 10)
        await subject.stop()
        await task

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("code", "words", "retryable"),
    [
        (mqtt5.ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD, "bad user name or password", False),
        (mqtt5.ConnAckReasonCode.BANNED, "banned", False),
        (mqtt5.ConnAckReasonCode.CLIENT_ID_NOT_VALID, "client id not valid", False),
        (mqtt5.ConnAckReasonCode.SERVER_BUSY, "server busy", True),
        (mqtt5.ConnAckReasonCode.QUOTA_EXCEEDED, "quota exceeded", True),
    ],
    ids=["password", "banned", "client id", "busy", "quota"],
)
def test_a_refused_connection_is_said_in_words(code: mqtt5.ConnAckReasonCode, words: str, retryable: bool) -> None:  # noqa: FBT001  # a column of the table
    async def scenario() -> None:
        async with scripted() as broker:
            broker.connack = mqtt5.ConnAckPacket(reason_code=code, reason_str="ask the operator")
            error = await refusal(receiver(broker.port, Sink(), client_id="c"), 1.0)
            assert str(error) == f"broker 127.0.0.1:{broker.port} refuses the connection: {words} (ask the operator)"
            assert error.retryable is retryable

    asyncio.run(scenario())


def test_a_refused_subscription_names_its_filter() -> None:
    async def scenario() -> None:
        async with scripted() as broker:
            broker.suback = mqtt5.SubAckReasonCode.NOT_AUTHORIZED
            error = await refusal(receiver(broker.port, Sink(), client_id="c"))
            where = "watermaster/v1/_/heartbeat/c"
            assert str(error) == f"broker 127.0.0.1:{broker.port} refuses the subscription to {where}: not authorised"

    asyncio.run(scenario())


def test_a_subscription_granted_with_quality_0_is_no_subscription() -> None:
    async def scenario() -> None:
        async with scripted() as broker:
            broker.suback = mqtt5.SubAckReasonCode.GRANTED_QOS_AT_MOST_ONCE
            error = await refusal(receiver(broker.port, Sink(), client_id="c"))
            assert "granted qos at most once" in str(error)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"x" * 300,
        b"\x20\x02\x00\x01",
        b"\x00" * 10,
        b"220 mail.example ESMTP\r\n",
        b"\xff" * 50,
        b"\x30\xff\xff\xff\x7f",
        mqtt5.PingRespPacket().write() + mqtt5.SubAckPacket(1, [mqtt5.SubAckReasonCode.NOT_AUTHORIZED]).write() * 2,
    ],
    ids=["HTTP", "MQTT 3", "zeros", "SMTP", "ones", "huge", "packets out of place"],
)
def test_what_answers_but_is_no_mqtt_5_broker_is_said(answer: bytes) -> None:
    async def scenario() -> None:
        async with scripted() as broker:
            broker.connack_bytes = answer
            subject = receiver(broker.port, Sink(), client_id="c", timing=replace(QUICK, connect_s=0.5))
            error = await refusal(subject, 1.5)
            assert f"127.0.0.1:{broker.port}" in str(error)
            assert error.retryable is True

    asyncio.run(scenario())


def test_a_broker_that_accepts_and_says_nothing_is_given_up_in_time() -> None:
    async def scenario() -> None:
        async with scripted() as broker:
            broker.connack_bytes = b""
            error = await refusal(
                receiver(broker.port, Sink(), client_id="c", timing=replace(QUICK, connect_s=0.2)), 1.0
            )
            assert str(error) == f"broker 127.0.0.1:{broker.port} can't be reached: no answer in time"

    asyncio.run(scenario())


@pytest.mark.parametrize("seed", range(8))
def test_garbage_in_the_middle_costs_the_connection_and_nothing_else(seed: int) -> None:
    async def scenario() -> None:
        rng = random.Random(seed)
        sink = Sink()
        async with scripted() as broker:
            subject = receiver(broker.port, sink, client_id="garbage", timing=replace(QUICK, keep_alive_s=1.0))
            async with running(subject):
                first = await broker.connection(1)
                first.deliver(1, b"before")
                await until(lambda: first.acknowledged == [1])
                # Type 0 is reserved: what follows can't be taken for packets.
                first.send(b"\x00" + rng.randbytes(500))
                second = await broker.connection(2)
                second.deliver(1, b"after")
                await until(lambda: second.acknowledged == [1])
        assert sink.payloads == [b"before", b"after"]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "packet",
    [
        mqtt5.ConnectPacket("x"),
        mqtt5.ConnAckPacket(),
        mqtt5.SubscribePacket(1, [mqtt5.TopicFilter("#")]),
        mqtt5.PingReqPacket(),
        mqtt5.AuthPacket(),
        mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN),
    ],
    ids=lambda packet: type(packet).__name__,
)
def test_packets_that_a_broker_may_not_send_end_the_connection_and_the_next_goes_on(packet: mqtt5.Packet) -> None:
    async def scenario() -> None:
        async with scripted() as broker:
            subject = receiver(broker.port, Sink(), client_id="place")
            async with running(subject):
                (await broker.connection(1)).send(packet)
                await broker.connection(2)
                await until(lambda: subject.status.reconnects == 1)

    asyncio.run(scenario())


def certificate(path: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 that signs itself, and its key."""
    crt, key = path / "broker.crt", path / "broker.key"
    subprocess.run(
        [
            str(require("openssl")),
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(crt)),
        ],
        check=True,
        capture_output=True,
    )
    key.chmod(0o644)
    return crt, key


def test_tls_is_spoken_to_a_trusted_broker_and_refused_to_any_other(
    tmp_path: Path, new_mosquitto: NewMosquitto
) -> None:
    async def scenario() -> None:
        crt, key = certificate(tmp_path)
        broker = new_mosquitto(f"certfile {crt}\nkeyfile {key}")
        sink = Sink()
        trusting = BrokerAddress.parse(f"mqtts://{HOST}:{broker.port}", ca_file=crt)
        async with running(receiver(broker.port, sink, client_id="tls", address=trusting)):
            await until(lambda: bool(sink.heartbeats))
            large = bytes(300_000)
            await publish(broker.port, [b"small", large], ca_file=crt)
            await until(lambda: len(sink.messages) == 2)
            assert sink.payloads == [b"small", large]
        strict = BrokerAddress.parse(f"mqtts://{HOST}:{broker.port}")
        error = await refusal(receiver(broker.port, Sink(), client_id="tls", address=strict))
        assert "its certificate is not trusted: self-signed certificate" in str(error)
        assert error.retryable is False

    asyncio.run(scenario())


def test_plain_text_to_a_tls_port_is_an_error_and_no_crash(tmp_path: Path, new_mosquitto: NewMosquitto) -> None:
    async def scenario() -> None:
        crt, key = certificate(tmp_path)
        broker = new_mosquitto(f"certfile {crt}\nkeyfile {key}")
        error = await refusal(receiver(broker.port, Sink(), client_id="plain"), 1.0)
        assert f"127.0.0.1:{broker.port}" in str(error)

    asyncio.run(scenario())


def test_tls_to_a_plain_port_is_an_error_and_no_crash(mosquitto: Mosquitto) -> None:
    async def scenario() -> None:
        address = BrokerAddress.parse(f"mqtts://{HOST}:{mosquitto.port}")
        subject = receiver(mosquitto.port, Sink(), client_id="x", address=address, timing=replace(QUICK, connect_s=0.5))
        error = await refusal(subject, 1.0)
        assert f"127.0.0.1:{mosquitto.port}" in str(error)

    asyncio.run(scenario())
