"""One stranger: what came from it so far, the alert that grows of it, and the record that the ledger gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from alerting.level import Level
from alerting.record import AlertRecord, plain_record
from hydro.instants import DAY_MS, MINUTE_MS

if TYPE_CHECKING:
    from hydro.register import Register
    from ingest.decode import Stranger

__all__ = ["ALERT_CLASS", "SILENT_MS", "Finding", "Source", "heard", "raised", "record"]

ALERT_CLASS: Final = "unregistered_source"
SILENT_MS: Final = 30 * DAY_MS
_MESSAGES: Final = 3
_LASTING_MS: Final = 10 * MINUTE_MS
"""Source: docs/alert-classes.md, unregistered_source."""


class Source(msgspec.Struct, frozen=True, array_like=True):
    """What came from an address that nobody expects.

    Attributes:
        gateway: Over which the latest message came.
        wire: Its format.
        first: When the first message came, epoch milliseconds.
        last: When the latest one did.
        messages: How many came.
        is_flowing: One of them said that water flows.
    """

    gateway: str
    wire: str
    first: int
    last: int
    messages: int
    is_flowing: bool

    @property
    def is_proven(self) -> bool:
        """Whether enough came for long enough."""
        return self.messages >= _MESSAGES and self.last - self.first >= _LASTING_MS


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """An alert.

    Attributes:
        reason: Of the message that completed the evidence.
        gateway: Over which that came.
        onset: When the first message came, epoch milliseconds.
        raised_at: When the completing one did.
        config: Hash of the register that found it strange.
        levels: (level, since), first to last.
        resolved_at: None while it fires.
    """

    reason: str
    gateway: str
    onset: int
    raised_at: int
    config: str
    levels: tuple[tuple[int, int], ...]
    resolved_at: int | None = None


def heard(source: Source | None, stranger: Stranger, *, is_open: bool) -> Source:
    """The source after one more message; what was silent for long enough begins anew.

    Args:
        source: What was known of it; None = nothing.
        stranger: The message.
        is_open: An alert fires for it; then a tick ends it, not a message.
    """
    at = stranger.received_at
    if source is None or (not is_open and at - source.last >= SILENT_MS):
        return Source(stranger.gateway, stranger.wire, at, at, 1, stranger.is_flowing)
    return Source(
        stranger.gateway,
        stranger.wire,
        source.first,
        max(at, source.last),
        source.messages + 1,
        source.is_flowing or stranger.is_flowing,
    )


def raised(source: Source, reason: str, config: str) -> Finding:
    """The alert of a source at its latest message."""
    level = Level.YELLOW if source.is_flowing else Level.BLUE
    return Finding(reason, source.gateway, source.first, source.last, config, ((int(level), source.last),))


def record(finding: Finding, address: str, register: Register) -> AlertRecord:
    """What the ledger gets; a station that speaks over the wrong gateway shows where it is."""
    return plain_record(
        ALERT_CLASS,
        finding.reason,
        ("address", address),
        register,
        onset=finding.onset,
        raised_at=finding.raised_at,
        resolved_at=finding.resolved_at,
        levels=((Level(level), at) for level, at in finding.levels),
        station=address,
        config=finding.config,
        gateway=finding.gateway,
    )
