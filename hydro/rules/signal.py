"""A signal: an authority's own rule over one quantity, held against bounds of its choice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fractions import Fraction

    from hydro.quantity import Quantity

__all__ = ["Direction", "Reference", "ReferenceKind", "Scope", "Signal"]


class Direction(StrEnum):
    """On which side of its bounds a value is evidence."""

    BELOW = "below"
    ABOVE = "above"


class ReferenceKind(StrEnum):
    """What bounds are shares of."""

    UNIT = "unit"
    TARGET = "target"
    STATIONS = "stations"
    POINTS = "points"


class Reference(NamedTuple):
    """What bounds are shares of.

    Attributes:
        kind: One canonical unit of the quantity, so that a bound is a value; an ecological target of the station; or a
            dated column of its row in a table.
        name: Kind of the target, or header of the column; empty for a unit.
    """

    kind: ReferenceKind
    name: str = ""

    def __str__(self) -> str:
        """As in the file; empty for a unit."""
        return "" if self.kind is ReferenceKind.UNIT else f"{self.kind}.{self.name}"


class Scope(NamedTuple):
    """Stations of a rule: those of whose row valid at event time every part that is not empty names one.

    Attributes:
        kinds: Of the station.
        divisions: Beginnings of its division code.
        rivers: Names.
        stations: Codes.
    """

    kinds: tuple[str, ...] = ()
    divisions: tuple[str, ...] = ()
    rivers: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()

    def covers(self, code: str, kind: str, division: str, river: str) -> bool:
        """Whether a station is meant.

        >>> Scope(divisions=("5201",)).covers("A", "section", "520103", "")
        True
        """
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.divisions or division.startswith(self.divisions))
            and (not self.rivers or river in self.rivers)
            and (not self.stations or code in self.stations)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """A rule over one quantity of the stations in its scope.

    Attributes:
        name: Of its file, without the suffix.
        version: Counted by its authors.
        title_zh: For people.
        title_en: The same.
        quantity: What is judged.
        direction: Whether a value is evidence below its bounds, or above.
        reference: What the bounds are shares of.
        levels: (level 1–4, bound), mildest first; a value beyond a bound has at least that level.
        resolves_at: A value at this share, or on its good side, counts towards the end.
        hold_min: So many minutes beyond the mildest bound raise it; the level comes from means of as long.
        resolve_min: So many minutes of such values end it.
        scope: Where it holds.
    """

    name: str
    version: int
    title_zh: str
    title_en: str
    quantity: Quantity
    direction: Direction
    reference: Reference
    levels: tuple[tuple[int, Fraction], ...]
    resolves_at: Fraction
    hold_min: int
    resolve_min: int
    scope: Scope

    @property
    def label(self) -> str:
        """Name and version, as alerts carry them."""
        return f"{self.name} v{self.version}"

    @property
    def judged_by(self) -> tuple[object, ...]:
        """All of it that decides: what it is called is none of it."""
        return (
            self.version,
            int(self.quantity),
            self.direction.value,
            str(self.reference),
            tuple((level, str(bound)) for level, bound in self.levels),
            str(self.resolves_at),
            self.hold_min,
            self.resolve_min,
            *self.scope,
        )
