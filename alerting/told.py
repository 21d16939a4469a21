"""What people were told of an alert, beside the alert."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from alerting.level import Level
    from alerting.record import AlertRecord, AlertState

__all__ = ["Standing", "Told"]


class Told(NamedTuple):
    """What was told of one alert. Instants in epoch milliseconds by our clock; None = not yet.

    Attributes:
        alert_id: Of which.
        added: When it came into the ledger.
        level: At which it was told.
        first: When it was told first.
        ended: When its end was told first.
    """

    alert_id: str
    added: int
    level: Level | None = None
    first: int | None = None
    ended: int | None = None


class Standing(NamedTuple):
    """An alert of which something is left to tell.

    Attributes:
        told: What was told.
        record: The alert.
        state: The machine's word on it.
        suspected: Nobody has verified it yet.
    """

    told: Told
    record: AlertRecord
    state: AlertState
    suspected: bool
