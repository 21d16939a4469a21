"""What the field link is doing, for metrics, health and the list of RTUs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Closed", "Refusal", "Status"]


class Refusal(StrEnum):
    """Why a connection or a frame was not taken."""

    TOO_MANY = "too_many"  # connections in all
    TOO_MANY_FROM_ADDRESS = "too_many_from_address"
    UNKNOWN_STATION = "unknown_station"  # a frame; only where the settings say so


class Closed(StrEnum):
    """Why a connection that was taken has ended."""

    BY_PEER = "by_peer"
    BROKEN = "broken"  # no answer of the peer's kernel, or a reset
    SILENT = "silent"  # no good frame since it was made
    IDLE = "idle"  # no good frame for long
    STALLED = "stalled"  # frames begun and not finished
    JUNK = "junk"
    UNKNOWN_STATION = "unknown_station"
    STOPPING = "stopping"


@dataclass(slots=True)
class Status:
    """Numbers since the start; read by anybody, written by the field link.

    Attributes:
        listening: Address and port; None while nothing listens.
        connections: Open now.
        accepted: Taken.
        refused: Connections and frames that were not taken, by :class:`Refusal`.
        closed: Connections ended, by :class:`Closed`.
        frames: With a right check sum, by protocol; over the listener.
        broken_frames: Began like a frame and were none; they are in the journal, too.
        skipped_bytes: Of what looked like no frame, by :class:`ingest.codecs.framing.SkipKind`.
        unknown_frames: From addresses that the register doesn't know; over the listener.
        answers: Confirmations sent.
        unanswered: Frames for which no confirmation could be written: our own clock shows an impossible year.
        sets_complete: Bodies put together from packets, and messages from parts.
        sets_incomplete: Those that were given up; what came of them is written as it is.
        packets_wanted: Requests to send a packet again.
        throttled: Times that a connection had to wait since it brought too much at once.
        pending_frames: Came and are not safe yet.
        pending_bytes: Bytes of these.
        held: Times that all connections had to wait for the journal.
        blocked_reason: Why the journal takes nothing at present; None while it works.
        gateway_answers: Confirmations given to the broker for RTUs behind gateways.
        gateway_answers_dropped: Those that it didn't take in time; the RTU sends again.
        commands: Commands ended, by outcome.
        commands_waiting: Commands not yet ended.
    """

    listening: str | None = None
    connections: int = 0
    accepted: int = 0
    refused: Counter[Refusal] = field(default_factory=Counter)
    closed: Counter[Closed] = field(default_factory=Counter)
    frames: Counter[str] = field(default_factory=Counter)
    broken_frames: int = 0
    skipped_bytes: Counter[str] = field(default_factory=Counter)
    unknown_frames: int = 0
    answers: int = 0
    unanswered: int = 0
    sets_complete: int = 0
    sets_incomplete: int = 0
    packets_wanted: int = 0
    throttled: int = 0
    pending_frames: int = 0
    pending_bytes: int = 0
    held: int = 0
    blocked_reason: str | None = None
    gateway_answers: int = 0
    gateway_answers_dropped: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    commands_waiting: int = 0
