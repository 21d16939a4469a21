"""A simulated gateway on the wire: a connection of its own, its will, and what it repeats until the broker has it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hydro.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hydro.errors import WatermasterError
    from simulators.play import Arrival

__all__ = ["Broker", "Gateway"]

_IN_FLIGHT: Final = 64
_KEEP_ALIVE_S: Final = 30
_AGAIN_S: Final = 0.5
_NOTICE_S: Final = 1.0
_QOS: Final = 1


@dataclass(frozen=True, slots=True)
class Broker:
    """Where gateways publish.

    Attributes:
        host: Address.
        port: TCP port.
        prefix: First levels of all topics.
        passwords: By gateway; empty where anybody may publish.
    """

    host: str
    port: int
    prefix: str
    passwords: dict[str, str] = field(repr=False)


class _Client(aiomqtt.Client):
    """A client that can fall off the network."""

    async def fall(self) -> None:
        """Break the connection without a word, so that the broker publishes the will."""
        connection = self._client.socket()
        if isinstance(connection, socket.socket):
            with suppress(OSError):  # it is gone already
                connection.shutdown(socket.SHUT_RDWR)
        await asyncio.wait({self._disconnected}, timeout=_NOTICE_S)
        if self._disconnected.done():
            self._disconnected.exception()  # expected, and asyncio wants to know that somebody has seen it


class Gateway:
    """One gateway.

    Args:
        name: As in topics.
        broker: Where it publishes.
        told: Told what keeps it from publishing, and with None that it publishes again.
    """

    def __init__(self, name: str, broker: Broker, told: Callable[[WatermasterError | None], None]) -> None:
        self._name = name
        self._broker = broker
        self._told = told
        self._client: _Client | None = None

    async def connect(self, at: int) -> None:
        """Connect and say so; tries until it is done.

        Args:
            at: The scenario's time, epoch milliseconds.
        """
        await self._connected(at)

    async def _connected(self, at: int) -> _Client:
        while self._client is None:
            client = self._new_client()
            try:
                await client.__aenter__()
                await client.publish(self._status, b"online", _QOS, retain=True, properties=_arrived(at))
            except aiomqtt.MqttError as error:  # the broker is being started again: it keeps its port
                self._told(BrokerError(f"gateway {self._name}: {error}", retryable=True))
                await client.fall()
                await asyncio.sleep(_AGAIN_S)
            else:
                self._told(None)
                self._client = client
        return self._client

    async def publish(self, reports: Sequence[Arrival]) -> None:
        """Publish reports with the scenario's time of arrival; returns when the broker has all of them."""
        while True:
            client = await self._connected(reports[0][0])
            results = await asyncio.gather(
                *(client.publish(topic, payload, _QOS, properties=_arrived(at)) for at, topic, payload in reports),
                return_exceptions=True,
            )
            failures = [result for result in results if isinstance(result, BaseException)]
            if not failures:
                return
            if not all(isinstance(failure, aiomqtt.MqttError) for failure in failures):
                raise failures[0]
            await self.fall()  # what the broker has already is a duplicate then, which does no harm

    async def fall(self) -> None:
        """Fall off the network."""
        client, self._client = self._client, None
        if client is not None:
            await client.fall()

    async def close(self) -> None:
        """Take leave of the broker."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(aiomqtt.MqttError):  # the broker may have gone first
                await client.__aexit__(None, None, None)

    @property
    def _status(self) -> str:
        return f"{self._broker.prefix}/{self._name}/status"

    def _new_client(self) -> _Client:
        broker = self._broker
        password = broker.passwords.get(self._name)
        client = _Client(
            broker.host,
            broker.port,
            identifier=f"demo-{self._name}",
            username=None if password is None else self._name,
            password=password,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=aiomqtt.Will(self._status, b"offline", _QOS, retain=True),
            keepalive=_KEEP_ALIVE_S,
            max_inflight_messages=_IN_FLIGHT,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )
        client.pending_calls_threshold = 2 * _IN_FLIGHT
        return client


def _arrived(at: int) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = [("received_at", str(at))]
    return properties
