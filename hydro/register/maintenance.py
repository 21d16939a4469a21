"""Table of announced work, ``maintenance``: while it lasts nobody is notified; verdicts stay what they are.

Source: docs/alert-classes.md, "Maintenance mutes notification, never the verdict".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from hydro.register.cells import Context, begin_instant, choice, end_instant, free_text, identifier, label
from hydro.register.eflow import AlertClass
from hydro.register.mistake import shown
from hydro.register.table import Contradiction, Row, optional, required

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hydro.register.reader import ReadTable
    from hydro.register.stations import Station

__all__ = ["Maintenance", "MaintenanceScope", "check_maintenance"]


class MaintenanceScope(StrEnum):
    """What is worked on."""

    STATION = "station"
    GATEWAY = "gateway"
    PLANT = "plant"


def _classes(text: str, context: Context) -> tuple[AlertClass, ...]:
    return tuple(choice(AlertClass)(word, context) for word in text.replace(";", " ").split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance(Row):
    """A time in which somebody works on a station, a gateway or a plant.

    Attributes:
        id: Its name.
        code: Of the station, gateway or plant.
        first: From when, epoch milliseconds, not itself covered.
        last: Until when, itself covered.
        kind: What is done.
        mute: Classes of which nobody is notified meanwhile; empty = all.
    """

    id: Annotated[str, required("id", identifier)]
    scope: Annotated[MaintenanceScope, required("scope", choice(MaintenanceScope))]
    code: Annotated[str, required("code", identifier)]
    first: Annotated[int, required("from", begin_instant)]
    last: Annotated[int, required("to", end_instant)]
    kind: Annotated[str, required("kind", label, empty="")]
    mute: Annotated[tuple[AlertClass, ...], optional("mute", _classes, empty=())]
    by: Annotated[str, optional("by", free_text, empty="")]
    document: Annotated[str, optional("document", free_text, empty="")]

    def contradictions(self) -> Iterator[Contradiction]:
        """A time that ends before it begins."""
        yield from Row.contradictions(self)  # super() without arguments does not survive slots=True
        if self.first >= self.last:
            yield "to", "from is not earlier than to"

    def lasts_at(self, at: int) -> bool:
        """Whether work goes on at an instant in epoch milliseconds, by a row that is valid then."""
        return max(self.first, self.start_ms) < at <= min(self.last, self.end_ms)

    def mutes(self, alert_class: AlertClass) -> bool:
        """Whether a class is muted meanwhile."""
        return not self.mute or alert_class in self.mute


def check_maintenance(maintenance: ReadTable[Maintenance], stations: ReadTable[Station]) -> None:
    """Each row names a station, a gateway or a plant that the table of stations has."""
    if not stations.present or stations.broken:
        return
    known = {
        MaintenanceScope.STATION: {row.code for row in stations.rows},
        MaintenanceScope.GATEWAY: {row.gateway for row in stations.rows},
        MaintenanceScope.PLANT: {row.plant for row in stations.rows},
    }
    for line, row in zip(maintenance.lines, maintenance.rows, strict=True):
        if row.code not in known[row.scope]:
            reason = f"unknown station {shown(row.code)}"
            if row.scope is not MaintenanceScope.STATION:
                reason = f"no station names the {row.scope} {shown(row.code)}"
            maintenance.mistake(reason, line, "code", row.code)
