"""What a perfect observer would know: intervals in which something was so, as lines of a truth file."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from hydro.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Detail", "Truth", "TruthKind"]

Detail: TypeAlias = str | int | float | None


class TruthKind(StrEnum):
    """What was so."""

    UNMETERED_INTAKE = "unmetered_intake"
    """Water was taken that no meter counted."""

    OVER_RATE = "over_rate"
    """Water was taken, and metered, when none may be taken."""

    SENSOR_FAULT = "sensor_fault"
    """A device showed something else than what was there."""

    METER_CHANGE = "meter_change"
    """A counter was replaced; an event, without duration."""

    DOOR_OPEN = "door_open"
    """A cabinet stood open."""

    OUTAGE = "outage"
    """A gateway or a station could not send."""

    DISCHARGE = "discharge"
    """So much flowed through a section, hour by hour."""

    EFLOW_SHORTFALL = "eflow_shortfall"
    """A section had less than it owes."""

    FLOW_STOPPED = "flow_stopped"
    """A section with a target had no flow."""


@dataclass(frozen=True, slots=True)
class Truth:
    """An interval (start, end] and what was true in it.

    Attributes:
        kind: What was so.
        subject: Station, intake or gateway.
        start: Epoch milliseconds.
        end: Epoch milliseconds; the same as ``start`` for an event.
        details: What else was true: ``rate_m3s``, ``volume_m3``, ``cause``, …
    """

    kind: TruthKind
    subject: str
    start: int
    end: int
    details: Mapping[str, Detail] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[int, int, str, str, str]:
        """Order of truths by their beginning; no two are alike."""
        return (self.start, self.end, self.kind, self.subject, " ".join(map(str, self.details.values())))

    @property
    def closing(self) -> tuple[int, tuple[int, int, str, str, str]]:
        """Order of truths by their end, as they become known: that of the lines in a truth file."""
        return (self.end, self.rank)

    def line(self, zone_minutes: int) -> dict[str, Detail]:
        """The line of a truth file.

        >>> Truth(TruthKind.OUTAGE, "gw-1", 0, 60_000, {"cause": "power"}).line(0)["to"]
        '1970-01-01T00:01:00+00:00'
        """
        return {
            "kind": self.kind.value,
            "subject": self.subject,
            "from": format_instant(self.start, zone_minutes),
            "to": format_instant(self.end, zone_minutes),
            **self.details,
        }
