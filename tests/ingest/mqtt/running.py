"""A receiver under test: a sink that remembers, waits and fails as told, and publishers of another make."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.mqtt import Backoff, BrokerAddress, Receiver, Timing
from tests.servers.process import HOST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from pathlib import Path

    from hydro.errors import WatermasterError
    from ingest.mqtt import Batch

PREFIX: Final = "watermaster/v1"
UPLINK: Final = f"{PREFIX}/g1/up/json"
WITHIN_S: Final = 20.0
POLL_S: Final = 0.005

QUICK: Final = Timing(
    heartbeat_s=60.0,
    probe_s=0.05,
    connect_s=5.0,
    drain_s=5.0,
    leave_s=1.0,
    look_s=0.02,
    reconnect=Backoff(0.02, 0.2),
    retry=Backoff(0.02, 0.1),
)


async def until(condition: Callable[[], bool], within_s: float = WITHIN_S) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(POLL_S)


class Sink:
    """Takes batches.

    Attributes:
        open: While cleared, a call waits in the sink.
        error: While set, each call raises it.
        calls: Calls so far.
        batches: Taken so far.
    """

    def __init__(self, *, is_open: bool = True) -> None:
        self.open = asyncio.Event()
        if is_open:
            self.open.set()
        self.error: WatermasterError | None = None
        self.calls = 0
        self.batches: list[Batch] = []

    async def __call__(self, batch: Batch) -> None:
        """Take a batch, later or never."""
        self.calls += 1
        await self.open.wait()
        if self.error is not None:
            raise self.error
        self.batches.append(batch)

    @property
    def messages(self) -> list[tuple[str, bytes]]:
        """All messages taken, without heartbeats."""
        return [
            message
            for batch in self.batches
            for message in zip(batch.topics, batch.payloads, strict=True)
            if "/_/heartbeat/" not in message[0]
        ]

    @property
    def payloads(self) -> list[bytes]:
        """Payloads of all messages taken, without heartbeats."""
        return [payload for _, payload in self.messages]

    @property
    def heartbeats(self) -> list[bytes]:
        """Payloads of all heartbeats taken."""
        return [
            payload
            for batch in self.batches
            for topic, payload in zip(batch.topics, batch.payloads, strict=True)
            if "/_/heartbeat/" in topic
        ]


def receiver(port: int, sink: Sink, *, client_id: str, timing: Timing = QUICK, **settings: Any) -> Receiver:  # noqa: ANN401  # those of Receiver
    """Make a receiver for a broker on this machine."""
    address = settings.pop("address", None) or BrokerAddress.parse(f"mqtt://{HOST}:{port}")
    return Receiver(
        address,
        client_id=client_id,
        prefix=PREFIX,
        sink=sink,
        clock=lambda: time.time_ns() // 1_000_000,
        rng=random.Random(1),
        timing=timing,
        **settings,
    )


@asynccontextmanager
async def running(subject: Receiver) -> AsyncIterator[asyncio.Task[None]]:
    """Run a receiver, wait until it receives, and stop it at the end."""
    task = asyncio.create_task(subject.run())
    try:
        await subject.wait_ready(WITHIN_S)
        yield task
        await subject.stop()
        await task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await task


async def kill(task: asyncio.Task[None]) -> None:
    """End a receiver as a crash would: nothing is made safe, nothing acknowledged, no word to the broker."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def make_session(port: int, client_id: str) -> None:
    """Let a broker know a session, so that it keeps what is published from now on."""
    async with running(receiver(port, Sink(), client_id=client_id)):
        pass


def publish_all(
    port: int,
    messages: Iterable[tuple[str, bytes]],
    *,
    qos: int,
    properties: Sequence[tuple[str, str]],
    ca_file: Path | None,
) -> None:
    """Publish with paho and return when the broker has acknowledged all of it."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    client.max_inflight_messages_set(1000)
    if ca_file is not None:
        client.tls_set(str(ca_file))
    client.connect(HOST, port)
    client.loop_start()
    try:
        about = None
        if properties:
            about = Properties(PacketTypes.PUBLISH)
            about.UserProperty = list(properties)
        sent = [client.publish(topic, payload, qos=qos, properties=about) for topic, payload in messages]
        for each in sent:
            each.wait_for_publish(WITHIN_S)
            assert each.is_published()
    finally:
        client.disconnect()
        client.loop_stop()


async def publish(
    port: int,
    payloads: Iterable[bytes],
    *,
    topic: str = UPLINK,
    qos: int = 1,
    properties: Sequence[tuple[str, str]] = (),
    ca_file: Path | None = None,
) -> None:
    """Publish with a client of another make."""
    messages = [(topic, payload) for payload in payloads]
    await asyncio.to_thread(publish_all, port, messages, qos=qos, properties=properties, ca_file=ca_file)


def numbered(first: int, last: int) -> list[bytes]:
    """Make payloads that tell their number."""
    return [b"%06d" % number for number in range(first, last + 1)]
