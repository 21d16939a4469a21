"""From the bytes of a connection to packets and columns, and back to acknowledgements; no network in here.

The codec is `mqtt5`. This module owns what a codec leaves to its user: the buffer, packets that come in pieces, and
packets that it refuses.

Invariants:

* A byte is copied at most once to make room, whatever the size of the pieces: a partial packet is looked at again only
  when it is complete, and the buffer grows by doubling as its bytes arrive, never on the word of a length field.
* Order of arrival is kept.
* A PUBLISH that the codec refuses, but whose frame is whole, is salvaged: its topic with U+FFFD where it was no UTF-8,
  its payload unchanged, its user properties dropped. MQTT would have us close the connection; a broker that let such a
  message pass once would then send it first on every new connection, and nothing behind it would ever arrive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import mqtt5
import numpy as np

from ingest.mqtt.beats import Beat, Heartbeat, parse_beat

if TYPE_CHECKING:
    from ingest.mqtt.batch import Batch

__all__ = ["Inbox", "Salvaged", "acknowledgements", "frame_size", "salvage"]

BUFFER_SIZE: Final = 256 * 1024
CONTROL_LIMIT: Final = 64 * 1024
"""Bytes of the longest packet that is waited for, unless it is a message of a broker that has shown that it is one."""

_PUBLISH_QOS1: Final = 0x32
# First bytes that a broker may send (MQTT 5, 2.1.2 and 2.1.3): after a stray byte we must not wait for what it
# announces.
_FIRST_BYTES: Final = frozenset(
    {0x20, 0x40, 0x50, 0x62, 0x70, 0x90, 0xB0, 0xD0, 0xE0, 0xF0}
    | {0x30 | retain | qos << 1 | duplicate << 3 for retain in (0, 1) for qos in (0, 1, 2) for duplicate in (0, 1)}
)
_PUBLISH_TYPE: Final = 3
_RETAIN_MASK: Final = 0xFE
_DUPLICATE: Final = 0x08
_LONGEST_HEADER: Final = 5

# PUBACK and PUBREC of two bytes: type, remaining length 2, packet id (MQTT 5, 3.4.2.1: reason Success may be omitted).
_PUBACK: Final = 0x4002_0000
_PUBREC_INSTEAD: Final = 0x1000_0000


class Salvaged(NamedTuple):
    """A PUBLISH that the codec refused."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int


def acknowledgements(owed: list[int]) -> bytes:
    r"""Write the acknowledgements of many messages at once.

    Args:
        owed: A packet id for each PUBACK, in the order of arrival. A message of QoS 2, which is never asked for but may
            lie in a session that somebody else subscribed, has bit 28 set and gets a PUBREC instead.

    >>> acknowledgements([1, 0x1234])
    b'@\x02\x00\x01@\x02\x124'
    """
    return (np.array(owed, dtype=np.uint32) | np.uint32(_PUBACK)).astype(">u4").tobytes()


def frame_size(buffer: bytes | bytearray | memoryview, start: int, end: int) -> int | None:
    """Measure the packet that begins at ``start``, header included.

    Returns:
        Its bytes, which may be more than there are yet; None when its header has not arrived.

    Raises:
        ValueError: The header is no MQTT header.

    Source: MQTT 5, 1.5.5 Variable Byte Integer and 2.1.4 Remaining Length.
    """
    remaining = 0
    for index in range(start + 1, min(start + _LONGEST_HEADER, end)):
        byte = buffer[index]
        remaining |= (byte & 0x7F) << 7 * (index - start - 1)
        if not byte & 0x80:
            return index - start + 1 + remaining
    if end - start >= _LONGEST_HEADER:
        raise ValueError("remaining length of more than four bytes")
    return None


