"""Finding the messages of many alerts in one pass over the journal.

What a message holds only the decoder knows, and the journal of a day may have millions, so most are told by their
topic: a gateway speaks for its stations only. In JSON the code of the station must stand, unless a sign is escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alerting.evidence.stations import gateways_of
from hydro.series import QUANTITY_SLOTS
from ingest.salvage import decode_all
from ingest.topics import TCP_GATEWAY, TopicKind, parse_topic
from storage.message import RawMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerting.ledger import EvidenceRequest
    from hydro.register import Register
    from ingest.decode import Decoder
    from storage.journal import JournalBatch

__all__ = ["MOST_BYTES", "MOST_HELD_BYTES", "MOST_MESSAGES", "Collection", "Found", "Wish"]

MOST_MESSAGES: Final = 50_000
"""Of one copying: half a year of a station that reports every five minutes."""
MOST_BYTES: Final = 32_000_000
MOST_HELD_BYTES: Final = 96_000_000
"""In memory at a time. Beyond it the requests that came last are put off to another pass."""

_MOST_CODES: Final = 16
_OVERHEAD: Final = 200  # of the objects of a message that is held


class Wish(NamedTuple):
    """A request, and whose messages it means."""

    request: EvidenceRequest
    stations: frozenset[str]


class Found:
    """Messages of one request.

    Attributes:
        messages: By journal position.
        size: Bytes of their payloads.
        left_out: How many more there are.
    """

    __slots__ = ("left_out", "messages", "size")

    def __init__(self) -> None:
        self.messages: dict[int, RawMessage] = {}
        self.size = 0
        self.left_out = 0

    def add(self, position: int, message: RawMessage) -> int:
        """Take a message in, within the bounds; bytes of memory that it takes."""
        if position in self.messages:
            return 0
        size = len(message.payload)
        if len(self.messages) >= MOST_MESSAGES or self.size + size > MOST_BYTES:
            self.left_out += 1
            return 0
        self.messages[position] = message
        self.size += size
        return size + _OVERHEAD


class Collection:
    """What is gathered for some requests.

    Args:
        wishes: At least one, the oldest first; of different requests.
        register: Master data.
        decoder: For it.
        prefix: Of topics.

    Attributes:
        found: By number of the request; without those that were put off.
    """

    def __init__(self, wishes: Sequence[Wish], register: Register, decoder: Decoder, prefix: str) -> None:
        self.found = {wish.request.number: Found() for wish in wishes}
        self._decoder = decoder
        self._prefix = prefix
        self._wishes = {wish.request.number: wish for wish in wishes}
        self._held = 0
        stations = sorted({station for wish in wishes for station in wish.stations})
        self._gateways = gateways_of(stations, register)
        self._codes = [station.encode() for station in stations]
        self._wanted = np.zeros(len(decoder.index.stations), bool)
        self._of_station: dict[int, list[int]] = {}
        for wish in wishes:
            for station in sorted(wish.stations):
                number = decoder.index.station_number(station)
                if number is not None:
                    self._wanted[number] = True
                    self._of_station.setdefault(number, []).append(wish.request.number)

    def take(self, batch: JournalBatch) -> None:
        """Look through a row of the journal."""
        chosen = [
            place
            for place, (topic, payload) in enumerate(zip(batch.topics, batch.payloads, strict=True))
            if self._may_matter(topic, payload)
        ]
        if not chosen:
            return
        topics = [batch.topics[place] for place in chosen]
        payloads = [batch.payloads[place] for place in chosen]
        # Positions are given anew: those of the journal have holes here. What breaks the decoder broke it before.
        decoded = decode_all(self._decoder, 0, topics, payloads, batch.received_at[chosen], lambda _: None)
        rows = decoded.observations
        mine = rows.take(self._wanted[rows.series // QUANTITY_SLOTS])
        for series, event_time, number in zip(
            mine.series.tolist(), mine.event_time.tolist(), mine.position.tolist(), strict=True
        ):
            position = batch.first + chosen[number]
            message: RawMessage | None = None
            for name in self._of_station[series // QUANTITY_SLOTS]:
                found = self.found.get(name)
                if found is not None and self._is_meant(self._wishes[name].request, event_time, position):
                    if message is None:
                        message = RawMessage(topics[number], payloads[number], int(batch.received_at[chosen[number]]))
                    self._held += found.add(position, message)
        while self._held > MOST_HELD_BYTES and len(self.found) > 1:
            self._put_off()

    def _may_matter(self, topic: str, payload: bytes) -> bool:
        kind, gateway, wire = parse_topic(topic, self._prefix)
        if kind is not TopicKind.UPLINK:
            return False
        if not (self._gateways is None or gateway in self._gateways or gateway == TCP_GATEWAY):
            return False
        if wire != "json" or len(self._codes) > _MOST_CODES:
            return True
        return b"\\" in payload or any(code in payload for code in self._codes)

    @staticmethod
    def _is_meant(request: EvidenceRequest, event_time: int, position: int) -> bool:
        wanted = request.wanted
        return wanted.start <= event_time <= wanted.end and (request.after or 0) < position <= request.upto

    def _put_off(self) -> None:
        last = max(self.found)
        found = self.found.pop(last)
        self._held -= found.size + _OVERHEAD * len(found.messages)
