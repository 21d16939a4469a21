"""What a codec hands on: readings as parallel lists, still with names, before the register has been asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ingest.reasons import DeadLetterReason, RejectReason

__all__ = ["Attached", "AttachmentKind", "MessageFault", "ReadingFault", "Readings"]


class ReadingFault(NamedTuple):
    """Readings of one message that the codec could find but not read.

    Attributes:
        message: Index of the message in the batch.
        reason: Why.
        readings: How many.
        detail: The first of them, for people.
    """

    message: int
    reason: RejectReason
    readings: int
    detail: str


class MessageFault(NamedTuple):
    """A message of which no element could be read."""

    message: int
    reason: DeadLetterReason
    detail: str


class AttachmentKind(StrEnum):
    """What a device sent besides numbers; the value is the suffix of its file."""

    PICTURE = "jpg"
    TEXT = "txt"


class Attached(NamedTuple):
    """A picture or text.

    Attributes:
        message: Index of the message in the batch.
        station: Code as sent.
        event_time: Epoch milliseconds.
        kind: Picture or text.
        data: Its bytes, as sent.
    """

    message: int
    station: str
    event_time: int
    kind: AttachmentKind
    data: bytes


@dataclass(slots=True)
class Readings:
    """Readings found in a batch of messages; item i of the first six lists belongs together.

    Attributes:
        message: Index of the message in the batch.
        station: Code as sent.
        quantity: Code of the :class:`hydro.quantity.Quantity`.
        event_time: Epoch milliseconds.
        value: Millionths of the canonical unit; 0 where missing.
        missing: True where the sender said that it has no value.
        faults: Readings that were found but can't be read.
        undecodable: Messages of which no element could be read.
        sequence: (station, seq) in the order of arrival.
        unknown_keys: How many keys were ignored.
        clocks: (message, station, what its clock showed when it sent), where a protocol tells it.
        attached: Pictures and texts.
    """

    message: list[int] = field(default_factory=list)
    station: list[str] = field(default_factory=list)
    quantity: list[int] = field(default_factory=list)
    event_time: list[int] = field(default_factory=list)
    value: list[int] = field(default_factory=list)
    missing: list[bool] = field(default_factory=list)
    faults: list[ReadingFault] = field(default_factory=list)
    undecodable: list[MessageFault] = field(default_factory=list)
    sequence: list[tuple[str, int]] = field(default_factory=list)
    unknown_keys: int = 0
    clocks: list[tuple[int, str, int]] = field(default_factory=list)
    attached: list[Attached] = field(default_factory=list)
