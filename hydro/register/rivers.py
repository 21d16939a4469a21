"""The table of rivers: which flows into which, for drawings. Nothing is judged by it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal  # noqa: TC003  # the annotations are read at run time
from typing import TYPE_CHECKING, Annotated, Final

from hydro.register.cells import decimal, label
from hydro.register.table import Contradiction, Reference, Row, optional, required

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["River", "loops"]

_OF_RIVERS: Final = Reference("rivers", "name", "river")
_LONGEST_KM: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class River(Row):
    """A river as stations name it.

    Attributes:
        name: As in the column ``river`` of the stations.
        name_en: For readers of English; empty = ``name``.
        into: The river it flows into; empty = the sea, or one that is not in the table.
        into_km: Where it joins that river: distance from that river's mouth.
        length_km: From source to mouth.
    """

    name: Annotated[str, required("river", label)]
    name_en: Annotated[str, optional("name_en", label, empty="")]
    into: Annotated[str, optional("into", label, empty="", refers=_OF_RIVERS)]
    into_km: Annotated[Decimal | None, optional("into_km", decimal(0, _LONGEST_KM))]
    length_km: Annotated[Decimal | None, optional("length_km", decimal(0, _LONGEST_KM))]

    def contradictions(self) -> Iterator[Contradiction]:
        """A confluence with itself, or with nothing."""
        yield from Row.contradictions(self)  # super() without arguments does not survive slots=True
        if self.into == self.name:
            yield "into", "is the river itself"
        if self.into_km is not None and not self.into:
            yield "into_km", "is given while into is empty"


def loops(confluences: Iterable[tuple[str, str]]) -> set[str]:
    """Names of rivers that flow, over others, into themselves.

    Args:
        confluences: Name of a river, and of the one that it flows into.

    >>> sorted(loops([("a", "b"), ("b", "a"), ("c", "a")]))
    ['a', 'b']
    """
    into: dict[str, set[str]] = {}
    for name, receiver in confluences:
        into.setdefault(name, set()).add(receiver)
    found = set()
    for name, receivers in into.items():
        reached: set[str] = set()
        ahead = set(receivers)
        while ahead:
            reached |= ahead
            ahead = {further for river in ahead for further in into.get(river, ())} - reached
        if name in reached:
            found.add(name)
    return found
