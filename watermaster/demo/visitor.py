"""A station for those who watch the demo at its real speed: nobody simulated speaks for it, so anybody may."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulators.scenario import Scenario

__all__ = ["VISITOR", "with_visitor"]

VISITOR: Final = "520122V001"
"""Its code."""

_STATION: Final = {
    "station": VISITOR,
    "name": "来访者试验断面",
    "name_en": "Visitors' section",
    "kind": "section",
    "section_role": "river",
    "interval_min": "5",
    "basin": "乌江",
    "river": "云潭河",
    "chainage_km": "46",
    "division": "520122",
    "authority": "响水县水务局",
    "lon": "106.7702",
    "lat": "27.0481",
}
_POINTS: Final = (
    {"quantity": "discharge", "min": "0", "max": "100", "accuracy_pct": "8", "resolution": "0.001"},
    {"quantity": "stage", "min": "0", "max": "10", "resolution": "0.001"},
)


def with_visitor(scenario: Scenario) -> Scenario:
    """The same with that station in its register."""
    tables = dict(scenario.tables)
    tables["stations"] = _added(tables["stations"], _STATION)
    for point in _POINTS:
        tables["points"] = _added(tables["points"], {"station": VISITOR, **point})
    return replace(scenario, tables=tables)


def _added(rows: Sequence[Mapping[str, str]], cells: Mapping[str, str]) -> list[Mapping[str, str]]:
    """Rows and one more, with empty cells where it says nothing."""
    return [*rows, {**dict.fromkeys(rows[0], ""), **cells}]
