"""Diversion plants: from which dam to which tailrace a canal leads, past whatever stands on the river between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hydro.register import SectionRole, StationKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.console.draw.schematic.streams import Place

__all__ = ["Reach", "is_aside", "reaches"]


class Reach(NamedTuple):
    """A stretch of a river whose water is in a canal.

    Attributes:
        dam: Number of the place where the canal begins.
        tailrace: Number of the place where it ends.
    """

    dam: int
    tailrace: int

    def between(self, places: Sequence[Place]) -> Sequence[Place]:
        """What the canal passes."""
        return places[self.dam + 1 : self.tailrace]


def reaches(places: Sequence[Place]) -> list[Reach]:
    """Diverted reaches of a river, from its source to its mouth.

    Plants of which one lies within the reach of the other are a mistake of the register, or more than a schematic can
    say: only the upper one has a canal.

    Args:
        places: Along the river; a station that is drawn as one with others is neither dam nor tailrace.
    """
    found: list[Reach] = []
    for number, place in enumerate(places):
        if found and number < found[-1].tailrace:
            continue
        plant = _plant(place, SectionRole.DAM)
        if not plant:
            continue
        below = range(number + 1, len(places))
        ends = [other for other in below if _plant(places[other], SectionRole.TAILRACE) == plant]
        if ends:
            found.append(Reach(number, ends[0]))
    return found


def is_aside(place: Place) -> bool:
    """Whether it is one station that stands beside the river, not on it."""
    return len(place.marks) == 1 and place.marks[0].kind in (StationKind.INTAKE, StationKind.WELL)


def _plant(place: Place, role: SectionRole) -> str:
    """The plant of which this is the dam or the tailrace; empty if it isn't."""
    if len(place.marks) != 1 or place.marks[0].role is not role or is_aside(place):
        return ""
    return place.marks[0].plant
