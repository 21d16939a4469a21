"""How a table of the register is declared: a frozen dataclass is the typed row, each annotation names its column.

Adding a table is writing one such class and naming it in :mod:`hydro.register.schema`; reading, checking and hashing
follow from the declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping  # noqa: TC003  # the annotations are read at run time
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, NamedTuple, TypeAlias, TypeVar, get_type_hints

from hydro.register.cells import EARLIEST_MS, LATEST_MS, Cell, Context, begin_instant, end_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "REFUSED",
    "Column",
    "Contradiction",
    "Derived",
    "Reference",
    "Row",
    "Table",
    "derived",
    "optional",
    "required",
]

REFUSED: Final = object()
"""Marks a column whose cells may not be empty."""


class Reference(NamedTuple):
    """A cell that must occur in another table.

    Attributes:
        table: Name of that table.
        field: Field of its rows.
        noun: What is looked for, for people.
    """

    table: str
    field: str
    noun: str


class Derived(NamedTuple):
    """The default of an empty cell where it follows from other cells of the row.

    Attributes:
        value: From the fields read so far and the settings.
    """

    value: Callable[[Mapping[str, Any], Context], object]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        header: Its name in the file.
        cell: What a non-empty cell holds.
        required: The header must be there.
        empty: Value of an empty cell: anything, :data:`REFUSED` or :class:`Derived`.
        refers: Where the value must occur.
    """

    header: str
    cell: Cell[object]
    required: bool
    empty: object
    refers: Reference | None = None


def required(header: str, cell: Cell[object], *, empty: object = REFUSED, refers: Reference | None = None) -> Column:
    """A column that the file must have; its cells may not be empty unless ``empty`` says what that means."""
    return Column(header, cell, required=True, empty=empty, refers=refers)


def optional(header: str, cell: Cell[object], *, empty: object = None, refers: Reference | None = None) -> Column:
    """A column that the file may lack, which is the same as having empty cells."""
    return Column(header, cell, required=False, empty=empty, refers=refers)


def derived(value: Callable[[Mapping[str, Any], Context], object]) -> Derived:
    """The default computed from the other fields of the row."""
    return Derived(value)


_NOTHING_EXTRA: Final[Mapping[str, str]] = {}

Contradiction: TypeAlias = tuple[str, str]
"""(header of a column, what is wrong with it beside the others)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every table has: when the row is valid, in event time, and the columns we don't know.

    Attributes:
        start_ms: Epoch milliseconds; not itself covered.
        end_ms: Epoch milliseconds; itself covered. An event time t lies in the row iff start_ms < t <= end_ms.
        extra: Non-empty cells of columns that are not declared, by header.
    """

    start_ms: Annotated[int, optional("valid_from", begin_instant, empty=EARLIEST_MS)] = EARLIEST_MS
    end_ms: Annotated[int, optional("valid_to", end_instant, empty=LATEST_MS)] = LATEST_MS
    extra: Mapping[str, str] = field(default_factory=lambda: _NOTHING_EXTRA, hash=False)

    def contradictions(self) -> Iterator[Contradiction]:
        """What is impossible about the cells of this row taken together."""
        if self.start_ms >= self.end_ms:
            yield "valid_to", "valid_from is later than valid_to"

    def overlaps(self, other: Row, _zone_minutes: int) -> bool:
        """Whether both rows are valid at some instant."""
        return self.start_ms < other.end_ms and other.start_ms < self.end_ms


R = TypeVar("R", bound=Row)


@dataclass(frozen=True)
class Table(Generic[R]):
    """A table of the register.

    Attributes:
        name: File name without ``.csv``.
        row: Class whose annotations declare the columns.
        key: Fields that name a thing; rows of one key may not overlap. Empty: rows may overlap.
        superseding: A row without ``valid_to`` ends where the next one of its key begins.
    """

    name: str
    row: type[R]
    key: tuple[str, ...] = ()
    superseding: bool = False

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """Columns by field of the row class."""
        hints = get_type_hints(self.row, include_extras=True)
        found: dict[str, Column] = {}
        for each in fields(self.row):
            for mark in getattr(hints[each.name], "__metadata__", ()):
                if isinstance(mark, Column):
                    found[each.name] = mark
        return found

    def header(self, name: str) -> str:
        """Header of the column of a field."""
        return self.columns[name].header
