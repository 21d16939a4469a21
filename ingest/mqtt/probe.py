"""Asks, before a session is taken, whether another collector lives under the same client id.

Taking the session of a live one would make the broker throw that one out. The question goes over a connection with a
client id of its own, to the heartbeat topic that a live collector hears; it answers at once, even while its sink is
blocked. Question and answer have QoS 0: they pass the backlog of a session, and none of them stays in it for long.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Any, Final

import mqtt5

from hydro.errors import AlreadyRunning
from ingest.mqtt.batch import Batch
from ingest.mqtt.beats import Beat, Ping, Pong, encode_beat
from ingest.mqtt.connection import Connection, answered, open_connection
from ingest.mqtt.refusals import check_suback, unreachable

if TYPE_CHECKING:
    import ssl

    from ingest.mqtt.address import BrokerAddress

__all__ = ["BEAT_EXPIRES_S", "ensure_alone"]

BEAT_EXPIRES_S: Final = 5
"""Seconds after which a broker forgets a ping or pong that it could not hand on."""

_KEEP_ALIVE_S: Final = 30
_LEAVE_S: Final = 1.0


class _Asker:
    """Hears nothing but the answer to its own question."""

    def __init__(self, nonce: str) -> None:
        self.nonce = nonce
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._batch = Batch(0)

    def batch_for(self, connection: Connection) -> Batch:  # noqa: ARG002  # one connection, one batch
        return self._batch

    def on_bytes(self, connection: Connection, messages: int, size: int) -> None:  # noqa: ARG002  # nothing is kept
        # Heartbeats of the living one, sent to us because we subscribed a moment ago: ours to throw away.
        connection.acknowledge(self._batch.owed)
        self._batch = Batch(0)

    def on_beat(self, connection: Connection, beat: Beat) -> None:  # noqa: ARG002  # there is one connection
        if beat == Pong(self.nonce) and not self.answer.done():
            self.answer.set_result(None)

    def on_refused(self, connection: Connection, topic: str, reason: str) -> None:
        """QoS 0 is never refused."""


async def ensure_alone(
    address: BrokerAddress,
    tls: ssl.SSLContext | None,
    *,
    client_id: str,
    topic: str,
    wait_s: float,
    connect_s: float,
) -> None:
    """Pass when nobody answers for this client id.

    Args:
        address: The broker.
        tls: What to encrypt with.
        client_id: The id to ask about.
        topic: Its heartbeat topic.
        wait_s: Seconds to wait for an answer.
        connect_s: Seconds that connecting may take.

    Raises:
        AlreadyRunning: Somebody answered.
        BrokerError: The broker can't be asked.
    """
    nonce = secrets.token_hex(8)
    own_id = f"{client_id}-probe-{nonce}"
    asker = _Asker(nonce)
    connection = Connection(0, topic, address, own_id, asker)
    packet = mqtt5.ConnectPacket(
        own_id,
        username=address.username,
        password=None if address.password is None else address.password.encode(),
        clean_start=True,
        keep_alive=_KEEP_ALIVE_S,
    )
    topic_filter = mqtt5.TopicFilter(topic, max_qos=mqtt5.QoS.AT_LEAST_ONCE)
    await open_connection(connection, address, tls=tls, packet=packet, within_s=connect_s)
    try:
        connection.subscribe([topic_filter])
        async with asyncio.timeout(connect_s):
            check_suback(await answered(connection, connection.suback), [topic], address)
        connection.publish_once(topic, encode_beat(Ping(nonce)), BEAT_EXPIRES_S)
        either: tuple[asyncio.Future[Any], ...] = (connection.over, asker.answer)
        await asyncio.wait(either, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError as error:
        raise unreachable(error, address) from error
    finally:
        await connection.leave(_LEAVE_S)
    if asker.answer.done():
        raise AlreadyRunning(f"a collector with the client id {client_id!r} is connected to broker {address}")
