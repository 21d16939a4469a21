"""RTUs behind an MQTT gateway that wraps their frames: answered on ``{prefix}/{gateway}/down/{format}``.

What comes here is in the journal already, so it is answered at once. Nobody waits for an answer: one that the broker
does not take in time is dropped and counted, and the RTU sends again.

Packets of a set (M3) and parts of a split message are confirmed when one payload holds all of them; single ones are
left to the RTU, which sends them again or gives up: what is acknowledged to the broker can't be held back until the
others come, and the decoder could not put them together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ingest.codecs.framing import Received, Splitter, Wire
from ingest.codecs.sl651.frame import Frame as Sl651Frame
from ingest.codecs.sl651.frame import Message
from ingest.codecs.sl651.packets import Lacking, SetKey, set_key
from ingest.codecs.slt427 import encode_frame
from ingest.codecs.slt427.frame import Frame as Slt427Frame
from ingest.codecs.slt427.split import Countdown
from ingest.tcp.uplink import Uplink, joined, read_uplink
from ingest.topics import TCP_GATEWAY, TopicKind, parse_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hydro.register import Register
    from ingest.tcp.centre import Centre
    from ingest.tcp.sessions import Sessions
    from ingest.tcp.status import Status

__all__ = ["Gateways"]

_MARKS: Final = tuple(f"/up/{wire}" for wire in Wire)
_FORMATS: Final = frozenset(wire.value for wire in Wire)
_MOST_GATEWAYS: Final = 10_000


class _Way:
    """A route through one gateway, for one protocol."""

    since = None
    is_open = True

    def __init__(self, gateway: str, topic: str, publish: Callable[[str, bytes], bool], status: Status) -> None:
        self.peer = gateway
        self._topic = topic
        self._publish = publish
        self._status = status

    def send(self, data: bytes) -> bool:
        """Give it to the broker."""
        if self._publish(self._topic, data):
            self._status.gateway_answers += 1
            return True
        self._status.gateway_answers_dropped += 1
        return False


class Gateways:
    """See the module.

    Args:
        register: Says which gateway may speak for a station.
        sessions: Who was heard where.
        centre: Answers.
        prefix: First levels of topics.
        publish: Gives a message to the broker, topic and payload; False where it doesn't take it.
        clock: Epoch milliseconds.
        status: Gets the numbers.
    """

    def __init__(
        self,
        register: Register,
        sessions: Sessions,
        centre: Centre,
        *,
        prefix: str,
        publish: Callable[[str, bytes], bool],
        clock: Callable[[], int],
        status: Status,
    ) -> None:
        self._register = register
        self._sessions = sessions
        self._centre = centre
        self._prefix = prefix
        self._publish = publish
        self._clock = clock
        self._status = status
        self._ways: dict[tuple[str, Wire], _Way] = {}

    def written(self, topics: Sequence[str], payloads: Sequence[bytes]) -> None:
        """Answer frames among messages that are in the journal."""
        if not any(mark in topic for mark in _MARKS for topic in set(topics)):
            return
        for topic, payload in zip(topics, payloads, strict=True):
            kind, gateway, wire = parse_topic(topic, self._prefix)
            if kind is TopicKind.UPLINK and wire in _FORMATS and gateway != TCP_GATEWAY:
                self._answer(gateway, Wire(wire), payload)

    def _answer(self, gateway: str, wire: Wire, payload: bytes) -> None:
        way = self._way(gateway, wire)
        now = self._clock()
        for uplink in _uplinks(wire, payload):
            if not uplink.is_up or not self._may_speak(gateway, uplink, now):
                continue
            self._sessions.heard(uplink, way, now)
            self._centre.answer(uplink, way)

    def _may_speak(self, gateway: str, uplink: Uplink, at: int) -> bool:
        """Whether the register leaves a sender to this gateway; who is unknown gets no answer."""
        station = self._sessions.station(uplink)
        row = None if station is None else self._register.station_at(station, at)
        return row is not None and row.gateway in ("", gateway)

    def _way(self, gateway: str, wire: Wire) -> _Way:
        way = self._ways.get((gateway, wire))
        if way is None:
            if len(self._ways) >= _MOST_GATEWAYS:  # names are given out by the broker's operator, so this never happens
                self._ways.pop(next(iter(self._ways)))
            topic = f"{self._prefix}/{gateway}/down/{wire}"
            way = self._ways[gateway, wire] = _Way(gateway, topic, self._publish, self._status)
        return way


def _uplinks(wire: Wire, payload: bytes) -> Iterator[Uplink]:
    """Single frames of a payload, sets of packets and parts that are whole in it, in the order in which they end."""
    splitter = Splitter()
    sets: dict[SetKey, _Set] = {}
    split = Countdown()
    for event in (*splitter.feed(payload), *splitter.closed()):
        if not isinstance(event, Received) or event.wire is not wire:
            continue
        uplink = read_uplink(wire, event.data)
        frame = uplink.frame
        if isinstance(frame, Slt427Frame) and uplink.is_part:
            yield from (uplink._replace(data=encode_frame(part), frame=part) for part in split.take(frame) or ())
        elif isinstance(frame, Sl651Frame) and frame.packet is not None and uplink.is_packet:
            key = set_key(frame)
            found = sets.setdefault(key, _Set(Lacking(key.total, frame.coding), {}))
            found.packets[frame.packet.number] = uplink
            found.lacking.add(frame.packet.number)
            if not found.lacking.first:
                yield _whole(sets.pop(key).packets)
        else:
            yield uplink


class _Set(NamedTuple):
    lacking: Lacking
    packets: dict[int, Uplink]


def _whole(packets: dict[int, Uplink]) -> Uplink:
    first = packets[1].frame
    ordered = [uplink for _, uplink in sorted(packets.items())]
    message = first.body if isinstance(first, Sl651Frame) else None
    return joined(ordered, message.serial if isinstance(message, Message) else None)
