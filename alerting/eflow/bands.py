"""The register's ``levels`` as bands in force at an instant."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from alerting.level import DEFAULT_BANDS, Bands, Level

if TYPE_CHECKING:
    from hydro.periods import Basis
    from hydro.register import LevelBound

__all__ = ["BandTable"]


class BandTable:
    """Bands of one alert class for the stations of one authority on one basis.

    Args:
        rows: All rows of ``levels``.
        alert_class: As in ``levels.class``.
        authority: Of the station; rows for it go before rows for all.
        basis: Of the target.
    """

    def __init__(self, rows: tuple[LevelBound, ...], alert_class: str, authority: str, basis: Basis) -> None:
        mine = [
            row
            for row in rows
            if row.alert_class == alert_class
            and row.basis is basis
            and row.authority in ("", authority)
            and row.ratio_below is not None
        ]
        # A later row of the list wins: the authority's own over everybody's, then the newer.
        self._rows = sorted(mine, key=lambda row: (row.authority != "", row.start_ms))
        self._changes = sorted({row.start_ms for row in mine} | {row.end_ms for row in mine})
        self._known: dict[int, Bands] = {}

    def at(self, event_time: int) -> Bands:
        """Bands in force at an instant; a row replaces its own level's bound only."""
        if not self._rows:
            return DEFAULT_BANDS
        stretch = bisect_left(self._changes, event_time)
        found = self._known.get(stretch)
        if found is None:
            bounds = dict(DEFAULT_BANDS)
            for row in self._rows:
                if row.start_ms < event_time <= row.end_ms and row.ratio_below is not None:
                    bounds[Level[row.level.upper()]] = row.ratio_below
            found = self._known[stretch] = tuple(sorted(bounds.items(), reverse=True))
        return found