def salvage(frame: bytes) -> Salvaged:
    """Read topic, packet id and payload of a whole PUBLISH that the codec refused.

    Raises:
        ValueError: Not even its structure holds.

    Source: MQTT 5, 3.3 PUBLISH.
    """
    qos = (frame[0] >> 1) & 3
    if qos == 3:  # noqa: PLR2004  # the one value of two bits that is no QoS
        raise ValueError("QoS 3")
    header = next(index for index in range(1, _LONGEST_HEADER) if not frame[index] & 0x80) + 1
    position = header + 2
    topic_end = position + int.from_bytes(frame[header:position], "big")
    topic = frame[position:topic_end].decode("utf-8", errors="replace")
    position = topic_end + (2 if qos else 0)
    packet_id = int.from_bytes(frame[topic_end:position], "big")
    if position >= len(frame) or (qos and not packet_id):
        raise ValueError("PUBLISH without its variable header")
    # The property length has the form of the remaining length: measured as if it followed a type byte.
    properties = frame_size(frame, position - 1, len(frame))
    if properties is None or position - 1 + properties > len(frame):
        raise ValueError("properties longer than their packet")
    return Salvaged(topic, frame[position - 1 + properties :], qos, packet_id)


class Inbox:
    """Bytes of one connection that are not packets yet.

    Attributes:
        limit: Bytes of the longest packet that is accepted, None for any. A message can't be refused without being
            sent again for ever, so there is a limit only until the broker's CONNACK has been read.
        malformed: Why nothing more can be read from this connection; None while all is well.
    """

    def __init__(self, own_topic: str) -> None:
        """Make it for a connection whose heartbeat topic is ``own_topic``."""
        self.limit: int | None = CONTROL_LIMIT
        self.malformed: str | None = None
        self._own_topic = own_topic
        self._buffer = bytearray(BUFFER_SIZE)
        self._end = 0
        self._awaited = 1  # bytes from the beginning of the buffer below which looking for a packet is in vain

    def space(self) -> memoryview:
        """Give the place where the next bytes belong; never empty."""
        if self._end == len(self._buffer):
            grown = bytearray(min(2 * len(self._buffer), max(self._awaited, BUFFER_SIZE)))
            grown[: self._end] = self._buffer
            self._buffer = grown
        return memoryview(self._buffer)[self._end :]

    def take(self, count: int, batch: Batch) -> list[mqtt5.Packet | Beat]:
        """Read all whole packets after ``count`` bytes were put into the space.

        Args:
            count: Bytes that arrived.
            batch: Gets the messages appended. Heartbeats are messages; pings and pongs are not.

        Returns:
            Every other packet and every beat, in the order of arrival.
        """
        self._end += count
        if self._end < self._awaited or self.malformed is not None:
            return []
        control: list[mqtt5.Packet | Beat] = []
        consumed = self._read_packets(batch, control)
        batch.size += consumed
        if self.limit is not None and any(isinstance(packet, mqtt5.ConnAckPacket) for packet in control):
            self.limit = None  # before what came with it is measured: a session's first message follows at once
        self._keep_rest(consumed)
        return control

    def _read_packets(self, batch: Batch, control: list[mqtt5.Packet | Beat]) -> int:
        """Read from the beginning of the buffer, the hot path: about 0.5 µs a message.

        Returns:
            Bytes consumed.
        """
        buffer, end, own_topic = self._buffer, self._end, self._own_topic
        read, publish = mqtt5.read, mqtt5.PublishPacket
        topics, payloads, properties, owed = batch.topics, batch.payloads, batch.properties, batch.owed
        position = 0
        view = memoryview(buffer)
        while position < end:
            try:
                packet, size = read(view[position:end])
            except IndexError:
                break
            except BaseException as error:  # noqa: BLE001  # raised again unless it is the codec's own
                size = self._salvage(position, error, batch, control)
                if not size:
                    break
                position += size
                continue
            if isinstance(packet, publish):
                packet_id = packet.packet_id
                if buffer[position] & _RETAIN_MASK == _PUBLISH_QOS1 and packet_id:
                    owed.append(packet_id)
                elif not self._owe(packet, batch):
                    break
                topic = packet.topic
                if topic != own_topic or self._is_message(packet.payload, control):
                    topics.append(topic)
                    payloads.append(packet.payload)
                    if found := packet.user_properties:
                        properties[len(topics) - 1] = found
            else:
                control.append(packet)
            position += size
        return position

    def _owe(self, packet: mqtt5.PublishPacket, batch: Batch) -> bool:
        """Note what a message owes that is not plainly of QoS 1; False when it is against the rules."""
        batch.duplicates += packet.duplicate
        if packet.packet_id:
            batch.owed.append(packet.packet_id | (_PUBREC_INSTEAD if packet.qos == mqtt5.QoS.EXACTLY_ONCE else 0))
        elif packet.qos != mqtt5.QoS.AT_MOST_ONCE:
            self.malformed = "packet id 0"
            return False
        return True

    @staticmethod
    def _is_message(payload: bytes, control: list[mqtt5.Packet | Beat]) -> bool:
        """Tell whether what came on the own topic is journaled, and report it if it is a beat."""
        beat = parse_beat(payload)
        if beat is not None:
            control.append(beat)
        return beat is None or isinstance(beat, Heartbeat)

    def _salvage(self, start: int, error: BaseException, batch: Batch, control: list[mqtt5.Packet | Beat]) -> int:
        """Read what the codec refused, or raise again what is not the codec's.

        Returns:
            Bytes read; 0 when the packet is not whole yet or can't be read, and `malformed` tells which.
        """
        refused = _refusal(error)
        if refused is None:
            raise error
        if self._buffer[start] >> 4 != _PUBLISH_TYPE:
            self.malformed = refused
            return 0
        try:
            size = frame_size(self._buffer, start, self._end)
            if size is None or start + size > self._end:
                return 0
            message = salvage(bytes(memoryview(self._buffer)[start : start + size]))
        except ValueError as worse:
            self.malformed = str(worse)
            return 0
        if message.qos:
            batch.owed.append(message.packet_id | (_PUBREC_INSTEAD if message.qos == mqtt5.QoS.EXACTLY_ONCE else 0))
        batch.duplicates += bool(self._buffer[start] & _DUPLICATE)
        batch.salvaged += 1
        if message.topic != self._own_topic or self._is_message(message.payload, control):
            batch.topics.append(message.topic)
            batch.payloads.append(message.payload)
        return size

    def _keep_rest(self, consumed: int) -> None:
        """Move the partial packet at the end to the beginning and find out how many bytes it waits for."""
        buffer, rest = self._buffer, self._end - consumed
        self._awaited = 1
        if rest and self.malformed is None:
            try:
                size = frame_size(buffer, consumed, self._end)
            except ValueError as error:
                size, self.malformed = None, str(error)
            first = buffer[consumed]
            limit = self.limit if first >> 4 == _PUBLISH_TYPE else CONTROL_LIMIT
            if first not in _FIRST_BYTES:
                self.malformed = f"packet that begins with {first:#04x}"
            elif size is not None and size <= rest:
                self.malformed = "packet shorter than its fields"
            elif size is not None and limit is not None and size > limit:
                self.malformed = f"packet of {size} bytes"
            self._awaited = size or rest + 1
        if self.malformed is not None:
            rest = 0
        if consumed or not rest:
            # A buffer that grew for one large packet goes back to its usual size.
            target = buffer if len(buffer) == BUFFER_SIZE or rest > BUFFER_SIZE else bytearray(BUFFER_SIZE)
            target[:rest] = buffer[consumed : consumed + rest]
            self._buffer = target
        self._end = rest


def _refusal(error: BaseException) -> str | None:
    """Say why the codec refused a packet; None for an error that is not the codec's.

    Its panic (a topic that is no UTF-8, mqtt5 0.8.0) derives from BaseException and can't be imported by name.
    """
    if isinstance(error, ValueError):
        return str(error)
    return "text that is no UTF-8" if type(error).__name__ == "PanicException" else None
