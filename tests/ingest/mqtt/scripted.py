"""A broker that does exactly what a test says: for instants and answers that no real broker gives on demand."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import mqtt5

from tests.ingest.mqtt.running import until
from tests.servers.process import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Packet = TypeVar("Packet")


class Connection:
    """One connection of the client under test.

    Attributes:
        received: Packets that came, in order.
        closed: Whether the client has closed it.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.received: list[mqtt5.Packet] = []
        self.closed = False
        self._reader = reader
        self._writer = writer

    def of(self, kind: type[Packet]) -> list[Packet]:
        """Give the packets of one kind that came."""
        return [packet for packet in self.received if isinstance(packet, kind)]

    @property
    def acknowledged(self) -> list[int]:
        """Packet ids that the client acknowledged, in order."""
        return [packet.packet_id for packet in self.of(mqtt5.PubAckPacket)]

    def send(self, *packets: mqtt5.Packet | bytes) -> None:
        """Send packets or raw bytes in one piece."""
        self._writer.write(b"".join(packet if isinstance(packet, bytes) else packet.write() for packet in packets))

    def deliver(self, packet_id: int, payload: bytes, topic: str = "watermaster/v1/g1/up/json") -> None:
        """Send a message of QoS 1."""
        self.send(mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id))

    def cut(self) -> None:
        """Lose the connection without a word."""
        self._writer.transport.abort()

    async def read(self) -> AsyncIterator[mqtt5.Packet]:
        """Give the packets as they come, until the client is gone."""
        buffer = b""
        while True:
            try:
                piece = await self._reader.read(65_536)
            except ConnectionError:
                piece = b""
            if not piece:
                self.closed = True
                return
            buffer += piece
            while buffer:
                try:
                    packet, size = mqtt5.read(memoryview(buffer))
                except IndexError:
                    break
                buffer = buffer[size:]
                self.received.append(packet)
                yield packet


class ScriptedBroker:
    """Accepts everybody, answers what must be answered, sends only what it is told to.

    Attributes:
        port: Where it listens.
        connections: Of the client under test, in order.
        probes: Of its probes.
        connack: The answer to the next CONNECTs.
        connack_bytes: Raw bytes to answer instead, None for the packet.
        suback: Reason code for each subscription; None = the client under test waits for its answer.
        echoes: Whether heartbeats come back.
        answers_pings: Whether a PINGREQ is answered.
        acknowledges: Whether a publication is acknowledged.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.connections: list[Connection] = []
        self.probes: list[Connection] = []
        self.connack = mqtt5.ConnAckPacket(session_present=True)
        self.connack_bytes: bytes | None = None
        self.suback: mqtt5.SubAckReasonCode | None = mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
        self.echoes = False
        self.answers_pings = True
        self.acknowledges = True
        self._last_id = 40_000

    async def connection(self, number: int) -> Connection:
        """Wait for the client's connection of this number, from 1, to be subscribed."""
        await until(
            lambda: len(self.connections) >= number and bool(self.connections[number - 1].of(mqtt5.SubscribePacket))
        )
        return self.connections[number - 1]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client until it is gone."""
        client = Connection(reader, writer)
        try:
            async for packet in client.read():
                if isinstance(packet, mqtt5.ConnectPacket):
                    (self.probes if "-probe-" in packet.client_id else self.connections).append(client)
                self._answer(client, packet)
        finally:
            client.cut()

    def _answer(self, client: Connection, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.ConnectPacket():
                client.send(self.connack if self.connack_bytes is None else self.connack_bytes)
            case mqtt5.SubscribePacket():
                granted = self.suback
                if granted is None and client in self.probes:
                    granted = mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
                if granted is not None:
                    client.send(mqtt5.SubAckPacket(packet.packet_id, [granted for _ in packet.topic_filters]))
            case mqtt5.PingReqPacket() if self.answers_pings:
                client.send(mqtt5.PingRespPacket())
            case mqtt5.PublishPacket() if packet.packet_id is not None:
                if self.acknowledges:
                    client.send(mqtt5.PubAckPacket(packet.packet_id))
                if self.echoes:
                    self._last_id += 1
                    client.deliver(self._last_id, packet.payload, packet.topic)
            case mqtt5.DisconnectPacket():
                client.cut()
            case _:
                pass


@asynccontextmanager
async def scripted() -> AsyncIterator[ScriptedBroker]:
    """Run a scripted broker on a free port."""
    broker = ScriptedBroker()
    talks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(broker.serve(reader, writer))
        talks.add(task)
        task.add_done_callback(talks.discard)

    server = await asyncio.start_server(accept, HOST, broker.port)
    try:
        yield broker
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()
