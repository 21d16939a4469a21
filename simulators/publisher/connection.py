"""One connection to the broker: a non-blocking socket, its stage, and the messages that go over it.

Sockets and epoll instead of asyncio: a broker writes each PUBACK by itself, and what a callback of an event loop costs
is paid for each of them.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import ssl
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import mqtt5

from hydro.errors import BrokerError
from simulators.publisher.broker import check_answer, left_us, unreachable
from simulators.publisher.flight import Flight
from simulators.publisher.packets import (
    DISCONNECT,
    PACKET_IDS,
    PING,
    Answer,
    packet_end,
    read_answer,
    topic_of,
)

if TYPE_CHECKING:
    from simulators.publisher.broker import Broker
    from simulators.publisher.tally import Tally

__all__ = ["Connection", "Stage"]

_KEEP_ALIVE_S: Final = 60
_SILENT_KEEP_ALIVES: Final = 1.5
_PING_S: Final = 5.0
_CONNECT_S: Final = 10.0
_READ_BYTES: Final = 65_536
_LONGEST_ANSWER: Final = 256 * 1024
_WOULD_BLOCK: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_CONNECTING: Final = (0, errno.EINPROGRESS)


class Stage(StrEnum):
    """Where a connection is in its life."""

    DOWN = "down"
    DIALLING = "dialling"
    SHAKING = "shaking"
    """TLS."""
    GREETING = "greeting"
    """CONNECT is sent."""
    UP = "up"


class Connection:
    """One connection, made and lost any number of times.

    Every method that reads or writes raises a `BrokerError` when the connection is over; then `drop` is due.

    Args:
        client_id: Its name at the broker.
        broker: Where to.
        poll: Told what to wait for.
        tally: Gets the counts.

    Attributes:
        flight: Messages that go over it.
        stage: Where it is.
        descriptor: Of the socket; -1 without one.
        since: Instant of the latest change of stage, seconds.
        was_up: Whether the broker has ever accepted it.
        answer: What the broker said to the latest CONNECT; None before the first.
        vain: How often in a row it was lost after messages were sent, and none was answered.
    """

    def __init__(self, client_id: str, broker: Broker, poll: select.epoll, tally: Tally) -> None:
        self.flight = Flight()
        self.stage = Stage.DOWN
        self.descriptor = -1
        self.since = 0.0
        self.was_up = False
        self.answer: mqtt5.ConnAckPacket | None = None
        self.vain = 0
        self._window = PACKET_IDS
        self._client_id = client_id
        self._broker = broker
        self._poll = poll
        self._tally = tally
        self._socket: socket.socket | None = None
        self._outgoing = b""
        self._incoming = b""
        self._is_full = False
        self._keep_alive_s = float(_KEEP_ALIVE_S)
        self._heard_at = self._said_at = 0.0

    @property
    def next_topic(self) -> str:
        """Of the first message that is not acknowledged; empty without one."""
        head = self.flight.head
        return topic_of(head) if head else ""

    def dial(self, family: int, address: tuple[object, ...], now: float) -> None:
        """Begin to connect.

        Args:
            family: Of the address.
            address: As `Broker.addresses` gives it.
            now: Present instant.
        """
        try:
            self._socket = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            # An address of a kind that this machine doesn't have may have a neighbour; open files have not.
            raise BrokerError(
                f"no connection to broker {self._broker}: {error.strerror}",
                retryable=error.errno not in {errno.EMFILE, errno.ENFILE},
            ) from error
        self._socket.settimeout(0.0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.descriptor = self._socket.fileno()
        self._poll.register(self.descriptor, select.EPOLLOUT)
        self._enter(Stage.DIALLING, now)
        code = self._socket.connect_ex(address)
        if code not in _CONNECTING:
            raise unreachable(_error(code), self._broker)

    def drop(self, now: float) -> int:
        """Forget the connection, keep the messages.

        Returns:
            How many will be sent once more.
        """
        if self.stage is Stage.UP:
            with suppress(BrokerError):  # it is over, but what it acknowledged before must not be sent again
                while self._read(now):
                    pass
        self.vain += self.flight.under_way > 0
        if self._socket is not None:
            self._poll.unregister(self.descriptor)
            self._socket.close()
        self._socket = None
        self.descriptor = -1
        self._outgoing = self._incoming = b""
        self._is_full = False
        self._enter(Stage.DOWN, now)
        return self.flight.rewind()

    def leave(self, now: float) -> None:
        """Say DISCONNECT and close."""
        if self.stage is Stage.UP and not self._outgoing:
            self._write(DISCONNECT, now)
        self.drop(now)

    def flush(self, now: float) -> bool:
        """Send what the window allows, once half of it is free or all fits in.

        Args:
            now: Present instant.

        Returns:
            Whether nothing is left to be sent.
        """
        flight = self.flight
        room = flight.room(self._window)
        is_worth_it = room == flight.waiting or 2 * room >= self._window
        if self.stage is Stage.UP and room > 0 and is_worth_it and not self._outgoing:
            self._write(flight.take(room, now), now)
        return not flight.waiting

    def ready(self, events: int, now: float) -> None:
        """Do what the socket is ready for.

        Args:
            events: As epoll tells them.
            now: Present instant.
        """
        match self.stage:
            case Stage.UP | Stage.GREETING:
                if events & select.EPOLLOUT:
                    self._write_rest()
                if events & ~select.EPOLLOUT:
                    self._read(now)
            case Stage.DIALLING:
                self._dialled(now)
            case Stage.SHAKING:
                self._shake(now)
            case Stage.DOWN:
                pass  # lost while the event waited for its turn

    def tend(self, now: float) -> None:
        """Keep it alive, and find out whether the other side still is."""
        if self.stage is Stage.UP:
            if now - self._heard_at > _SILENT_KEEP_ALIVES * self._keep_alive_s:
                raise BrokerError(f"broker {self._broker} answers no ping any more", retryable=True)
            if now - self._heard_at > self._keep_alive_s / 2 and now - self._said_at > _PING_S:
                self._write(PING, now)
        elif self.stage is not Stage.DOWN and now - self.since > _CONNECT_S:
            raise unreachable(TimeoutError(), self._broker)

    # --- Connecting

    def _enter(self, stage: Stage, now: float) -> None:
        self.stage, self.since = stage, now

    def _present(self) -> socket.socket:
        if self._socket is None:
            raise BrokerError(f"no connection to broker {self._broker}", retryable=True)
        return self._socket

    def _dialled(self, now: float) -> None:
        plain = self._present()
        if code := plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise unreachable(_error(code), self._broker)
        if self._broker.tls is None:
            self._greet(now)
            return
        # The encrypted socket takes the descriptor over.
        self._socket = self._broker.tls.wrap_socket(
            plain, do_handshake_on_connect=False, server_hostname=self._broker.host
        )
        self._enter(Stage.SHAKING, now)
        self._shake(now)

    def _shake(self, now: float) -> None:
        secured = self._present()
        assert isinstance(secured, ssl.SSLSocket)  # noqa: S101  # what `_dialled` made of it
        try:
            secured.do_handshake()
        except ssl.SSLWantReadError:
            self._poll.modify(self.descriptor, select.EPOLLIN)
        except ssl.SSLWantWriteError:
            self._poll.modify(self.descriptor, select.EPOLLOUT)
        except OSError as error:
            raise unreachable(error, self._broker) from error
        else:
            self._greet(now)

    def _greet(self, now: float) -> None:
        self._enter(Stage.GREETING, now)
        self._poll.modify(self.descriptor, select.EPOLLIN)
        password = self._broker.password
        packet = mqtt5.ConnectPacket(
            self._client_id,
            username=self._broker.username,
            password=None if password is None else password.encode(),
            clean_start=True,
            keep_alive=_KEEP_ALIVE_S,
        )
        self._write(packet.write(), now)

    def _welcomed(self, answer: mqtt5.ConnAckPacket, now: float) -> None:
        check_answer(answer, self._broker)
        self.answer = answer
        self.was_up = True
        self._window = answer.receive_max
        self._keep_alive_s = float(answer.server_keep_alive or _KEEP_ALIVE_S)
        self._enter(Stage.UP, now)

    # --- Writing

    def _write(self, packets: bytes, now: float) -> None:
        self._said_at = now
        if self._outgoing:
            self._outgoing += packets
        else:
            self._outgoing = packets
            self._write_rest()

    def _write_rest(self) -> None:
        """Hand the kernel as much as it takes; the rest waits until it takes more."""
        try:
            count = self._present().send(self._outgoing) if self._outgoing else 0
        except _WOULD_BLOCK:
            count = 0
        except OSError as error:
            raise unreachable(error, self._broker) from error
        self._outgoing = self._outgoing[count:]
        if bool(self._outgoing) != self._is_full:
            self._is_full = not self._is_full
            self._poll.modify(self.descriptor, select.EPOLLIN | (select.EPOLLOUT if self._is_full else 0))

    # --- Reading

    def _read(self, now: float) -> bool:
        """Take what has come; False where that is nothing."""
        connection = self._present()
        try:
            data = connection.recv(_READ_BYTES)
            while isinstance(connection, ssl.SSLSocket) and (more := connection.pending()):
                data += connection.recv(more)  # it is decrypted already: no event would tell of it
        except _WOULD_BLOCK:
            return False
        except OSError as error:
            raise unreachable(error, self._broker) from error
        if not data:
            raise BrokerError(f"broker {self._broker} closed the connection", retryable=True)
        self._heard_at = now
        self._take(self._incoming + data, now)
        return True

    def _take(self, data: bytes, now: float) -> None:
        flight, tally = self.flight, self._tally
        count, kind = flight.run_of(data)
        start = count * kind.each
        if count:
            self.vain = 0
            tally.unheard += 0 if kind.heard else count
            for found in flight.acknowledge_run(count, now):
                tally.note_acknowledged(found, now)
        try:
            while start < len(data) and (end := packet_end(data, start)) is not None:
                self._handle(read_answer(data, start, end), now)
                start = end
        except ValueError as error:
            raise BrokerError(f"broker {self._broker} sends what is no MQTT 5: {error}", retryable=True) from error
        self._incoming = data[start:]
        if len(self._incoming) > _LONGEST_ANSWER:
            raise BrokerError(f"broker {self._broker} sends a packet of over {_LONGEST_ANSWER} bytes", retryable=True)

    def _handle(self, packet: Answer | mqtt5.Packet, now: float) -> None:
        match packet:
            case Answer():
                self._answered(packet, now)
            case mqtt5.ConnAckPacket() if self.stage is Stage.GREETING:
                self._welcomed(packet, now)
            case mqtt5.PingRespPacket():
                pass  # that bytes came is all it says
            case mqtt5.DisconnectPacket():
                raise left_us(packet, self._broker)
            case _:
                name = type(packet).__name__
                raise BrokerError(f"broker {self._broker} sends {name} out of place", retryable=True)

    def _answered(self, answer: Answer, now: float) -> None:
        packet = self.flight.packet(answer.packet_id)
        found = self.flight.acknowledge(answer.packet_id, now)
        if found is None:
            raise BrokerError(
                f"broker {self._broker} acknowledges packet {answer.packet_id}, which is not under way", retryable=True
            )
        self.vain = 0
        if answer.refused:
            self._tally.note_refused(answer.refused, topic_of(packet))
        else:
            self._tally.unheard += not answer.heard
            self._tally.note_acknowledged(found, now)


def _error(code: int) -> OSError:
    return OSError(code, os.strerror(code))
