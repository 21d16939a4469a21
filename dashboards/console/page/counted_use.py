"""What was taken under the permits of an intake, as the report ``water-use`` counts it; once an hour, and remembered.

A year of five-minute values takes a moment to be read. Who looks first waits for it as long as a page may take, or is
told that it is being counted; the counting goes on and serves whoever comes next.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dashboards.reports.place import Place
from dashboards.reports.wanted import Wanted
from hydro.errors import WatermasterError
from hydro.instants import HOUR_MS
from hydro.permitted import year_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboards.console.services import Services

__all__ = ["Counted", "CountedUse"]

_PATIENCE_S: Final = 4.0
_MOST_KEPT: Final = 200
_MOST_PERMITS: Final = 50


class Counted(NamedTuple):
    """What is known.

    Attributes:
        rows: Of the report, by permit; empty where nothing is known yet.
        mistake: Why it could not be counted; None where it was, or is being counted.
        is_ready: It was counted.
    """

    rows: Mapping[str, Mapping[str, Any]]
    mistake: str | None = None
    is_ready: bool = True


class CountedUse:
    """Rows of the report by intake, for the present hour.

    Args:
        services: Make the report.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._kept: OrderedDict[tuple[str, int], asyncio.Task[Mapping[str, Mapping[str, Any]]]] = OrderedDict()

    async def of(self, station: str, now: int) -> Counted:
        """What was taken under the permits of the intake of a metering point, in the year of an instant."""
        if self._services.reports() is None:
            return Counted({}, is_ready=False, mistake="no reports are made here")
        key = station, now // HOUR_MS
        task = self._kept.get(key)
        if task is None:
            year = str(year_of(now, self._services.zone_minutes))
            task = self._kept[key] = asyncio.create_task(self._count(station, year), name=f"use of {station}")
            while len(self._kept) > _MOST_KEPT:
                _, oldest = self._kept.popitem(last=False)
                oldest.cancel()
        done, _ = await asyncio.wait({task}, timeout=_PATIENCE_S)
        if not done:
            return Counted({}, is_ready=False)
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or error is not None:
            self._kept.pop(key, None)
            if error is not None and not isinstance(error, WatermasterError):
                raise error
            return Counted({}, mistake=str(error or "given up"), is_ready=False)
        return Counted(task.result())

    async def _count(self, station: str, year: str) -> Mapping[str, Mapping[str, Any]]:
        maker = self._services.reports()
        if maker is None:
            return {}
        rows, _ = await maker.rows(Wanted("water-use", year, Place(station=station)), None, _MOST_PERMITS)
        return {str(row["permit"]): row for row in rows}
