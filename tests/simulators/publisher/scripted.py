"""A broker that does exactly what a test says, in threads, and remembers who sent what when."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import mqtt5

from tests.servers.process import HOST, free_port

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ScriptedBroker", "Sent"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A publication as it came.

    Attributes:
        connection: Number of the connection, from 0, in the order in which they came.
        packet_id: Its packet id.
        topic: Its topic.
        payload: Its payload.
        duplicate: Whether it is marked as sent before.
        owed: Publications of its connection that were not acknowledged, this one included.
    """

    connection: int
    packet_id: int
    topic: str
    payload: bytes
    duplicate: bool
    owed: int


def at_once(broker: ScriptedBroker, connection: int, owed: list[mqtt5.PublishPacket]) -> list[mqtt5.PubAckPacket]:
    """Acknowledge everything as it comes."""
    del broker, connection
    return [mqtt5.PubAckPacket(packet.packet_id or 0) for packet in owed]


@dataclass
class ScriptedBroker:
    """Entering the context makes it listen.

    Attributes:
        answer: Gets the broker, the number of the connection and what it owes there; gives what it answers now.
            Raises `ConnectionAbortedError` to lose the connection.
        connack: The answer to every CONNECT.
        last_words: Sent before a connection is lost.
        sent: Publications in the order in which they came.
        acknowledged: Payloads that were acknowledged.
        connects: CONNECTs in the order in which they came.
    """

    answer: Callable[[ScriptedBroker, int, list[mqtt5.PublishPacket]], list[mqtt5.PubAckPacket]] = at_once
    connack: mqtt5.ConnAckPacket = field(default_factory=mqtt5.ConnAckPacket)
    last_words: bytes = b""
    port: int = field(default_factory=free_port)
    sent: list[Sent] = field(default_factory=list)
    acknowledged: set[bytes] = field(default_factory=set)
    connects: list[mqtt5.ConnectPacket] = field(default_factory=list)
    left: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: set[socket.socket] = field(default_factory=set)

    def __enter__(self) -> Self:
        self._listener = socket.create_server((HOST, self.port))
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in tuple(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        self._open.add(client)
        owed: list[mqtt5.PublishPacket] = []
        number, buffer = -1, b""
        with client, suppress(OSError):
            while data := client.recv(65_536):
                buffer += data
                while buffer:
                    try:
                        packet, size = mqtt5.read(memoryview(buffer))
                    except IndexError:
                        break
                    buffer = buffer[size:]
                    number = self._take(client, packet, number, owed)
                self._answer(client, number, owed)
        self._open.discard(client)

    def _take(self, client: socket.socket, packet: mqtt5.Packet, number: int, owed: list[mqtt5.PublishPacket]) -> int:
        match packet:
            case mqtt5.ConnectPacket():
                with self._lock:
                    self.connects.append(packet)
                    number = len(self.connects) - 1
                client.sendall(self.connack.write())
            case mqtt5.PublishPacket():
                owed.append(packet)
                sent = Sent(number, packet.packet_id or 0, packet.topic, packet.payload, packet.duplicate, len(owed))
                with self._lock:
                    self.sent.append(sent)
            case mqtt5.PingReqPacket():
                client.sendall(mqtt5.PingRespPacket().write())
            case mqtt5.DisconnectPacket():
                self.left += 1
            case _:
                message = f"a publisher sends {packet}"
                raise AssertionError(message)
        return number

    def _answer(self, client: socket.socket, number: int, owed: list[mqtt5.PublishPacket]) -> None:
        if not owed:
            return
        try:
            answers = self.answer(self, number, owed)
        except ConnectionAbortedError:
            client.sendall(self.last_words)
            client.shutdown(socket.SHUT_RDWR)
            raise
        ids = {answer.packet_id: answer for answer in answers}
        with self._lock:
            self.acknowledged |= {packet.payload for packet in owed if packet.packet_id in ids}
        owed[:] = [packet for packet in owed if packet.packet_id not in ids]
        client.sendall(b"".join(answer.write() for answer in answers))
