"""Names of basin and rivers, and how these flow into each other: the table that drawings need."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulators.scenario.build import Build
    from simulators.scenario.entry import Entry

__all__ = ["read_rivers"]


def read_rivers(root: Entry, build: Build) -> None:
    """``rivers``: by name as the stations have it.

    Args:
        root: The scenario.
        build: Where they go.
    """
    for entry in root.entries("rivers"):
        cells = {"river": entry.name, "name_en": entry.text("en", "")}
        cells.update({column: entry.text(column, "") for column in ("into", "into_km", "length_km")})
        build.row("rivers", entry.place, cells)
        entry.done()
