"""The counties of Guizhou as a generated basin needs them: codes, names, seats, basins.

Source: divisions GB/T 2260 as of 2021; county seats to about a hundredth of a degree; basins after the eight river
systems of the province, each county counted to the one that drains most of it.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["County", "counties"]

_TABLE: Final = Path(__file__).resolve().parent.parent / "scenarios" / "guizhou-counties.csv"


class County(NamedTuple):
    """A county.

    Attributes:
        division: Code.
        name: Chinese.
        name_en: Pinyin.
        lon: Of its seat.
        lat: Of its seat.
        basin: River system.
    """

    division: str
    name: str
    name_en: str
    lon: float
    lat: float
    basin: str


@lru_cache(maxsize=1)
def counties() -> tuple[County, ...]:
    """All eighty-eight, by code."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            County(row["division"], row["name"], row["name_en"], float(row["lon"]), float(row["lat"]), row["basin"])
            for row in csv.DictReader(file)
        )
