"""The sections of a register that the observer looks at, and what it must know of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from hydro.fixed import parse_decimal
from hydro.quantity import Quantity
from simulators.play.witness.dates import validity
from simulators.play.witness.duty import Duty, duties_of
from simulators.play.witness.excuses import Seasons
from simulators.play.witness.slots import slot_minutes
from simulators.play.witness.stopped import Place

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

__all__ = ["Sections", "Series", "sections_of"]

Series = tuple[str, Quantity]


class Sections(NamedTuple):
    """What there is to look at.

    Attributes:
        duties: Targets of which the truth is there.
        unseen: Names of the others.
        inflows: Stations whose inflow may be less than what is owed, by target, where the truth is there.
        places: Stations with targets, seen or not.
        minutes: Length of the slots of each of these stations.
    """

    duties: tuple[Duty, ...]
    unseen: tuple[str, ...]
    inflows: Mapping[str, tuple[str, ...]]
    places: tuple[Place, ...]
    minutes: Mapping[str, int]

    def series(self) -> list[Series]:
        """Whose truth is needed; each once."""
        wanted = [
            *((duty.station, duty.quantity) for duty in self.duties),
            *((station, duty.quantity) for duty in self.duties for station in self.inflows[duty.target_id]),
            *((place.station, quantity) for place in self.places for quantity in sorted(place.seen)),
        ]
        return list(dict.fromkeys(wanted))


def sections_of(
    tables: Mapping[str, Sequence[Mapping[str, str]]], known: Collection[Series], *, zone_minutes: int, at: int
) -> Sections:
    """Read them from the tables.

    Args:
        tables: Rows of text by name of the table, free of mistakes.
        known: Series of which the truth is there.
        zone_minutes: Of their dates.
        at: Whose rows count where a table is dated and a target is not.
    """
    every = duties_of(tables.get("eflow_targets", ()), zone_minutes)
    of_station: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in tables.get("stations", ()):
        of_station[row["station"]].append(row)
    rows = {row["station"]: row for row in tables.get("stations", ()) if validity(row, zone_minutes).holds(at + 1)}
    zero_below = {
        row["station"]: parse_decimal(row.get("zero_below", "") or "0")
        for row in tables.get("points", ())
        if row["quantity"] == Quantity.DISCHARGE.text and validity(row, zone_minutes).holds(at + 1)
    }
    seen = [duty for duty in every if duty.station in rows and (duty.station, duty.quantity) in known]
    stations = [code for code in dict.fromkeys(duty.station for duty in every) if code in rows]
    return Sections(
        duties=tuple(seen),
        unseen=tuple(duty.target_id for duty in every if duty not in seen),
        inflows={duty.target_id: _inflows(duty, known) for duty in seen},
        places=tuple(
            _place(rows[code], zero_below.get(code, 0), known, Seasons(of_station[code], zone_minutes))
            for code in stations
        ),
        minutes={code: slot_minutes(int(rows[code]["interval_min"])) for code in stations},
    )


def _inflows(duty: Duty, known: Collection[Series]) -> tuple[str, ...]:
    stations = dict.fromkeys(row.inflow_station for row in duty.rows)
    return tuple(station for station in stations if (station, duty.quantity) in known)


def _place(row: Mapping[str, str], zero_below: int, known: Collection[Series], seasons: Seasons) -> Place:
    station, cease = row["station"], row.get("cease_stage_m", "")
    quantities = [Quantity.DISCHARGE, Quantity.FLOW_STATE, *([Quantity.STAGE] if cease else [])]
    return Place(
        station=station,
        seen=frozenset(quantity for quantity in quantities if (station, quantity) in known),
        zero_below=zero_below,
        cease_stage=parse_decimal(cease) if cease else 0,
        seasons=seasons,
    )
