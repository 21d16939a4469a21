"""From raw messages to admitted, flagged columns, with every loss accounted for.

Stateless: the same messages and the same register give the same batch, however they were cut. Readers (store, rules)
each add what memory they need.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hydro.columns import Observations
from hydro.instants import MINUTE_MS, format_instant
from hydro.series import QUANTITY_SLOTS, SeriesIndex
from ingest.addresses import Addresses
from ingest.codecs.channels import sl651_profiles, slt427_devices
from ingest.codecs.framing import Wire
from ingest.codecs.json import decode_json
from ingest.codecs.readings import MessageFault, Readings
from ingest.codecs.sl651 import decode_sl651
from ingest.codecs.slt427.readings import decode_slt427
from ingest.quality.admission import REASONS, Admission
from ingest.quality.gross_range import GrossRange
from ingest.reasons import DeadLetterReason, RejectReason
from ingest.topics import TopicKind, parse_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from hydro.register import Register
    from ingest.codecs.readings import AttachmentKind

__all__ = [
    "Attachment",
    "ClockReading",
    "DeadLetter",
    "DeadLetterKind",
    "DecodedBatch",
    "Decoder",
    "Tick",
    "TickSource",
]


class DeadLetterKind(StrEnum):
    """Whether a whole message could not be decoded, or a reading in it was refused."""

    MESSAGE = "message"
    READING = "reading"


class DeadLetter(NamedTuple):
    """Something set aside, with its bytes and the reason.

    Attributes:
        position: Journal position of the message.
        kind: Message or reading.
        reason: A :class:`DeadLetterReason` or :class:`RejectReason`.
        readings: How many readings of the message it stands for; 0 for a message.
        topic: Of the message.
        payload: Of the message, all of it.
        received_at: Epoch milliseconds.
        detail: The first offender, for people.
    """

    position: int
    kind: DeadLetterKind
    reason: str
    readings: int
    topic: str
    payload: bytes
    received_at: int
    detail: str


class Tick(NamedTuple):
    """All that was published before ``at`` has been read once ``position`` has."""

    position: int
    at: int


class ClockReading(NamedTuple):
    """What the clock of a device showed.

    Attributes:
        station: Code.
        sent: When the device says that it sent a message, epoch milliseconds.
        received_at: When the message came.
    """

    station: str
    sent: int
    received_at: int


class Attachment(NamedTuple):
    """A picture or text that a device sent.

    Attributes:
        position: Journal position of the message.
        station: Code.
        event_time: Epoch milliseconds.
        kind: Picture or text.
        data: Its bytes, as sent.
    """

    position: int
    station: str
    event_time: int
    kind: AttachmentKind
    data: bytes


class TickSource(StrEnum):
    """Where the clock of a stream comes from."""

    HEARTBEAT = "heartbeat"  # live: our own heartbeat came back through the broker's queue
    RECEIVED_AT = "received_at"  # recorded or trusted replay: full minutes of the recorded arrival


@dataclass(frozen=True, slots=True)
class DecodedBatch:
    """What was found in messages ``first`` to ``last``.

    Attributes:
        first: Journal position of the first message.
        last: Of the last one.
        observations: Admitted and flagged readings, in journal order.
        messages: Uplink messages in the batch (heartbeats and status are none).
        decoded: Readings found, admitted or not.
        dead_lettered: Messages by reason.
        rejected: Readings by reason; decoded = len(observations) + all of these.
        dead_letters: The bytes of both.
        ticks: Clock ticks in journal order.
        sequence: (station, seq) in journal order.
        unknown_keys: Keys that were ignored.
        clocks: Clocks of stations of the register, in journal order.
        attachments: Pictures and texts of stations of the register, in journal order.
    """

    first: int
    last: int
    observations: Observations
    messages: int
    decoded: int
    dead_lettered: Counter[str]
    rejected: Counter[str]
    dead_letters: list[DeadLetter]
    ticks: list[Tick]
    sequence: list[tuple[str, int]]
    unknown_keys: int
    clocks: list[ClockReading] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)


class Decoder:
    """Decoding, admission and gross range for one register.

    Args:
        register: Master data.
        index: Series numbers of its stations.
        prefix: Topic prefix.
        max_age_days: ``time.max_age_days``.
        ticks: Where ticks come from.
    """

    def __init__(
        self, register: Register, index: SeriesIndex, *, prefix: str, max_age_days: int, ticks: TickSource
    ) -> None:
        self.index = index
        self._zone = register.zone_minutes
        self._prefix = prefix
        self._ticks = ticks
        self._admission = Admission(register, index, max_age_days)
        self._gross_range = GrossRange(register, index)
        addresses = Addresses(register)
        self._sl651 = _station_of(addresses, Wire.SL651)
        self._slt427 = _station_of(addresses, Wire.SLT427)
        self._profiles = sl651_profiles(register, self._sl651)
        self._devices = slt427_devices(register, self._slt427)
        self._numbers = {code: number for number, code in enumerate(index.stations)}

    def decode(
        self, first: int, topics: Sequence[str], payloads: Sequence[bytes], received_at: NDArray[np.int64]
    ) -> DecodedBatch:
        """Decode messages ``first``, ``first`` + 1, … of the journal or of a recorded stream."""
        readings = Readings()
        gateways: list[str] = []
        ticks: list[Tick] = []
        uplinks: list[int] = []
        others = 0
        for number, (topic, payload) in enumerate(zip(topics, payloads, strict=True)):
            kind, gateway, wire = parse_topic(topic, self._prefix)
            gateways.append(gateway)
            if kind is TopicKind.UPLINK:
                uplinks.append(number)
                self._read(wire, number, payload, int(received_at[number]), readings)
            elif kind is TopicKind.BAD:
                readings.undecodable.append(MessageFault(number, DeadLetterReason.BAD_TOPIC, topic[:120]))
            else:
                others += 1
                if kind is TopicKind.HEARTBEAT and self._ticks is TickSource.HEARTBEAT:
                    at = _heartbeat_at(payload, int(received_at[number]))
                    ticks.append(Tick(first + number, at))
        if self._ticks is TickSource.RECEIVED_AT and uplinks:
            ticks = _minutes(first, np.array(uplinks), received_at)
        observations, refused = self._admit(first, readings, gateways, received_at)
        rejected: Counter[str] = Counter()
        dead_letters: list[DeadLetter] = []
        for number, reason, detail in readings.undecodable:
            dead_letters.append(
                DeadLetter(
                    first + number,
                    DeadLetterKind.MESSAGE,
                    reason,
                    0,
                    topics[number],
                    payloads[number],
                    int(received_at[number]),
                    detail,
                )
            )
        per_message: dict[tuple[int, str], list[str]] = {}
        counts: Counter[tuple[int, str]] = Counter()
        for number, refusal, count, detail in (*readings.faults, *refused):
            rejected[refusal] += count
            counts[number, refusal] += count
            per_message.setdefault((number, refusal), []).append(detail)
        undecodable = {fault.message for fault in readings.undecodable}
        for (number, why), details in per_message.items():
            if number not in undecodable:  # its bytes are kept once, as a message
                dead_letters.append(
                    DeadLetter(
                        first + number,
                        DeadLetterKind.READING,
                        why,
                        counts[number, why],
                        topics[number],
                        payloads[number],
                        int(received_at[number]),
                        details[0],
                    )
                )
        dead_letters.sort()
        return DecodedBatch(
            first=first,
            last=first + len(topics) - 1,
            observations=observations,
            messages=len(topics) - others,
            decoded=len(observations) + rejected.total(),
            dead_lettered=Counter(fault.reason.value for fault in readings.undecodable),
            rejected=rejected,
            dead_letters=dead_letters,
            ticks=ticks,
            sequence=readings.sequence,
            unknown_keys=readings.unknown_keys,
            clocks=[
                ClockReading(station, sent, int(received_at[number]))
                for number, station, sent in readings.clocks
                if station in self._numbers
            ],
            attachments=[
                Attachment(first + number, station, event_time, kind, data)
                for number, station, event_time, kind, data in readings.attached
                if station in self._numbers
            ],
        )

    def _read(self, wire: str, number: int, payload: bytes, received_at: int, readings: Readings) -> None:
        if wire == "json":
            decode_json(number, payload, self._zone, readings)
        elif wire == "sl651":
            decode_sl651(number, payload, self._zone, received_at, self._sl651, readings, self._profiles)
        elif wire == "slt427":
            decode_slt427(number, payload, self._zone, received_at, self._slt427, readings, self._devices)
        else:
            readings.undecodable.append(MessageFault(number, DeadLetterReason.UNSUPPORTED_FORMAT, wire))

    def _admit(
        self, first: int, readings: Readings, gateways: list[str], received_at: NDArray[np.int64]
    ) -> tuple[Observations, list[tuple[int, RejectReason, int, str]]]:
        size = len(readings.message)
        if not size:
            return Observations.empty(), []
        numbers = self._numbers
        message = np.array(readings.message, np.int64)
        station = np.fromiter((numbers.get(code, -1) for code in readings.station), np.int64, size)
        event_time = np.array(readings.event_time, np.int64)
        value = np.array(readings.value, np.int64)
        missing = np.array(readings.missing, bool)
        arrived = received_at[message]
        codes = self._admission.judge(station, event_time, arrived, gateways, message)
        refused = []
        for row in np.flatnonzero(codes):
            reason = REASONS[codes[row]]
            if reason is not None:
                detail = f"{readings.station[row]} at {_shown_time(readings.event_time[row], self._zone)}"
                refused.append((int(message[row]), reason, 1, detail[:120]))
        series = station * QUANTITY_SLOTS + np.array(readings.quantity, np.int64)
        batch = Observations(series, event_time, value, np.zeros(size, np.uint8), arrived, first + message)
        if refused:
            batch = batch.take(codes == 0)
            missing = missing[codes == 0]
        flags = self._gross_range.flags(batch.series, batch.event_time, batch.value, missing)
        batch.flag[:] = flags
        return batch, refused


def _station_of(addresses: Addresses, wire: Wire) -> Callable[[str], str]:
    """Code of the station that has an address on the wire; an address that nobody has serves as code."""

    def station(address: str) -> str:
        return addresses.station(wire, address) or address

    return station


def _shown_time(event_time: int, zone_minutes: int) -> str:
    """For people; what no calendar has is shown as it came."""
    try:
        return format_instant(event_time, zone_minutes)
    except OverflowError:
        return f"{event_time} ms"


def _minutes(first: int, uplinks: NDArray[np.int64], received_at: NDArray[np.int64]) -> list[Tick]:
    """Full minutes of arrival; of uplinks only, since our own heartbeats are no part of what is replayed."""
    minutes = received_at[uplinks] // MINUTE_MS
    fresh = np.flatnonzero(np.diff(minutes, prepend=-1))
    return [Tick(first + int(uplinks[row]), int(minutes[row]) * MINUTE_MS) for row in fresh]


def _heartbeat_at(payload: bytes, received_at: int) -> int:
    """Instant of a heartbeat: when it was sent, never later than it came back."""
    try:
        at = json.loads(payload)["at"]
    except (ValueError, KeyError, TypeError):
        return received_at
    return min(at, received_at) if isinstance(at, int) else received_at
