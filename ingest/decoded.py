"""What decoding gives: the columns of a batch, and everything else that was found in its messages."""

from __future__ import annotations

from collections import Counter  # noqa: TC003  # dataclass fields
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from hydro.columns import Observations

if TYPE_CHECKING:
    from ingest.codecs.readings import AttachmentKind

__all__ = [
    "Attachment",
    "ClockReading",
    "DeadLetter",
    "DeadLetterKind",
    "DecodedBatch",
    "Heard",
    "Stranger",
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


class Heard(NamedTuple):
    """A gateway spoke, for the first time in a batch.

    Attributes:
        position: Journal position of the message.
        gateway: Its name, known to the register or not.
        received_at: When the message came.
    """

    position: int
    gateway: str
    received_at: int


class Stranger(NamedTuple):
    """A message spoke for a station that the register doesn't know, or that is not for its gateway to speak for.

    Attributes:
        position: Journal position of the message.
        received_at: When it came.
        gateway: Over which it came.
        wire: Its format, as the topic names it.
        address: Code of the station as sent; of frames whose address nobody has, that address.
        event_time: Greatest of what it says of the station, epoch milliseconds; nobody has looked whether it can be.
        is_flowing: It has a discharge, or a volume of an interval, above zero.
    """

    position: int
    received_at: int
    gateway: str
    wire: str
    address: str
    event_time: int
    is_flowing: bool


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
        heard: Gateways that spoke, each once, in journal order; whatever they said, their state included.
        ahead: Readings refused because their time lies too far ahead, without flags: of clocks that are fast.
        tick_source: Where the ticks come from.
        strangers: Whose readings were refused as of an unknown station or a wrong gateway: each address of a message
            once, in journal order.
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
    heard: list[Heard] = field(default_factory=list)
    ahead: Observations = field(default_factory=Observations.empty)
    tick_source: TickSource = TickSource.HEARTBEAT
    strangers: list[Stranger] = field(default_factory=list)
