"""What a codec hands on: readings as parallel lists, still with names, before the register has been asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ingest.reasons import DeadLetterReason, RejectReason

__all__ = ["MessageFault", "ReadingFault", "Readings"]


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
