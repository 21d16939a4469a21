"""An intake of two metering points and its permits: a day of honest taking, and an afternoon of another kind.

The pump runs from 6:00 to 18:00. From 14:00 on nothing flows and the total stands still; the door was opened at 13:50.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from hydro.fixed import MICRO
from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS
from storage.packed_samples import columns_of
from storage.store import Point
from tests.alerting.sample_alerts import DAWN
from tests.dashboards.console_server import Console
from watermaster.reports import Reports

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from dashboards.reports.document import Row
    from dashboards.reports.head import Head
    from dashboards.reports.wanted import Wanted
    from hydro.quantity import Quantity
    from storage.buckets import Samples

__all__ = ["NOW", "TABLES", "intake_console"]

NOW: Final = DAWN + 20 * HOUR_MS
"""20:00 on 1 March 2026."""

TABLES: Final = {
    "stations.csv": """station,name,kind,basin,river,division,gateway,interval_min,valid_from,valid_to
W1,城关水厂一号泵,intake,乌江,鸭池河,520103,gw1,5,,2025-12-31
W1,城关水厂一号泵（新）,intake,乌江,鸭池河,520103,gw1,5,2026-01-01,
W2,城关水厂二号泵,intake,乌江,鸭池河,520103,gw1,5,,
S1,鸭池河断面,section,乌江,鸭池河,520103,gw1,5,,
""",
    "points.csv": "station,quantity,min,max,rated_kw\nW1,discharge,0,2,\nW1,volume_total,0,9999999,\n"
    "W1,power,0,200,90\n"
    "W2,volume_total,0,9999999,\n",
    "users.csv": "user,name,industry\nU1,城关水厂,4610\n",
    "permits.csv": "permit,holder,division,industry,source,annual_m3,valid_from,valid_to,number,max_rate_m3s\n"
    "P1,城关水厂,520103,4610,surface,9000000,2024-01-01,2028-12-31,D520103G2024-0012,0.4\n"
    "P0,城关水厂,520103,4610,surface,500000,2015-01-01,2020-12-31,旧字第7号,\n",
    "permit_intakes.csv": "permit,intake,valid_from,share\nP1,I1,,1\nP0,I1,,\n",
    "plans.csv": "permit,month,volume_m3\nP1,2026,1200000\n",
    "intakes.csv": "station,permit,reach,design_max_m3s,intake,has_pump,user,use,method\n"
    "W1,,,0.5,I1,1,U1,domestic,pipe\nW2,,,0.5,I1,1,U1,domestic,pipe\n",
}


def _points(values: Sequence[tuple[int, float]]) -> list[Point]:
    return [Point(at, round(value * MICRO), 1) for at, value in values]


def day() -> dict[tuple[str, str], list[Point]]:
    """What the store holds of the day."""
    midnight = DAWN
    times = [midnight + slot * 5 * MINUTE_MS for slot in range(-288, 12 * 20 + 1)]
    total, flow, totals, pump, door, power = 51_234.0, [], [], [], [], []
    for at in times:
        hour = (at - midnight) % DAY_MS / HOUR_MS
        runs = 6 < hour <= 18
        takes = runs and not (at > midnight + 14 * HOUR_MS)
        rate = 0.31 + 0.03 * (at // HOUR_MS % 3) if takes else 0.0
        total += rate * 300
        flow.append((at, rate))
        totals.append((at, total))
        pump.append((at, float(runs)))
        power.append((at, 72.0 if runs else 0.4))
        door.append((at, float(midnight + 13.8 * HOUR_MS < at <= midnight + 14 * HOUR_MS)))
    return {
        ("W1", "discharge"): _points(flow),
        ("W1", "volume_total"): _points(totals),
        ("W1", "pump"): _points(pump),
        ("W1", "power"): _points(power),
        ("W1", "door"): _points(door),
    }


class _Values:
    """The store of the console, as reports read it."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def samples(self, station: str, quantity: Quantity, start: int, end: int) -> Samples:
        points = (self._console.points or {}).get((station, quantity.text), [])
        return columns_of([point for point in points if start < point.time <= end])

    def series_since(self, start: int) -> set[tuple[str, str]]:
        return {key for key, points in (self._console.points or {}).items() if points[-1].time > start}

    def kept_since(self) -> int | None:
        return None


class _Maker:
    """Reports over that store."""

    def __init__(self, console: Console) -> None:
        @contextmanager
        def reading() -> Iterator[Any]:
            yield _Values(console)

        self._reports = Reports(
            register=console.register,
            version="1.2.3",
            store_kind="memory",
            clock=lambda: console.now,
            reading=reading,
            alerts=console.ledger.export,
        )

    async def head(self, wanted: Wanted) -> Head:
        return self._reports.head(wanted)

    async def rows(self, wanted: Wanted, after: str | None, limit: int) -> tuple[Sequence[Row], str | None]:
        return self._reports.rows(wanted, after=after, limit=limit)


@contextmanager
def intake_console(path: Path, *, counts: bool = True) -> Iterator[Console]:
    """A console in the evening of that day.

    Args:
        path: Folder of the ledger.
        counts: Reports are made.
    """
    with Console(path, points=day(), tables=TABLES, now=NOW) as console:
        if counts:
            console.reports = _Maker(console)
        yield console
