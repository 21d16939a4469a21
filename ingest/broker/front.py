"""One port for MQTT 3.1.1 and 5 in front of rumqttd, which wants one for each.

A connection is held until its CONNECT says which version it speaks, then bytes go to and fro, unchanged but for a
keep alive of 0::

    client ──▶ Client ──▶ Backend ──▶ rumqttd, the listener of that version

Nothing is kept beyond what a transport buffers: whoever is slower pauses the reading of the other side.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from iotcore.iotcore import IotCoreBroker

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Hello", "read_hello", "serve", "with_keep_alive"]

_HOST: Final = "127.0.0.1"
_CONNECT: Final = 0x10
_LENGTH_BYTES: Final = 4
_USUAL_LEVEL: Final = 4
_NAMES: Final = (b"MQTT", b"MQIsdp")
_MORE: Final = 0x80
_PATIENCE_S: Final = 10.0
_START_S: Final = 10.0
_POLL_S: Final = 0.01


class Hello(NamedTuple):
    """What the front reads of a CONNECT.

    Attributes:
        level: Protocol level: 3, 4 (MQTT 3.1.1) or 5.
        keep_alive_at: Where the two bytes of the keep alive are.
    """

    level: int
    keep_alive_at: int


def read_hello(head: bytes) -> Hello | None:
    """Read the beginning of a connection; None while too little of it is there.

    Args:
        head: Its first bytes.

    Raises:
        ValueError: It does not begin with a CONNECT.

    Source: MQTT 5, 2.1 and 3.1.2.

    >>> read_hello(bytes.fromhex("10 0c 0004 4d515454 05 02 003c"))
    Hello(level=5, keep_alive_at=10)
    >>> read_hello(bytes.fromhex("10 0c 0004 4d5154")) is None
    True
    """
    if head and head[0] != _CONNECT:
        raise ValueError(f"begins with byte 0x{head[0]:02X}, not with a CONNECT")
    name_at = 2
    while name_at <= len(head) and head[name_at - 1] & _MORE:
        if name_at > _LENGTH_BYTES:
            raise ValueError("the length of the CONNECT has more than four bytes")
        name_at += 1
    for name in _NAMES:
        field = len(name).to_bytes(2, "big") + name
        if head[name_at : name_at + len(field)] == field[: max(0, len(head) - name_at)]:
            level_at = name_at + len(field)
            keep_alive_at = level_at + 2
            return Hello(head[level_at], keep_alive_at) if len(head) >= keep_alive_at + 2 else None
    raise ValueError("the CONNECT names another protocol than MQTT")


def with_keep_alive(head: bytes, hello: Hello) -> bytes:
    """Ask for the longest keep alive, 18 hours, where there is none: rumqttd leaves such a client without an answer."""
    at = hello.keep_alive_at
    if head[at : at + 2] == b"\0\0":
        return head[:at] + b"\xff\xff" + head[at + 2 :]
    return head


class _Side(asyncio.Protocol):
    """One end of a connection; what it reads goes to the other."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: _Side | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Pass on."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        """We are slow: let the other side read no more."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """We have caught up."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # however it ended, the other ends with it
        """End the other side when it has written what it has."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()


class _Client(_Side):
    """A connection from outside, until its version is known without a backend."""

    def __init__(self, ports: Mapping[int, int]) -> None:
        super().__init__()
        self._ports = ports
        self._head = b""
        self._joining: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the CONNECT, but not for ever."""
        super().connection_made(transport)
        self._patience = asyncio.get_running_loop().call_later(_PATIENCE_S, transport.abort)  # type: ignore[attr-defined]  # a Transport, as TCP always has

    def data_received(self, data: bytes) -> None:
        """Choose the backend by the first bytes, then pass on."""
        if self.other is not None:
            super().data_received(data)
            return
        self._head += data
        try:
            hello = read_hello(self._head)
        except ValueError:
            self._give_up()
            return
        if hello is not None and self._joining is None and self.transport is not None:
            self.transport.pause_reading()  # what is here is little; the rest can wait in the kernel
            self._head = with_keep_alive(self._head, hello)
            port = self._ports.get(hello.level, self._ports[_USUAL_LEVEL])
            self._joining = asyncio.get_running_loop().create_task(self._join(port))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was begun."""
        self._forget_patience()
        if self._joining is not None:
            self._joining.cancel()
        super().connection_lost(exc)

    async def _join(self, port: int) -> None:
        try:
            _, backend = await asyncio.get_running_loop().create_connection(_Side, _HOST, port)
        except OSError:
            self._give_up()
            return
        self._forget_patience()
        backend.other, self.other = self, backend
        super().data_received(self._head)
        self._head = b""
        if self.transport is not None:
            self.transport.resume_reading()

    def _forget_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()

    def _give_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()


def serve(host: str, port: int, conf: str, *, v4_port: int, v5_port: int) -> None:
    """Serve for ever; ends the process when rumqttd does.

    Args:
        host: Address to listen on.
        port: TCP port for both versions.
        conf: Configuration file of rumqttd,
        v4_port: with its listener for MQTT 3.1.1,
        v5_port: and that for MQTT 5, both on loopback.
    """
    # rumqttd logs what it does with each message as an error. What it does wrong shows in the receiver's state.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    broker = IotCoreBroker(config_path=conf)
    broker.check_ports()
    threading.Thread(target=_run, args=(broker,), name="rumqttd", daemon=True).start()
    asyncio.run(_serve(host, port, {3: v4_port, 4: v4_port, 5: v5_port}))


def _run(broker: IotCoreBroker) -> None:
    try:
        broker.run_forever()
    finally:
        print("rumqttd ended", file=sys.stderr, flush=True)  # noqa: T201  # the parent reads it
        os._exit(1)


async def _serve(host: str, port: int, ports: Mapping[int, int]) -> None:
    async with asyncio.timeout(_START_S):
        for backend in set(ports.values()):
            await _answers(backend)
    server = await asyncio.get_running_loop().create_server(lambda: _Client(ports), host, port)
    await server.serve_forever()


async def _answers(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(_HOST, port)
        except OSError:
            await asyncio.sleep(_POLL_S)
        else:
            writer.close()
            return
